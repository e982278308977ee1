"""Thousands of persons in one go: plan, build, approve, send, deliver and answer, and how the time grows with their number.

AMPARO_PACKAGES=40x35,1000x35 python -m maintenance.slow scale -- -k packages
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import product
from string import ascii_uppercase
from typing import Any

import pytest

from amparo.cases.models import Attribution, Case, Decision, Identifier, Person
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.outcomes import actions as outcomes, queries as boards
from amparo.referrals import actions, jobs, queries
from amparo.wiring.seals import seal_record
from tests.referrals import world as worlds
from tests.referrals.world import World

pytestmark = pytest.mark.django_db(transaction=True)

SIZES = [tuple(map(int, each.split("x"))) for each in os.environ.get("AMPARO_PACKAGES", "40x35").split(",")]
CODES = ["".join(each) for each in product("QXZ" + ascii_uppercase, ascii_uppercase)]


def people(of: World, countries: list[str], each: int) -> None:
    """Suspects confirmed in these countries, as `persons.taken` and the decisions after it leave them."""
    case, now = Case.objects.get(uuid=of.case), clock.now()
    rows = [
        Person(
            case=case, number=1000 + n, handle=f"maple_{n}", category="suspect", confirmed_country=countries[n // each]
        )
        for n in range(len(countries) * each)
    ]
    Person.objects.bulk_create(rows, batch_size=500)
    for model, made in (
        (Decision, lambda p: Decision(person=p, what="category", value="suspect", reason="Paid and uploaded.", at=now)),
        (Identifier, lambda p: Identifier(person=p, kind="account", value=p.handle, raw=p.handle, source="row", added_at=now)),
        (
            Attribution,
            lambda p: Attribution(
                person=p, country=p.confirmed_country, evidence="platform", words="Cards and homes point here.", kind="assessment",
                source_grade="B", information_grade=2, at=now,
            ),
        ),
    ):  # fmt: skip
        model.objects.bulk_create([made(each) for each in rows], batch_size=500)


@pytest.mark.parametrize(("count", "each"), SIZES)
def test_packages_go_out_and_are_answered_in_time_that_grows_with_their_number(
    home: Home, count: int, each: int
) -> None:
    of = worlds.world(home, {})
    countries = list(dict.fromkeys(CODES))[:count]
    people(of, countries, each)
    for country in countries:
        worlds.partner(of.leo, country)
    told: dict[str, float] = {}

    def timed(name: str, do: Callable[[], Any]) -> Any:
        began = time.process_time()
        found = do()
        told[name] = time.process_time() - began
        return found

    made = timed("plan", lambda: actions.plan(of.vera, of.case)).packages
    assert len(made) == count
    timed("build asked", lambda: [actions.build(of.vera, package) for package in made])
    seal_record(home)
    timed("built", lambda: [jobs.build_package.func("", {"package": str(package)}) for package in made])
    timed("approved", lambda: [actions.approve(of.leo, package) for package in made])
    timed("sent", lambda: [worlds.send(of, package) for package in made])
    found = timed("listed", lambda: queries.standing(of.case))
    assert all(package.delivered_at for package in found) and sum(package.persons for package in found) == count * each

    def answer(package: queries.PackageFacts) -> None:
        day = clock.now().date().isoformat()
        rows = [
            {"subject": subject, "outcome": "identified", "date": day}
            for subject in queries.subjects(package.reference)
        ]
        outcomes.record_outcome(of.leo, package.uuid, rows)

    timed("answered", lambda: [answer(package) for package in found])
    board = timed("board", lambda: boards.board(of.case))
    assert board.figures["suspects_identified"].value == count * each
    print(
        f"\n{count} packages of {each} persons, CPU seconds: "
        + ", ".join(f"{name} {s:.1f}" for name, s in told.items())
    )
