"""The one folder in which an Amparo lives: its database, keys, sealed files, spool and outbox."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Where everything that this house keeps lies. Two houses on one machine are two homes."""

    path: Path

    @classmethod
    def from_env(cls) -> Home:
        """The folder named by AMPARO_HOME, else `./var`; absolute, and not necessarily there yet."""
        return cls(Path(os.environ.get("AMPARO_HOME") or "var").absolute())

    @property
    def database(self) -> Path:
        """The SQLite file (unused where AMPARO_DATABASE names a server)."""
        return self.path / "amparo.sqlite3"

    @property
    def keys(self) -> Path:
        """One folder for each process, which alone may read it."""
        return self.path / "keys"

    @property
    def vault(self) -> Path:
        """The sealed files."""
        return self.path / "vault"

    @property
    def spool(self) -> Path:
        """Sealed arrivals that the worker has not collected yet."""
        return self.path / "spool"

    @property
    def outbox(self) -> Path:
        """Sealed packages waiting for, or copied by, the courier."""
        return self.path / "outbox"

    @property
    def talk(self) -> Path:
        """Answers to reporters who hold a code, sealed to them: a folder for each mailbox."""
        return self.path / "talk"

    @property
    def run(self) -> Path:
        """Process ids, sockets and the like: may be emptied whenever nothing runs."""
        return self.path / "run"

    def make(self) -> None:
        """Afterwards every folder is there, and those this call made are its owner's alone (0700)."""
        for folder in (self.path, self.keys, self.vault, self.spool, self.outbox, self.talk, self.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
