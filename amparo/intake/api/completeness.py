"""How complete a platform's report is: what it should hold and doesn't, why that matters, and a score for each of its parts. Pure.

The table (completeness.toml) says weight, grade and words of each field; here stands when a field applies and when it is given. A
field that doesn't apply counts for nothing: a report without files isn't asked who looked at them.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from amparo.foundation.errors import Refused
from amparo.intake.api.submission import Account, Moment, NetworkEvent, Submission

SHIPPED = Path(__file__).with_name("completeness.toml")
Grade = Literal["blocks", "slows", "would_help"]
GRADES: tuple[Grade, ...] = ("blocks", "slows", "would_help")
# An offset or "Z" behind a time of day: the zone stands in the time itself.
_OFFSET = re.compile(r"\d\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\s*\Z", re.IGNORECASE)
_SECOND = re.compile(r"\d{1,2}:\d{2}:\d{2}|T\d{6}|\A\s*\d{10,13}\s*\Z")
_EPOCH = re.compile(r"\A\s*\d{10,13}(?:\.\d+)?\s*\Z")


@dataclass(frozen=True)
class Lack:
    """A field that a report of its kind should have and doesn't. pointer: where it belongs (RFC 6901)."""

    field: str
    pointer: str
    grade: Grade
    why: str


@dataclass(frozen=True)
class Entry:
    """One line of the table. part: of the report, by which it is summed up."""

    field: str
    part: str
    weight: int
    grade: Grade
    pointer: str
    why: str


@dataclass(frozen=True)
class Completeness:
    """score, parts: 0 to 100, of what applies. missing: what blocks first. expected, given: the fields' names."""

    score: int
    parts: Mapping[str, int]
    missing: tuple[Lack, ...]
    expected: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    version: str
    entries: tuple[Entry, ...]


def table(own: Path | None = None) -> Table:
    """The unit's own table where it lies at `own`, else the shipped one. Refused, with what is wrong in it."""
    path = own if own is not None and own.exists() else SHIPPED
    return _table(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _table(path: Path, changed_ns: int) -> Table:
    return table_of(path.read_text(encoding="utf-8"))


def table_of(text: str) -> Table:
    """The table that this text is. Raises Refused."""
    try:
        read = tomllib.loads(text)
        entries = tuple(
            Entry(name, str(said["for"]), int(said["weight"]), said["grade"], str(said["pointer"]), str(said["why"]))
            for name, said in read["field"].items()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"The table of completeness can't be read: {error}.") from error
    problems = [f"“{each.field}” is no field that can be asked for." for each in entries if each.field not in FIELDS]
    problems += [f"“{each.field}” has no grade of {', '.join(GRADES)}." for each in entries if each.grade not in GRADES]
    problems += [f"“{each.field}” must weigh from 1 to 100." for each in entries if not 1 <= each.weight <= 100]
    if problems:
        raise Refused(*problems)
    return Table(str(read.get("version", "")), entries)


def graded(said: Submission, by: Table) -> Completeness:
    """How complete this is. The same for the same table and report, whoever sent it."""
    weights: dict[str, list[int]] = {}
    missing, expected, given = [], [], []
    for entry in by.entries:
        has = FIELDS[entry.field](said)
        if has is None:
            continue
        expected.append(entry.field)
        sums = weights.setdefault(entry.part, [0, 0])
        sums[1] += entry.weight
        if has:
            sums[0] += entry.weight
            given.append(entry.field)
        else:
            missing.append(Lack(entry.field, entry.pointer, entry.grade, entry.why))
    missing.sort(key=lambda lack: GRADES.index(lack.grade))
    parts = {part: _percent(*sums) for part, sums in weights.items()}
    have, of = (sum(sums[each] for sums in weights.values()) for each in (0, 1))
    return Completeness(_percent(have, of), parts, tuple(missing), tuple(expected), tuple(given))


def _percent(have: int, of: int) -> int:
    return have * 100 // of if of else 100


# --- When a field applies (None: it doesn't) and whether it is given -----------------------------------------------------


def events_of(said: Submission) -> tuple[NetworkEvent, ...]:
    """Every address that the report names, wherever it stands."""
    return tuple(each for each in _events(said) if each.address.strip())


def _events(said: Submission) -> Iterator[NetworkEvent]:
    yield from said.ip_events
    for account in accounts_of(said):
        yield from account.ip_events
    for file in said.files:
        yield from file.ip_events


def accounts_of(said: Submission) -> tuple[Account, ...]:
    """All accounts, children's and associated ones among them."""
    found: list[Account] = []
    waiting = [*said.accounts, *(each.account for each in said.victims if each.account)]
    while waiting:
        account = waiting.pop(0)
        found.append(account)
        waiting += account.associated
    return tuple(found)


def _reported(said: Submission) -> list[Account]:
    return [each for each in said.accounts if each.role != "victim"]


def _named(account: Account) -> bool:
    return bool(
        account.identifier.strip()
        or account.screen_name.strip()
        or any(each.strip() for each in (*account.profile_urls, *account.display_names))
    )


def _times(said: Submission) -> list[Moment]:
    place_times = [each for place in said.places for each in (place.started, place.ended)]
    return [each for each in (*said.incident.times, *place_times) if each is not None and each.raw.strip()]


def has_zone(moment: Moment) -> bool:
    """Whether the zone is stated, beside the time or in it. Seconds since 1970 need none."""
    return bool(moment.zone.strip() or _OFFSET.search(moment.raw) or _EPOCH.match(moment.raw))


def _every(moments: list[Moment], holds: Callable[[Moment], object]) -> bool | None:
    return all(holds(each) for each in moments) if moments else None


def _event_times(said: Submission) -> list[Moment]:
    return [each.at for each in events_of(said) if each.at is not None and each.at.raw.strip()]


def is_public(address: str) -> bool:
    """Whether it is an address of the public network, as a server there sees it. Those of documentation count as such."""
    try:
        read = ipaddress.ip_address(address.strip())
    except ValueError:
        return False
    examples = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    return read.is_global or any(
        read in ipaddress.ip_network(each) for each in examples if read.version == ipaddress.ip_network(each).version
    )


def _files(said: Submission, holds: Callable[..., object]) -> bool | None:
    return all(holds(each) for each in said.files) if said.files else None


def _account(said: Submission, holds: Callable[[Account], object]) -> bool | None:
    named = [each for each in _reported(said) if _named(each)]
    return any(holds(each) for each in named) if named else None


def _reached(account: Account) -> bool:
    return bool(account.person and any(each.value.strip() for each in (*account.person.emails, *account.person.phones)))


def _is_checked(account: Account) -> bool:
    person = account.person
    return bool(person and any(each.verified != "unknown" for each in (*person.emails, *person.phones)))


def _has_substance(said: Submission) -> bool:
    return bool(said.files or said.text.strip() or any(each.content.strip() for each in said.places))


def _is_held(said: Submission) -> bool | None:
    """A hash stands for a file that came, or for one of which it is said why it isn't held."""
    if not said.files:
        return False if said.hashes else None
    return all(each.upload or each.not_held_reason.strip() for each in said.files)


def _knows_country(said: Submission) -> bool:
    located = any(each.estimated_location and each.estimated_location.country for each in said.accounts)
    fallback = said.dsa is not None and said.dsa.fallback == "yes"
    return bool(located or fallback or any(each.country.strip() for each in said.routing))


def _is_live(said: Submission) -> bool:
    return said.incident.live in ("now", "over") or any(each.kind == "live" for each in said.places)


def _child_has_account(said: Submission) -> bool:
    in_accounts = any(each.role == "victim" for each in said.accounts)
    return in_accounts or any(each.account is not None for each in said.victims)


FIELDS: Mapping[str, Callable[[Submission], bool | None]] = {
    "incident_kind": lambda said: bool(said.incident.kind.strip() or said.incident.kinds),
    "incident_time": lambda said: bool(_times(said)),
    "incident_zone": lambda said: _every(_times(said), has_zone),
    "time_kind": lambda said: _every(
        [each for each in said.incident.times if each.raw.strip()], lambda each: each.kind
    ),
    "danger_now": lambda said: said.incident.danger_now != "unknown",
    "danger_reason": lambda said: (
        bool(said.incident.danger_reason.strip()) if said.incident.danger_now == "yes" else None
    ),
    "live": lambda said: said.incident.live != "unknown",
    "account": lambda said: any(_named(each) for each in _reported(said)),
    "account_identifier": lambda said: _account(said, lambda each: each.identifier.strip()),
    "account_service": lambda said: _account(said, lambda each: each.service.strip()),
    "account_reached": lambda said: _account(said, _reached),
    "account_verified": lambda said: _account(said, _is_checked) if _account(said, _reached) else None,
    "account_created": lambda said: _account(said, lambda each: each.created and each.created.raw.strip()),
    "ip_event": lambda said: bool(events_of(said)),
    "ip_public": lambda said: any(is_public(each.address) for each in events_of(said)) if events_of(said) else None,
    "ip_time": lambda said: (
        all(each.at is not None and each.at.raw.strip() for each in events_of(said)) if events_of(said) else None
    ),
    "ip_zone": lambda said: _every(_event_times(said), has_zone),
    "ip_second": lambda said: _every(_event_times(said), lambda each: _SECOND.search(each.raw)),
    "ip_port": lambda said: all(each.port for each in events_of(said)) if events_of(said) else None,
    "ip_kept": lambda said: any(each.log_kept_until for each in events_of(said)) if events_of(said) else None,
    "substance": _has_substance,
    "file_held": _is_held,
    "file_digest": lambda said: _files(said, lambda each: each.sha256.strip() or each.hashes),
    "file_viewed": lambda said: _files(said, lambda each: each.viewed != "unknown"),
    "file_viewings": lambda said: (
        all(each.viewings for each in said.files if each.viewed == "yes")
        if any(each.viewed == "yes" for each in said.files)
        else None
    ),
    "file_public": lambda said: _files(said, lambda each: each.publicly_available != "unknown"),
    "file_uploaded": lambda said: _files(said, lambda each: each.uploaded and each.uploaded.raw.strip()),
    "place": lambda said: any(
        (each.url + each.room + each.room_identifier + each.stream_identifier).strip() for each in said.places
    ),
    "place_visibility": lambda said: (
        any(each.visibility not in ("", "unknown") for each in said.places) if said.places else None
    ),
    "stream_seconds": lambda said: (
        any(each.from_second is not None for each in said.places) if _is_live(said) else None
    ),
    "child": lambda said: bool(said.victims) or _child_has_account(said),
    "contact_safe": lambda said: (
        any(each.contact_safe != "unknown" for each in said.victims) if _child_has_account(said) else None
    ),
    "preserved": lambda said: said.preservation is not None and said.preservation.held != "unknown",
    "preserved_until": lambda said: (
        bool(said.preservation.until and said.preservation.until.raw.strip())
        if said.preservation is not None and said.preservation.held == "yes"
        else None
    ),
    "country": _knows_country,
    "contact": lambda said: bool(said.contact and (said.contact.email.strip() or said.contact.phone.strip())),
    "user_told": lambda said: any(each.what in ("user_told", "user_not_told") for each in said.measures),
    "found": lambda said: bool(said.found),
}


def grade_words() -> dict[Grade, str]:
    """What each grade means, in a sentence's end."""
    return cast(
        "dict[Grade, str]",
        {
            "blocks": "blocks a police follow-up",
            "slows": "slows it",
            "would_help": "would help",
        },
    )
