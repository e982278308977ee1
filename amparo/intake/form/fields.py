"""What the form's fields hold: kept as typed, checked, and turned into what triage reads (triage/stated.py). No Django."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amparo.intake.form.letters import FormFile, Submission, new_nonce

REPORT, CHILD, BACK = "report", "child", "back"
TEXT, MORE, LINES, LINE = 50_000, 20_000, 5_000, 500  # characters
MOST_LINES = 100
# Which fields each page has, and how many characters each may have.
FIELDS: dict[str, dict[str, int]] = {
    REPORT: {
        "danger": 10, "text": TEXT, "address": LINES, "platform": LINE, "handle": LINES, "room": LINE, "phone": LINE,
        "payment": LINE, "when": 200, "zone": 60, "live": 10, "more": MORE, "name": LINE, "contact": LINE,
    },
    CHILD: {
        "danger": 10, "text": TEXT, "platform": LINE, "handle": LINES, "ongoing": 10, "when": 200, "crisis": 10,
        "name": LINE, "contact": LINE,
    },
    BACK: {"danger": 10, "text": TEXT, "code": 1000},
}  # fmt: skip
# What a choice may be; anything else says nothing.
CHOICES = {
    "danger": ("yes", "no", "unknown"),
    "crisis": ("yes", "no", "unknown"),
    "ongoing": ("yes", "no", "unknown"),
    "live": ("now", "planned", "over", "unknown"),
}
_KINDS = (("address", "address"), ("handle", "handle"), ("room", "room"), ("phone", "phone"), ("payment", "payment"))
_NONCE = re.compile(r"[0-9a-f]{32}")

# Zones offered by name; whoever means another writes it beside the time.
ZONES = (
    "Europe/Madrid", "Atlantic/Canary", "Europe/Lisbon", "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Rome",
    "Europe/Athens", "Europe/Kyiv", "Europe/Istanbul", "Europe/Moscow", "Africa/Casablanca", "Africa/Algiers",
    "Africa/Tunis", "Africa/Cairo", "Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi", "Asia/Beirut", "Asia/Amman",
    "Asia/Baghdad", "Asia/Riyadh", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Bangkok", "Asia/Manila",
    "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "America/Sao_Paulo", "America/Argentina/Buenos_Aires",
    "America/Montevideo", "America/Santiago", "America/Caracas", "America/Bogota", "America/Lima", "America/Mexico_City",
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
)  # fmt: skip


def typed(route: str, given: Mapping[str, str]) -> dict[str, str]:
    """What stands in the fields of that page, as typed; a choice that isn't offered is none."""
    found = {name: _text(given.get(name, "")) for name in FIELDS[route]}
    for name, offered in CHOICES.items():
        if name in found and found[name] not in offered:
            found[name] = ""
    if found.get("zone") not in ZONES:
        found["zone"] = ""
    return found


def _text(value: str) -> str:
    whole = value.replace("\r\n", "\n").replace("\r", "\n")
    return whole.encode("utf-8", "replace").decode()


def obstacles(route: str, said: Mapping[str, str]) -> dict[str, str]:
    """Field -> the key of the sentence that says what to do; empty when it can be sent."""
    found = {name: "too_long" for name, most in FIELDS[route].items() if len(said[name]) > most}
    if not _visible(said["text"]):
        found["text"] = "text_missing"
    return found


def _visible(text: str) -> bool:
    return any(each.isalnum() for each in text) or len("".join(text.split())) > 2  # a row of emoji may be an answer


def nonce_of(given: Mapping[str, str]) -> str:
    """The shown form's number; a fresh one where none came that could be ours."""
    nonce = given.get("nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else new_nonce()


def statement_of(said: Mapping[str, str]) -> str:
    """What was told in words: the box for what happened, and the one for anything else below an empty line."""
    return "\n\n".join(part for name in ("text", "more") if (part := said.get(name, "").strip()))


def submission(
    route: str, language: str, nonce: str, said: Mapping[str, str], files: tuple[FormFile, ...] = ()
) -> Submission:
    """What is sent, without its mailbox."""
    return Submission(
        nonce=nonce,
        language=language,
        body=statement_of(said),
        fields=stated(route, said),
        name=said.get("name", "").strip(),
        contact=said.get("contact", "").strip(),
        files=files,
    )


def stated(route: str, said: Mapping[str, str]) -> dict[str, Any]:
    """In the keys of triage/stated.py; `route`, `platform` and `ongoing` besides."""
    platform = said.get("platform", "").strip()
    found: dict[str, Any] = {"route": route}
    for name, key in (("danger", "danger_now"), ("crisis", "crisis"), ("live", "live"), ("ongoing", "ongoing")):
        if said.get(name):
            found[key] = said[name]
    if platform:
        found["platform"] = platform
    lines = [
        {"kind": kind, "value": value.strip(), "platform": platform, "role": "reported"}
        for name, kind in _KINDS
        for value in said.get(name, "").split("\n")[:MOST_LINES]
        if value.strip()
    ]
    if lines:
        found["identifiers"] = lines
    if when := said.get("when", "").strip():
        found["times"] = [{"name": "happened", "raw": when, "zone": said.get("zone", "")}]
    return found


# What may not be unsaid by a later message: of two answers the one further left counts.
_GRAVEST = {
    "danger_now": ("yes", "no", "unknown"),
    "crisis": ("yes", "no", "unknown"),
    "ongoing": ("yes", "no", "unknown"),
    "live": ("now", "planned", "over", "unknown"),
}


def merged(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a report after its reporter has sent more: what names something is added, and nothing grave is taken back."""
    found = dict(first)
    for name, order in _GRAVEST.items():
        said = [each for each in (first.get(name), later.get(name)) if each in order]
        if said:
            found[name] = min(said, key=order.index)
    for name in ("identifiers", "times"):
        lists = [each for each in (first.get(name), later.get(name)) if isinstance(each, list)]
        if together := [each for one in lists for each in one]:
            found[name] = [each for at, each in enumerate(together) if each not in together[:at]]
    return {**{name: value for name, value in later.items() if name not in found}, **found}
