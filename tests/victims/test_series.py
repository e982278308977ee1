from __future__ import annotations

from datetime import date

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from amparo.access.acts import Actor
from amparo.cases import actions as case_actions, queries as cases
from amparo.cases.actions import CaseOpened
from amparo.cases.facts import ItemLine
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.sandbox import actions as sandbox
from amparo.sandbox.rules import State
from amparo.victims import actions, queries
from amparo.viewing.rules import RevealAsked, obstacles_to_reveal
from tests.cases import house

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def vera() -> Actor:
    return house.officer("vera", "victim_specialist")


@pytest.fixture
def case(ines: Actor, vera: Actor) -> CaseOpened:
    opened = house.opened(ines, house.report())
    case_actions.grant_case(ines, opened.case, vera.uuid)  # type: ignore[arg-type]
    return opened


def pictures(case: CaseOpened) -> list[ItemLine]:
    return [line for line in cases.items(case.case) if line.copies]


def test_a_series_takes_items_of_its_case_once_by_their_bytes(case: CaseOpened, vera: Actor) -> None:
    first = pictures(case)[0]
    opened = actions.open_series(vera, case.case, first.same)
    (series,) = queries.series_of_case(case.case)
    assert (series.name, series.status, series.items) == ("Series Alder", "new", (first.item.uuid,))
    assert opened.items == (first.item.uuid,)
    assert queries.series_of_items([first.item.uuid])[first.item.uuid].uuid == opened.series


def test_an_item_of_another_case_or_series_cannot_be_taken(case: CaseOpened, vera: Actor) -> None:
    with pytest.raises(Refused, match="Only items of the case"):
        actions.open_series(vera, case.case, (new_id(),))
    one, other = pictures(case)
    actions.open_series(vera, case.case, (one.item.uuid,))
    with pytest.raises(Refused, match="Alder already"):
        actions.open_series(vera, case.case, (one.item.uuid, other.item.uuid))


def test_whoever_was_not_let_in_or_lacks_the_power_learns_nothing(case: CaseOpened, ines: Actor, vera: Actor) -> None:
    series = actions.open_series(vera, case.case, (pictures(case)[0].item.uuid,)).series
    with pytest.raises(Refused, match="power"):
        actions.read_series(ines, series)
    stranger = house.officer("zoe", "victim_specialist")
    with pytest.raises(Refused, match="let in"):
        actions.read_series(stranger, series)
    assert queries.series_for(stranger.uuid) == ()  # type: ignore[arg-type]
    assert [line.ended for line in custody.acts(kind="series.read").lines] == ["refused", "refused"]


def test_a_series_is_walked_to_its_end_and_every_step_keeps_its_basis(case: CaseOpened, vera: Actor) -> None:
    series = actions.open_series(vera, case.case, (pictures(case)[0].item.uuid,), children_count=2).series
    actions.move(vera, series, "known_elsewhere_check", "Asked the desk.")
    with pytest.raises(Refused, match="another unit"):
        actions.move(vera, series, "in_analysis", "because")
    actions.answer_known_elsewhere(vera, series, "no", "The desk, 2026-06-01.")
    actions.move(vera, series, "in_analysis", "Not known elsewhere.")
    actions.state_place(vera, series, "ES", "A label.")
    for status in ("country_likely", "package_sent", "accepted", "located", "safeguarded", "support_in_place"):
        actions.move(vera, series, status, "An answer.")
    counts = queries.counts(case.case)
    assert (counts.series, counts.open, counts.identified, counts.safeguarded, counts.children_safeguarded) == (
        1,
        0,
        1,
        1,
        2,
    )
    actions.move(vera, series, "closed", "The child's own unit closed it.")
    facts = queries.series(series)
    assert [step.status for step in facts.steps][-1] == "closed" and all(step.basis for step in facts.steps)
    assert sum(line.kind == "series.moved" and line.ended == "done" for line in custody.story(series)) == 9


def test_nobody_looks_for_clues_in_an_item_whose_child_is_identified(case: CaseOpened, vera: Actor) -> None:
    item = pictures(case)[0].item.uuid
    series = actions.open_series(vera, case.case, (item,)).series
    asked = import_string(settings.CHILD_IS_IDENTIFIED)
    assert not asked(item)
    actions.answer_known_elsewhere(vera, series, "no", "The desk, 2026-06-01.")
    actions.state_place(vera, series, "ES", "A label.")
    for status in ("known_elsewhere_check", "in_analysis", "country_likely", "package_sent", "accepted", "located"):
        actions.move(vera, series, status, "An answer.")
    assert asked(item)
    assert obstacles_to_reveal(RevealAsked("identify", child_identified=asked(item)))


def test_a_dead_end_keeps_the_day_of_the_next_look(case: CaseOpened, vera: Actor) -> None:
    series = actions.open_series(vera, case.case, (pictures(case)[0].item.uuid,)).series
    actions.move(vera, series, "dead_end", "Nothing to follow.", review_on=date(2099, 1, 1))
    assert queries.series(series).review_on == date(2099, 1, 1)
    actions.move(vera, series, "in_analysis", "A new list.")
    assert queries.series(series).review_on is None


def test_an_owner_works_on_series_and_was_let_into_the_case(case: CaseOpened, ines: Actor, vera: Actor) -> None:
    series = actions.open_series(vera, case.case, (pictures(case)[0].item.uuid,)).series
    with pytest.raises(Refused, match="doesn't work on series"):
        actions.set_owner(vera, series, ines.uuid)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="not let into"):
        actions.set_owner(vera, series, house.officer("zoe", "victim_specialist").uuid)  # type: ignore[arg-type]
    actions.set_owner(vera, series, vera.uuid)  # type: ignore[arg-type]
    assert queries.series(series).owner_name == "Vera"


def test_near_items_are_proposed_and_nothing_is_decided(case: CaseOpened, vera: Actor) -> None:
    one, other = pictures(case)
    for line, fingerprint in ((one, "0" * 64), (other, "0" * 63 + "f")):
        sandbox.record_examination(
            house.WORKER, line.item.uuid, line.item.origin, kind="picture", state=State.EXAMINED,
            facts={"pdq_hex": fingerprint, "format": "JPEG"}, reason="", sentence="", found=0, missing_layers=(),
        )  # fmt: skip
    ((proposal, lines),) = queries.proposed_series(case.case)
    assert (proposal.nearest_bits, len(lines)) == (4, 2) and queries.series_of_case(case.case) == ()
    series = actions.open_series(vera, case.case, (one.item.uuid,)).series
    ((line, found),) = queries.near_items(queries.series(series))
    assert (line.item.uuid, found.distance_bits) == (other.item.uuid, 4)
    actions.add_items(vera, series, (other.item.uuid,))
    assert queries.proposed_series(case.case) == () and len(queries.series(series).items) == 2


def test_a_clue_can_close_a_trail(case: CaseOpened, vera: Actor) -> None:
    series = actions.open_series(vera, case.case, (pictures(case)[0].item.uuid,)).series
    actions.add_clue(vera, series, "object", "A lamp sold everywhere.", negative=True)
    (clue,) = queries.clues(series)
    assert (clue.kind_name, clue.confidence, clue.negative) == ("Object", "assessment", True)
    with pytest.raises(Refused):
        actions.add_clue(vera, series, "face", "words")
