"""The long run: a thousand form posts while form and collector are killed at random (`python -m maintenance.slow faults`)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.intake.form_faults import LAY, READ, collect_while_killing, in_house, send_while_killing
from tests.intake.form_server import form_home

POSTS = int(os.environ.get("AMPARO_FORM_POSTS", "1000"))
KILLS = int(os.environ.get("AMPARO_FORM_KILLS", "40"))


def test_a_thousand_acknowledged_forms_are_a_thousand_reports_whatever_was_killed(tmp_path: Path) -> None:
    home = form_home(tmp_path)
    in_house(home, LAY)
    reporters = send_while_killing(home, POSTS, KILLS)
    collect_while_killing(home, KILLS // 2)
    texts, arrivals, mailboxes, messages = json.loads(in_house(home, READ))
    assert len(reporters.acknowledged) == POSTS
    assert sorted(texts) == sorted(f"Post {number} in room {number}." for number in range(POSTS))
    assert (arrivals, mailboxes, messages) == (POSTS, POSTS, 0)
    assert reporters.changed_codes == []
