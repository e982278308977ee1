"""Cellebrite's report.xml: the chats of a UFED report, message by message. Nothing outside of the file is ever fetched.

Source of the elements' names: public readers of such reports (docs/formats/chats.md). The report's other models are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.source import first_sign, text_of
from amparo.sandbox.inside.chats.ufed_models import Model, name_of, write, write_activity
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
_TALKS = {"Chat", "InstantMessage"}


def begins(head: bytes) -> bool:
    """Whether the first element is a project of Cellebrite's, or a model of theirs stands at the beginning."""
    if first_sign(head) != "<":
        return False
    text = text_of(head).lstrip("\ufeff \t\r\n")
    return text.startswith("<") and (_NAMESPACE in text or bool(_BEGINS.search(text)))


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
    except (expat.ExpatError, _TooDeep, LookupError) as error:  # LookupError: of an encoding that nobody knows
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


class _TooDeep(Exception):
    """Nested more deeply than anything real: here the file stops being a report."""


class _Reader:
    """Expat's events, as models; the chats and messages among them are written as they end."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.number = self.last_byte = 0
        self._open: list[Model] = []
        self._fields: list[str] = []
        # talks: how many of the open models are chats or messages; what stands in none of them is left alone.
        self._depth = self._talks = self._counted = self._size = 0
        self._words: list[str] | None = None
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
            raise _TooDeep
        name = tag.rpartition(" ")[2]
        if name == "model":
            self._begin(attributes)
        elif name in {"field", "modelField", "multiModelField", "multiField"}:
            self._fields.append(attributes.get("name", ""))
        elif name == "value" and self._talks:
            self._words = []

    def _begin(self, attributes: dict[str, str]) -> None:
        model = Model(attributes.get("type", ""), attributes.get("id", ""), attributes.get("deleted_state", ""))
        if model.type == "InstantMessage" and not self._in_message():
            self.number += 1
            model.place = self.number
            self._counted = self._size = 0
        elif model.type == "Chat":
            self._writer.begin_chat(model.id, "", "")
            model.chat = self._writer.chat
            self._counted = self._size = 0
        model.field_name = self._fields[-1] if self._fields else model.type
        self._talks += model.type in _TALKS
        self._open.append(model)
        self._counted += 1

    def _in_message(self) -> bool:
        """Whether this is part of a message, as one that it answers is."""
        return any(each.type == "InstantMessage" for each in self._open)

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

    def _close(self, model: Model) -> None:
        self.last_byte = self._parser.CurrentByteIndex
        self._talks -= model.type in _TALKS
        if model.place:
            write(self._writer, model, cut=self._size >= _CHARACTERS or self._counted >= _MODELS)
            self._counted = self._size = 0
        elif model.type == "Chat":
            self._end_chat(model)
        elif self._talks:
            self._keep(model)

    def _keep(self, model: Model) -> None:
        """A part of a talk or of a message, by the field that it is the value of."""
        whole, name = self._open[-1], model.field_name
        if whole.type == "Chat" and name == "Participants":
            # A chat may have more of them than anything else has parts.
            self._writer.met(name_of(model))
            self._counted = self._size = 0
        elif whole.type == "Chat" and model.type == "ChatActivity":
            self.number += write_activity(self._writer, model, self.number + 1)
            self._counted = self._size = 0
        elif self._counted < _MODELS:
            whole.models.setdefault(name, []).append(model)

    def _end_chat(self, model: Model) -> None:
        """What a chat is called may stand behind its messages."""
        if chat := model.chat:
            chat.id = model.value("Id", "ChatId") or model.id
            chat.name = model.value("Name", "ChatName")
            chat.type = " ".join(filter(None, (model.value("Source", "Application"), model.value("ChatType"))))
        self._writer.chat = next((each.chat for each in reversed(self._open) if each.chat), None)
        self._counted = self._size = 0


def _refuse(*_: object) -> None:
    raise Unreadable("malformed", "This XML declares a document type of its own, which no report has.")


FORMAT = Format("ufed", begins, read)
