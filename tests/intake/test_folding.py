"""Folding: what tells of the same is one row with its reasons, at the same cost however many there are, and undone whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import intake_house as house
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings, strategies as st

from amparo.access.acts import Actor
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import actions, bundles, folding, looks, past, queries, queue_queries
from amparo.intake.actions import Letter, Text
from amparo.intake.models import Bundle, Report
from amparo.intake.queue_queries import QueueFilter
from amparo.intake.rules import Finding
from amparo.intake.triage import Facts, place, shipped_rule
from amparo.intake.triage.folds import Key, key_of_file, keys_of_text, without_signature
from amparo.intake.triage.leads import leads_in
from amparo.intake.triage.signals import signals_in
from amparo.intake.triage.traces import traces_in

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
OFFICER = Actor(
    "officer", "alba", new_id(), frozenset({"reports.triage", "reports.close", "cases.open", "reports.read"})
)
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
RULE = shipped_rule()
LONG = "A picture is going round in many groups since yesterday and I was told to report it here. "


def report(text: str, *keys: Key, sender: str = "", at: datetime = NOON, work: bool = False) -> UUID:
    """A report with this text, read, traced, folded and ranked as the worker does it."""
    letter = Letter(new_id(), "mail", at, None, 0, 0, "", b"", sender)
    taken = actions.take_in(WORKER, letter, None)
    findings = (Finding("no_text", "Something could not be read."),) if work else ()
    actions.record_reading(WORKER, taken.arrival, Text("Subject", text, "plain", "en"), (), findings)
    past.trace_report(WORKER, taken.report, traces_in(text))
    body = without_signature(text)
    fold(taken.report, (*keys_of_text(body, traces_in(body)), *keys), text)
    facts = Facts(at, True, signals_in(text), leads_in(text))
    actions.rank(WORKER, taken.report, place(facts, NOON, RULE), facts)
    return taken.report


def fold(uuid: UUID, keys: tuple[Key, ...], text: str = "") -> None:
    from django.db import transaction

    with transaction.atomic():
        if found := folding.match(uuid, keys, RULE):
            folding.fold(WORKER, uuid, found, traces_in(text))


def file(number: int = 1) -> Key:
    return Key("file", f"{number:064x}", f"{number:012x}…")


def shown() -> list[UUID]:
    return [row.uuid for row in queue_queries.rows(queue_queries.queue(QueueFilter()))]


def bundle_of(uuid: UUID) -> bundles.BundleFacts:
    found = bundles.of_report(uuid)
    assert found
    return found[0]


def why(uuid: UUID) -> str:
    found = bundles.of_report(uuid)
    assert found
    return found[1].words


def test_the_same_message_is_folded_behind_the_first_and_says_why() -> None:
    first, second = report(LONG), report(LONG)
    alone = report("Something else, which is told by somebody else in other words and of another group.")
    assert shown() == [first, alone]
    assert why(second) == "the same message with the same files"
    assert bundle_of(first).members == 2


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (
            "look at https://chat.example/a/b",
            "it is chat.example/a/b?utm_source=x",
            "the same address on the web: chat.example/a/b",
        ),
        ("on Telegram @a_name", "t.me/a_name", "the same account: telegram:a_name"),
        ("t.me/+AbC12", "https://t.me/joinchat/AbC12", "the same group or room within hours: telegram:AbC12"),
    ],
)
def test_each_rung_of_the_ladder_folds_and_says_what_is_shared(one: str, other: str, kind: str) -> None:
    report(one)
    assert why(report(other)) == kind


def test_the_strongest_thing_shared_decides() -> None:
    by_file, by_address = report("first", file()), report("chat.example/a/b")
    joined = report("chat.example/a/b", file())
    assert bundle_of(joined).uuid == bundle_of(by_file).uuid
    assert bundles.of_report(by_address) is None


@pytest.mark.parametrize(
    ("text", "hours", "folded"),
    [
        ("t.me/+AbC12", 5, True),
        ("t.me/+AbC12", 7, False),
        ("t.me/a_name", 24 * 29, True),
        ("t.me/a_name", 24 * 31, False),
    ],
)
def test_what_folds_by_time_folds_within_it_only(text: str, hours: int, folded: bool) -> None:
    report(f"first {text}")
    assert bool(bundles.of_report(report(f"second {text}", at=NOON + timedelta(hours=hours)))) is folded


def test_the_window_moves_with_the_last_report_of_the_bundle() -> None:
    for hours in (0, 5, 10):
        last = report(f"{hours} t.me/+AbC12", at=NOON + timedelta(hours=hours))
    assert bundle_of(last).members == 3


def test_a_signature_folds_no_mails_of_one_sender() -> None:
    signature = "Unit for the protection of children, https://unit.example/contact"
    report(f"One thing. {signature}", sender="mail:unit")
    assert bundles.of_report(report(f"Another. {signature}", sender="mail:unit")) is None
    assert bundles.of_report(report(f"Another still.\n-- \n{signature}", sender="mail:other")) is None


def test_the_same_words_around_another_file_or_of_another_account_are_another_message() -> None:
    one, other = keys_of_text(LONG, (), ["a" * 64]), keys_of_text(LONG, (), ["b" * 64])
    assert one[0].value != other[0].value
    assert keys_of_text(LONG, (), ["a" * 64]) == one


def test_logos_and_short_words_fold_nothing() -> None:
    assert key_of_file("a" * 64, 8000, (300, 80)) is None
    assert key_of_file("a" * 64, 900) is None
    assert key_of_file("a" * 64, 8000, (300, 200))
    assert not keys_of_text("Hello, see the attachment.", ())
    assert not keys_of_text("see example.org", traces_in("see example.org"))


# --- Who stands for them ---------------------------------------------------------------------------------------------------


def test_the_member_that_stands_highest_stands_for_all_and_danger_is_never_hidden() -> None:
    quiet = report(LONG, file())
    other = report(f"{LONG} More.", file())
    loud = report("A child is in danger now, and it is the same picture.", file())
    assert shown() == [loud]
    assert bundle_of(quiet).head == loud
    assert bundle_of(other).members == 3


def test_a_second_report_of_danger_that_names_something_new_is_lifted_out() -> None:
    first = report("A child is in danger now, call +34 600 000 001.", file())
    again = report("A child is in danger now!", file())
    more = report("A child is in danger now, call +34 600 000 002.", file())
    same = report("In danger now: +34 600 000 001.", file())
    assert set(shown()) == {first, more}
    assert {each: queries.report(each).state for each in (again, same)} == {again: "new", same: "new"}
    assert bundle_of(first).lifted == 1


def test_no_more_than_so_many_are_lifted_out_of_one_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    few = RULE.text.replace("lifted_at_most = 20", "lifted_at_most = 2")
    monkeypatch.setattr(folding.rulings, "current", lambda: folding.rulings.read_rule(few))
    for number in range(6):
        last = report(f"A child is in danger now, +34 600 000 00{number}.", file())
    assert len(shown()) == 3
    assert bundle_of(last).members == 6


PLACES = st.lists(
    st.sampled_from(["in danger now", "it is urgent", "quiet", "they broadcast live now +34 600 000 009"]), max_size=6
)


@settings(max_examples=15, deadline=None)
@given(PLACES)
def test_whatever_arrives_the_best_stands_first_and_nobody_with_a_new_lead_in_danger_is_hidden(
    texts: list[str],
) -> None:
    from django.db import transaction

    with transaction.atomic():
        made = [report(f"{number} {text}", file()) for number, text in enumerate(texts)]
        rows = sorted(Report.objects.filter(uuid__in=made), key=lambda row: (row.place, row.received_at, row.id))
        if len(rows) > 1:
            assert not rows[0].hidden
            assert Bundle.objects.get(id=rows[0].bundle_id).head_id == rows[0].id
            hidden = [row for row in rows if row.hidden]
            assert not any(row.place.startswith("0.") and not rows[0].place.startswith("0.") for row in hidden)
        transaction.set_rollback(True)


# --- Decided together, undone whole ------------------------------------------------------------------------------------------


def test_closing_the_head_closes_what_is_folded_behind_it_but_not_what_nobody_could_read() -> None:
    first = report(LONG)
    behind = [report(LONG) for _ in range(3)]
    unread = report(LONG, work=True)
    done = actions.close_report(OFFICER, first, "known_duplicate")
    assert done.folded == 3
    assert all(queries.report(each).closed_reason == "known_duplicate" for each in behind)
    assert shown() == [unread]


def test_a_report_that_comes_after_its_bundle_was_closed_stands_in_the_queue() -> None:
    first = report(LONG)
    report(LONG)
    actions.close_report(OFFICER, first, "known_duplicate")
    late, later = report(LONG), report(LONG)
    assert shown() == [late]
    assert bundle_of(later).head == late


def test_what_is_opened_again_stands_by_itself() -> None:
    first, second = report(LONG), report(LONG)
    actions.close_report(OFFICER, first, "known_duplicate")
    third = report(LONG)
    actions.reopen_report(OFFICER, second)
    assert set(shown()) == {second, third}


def test_a_case_takes_the_whole_bundle_out_of_the_queue_and_each_report_can_still_be_added() -> None:
    first, second = report(LONG), report(LONG)
    case = new_id()
    assert actions.attach_to_case(OFFICER, first, case).folded == 1
    assert queries.report(second).case == case
    assert actions.attach_to_case(OFFICER, second, case).folded == 0
    with pytest.raises(Refused, match="part of a case already"):
        actions.attach_to_case(OFFICER, second, new_id())


def test_a_bundle_unfolds_whole_and_is_not_folded_again() -> None:
    made = [report(LONG, file()) for _ in range(5)]
    uuid = bundle_of(made[0]).uuid
    assert folding.unfold(OFFICER, uuid, "chance").reports == 5
    assert set(shown()) == set(made)
    assert bundles.bundle(uuid).unfolded_text.startswith("What they share")
    assert len(bundles.members(uuid)) == 5
    assert bundles.of_report(report(LONG, file())) is None
    with pytest.raises(Refused, match="unfolded before"):
        folding.unfold(OFFICER, uuid, "chance")


def test_one_report_is_taken_out_and_the_rest_stay() -> None:
    first, second, third = (report(LONG) for _ in range(3))
    folding.take_out(OFFICER, first, "different")
    assert set(shown()) == {first, second}
    assert bundle_of(third).members == 2
    fold(first, keys_of_text(LONG, ()))
    assert bundles.of_report(first) is None
    with pytest.raises(Refused, match="no bundle"):
        folding.take_out(OFFICER, first, "different")


def test_nothing_is_deleted_and_a_search_looks_behind_the_rows() -> None:
    made = {report(LONG) for _ in range(4)}
    found = queue_queries.rows(queue_queries.queue(QueueFilter(search="going round")))
    assert {row.uuid for row in found} == made


# --- The same cost, however many -----------------------------------------------------------------------------------------------


def test_ten_times_the_copies_cost_no_more_questions_a_copy() -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            report(f"{LONG} the same", file())
        return len(asked)

    for _ in range(3):
        report(f"{LONG} the same", file())
    few = cost()
    for _ in range(30):
        report(f"{LONG} the same", file())
    assert cost() == few
    assert len(shown()) == 1


def test_near_pictures_are_folded_by_the_first_of_them_and_the_index_holds_it_once() -> None:
    first, second, far = new_id(), new_id(), new_id()
    one, near, other = "0" * 64, "0" * 62 + "ff", "f" * 64
    assert looks.nearest(first, [one], 31) == looks.Near(first, 0)
    assert looks.nearest(second, [near], 31) == looks.Near(first, 8)
    assert looks.nearest(far, [other], 31) == looks.Near(far, 0)
    assert looks.nearest(second, [other, near], 31).item == far
    assert looks.FoldLook.objects.count() == 2


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return house.new_house(tmp_path, monkeypatch)


def test_copies_of_a_picture_by_mail_become_one_row(home: Home) -> None:
    picture = house.picture(3, size=400)
    made = [house.arrived(home, house.mail(f"Number {number}", a=(f"{number}.jpg", picture))) for number in range(3)]
    assert [row.uuid for row in queue_queries.rows(queue_queries.queue(QueueFilter()))] == [made[0].uuid]
    assert why(made[2].uuid).startswith("the same file")
    again = house.picture(3, size=402)
    near = house.arrived(home, house.mail("Nearly", a=("near.jpg", again)))
    assert why(near.uuid).startswith("nearly the same picture")
