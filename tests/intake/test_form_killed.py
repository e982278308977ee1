"""No acknowledged form is lost, and none doubled, when the form's process is killed at random points (SIGKILL)."""

from __future__ import annotations

from pathlib import Path

from tests.intake.form_faults import found, send_while_killing
from tests.intake.form_server import form_home

POSTS, KILLS = 9, 3


def test_every_acknowledged_form_lies_in_the_spool_once_however_often_the_process_was_killed(tmp_path: Path) -> None:
    home = form_home(tmp_path)
    reporters = send_while_killing(home, POSTS, KILLS)
    texts = found(home)
    assert sorted(texts) == sorted(f"Post {number} in room {number}." for number in reporters.acknowledged)
    assert len(reporters.acknowledged) == POSTS
    assert reporters.changed_codes == []
    assert len(set(reporters.acknowledged.values())) == POSTS
    assert not list((home.spool / "tmp").iterdir())
