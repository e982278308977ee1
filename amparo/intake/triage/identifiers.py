"""Identifiers in the one form in which they are compared. Each function answers "" for what is none. No Django.

A coin address and an account number carry a checksum: one that fails is a typing error, and no trace.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import string
import unicodedata
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import phonenumbers

LONGEST = 200
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# First byte of a base58check address: which coin it is one of (their chain parameters). 5 is the same on two chains.
VERSIONS = {0: "btc", 5: "btc", 48: "ltc", 50: "ltc", 30: "doge", 65: "trx"}
PARTS = {"bc": "btc", "ltc": "ltc"}  # human-readable parts of bech32 addresses
# What links carry to follow who clicked: no part of the place they lead to.
TRACKING = re.compile(r"utm_\w+|fbclid|gclid|igshid?|mc_[ce]id|ref_src|si|feature|share_id", re.IGNORECASE)
DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}


def visible(text: str) -> str:
    """The text without invisible characters, its odd spaces, digits and hyphens made plain."""
    plain = unicodedata.normalize("NFKC", text)
    # A text has few different characters: each is looked up once.
    changed = {ord(each): shown for each in set(plain) if (shown := _shown(each)) != each}
    return plain.translate(changed) if changed else plain


@lru_cache(4096)
def _shown(letter: str) -> str:
    """Digits of every script as ours: people write numbers in their own. Control characters as nothing."""
    if letter in "\n\t":
        return letter
    if unicodedata.category(letter) in {"Cf", "Cc"}:
        return ""
    if letter in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212":
        return "-"
    return letter if letter.isascii() or not letter.isdecimal() else str(unicodedata.decimal(letter))


def phone(raw: str, country: str = "") -> str:
    """A number in E.164. country: read as this country's where no country code is written; without it such a number is none."""
    text = visible(raw).strip()
    text = "+" + text[2:] if text.startswith("00") else text
    if not text.startswith("+") and not country:
        return ""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(raw: str) -> str:
    local, at, domain = visible(raw).strip().strip("<>").rpartition("@")
    host = _host(domain)
    return f"{local.casefold()}@{host}"[:LONGEST] if at and local and "." in host else ""


def handle(raw: str) -> str:
    """An account's name without its sign, its case folded."""
    name = visible(raw).strip().lstrip("@").strip("/ ").casefold()
    return name[:LONGEST] if name and not re.search(r"\s", name) else ""


def address(raw: str) -> str:
    """A place on the web as host/path?query: no scheme, "www.", default port, fragment or tracking parts; query sorted.

    A fragment stays where it is the place itself ("#/room", "#!room").
    """
    text = visible(raw).strip()
    try:
        parts = urlsplit(text if re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) else f"//{text}")
        port = parts.port
    except ValueError:
        return ""
    host = _host(parts.hostname or "")
    if "." not in host and ":" not in host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}:{port}" if port and port not in (80, 443) else shown
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._").rstrip("/")
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(pair[0])))
    fragment = f"#{parts.fragment}" if parts.fragment.startswith(("/", "!")) else ""
    return f"{place}{path}{'?' + query if query else ''}{fragment}"[:2000]


def _tracks(name: str) -> bool:
    return bool(TRACKING.fullmatch(name))


def _host(raw: str) -> str:
    """A host in lower-case ASCII without "www."; "" for what is none."""
    host = raw.strip().strip(".").casefold()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    return host.removeprefix("www.") if re.fullmatch(r"[a-z0-9._:-]{1,253}", host) else ""


def wallet(raw: str) -> str:
    """A coin address as coin:address, its checksum right. Ethereum's is compared without case; Monero's is not checked."""
    text = visible(raw).strip()
    if re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        return f"eth:{text.lower()}"
    if re.fullmatch(r"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}", text):
        return f"xmr:{text}"
    if re.fullmatch(r"(bc|ltc)1[0-9a-z]{11,87}", text.lower()) and text in (text.lower(), text.upper()):
        return _bech32(text.lower())
    return _base58(text) if re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{26,35}", text) else ""


def _base58(text: str) -> str:
    number = 0
    for each in text:
        number = number * 58 + BASE58.index(each)
    try:
        data = number.to_bytes(25, "big")
    except OverflowError:
        return ""
    body, check = data[:21], data[21:]
    if hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] != check or body[0] not in VERSIONS:
        return ""
    return f"{VERSIONS[body[0]]}:{text}"


def _bech32(text: str) -> str:
    """BIP 173 and BIP 350."""
    part, _, data = text.rpartition("1")
    if part not in PARTS or any(each not in BECH32 for each in data):
        return ""
    values = (
        [ord(each) >> 5 for each in part] + [0] + [ord(each) & 31 for each in part] + [BECH32.index(x) for x in data]
    )
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return f"{PARTS[part]}:{text}" if check in (1, 0x2BC830A3) else ""


def iban(raw: str) -> str:
    """An account number (ISO 13616) whose check digits are right."""
    text = re.sub(r"[\s-]", "", visible(raw)).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", text):
        return ""
    digits = "".join(str(int(each, 36)) for each in text[4:] + text[:4])
    return text if int(digits) % 97 == 1 else ""


def imei(raw: str) -> str:
    """A phone's number (15 digits, the last a Luhn check)."""
    digits = re.sub(r"[\s-]", "", visible(raw))
    if not re.fullmatch(r"[0-9]{15}", digits):
        return ""
    doubled = (int(each) * (1 + place % 2) for place, each in enumerate(digits))
    return digits if sum(each // 10 + each % 10 for each in doubled) % 10 == 0 else ""


def mac(raw: str) -> str:
    text = visible(raw).strip().lower().replace("-", ":")
    return text if re.fullmatch(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", text) else ""


def digest(raw: str) -> str:
    """A file's digest as kind:hex; its kind is told by its length."""
    text = visible(raw).strip().lower()
    text = text.partition(":")[2] if text.partition(":")[0] in DIGESTS.values() else text
    return f"{DIGESTS[len(text)]}:{text}" if len(text) in DIGESTS and all(x in string.hexdigits for x in text) else ""


def ip(raw: str) -> str:
    """An IPv4 or IPv6 address in its shortest form; an IPv4 one written as IPv6 is the same one."""
    text = visible(raw).strip().strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def plain(raw: str) -> str:
    """Any other identifier: letters and digits, case folded; "" for fewer than four of them."""
    text = "".join(each for each in visible(raw).casefold() if each.isalnum())
    return text[:LONGEST] if len(text) >= 4 else ""
