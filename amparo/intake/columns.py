"""Which column of somebody's table says what. Pure: names and cells in, a statement's parts out.

Names are recognised in the languages of columns.toml; a column that isn't recognised is kept with its report as it stands, and an
officer can say what it is before anything is taken in.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from amparo.intake.triage import identifiers
from amparo.intake.triage.times import read_time

OTHER = "other"
# Who reported: sealed as the table is read, and in no row afterwards.
REPORTER = ("reporter_name", "reporter_contact")
IDENTIFIERS = ("address", "handle", "room", "phone", "email", "wallet", "payment")
DIGESTS = ("md5", "sha1", "sha256")
# Several columns of one table can say these; all other targets are one column's alone.
MANY = frozenset({OTHER, "text", *IDENTIFIERS, *DIGESTS, *REPORTER})
SHOWN = 40  # characters of a cell in a remark
_YES = frozenset(["yes", "y", "true", "1", "x", "si", "sí", "oui", "ja", "sim", "urgent", "urgente", "نعم"])
_NO = frozenset(["no", "n", "false", "0", "non", "nein", "não", "nao", "لا"])


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """Every known name of a column, folded, to its target."""
    with Path(__file__).with_name("columns.toml").open("rb") as file:
        known = tomllib.load(file)
    return {folded(name): target for target, given in known.items() for name in given}


def targets() -> tuple[str, ...]:
    """What a column can be, in the order of columns.toml; "other" last."""
    return (*dict.fromkeys(names().values()), OTHER)


def folded(name: str) -> str:
    """How names are compared: without case, accents and signs."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def recognised(columns: Sequence[str]) -> list[str]:
    """For each column what it says; "other" for one that isn't known, or whose part another column has already.

    In a table that names reporters, a phone number or an e-mail without further words is theirs, for safety.
    """
    known = [names().get(folded(column), OTHER) for column in columns]
    if set(known) & set(REPORTER):
        known = ["reporter_contact" if target in ("phone", "email") else target for target in known]
    found: list[str] = []
    for target in known:
        found.append(target if target in MANY or target not in found else OTHER)
    return found


def obstacles(chosen: Sequence[str]) -> tuple[str, ...]:
    """Why columns can't be read as `chosen`; empty when they can."""
    twice = sorted({each for each in chosen if each not in MANY and chosen.count(each) > 1})
    unknown = sorted(set(chosen) - set(targets()))
    return (
        *(f"Two columns can't both be “{each}”: choose one." for each in twice),
        *(f"There is no part of a report called “{each}”." for each in unknown),
    )


@dataclass(frozen=True)
class Row:
    """One row as a statement's parts. problem: why it can't be a report; empty where it can. remarks: what of it says nothing."""

    subject: str = ""
    text: str = ""
    language: str = "unknown"
    received: datetime | None = None
    sent_raw: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    remarks: tuple[str, ...] = ()


def row_of(columns: Sequence[str], chosen: Sequence[str], cells: Sequence[str]) -> Row:
    """The row's parts. A time is the moment of receipt only with a date, a time and an offset; else it is kept as written."""
    said: dict[str, list[str]] = {}
    kept: dict[str, str] = {}
    for column, target, cell in zip(columns, chosen, cells, strict=True):
        if not cell.strip() or target in REPORTER:
            continue
        if target == OTHER:
            kept[column] = cell
        else:
            said.setdefault(target, []).append(cell.strip())
    text = "\n\n".join(said.get("text", []))
    named = [
        {"kind": kind, "value": value, "platform": _first(said, "platform"), "role": "reported"}
        for kind in IDENTIFIERS
        for value in said.get(kind, [])
    ]
    named += [
        {"kind": "hash", "value": value, "platform": "", "role": "reported"}
        for kind in DIGESTS
        for value in said.get(kind, [])
    ]
    ip = _first(said, "ip")
    if not (text or named or ip or _first(said, "subject")):
        return Row(
            problem="Nothing in this row says what happened, or leads anywhere: no text, account, address or file."
        )
    happened, zone = _first(said, "happened"), _first(said, "zone")
    received_raw = _first(said, "received")
    fields: dict[str, Any] = {
        "danger_now": _answer(_first(said, "danger_now")),
        "country": _first(said, "country"),
        "identifiers": named,
        "times": [{"name": "incident", "raw": happened, "zone": zone}] if happened else [],
        "ip_events": [{"address": ip, "port": _first(said, "port"), "raw": happened, "zone": zone, "kind": ""}]
        if ip
        else [],
        "reference": _first(said, "reference"),
        "received": received_raw,
        "kept": kept,
    }
    subject = _first(said, "subject") or (text.splitlines()[0][:80] if text else _led_by(named, ip))
    return Row(
        subject,
        text,
        _language(_first(said, "language")),
        _moment(received_raw),
        happened or received_raw,
        {name: value for name, value in fields.items() if value},
        remarks=tuple(_remarks(said)),
    )


def _remarks(said: Mapping[str, list[str]]) -> Iterator[str]:
    """What is kept as it stands, and not understood: a person may know what was meant, and correct the table."""
    for target, what in (("happened", "time"), ("received", "time of receipt")):
        raw = _first(said, target)
        if raw and "unreadable" in read_time(raw).doubts:
            yield f"“{raw[:SHOWN]}” can’t be read as a {what}."
    if (danger := _first(said, "danger_now")) and not _answer(danger):
        yield f"“{danger[:SHOWN]}” is neither yes nor no: whether a child is in danger now stays open."
    if (ip := _first(said, "ip")) and not identifiers.ip(ip):
        yield f"“{ip[:SHOWN]}” is no IP address."
    if (port := _first(said, "port")) and not (port.isdecimal() and 0 < int(port[:6]) < 65_536):
        yield f"“{port[:SHOWN]}” is no port."
    for address in said.get("email", []):
        if not identifiers.email(address):
            yield f"“{address[:SHOWN]}” is no e-mail address."
    for kind in DIGESTS:
        for digest in said.get(kind, []):
            if not identifiers.digest(digest).startswith(f"{kind}:"):
                yield f"“{digest[:SHOWN]}” is no {kind.upper()}."


def reporter_of(chosen: Sequence[str], cells: Sequence[str]) -> tuple[str, str]:
    """(name, contact) of whoever reported, from the columns that say so."""
    said = {
        target: ", ".join(cell for kind, cell in zip(chosen, cells, strict=True) if kind == target and cell)
        for target in REPORTER
    }
    return said["reporter_name"], said["reporter_contact"]


def without_reporter(chosen: Sequence[str], cells: Sequence[str]) -> list[str]:
    """The cells as they may be kept: those that say who reported are empty."""
    return ["" if target in REPORTER else cell for target, cell in zip(chosen, cells, strict=True)]


def _first(said: Mapping[str, list[str]], target: str) -> str:
    return said.get(target, [""])[0]


def _led_by(named: Sequence[Mapping[str, str]], ip: str) -> str:
    return (named[0]["value"] if named else ip)[:80]


def _answer(said: str) -> str:
    word = said.casefold()
    return "yes" if word in _YES else "no" if word in _NO else ""


def _language(said: str) -> str:
    code = said.casefold()[:2]
    return code if code in {"es", "en", "fr", "pt", "de", "it", "ca", "ar"} else "unknown"


def _moment(raw: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return found if found.tzinfo else None
