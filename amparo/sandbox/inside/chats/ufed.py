"""Cellebrite's report.xml: the chats of a UFED report, message by message. Nothing outside of the file is ever fetched.

Source of the elements' names: public readers of such reports (docs/formats/chats.md). The report's other models are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.media import declared_type_of
from amparo.sandbox.inside.chats.notices import noticed
from amparo.sandbox.inside.chats.source import first_sign, text_of
from amparo.sandbox.inside.chats.writing import PIECE_CHARACTERS, Writer
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

_BLOCK_BYTES = 1 << 18
_DEEPEST = 100
# Of one message; one that holds more is marked as cut.
_MODELS, _CHARACTERS = 5_000, 1 << 20
_NAMESPACE = "http://pa.cellebrite.com/report/"
_BEGINS = re.compile(
    r"<project\b[^>]*(?:cellebrite|reportVersion|extractionType)|<modelType\b[^>]*\btype=\"(?:Chat|InstantMessage)\""
)
_SYSTEM = "System Message"


def begins(head: bytes) -> bool:
    """Whether the first element is a project of Cellebrite's, or a model of theirs stands at the beginning."""
    if first_sign(head) != "<":
        return False
    text = text_of(head).lstrip("\ufeff \t\r\n")
    return text.startswith("<") and (_NAMESPACE in text or bool(_BEGINS.search(text)))


@dataclass
class _Model:
    """An element `model`: its fields' values by name, and the models within it by their field's name."""

    type: str
    id: str = ""
    deleted: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    models: dict[str, list[_Model]] = field(default_factory=dict)
    place: int = 0

    def value(self, *names: str) -> str:
        """The first value of the first of these fields that has one."""
        return next((value for name in names for value in self.values.get(name, ()) if value), "")

    def inner(self, *names: str) -> list[_Model]:
        return [model for name in names for model in self.models.get(name, ())]


def read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    """Writes the reading (chats/__init__.py) and gives its counts. Raises Unreadable for a document type of its own."""
    writer = Writer(
        sink, FORMAT.name, {"date_order": "ymd", "alternatives": [], "date_order_evidence": [times.EVIDENCE]}
    )
    reader = _Reader(writer)
    try:
        while block := data.read(_BLOCK_BYTES):
            reader.feed(block)
        reader.feed(b"", final=True)
    except expat.ExpatError as error:
        reader.break_off()
        data.seek(max(0, reader.last_byte))
        writer.broken(_pieces(data), reader.number + 1)
        writer.lines = max(reader.number, getattr(error, "lineno", 0) or 0)
    else:
        writer.lines = reader.number
    return writer.close()


def _pieces(data: BinaryIO) -> Iterator[str]:
    while block := data.read(PIECE_CHARACTERS):
        yield block.decode("utf-8", "replace")


class _Reader:
    """Expat's events, as models; the chats and messages among them are written as they end."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.number = self.last_byte = 0
        self._open: list[_Model] = []
        self._fields: list[str] = []
        self._depth = self._skipped = self._counted = self._size = 0
        self._words: list[str] | None = None
        self._chat: _Model | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._said
        # Without a document type of its own a file can define no entity, so none can grow or be fetched.
        self._parser.StartDoctypeDeclHandler = _refuse

    def feed(self, block: bytes, *, final: bool = False) -> None:
        self._parser.Parse(block, final)

    def break_off(self) -> None:
        """What was read of a message when the file broke off is written."""
        while self._open:
            self._close(self._open.pop())

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable("malformed", "It is nested more deeply than anything real.")
        name = tag.rpartition(" ")[2]
        if name == "model":
            self._begin(attributes)
        elif name in {"field", "modelField", "multiModelField", "multiField"}:
            self._fields.append(attributes.get("name", ""))
        elif name == "value":
            self._words = []

    def _begin(self, attributes: dict[str, str]) -> None:
        model = _Model(attributes.get("type", ""), attributes.get("id", ""), attributes.get("deleted_state", ""))
        if model.type == "InstantMessage":
            self.number += 1
            model.place = self.number
            self._counted = self._size = 0
        self._open.append(model)
        self._counted += 1
        if model.type == "Chat":
            self._chat = None

    def _said(self, text: str) -> None:
        if self._words is not None:
            self._size += len(text)
            if self._size < _CHARACTERS:
                self._words.append(text)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.rpartition(" ")[2]
        if name == "value":
            if self._open and self._words is not None and self._fields and self._counted < _MODELS:
                values = self._open[-1].values.setdefault(self._fields[-1], [])
                if len(values) < 100:
                    values.append("".join(self._words).strip("\n"))
            self._words = None
        elif name in {"field", "modelField", "multiModelField", "multiField"}:
            if self._fields:
                self._fields.pop()
        elif name == "model" and self._open:
            self._close(self._open.pop())

    def _close(self, model: _Model) -> None:
        self.last_byte = self._parser.CurrentByteIndex
        if model.type == "InstantMessage":
            chat = next((each for each in self._open if each.type == "Chat"), None)
            if chat and chat is not self._chat:
                self._chat = chat
                self._begin_chat(chat)
            elif not chat and self._chat is None:
                self._writer.chat = None
            _write(self._writer, model, cut=self._size >= _CHARACTERS or self._counted >= _MODELS)
            self._counted = self._size = 0
        elif model.type == "Chat":
            if model is not self._chat and model.place == 0:
                self._begin_chat(model)
            self._chat = None
            self._writer.chat = None
            self._counted = self._size = 0
        elif self._open and self._counted < _MODELS:
            name = self._fields[-1] if self._fields else model.type
            self._open[-1].models.setdefault(name, []).append(model)

    def _begin_chat(self, chat: _Model) -> None:
        source, name = chat.value("Source", "Application"), chat.value("Name", "ChatName")
        self._writer.begin_chat(
            chat.value("Id", "ChatId") or chat.id, name, " ".join(filter(None, (source, chat.value("ChatType"))))
        )
        for party in chat.inner("Participants", "Party"):
            self._writer.met(_name(party))


def _refuse(*_: object) -> None:
    raise Unreadable("malformed", "This XML declares a document type of its own, which no report has.")


def _name(party: _Model) -> str:
    return party.value("Name") or party.value("Identifier")


def _write(writer: Writer, message: _Model, *, cut: bool) -> None:
    """cut: the message holds more than any real one, and some of it was left out."""
    raw, body = message.value("TimeStamp", "DateTime", "Timestamp"), message.value("Body", "Text")
    ts, offset = times.wall_clock(raw)
    if offset:
        writer.offset(offset)
    author = next(iter(message.inner("From")), _Model("Party"))
    # Name and identifier are kept apart: two people may bear one name.
    sender = _name(author) or message.value("From", "Sender")
    more: dict[str, object] = {
        "id": message.value("Identifier") or message.id, "offset": offset, "sender_id": author.value("Identifier"),
        "source": message.value("Source"),
        "recovered": message.deleted == "Deleted", "status": message.value("Status"),
        "to": [_name(party) for party in message.inner("To")] if not writer.chat else None,
        "cut": cut, "subject": message.value("Subject"),
    }  # fmt: skip
    where = {"raw": raw, "place": message.place}
    if _SYSTEM in (author.value("Identifier"), sender):
        kind, actor, targets, value = noticed(body)
        writer.event(ts, kind, actor=actor, targets=targets, value=value, text=body, **where, **more)  # type: ignore[arg-type]
        return
    kind, files, text = _kind(message, body)
    writer.message(
        ts, sender, kind, text, files[0] if files else None, **where, **more, files=files if len(files) > 1 else None,  # type: ignore[arg-type]
    )  # fmt: skip


def _kind(message: _Model, body: str) -> tuple[str, list[dict[str, object]], str]:
    files = [_file(each) for each in message.inner("Attachments", "Attachment")]
    position = message.inner("Position", "Location") or [
        each for where in message.inner("Location") for each in where.inner("Position")
    ]
    cards = message.inner("SharedContacts")
    if cards and not files:
        return (
            "contact",
            [{"name": "", "type": "contact", "omitted": False}],
            body or "\n".join(each.value("Name") for each in cards),
        )
    if position and not files:
        where = ",".join(filter(None, (position[0].value("Latitude"), position[0].value("Longitude"))))
        live = message.value("IsLocationSharing") == "True"
        return ("live_location" if live else "location"), [], body or where
    return ("media" if files else "text"), files, body


def _file(attachment: _Model) -> dict[str, object]:
    name = attachment.value("Filename", "Title") or attachment.value("URL").partition("?")[0].rpartition("/")[2]
    declared = attachment.value("ContentType", "MetaType")
    there = attachment.value("attachment_extracted_path", "LocalPath") or attachment.values.get("Filename")
    return {"name": name, "type": declared_type_of(declared if "/" in declared else "", name), "omitted": not there}


FORMAT = Format("ufed", begins, read)
