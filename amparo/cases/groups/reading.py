"""The chat reading as typed values. Source: issue 5's model, written by the sandbox's readers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

POST_KINDS = (
    "text",
    "media",
    "deleted",
    "view_once",
    "location",
    "live_location",
    "contact",
    "poll",
)


@dataclass(frozen=True, slots=True)
class Media:
    """A file that a message names. omitted: the export was made without it."""

    name: str
    type: str
    omitted: bool


@dataclass(frozen=True, slots=True)
class Message:
    """ts: the wall clock as written, no zone; None where no date could be read. line: 1 is the export's first.

    forwarded: the export marks it as passed on from somewhere else.
    """

    ts: datetime | None
    raw: str
    line: int
    sender: str
    kind: str
    text: str
    media: Media | None
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What the service itself wrote: somebody was added, left, changed the subject."""

    ts: datetime | None
    raw: str
    line: int
    type: str
    actor: str
    targets: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class ChatReading:
    """zone_offset: "+02:00" where the export states one, else empty. Messages and notices in the file's order.

    name: the chat's, where the export has it.
    """

    platform: str
    date_order: str
    alternatives: tuple[str, ...]
    zone_offset: str
    members: tuple[str, ...]
    messages: tuple[Message, ...]
    notices: tuple[Notice, ...]
    unsupported_count: int
    unsupported_lines: tuple[str, ...]
    name: str = ""


PLATFORMS = {
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "signal": "Signal",
    "discord": "Discord",
    "lava": "LAVA",
    "ufed": "UFED",
}


OPENS, CLOSES = b'"items":[', (b"],", b"]")


class Laid:
    """A reading's JSON as the sandbox lays it: what it is, an item a line, the rest. Raises ValueError for another layout."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._rest = iter(lines)
        self.before = [next(self._rest, b""), next(self._rest, b"")]
        if not self.before[1].startswith(OPENS) or self.before[1].strip() != OPENS:
            raise ValueError("no item stands on a line of its own")
        self.facts: dict[str, Any] = json.loads(self.before[0].strip().rstrip(b",") + b"}")

    def items(self) -> Iterator[bytes]:
        """The JSON of each item. Afterwards `facts` holds what stands behind them too."""
        for line in self._rest:
            bare = line.strip()
            if bare in CLOSES:
                break
            yield bare.rstrip(b",")
        self.facts |= json.loads(b"{" + b"".join(self._rest))


def from_lines(lines: Iterable[bytes]) -> ChatReading:
    """The reading's JSON as values, from the lines in which the sandbox wrote it: an item a line, none held as JSON.

    Raises KeyError or ValueError for what is no chat reading.
    """
    rest = iter(lines)
    first = list(islice(rest, 2))
    try:
        laid = Laid(chain(first, rest))
    except ValueError:
        return from_json(json.loads(b"".join((*first, *rest))))
    messages, notices = _items(map(json.loads, laid.items()))
    return reading_of(laid.facts, messages, notices)


def from_json(reading: Mapping[str, Any]) -> ChatReading:
    """The reading's JSON as values. Raises KeyError or ValueError for what is no chat reading."""
    return reading_of(reading, *_items(reading["items"]))


def _items(items: Iterable[Mapping[str, Any]]) -> tuple[list[Message], list[Notice]]:
    messages: list[Message] = []
    notices: list[Notice] = []
    for each in items:
        if each["item"] == "message":
            messages.append(message_of(each))
        else:
            notices.append(notice_of(each))
    return messages, notices


def reading_of(reading: Mapping[str, Any], messages: Iterable[Message], notices: Iterable[Notice]) -> ChatReading:
    """What stands around the items, with the items."""
    unsupported = reading.get("unsupported") or {}
    platform = str(reading["format"])
    return ChatReading(
        PLATFORMS.get(platform, platform),
        str(reading["date_order"]),
        tuple(map(str, reading.get("alternatives") or ())),
        str(reading.get("zone_offset") or ""),
        tuple(map(_text, reading.get("members") or ())),
        tuple(messages),
        tuple(notices),
        int(unsupported.get("count", 0)),
        tuple(map(_line, unsupported.get("lines", ()))),
        _name(reading),
    )


def _name(reading: Mapping[str, Any]) -> str:
    """What the export calls the chat, where it is of one and says so."""
    chats = reading.get("chats")
    return _text(chats[0].get("name")) if isinstance(chats, list) and len(chats) == 1 else ""


def _line(line: Any) -> str:
    """An unsupported line as text: readers give either the text or {"line": n, "raw": text}."""
    if isinstance(line, Mapping):
        return _text(f"{line.get('line', '')}: {line.get('raw') or line.get('text') or ''}".lstrip(": "))
    return _text(line)


# PostgreSQL keeps neither; a hostile export has both.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _text(value: Any) -> str:
    """The value as text that a column can keep; empty for None."""
    return UNSTORABLE.sub("\ufffd", str(value or ""))


def _ts(text: Any) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


def message_of(each: Mapping[str, Any]) -> Message:
    """An item of kind message as values. Raises KeyError or ValueError."""
    media = each.get("media")
    return Message(
        _ts(each.get("ts")),
        _text(each.get("raw") or each.get("ts")),
        int(each.get("line") or 0),
        # The same few senders and kinds a million times over: one text each.
        sys.intern(_text(each.get("sender"))),
        sys.intern(str(each.get("kind") or "text")),
        _text(each.get("text")),
        Media(_text(media.get("name")), _text(media.get("type")), bool(media.get("omitted"))) if media else None,
        bool(each.get("forwarded_from")),
    )


def notice_of(each: Mapping[str, Any]) -> Notice:
    """Any other item as values. Raises KeyError or ValueError."""
    return Notice(
        _ts(each.get("ts")),
        _text(each.get("raw") or each.get("ts")),
        int(each.get("line") or 0),
        str(each.get("type") or "notice"),
        _text(each.get("actor")),
        tuple(map(_text, each.get("targets") or ())),
        _text(each.get("value")),
    )
