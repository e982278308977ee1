"""A house's own rules: tried on the past before they count, put in force by a person, kept for what they decided."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.custody import queries as custody
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions, queries, replaying, rulings
from amparo.intake.actions import Letter, Text
from amparo.intake.models import Ranking, Report
from amparo.intake.triage import AXES, Facts, place, read_rule, shipped_rule
from amparo.intake.triage.leads import Leads, leads_in
from amparo.intake.triage.replay import Past, compare
from amparo.intake.triage.signals import Signals, signals_in

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
VERA = Actor("officer", "vera", new_id(), powers_of(["supervisor"]))
ALBA = Actor("officer", "alba", new_id(), powers_of(["analyst"]))
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
SHIPPED = shipped_rule()
ACTIONABLE_FIRST = SHIPPED.text.replace('version = "rule-1"', 'version = "rule-2"').replace(
    'order = ["danger", "clock", "actionable", "new"]', 'order = ["actionable", "danger", "clock", "new"]'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path))
    (tmp_path / "triage" / "words").mkdir(parents=True)
    return tmp_path / "triage"


def report(text: str) -> UUID:
    taken = actions.take_in(WORKER, Letter(new_id(), "mail", NOON, None, 0, 0, "", b""), None)
    actions.record_reading(WORKER, taken.arrival, Text("Subject", text, "plain", "en"), (), ())
    known = Facts(NOON, True, signals_in(text), leads_in(text))
    actions.rank(WORKER, taken.report, place(known, NOON, rulings.current()), known)
    return taken.report


def test_a_file_of_the_house_counts_only_once_it_was_tried_and_put_in_force(folder: Path) -> None:
    loud, named = report("She is at risk."), report("Telegram @a_name and +34 600 000 001")
    (folder / "rule-2.toml").write_text(ACTIONABLE_FIRST)
    assert rulings.current().version == "rule-1"
    with pytest.raises(Refused, match="Try rule-2 on the past first"):
        replaying.put_in_force(VERA, "rule-2")
    found = replaying.try_rule(ALBA, replaying.rule_named("rule-2"))
    assert [(move.report, move.before, move.after) for move in found.up] == [(named, 2, 1)]
    assert [(move.report, move.by) for move in found.down] == [(loud, -1)]
    assert rulings.current().version == "rule-1", "trying changes nothing"
    with pytest.raises(Refused, match="don't hold the power"):
        replaying.put_in_force(ALBA, "rule-2")
    assert replaying.put_in_force(VERA, "rule-2").reports == 2
    assert rulings.current().version == "rule-2"
    assert set(queries.due_for_ranking(datetime.now(UTC))) == {loud, named}


def test_what_was_decided_keeps_the_rule_it_was_decided_under(folder: Path) -> None:
    before, after = report("one"), report("another")
    actions.close_report(VERA, before, "test")
    (folder / "rule-2.toml").write_text(ACTIONABLE_FIRST)
    replaying.try_rule(VERA, replaying.rule_named("rule-2"))
    replaying.put_in_force(VERA, "rule-2")
    actions.close_report(VERA, after, "test")
    assert [queries.report(each).decided_under for each in (before, after)] == ["rule-1", "rule-2"]
    assert [act.about["rule"] for act in custody.acts(kind="report.closed").lines] == ["rule-2", "rule-1"]
    assert Ranking.objects.get(report__uuid=before, current=True).rule_version == "rule-1"


def test_a_rule_once_in_force_can_not_be_changed_under_its_name_but_can_come_back(folder: Path) -> None:
    (folder / "rule-2.toml").write_text(ACTIONABLE_FIRST)
    replaying.try_rule(VERA, replaying.rule_named("rule-2"))
    replaying.put_in_force(VERA, "rule-2")
    (folder / "rule-2.toml").write_text(ACTIONABLE_FIRST.replace("kinds_for_high = 2", "kinds_for_high = 3"))
    with pytest.raises(Refused, match="give the changed rule the next number"):
        replaying.rule_named("rule-2")
    replaying.try_rule(VERA, replaying.rule_named("rule-1"))
    replaying.put_in_force(VERA, "rule-1")
    assert rulings.current() == SHIPPED
    assert [each.version for each in replaying.history()] == ["rule-1", "rule-2"]


def test_a_text_changed_after_its_trial_has_to_be_tried_again(folder: Path) -> None:
    (folder / "rule-2.toml").write_text(ACTIONABLE_FIRST)
    replaying.try_rule(VERA, replaying.rule_named("rule-2"))
    (folder / "rule-2.toml").write_text(ACTIONABLE_FIRST + "# changed\n")
    with pytest.raises(Refused, match="as it stands now"):
        replaying.put_in_force(VERA, "rule-2")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("rule-3.toml", ACTIONABLE_FIRST, "make them the same"),
        ("rule-2.toml", ACTIONABLE_FIRST.replace("child_in_crisis", "child_in_crises"), "line 8"),
        ("rule-2.toml", "", "version is missing"),
        ("rule-2.toml", "version = ", "line 1: this is no TOML"),
    ],
)
def test_a_bad_file_says_what_is_wrong_and_can_not_be_used(folder: Path, name: str, text: str, said: str) -> None:
    (folder / name).write_text(text)
    (file,) = replaying.files()
    assert any(said in problem for problem in file.problems), file.problems
    with pytest.raises(Refused):
        replaying.rule_named(name.removesuffix(".toml"))


@pytest.mark.parametrize("version", ["../rule-2", "rule-", "rule-2.toml", "", "rule-99", "rule-01"])
def test_a_name_that_is_no_rule_opens_no_file(folder: Path, version: str) -> None:
    with pytest.raises(Missing):
        replaying.rule_named(version)


def test_bytes_that_are_no_text_are_no_rule(folder: Path) -> None:
    (folder / "rule-2.toml").write_bytes(b"\xff\xfe\x00")
    assert "can't be read as text" in replaying.files()[0].problems[0]


def test_a_houses_words_count_at_once_and_a_bad_list_is_left_out_aloud(folder: Path) -> None:
    assert rulings.words().version == "shipped"
    (folder / "words" / "en.toml").write_text('in_danger = ["codeword*"]')
    assert signals_in("codewords", rulings.words().vocabulary).of("in_danger") == ("codewords",)
    assert rulings.words().version not in ("shipped", "")
    (folder / "words" / "xx.toml").write_text('danger = "word"')
    assert signals_in("codewords", rulings.words().vocabulary).of("in_danger")
    assert [bool(problem) for _, problem in rulings.own_files()] == [False, True]


def test_what_a_house_says_must_fold_nothing_folds_nothing(folder: Path) -> None:
    (folder / "never-fold.txt").write_text(
        "# our own pages\nhttps://www.unit.example/contact\n@unit_account on Telegram\n"
    )
    assert {"unit.example/contact", "telegram:unit_account"} <= rulings.never_folds()


# --- The comparison itself -------------------------------------------------------------------------------------------------------

counts = st.integers(0, 2)
facts = st.builds(
    lambda hours, danger, phones, handles, read: Facts(
        NOON - timedelta(hours=hours),
        True,
        Signals({danger: (danger,)} if danger else {}, frozenset(), True),
        Leads(phones=phones, handles=handles),
        first_read_at=NOON if read else None,
    ),
    st.integers(0, 400),
    st.sampled_from(["", "danger", "in_danger", "crisis", "perishing"]),
    counts,
    counts,
    st.booleans(),
)
cases = st.lists(facts, max_size=25).map(
    lambda many: [Past(UUID(int=number), f"R-{number}", each, NOON) for number, each in enumerate(many)]
)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_same_rule_moves_nobody(past: list[Past]) -> None:
    found = compare(past, SHIPPED, SHIPPED)
    assert (found.moved_up, found.moved_down, found.up, found.down, found.bands) == (0, 0, (), (), ())


@settings(max_examples=60, deadline=None)
@given(cases, st.permutations(AXES), st.integers(1, 4))
def test_what_moves_up_and_down_adds_up_and_floors_stay_on_top(past: list[Past], order: list[str], kinds: int) -> None:
    named = ", ".join(f'"{axis}"' for axis in order)
    text = SHIPPED.text.replace('"danger", "clock", "actionable", "new"', named)
    other = read_rule(text.replace("kinds_for_high = 2", f"kinds_for_high = {kinds}"))
    found = compare(past, SHIPPED, other)
    assert sum(move.by for move in (*found.up, *found.down)) == 0
    assert found.moved_up == len(found.up)
    assert found.moved_down == len(found.down)
    assert found.reports == len(past)
    assert found.floors_lost == 0
    floored = sum(bool(place(each.facts, each.at, other).floor) for each in past)
    raised = [
        move for move in found.up if place(next(p for p in past if p.report == move.report).facts, NOON, other).floor
    ]
    assert all(move.after <= floored for move in raised)


def test_parts_that_can_not_be_replayed_are_named() -> None:
    other = read_rule(
        SHIPPED.text.replace("in_an_hour = 30", "in_an_hour = 9").replace("near_bits = 31", "near_bits = 20")
    )
    assert compare([], SHIPPED, other).unreplayed == ("flood", "fold")


def test_a_further_floor_is_counted_and_lifts_its_reports() -> None:
    other = read_rule(SHIPPED.text.replace('"broadcast_under_way"]', '"broadcast_under_way", "meeting_soon"]'))
    meeting = Facts(NOON, True, signals_in("They meet tonight."))
    danger = Facts(NOON - timedelta(hours=2), True, signals_in("Danger tonight."))
    found = compare([Past(UUID(int=1), "R-1", danger, NOON), Past(UUID(int=2), "R-2", meeting, NOON)], SHIPPED, other)
    assert found.floors_gained == 1
    assert found.up[0].reference == "R-2"
    assert found.bands == (("soon", "now", 1),)


def test_the_command_checks_a_file_and_tells_its_lines(folder: Path) -> None:
    bad = folder / "rule-2.toml"
    bad.write_text(ACTIONABLE_FIRST.replace("near_bits = 31", "near_bits = 99"))
    command = [sys.executable, "-m", "amparo.wiring.cli", "triage", "check", str(bad)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "near_bits is 99: write a whole number from 0 to 31" in done.stderr
    assert not json.dumps(done.stdout).count("Traceback")
    assert not Report.objects.exists()
