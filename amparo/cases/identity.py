"""What identifies somebody, in its normal form, and the countries that a phone number points to. No Django."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Identified:
    """kind: one of rules.IDENTIFIERS. value: normalised, to compare. raw: as it was written."""

    kind: str
    value: str
    raw: str


@dataclass(frozen=True)
class Pointer:
    """A country that a number points to, and why. Never more than an assessment."""

    country: str
    words: str


def visible(text: str) -> str:
    """The text without direction marks and other invisible characters, its odd spaces and hyphens made plain."""
    plain = "".join(" " if unicodedata.category(each) == "Zs" else each for each in text)
    kept = "".join(each for each in plain if unicodedata.category(each) not in {"Cf", "Cc"})
    return re.sub(r"[\u2010-\u2015\u2212]", "-", kept).strip()


def identified(raw: str, kind: str = "") -> Identified:
    """What a chat's sender (or, with `kind`, an officer) wrote, in its normal form: E.164 for a phone number."""
    text = visible(raw).removeprefix("~").strip()
    if kind in ("", "phone") and (number := _number(text)):
        return Identified("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), raw)
    if kind in ("", "email") and EMAIL.fullmatch(text):
        return Identified("email", text.casefold(), raw)
    if kind == "handle":
        return Identified("handle", text.removeprefix("@").casefold(), raw)
    return Identified(kind or "name", text if kind in ("", "name") else text.casefold(), raw)


def _number(text: str) -> phonenumbers.PhoneNumber | None:
    if not text.startswith("+"):
        return None  # without a country code no country, and no number, is certain
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def pointers(value: str) -> tuple[Pointer, ...]:
    """The countries to which an E.164 number points; none where its calling code is shared and nothing tells them apart."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return ()
    code = f"+{number.country_code}"
    region = phonenumbers.region_code_for_number(number)
    if region and region != "001":
        return (Pointer(region, f"The phone number's prefix ({code}) belongs to this country's numbering plan."),)
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    if len(regions) == 1 and regions[0] != "001":
        words = (
            f"The phone number's calling code ({code}) is this country's; the number itself is in no range of its plan."
        )
        return (Pointer(regions[0], words),)
    return ()
