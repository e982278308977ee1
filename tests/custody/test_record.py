from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.db import connection

from amparo.custody import actions, queries
from amparo.foundation.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def sign(message: bytes) -> bytes:
    return hashlib.sha512(b"key" + message).digest()


def signed(message: bytes, signature: bytes) -> bool:
    return sign(message) == signature


def append(kind: str = "case.opened") -> None:
    case = new_id()
    actions.append(
        kind,
        actor_kind="officer",
        actor_name="ana",
        actor=new_id(),
        power="cases.open",
        purpose="",
        ended="done",
        about={"case": str(case), "count": 3},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A record of nine acts under three checkpoints; the file that holds the checkpoints' copy."""
    copy = tmp_path / "custody" / "checkpoints.txt"
    for _ in range(3):
        for _ in range(3):
            append()
        assert actions.seal(sign, copy) == 3
    return copy


def broken(copy: Path) -> str:
    found = queries.verified(signed, copy).broken
    return found.sentence if found else ""


def change(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_untouched_record_verifies(copy: Path) -> None:
    found = queries.verified(signed, copy)
    assert (found.acts, found.checkpoints, found.broken) == (9, 3, None)


def test_sealing_with_nothing_waiting_makes_no_checkpoint(copy: Path) -> None:
    assert actions.seal(sign, copy) == 0
    assert queries.verified(signed, copy).checkpoints == 3


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE custody_act SET actor_name = 'eva' WHERE position = 5", "Act 5 .* its columns or its index differ"),
        ("UPDATE custody_act SET body = replace(body, 'ana', 'eva') WHERE position = 5", "Act 5 .* its body"),
        ("DELETE FROM custody_act WHERE position = 9", "Act 9 is missing"),
        ("DELETE FROM custody_act WHERE position = 4", "Act 4 is missing"),
        ("UPDATE custody_act SET position = position + 100 WHERE position = 1", "Act 1 is missing"),
        ("DELETE FROM custody_checkpoint WHERE number = 2", "Checkpoint 2 is missing"),
        ("DELETE FROM custody_checkpoint WHERE number = 3", "Checkpoint 3 is missing"),
        ("UPDATE custody_checkpoint SET size = 5 WHERE number = 2", "Checkpoint 2"),
        ("UPDATE custody_checkpoint SET at = '2020-01-01 00:00:00' WHERE number = 1", "Checkpoint 1 was changed"),
        ("UPDATE custody_checkpoint SET number = number + 10 WHERE number = 1", "Checkpoint 1 is missing"),
    ],
)
def test_what_was_changed_is_named(copy: Path, statement: str, names: str) -> None:
    if statement.startswith("DELETE FROM custody_act"):
        acts = statement.removeprefix("DELETE FROM")
        change(f"DELETE FROM custody_subject WHERE act_id IN (SELECT id FROM {acts})")
    change(statement)
    assert re.search(names, broken(copy)), broken(copy)


def test_cutting_acts_and_their_checkpoint_off_the_end_is_seen_in_the_copy(copy: Path) -> None:
    change("DELETE FROM custody_subject WHERE act_id IN (SELECT id FROM custody_act WHERE position > 6)")
    change("DELETE FROM custody_act WHERE position > 6")
    change("DELETE FROM custody_checkpoint WHERE number = 3")
    assert "Checkpoint 3 is missing from the database" in broken(copy)


def test_a_changed_copy_of_the_checkpoints_is_named(copy: Path) -> None:
    copy.write_text(copy.read_text().replace("\n2 ", "\n7 "))
    assert "Checkpoint 2 differs from its copy" in broken(copy)


def test_a_torn_last_line_of_the_copy_is_written_anew(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-20])
    append()
    actions.seal(sign, copy)
    assert queries.verified(signed, copy).broken is None
    assert len(copy.read_text().splitlines()) == 4


def test_an_act_changed_before_it_was_sealed_is_seen(copy: Path) -> None:
    append()
    change("UPDATE custody_act SET actor_name = 'eva' WHERE position IS NULL")
    assert "not sealed yet, was changed" in broken(copy)


def test_a_changed_index_of_subjects_is_seen(copy: Path) -> None:
    change("DELETE FROM custody_subject WHERE act_id = (SELECT id FROM custody_act WHERE position = 4)")
    assert "Act 4" in broken(copy)


def test_the_story_of_a_thing_is_told_in_order() -> None:
    case = new_id()
    for kind in ("case.opened", "case.read"):
        actions.append(
            kind,
            actor_kind="officer",
            actor_name="ana",
            actor=None,
            power="cases.read",
            purpose="",
            ended="done",
            about={"case": str(case)},
        )
    append()
    assert [line.kind for line in queries.story(case)] == ["case.opened", "case.read"]
