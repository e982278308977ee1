"""What a file is, and what mails, archives and chat exports hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from amparo.sandbox.readings.fields import Blob, Blobs, Fields, blob_of, only_blob, untrue

CMS_CIPHERS = ("3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-gcm", "aes192-gcm", "aes256-gcm")


@dataclass(frozen=True)
class Identified:
    """kind: picture, archive, mail, chat, text, document, video, audio, database, sealed, program, empty, unknown,
    closed_archive or closed_picture (known, but no reader for it here)."""

    kind: str
    media_type: str
    lines: int | None = None


@dataclass(frozen=True)
class SealedPart:
    """An encrypted part of a mail. how: "openpgp" (a MIME part), "openpgp_text" (a message within a text) or "smime"."""

    how: str
    file: Blob


@dataclass(frozen=True)
class Claimed:
    """Who a forwarded mail's head says wrote it, when, to whom and about what: text that anybody can have typed."""

    sender_raw: str
    date_raw: str
    recipients_raw: str
    subject: str


@dataclass(frozen=True)
class Delivered:
    """What a delivery report says of one address. action: failed, delayed, delivered...; status: RFC 3463's, such as 5.1.1."""

    action: str
    status: str


@dataclass(frozen=True)
class MailReading:
    """Headers as written, encoded words decoded. text_source: plain, html or none. language: two letters or "unknown".

    defects: what could not be read; remarks: what was read otherwise than the mail says. signed: openpgp, smime or "", unchecked.
    """

    subject: str
    date_raw: str
    sender_raw: str
    reply_to_raw: str
    message_id: str
    recipients: tuple[str, ...]
    text: str
    text_source: str
    language: str
    attachments: tuple[Blob, ...]
    sealed: tuple[SealedPart, ...]
    signed: str
    alternatives: int
    delivery: tuple[Delivered, ...]
    forwarded: tuple[Claimed, ...]
    defects: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def files(self) -> tuple[Blob, ...]:
        """The attachments and, as they came, the encrypted parts."""
        return (*self.attachments, *(each.file for each in self.sealed))


@dataclass(frozen=True)
class CmsRecipient:
    """For whom an S/MIME envelope is: the certificate by serial number or key id, and the encrypted key (inside/cms.py)."""

    serial: bytes
    key_id: bytes
    scheme: str
    key: bytes


@dataclass(frozen=True)
class CmsReading:
    """An S/MIME envelope taken apart: what a key's holder needs to open it."""

    cipher: str
    iv: bytes
    tag: bytes
    attributes: bytes
    recipients: tuple[CmsRecipient, ...]
    content: bytes


@dataclass(frozen=True)
class Unread:
    """A member that could not be unpacked. reason: encrypted, damaged, link, not_a_file or unsupported_method."""

    name: str
    reason: str


@dataclass(frozen=True)
class ArchiveReading:
    """`members` counts all files in it; `files` those unpacked, `unreadable` the others."""

    format: str
    members: int
    files: tuple[Blob, ...]
    unreadable: tuple[Unread, ...]
    total_bytes: int


@dataclass(frozen=True)
class ChatReading:
    """Counts of a chat export, and the whole reading as JSON bytes (inside/chats/__init__.py)."""

    format: str
    date_order: str
    alternatives: tuple[str, ...]
    messages: int
    events: int
    media: int
    stickers: int
    unknown_notices: int
    members: int
    lines: int
    unsupported: int
    first_at: str
    last_at: str
    language: str
    document: bytes


def identified_reading(facts: Fields, blobs: Blobs) -> Identified:
    kind = facts.code("kind")
    return Identified(kind, facts.code("media_type"), facts.number("lines") if kind == "text" else None)


def mail_reading(facts: Fields, blobs: Blobs) -> MailReading:
    roles = [about.get("role", "attachment") for about, _ in blobs]
    if any(role not in ("attachment", "openpgp", "openpgp_text", "smime") for role in roles):
        raise untrue("role")
    files = [(str(role), blob_of(about, data)) for role, (about, data) in zip(roles, blobs, strict=True)]
    claims = [
        Claimed(*(entry.text(name, 500) for name in ("sender_raw", "date_raw", "recipients_raw", "subject")))
        for entry in facts.entries("forwarded", 20)
    ]
    delivery = [Delivered(entry.code("action"), entry.code("status")) for entry in facts.entries("delivery", 20)]
    return MailReading(
        subject=facts.text("subject", 20_000),
        date_raw=facts.text("date_raw", 200),
        sender_raw=facts.text("sender_raw", 20_000),
        reply_to_raw=facts.text("reply_to_raw", 20_000),
        message_id=facts.text("message_id", 1_000),
        recipients=facts.texts("recipients", 320, 500),
        text=facts.text("text", 1_000_000),
        text_source=facts.code("text_source", "plain", "html", "none"),
        language=facts.code("language"),
        attachments=tuple(file for role, file in files if role == "attachment"),
        sealed=tuple(SealedPart(role, file) for role, file in files if role != "attachment"),
        signed=facts.code("signed", "", "openpgp", "smime"),
        alternatives=facts.number("alternatives"),
        delivery=tuple(delivery),
        forwarded=tuple(claims),
        defects=facts.texts("defects", 300, 100),
        remarks=facts.texts("remarks", 300, 100),
    )


def cms_reading(facts: Fields, blobs: Blobs) -> CmsReading:
    recipients = []
    for entry in facts.entries("recipients", 100):
        scheme = entry.text("scheme", 40)
        if not re.fullmatch(r"rsa(-oaep-(sha1|sha256|sha384|sha512)-(sha1|sha256|sha384|sha512))?", scheme):
            raise untrue("scheme")
        recipients.append(
            CmsRecipient(entry.hex("serial", 64), entry.hex("key_id", 64), scheme, entry.hex("key", 2_048))
        )
    return CmsReading(
        cipher=facts.code("cipher", *CMS_CIPHERS),
        iv=facts.hex("iv", 32),
        tag=facts.hex("tag", 16),
        attributes=facts.hex("attributes", 65_536),
        recipients=tuple(recipients),
        content=only_blob(blobs),
    )


def archive_reading(facts: Fields, blobs: Blobs) -> ArchiveReading:
    unreadable = tuple(
        Unread(entry.text("name", 200), entry.code("reason")) for entry in facts.entries("unreadable", 10_000)
    )
    return ArchiveReading(
        format=facts.code("format"),
        members=facts.number("members"),
        files=tuple(blob_of(about, data) for about, data in blobs),
        unreadable=unreadable,
        total_bytes=facts.number("total_bytes"),
    )


def chat_reading(facts: Fields, blobs: Blobs) -> ChatReading:
    return ChatReading(
        format=facts.code("format"),
        date_order=facts.code("date_order", "dmy", "mdy", "ymd", "ambiguous"),
        alternatives=facts.texts("alternatives", 3, 3),
        messages=facts.number("messages"),
        events=facts.number("events"),
        media=facts.number("media"),
        stickers=facts.number("stickers"),
        unknown_notices=facts.number("unknown_notices"),
        members=facts.number("members"),
        lines=facts.number("lines"),
        unsupported=facts.number("unsupported"),
        first_at=facts.text("first_at", 19),
        last_at=facts.text("last_at", 19),
        language=facts.code("language"),
        document=only_blob(blobs),
    )
