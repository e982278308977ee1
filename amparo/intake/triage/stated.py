"""What a report's own fields state: the part of a form's, a platform's or a clerk's fields that triage reads. No Django.

Every door that has fields keeps them as one JSON object in `Report.fields`. Triage reads the keys below and leaves all others
alone; what has another type or an unknown value is left out, never guessed.

    danger_now      "yes" | "no" | "unknown"      a child is in danger now
    crisis          "yes" | "no" | "unknown"      a child is in crisis (speaks of harming themselves)
    live            "now" | "planned" | "over" | "unknown"   a broadcast
    priority        why the sender asks for a quick look, in words; "" where they don't
    incident        the sender's own code for what happened
    viewed          "yes" | "no" | "unknown"      whether a person at the sender looked at the files
    country         ISO 3166 code that the sender states
    identifiers     [{"kind", "value", "platform", "role"}]   kind: one of traces.KINDS; role: "reported" | "victim" | "other"
    times           [{"name", "raw", "zone"}]     raw as written; zone "" unless stated
    ip_events       [{"address", "port", "raw", "zone", "kind"}]   port a number or ""; raw, zone: of the event's time
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 500  # of each list: more is a dump, not a report; the door keeps them all
LONGEST = 2000  # characters of one value


@dataclass(frozen=True)
class StatedIdentifier:
    """What the sender says identifies an account, a device, a place or a payment, as they wrote it."""

    kind: str
    value: str
    platform: str = ""
    role: str = ""


@dataclass(frozen=True)
class StatedTime:
    """A time as written. zone: an IANA name or an offset, empty unless the sender stated one."""

    name: str
    raw: str
    zone: str = ""


@dataclass(frozen=True)
class StatedIpEvent:
    """An address that was used, as the sender wrote it. port 0: not stated."""

    address: str
    port: int
    raw: str
    zone: str
    kind: str


@dataclass(frozen=True)
class Stated:
    danger_now: str = "unknown"
    crisis: str = "unknown"
    live: str = "unknown"
    priority: str = ""
    incident: str = ""
    viewed: str = "unknown"
    country: str = ""
    identifiers: tuple[StatedIdentifier, ...] = ()
    times: tuple[StatedTime, ...] = ()
    ip_events: tuple[StatedIpEvent, ...] = ()


def stated_of(fields: Mapping[str, Any]) -> Stated:
    """What triage reads of these fields. Never raises: a field of a wrong type says nothing."""
    return Stated(
        _one_of(fields, "danger_now", ("yes", "no")),
        _one_of(fields, "crisis", ("yes", "no")),
        _one_of(fields, "live", ("now", "planned", "over")),
        _text(fields, "priority"),
        _text(fields, "incident")[:60],
        _one_of(fields, "viewed", ("yes", "no")),
        _text(fields, "country").upper()[:2],
        tuple(
            StatedIdentifier(kind, value, _text(each, "platform")[:80], _text(each, "role")[:20])
            for each in _objects(fields, "identifiers")
            if (kind := _text(each, "kind")) and (value := _text(each, "value"))
        ),
        tuple(
            StatedTime(_text(each, "name")[:60], raw[:200], _text(each, "zone")[:60])
            for each in _objects(fields, "times")
            if (raw := _text(each, "raw"))
        ),
        tuple(
            StatedIpEvent(
                address[:60], _port(each), _text(each, "raw")[:200], _text(each, "zone")[:60], _text(each, "kind")[:30]
            )
            for each in _objects(fields, "ip_events")
            if (address := _text(each, "address"))
        ),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


def _one_of(fields: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    said = _text(fields, name).lower()
    return said if said in values else "unknown"


def _objects(fields: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = fields.get(name)
    if isinstance(found, list):
        yield from (each for each in found[:MOST] if isinstance(each, Mapping))


def _port(event: Mapping[str, Any]) -> int:
    """1 to 65535; 0 for none and for what is no port."""
    said = event.get("port")
    if isinstance(said, str) and said.strip().isascii() and said.strip().isdecimal() and len(said.strip()) <= 5:
        said = int(said.strip())
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 < said <= 65_535 else 0
