"""The database's own settings, where a wrong one loses work without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.wiring import database


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's settings; this run is on PostgreSQL")
def test_sqlite_is_a_sound_version_and_keeps_what_it_committed() -> None:
    assert database.use_sound_sqlite() >= database.SOUND_SQLITE
    with connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")}
    assert found == {"synchronous": 2, "foreign_keys": 1}  # 2 is FULL: a commit is on the disk when it returns
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_an_odd_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="postgresql://"):
        database.from_url("mysql://somewhere/else", Home(tmp_path))
