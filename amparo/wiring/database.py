"""Which database: SQLite in the home by default, PostgreSQL by one setting. A faulty SQLite is refused."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from amparo.foundation.errors import Refused
from amparo.foundation.home import Home

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections checkpoint and commit at the same instant;
# fixed in 3.51.3 (sqlite.org, release history, March 2026).
SOUND_SQLITE = (3, 51, 3)


def use_sound_sqlite() -> tuple[int, ...]:
    """The version of SQLite in use, after putting pysqlite3's newer build in the place of Python's where there is one."""
    try:
        import pysqlite3 as sqlite3
        import pysqlite3.dbapi2

        sys.modules["sqlite3"], sys.modules["sqlite3.dbapi2"] = sqlite3, pysqlite3.dbapi2
    except ImportError:
        import sqlite3
    return tuple(sqlite3.sqlite_version_info)


def from_url(url: str, home: Home) -> dict[str, Any]:
    """Django's description of the database at `url`; of the home's SQLite file when it is empty.

    postgresql://user:password@host:port/name or postgresql:///name?host=/socket/folder. Raises Refused.
    """
    if not url:
        return _sqlite(home)
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise Refused("AMPARO_DATABASE must begin with postgresql:// (or be empty, for SQLite).")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.pop("host", ""),
        "PORT": parts.port or "",
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
    }


def _sqlite(home: Home) -> dict[str, Any]:
    version = use_sound_sqlite()
    if version < SOUND_SQLITE:
        text = ".".join(map(str, version))
        raise Refused(
            f"This Python's SQLite is {text}; it needs 3.51.3 or newer, because older ones can corrupt the database.",
            "Install pysqlite3 for this platform, or set AMPARO_DATABASE to a PostgreSQL database.",
        )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(home.database),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
