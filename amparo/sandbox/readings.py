"""What an examination found, checked: a child's reply is hostile too, so every field has a type, a cap and a fall-back.

`reading_of` is the only way from a reply to these classes. A reply of another form raises ExaminationFailed("crashed").
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from amparo.foundation.errors import AmparoError

HASH_LIST_FORMATS = ("csv", "text", "icse", "ncmec", "vics", "threatexchange", "hma")
REASONS = ("timed_out", "out_of_memory", "forbidden_call", "crashed", "too_big", "malformed")
_SENTENCES = {
    "timed_out": "Examining this file took too long and was stopped. The sealed original is unchanged.",
    "out_of_memory": "Examining this file needed more memory than is allowed. The sealed original is unchanged.",
    "forbidden_call": "While this file was examined, something in it tried a forbidden step and was stopped at once.",
    "crashed": "The reader failed on this file. The sealed original is unchanged.",
    "too_big": "This file is larger than Amparo examines. The sealed original is unchanged.",
    "malformed": "This file is damaged or not what it claims to be. The sealed original is unchanged.",
}


class ExaminationFailed(AmparoError):
    """One examination failed; the pool goes on. `reason` is one of REASONS, `sentence` tells the officer."""

    def __init__(self, reason: str, sentence: str = "", **fields: object) -> None:
        self.reason = reason if reason in REASONS else "crashed"
        super().__init__(sentence or _SENTENCES[self.reason], reason=self.reason, **fields)


@dataclass(frozen=True)
class Blob:
    """Bytes found inside others, with the name and type that the sender gave them; neither is to be believed."""

    name: str
    media_type: str
    data: bytes


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


@dataclass(frozen=True)
class PictureReading:
    """state: examined, or too_plain where `quality` (0 to 100) says the whole picture's fingerprint means nothing.

    pdq_hex: 64 digits. looks: 8 or 16 such, of the picture's turns, the first being pdq_hex, then of the turns of the picture
    within its even borders, where it has any; those mean something in either state.
    """

    state: str
    format: str
    width: int
    height: int
    frames: int
    pdq_hex: str
    looks: tuple[str, ...]
    quality: int
    averaged_by: int
    taken_raw: str
    device: str
    has_location: bool


@dataclass(frozen=True)
class VideoReading:
    """state: examined; too_plain where all frames are; not_examined where nothing moves in it (sound alone, a cover picture).

    document: JSON, {"frames": [{"at_ms", "quality", "looks": [64 hexadecimal digits, ...]}]}, in the order of their times, checked;
    looks are in the order of a picture's. duration_ms: as the file says, 0 where it doesn't. reached_ms: how far it could be read.
    widest_gap_ms: between two frames. ended: whole, cut_off (it holds less than it says), damaged, out_of_time, too_many or too_big
    frames.
    """

    state: str
    container: str
    codec: str
    width: int
    height: int
    tracks: int
    duration_ms: int
    reached_ms: int
    interval_ms: int
    frames: int
    widest_gap_ms: int
    ended: str
    document: bytes


@dataclass(frozen=True)
class LookReading:
    """What a file is, and its look where it has one: `looks` of a picture, `frames` of a video or of a picture that moves
    (VideoReading's document).

    state: examined, too_plain, not_examined (reason: no_reader, nothing_to_read, no_picture) or failed (reason: malformed, too_big;
    `sentence` for the officer). quality: of a picture, 0 to 100. looks: 8 or 16, 64 hexadecimal digits each.
    """

    kind: str
    media_type: str
    state: str
    reason: str = ""
    sentence: str = ""
    width: int = 0
    height: int = 0
    quality: int = 0
    looks: tuple[str, ...] = ()
    frames: bytes = b""
    duration_ms: int = 0
    ended: str = ""


@dataclass(frozen=True)
class Pixels:
    """Raw RGB, three bytes a pixel, rows from the top."""

    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True)
class RowProblem:
    """A row that could not be taken, by its line in the file (1 is the first; 0 where lines mean nothing) or its element."""

    line: int
    problem: str
    element: str = ""


@dataclass(frozen=True)
class HashListReading:
    """What a list says, and its hashes as records (matching/records.py has their form, and checks them).

    records: empty where they went into a file of the caller's. categories: (scheme, code), by the number that records bear.
    unsupported: hashes that nothing here can compare, by kind. members: who reported how many, where the list says so.
    """

    format: str
    version: str
    source: str
    row_count: int
    hash_count: int
    categories: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    unsupported: dict[str, int]
    members: dict[str, int]
    problems: tuple[RowProblem, ...]
    problems_in_all: int
    records: bytes

    @cached_property
    def rows(self) -> tuple[dict[str, str], ...]:
        """The rows of a short list: dicts with md5, sha1, sha256, pdq (lower-case hex) and category, those the row has."""
        found: dict[int, dict[str, str]] = {}
        for row, category, kind, flags, value in _RECORD.iter_unpack(self.records):
            if kind in _DIGESTS and not flags:
                name, size_bytes = _DIGESTS[kind]
                cells = found.setdefault(row, {})
                cells[name] = value[:size_bytes].hex()
                if category < len(self.categories):
                    cells["category"] = self.categories[category][1]
        return tuple(found.values())


@dataclass(frozen=True)
class ReplyRow:
    """One row of a reply form: its line in the file, and its cells by column, as text."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class TableReading:
    """A table of any kind: its columns' names, and its rows as JSON lines.

    other_sheets: how many more sheets hold something; they weren't read.
    """

    columns: tuple[str, ...]
    row_count: int
    sheet: str
    other_sheets: int
    lines: bytes

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(the row's number in its file, its cells: one text for each column). Raises ExaminationFailed for another form."""
        for line in self.lines.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                raise _untrue("rows") from None
            cells = row.get("cells") if isinstance(row, dict) else None
            if not isinstance(cells, list) or len(cells) != len(self.columns):
                raise _untrue("rows")
            number = row.get("row")
            yield number if isinstance(number, int) else 0, [plain_text(cell, 20_000) for cell in cells]


@dataclass(frozen=True)
class Element:
    """An element of an XML document, without namespaces. text: its own, without blanks around it."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Element, ...]


@dataclass(frozen=True)
class CybertipReading:
    """A document in one of NCMEC's formats. form: report or file_details (XML), received (the JSON that police receive)."""

    form: str
    count: int
    lines: bytes

    def root(self) -> Element:
        """The one document of the XML forms. Raises ExaminationFailed for another form."""
        documents = self._documents()
        if self.form == "received" or len(documents) != 1:
            raise _untrue("documents")
        return _element(documents[0], 0)

    def received(self) -> Iterator[dict[str, object]]:
        """Each report as an object of texts, truths, None, lists and objects. Raises ExaminationFailed for another form."""
        for document in self._documents():
            if self.form != "received" or not isinstance(document, dict):
                raise _untrue("documents")
            yield cast("dict[str, object]", _plain(document, 0))

    def _documents(self) -> list[object]:
        try:
            return [json.loads(line) for line in self.lines.splitlines()]
        except (ValueError, RecursionError):
            raise _untrue("documents") from None


@dataclass(frozen=True)
class ReplyReading:
    """A reply form's rows; what the codes mean is for outcomes to check."""

    columns: tuple[str, ...]
    rows: tuple[ReplyRow, ...]
    problems: tuple[RowProblem, ...]


Reading = (
    Identified
    | MailReading
    | CmsReading
    | ArchiveReading
    | ChatReading
    | PictureReading
    | VideoReading
    | LookReading
    | Pixels
    | HashListReading
    | ReplyReading
    | TableReading
    | CybertipReading
)
Blobs = list[tuple[dict[str, object], bytes]]


class _Fields:
    """A child's facts, read field by field."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        self._facts = facts

    def text(self, name: str, cap: int = 1_000) -> str:
        return plain_text(self._facts.get(name, ""), cap)

    def code(self, name: str, *allowed: str) -> str:
        value = self._facts.get(name, "")
        if not isinstance(value, str) or (
            value not in allowed if allowed else not re.fullmatch(r"[\w.+/ -]{0,120}", value)
        ):
            raise _untrue(name)
        return value

    def hex(self, name: str, most: int) -> bytes:
        """At most so many bytes, from hexadecimal digits."""
        value = self._facts.get(name, "")
        if not isinstance(value, str) or len(value) > most * 2 or not re.fullmatch(r"(?:[0-9a-f]{2})*", value):
            raise _untrue(name)
        return bytes.fromhex(value)

    def number(self, name: str, highest: int = 1 << 40) -> int:
        value = self._facts.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest:
            raise _untrue(name)
        return value

    def truth(self, name: str) -> bool:
        return self._facts.get(name) is True

    def texts(self, name: str, cap: int, most: int) -> tuple[str, ...]:
        return tuple(plain_text(value, cap) for value in self._list(name, most))

    def entries(self, name: str, most: int) -> Iterator[_Fields]:
        for value in self._list(name, most):
            if not isinstance(value, dict):
                raise _untrue(name)
            yield _Fields(value)

    def looks(self) -> list[str]:
        """Fingerprints in all turns of a picture, of the whole and perhaps of what is within its borders."""
        found = [
            look for look in self._list("looks", 16) if isinstance(look, str) and re.fullmatch(r"[0-9a-f]{64}", look)
        ]
        if len(found) not in (8, 16) or len(found) != len(self._list("looks", 16)):
            raise _untrue("looks")
        return found

    def table(self, name: str) -> dict[str, str]:
        value = self._facts.get(name)
        if not isinstance(value, dict) or len(value) > 100:
            raise _untrue(name)
        return {plain_text(column, 100): plain_text(cell, 20_000) for column, cell in value.items()}

    def pairs(self, name: str, cap: int, most: int) -> tuple[tuple[str, str], ...]:
        found = self._list(name, most)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in found):
            raise _untrue(name)
        return tuple((plain_text(pair[0], cap), plain_text(pair[1], cap)) for pair in found)  # type: ignore[index]

    def counts(self, name: str, most: int) -> dict[str, int]:
        value = self._facts.get(name, {})
        if not isinstance(value, dict) or len(value) > most:
            raise _untrue(name)
        return {plain_text(kind, 80): _Fields(value).number(kind) for kind in value}

    def _list(self, name: str, most: int) -> list[object]:
        value = self._facts.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise _untrue(name)
        return value


def plain_text(value: object, cap: int) -> str:
    """Text that any database and page can take: no NUL, no half surrogate, at most `cap` characters."""
    if not isinstance(value, str):
        raise _untrue("text")
    return value[:cap].replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _untrue(name: str) -> ExaminationFailed:
    return ExaminationFailed("crashed", field=name)


def reading_of(kind: str, facts: Mapping[str, object], blobs: Blobs) -> Reading:
    """The reading that a child's facts and blobs stand for. Raises ExaminationFailed for a reply of another form."""
    return _READINGS[kind](_Fields(facts), blobs)


def _blob(about: Mapping[str, object], data: bytes) -> Blob:
    fields = _Fields(about)
    return Blob(fields.text("name", 200) or "unnamed", fields.text("type", 100), data)


def _only(blobs: Blobs) -> bytes:
    if len(blobs) != 1:
        raise _untrue("blobs")
    return blobs[0][1]


def _identified(facts: _Fields, blobs: Blobs) -> Identified:
    kind = facts.code("kind")
    return Identified(kind, facts.code("media_type"), facts.number("lines") if kind == "text" else None)


def _mail(facts: _Fields, blobs: Blobs) -> MailReading:
    roles = [about.get("role", "attachment") for about, _ in blobs]
    if any(role not in ("attachment", "openpgp", "openpgp_text", "smime") for role in roles):
        raise _untrue("role")
    files = [(str(role), _blob(about, data)) for role, (about, data) in zip(roles, blobs, strict=True)]
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


CMS_CIPHERS = ("3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-gcm", "aes192-gcm", "aes256-gcm")


def _cms(facts: _Fields, blobs: Blobs) -> CmsReading:
    recipients = []
    for entry in facts.entries("recipients", 100):
        scheme = entry.text("scheme", 40)
        if not re.fullmatch(r"rsa(-oaep-(sha1|sha256|sha384|sha512)-(sha1|sha256|sha384|sha512))?", scheme):
            raise _untrue("scheme")
        recipients.append(
            CmsRecipient(entry.hex("serial", 64), entry.hex("key_id", 64), scheme, entry.hex("key", 2_048))
        )
    return CmsReading(
        cipher=facts.code("cipher", *CMS_CIPHERS),
        iv=facts.hex("iv", 32),
        tag=facts.hex("tag", 16),
        attributes=facts.hex("attributes", 65_536),
        recipients=tuple(recipients),
        content=_only(blobs),
    )


def _archive(facts: _Fields, blobs: Blobs) -> ArchiveReading:
    unreadable = tuple(
        Unread(entry.text("name", 200), entry.code("reason")) for entry in facts.entries("unreadable", 10_000)
    )
    return ArchiveReading(
        format=facts.code("format"),
        members=facts.number("members"),
        files=tuple(_blob(about, data) for about, data in blobs),
        unreadable=unreadable,
        total_bytes=facts.number("total_bytes"),
    )


def _chat(facts: _Fields, blobs: Blobs) -> ChatReading:
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
        document=_only(blobs),
    )


def _picture(facts: _Fields, blobs: Blobs) -> PictureReading:
    pdq_hex, looks = facts.code("pdq_hex"), facts.looks()
    if len(looks) not in (8, 16) or looks[0] != pdq_hex:
        raise _untrue("looks")
    return PictureReading(
        state=facts.code("state", "examined", "too_plain"),
        format=facts.code("format"),
        width=facts.number("width"),
        height=facts.number("height"),
        frames=facts.number("frames"),
        pdq_hex=pdq_hex,
        looks=tuple(looks),
        quality=facts.number("quality", 100),
        averaged_by=facts.number("averaged_by", 1_000),
        taken_raw=facts.text("taken_raw", 40),
        device=facts.text("device", 100),
        has_location=facts.truth("has_location"),
    )


def _video(facts: _Fields, blobs: Blobs) -> VideoReading:
    state = facts.code("state", "examined", "too_plain", "not_examined")
    seen = state != "not_examined"
    return VideoReading(
        state=state,
        container=facts.code("container"),
        tracks=facts.number("tracks"),
        codec=facts.code("codec"),
        ended=facts.code("ended", *_ENDINGS) if seen else "",
        document=_frames(blobs) if seen else b"",
        **{name: facts.number(name) if seen else 0 for name in _VIDEO_NUMBERS},
    )


_VIDEO_NUMBERS = ("width", "height", "duration_ms", "reached_ms", "interval_ms", "frames", "widest_gap_ms")
_ENDINGS = ("whole", "cut_off", "damaged", "out_of_time", "too_many", "too_big")
_FRAMES = 20_000


def _frames(blobs: Blobs) -> bytes:
    """The frames' document, written anew from what was read of it: what a child wrote is passed on to nobody."""
    try:
        document = json.loads(_only(blobs))
    except (ValueError, RecursionError) as error:
        raise _untrue("frames") from error
    entries = _Fields(document if isinstance(document, dict) else {}).entries("frames", _FRAMES + 4)
    frames, last_ms = [], 0
    for entry in entries:
        at_ms = entry.number("at_ms")
        if at_ms < last_ms:
            raise _untrue("at_ms")
        last_ms = at_ms
        frames.append({"at_ms": at_ms, "quality": entry.number("quality", 100), "looks": entry.looks()})
    return json.dumps({"frames": frames}, separators=(",", ":")).encode()


def _look(facts: _Fields, blobs: Blobs) -> LookReading:
    state = facts.code("state", "examined", "too_plain", "not_examined", "failed")
    kind, media_type = facts.code("kind"), facts.code("media_type")
    if state in ("not_examined", "failed"):
        reasons = (
            ("no_reader", "nothing_to_read", "no_picture") if state == "not_examined" else ("malformed", "too_big")
        )
        return LookReading(kind, media_type, state, facts.code("reason", *reasons), facts.text("sentence", 300))
    width, height = facts.number("width"), facts.number("height")
    if kind == "picture":
        quality = facts.number("quality", 100)
        moves = _video(facts, blobs) if blobs else None
        return LookReading(
            kind,
            media_type,
            state,
            width=width,
            height=height,
            quality=quality,
            looks=tuple(facts.looks()),
            frames=moves.document if moves else b"",
            duration_ms=moves.duration_ms if moves else 0,
            ended=moves.ended if moves else "",
        )
    video = _video(facts, blobs)
    return LookReading(
        kind,
        media_type,
        state,
        width=width,
        height=height,
        frames=video.document,
        duration_ms=video.duration_ms,
        ended=video.ended,
    )


def _pixels(facts: _Fields, blobs: Blobs) -> Pixels:
    width, height, rgb = facts.number("width", 4096), facts.number("height", 4096), _only(blobs)
    if not width or not height or len(rgb) != width * height * 3:
        raise _untrue("pixels")
    return Pixels(width, height, rgb)


_RECORD = struct.Struct("<IHBB36s")
_DIGESTS = {1: ("md5", 16), 2: ("sha1", 20), 3: ("sha256", 32), 4: ("pdq", 32)}


def _table(facts: _Fields, blobs: Blobs) -> TableReading:
    return TableReading(
        columns=facts.texts("columns", 100, 200),
        row_count=facts.number("rows"),
        sheet=facts.text("sheet", 100),
        other_sheets=facts.number("other_sheets"),
        lines=_only(blobs),
    )


_DEEPEST = 40


def _cybertip(facts: _Fields, blobs: Blobs) -> CybertipReading:
    lines = _only(blobs)
    count = facts.number("documents", 20_000)
    if count != lines.count(b"\n") or not count:
        raise _untrue("documents")
    return CybertipReading(facts.code("form", "report", "file_details", "received"), count, lines)


def _element(value: object, depth: int) -> Element:
    if not isinstance(value, list) or len(value) != 4 or depth > _DEEPEST:
        raise _untrue("element")
    name, attributes, text, children = value
    if not isinstance(attributes, dict) or len(attributes) > 100 or not isinstance(children, list):
        raise _untrue("element")
    return Element(
        plain_text(name, 200),
        {plain_text(each, 200): plain_text(said, 20_000) for each, said in attributes.items()},
        plain_text(text, 1_000_000),
        tuple(_element(each, depth + 1) for each in children),
    )


def _plain(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        raise _untrue("documents")
    if isinstance(value, dict):
        return {plain_text(name, 200): _plain(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if value is None or isinstance(value, bool):
        return value
    return plain_text(value, 1_000_000)


def _hash_list(facts: _Fields, blobs: Blobs) -> HashListReading:
    records = _only(blobs)
    if len(records) % _RECORD.size:
        raise _untrue("records")
    return HashListReading(
        format=facts.code("format", *HASH_LIST_FORMATS),
        version=facts.text("version", 40),
        source=facts.text("source", 120),
        row_count=facts.number("rows"),
        hash_count=facts.number("hashes"),
        categories=facts.pairs("categories", 60, 65_000),
        columns=facts.texts("columns", 20, 20),
        unsupported=facts.counts("unsupported", 101),
        members=facts.counts("members", 1_000),
        problems=_problems(facts),
        problems_in_all=facts.number("errors_in_all"),
        records=records,
    )


def _reply(facts: _Fields, blobs: Blobs) -> ReplyReading:
    rows = tuple(ReplyRow(entry.number("line"), entry.table("cells")) for entry in facts.entries("rows", 10_000))
    return ReplyReading(facts.texts("columns", 100, 100), rows, _problems(facts))


def _problems(facts: _Fields) -> tuple[RowProblem, ...]:
    return tuple(
        RowProblem(entry.number("line"), entry.text("problem", 200), entry.text("element", 80))
        for entry in facts.entries("errors", 10_000)
    )


_READINGS: dict[str, Callable[[_Fields, Blobs], Reading]] = {
    "identify": _identified,
    "mail": _mail,
    "cms": _cms,
    "archive": _archive,
    "chat": _chat,
    "picture": _picture,
    "video": _video,
    "look": _look,
    "render": _pixels,
    "hash_list": _hash_list,
    "table": _table,
    "cybertip": _cybertip,
    "reply": _reply,
}
