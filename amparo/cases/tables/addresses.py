"""Addresses as logs write them: alone, with a port, in brackets, IPv4 inside IPv6. SQL that tells them from what is none."""

from __future__ import annotations

LONGEST_ADDRESS = 45
_BYTE = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)"
_FOUR = f"(?:{_BYTE}\\.){{3}}{_BYTE}"
_PART = "[0-9A-Fa-f]{1,4}"
_SIX = f"(?:{_PART}:){{7}}{_PART}|(?:{_PART}:){{6}}[0-9.]+|[0-9A-Fa-f:.]*::[0-9A-Fa-f:.]*"
_WITH_PORT = f"'^(?:::[fF]{{4}}:)?({_FOUR})(?::(\\d{{1,5}}))?$'"
_BRACKETS = "'^\\[([0-9A-Fa-f:.]+)\\](?::(\\d{1,5}))?$'"


def _mixed(text: str) -> str:
    """Whether an address may carry a port, brackets, or IPv4 in IPv6."""
    return f"(contains({text}, ':') AND (contains({text}, '.') OR contains({text}, '[')))"


def address_alone(text: str) -> str:
    """An address alone, in small letters; NULL for what is none by its characters."""
    alone = f"CASE WHEN {_six(text)} THEN lower({text}) END"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_FOUR}') THEN {text} "
        f"WHEN {_mixed(text)} THEN coalesce(lower({_apart(text, 1)}), {alone}) ELSE {alone} END"
    )


def _apart(text: str, part: int) -> str:
    """The address (1) or the port (2) of a text that holds both."""
    found = ", ".join(f"nullif(regexp_extract({text}, {shape}, {part}), '')" for shape in (_WITH_PORT, _BRACKETS))
    return f"coalesce({found})"


def _six(text: str) -> str:
    return f"(contains({text}, ':') AND length({text}) <= {LONGEST_ADDRESS} AND regexp_full_match({text}, '{_SIX}'))"


def port_beside(text: str) -> str:
    """The port that stands in an address's text."""
    return f"CASE WHEN {_mixed(text)} THEN TRY_CAST({_apart(text, 2)} AS INTEGER) END"
