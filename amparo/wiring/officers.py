"""Giving an officer everything they need at once: account, vault key, compartments, second factor."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from uuid import UUID

from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.db import transaction

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.foundation.errors import Missing
from amparo.foundation.home import Home
from amparo.matching import actions as matching, altered
from amparo.vault import actions as vault
from amparo.vault.keys import CONTENT, IDENTITY, ProcessKeys, public_key

CLI = Actor.of_process("cli")


@dataclass(frozen=True)
class Enrolled:
    """What the officer is told once: the secret goes into their authenticator app (RFC 6238, SHA-1, 30 s, six digits)."""

    officer: UUID
    username: str
    password: str
    totp_secret: str
    without_identities: bool


def lay_foundations(home: Home) -> None:
    """The house's own two compartments stand in the database too; the record names the files of every known-hash list."""
    vault.lay_compartments(CLI, home)
    for each in altered.unnamed_lists():
        matching.shelve_list(CLI, each)


def enrol(
    home: Home, username: str, name: str, unit: str, roles: tuple[str, ...], language: str = "en", password: str = ""
) -> Enrolled:
    """A new officer who can log in now. Refused for a taken name, an unknown role or a short password."""
    password = password or "-".join(secrets.token_hex(2) for _ in range(4))
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    powers = powers_of(roles)
    with transaction.atomic():
        added = access.add_officer(CLI, username, name, unit, roles, password, language)
        vault.make_member_key(CLI, added.officer, password)
        TOTP.activate(get_user_model().objects.get(uuid=added.officer), secret)
        if "reports.read" in powers:
            vault.grant(
                CLI, public_key(home, "worker", CONTENT).compartment, added.officer, ProcessKeys(home, "worker")
            )
        without = "reports.identity" in powers and not _grant_identities(home, added.officer)
    return Enrolled(added.officer, username, password, secret, without)


def _grant_identities(home: Home, officer: UUID) -> bool:
    """Whether the reporters' identities could be granted: that needs the recovery key, which belongs offline."""
    try:
        keys = ProcessKeys(home, "recovery")
        vault.grant(CLI, public_key(home, "worker", IDENTITY).compartment, officer, keys)
    except Missing:
        return False
    return True
