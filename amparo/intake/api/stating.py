"""A platform's submission as intake keeps it: what triage reads of it (triage/stated.py), its heading, and all of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from amparo.intake.api.completeness import accounts_of, events_of
from amparo.intake.api.submission import Account, Hash, Moment, Person, Submission

# Told in columns of their own, or sealed apart.
APART = {"text", "subject", "language", "moderator"}
PAYMENTS = {"wallet": "wallet"}
SUPERSEDED = "superseded"
MOST_IDENTIFIERS = 500


def fields_of(said: Submission) -> dict[str, Any]:
    """What stands in Report.fields: triage's keys, and under "submission" everything else that was said, known or not.

    heading: "given" where the sender wrote one, and else not there: `subject_of` makes one, whose words are no sign of anything.
    """
    incident = said.incident
    danger = incident.danger_now
    heading = {"heading": "given"} if said.subject.strip() else {}
    return {
        **heading,
        "danger_now": danger,
        "crisis": incident.crisis,
        "live": incident.live,
        "priority": incident.danger_reason if danger == "yes" else "",
        "incident": (incident.kind or next(iter(incident.kinds), ""))[:60],
        "viewed": viewed(said),
        "country": _country(said),
        "identifiers": list(_identifiers(said))[:MOST_IDENTIFIERS],
        "times": [_time(name, each) for name, each in _times(said)][:MOST_IDENTIFIERS],
        "ip_events": [
            {
                "address": each.address.strip(),
                "port": each.port or "",
                "raw": each.at.raw if each.at else "",
                "zone": each.at.zone if each.at else "",
                "kind": each.kind,
            }
            for each in events_of(said)
        ],
        "submission": said.model_dump(mode="json", exclude=APART, exclude_defaults=True),
    }


def viewed(said: Submission) -> str:
    """Whether people at the sender looked at the files: "yes" only where they did at each, since it can open a lock."""
    answers = {each.viewed for each in said.files}
    if answers == {"yes"}:
        return "yes"
    return "no" if "no" in answers else "unknown"


def _country(said: Submission) -> str:
    located = (each.estimated_location.country for each in said.accounts if each.estimated_location)
    stated = [*(each.country for each in said.routing), *located]
    return next((each.strip().upper() for each in stated if len(each.strip()) == 2), "")


def _times(said: Submission) -> Iterator[tuple[str, Moment]]:
    for each in said.incident.times:
        yield each.kind or "incident", each
    for place in said.places:
        if place.started:
            yield "started", place.started
        if place.ended:
            yield "ended", place.ended
    for file in said.files:
        if file.uploaded:
            yield "uploaded", file.uploaded


def _time(name: str, moment: Moment) -> dict[str, str]:
    return {"name": name[:60], "raw": moment.raw, "zone": moment.zone}


def _identifiers(said: Submission) -> Iterator[dict[str, str]]:
    for place in said.places:
        yield from _one("address", place.url, place.service, "reported")
        yield from _one("room", place.room_identifier or place.room, place.service, "reported")
    roles = {id(each.account): "victim" for each in said.victims if each.account}
    for account in accounts_of(said):
        yield from _of_account(account, roles.get(id(account)) or _role(account))
    for victim in said.victims:
        if victim.person:
            yield from _of_person(victim.person, "victim")
    for line in said.ledger:
        yield from _one("payment", line.reference, "", "other")
    for file in said.files:
        for url in file.urls:
            yield from _one("address", url, "", "reported")
        yield from _one("hash", file.sha256, "", "reported")
        yield from _hashes(file.hashes)
    yield from _hashes(said.hashes)


def _hashes(hashes: Iterable[Hash]) -> Iterator[dict[str, str]]:
    for each in hashes:
        if each.kind.lower().replace("-", "") in ("md5", "sha1", "sha256"):
            yield from _one("hash", each.value, "", "reported")


def _role(account: Account) -> str:
    return account.role if account.role in ("reported", "victim") else "other"


def _of_account(account: Account, role: str) -> Iterator[dict[str, str]]:
    for name in dict.fromkeys((account.screen_name, account.identifier, *account.display_names[:1])):
        yield from _one("handle", name, account.service, role)
    for url in account.profile_urls:
        yield from _one("address", url, account.service, role)
    if account.person:
        yield from _of_person(account.person, role)
    for device in account.devices:
        yield from _one("device", device.identifier, "", role)
    for group in account.groups:
        yield from _one("room", group.identifier or group.name, account.service, role)
        yield from _one("address", group.url, account.service, role)
    for payment in account.payments:
        yield from _one(PAYMENTS.get(payment.kind, "payment"), payment.reference, payment.service, role)


def _of_person(person: Person, role: str) -> Iterator[dict[str, str]]:
    for email in person.emails:
        yield from _one("email", email.value, "", role)
    for phone in person.phones:
        value = phone.value.strip()
        code = phone.country_code.strip().lstrip("+")
        with_code = f"+{code}{value}" if code.isdecimal() and not value.startswith("+") else value
        yield from _one("phone", with_code, "", role)


def _one(kind: str, value: str, platform: str, role: str) -> Iterator[dict[str, str]]:
    if value.strip():
        yield {"kind": kind, "value": value.strip(), "platform": platform.strip()[:80], "role": role}


def body_of(said: Submission) -> str:
    """The report's words, for officers and for triage: what was written, and what was said in a chat or a mail."""
    parts = [said.text, said.additional, *(place.content for place in said.places)]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def subject_of(said: Submission, sender: str) -> str:
    """The heading that it has, else one of its own codes and its sender's name: never a line of its text."""
    if said.subject.strip():
        return said.subject.strip()[:500]
    kind = said.incident.kind or next(iter(said.incident.kinds), "")
    return ": ".join(part for part in (sender, kind.replace("_", " ").strip()) if part)[:500]


def merged(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """A submission with what a supplement adds. Lists grow; a new value takes the old one's place, which is kept beside it."""
    found = dict(before)
    for name, value in more.items():
        old = found.get(name)
        if isinstance(old, list) and isinstance(value, list):
            found[name] = old + [each for each in value if each not in old]
        elif isinstance(old, Mapping) and isinstance(value, Mapping):
            found[name] = merged(old, value)
        else:
            if name in found and old != value and name != SUPERSEDED:
                found[SUPERSEDED] = [*found.get(SUPERSEDED, []), {name: old}][-100:]
            found[name] = value
    return found
