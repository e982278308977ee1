"""Receipts: a signed text that says when a statement was received (docs/formats/receipt.md). No Django.

It names neither the reporter nor what was said. Whoever holds the typed words can show that they are the ones; stock openssl
checks the signature with the published key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime

from amparo.foundation.errors import Broken
from amparo.vault import envelope

FIRST_LINE = "amparo receipt 1"
_NAMES = ("house", "number", "received", "statement-sha256")
LONGEST = 4000


@dataclass(frozen=True)
class Receipt:
    """received_at: to the second, UTC. statement_sha256: of `statement_bytes` of what was typed."""

    house: str
    number: str
    received_at: datetime
    statement_sha256: str

    def signed_lines(self) -> bytes:
        """The bytes that the signature is over."""
        values = (self.house, self.number, f"{self.received_at:%Y-%m-%dT%H:%M:%SZ}", self.statement_sha256)
        lines = [FIRST_LINE, *(f"{name}: {value}" for name, value in zip(_NAMES, values, strict=True))]
        return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class Verdict:
    """What checking a receipt found. same_words: None where no text was given."""

    receipt: Receipt = field()
    signed: bool
    same_words: bool | None


def statement_bytes(text: str) -> bytes:
    """What is hashed of a statement: UTF-8, lines ending in one line feed, no white space at either end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().encode("utf-8", "surrogatepass")


def make(house: str, key: bytes, nonce: str, statement: str, received_at: datetime) -> Receipt:
    """number: unguessable, tells nothing, and is the same when the same form is sent twice. key: the form's, for codes."""
    digest = hashlib.sha256(statement_bytes(statement)).hexdigest()
    drawn = hmac.digest(key, f"amparo receipt 1 {nonce} {digest}".encode(), "sha256")
    number = base64.b32encode(drawn[:10]).decode().lower()
    grouped = "-".join(number[at : at + 4] for at in range(0, 16, 4))
    return Receipt(" ".join(house.split())[:200], grouped, received_at.astimezone(UTC), digest)


def text_of(receipt: Receipt, private_pem: bytes) -> str:
    """The receipt as it is handed out: the signed lines, and the signature in Base64 on one more."""
    signed = receipt.signed_lines()
    return f"{signed.decode()}signature: {base64.b64encode(envelope.sign(signed, private_pem)).decode()}\n"


def verify(text: bytes, public_pem: bytes, statement: str | None = None) -> Verdict:
    """Whether the house signed this receipt, and whether it is for these words. Broken for what is no receipt."""
    try:
        receipt, signed, signature = _read(text)
    except (ValueError, binascii.Error) as error:
        raise Broken("This is no receipt: it has not the form that docs/formats/receipt.md tells.") from error
    same = None
    if statement is not None:
        same = hashlib.sha256(statement_bytes(statement)).hexdigest() == receipt.statement_sha256
    return Verdict(receipt, envelope.is_signed(signed, signature, public_pem), same)


def _read(text: bytes) -> tuple[Receipt, bytes, bytes]:
    if len(text) > LONGEST:
        raise ValueError("too long")
    lines = (
        text.decode().replace("\r\n", "\n").removesuffix("\n").split("\n")
    )  # a mail program may have changed the line ends
    first, *named, last = lines
    label, _, signature = last.partition(": ")
    pairs = [line.partition(": ") for line in named]
    if first != FIRST_LINE or tuple(name for name, _, _ in pairs) != _NAMES or label != "signature":
        raise ValueError("other lines")
    house, number, received, digest = (value for _, _, value in pairs)
    at = datetime.strptime(received, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    signed = "".join(f"{line}\n" for line in lines[:-1]).encode()
    raw = base64.b64decode(signature, validate=True)
    if base64.b64encode(raw).decode() != signature:  # bits beyond the last byte: another text for the same signature
        raise ValueError("not canonical")
    return Receipt(house, number, at, digest), signed, raw
