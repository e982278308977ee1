"""Clocks: what presses has less time, whoever is told is told by name, and nothing expires in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions, clocks, duties, lanes, notices, queries, rulings, senders
from amparo.intake.actions import Letter, Text
from amparo.intake.models import Report
from amparo.intake.triage import Facts, Shared, place, shipped_rule
from amparo.intake.triage.leads import leads_in
from amparo.intake.triage.signals import signals_in

pytestmark = pytest.mark.django_db(transaction=True)
WORKER, CLI = Actor.of_process("worker"), Actor.of_process("cli")
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
RULE = shipped_rule()
PASSWORD = "six quiet words on a line"


def officer(*roles: str) -> Actor:
    username = f"o{new_id().hex[-12:]}"
    added = access.add_officer(CLI, username, f"Officer {username}", "Unit", roles, PASSWORD)
    return Actor("officer", username, added.officer, powers_of(roles))


def report(text: str, at: datetime = NOON) -> UUID:
    taken = actions.take_in(WORKER, Letter(new_id(), "mail", at, None, 0, 0, "", b""), None)
    actions.record_reading(WORKER, taken.arrival, Text("Subject", text, "plain", "en"), (), ())
    rank(taken.report, at)
    return taken.report


def rank(uuid: UUID, at: datetime, **known: object) -> None:
    facts = queries.report(uuid)
    full = Facts(
        facts.received_at,
        True,
        signals_in(facts.text),
        leads_in(facts.text),
        first_read_at=facts.first_read_at,
        **known,
    )  # type: ignore[arg-type]
    actions.rank(WORKER, uuid, lanes.placed_for(uuid, place(full, at, RULE), RULE), full)


def pass_time(monkeypatch: pytest.MonkeyPatch, to: datetime) -> int:
    monkeypatch.setattr(duties, "now", lambda: to)
    monkeypatch.setattr(clocks.clock, "now", lambda: to)
    return duties.keep_time()


def told(who: Actor) -> list[tuple[str, UUID | None]]:
    assert who.uuid
    return [(each.code, each.report) for each in notices.for_officer(who.uuid)]


def test_a_report_of_danger_that_nobody_reads_in_an_hour_is_told_to_a_named_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vera = officer("supervisor")
    loud = report("A child is in danger now.")
    assert pass_time(monkeypatch, NOON + timedelta(minutes=59)) == 0
    assert pass_time(monkeypatch, NOON + timedelta(minutes=60)) == 1
    assert told(vera) == [("unread", loud)]
    (act,) = custody.acts(kind="report.escalated").lines
    assert (act.about["to"], act.about["band"], act.about["clock"]) == (str(vera.uuid), "now", "unread")


def test_it_is_told_again_until_somebody_acts_and_then_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    officer("supervisor")
    loud = report("A child is in danger now.")
    for hours in (1, 2, 3):
        assert pass_time(monkeypatch, NOON + timedelta(hours=hours)) == 1
    assert Report.objects.get(uuid=loud).escalations == 3
    actions.read_report(officer("analyst"), loud)
    rank(loud, NOON + timedelta(hours=3))
    assert pass_time(monkeypatch, NOON + timedelta(hours=20)) == 0
    assert pass_time(monkeypatch, NOON + timedelta(hours=24)) == 1, "read, but undecided for a day"
    actions.close_report(officer("analyst"), loud, "passed_on")
    assert pass_time(monkeypatch, NOON + timedelta(days=40)) == 0


def test_every_band_expires_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    officer("supervisor")
    made = {
        "now": report("A child is in danger now."),
        "soon": report("They meet tonight."),
        "usual": report("She is at risk."),
        "rest": report("Somebody wrote of a group."),
    }
    for name, days in (("now", 1 / 24), ("soon", 1), ("usual", 3), ("rest", 7)):
        limit = timedelta(days=days)
        assert queries.report(made[name]).ranking.band == name  # type: ignore[union-attr]
        assert made[name] not in clocks.late(NOON + limit - timedelta(seconds=1))
        assert made[name] in clocks.late(NOON + limit)


def test_the_officer_on_duty_is_told_and_one_whom_the_rule_names_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    vera, alba = officer("supervisor"), officer("analyst")
    assert clocks.on_duty() == vera.uuid
    assert alba.uuid
    clocks.set_duty(vera, alba.uuid)
    assert clocks.on_duty() == alba.uuid
    named = rulings.read_rule(RULE.text.replace('escalate_to = "supervisor"', f'escalate_to = "{vera.name}"', 1))
    assert clocks.told_for(named.bands[0]) == vera.uuid
    assert clocks.told_for(named.bands[1]) == alba.uuid
    with pytest.raises(Refused, match="may not read reports"):
        clocks.set_duty(vera, officer("auditor").uuid)  # type: ignore[arg-type]


def test_where_nobody_can_be_told_the_act_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    report("A child is in danger now.")
    assert pass_time(monkeypatch, NOON + timedelta(hours=1)) == 1
    assert custody.acts(kind="report.escalated").lines[0].about["to"] is None
    assert clocks.on_duty() is None


def test_a_late_fact_raises_a_sleeping_report_and_tells_who_has_it() -> None:
    alba, bruno = officer("analyst"), officer("analyst")
    quiet = report("Somebody wrote of a group.")
    before = Report.objects.get(uuid=quiet).place
    actions.read_report(alba, quiet)
    clocks.give(alba, quiet, bruno.uuid)
    assert told(bruno) == [("given", quiet)]
    actions.read_report(bruno, quiet)
    rank(quiet, NOON, shared=Shared(2, 0, ("phone",)), near_danger=("phone",))
    row = Report.objects.get(uuid=quiet)
    assert row.place < before
    assert [code for code, _ in told(bruno)] == ["late_fact", "given"]
    assert told(alba) == []
    assert bruno.uuid
    assert "Shares a phone number with a report of danger now" in notices.for_officer(bruno.uuid)[0].words
    actions.read_report(bruno, quiet)
    assert notices.unseen(bruno.uuid) == 0


def test_time_alone_is_no_late_fact() -> None:
    alba = officer("analyst")
    quiet = report("Somebody wrote of a group.")
    actions.read_report(alba, quiet)
    rank(quiet, NOON + timedelta(days=29))
    assert told(alba) == []


def test_a_report_is_taken_given_and_let_go_of() -> None:
    alba = officer("analyst")
    quiet = report("Somebody wrote of a group.")
    clocks.give(alba, quiet, alba.uuid)
    assert alba.uuid
    assert [row.uuid for row in clocks.owned_by(alba.uuid)] == [quiet]
    with pytest.raises(Refused, match="so already"):
        clocks.give(alba, quiet, alba.uuid)
    clocks.give(alba, quiet, None)
    assert clocks.owned_by(alba.uuid) == ()


def test_what_waits_in_a_lane_is_told_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    vera = officer("supervisor")
    quiet = report("Somebody wrote of a group.")
    sender = senders.of_tag("mail:flood", "mail")
    Report.objects.filter(uuid=quiet).update(sender=sender, lane="flood", place="1.1.3.3.3.3")
    assert pass_time(monkeypatch, NOON + timedelta(hours=23)) == 0
    assert pass_time(monkeypatch, NOON + timedelta(hours=24)) == 1
    assert pass_time(monkeypatch, NOON + timedelta(hours=40)) == 0
    assert pass_time(monkeypatch, NOON + timedelta(hours=48)) == 1
    assert [code for code, _ in told(vera)] == ["lane"]


def test_the_page_of_clocks_counts_what_is_late() -> None:
    report("A child is in danger now.")
    report("Somebody wrote of a group.")
    found = {band.name: (band.waiting, band.unread, band.late) for band in clocks.bands(NOON + timedelta(hours=2))}
    assert found["now"] == (1, 1, 1)
    assert found["rest"] == (1, 1, 0)
