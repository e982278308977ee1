"""Who may be given what, and what counts as a purpose. Pure: values in, obstacles out."""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

from amparo.foundation.canonical import canonical_bytes
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


def row_digest(
    *, name: str, media_type: str, md5: str, sha1: str, parent: UUID | None, derived: bool, sealed_size_bytes: int
) -> str:
    """SHA-256, in hex, of what a row says of its item beyond what the record names itself: a changed row is then seen.

    The record holds no names; a digest of them together with the item's own digests gives none away.
    """
    said = {
        "derived": derived,
        "md5": md5,
        "media_type": media_type,
        "name": name,
        "parent": str(parent) if parent else None,
        "sealed_size_bytes": sealed_size_bytes,
        "sha1": sha1,
    }
    return hashlib.sha256(canonical_bytes(said)).hexdigest()
