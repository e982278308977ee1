"""The past: what came before and names the same is found at once, with its evidence; what says little is said to say little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.foundation.ids import new_id
from amparo.intake import actions, past, senders
from amparo.intake.actions import Letter, Text
from amparo.intake.models import Report
from amparo.intake.triage.traces import Trace, traces_in

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def report(text: str, sender: str = "", *more: Trace) -> UUID:
    """A report with this text, read and traced as the worker does it."""
    letter = Letter(new_id(), "mail", NOON, None, 0, 0, "", b"", sender)
    taken = actions.take_in(WORKER, letter, None)
    actions.record_reading(WORKER, taken.arrival, Text("Subject", text, "plain", "en"), (), ())
    past.trace_report(WORKER, taken.report, (*traces_in(text), *more))
    return taken.report


def others(uuid: UUID) -> dict[UUID | None, tuple[str, ...]]:
    return {each.report: tuple(found.words for found in each.evidence) for each in past.of_report(uuid).others}


def test_an_earlier_report_with_the_same_number_is_found_with_its_evidence() -> None:
    earlier = report("The number is +34 600 000 001.")
    report("Another one: +34 600 000 002.")
    later = report("They wrote from 0034 600 00 00 01")
    assert others(later) == {earlier: ("the same phone number +34600000001",)}
    assert others(earlier) == {later: ("the same phone number +34600000001",)}


@pytest.mark.parametrize(
    "written",
    [
        "on Telegram @a_name", "a@example.org", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "GB82 WEST 1234 5698 7654 32",
        "IMEI 490154203237518", "t.me/+AbC12", "d41d8cd98f00b204e9800998ecf8427e", "https://example.org/a/b?c=1",
    ],
)  # fmt: skip
def test_every_kind_of_identifier_links(written: str) -> None:
    one, other = report(f"first {written}"), report(f"{written} again")
    (link,) = past.of_report(other).others
    assert link.report == one
    assert link.strong


def test_a_name_without_its_service_links_weakly_and_says_so() -> None:
    report("on Telegram @a_name")
    (link,) = past.of_report(report("it is @a_name")).others
    assert not link.strong
    assert "the service not stated in both" in link.evidence[0].words
    assert past.shared_by(report("also @a_name")).reports == 0


def at(seconds: int | None) -> Trace:
    moment = NOON + timedelta(seconds=seconds) if seconds is not None else None
    return Trace("ip_port", "192.0.2.8:443", "192.0.2.8:443", "field", at=moment)


@pytest.mark.parametrize(
    ("seconds", "strong", "words"),
    [
        (40, True, "40 seconds apart"),
        (7200, False, "2 hours apart: says little"),
        (None, False, "a time that is not known"),
    ],
)
def test_an_address_with_its_port_links_at_the_same_moment_only(seconds: int | None, strong: bool, words: str) -> None:
    report("first", "", at(0))
    (link,) = past.of_report(report("second", "", at(seconds))).others
    assert link.strong is strong
    assert words in link.evidence[0].words


def test_what_many_name_is_common_and_links_nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "COMMON", 5)
    for number in range(6):
        report(f"report {number} https://service.example/help")
    found = past.of_report(report("https://service.example/help"))
    assert [each.value for each in found.common] == ["service.example/help"]
    assert len(found.others) == past.SHOWN_OF_COMMON
    assert not any(each.strong for each in found.others)


def test_a_case_that_names_the_same_person_is_found_by_its_reference_alone() -> None:
    case = new_id()
    past.trace_case(WORKER, case, "AMP-2026-0001", [Trace("phone", "+34600000001", "+34600000001", "case")])
    past.trace_case(WORKER, case, "AMP-2026-0001", [Trace("phone", "+34600000001", "+34600000001", "case")])
    (link,) = past.of_report(report("+34 600 000 001")).others
    assert (link.report, link.case, link.reference, link.strong) == (None, case, "AMP-2026-0001", True)


def test_nobody_raises_a_report_by_writing_twice() -> None:
    first = report("+34 600 000 001", "mail:one")
    report("+34 600 000 001 again", "mail:one")
    assert past.shared_by(first).reports == 0
    report("also +34 600 000 001", "mail:two")
    report("and +34 600 000 001", "mail:two")
    assert past.shared_by(first).reports == 1
    assert past.shared_by(first).kinds == ("phone",)


def test_danger_is_near_where_a_report_with_a_floor_names_the_same() -> None:
    quiet = report("+34 600 000 001", "mail:one")
    loud = report("in danger now: +34 600 000 001", "mail:two")
    assert past.shared_by(quiet).near_danger == ()
    Report.objects.filter(uuid=loud).update(place="0.0.0.0.0.0")
    assert past.shared_by(quiet).near_danger == ("phone",)


def test_a_report_traced_again_is_not_doubled() -> None:
    one = report("+34 600 000 001")
    assert past.untraced(one, traces_in("+34 600 000 001")) == ()
    past.trace_report(WORKER, one, traces_in("+34 600 000 001 and +34 600 000 002"))
    assert Report.objects.get(uuid=one).traces.count() == 2


def test_a_sender_is_told_by_its_tag_alone() -> None:
    one, again, other = (senders.of_tag(tag, "mail") for tag in ("mail:one", "mail:one", "mail:two"))
    assert one == again != other
    assert senders.of_tag("", "form") is None
