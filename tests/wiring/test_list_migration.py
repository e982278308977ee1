"""A house from before lists lay in files: its lists, hits and answers are the same afterwards, on both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.foundation.home import Home
from tests.throwaway_postgres import ABSENT, programs, throwaway_postgres

MOVED = """
import json, sys, django; django.setup()
from datetime import UTC, datetime
from uuid import UUID
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tests.matching.lists_made import digests, hash_of, looks

call_command("migrate", "custody", verbosity=0)
call_command("migrate", "matching", "0001", verbosity=0)
apps = MigrationExecutor(connection).loader.project_state([("matching", "0001_initial")]).apps
HashList, HashEntry, Check, Hit = (apps.get_model("matching", name) for name in ("HashList", "HashEntry", "Check", "Hit"))
at = datetime(2026, 1, 2, tzinfo=UTC)
for name, scheme, withdrawn in (("In use", "s", None), ("Withdrawn", "", at)):
    made = HashList.objects.create(
        name=name, source="A test", version="1", scheme=scheme, row_count=3, imported_at=at, withdrawn_at=withdrawn
    )
    for row, kind, category in ((1, "md5", "A"), (1, "pdq", "A"), (2, "pdq", "B"), (3, "sha256", "")):
        HashEntry.objects.create(list=made, row=row, kind=kind, value=hash_of(kind, row), category=category)
near, exact = HashEntry.objects.get(list__name="In use", row=2), HashEntry.objects.get(list__name="In use", row=1, kind="md5")
check = Check.objects.create(
    item=UUID(int=1), origin=UUID(int=2), state="hit", lists=[str(made.uuid)], pdq=hash_of("pdq", 2), kind="picture", at=at
)
Hit.objects.create(check_made=check, entry=near, kind="near", distance_bits=4)
Hit.objects.create(check_made=check, entry=exact, kind="exact", distance_bits=0)

call_command("migrate", "matching", verbosity=0)
from amparo.matching import known, queries

found = known.lookup(digests([1, 2, 3]), looks([1, 2, 3]))
verdict = queries.verdicts([UUID(int=1)])[UUID(int=1)]
print(json.dumps({
    "lists": [[each.name, each.state, each.rows, each.counts, each.categories] for each in queries.lists()],
    "found": [[(each.row, each.digest, each.scheme, each.code) for each in hits] for hits in found],
    "hits": [(each.list_name, each.row, each.digest, each.turn, each.scheme, each.category) for each in verdict.hits],
    "looks": queries.checks_after(0, 1, 9)[0].look_count,
    "tables": "matching_hashentry" in connection.introspection.table_names(),
}))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    clean = {**os.environ, "AMPARO_HOME": str(tmp_path), "AMPARO_DATABASE": ""}
    if request.param == "sqlite":
        yield clean
    elif programs() is None:
        pytest.skip(ABSENT)
    else:
        with throwaway_postgres() as url:
            yield {**clean, "AMPARO_DATABASE": url}


def test_lists_and_hits_from_before_are_what_they_were(environment: dict[str, str]) -> None:
    told = subprocess.run([sys.executable, "-c", MOVED], env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-3000:]
    counts = {"md5": 1, "sha256": 1, "pdq": 2}
    assert json.loads(told.stdout) == {
        "lists": [
            ["In use", "active", 3, counts, [["", "", 1], ["s", "A", 1], ["s", "B", 1]]],
            ["Withdrawn", "withdrawn", 3, counts, [["", "", 1], ["", "A", 1], ["", "B", 1]]],
        ],
        "found": [[[1, "md5", "s", "A"]], [[2, "pdq", "s", "B"]], [[3, "sha256", "", ""]]],
        "hits": [["In use", 1, "md5", "", "s", "A"], ["In use", 2, "pdq", "original", "s", "B"]],
        "looks": 1,
        "tables": False,
    }
    lists = [path for path in (Home(Path(environment["AMPARO_HOME"])).path / "lists").iterdir() if path.name[0] != "."]
    assert sorted((path / "withdrawn").exists() for path in lists) == [False, True]
