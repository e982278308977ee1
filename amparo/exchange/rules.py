"""What a partner must have before anything can be sealed to it, and how it may be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from amparo.exchange.formats.contents import COUNTRY, HANDLING, LANGUAGES

# "handover": an officer carries the sealed file into the channel that the two authorities share (SIENA, I-24/7, ...).
CHANNELS = ("handover", "mail")
MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,190}")
CHECK_AGAIN_AFTER = timedelta(days=365)


@dataclass(frozen=True)
class PartnerDetails:
    """What an officer states about a partner. handling: the codes that its packages get unless someone chooses others."""

    country: str
    authority: str
    language: str
    channel: str = "handover"
    mail: str = ""
    handling: tuple[str, ...] = ("H1", "H2")


def obstacles_to_register(details: PartnerDetails, *, taken: bool) -> tuple[str, ...]:
    """Why this partner can't be registered; empty when it can. taken: the country has a partner already."""
    return tuple(_obstacles(details, taken))


def _obstacles(details: PartnerDetails, taken: bool) -> Iterator[str]:
    if not COUNTRY.fullmatch(details.country):
        yield "Give the country as two capital letters (ISO 3166-1), such as ES."
    elif taken:
        yield f"{details.country} has a partner already: replace that one's key instead."
    if not details.authority.strip():
        yield "Name the authority that opens the packages."
    if details.language not in LANGUAGES:
        yield f"Cover sheets are written in {', '.join(LANGUAGES)}: choose the one the authority reads best."
    if details.channel not in CHANNELS:
        yield f"{details.channel!r} is no channel: choose one of {', '.join(CHANNELS)}."
    if details.mail and not MAIL_ADDRESS.fullmatch(details.mail):
        yield f"{details.mail!r} is no mail address."
    if details.channel == "mail" and not details.mail:
        yield "Sending by mail needs the authority's mail address."
    if unknown := [code for code in details.handling if code not in HANDLING]:
        yield f"{', '.join(unknown)} is no handling code."


def remarks_on_key(
    expires_on: date | None, checked_on: date | None, opens_with_gnupg: bool, today: date
) -> tuple[str, ...]:
    """What an officer should know about a partner's key before sealing to it; none of it forbids sealing."""
    found = []
    if checked_on is None:
        found.append("Nobody has compared the fingerprint with the partner by another channel yet.")
    elif today - checked_on > CHECK_AGAIN_AFTER:
        found.append("The fingerprint was compared more than a year ago: compare it again.")
    if expires_on and expires_on - today < timedelta(days=60):
        found.append(f"The certificate expires on {expires_on.isoformat()}: ask for the next one.")
    if not opens_with_gnupg:
        found.append(
            "The certificate asks for the format of RFC 9580, which GnuPG can't open: the partner needs sq or a newer program."
        )
    return tuple(found)


def codes_of(text: str | Sequence[str]) -> tuple[str, ...]:
    """Handling codes from "H1, H2" or a list, each once, in their own order."""
    given = re.split(r"[\s,;]+", text) if isinstance(text, str) else text
    return tuple(sorted({code.strip().upper() for code in given if code.strip()}))
