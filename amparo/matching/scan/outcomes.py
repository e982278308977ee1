"""What a scan says of a file. Six answers, kept apart: no match is said only where something was compared."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """KNOWN: its bytes are listed. NEAR: its look is within the lists' distance of a listed one. UNKNOWN: compared, not listed.

    TOO_PLAIN: it has a look that says nothing. NOT_EXAMINED: its bytes were read and are not listed, but its look could not be
    compared, or it has no bytes (a link, a pipe). UNREADABLE: its bytes could not be had. The last two carry a reason.
    """

    KNOWN = "known"
    NEAR = "near"
    UNKNOWN = "unknown"
    TOO_PLAIN = "too_plain"
    NOT_EXAMINED = "not_examined"
    UNREADABLE = "unreadable"


# What has no look, so that its digests are all there is to compare.
WITHOUT_LOOK = frozenset({"text", "chat", "audio", "empty"})
# What holds other files, which a scan does not take out: a look may hide in each.
NOT_UNPACKED = frozenset({"archive", "closed_archive", "mail", "document"})
# What a person would have to look at if no machine could say what it is.
MEDIA = frozenset({"picture", "closed_picture", "video"})


def settled(
    *, exact: bool, near: bool, kind: str, state: str, reason: str, looks_are_listed: bool
) -> tuple[Outcome, str]:
    """The outcome of a file whose bytes were read, and the reason where it has one.

    exact, near: whether its digests or its look are listed. kind, state, reason: what the sandbox said of it (LookReading);
    empty where nobody looked. looks_are_listed: whether any of the lists holds a look at all.
    """
    if exact:
        return Outcome.KNOWN, ""
    if near:
        return Outcome.NEAR, ""
    if kind in WITHOUT_LOOK:
        return Outcome.UNKNOWN, ""
    if kind in NOT_UNPACKED:
        return Outcome.NOT_EXAMINED, "not_unpacked"
    if state == "too_plain":
        return Outcome.TOO_PLAIN, ""
    if state != "examined" or reason:
        return Outcome.NOT_EXAMINED, reason or "no_reader"
    if not looks_are_listed:
        return Outcome.NOT_EXAMINED, "no_look_listed"
    return Outcome.UNKNOWN, ""
