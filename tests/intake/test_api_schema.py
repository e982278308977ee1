"""The door answers as its document says, to whatever is sent: some seconds of Schemathesis. Longer: maintenance.slow api-fuzz."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.intake.fuzzed import fuzz
from tests.intake.platforms import answering, door_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_answer_is_one_that_the_document_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with door_of(tmp_path, monkeypatch), answering() as address:
        counts = fuzz(address, examples=2)
    assert len(counts) == 11 and min(counts.values()) >= 1
