"""The parts that NCMEC's documents are made of (persons, accounts, addresses that were used), as parts of a submission. Pure."""

from __future__ import annotations

from typing import Any

from amparo.intake.cybertipline.elements import Asked, age_of, answer_of, line, moment, port_of, without_empty, word
from amparo.sandbox.readings import Element

MOST, MOST_EVENTS = 1_000, 10_000
_CLOSED = (("accountTemporarilyDisabled", "temporarily"), ("accountPermanentlyDisabled", "permanently"))


def person(asked: Asked, element: Element | None) -> dict[str, Any] | None:
    """firstName, lastName, phone, email, address, age, dateOfBirth, wherever they stand; None where nothing is said."""
    if element is None:
        return None
    age = asked.text(element, "age") or asked.text(element, "approximateAge")
    said = without_empty(
        {
            "first_name": line(asked.text(element, "firstName")),
            "middle_name": line(asked.text(element, "middleName")),
            "last_name": line(asked.text(element, "lastName")),
            "birth_date": word(asked.text(element, "dateOfBirth")),
            "age": age_of(age),
            "age_raw": line(age) if age_of(age) is None else "",
            "phones": [phone(asked, each) for each in asked.every(element, "phone")][:MOST],
            "emails": [email(asked, each) for each in asked.every(element, "email")][:MOST],
            "locations": [address(asked, each) for each in asked.every(element, "address")][:MOST],
        }
    )
    return said or None


def email(asked: Asked, element: Element) -> dict[str, Any]:
    return _checked(asked, element)


def phone(asked: Asked, element: Element) -> dict[str, Any]:
    return without_empty(
        {
            **_checked(asked, element),
            "country_code": word(asked.attribute(element, "countryCallingCode")),
            "extension": word(asked.attribute(element, "extension")),
        }
    )


def _checked(asked: Asked, element: Element) -> dict[str, Any]:
    verified = asked.attribute(element, "verified").lower()
    return without_empty(
        {
            "value": line(element.text),
            "kind": asked.attribute(element, "type").lower()[:100],
            "verified": {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(verified, "unknown"),
            "verified_at": moment(asked.attribute(element, "verificationDate")),
        }
    )


def address(asked: Asked, element: Element) -> dict[str, Any]:
    return without_empty(
        {
            "address": line(asked.text(element, "address")),
            "city": line(asked.text(element, "city")),
            "postal_code": word(asked.text(element, "zipCode")),
            "region": line(asked.text(element, "state") or asked.text(element, "nonUsaState")),
            "country": asked.text(element, "country")[:60],
            "kind": asked.attribute(element, "type").lower()[:100],
        }
    )


def ip_event(asked: Asked, element: Element) -> dict[str, Any]:
    port = asked.text(element, "port")
    return without_empty(
        {
            "address": word(asked.text(element, "ipAddress")),
            "kind": asked.text(element, "eventName").lower()[:100],
            "at": moment(asked.text(element, "dateTime")),
            "proxy": asked.answer(element, "possibleProxy"),
            "port": port_of(port),
            "port_raw": word(port) if port_of(port) is None else "",
        }
    )


def ip_events(asked: Asked, element: Element) -> list[dict[str, Any]]:
    return [ip_event(asked, each) for each in asked.every(element, "ipCaptureEvent")][:MOST_EVENTS]


def device(asked: Asked, element: Element) -> dict[str, Any]:
    return without_empty(
        {
            "kind": word(asked.text(element, "idType")).lower(),
            "identifier": line(asked.text(element, "idValue")),
            "event": word(asked.text(element, "eventName")).lower(),
            "at": moment(asked.text(element, "dateTime")),
        }
    )


def devices(asked: Asked, element: Element) -> list[dict[str, Any]]:
    return [device(asked, each) for each in asked.every(element, "deviceId")][:MOST]


def account(asked: Asked, element: Element, role: str, person_name: str = "", platform: str = "") -> dict[str, Any]:
    """An account of personOrUserReported, intendedRecipient, victim or associatedAccount, which differ by little.

    person_name: the element that holds its person; "" where the person's fields stand in the account itself.
    """
    who = person(asked, asked.first(element, person_name) if person_name else element)
    service = asked.first(element, "platform")
    prior = [*asked.texts(element, "priorCTReports"), *asked.texts(element, "priorCTReport")]
    return without_empty(
        {
            "role": role,
            "service": word(asked.text(element, "espService") or (service.text if service else "") or platform),
            "third_party": asked.attribute(service, "thirdPartyUser") if service else "",
            "identifier": line(asked.text(element, "espIdentifier")),
            "screen_name": line(asked.text(element, "screenName")),
            "display_names": [line(each) for each in asked.texts(element, "displayName")][:MOST],
            "profile_urls": [line(each) for each in asked.texts(element, "profileUrl")][:MOST],
            "bio": line(asked.text(element, "profileBio")),
            "person": who,
            "ip_events": ip_events(asked, element),
            "devices": devices(asked, element),
            "groups": [{"identifier": line(each)} for each in asked.texts(element, "groupIdentifier")][:MOST],
            "prior_reports": [line(each) for each in prior][:MOST],
            "estimated_location": _location(asked, asked.first(element, "estimatedLocation")),
            **_closed(asked, element),
            "compromised": asked.answer(element, "compromisedAccount"),
            "all_emails_reported": asked.answer(element, "allEmailsReported"),
            "associated": [_associated(asked, each) for each in asked.every(element, "associatedAccount")][:MOST],
            "notes": line("\n".join(asked.texts(element, "additionalInfo"))),
        }
    )


def _associated(asked: Asked, element: Element) -> dict[str, Any]:
    return {**account(asked, element, "associated"), "relation": asked.attribute(element, "type").lower()[:100]}


def _closed(asked: Asked, element: Element) -> dict[str, Any]:
    """What was done to the account, permanently before temporarily, when, and whether its holder was told, which may warn them."""
    said: dict[str, Any] = {}
    for name, closed in _CLOSED:
        found = asked.first(element, name)
        if found is None:
            continue
        date, back, told, told_at = (
            asked.attribute(found, each)
            for each in ("disabledDate", "reenabledDate", "userNotified", "userNotifiedDate")
        )
        if answer_of(found.text) == "yes":
            said |= {
                "closed": closed,
                "closed_at": moment(date),
                "opened_again_at": moment(back) or said.get("opened_again_at"),
            }
        elif answer_of(found.text) == "no":
            said.setdefault("closed", "no")
        if answer_of(told) != "unknown":
            said |= {"holder_told": answer_of(told), "holder_told_at": moment(told_at)}
    return said


def measures(account: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as what the sender did, in the words of api/submission.py."""
    found: list[dict[str, Any]] = []
    if account.get("closed") in ("temporarily", "permanently"):
        found.append({"what": "account_closed", "at": account.get("closed_at"), "why": account["closed"]})
    if "opened_again_at" in account:
        found.append({"what": "account_opened_again", "at": account["opened_again_at"]})
    if "holder_told" in account:
        what = "user_told" if account["holder_told"] == "yes" else "user_not_told"
        found.append({"what": what, "at": account.get("holder_told_at")})
    return [without_empty(each) for each in found]


def _location(asked: Asked, element: Element | None) -> dict[str, Any] | None:
    if element is None:
        return None
    verified = asked.attribute(element, "verified").lower()
    return without_empty(
        {
            "city": line(asked.text(element, "city")),
            "region": line(asked.text(element, "region")),
            "country": asked.text(element, "countryCode")[:60],
            "verified": {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(verified, "unknown"),
            "at": moment(asked.attribute(element, "timestamp")),
        }
    )
