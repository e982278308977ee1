"""What in a report leads to others: identifiers in one normal form, found in its text, its fields and its files. No Django.

A trace says where it stands and how it was written. Two reports that share one are linked by it, and the evidence is the trace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amparo.intake.triage import identifiers
from amparo.intake.triage.platforms import Platforms, shipped
from amparo.intake.triage.stated import Stated, StatedIdentifier

KINDS = {
    "handle": "account",
    "name": "account name",
    "address": "address on the web",
    "room": "group, room or broadcast",
    "phone": "phone number",
    "email": "e-mail address",
    "wallet": "coin address",
    "payment": "payment reference",
    "device": "device",
    "hash": "file",
    "ip_port": "IP address with port",
    "ip": "IP address",
}
# These say little alone: a name without its service, an address shared by thousands.
WEAK = frozenset({"name", "ip"})
READ_CHARACTERS = 100_000
MOST = 500  # traces of one report: more is a list, not a lead

_LINK = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,10}://[^\s<>\"'\u00ab\u00bb\u201c\u201d]{3,1000}"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.)+(?:onion|com|net|org|info|biz|example|test|me|gg|tv|app|io|co|to|cc|ru|eu|es|fr|de|it|pt|cat"
    r"|uk|us|nl|be|ch|at|pl|br|mx|ar|cl|pe|uy|xyz|site|online|live|link|chat|group|club|top|fun|icu|vip)(?![\w-])(?::\d{1,5})?"
    r"(?:[/?#][^\s<>\"'\u00ab\u00bb\u201c\u201d]{0,1000})?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[ .()-]{0,2}[1-9](?:[ .()/-]{0,2}\d){6,14}(?!\d)")
_IP = re.compile(
    r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5})|[ ,]{1,2}\(?(?:port|puerto|porta)[ :=]{1,2}(\d{1,5}))?(?![\w.]*\w)",
    re.IGNORECASE,
)
_IP6 = re.compile(
    r"(?<![\w:.])(?:\[([0-9a-f:.]{3,45})\](?::(\d{1,5}))?|((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}))(?![\w:])",
    re.IGNORECASE,
)
_WALLET = re.compile(
    r"(?<!\w)(?:0x[0-9a-fA-F]{40}|(?:bc|ltc|BC|LTC)1[0-9a-zA-Z]{11,87}|[13LMDT48][1-9A-HJ-NP-Za-km-z]{25,94})(?!\w)"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_IMEI = re.compile(r"\bimei\b[^\d\n]{0,12}(\d(?:[ -]?\d){14})(?!\d)", re.IGNORECASE)
_MAC = re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", re.IGNORECASE)
_DIGEST = re.compile(r"(?<![\w])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?!\w)", re.IGNORECASE)
_MATRIX = re.compile(r"(?<!\S)([#@!])([\w.=/-]{1,80}):((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})", re.IGNORECASE)
# People write addresses so that nobody clicks them; machines may read them as they were meant.
_DEFANGED = (
    (re.compile(r"\bh(?:xx|\*\*)p(s?)\b", re.IGNORECASE), r"http\1"),
    (re.compile(r"\[(?:://)\]|\[:\]//"), "://"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot|punto|point|punkt)\s?[\])}]\s?", re.IGNORECASE), "."),
    (re.compile(r"\s?[\[({]\s?(?:@|at|arroba|chez)\s?[\])}]\s?", re.IGNORECASE), "@"),
)


@dataclass(frozen=True)
class Trace:
    """One identifier. value: normal form, to compare. raw: as written. where: text, field, item or chat. role: as stated.

    at: when an IP address was used, where that is certain.
    """

    kind: str
    value: str
    raw: str
    where: str = "text"
    role: str = ""
    at: datetime | None = None


def traces_in(text: str, country: str = "", platforms: Platforms | None = None) -> tuple[Trace, ...]:
    """The traces in the first 100,000 characters of `text`, each once, in the order of their kinds.

    country: whose numbers are meant where a phone number has no country code; "" reads none of those.
    """
    known = platforms or shipped()
    rest = _readable(text[:READ_CHARACTERS])
    found: dict[tuple[str, str], Trace] = {}

    def add(kind: str, value: str, raw: str) -> None:
        if value and len(found) < MOST:
            found.setdefault((kind, value), Trace(kind, value, raw.strip()[:200]))

    def take(pattern: re.Pattern[str], kind: str, normal: Any) -> str:
        """Adds what the pattern finds; the text without it, so that nothing is read twice."""

        def once(match: re.Match[str]) -> str:
            value = normal(match.group(match.lastindex or 0))
            add(kind, value, match.group())
            return " " if value else match.group()

        return pattern.sub(once, rest)

    rest = take(_MAIL, "email", identifiers.email)
    for sign, local, server in _MATRIX.findall(rest):
        kind, value = ("handle" if sign == "@" else "room"), f"matrix:{sign}{local}:{server}".casefold()
        add(kind, value, f"{sign}{local}:{server}")
        add("name", local.casefold(), f"{sign}{local}:{server}") if sign == "@" else None
    rest = _MATRIX.sub(" ", rest)
    for match in _LINK.finditer(rest):
        for kind, value in known.of_link(match.group().rstrip(".,;:!?)]}*'\u2019")):
            add(kind, value, match.group())
    rest = _LINK.sub(" ", rest)
    for kind, value, raw in _addresses(rest):
        add(kind, value, raw)
    rest = take(_IMEI, "device", lambda raw: _named("imei", identifiers.imei(raw)))
    rest = take(_MAC, "device", lambda raw: _named("mac", identifiers.mac(raw)))
    rest = take(_WALLET, "wallet", identifiers.wallet)
    rest = take(_IBAN, "payment", lambda raw: _named("iban", identifiers.iban(raw)))
    rest = take(_DIGEST, "hash", identifiers.digest)
    for platform, name, raw in known.handles(rest):
        add("handle", f"{platform}:{name}", raw) if platform else None
        add("name", name, raw)
    for raw in _phones(rest, country):
        add("phone", identifiers.phone(raw, country), raw)
    return tuple(found.values())


def traces_of_fields(stated: Stated, platforms: Platforms | None = None) -> tuple[Trace, ...]:
    """The traces that a form's or a platform's fields name, with the role that the sender gave them."""
    known = platforms or shipped()
    found: dict[tuple[str, str], Trace] = {}
    for each in stated.identifiers:
        for kind, value in _of_field(each, known):
            if value:
                found.setdefault((kind, value), Trace(kind, value, each.value[:200], "field", each.role))
    for event in stated.ip_events:
        address = identifiers.ip(event.address)
        kind, value = ("ip_port", _with_port(address, event.port)) if event.port else ("ip", address)
        if address:
            found.setdefault((kind, value), Trace(kind, value, event.address, "field"))
    return tuple(found.values())[:MOST]


def traces_of_files(digests: Iterable[Mapping[str, str]]) -> tuple[Trace, ...]:
    """The traces of files. digests: of each, its kind to its hex, such as {"sha256": "…"}."""
    return tuple(
        Trace("hash", f"{kind}:{value}", value, "item") for each in digests for kind, value in each.items() if value
    )[:MOST]


def _of_field(each: StatedIdentifier, known: Platforms) -> Iterator[tuple[str, str]]:
    platform = known.named(each.platform)
    match each.kind:
        case "handle" | "account" | "screen_name" | "user_id":
            name = identifiers.handle(each.value)
            if platform and name:
                yield "handle", f"{platform}:{name}"
            yield "name", name
        case "address" | "url" | "profile_url" | "link":
            yield from known.of_link(each.value)
        case "room" | "group" | "channel" | "broadcast":
            yield "room", _named(platform or "?", identifiers.plain(each.value))
            yield from (found for found in known.of_link(each.value) if "://" in each.value)
        case "phone":
            yield "phone", identifiers.phone(each.value)
        case "email":
            yield "email", identifiers.email(each.value)
        case "wallet":
            yield "wallet", identifiers.wallet(each.value) or _named("?", identifiers.plain(each.value))
        case "payment":
            number = identifiers.iban(each.value)
            yield (
                "payment",
                _named("iban", number) if number else _named(platform or "?", identifiers.plain(each.value)),
            )
        case "device":
            number, card = identifiers.imei(each.value), identifiers.mac(each.value)
            yield "device", _named("imei", number) or _named("mac", card) or _named("?", identifiers.plain(each.value))
        case "hash":
            yield "hash", identifiers.digest(each.value)
        case "ip":
            yield "ip", identifiers.ip(each.value)


def _named(of: str, value: str) -> str:
    return f"{of}:{value}" if value else ""


def _readable(text: str) -> str:
    readable = identifiers.visible(text)
    for pattern, meant in _DEFANGED:
        readable = pattern.sub(meant, readable)
    return readable


def _phones(text: str, country: str) -> Iterator[str]:
    yield from (match.group() for match in _PHONE.finditer(text))
    if country:
        local = re.compile(r"(?<![\w+.:/-])\(?\d(?:[ .()/-]{0,2}\d){6,11}(?![\w.:/-]*\w)")
        yield from (match.group() for match in local.finditer(text))


def _with_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _addresses(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, value, raw). One with a port is another trace than one without: only the first may lead to a line."""
    for match in _IP.finditer(text):
        yield from _address(match.group(1), match.group(2) or match.group(3), match.group())
    for match in _IP6.finditer(text):
        yield from _address(match.group(1) or match.group(3), match.group(2), match.group())


def _address(raw: str, port: str | None, whole: str) -> Iterator[tuple[str, str, str]]:
    address = identifiers.ip(raw)
    if not address or (":" in raw and "::" not in raw and raw.count(":") < 7):
        return
    if port and 0 < int(port) <= 65_535:
        yield "ip_port", _with_port(address, int(port)), whole
    else:
        yield "ip", address, whole
