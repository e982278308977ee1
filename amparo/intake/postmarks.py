"""What a mail's headers say of its way, taken as it arrives: which mail it answers, whether a machine wrote it, whose tag it bears.

Pure, and read by rules of one line each: nothing here is parsed, and nothing of a header's text leaves but digests and codes. What
an answer needs (`ReturnAddress`) is sealed to the courier alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from uuid import UUID

from amparo.intake.rules import sender_tag

VALUE_BYTES = 2_048
REFERENCES = 30
TOKEN_CHARACTERS = 32  # of base32: 160 bits
# RFC 5321, 6.3, has servers count Received lines; real mail has a dozen.
MOST_HOPS = 50

_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_ANGLED = re.compile(r"<([^<>\s,;]{1,250}@[^<>\s,;]{1,250})>")
_BARE = re.compile(r"(?:^|[\s,;:(])([^<>\s,;:()\"]{1,250}@[^<>\s,;:()\"]{1,250})")
_RELAY = re.compile(rf"[^@+]{{1,64}}\+([a-z2-7]{{{TOKEN_CHARACTERS}}})@", re.IGNORECASE)
_CODES = re.compile(
    rb"^(Action|Status)[ \t]*:[ \t]*([A-Za-z]{1,20}|[245]\.\d{1,3}\.\d{1,3})\b", re.IGNORECASE | re.MULTILINE
)
_MACHINES = re.compile(r"\A(?:mailer-daemon|postmaster|mail-daemon|maildaemon|mdaemon)\Z", re.IGNORECASE)

# header -> (values that count, or any; the sign). RFC 3834; Precedence and the X- ones are older customs of mail programs.
_SIGNS: tuple[tuple[bytes, re.Pattern[bytes], str], ...] = (
    (b"auto-submitted", re.compile(rb"auto-replied\b", re.IGNORECASE), "auto_replied"),
    (b"auto-submitted", re.compile(rb"(?!no\b|auto-replied\b)\S", re.IGNORECASE), "auto_generated"),
    (b"precedence", re.compile(rb"auto_reply\b", re.IGNORECASE), "auto_replied"),
    (b"precedence", re.compile(rb"(?:bulk|junk|list)\b", re.IGNORECASE), "bulk"),
    (b"x-auto-response-suppress", re.compile(rb"(?!none\b)\S", re.IGNORECASE), "wants_no_reply"),
    (b"x-autoreply", re.compile(rb"(?!no\b)\S", re.IGNORECASE), "auto_replied"),
    (b"x-autorespond", re.compile(rb""), "auto_replied"),
    (b"x-autoreply-from", re.compile(rb""), "auto_replied"),
    (b"x-mail-autoreply", re.compile(rb""), "auto_replied"),
    (b"list-id", re.compile(rb""), "list"),
    (b"list-unsubscribe", re.compile(rb""), "list"),
    (b"feedback-id", re.compile(rb""), "bulk"),
    (b"x-failed-recipients", re.compile(rb""), "failed_recipients"),
)


@dataclass(frozen=True)
class Postmarks:
    """sender: the keyed tag of the author's address. message, refers_to: digests of Message-IDs, the nearest first. signs: codes.

    delivery: of a delivery report, (action, status) of each address, such as ("failed", "5.1.1"); its text is sealed elsewhere.
    """

    sender: str = ""
    message: str = ""
    refers_to: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    delivery: tuple[tuple[str, str], ...] = ()
    is_delivery_report: bool = False


@dataclass(frozen=True)
class ReturnAddress:
    """What the courier needs to answer: header values as they stood, to be read when an answer goes out."""

    sender: str = field(default="", repr=False)
    author: str = field(default="", repr=False)
    reply_to: str = field(default="", repr=False)
    message_id: str = field(default="", repr=False)
    references: str = field(default="", repr=False)

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> ReturnAddress:
        """Raises ValueError, KeyError or TypeError for bytes of another form."""
        said = json.loads(data)
        return cls(**{name: str(said[name]) for name in ("sender", "author", "reply_to", "message_id", "references")})

    @property
    def address(self) -> str:
        """Where an answer goes: the one address of Reply-To, else of From, else the envelope's sender; "" where there is none."""
        for raw in (self.reply_to, self.author, f"<{self.sender.strip('<>')}>"):
            if found := one_address(raw):
                return found
        return ""


def read_postmarks(header_block: bytes, body: bytes, sender: str, recipients: Iterable[str], key: bytes) -> Postmarks:
    """sender: the envelope's, "<>" for none, "" where there was no envelope. key: the receiver's, for tags."""
    headers = _headers(header_block)
    author = one_address(_text(headers, b"from"))
    signs = {sign for name, pattern, sign in _SIGNS for value in headers.get(name, ()) if pattern.match(value)}
    null = sender == "<>" or (not sender and _text(headers, b"return-path").replace(" ", "") == "<>")
    machine = null or bool(_MACHINES.match(author.partition("@")[0]))
    if null:
        signs.add("null_sender")
    if len(headers.get(b"received", ())) > MOST_HOPS:
        signs.add("many_hops")
    report = _is_delivery_report(headers) and (machine or any(relay_token(each) for each in recipients))
    if report:
        signs.add("delivery_report")
    return Postmarks(
        sender_tag(author or sender, key),
        next(iter(message_digests(_text(headers, b"message-id"))), ""),
        _refers_to(_text(headers, b"in-reply-to"), _text(headers, b"references")),
        tuple(sorted(signs)),
        _delivery(body) if report else (),
        report,
    )


def return_address(header_block: bytes, sender: str) -> ReturnAddress:
    """What an answer to this mail will need."""
    headers = _headers(header_block)
    return ReturnAddress(
        "" if sender in ("<>", "") else sender[:VALUE_BYTES],
        _text(headers, b"from"),
        _text(headers, b"reply-to"),
        _text(headers, b"message-id"),
        _text(headers, b"references"),
    )


def _headers(header_block: bytes) -> dict[bytes, list[bytes]]:
    """The values of each field by its name in small letters, folds undone, each cut at VALUE_BYTES."""
    found: dict[bytes, list[bytes]] = {}
    values: list[bytes] | None = None
    for line in _LINE.finditer(header_block):
        bare = line[0].rstrip(b"\r\n")
        if bare[:1] in (b" ", b"\t"):
            if values and len(values[-1]) < VALUE_BYTES:
                values[-1] = (values[-1] + b" " + bare.strip())[:VALUE_BYTES]
            continue
        name, colon, value = bare.partition(b":")
        if not colon:
            continue
        values = found.setdefault(name.strip().lower()[:100], [])
        if len(values) <= MOST_HOPS:
            values.append(value.strip()[:VALUE_BYTES])
        else:
            values = None
    return found


def _text(headers: dict[bytes, list[bytes]], name: bytes) -> str:
    return next(iter(headers.get(name, ())), b"").decode("utf-8", "surrogateescape")


def one_address(raw: str) -> str:
    """The only address in a header's value, or the one in angle brackets; "" where there are several, none, or an odd one."""
    found = _ANGLED.findall(raw) or _BARE.findall(raw)
    address = found[0].strip("'\"") if len(set(found)) == 1 else ""
    local, _, domain = address.rpartition("@")
    plain = local and "@" not in local and re.fullmatch(r"[^\s\x00-\x20<>@]{1,255}", domain)
    return address if plain and address.isprintable() else ""


def message_digests(raw: str) -> tuple[str, ...]:
    """SHA-256 of each Message-ID in a header's value, in order, each once."""
    found = dict.fromkeys(_MESSAGE_ID.findall(raw))
    return tuple(_message_digest(each) for each in found)


def _message_digest(message_id: str) -> str:
    return hashlib.sha256(b"amparo message 1\0" + message_id.encode("utf-8", "surrogateescape")).hexdigest()


def _refers_to(in_reply_to: str, references: str) -> tuple[str, ...]:
    """The mails that this one answers, the nearest first: References end with it (RFC 5322, 3.6.4)."""
    chain = (*message_digests(in_reply_to), *reversed(message_digests(references)))
    return tuple(dict.fromkeys(chain))[:REFERENCES]


def _is_delivery_report(headers: dict[bytes, list[bytes]]) -> bool:
    kind = _text(headers, b"content-type").lower()
    return kind.startswith("multipart/report") and "delivery-status" in kind


def _delivery(body: bytes) -> tuple[tuple[str, str], ...]:
    """(action, status) of each address that the report speaks of, at most 20."""
    found: list[dict[str, str]] = []
    for each in _CODES.finditer(body[: 1 << 20]):
        name = each[1].decode().lower()
        if not found or name in found[-1]:
            found.append({})
        found[-1][name] = each[2].decode().lower()
    return tuple((each.get("action", ""), each.get("status", "")) for each in found[:20])


# --- Relay addresses ------------------------------------------------------------------------------------------------------


def relay_token(address: str) -> str:
    """The token of line+TOKEN@..., in small letters, since mail systems on the way change a local part's case; "" for others."""
    found = _RELAY.match(address.strip().lstrip("<"))
    return found[1].lower() if found else ""


def token_digest(token: str) -> str:
    """What is kept of a token: enough to know it again, and not to make it."""
    return hashlib.sha256(b"amparo relay address 1\0" + token.lower().encode()).hexdigest()


def make_token(secret: bytes, purpose: str, of: UUID) -> str:
    """160 bits that only the holder of `secret` can make, the same each time: a mail sent twice bears the same address."""
    made = hmac.new(secret, f"amparo relay token 1\0{purpose}\0".encode() + of.bytes, hashlib.sha256).digest()
    return base64.b32encode(made[:20]).decode().lower()
