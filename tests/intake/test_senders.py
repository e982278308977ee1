"""Senders: counted by month, and a flood of one never makes another wait; danger is lifted out of it, a few at once."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from amparo.access.acts import Actor
from amparo.custody import actions as sealing, queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions, lanes, months, queries, queue_queries, rulings, senders
from amparo.intake.actions import Letter, Text
from amparo.intake.jobs import rank_report_again
from amparo.intake.models import Report, Sender, SenderMonth
from amparo.intake.queue_queries import QueueFilter
from amparo.intake.rules import sender_tag
from amparo.intake.triage import Facts, place, shipped_rule
from amparo.intake.triage.draws import commitment, is_drawn, share_of
from amparo.intake.triage.leads import leads_in
from amparo.intake.triage.signals import signals_in
from amparo.jobs import followers, leases
from amparo.jobs.followers import Follow
from amparo.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
OFFICER = Actor(
    "officer", "alba", new_id(), frozenset({"reports.triage", "reports.close", "reports.read", "cases.open"})
)
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
# The shipped rule with smaller floods, so that a test makes a dozen reports and not a hundred.
RULE = rulings.read_rule(
    shipped_rule().text.replace("in_an_hour = 30", "in_an_hour = 5").replace("in_a_day = 120", "in_a_day = 20")
)


@pytest.fixture(autouse=True)
def small_floods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulings, "current", lambda: RULE)


def arrive(text: str, sender: str, at: datetime = NOON, kind: str = "mail") -> UUID:
    """A report from this sender, read and ranked as the worker does it."""
    taken = actions.take_in(WORKER, Letter(new_id(), kind, at, None, 0, 0, "", b"", sender), None)
    actions.record_reading(WORKER, taken.arrival, Text("Subject", text, "plain", "en"), (), ())
    rank(taken.report)
    return taken.report


def rank(uuid: UUID) -> None:
    facts = queries.report(uuid)
    known = Facts(
        facts.received_at, True, signals_in(facts.text), leads_in(facts.text), first_read_at=facts.first_read_at
    )
    actions.rank(WORKER, uuid, lanes.placed_for(uuid, place(known, NOON, RULE), RULE), known)


def flood(many: int, text: str = "buy this", sender: str = "mail:flood", at: datetime = NOON) -> list[UUID]:
    return [arrive(f"{text} {number}", sender, at + timedelta(seconds=number)) for number in range(many)]


def queue(lane: str = "") -> list[UUID]:
    return [row.uuid for row in queue_queries.rows(queue_queries.queue(QueueFilter(lane=lane)))]


def test_a_flood_stands_in_its_own_lane_and_changes_nobody_elses_place() -> None:
    others = [arrive(f"somebody writes of a group {number}", f"mail:{number}") for number in range(5)]
    before = queue()
    made = flood(RULE.flood.in_an_hour + 20)
    late = arrive("one more writes of a group", "mail:late", NOON + timedelta(hours=2))
    sampled = [uuid for uuid in made if uuid in queue()]
    assert [uuid for uuid in queue() if uuid not in sampled] == [*before, late]
    assert before == others
    assert all(is_drawn(months.seed(NOON), uuid, RULE.flood.sampled_in_1000) for uuid in sampled)
    assert len(queue("flood")) + len(sampled) == len(made)


def test_the_sample_of_a_flood_is_a_few_a_day_however_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "is_drawn", lambda *_: True)
    made = flood(RULE.flood.in_an_hour + 3 * RULE.flood.sampled_a_day)
    assert len([uuid for uuid in made if uuid in queue()]) == RULE.flood.sampled_a_day
    tomorrow = flood(RULE.flood.in_an_hour + 5, at=NOON + timedelta(days=1, hours=1))
    assert len([uuid for uuid in tomorrow if uuid in queue()]) == RULE.flood.sampled_a_day


def test_the_first_of_a_flood_join_it_once_it_is_one_unless_somebody_reads_them() -> None:
    first, *_ = flood(RULE.flood.in_an_hour)
    assert first in queue()
    actions.read_report(OFFICER, first)
    flood(1, at=NOON + timedelta(minutes=30))
    assert first in queue()
    (act,) = custody.acts(kind="sender.flooded").lines
    assert act.about["aside"] == RULE.flood.in_an_hour - 1


def test_danger_is_lifted_out_of_a_flood_a_few_at_once_and_the_next_when_one_was_read() -> None:
    flood(RULE.flood.in_an_hour + 1)
    loud = flood(9, "a child is in danger now", at=NOON + timedelta(minutes=10))
    lifted = [uuid for uuid in queue() if uuid in loud]
    assert lifted == loud[: RULE.flood.lifted_at_once]
    assert queue()[: len(lifted)] == lifted
    other = arrive("a child is in danger now", "mail:other", NOON + timedelta(hours=1))
    assert queue()[len(lifted)] == other, "it waits behind a few, not behind the flood"
    actions.read_report(OFFICER, lifted[0])
    assert loud[RULE.flood.lifted_at_once] in queue()


def test_late_danger_lifts_a_report_out_of_the_lane() -> None:
    flood(RULE.flood.in_an_hour + 1)
    quiet = next(uuid for uuid in flood(5, at=NOON + timedelta(minutes=5)) if uuid in queue("flood"))
    Report.objects.filter(uuid=quiet).update(text="a child is in danger now")
    rank(quiet)
    assert queue()[0] == quiet


def test_a_flood_ends_and_what_comes_afterwards_stands_among_everybodys() -> None:
    flood(RULE.flood.in_an_hour + 1)
    assert lanes.calm_down(NOON + timedelta(hours=2)) == 1
    assert lanes.calm_down(NOON + timedelta(hours=2)) == 0
    assert arrive("a late one", "mail:flood", NOON + timedelta(hours=30)) in queue()


def test_what_a_platform_always_sends_is_no_flood() -> None:
    usual = RULE.flood.in_a_day * 30
    sender = senders.of_tag("api:platform", "api")
    assert sender
    SenderMonth.objects.create(sender=sender, month=date(2026, 10, 1), received=usual * 10)
    assert not lanes.rates(sender, NOON, RULE).flood
    assert lanes.rates(sender, NOON, RULE).most_an_hour > RULE.flood.in_an_hour
    senders.name_sender(OFFICER, sender.uuid, "A platform", 5000)
    assert lanes.rates(Sender.objects.get(id=sender.id), NOON, RULE).most_an_hour == 5000


def test_the_work_of_a_flood_is_done_after_everybody_elses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flood(RULE.flood.in_an_hour + 10)
    normal = arrive("somebody writes of a group", "mail:one", NOON + timedelta(minutes=2))
    monkeypatch.setattr(
        followers,
        "table",
        lambda: (Follow("report.read_out", "amparo.intake.jobs.rank_report", 2, "amparo.intake.lanes.urgency"),),
    )
    sealing.seal(lambda _: b"", tmp_path / "checkpoints")
    followers.step()
    assert Job.objects.count() == RULE.flood.in_an_hour + 11
    claimed = [lease.arguments["about"]["report"] for lease in leases.claim("test", 30)]  # type: ignore[index]
    sampled = Report.objects.filter(sender__tag="mail:flood", lane="").count()
    assert claimed.index(str(normal)) <= sampled
    assert set(Job.objects.values_list("priority", flat=True)) == {2, 2 + lanes.ASIDE}


def test_work_that_comes_of_work_that_may_wait_waits_too() -> None:
    with leases.holding(leases.Lease(1, "x", "x", {}, 1, 1, lanes.ASIDE)):
        rank_report_again.enqueue(report=str(new_id()))
    rank_report_again.enqueue(report=str(new_id()))
    assert [job.priority for job in Job.objects.order_by("id")] == [lanes.ASIDE, 0]


# --- Serial false reports: a person decides ------------------------------------------------------------------------------------


def test_a_sender_whose_reports_were_false_is_proposed_and_put_aside_by_a_person_only() -> None:
    made = [arrive(f"false {number}", "mail:serial", NOON - timedelta(days=number)) for number in range(20)]
    for uuid in made:
        actions.close_report(OFFICER, uuid, "false_report")
    (facts,) = senders.senders(date(2026, 11, 1))
    assert senders.senders(date(2026, 11, 1), kind="mail") == (facts,)
    assert senders.senders(date(2026, 11, 1), kind="api") == ()
    assert facts.proposed
    assert facts.lane == ""
    waiting = arrive("another", "mail:serial", NOON + timedelta(hours=1))
    with pytest.raises(Refused, match="Only a person"):
        senders.set_lane(Actor("process", "worker", None, frozenset({"reports.triage"})), facts.uuid, True, "because")
    with pytest.raises(Refused, match="Say why"):
        senders.set_lane(OFFICER, facts.uuid, True, " ")
    senders.set_lane(OFFICER, facts.uuid, True, "8,300 false reports in a year")
    assert waiting not in queue()
    loud = arrive("a child is in danger now", "mail:serial", NOON + timedelta(hours=2))
    assert queue()[0] == loud, "danger still lifts one out"
    senders.set_lane(OFFICER, facts.uuid, False, "another person uses this address now")
    assert waiting in queue()


def test_a_reporter_stays_without_a_name() -> None:
    sender = senders.of_tag("mail:one", "mail")
    assert sender
    with pytest.raises(Refused, match="without a name"):
        senders.name_sender(OFFICER, sender.uuid, "Somebody", None)


# --- Counted by month -----------------------------------------------------------------------------------------------------------


def test_what_becomes_of_reports_is_counted_by_sender_and_month_of_arrival() -> None:
    made = [arrive(f"{number}", "api:platform", NOON - timedelta(days=3 * number), "api") for number in range(5)]
    actions.close_report(OFFICER, made[0], "not_our_subject")
    actions.close_report(OFFICER, made[1], "known_duplicate")
    actions.close_report(OFFICER, made[2], "false_report")
    actions.attach_to_case(OFFICER, made[3], new_id())
    (facts,) = senders.senders(date(2026, 11, 1))
    november, october = (dict(facts.months)[date(2026, month, 1)] for month in (11, 10))
    assert (november.received, november.junk, october.received, october.duplicate, october.false, october.usable) == (
        1,
        1,
        4,
        1,
        1,
        1,
    )
    actions.reopen_report(OFFICER, made[0])
    assert senders.sender(facts.uuid).total.junk == 0
    assert senders.sender(facts.uuid).total.decided == 3


def test_a_tag_names_nobody_and_is_the_same_for_the_same_address() -> None:
    one = sender_tag("Person+news@Example.org", b"key")
    assert one == sender_tag("<person@example.org>", b"key")
    assert one != sender_tag("person@example.org", b"another key")
    assert "person" not in one
    assert sender_tag("<>", b"key") == ""


# --- By lot -----------------------------------------------------------------------------------------------------------------------


def test_a_months_seed_is_bound_at_its_beginning_and_told_at_its_end() -> None:
    seed = months.seed(NOON)
    assert months.seed(NOON + timedelta(days=20)) == seed != months.seed(NOON + timedelta(days=40))
    begun = custody.acts(kind="month.begun").lines[-1]
    assert begun.about["commitment"] == commitment(seed)
    assert months.tell_ended(NOON + timedelta(days=80)) == 0
    assert months.tell_ended(datetime(2027, 2, 2, tzinfo=UTC)) >= 1
    told = custody.acts(kind="month.told").lines[-1]
    assert bytes.fromhex(str(told.about["seed"])) == seed


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1000), st.integers(0, 2**32))
def test_the_lot_draws_its_share_and_no_pattern_of_uuids_changes_that(share: int, seeded: int) -> None:
    draw = random.Random(seeded)
    seed = draw.randbytes(32)
    drawn = sum(is_drawn(seed, UUID(int=draw.getrandbits(128)), share) for _ in range(2000))
    expected, spread = 2 * share, 5 * (2000 * share / 1000 * (1 - share / 1000)) ** 0.5
    assert abs(drawn - expected) <= spread + 1


def test_nothing_is_drawn_at_no_share_and_everything_at_a_whole_one() -> None:
    uuids = [new_id() for _ in range(50)]
    assert not any(is_drawn(b"seed", uuid, 0) for uuid in uuids)
    assert all(is_drawn(b"seed", uuid, 1000) for uuid in uuids)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share_and_stays_between_nothing_and_all(counts: tuple[int, int]) -> None:
    found, of = counts
    share = share_of(found, of)
    assert 0 <= share.low <= found / of <= share.high <= 1
    assert share_of(found * 10, of * 10).high - share_of(found * 10, of * 10).low < share.high - share.low + 1e-9


def test_wilsons_interval_as_published() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611; 15 of 148 gives 0.0624 to 0.1605."""
    for found, of, low, high in ((81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (15, 148, 0.0624, 0.1605)):
        share = share_of(found, of)
        assert (round(share.low, 4), round(share.high, 4)) == (low, high)
    assert (share_of(0, 0).low, share_of(0, 0).high, share_of(0, 0).share) == (0.0, 1.0, None)


def test_the_rule_in_force_decides_what_a_flood_is(monkeypatch: pytest.MonkeyPatch) -> None:
    few = rulings.read_rule(RULE.text.replace("in_an_hour = 5", "in_an_hour = 3"))
    monkeypatch.setattr(rulings, "current", lambda: few)
    flood(4)
    assert Sender.objects.get(tag="mail:flood").lane == "flood"
