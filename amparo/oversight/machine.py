"""How this machine's Amparo runs: processes, sandbox, database, keys' places. Read only; nothing here opens anything."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from amparo.foundation.home import Home
from amparo.sandbox import queries as sandbox
from amparo.vault import keys

LAYERS = {
    "limits": ("Limits", "memory, time and open files of each examination are bounded"),
    "network": ("No network", "an examination reaches no other machine"),
    "user": ("Own user", "an examination runs as nobody who owns anything"),
    "files": ("No files", "an examination opens no file"),
    "calls": ("Few system calls", "an examination may compute, read its input and write its answer"),
}


@dataclass(frozen=True)
class LayerFacts:
    name: str
    words: str
    holds: bool


@dataclass(frozen=True)
class ProcessFacts:
    name: str
    number: int
    runs: bool


@dataclass(frozen=True)
class DatabaseFacts:
    engine: str
    version: str
    place: str


def sandbox_layers() -> tuple[LayerFacts, ...]:
    """Which layers held at the newest examination on this machine; none before the first."""
    missing = sandbox.missing_layers()
    if missing is None:
        return ()
    return tuple(LayerFacts(*said, holds=name not in missing) for name, said in LAYERS.items())


def processes(home: Home) -> tuple[ProcessFacts, ...]:
    """The processes that `amparo up` started here; none where another supervisor runs them."""
    try:
        told = json.loads((home.run / "processes.json").read_text())["processes"]
    except (OSError, ValueError, KeyError):
        return ()
    return tuple(ProcessFacts(name, int(number), _runs(int(number))) for name, number in told.items())


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def database() -> DatabaseFacts:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        version = str(cursor.fetchone()[0])
    engine = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    return DatabaseFacts(engine, version, str(connection.settings_dict["NAME"]))


def key_lines(home: Home) -> list[str]:
    """Where the keys lie and who holds what, as the vault says it."""
    return keys.describe_keys(home)


def versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "Machine": f"{platform.system()} {platform.machine()}",
        "Program": sys.executable,
    }


def folder_sizes(home: Home) -> dict[str, int]:
    """Bytes in each of the house's folders."""
    folders = {"vault": home.vault, "spool": home.spool, "outbox": home.outbox, "packages": home.path / "packages"}
    return {name: sum(file.stat().st_size for file in _files(folder)) for name, folder in folders.items()}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
