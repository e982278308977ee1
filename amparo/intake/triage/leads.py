"""What in a text somebody could follow up: phone numbers, addresses, accounts, links. Counted, not judged."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import phonenumbers

READ_CHARACTERS = 100_000

_LINK = re.compile(
    r"\bhttps?://[^\s<>\"']{3,300}|\b(?:[a-z0-9-]{1,63}\.)+(?:onion|com|net|org|example|test|me|gg|tv|app|io)\b/?[^\s<>\"']{0,200}",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\b[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}\b", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@./])@[a-z0-9_][a-z0-9_.]{1,30}[a-z0-9_]", re.IGNORECASE)
_IP = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?P<port>:\d{1,5})?(?![\w.])")


@dataclass(frozen=True)
class Leads:
    """How many different leads of each kind a text names. bare_addresses: IP addresses without a port, which are incomplete."""

    phones: int = 0
    mails: int = 0
    links: int = 0
    handles: int = 0
    addresses: int = 0
    bare_addresses: int = 0


def leads_in(text: str) -> Leads:
    """The leads in the first 100,000 characters of `text`."""
    text = text[:READ_CHARACTERS]
    mails = {each.lower() for each in _MAIL.findall(text)}
    rest = _MAIL.sub(" ", text)
    links = {each.lower().rstrip(".,)") for each in _LINK.findall(rest)}
    rest = _LINK.sub(" ", rest)
    whole, bare = _addresses(rest)
    handles = {each.lower() for each in _HANDLE.findall(rest)}
    return Leads(_phones(rest), len(mails), len(links), len(handles), len(whole), len(bare - whole))


def _phones(text: str) -> int:
    """Different numbers written with their country's code; fictitious ranges count, since "possible" is all that's asked."""
    found = phonenumbers.PhoneNumberMatcher(text, None, leniency=phonenumbers.Leniency.POSSIBLE)
    return len({phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) for match in found})


def _addresses(text: str) -> tuple[set[str], set[str]]:
    whole: set[str] = set()
    bare: set[str] = set()
    for match in _IP.finditer(text):
        digits = match.group().partition(":")[0]
        try:
            ipaddress.IPv4Address(digits)
        except ValueError:
            continue
        (whole if match.group("port") else bare).add(digits)
    return whole, bare
