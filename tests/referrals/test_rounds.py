"""One step with all packages of a case: each an act of its own, by whoever asked; stopped and gone on with; no rule is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.cases import actions as cases
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.referrals import actions, jobs, queries, rounds, rules
from amparo.vault.keys import ProcessKeys
from tests.cases import house
from tests.cases.test_pages import logged_in, said
from tests.referrals import world as worlds
from tests.referrals.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with worlds.fresh_home(tmp_path) as home:
        made = worlds.world(home)
        made.leo, made.mia = house.officer("lea", "liaison"), house.officer("mio", "liaison")
        for officer in (made.leo, made.mia):
            assert officer.uuid
            cases.grant_case(made.vera, made.case, officer.uuid, ProcessKeys(home, "worker"))
        yield made


def gone_through(by: Actor, of: World, verb: str) -> rounds.RoundFacts:
    asked = rounds.ask(by, of.case, verb)
    jobs.go_through_packages.func("", {"round": str(asked.round)})
    return next(each for each in rounds.rounds(of.case) if each.uuid == asked.round)


def built_all(of: World) -> None:
    gone_through(of.vera, of, "build")
    for each in queries.packages(of.case):
        jobs.build_package.func("", {"package": str(each.uuid)})


def states(of: World) -> list[str]:
    return [each.state for each in queries.lines(of.case)]


def test_all_packages_go_out_in_three_rounds_and_each_package_keeps_acts_of_its_own(world: World) -> None:
    actions.plan(world.vera, world.case)
    built_all(world)
    assert states(world) == [rules.BUILT] * 3
    assert gone_through(world.leo, world, "approve").refused == ()
    done = gone_through(world.leo, world, "send")
    assert (done.place, done.total, done.state) == (3, 3, "done") and states(world) == [rules.SENT_STATE] * 3
    for each in queries.packages(world.case):
        acts = {line.kind: line for line in custody.story(each.uuid) if line.ended == "done"}
        assert acts["package.build_asked"].actor == world.vera.uuid
        assert acts["package.approved"].actor == acts["package.sent"].actor == world.leo.uuid
    kinds = [line.kind for line in custody.story(world.case)]
    assert kinds.count("packages.asked") == kinds.count("packages.gone_through") == 3


def test_nobody_approves_at_once_what_they_built_themselves(world: World) -> None:
    actions.plan(world.vera, world.case)
    first = queries.packages(world.case)[0]
    actions.build(world.leo, first.uuid)
    jobs.build_package.func("", {"package": str(first.uuid)})
    built_all(world)
    assert gone_through(world.leo, world, "approve").total == 2
    assert queries.package(first.uuid).state == rules.BUILT
    with pytest.raises(Refused, match="no package with which"):
        rounds.ask(world.leo, world.case, "approve")


def test_a_round_that_was_stopped_goes_on_where_it_stopped_for_whoever_asked(world: World) -> None:
    actions.plan(world.vera, world.case)
    built_all(world)
    asked = rounds.ask(world.leo, world.case, "approve")
    with pytest.raises(Refused, match="being done already"):
        rounds.ask(world.mia, world.case, "approve")
    rounds.stop(world.mia, asked.round)
    jobs.go_through_packages.func("", {"round": str(asked.round)})
    assert states(world) == [rules.BUILT] * 3
    with pytest.raises(Refused, match="only they go on in their name"):
        rounds.resume(world.mia, asked.round)
    rounds.resume(world.leo, asked.round)
    for _ in range(2):  # a job may run twice
        jobs.go_through_packages.func("", {"round": str(asked.round)})
    (last,) = (each for each in rounds.rounds(world.case) if each.verb == "approve")
    assert states(world) == [rules.APPROVED] * 3 and (last.place, last.refused) == (3, ())


def test_what_was_built_anew_after_it_was_asked_for_is_left_alone_and_told(world: World) -> None:
    actions.plan(world.vera, world.case)
    built_all(world)
    asked = rounds.ask(world.leo, world.case, "approve")
    first = queries.packages(world.case)[0]
    actions.set_terms(world.vera, first.uuid, urgency="normal", handling=("H1",))
    actions.build(world.vera, first.uuid)
    jobs.build_package.func("", {"package": str(first.uuid)})
    jobs.go_through_packages.func("", {"round": str(asked.round)})
    (last,) = (each for each in rounds.rounds(world.case) if each.verb == "approve")
    assert last.refused == ((first.reference, rounds.CHANGED),) and queries.package(first.uuid).state == rules.BUILT


def test_without_the_steps_power_or_outside_the_case_nothing_is_asked_for(world: World) -> None:
    actions.plan(world.vera, world.case)
    with pytest.raises(Refused, match="role doesn't include"):
        rounds.ask(worlds.officer("nora", "analyst"), world.case, "build")
    with pytest.raises(Refused, match="let you in"):
        rounds.ask(worlds.officer("otto", "liaison"), world.case, "build")
    for nobody in (worlds.officer("olga", "auditor"), house.WORKER):
        with pytest.raises(Refused, match="power"):
            rounds.ask(nobody, world.case, "build")
    assert states(world) == [rules.PLANNED] * 3


def test_the_page_offers_what_can_be_done_at_once_and_says_how_far_it_is(world: World) -> None:
    actions.plan(world.vera, world.case)
    vera, leo = logged_in(world.vera), logged_in(world.leo)
    page, do = (reverse(f"referrals:{name}", args=[world.case]) for name in ("case", "do_in_case"))
    assert b"Build all 3" in vera.get(page).content
    assert "being built" in said(vera.post(do, {"verb": "build"}, follow=True))
    assert b"Building" in vera.get(page).content
    (asked,) = rounds.rounds(world.case)
    vera.post(do, {"verb": "stop", "round": str(asked.uuid)})
    assert b"Building is stopped" in vera.get(page).content and b"Go on" not in leo.get(page).content
    vera.post(do, {"verb": "resume", "round": str(asked.uuid)})
    jobs.go_through_packages.func("", {"round": str(asked.uuid)})
    for each in queries.packages(world.case):
        jobs.build_package.func("", {"package": str(each.uuid)})
    assert b"Approve all 3" not in vera.get(page).content and b"Approve all 3" in leo.get(page).content
    part = reverse("referrals:going", args=[world.case])
    assert leo.get(part).status_code == 200
    assert logged_in(house.officer("otto", "liaison")).get(part).status_code == 404
