"""The JSON in which police receive CyberTipline reports, as a submission (api/submission.py). Pure.

No schema of it is public. Lists stand in an object of the same name, or plainly, or not at all; any branch may be null. What is
not known here is listed with the report. Files are told of and not contained: they come beside it, and are sealed as items where
they are handed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amparo.intake.cybertipline.elements import (
    MOST_LISTED,
    age_of,
    answer_of,
    code,
    kind_of_incident,
    line,
    moment,
    port_of,
    without_empty,
    word,
)

MOST, MOST_FILES = 1_000, 10_000
TEXT_CHARACTERS = 200_000
MEDIA_TYPE = "application/vnd.ncmec.cybertip+json"
_DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}
NOT_HERE = "It was told of in the report that police received; the file comes beside it."


class _Seen:
    """One report being read. Names that were asked for are known; `left` is the rest."""

    def __init__(self) -> None:
        self._names: set[tuple[int, str]] = set()

    def get(self, branch: object, name: str) -> object:
        if not isinstance(branch, Mapping):
            return None
        self._names.add((id(branch), name))
        return branch.get(name)

    def text(self, branch: object, *names: str) -> str:
        """The first of these that says something: a text, or an object with a value."""
        for name in names:
            said = self.get(branch, name)
            if isinstance(said, Mapping):
                said = self.get(said, "value")
            if isinstance(said, bool):
                return "true" if said else "false"
            if isinstance(said, str) and said.strip():
                return said.strip()
        return ""

    def every(self, branch: object, name: str, inner: str = "") -> list[object]:
        """A list: plain, or in an object under `inner` (else the same name) or under its only name; one alone counts as a list."""
        said = self.get(branch, name)
        if isinstance(said, Mapping):
            wrapped = inner or name
            if wrapped not in said and len(said) == 1:
                wrapped = next(iter(said))
            if wrapped in said and (isinstance(said[wrapped], list | Mapping) or said[wrapped] is None):
                said = self.get(said, wrapped)
        if said is None or said == "":
            return []
        return [each for each in said if each is not None] if isinstance(said, list) else [said]

    def left(self, report: object) -> list[dict[str, str]]:
        return list(self._left(report, ""))[:MOST_LISTED]

    def _left(self, branch: object, path: str) -> Iterator[dict[str, str]]:
        if isinstance(branch, list):
            for number, each in enumerate(branch):
                yield from self._left(each, f"{path}/{number}")
        if not isinstance(branch, Mapping):
            return
        for name, value in branch.items():
            below = f"{path}/{name}"
            if (id(branch), name) in self._names:
                yield from self._left(value, below)
            elif value not in (None, "", [], {}):
                yield {"path": below[:300], "text": value[:500] if isinstance(value, str) else ""}


def submission_of(report: Mapping[str, object]) -> dict[str, Any]:
    """A received report as the fields of api/submission.py; "unknown_elements" lists what isn't known of it."""
    seen = _Seen()
    told = seen.get(report, "reportedInformation")
    esp = seen.get(told, "reportingEsp")
    service = word(seen.text(esp, "espName"))
    summary = seen.get(told, "incidentSummary")
    accounts = [
        *(_account(seen, each, "reported", service) for each in seen.every(told, "reportedPeople", "reportedPersons")),
        *(_account(seen, each, "recipient", service) for each in _recipients(seen, told)),
    ]
    victims = [_victim(seen, each, service) for name in ("victims", "childVictims") for each in seen.every(told, name)]
    return without_empty(
        {
            "format": "ncmec_received",
            "sent_by": "machine",
            "reference": line(seen.text(report, "reportId")),
            "sent_at": moment(seen.text(report, "dateReceived"), "reported"),
            "incident": _incident(seen, summary),
            "contact": _contact(seen, esp, service),
            "moderator": without_empty({"name": line(_written_by(seen, esp))}),
            "accounts": accounts[:MOST],
            "victims": victims[:MOST],
            "places": _places(seen, told, service)[:MOST],
            "files": [_file(seen, each) for each in seen.every(told, "uploadedFiles")][:MOST_FILES],
            "text": _notes(seen, told),
            "additional": "\n\n".join(each["notes"] for each in (*accounts, *victims) if each.get("notes"))[
                :TEXT_CHARACTERS
            ],
            "unknown_elements": seen.left(report),
        }
    )


def _recipients(seen: _Seen, told: object) -> list[object]:
    return seen.every(told, "intendedRecipients")


def _incident(seen: _Seen, summary: object) -> dict[str, Any]:
    when = moment(
        seen.text(summary, "incidentDateTime"),
        "incident",
        description=line(seen.text(summary, "incidentDateTimeDescription")),
    )
    urgency = seen.text(summary, "escalateToHighPriority", "escalationReason")
    return without_empty(
        {
            "kind": kind_of_incident(seen.text(summary, "incidentType")),
            "times": [when] if when else [],
            "danger_now": "yes" if urgency else "unknown",
            "danger_reason": line(urgency),
        }
    )


def _contact(seen: _Seen, esp: object, service: str) -> dict[str, Any]:
    emails = [_value(seen, each) for each in seen.every(esp, "emails")]
    phones = [_value(seen, each) for each in seen.every(esp, "phones")]
    return without_empty(
        {
            "company": service,
            "email": line(next((each for each in emails if each), "")),
            "phone": line(next((each for each in phones if each), "")),
            "further": [line(each) for each in (*emails, *phones) if each][:20],
        }
    )


def _written_by(seen: _Seen, esp: object) -> str:
    names = [_value(seen, each) or _name(seen, each) for each in seen.every(esp, "names")]
    return ", ".join(each for each in [_name(seen, esp), *names] if each)


def _name(seen: _Seen, branch: object) -> str:
    return " ".join(part for name in ("firstName", "middleName", "lastName") if (part := seen.text(branch, name)))


def _value(seen: _Seen, said: object) -> str:
    return said.strip() if isinstance(said, str) else seen.text(said, "value")


def _notes(seen: _Seen, branch: object) -> str:
    return "\n\n".join(text for each in seen.every(branch, "additionalInformations") if (text := _value(seen, each)))[
        :TEXT_CHARACTERS
    ]


def _account(seen: _Seen, said: object, role: str, service: str) -> dict[str, Any]:
    captures = _captures(seen, said)
    return without_empty(
        {
            "role": role,
            "service": word(seen.text(said, "espService")) or service,
            "identifier": line(seen.text(said, "espUserId", "espIdentifier")),
            "screen_name": line(seen.text(said, "screenName")),
            "display_names": [line(each) for name in seen.every(said, "displayNames") if (each := _value(seen, name))][
                :MOST
            ],
            "profile_urls": [line(each) for url in seen.every(said, "profileUrls") if (each := _value(seen, url))][
                :MOST
            ],
            "person": _person(seen, said),
            "ip_events": [each for kind, each in captures if kind == "ip"],
            "devices": [each for kind, each in captures if kind == "device"][:MOST],
            "prior_reports": [line(each) for one in seen.every(said, "priorCTReports") if (each := _value(seen, one))][
                :MOST
            ],
            "notes": _notes(seen, said)[:2_000],
        }
    )


def _victim(seen: _Seen, said: object, service: str) -> dict[str, Any]:
    account = _account(seen, said, "victim", service)
    who = account.pop("person", None)
    has_account = set(account) - {"role", "service", "notes"}
    return without_empty(
        {"person": who, "account": account if has_account else None, "notes": account.get("notes", "")}
    )


def _person(seen: _Seen, said: object) -> dict[str, Any] | None:
    age = seen.text(said, "approximateAge", "age")
    return (
        without_empty(
            {
                "first_name": line(seen.text(said, "firstName")),
                "middle_name": line(seen.text(said, "middleName")),
                "last_name": line(seen.text(said, "lastName")),
                "birth_date": word(seen.text(said, "dateOfBirth")),
                "age": age_of(age),
                "age_raw": line(age) if age_of(age) is None else "",
                "emails": [_checked(seen, each) for each in seen.every(said, "emails")][:MOST],
                "phones": [_checked(seen, each) for each in seen.every(said, "phones")][:MOST],
                "locations": [_address(seen, each) for each in seen.every(said, "addresses")][:MOST],
            }
        )
        or None
    )


def _checked(seen: _Seen, said: object) -> dict[str, Any]:
    return without_empty(
        {
            "value": line(_value(seen, said)),
            "kind": word(seen.text(said, "type")).lower(),
            "verified": answer_of(seen.text(said, "verified")),
            "verified_at": moment(seen.text(said, "verificationDate")),
        }
    )


def _address(seen: _Seen, said: object) -> dict[str, Any]:
    streets = [seen.text(said, each) for each in ("street1", "street2", "address")]
    return without_empty(
        {
            "address": line(", ".join(each for each in streets if each)),
            "city": line(seen.text(said, "city")),
            "region": line(seen.text(said, "state")),
            "postal_code": word(seen.text(said, "postalCode", "zipCode")),
            "country": seen.text(said, "country")[:60],
        }
    )


def _captures(seen: _Seen, said: object) -> list[tuple[str, dict[str, Any]]]:
    """("ip" or "device", what was captured), as submission.py says of either."""
    found = []
    for each in seen.every(said, "sourceInformation", "sourceCaptures"):
        kind, value = seen.text(each, "captureType"), seen.text(each, "value")
        event = word(seen.text(each, "eventName")).lower()
        port, at = seen.text(each, "port"), moment(seen.text(each, "dateTime"))
        if "ip" in kind.lower().split() or not kind:
            raw_port = word(port) if port and port_of(port) is None else ""
            capture = {"address": word(value), "kind": event, "at": at, "port": port_of(port), "port_raw": raw_port}
            found.append(("ip", without_empty({**capture, "proxy": answer_of(seen.text(each, "possibleProxy"))})))
        else:
            found.append(
                (
                    "device",
                    without_empty({"kind": word(kind).lower(), "identifier": line(value), "event": event, "at": at}),
                )
            )
    return found[:MOST_FILES]


def _places(seen: _Seen, told: object, service: str) -> list[dict[str, Any]]:
    details = seen.get(told, "incidentDetails")
    found = []
    for name, kind in (
        ("webpageIncident", "web"),
        ("emailIncident", "email"),
        ("newsgroupIncident", "newsgroup"),
        ("chatImIncident", "chat"),
        ("onlineGamingIncident", "game"),
        ("cellPhoneIncident", "phone"),
        ("nonInternetIncident", "off_line"),
        ("peer2peerIncident", "peer_to_peer"),
    ):
        for each in seen.every(details, name):
            contents = [_value(seen, one) for one in seen.every(each, "contents")]
            found.append(
                without_empty(
                    {
                        "kind": kind,
                        "service": word(seen.text(each, "chatClient", "gameName", "client")) or service,
                        "url": line(seen.text(each, "url")),
                        "room": line(seen.text(each, "chatRoomName", "name")),
                        "content": "\n\n".join(one for one in contents if one)[:TEXT_CHARACTERS],
                        "details": _notes(seen, each)[:2_000],
                    }
                )
            )
    return found


def _file(seen: _Seen, said: object) -> dict[str, Any]:
    captures = _captures(seen, said)
    uploads = [each["at"] for kind, each in captures if kind == "ip" and each.get("kind") == "upload" and "at" in each]
    digest = seen.text(said, "verificationHash")
    classified = seen.text(said, "industryClassification")
    tags = [
        code(text)
        for group in seen.every(said, "ncmecTags", "groups")
        for each in seen.every(group, "tags")
        if (text := _value(seen, each))
    ]
    return without_empty(
        {
            "name": line(seen.text(said, "originalFilename")) or line(seen.text(said, "filename")),
            "sent_name": line(seen.text(said, "filename")),
            "submittal": line(seen.text(said, "submittalId")),
            "not_held_reason": NOT_HERE,
            "hashes": [{"kind": _DIGESTS[len(digest)], "value": digest, "source": "ncmec"}]
            if len(digest) in _DIGESTS
            else [],
            "viewed": answer_of(seen.text(said, "viewedByEsp")),
            "metadata_viewed": answer_of(seen.text(said, "exifViewedByEsp")),
            "publicly_available": answer_of(seen.text(said, "publiclyAvailable")),
            "classification": word(classified),
            "classification_scheme": "ncmec_industry" if classified else "",
            "marks": list(dict.fromkeys(each for each in tags if each))[:MOST],
            "uploaded": {**uploads[0], "kind": "uploaded"} if uploads else None,
            "ip_events": [each for kind, each in captures if kind == "ip"],
            "devices": [each for kind, each in captures if kind == "device"][:MOST],
            "metadata": [
                {"name": line(seen.text(each, "name")), "value": line(seen.text(each, "value"))}
                for each in seen.every(said, "espMetadata", "metadatas")
            ][:MOST],
            "notes": _notes(seen, said)[:2_000],
        }
    )
