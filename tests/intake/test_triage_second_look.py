"""The second look: drawn by lot, read by somebody else, and what it finds is a figure with its interval."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions, months, queries, queue_queries, rulings, second_look, second_reading
from amparo.intake.actions import Letter, Text
from amparo.intake.models import Report, SecondLook
from amparo.intake.ranking import facts_of
from amparo.intake.triage import place, shipped_rule
from amparo.intake.triage.draws import commitment, is_drawn
from amparo.oversight import line

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
ALBA, BRUNO = (Actor("officer", name, new_id(), powers_of(["analyst"])) for name in ("alba", "bruno"))
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def everything_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rulings.read_rule(shipped_rule().text.replace("share_in_1000 = 20", "share_in_1000 = 1000"))
    monkeypatch.setattr(rulings, "current", lambda: rule)


def report(text: str = "Somebody wrote of a group.", at: datetime = NOON) -> UUID:
    taken = actions.take_in(WORKER, Letter(new_id(), "mail", at, None, 0, 0, "", b""), None)
    actions.record_reading(WORKER, taken.arrival, Text("Subject", text, "plain", "en"), (), ())
    rank(taken.report, at)
    return taken.report


def rank(uuid: UUID, at: datetime) -> None:
    known = facts_of(queries.report(uuid))
    actions.rank(WORKER, uuid, place(known, at, rulings.current()), known)


def test_who_was_drawn_can_be_checked_by_anybody_once_the_seed_is_told() -> None:
    made = [report(at=NOON + timedelta(minutes=number)) for number in range(60)]
    for uuid in made:
        actions.close_report(ALBA, uuid, "not_our_subject")
    months.tell_ended(NOON + timedelta(days=120))
    begun, told = (custody.acts(kind=f"month.{what}").lines[0].about for what in ("begun", "told"))
    seed = bytes.fromhex(str(told["seed"]))
    assert commitment(seed) == begun["commitment"]
    share = rulings.current().second_look.share_in_1000
    assert {each.report for each in second_look.due(1000)} == {uuid for uuid in made if is_drawn(seed, uuid, share)}


def test_a_closed_report_is_read_again_by_somebody_else_only(everything_is_drawn: None) -> None:
    closed = report()
    actions.close_report(ALBA, closed, "not_our_subject")
    (due,) = second_look.due()
    assert (due.report, due.kind, due.first_by) == (closed, "closed", ALBA.uuid)
    with pytest.raises(Refused, match="somebody else reads it again"):
        second_reading.record(ALBA, closed, "agreed")
    with pytest.raises(Refused, match="what was missed"):
        second_reading.record(BRUNO, closed, "higher", " ")
    with pytest.raises(Refused, match="Say what you found"):
        second_reading.record(BRUNO, closed, "whatever")
    second_reading.record(BRUNO, closed, "agreed")
    assert second_look.due() == ()
    with pytest.raises(Refused, match="a second time already"):
        second_reading.record(BRUNO, closed, "agreed")


def test_what_was_missed_stands_first_in_the_queue_again_and_is_the_second_readers(everything_is_drawn: None) -> None:
    missed, other = report(), report("They meet tonight.")
    actions.close_report(ALBA, missed, "not_our_subject")
    second_reading.record(BRUNO, missed, "danger_now", "the second line names a time")
    rank(missed, NOON)
    facts = queries.report(missed)
    assert (facts.state, facts.owner, facts.raised_by) == ("new", BRUNO.uuid, BRUNO.uuid)
    assert facts.ranking
    assert facts.ranking.floor == "child_in_danger_now"
    assert facts.ranking.axes["danger"].reasons[0].words == "An officer states that a child is in danger now"
    rows = queue_queries.rows(queue_queries.queue(queue_queries.QueueFilter()))
    assert [row.uuid for row in rows] == [missed, other]


def test_a_report_left_low_and_unread_is_drawn_after_its_time_but_none_with_a_floor(everything_is_drawn: None) -> None:
    low, loud, read = report(), report("A child is in danger now."), report()
    actions.read_report(ALBA, read)
    assert second_look.draw_low(NOON + timedelta(days=6)) == 0
    assert second_look.draw_low(NOON + timedelta(days=7)) == 1
    assert second_look.draw_low(NOON + timedelta(days=8)) == 0
    assert [each.report for each in second_look.due()] == [low]
    assert Report.objects.get(uuid=loud).floored_at


def test_what_is_closed_with_its_bundle_is_drawn_too(everything_is_drawn: None) -> None:
    from amparo.intake.models import Bundle

    first, second = report(), report()
    bundle = Bundle.objects.create(made_at=NOON, members=2, head=Report.objects.get(uuid=first))
    Report.objects.filter(uuid__in=(first, second)).update(bundle=bundle)
    Report.objects.filter(uuid=second).update(hidden=True)
    actions.close_report(ALBA, first, "known_duplicate")
    assert {each.report for each in second_look.due()} == {first, second}


def test_the_miss_rate_is_found_by_month_of_arrival_with_its_interval(everything_is_drawn: None) -> None:
    made = [report(at=NOON - timedelta(days=20 * (number % 2))) for number in range(10)]
    for number, uuid in enumerate(made):
        actions.close_report(ALBA, uuid, "not_our_subject")
        found = "danger_now" if number == 0 else "higher" if number == 1 else "agreed"
        if number < 8:
            second_reading.record(BRUNO, uuid, found, "words")
    together, by_month = second_look.miss_rate()
    assert (together.drawn, together.missed.found, together.missed.of) == (10, 1, 8)
    assert (together.too_low.found, together.missed.share) == (2, 0.125)
    assert [(each.month, each.missed.found, each.too_low.found) for each in by_month] == [
        (date(2026, 11, 1), 1, 1),
        (date(2026, 10, 1), 0, 1),
    ]
    _, words, _ = line.missed()
    assert (words.missed, words.interval) == ("12.5", "2.2 to 47.1")


def test_with_nothing_read_again_nothing_is_said_to_be_known() -> None:
    _, words, by_month = line.missed()
    assert (words.missed, words.interval, by_month) == ("–", "–", ())


def test_minutes_to_the_first_look_are_those_of_reports_of_danger_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for minutes in (10, 20, 90, None):
        loud = report("A child is in danger now.")
        quiet = report()
        if minutes:
            monkeypatch.setattr(actions.clock, "now", lambda minutes=minutes: NOON + timedelta(minutes=minutes))
            actions.read_report(ALBA, loud)
        actions.read_report(ALBA, quiet)
    monkeypatch.setattr(second_look.clock, "now", lambda: NOON + timedelta(hours=5))
    together, (month,) = second_look.first_looks(NOON - timedelta(days=365))
    assert (together.reports, together.waiting) == (4, 1)
    assert (together.median_minutes, together.ninth_tenth_minutes, together.longest_minutes) == (20.0, 90.0, 90.0)
    assert (together.in_time.found, together.in_time.of) == (2, 4)
    assert month.month == date(2026, 11, 1)


def test_what_an_officer_states_is_a_floor_until_it_is_taken_back() -> None:
    quiet = report()
    with pytest.raises(Refused, match="what tells you"):
        second_reading.raise_report(ALBA, quiet, " ")
    second_reading.raise_report(ALBA, quiet, "she called us")
    rank(quiet, NOON)
    assert queries.report(quiet).ranking.position.startswith("0.")  # type: ignore[union-attr]
    second_reading.take_back(BRUNO, quiet)
    rank(quiet, NOON)
    assert not queries.report(quiet).ranking.position.startswith("0.")  # type: ignore[union-attr]
    assert SecondLook.objects.count() == 0
