"""The demo's officers: invented people with real accounts, whose log-ins lie in the home for whoever tries the pages."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.foundation.home import Home
from amparo.vault import actions as vault
from amparo.vault.keys import OfficerKeys
from amparo.wiring.officers import enrol

# username: name, unit, roles, language. Names of plants and rivers: nobody's.
PEOPLE: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "alba": ("Alba Retama", "Report desk", ("analyst",), "es"),
    "bruno": ("Bruno Sauce", "Investigations", ("investigator",), "en"),
    "clara": ("Clara Espliego", "International liaison", ("liaison",), "en"),
    "dora": ("Dora Encina", "Victim identification", ("victim_specialist",), "en"),
    "elias": ("Elías Tejo", "Head of unit", ("supervisor",), "en"),
    "flora": ("Flora Jara", "Audit", ("auditor",), "en"),
}
ANALYST, INVESTIGATOR, LIAISON, SPECIALIST, SUPERVISOR, AUDITOR = PEOPLE


@dataclass(frozen=True)
class Staff:
    """The officers at work: as actors, and the keys that their passwords open."""

    actors: dict[str, Actor]
    passwords: dict[str, str]

    def __getitem__(self, username: str) -> Actor:
        return self.actors[username]

    def keys(self, username: str) -> OfficerKeys:
        """The officer's keys, opened as a log-in opens them."""
        uuid = self.actors[username].uuid
        assert uuid is not None
        return OfficerKeys.from_session(*vault.unlock_for_session(uuid, self.passwords[username]))


def hired(home: Home) -> Staff:
    """Afterwards every demo officer can log in; those who could before keep their password and second factor."""
    file = log_ins_path(home)
    known = {each["username"]: each for each in json.loads(file.read_text())} if file.exists() else {}
    for username, (name, unit, roles, language) in PEOPLE.items():
        if username in known:
            continue
        made = enrol(home, username, name, unit, roles, language)
        known[username] = {
            "username": username,
            "password": made.password,
            "totp_secret": made.totp_secret,
            "name": name,
            "roles": ", ".join(roles),
        }
        write_private(file, json.dumps(list(known.values()), indent=2, ensure_ascii=False))
    actors = {username: access.officer_actor(access.officer_named(username).uuid) for username in PEOPLE}
    return Staff(actors, {username: each["password"] for username, each in known.items()})


def log_ins_path(home: Home) -> Path:
    """Where the log-ins lie (0600): invented people of a demo, so that they can be printed."""
    return home.path / "demo" / "log-ins.json"


def write_private(path: Path, text: str) -> None:
    """The text at ``path``, readable by the owner alone, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
