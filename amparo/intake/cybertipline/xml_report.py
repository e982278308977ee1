"""The report and fileDetails documents of NCMEC's CyberTipline reporting API as a platform's submission. Pure.

The order of elements means nothing, an element that isn't known is listed, and a value of another type than the schema's is kept as
it was written. What the schema allows and police can't use is said by the completeness of the submission.
"""

from __future__ import annotations

from typing import Any

from amparo.intake.cybertipline import parts
from amparo.intake.cybertipline.elements import (
    Asked,
    answer_of,
    code,
    kind_of_incident,
    line,
    moment,
    without_empty,
    word,
)
from amparo.intake.cybertipline.parts import MOST
from amparo.sandbox.readings import Element

# NCMEC's marks under neutral names; others come out as their own names.
_MARKS = {
    "minorToMinorInteraction": "minor_to_minor",
    "animeDrawingVirtualHentai": "drawn_or_virtual",
    "possibleSelfProduction": "self_generated",
    "violenceGore": "violence",
    "bestiality": "animal",
    "liveStreaming": "live_capture",
}
_RELEVANCE = {"Reported": "reported", "Supplemental Reported": "supplemental"}
_NOT_URGENT = frozenset({"", "no", "false", "0", "none", "n/a", "na", "null", "not applicable"})
TEXT_CHARACTERS = 200_000


def submission_of(root: Element) -> dict[str, Any]:
    """A report as the fields of api/submission.py; "unknown_elements" lists what it has beyond NCMEC's schema."""
    asked = Asked()
    summary = asked.first(root, "incidentSummary")
    platform = word(asked.text(summary, "platform"))
    said: dict[str, Any] = {"incident": _incident(asked, summary), "additional": "", **_reporter(asked, root)}
    accounts, victims, done = _people(asked, root, platform)
    places, more, events = _places(asked, root, platform)
    accounts = (accounts + more)[:MOST]
    batched = asked.first(root, "batchedReport")
    if batched:
        said["incident"].setdefault("marks", []).append("batched_" + code(asked.attribute(batched, "reason")))
    said |= {
        "sent_by": "machine",
        "accounts": accounts,
        "victims": victims,
        "places": places,
        "ip_events": events,
        "measures": done,
        "authorities": _authorities(asked, asked.first(root, "lawEnforcement")),
        "text": "\n\n".join(asked.texts(root, "additionalInfo"))[:TEXT_CHARACTERS],
        "additional": _notes(accounts, victims),
    }
    return without_empty({**said, "format": "ncmec_cybertipline", "unknown_elements": asked.left(root)})


def _incident(asked: Asked, summary: Element | None) -> dict[str, Any]:
    label = asked.text(summary, "incidentType")
    urgency = asked.text(summary, "escalateToHighPriority")
    urgent = urgency.casefold() not in _NOT_URGENT
    when = moment(
        asked.text(summary, "incidentDateTime"),
        "incident",
        description=line(asked.text(summary, "incidentDateTimeDescription")),
    )
    return without_empty(
        {
            "kind": kind_of_incident(label),
            "danger_now": "yes" if urgent else "unknown",
            "danger_reason": line(urgency) if urgent else "",
            "times": [when] if when else [],
            "marks": _marks(asked, asked.first(summary, "reportAnnotations")),
        }
    )


def _marks(asked: Asked, element: Element | None) -> list[str]:
    found = []
    for each in element.children if element else ():
        asked.first(element, each.name)
        if not each.text or answer_of(each.text) == "yes":  # the schema fixes each to true, so an empty one says it
            found.append(_MARKS.get(each.name) or code(each.name))
    return list(dict.fromkeys(found))[:MOST]


def _people(
    asked: Asked, root: Element, platform: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """(accounts, victims, what was done)."""
    accounts: list[dict[str, Any]] = []
    victims: list[dict[str, Any]] = []
    for each in asked.every(root, "personOrUserReported"):
        said = parts.account(asked, each, "reported", "personOrUserReportedPerson", platform)
        said |= without_empty(
            {
                "vehicle": line(asked.text(each, "vehicleDescription")),
                "third_party": asked.answer(each, "thirdPartyUserReported"),
            }
        )
        accounts.append(said)
    accounts += [
        parts.account(asked, each, "recipient", "intendedRecipientPerson", platform)
        for each in asked.every(root, "intendedRecipient")
    ]
    done = [measure for each in accounts for measure in parts.measures(each)]
    for each in asked.every(root, "victim"):
        said = parts.account(asked, each, "victim", "victimPerson", platform)
        who = said.pop("person", None)
        has_account = set(said) - {"role", "service", "notes"}
        victims.append(
            without_empty(
                {
                    "person": who,
                    "account": said if has_account else None,
                    "school": line(asked.text(each, "schoolName")),
                    "notes": said.get("notes", ""),
                }
            )
        )
    return accounts[:MOST], victims[:MOST], done[:MOST]


def _reporter(asked: Asked, root: Element) -> dict[str, Any]:
    """Whoever wrote it is the moderator, who is sealed apart; whom police can reach is the contact."""
    reporter = asked.first(root, "reporter")
    writer = parts.person(asked, asked.first(reporter, "reportingPerson")) or {}
    contact = parts.person(asked, asked.first(reporter, "contactPerson")) or {}
    places = contact.get("locations", [])
    return {
        "moderator": without_empty({"name": _name(writer), "contact": line(", ".join(_reached(writer)))}),
        "contact": without_empty(
            {
                "person": _name(contact),
                "email": next((each["value"] for each in contact.get("emails", []) if "value" in each), ""),
                "phone": next((each["value"] for each in contact.get("phones", []) if "value" in each), ""),
                "further": _reached(contact)[:20],
                "address": line(", ".join(str(each) for each in places[0].values())) if places else "",
                "terms_url": line(asked.text(reporter, "legalURL")),
                "terms": asked.text(reporter, "termsOfService")[:TEXT_CHARACTERS],
                "company_text": asked.text(reporter, "companyTemplate")[:TEXT_CHARACTERS],
            }
        ),
    }


def _name(person: dict[str, Any]) -> str:
    return line(" ".join(str(person[each]) for each in ("first_name", "last_name") if each in person))


def _reached(person: dict[str, Any]) -> list[str]:
    return [each["value"] for kind in ("emails", "phones") for each in person.get(kind, []) if "value" in each]


def _authorities(asked: Asked, element: Element | None) -> list[dict[str, Any]]:
    if element is None:
        return []
    abroad = asked.first(element, "servedLegalProcessInternational")
    country = asked.attribute(abroad, "fleaCountry") if abroad else ""
    served = [
        how
        for how, answer in (
            ("domestic", asked.answer(element, "servedLegalProcessDomestic")),
            ("international", answer_of(abroad.text) if abroad else ""),
        )
        if answer == "yes"
    ]
    officer = parts.person(asked, asked.first(element, "officerContact"))
    return [
        without_empty(
            {
                "name": line(asked.text(element, "agencyName")),
                "reference": line(asked.text(element, "caseNumber")),
                "told": asked.answer(element, "reportedToLe"),
                "country": country[:60],
                "process": ", ".join(served),
                "officer": officer,
            }
        )
    ]


# --- Where -----------------------------------------------------------------------------------------------------------------

_KINDS = {
    "webPageIncident": "web",
    "emailIncident": "email",
    "newsgroupIncident": "newsgroup",
    "chatImIncident": "chat",
    "onlineGamingIncident": "game",
    "cellPhoneIncident": "phone",
    "nonInternetIncident": "off_line",
    "peer2peerIncident": "peer_to_peer",
}


def _places(
    asked: Asked, root: Element, platform: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """(places, accounts that only they name, addresses that were used)."""
    places: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for details in asked.every(root, "internetDetails"):
        for name, kind in _KINDS.items():
            for each in asked.every(details, name):
                places += _place(asked, each, kind, platform)
                accounts += _named_there(asked, each)
                events += parts.ip_events(asked, each)
    if platform and not places:
        places = [{"service": platform}]
    return places[:MOST], accounts, events[: parts.MOST_EVENTS]


def _place(asked: Asked, element: Element, kind: str, platform: str) -> list[dict[str, Any]]:
    service = next(
        (said for each in ("chatClient", "gameName", "client") if (said := asked.text(element, each))), platform
    )
    common = without_empty(
        {
            "kind": kind,
            "service": word(service),
            "room": line(asked.text(element, "chatRoomName") or asked.text(element, "name")),
            "content": asked.text(element, "content")[:TEXT_CHARACTERS],
            "details": line("\n".join([*asked.texts(element, "additionalInfo"), *asked.texts(element, "fileNames")])),
            "console": line(asked.text(element, "console")),
            "location": line(asked.text(element, "locationName")),
            "latitude": word(asked.text(element, "latitude")),
            "longitude": word(asked.text(element, "longitude")),
            "addresses": [parts.address(asked, each) for each in asked.every(element, "incidentAddress")][:MOST],
            "third_party_hosted": answer_of(asked.attribute(element, "thirdPartyHostedContent")),
        }
    )
    urls = asked.texts(element, "url")
    return [{**common, "url": line(each)} for each in urls] or [common]


def _named_there(asked: Asked, element: Element) -> list[dict[str, Any]]:
    """What an incident over e-mail or telephone names: whose it is isn't said."""
    emails = [parts.email(asked, each) for each in asked.every(element, "emailAddress")]
    phones = [parts.phone(asked, each) for each in asked.every(element, "phoneNumber")]
    who = without_empty({"emails": emails[:MOST], "phones": phones[:MOST]})
    return [{"role": "other", "person": who}] if who else []


def _notes(accounts: list[dict[str, Any]], victims: list[dict[str, Any]]) -> str:
    """What was written about single accounts, as words that can be searched."""
    said = [str(each["notes"]) for each in (*accounts, *victims) if each.get("notes")]
    return "\n\n".join(said)[:TEXT_CHARACTERS]


# --- Files -----------------------------------------------------------------------------------------------------------------


def file_of(root: Element) -> tuple[str, str, dict[str, Any]]:
    """(reportId, fileId, the file as fields of api/submission.py) of a fileDetails document."""
    asked = Asked()
    report, file = asked.text(root, "reportId"), asked.text(root, "fileId")
    name = asked.text(root, "originalFileName") or asked.text(root, "fileName")
    relevance = asked.text(root, "fileRelevance")
    marks = _marks(asked, asked.first(root, "fileAnnotations"))
    if asked.answer(root, "potentialMeme") == "yes":
        marks = list(dict.fromkeys([*marks, "potential_meme"]))
    place = asked.text(root, "locationOfFile")
    classified = asked.text(root, "industryClassification")
    said = {
        "name": line(name),
        "sent_name": line(asked.text(root, "fileName")),
        "uploaded": moment(asked.text(root, "uploadedToEspTimestamp"), "uploaded"),
        "urls": [line(place)] if place else [],
        "viewed": asked.answer(root, "fileViewedByEsp"),
        "metadata_viewed": asked.answer(root, "exifViewedByEsp"),
        "publicly_available": asked.answer(root, "publiclyAvailable"),
        "relevance": _RELEVANCE.get(relevance, ""),
        "marks": marks,
        "classification": word(classified),
        "classification_scheme": "ncmec_industry" if classified else "",
        "hashes": [_hash(asked, each) for each in asked.every(root, "originalFileHash")][:MOST],
        "ip_events": parts.ip_events(asked, root),
        "devices": parts.devices(asked, root),
        "metadata": [_details(asked, each) for each in asked.every(root, "details")][:20],
        "notes": line("\n".join(asked.texts(root, "additionalInfo"))),
    }
    if relevance and not said["relevance"]:
        said["relevance_raw"] = word(relevance)
    return report, file, without_empty({**said, "unknown_elements": asked.left(root)})


def _hash(asked: Asked, element: Element) -> dict[str, Any]:
    kind = asked.attribute(element, "hashType")
    return without_empty(
        {"kind": word(kind).lower().replace("-", ""), "value": line(element.text), "source": "original"}
    )


def _details(asked: Asked, element: Element) -> dict[str, Any]:
    """Metadata as the sender read it: names and values."""
    pairs = [
        {"name": line(asked.text(each, "name")), "value": line(asked.text(each, "value"))}
        for each in asked.every(element, "nameValuePair")
    ]
    return {"kind": asked.attribute(element, "type").lower()[:100], "values": pairs[:MOST]}
