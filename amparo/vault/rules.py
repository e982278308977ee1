"""Who may be given what, and what counts as a purpose. Pure: values in, obstacles out."""

from __future__ import annotations

import re

from amparo.vault.keys import IDENTITY

LONGEST_NAME = 255
_PURPOSE = re.compile(r"[A-Za-z0-9_.:+/=-]{3,140}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes neither; a hostile archive has both


def obstacles_to_purpose(purpose: str) -> tuple[str, ...]:
    """A purpose stands in the record, so it is a short code; what a person wrote about it stands in their own room."""
    if not purpose:
        return ("State what you open the item for, such as the case's reference.",)
    if not _PURPOSE.fullmatch(purpose):
        return ("A purpose is a short code such as case:AMP-2026-7, without spaces.",)
    return ()


def obstacles_to_holding(compartment_name: str, powers: frozenset[str]) -> tuple[str, ...]:
    """Whether an officer with these powers may hold this compartment at all."""
    if compartment_name == IDENTITY and "reports.identity" not in powers:
        return ("This officer's role doesn't include opening reporters' identities.",)
    return ()


def stored_name(name: str) -> str:
    """A file's name as a column can keep it: unstorable characters shown as such, at most 255 characters."""
    return _UNSTORABLE.sub("\ufffd", name)[:LONGEST_NAME]
