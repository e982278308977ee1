"""Schemathesis for minutes: `python -m maintenance.slow api-fuzz`; AMPARO_EXAMPLES says how many of each kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.intake.fuzzed import fuzz
from tests.intake.platforms import answering, door_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_answer_is_one_that_the_document_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with door_of(tmp_path, monkeypatch), answering() as address:
        counts = fuzz(address, examples=int(os.environ.get("AMPARO_EXAMPLES", "200")))
    print(counts)
    assert min(counts.values()) >= 100
