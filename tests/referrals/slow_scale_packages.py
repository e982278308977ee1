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
from uuid import UUID

import pytest
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.cases import actions as cases
from amparo.cases.models import Attribution, Case, Decision, Identifier, Person
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.outcomes import actions as outcomes, queries as boards
from amparo.referrals import actions, jobs, queries, rounds
from amparo.vault.keys import ProcessKeys
from amparo.wiring.seals import seal_record
from tests.cases import house
from tests.cases.test_pages import logged_in
from tests.referrals import world as worlds

pytestmark = pytest.mark.django_db(transaction=True)

SIZES = [tuple(map(int, each.split("x"))) for each in os.environ.get("AMPARO_PACKAGES", "40x35").split(",")]
MOST_PAGE_S = 3.0  # CPU seconds of the case's packages, whatever their number
MOST_OF_A_CASE = 250  # countries; there are 249 in ISO 3166-1
CODES = [
    code for each in product(ascii_uppercase, ascii_uppercase) if (code := "".join(each)) not in ("ES", "UY", "GB")
]


def people(uuid: UUID, countries: list[str], each: int) -> None:
    """Suspects confirmed in these countries, as `persons.taken` and the decisions after it leave them."""
    case, now = Case.objects.get(uuid=uuid), clock.now()
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


def gone_through(by: Actor, case: UUID, verb: str) -> None:
    """The step with all packages of the case, as the button asks for it and the worker does it."""
    asked = rounds.ask(by, case, verb)
    jobs.go_through_packages.func("", {"round": str(asked.round)})
    done = next(each for each in rounds.rounds(case) if each.uuid == asked.round)
    assert (done.place, done.refused, done.state) == (len(asked.packages), (), "done")


@pytest.mark.parametrize(("count", "each"), SIZES)
def test_packages_go_out_and_are_answered_in_time_that_grows_with_their_number(
    home: Home, count: int, each: int
) -> None:
    of = worlds.world(home, {})
    of.leo = house.officer("lea", "liaison")
    countries = CODES[: min(count, MOST_OF_A_CASE)]
    cases_of = [of.case, *(house.opened(of.vera, house.report()).case for _ in range((count - 1) // MOST_OF_A_CASE))]
    for number, case in enumerate(cases_of):
        cases.grant_case(of.vera, case, UUID(str(of.leo.uuid)), ProcessKeys(home, "worker"))
        people(case, countries[: count - number * MOST_OF_A_CASE], each)
    for country in countries:
        worlds.partner(of.leo, country)
    told: dict[str, float] = {}

    def timed(name: str, do: Callable[[], Any]) -> Any:
        began = time.process_time()
        found = do()
        told[name] = time.process_time() - began
        return found

    made = timed("plan", lambda: [each for case in cases_of for each in actions.plan(of.vera, case).packages])
    assert len(made) == count
    timed("build asked", lambda: [gone_through(of.vera, case, "build") for case in cases_of])
    seal_record(home)
    timed("built", lambda: [jobs.build_package.func("", {"package": str(package)}) for package in made])
    desk = logged_in(of.leo)
    timed("page", lambda: desk.get(reverse("referrals:case", args=[of.case])))
    assert told["page"] < MOST_PAGE_S
    timed("approved", lambda: [gone_through(of.leo, case, "approve") for case in cases_of])
    timed("sent", lambda: [gone_through(of.leo, case, "send") for case in cases_of])
    timed("delivered", lambda: [jobs.deliver_package.func("", {"package": str(package)}) for package in made])
    found = timed("listed", lambda: [package for case in cases_of for package in queries.standing(case)])
    assert len(found) == count and all(package.delivered_at for package in found)
    assert sum(package.persons for package in found) == count * each

    def answer(package: queries.PackageFacts) -> None:
        day = clock.now().date().isoformat()
        rows = [
            {"subject": subject, "outcome": "identified", "date": day}
            for subject in queries.subjects(package.reference)
        ]
        outcomes.record_outcome(of.leo, package.uuid, rows)

    timed("answered", lambda: [answer(package) for package in found])
    found_boards = timed("board", lambda: [boards.board(case) for case in cases_of])
    assert sum(board.figures["suspects_identified"].value for board in found_boards) == count * each
    print(
        f"\n{count} packages of {each} persons, CPU seconds: "
        + ", ".join(f"{name} {s:.1f}" for name, s in told.items())
    )
