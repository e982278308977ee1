"""The one reading that all formats share, written as it is found: an item a line, so that nothing is ever held whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from json.encoder import encode_basestring

from amparo.sandbox.inside.frames import Facts, Sink

MEDIA_TYPE = "application/vnd.amparo.chat+json"
UNSUPPORTED_SHOWN = 1_000
UNSUPPORTED_CHARACTERS = 500
# A chat service's largest group has some hundred thousand; a file with more names was made to fill the memory.
MEMBERS = 1_000_000
_CHARACTERS = 1 << 19
PIECE_CHARACTERS = 1 << 18
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

MESSAGE_KINDS = frozenset(
    ("text", "media", "deleted", "view_once", "location", "live_location", "contact", "poll")
)  # fmt: skip
MEDIA_TYPES = frozenset(
    ("image", "video", "audio", "voice", "sticker", "gif", "document", "contact", "unknown")
)  # fmt: skip


# A text as JSON, with its quotes.
quoted: Callable[[str], str] = encode_basestring


def _encoded(value: object) -> str:
    """The value as JSON."""
    if value is None:
        return "null"
    if type(value) is str:
        return quoted(value)
    return "true" if value is True else str(value) if type(value) is int else _ENCODE(value)


@dataclass(slots=True)
class Chat:
    """One talk of an export that holds several."""

    number: int
    id: str
    name: str
    type: str
    members: dict[str, None] = field(default_factory=dict)
    messages: int = 0
    events: int = 0


@dataclass(slots=True)
class Counts:
    message: int = 0
    event: int = 0
    media: int = 0
    sticker: int = 0
    notice: int = 0


class Writer:
    """Takes items in the file's order and writes them. `members` grows with each who is named, by `met`."""

    def __init__(self, sink: Sink, format_name: str, opening: dict[str, object]) -> None:
        self._sink, self.format = sink, format_name
        self._date_order = str(opening["date_order"])
        self.members: dict[str, None] = {}
        self.chats: list[Chat] = []
        self.chat: Chat | None = None
        self._alone = False
        self._by_key: dict[str, Chat] = {}
        self.counts = Counts()
        self.first_at = self.last_at = ""
        self.unsupported_count = self.lines = 0
        self._unsupported: list[dict[str, object]] = []
        self._offsets: dict[str, None] = {}
        self._parts: list[str] = []
        self._size, self._before = 0, "\n"
        sink.begin(name="reading.json", type=MEDIA_TYPE)
        sink.write((_ENCODE({"format": format_name, **opening})[:-1] + ',\n"items":[').encode("utf-8", "replace"))

    # --- Whoever is named -----------------------------------------------------------------------------------------------------

    @property
    def belongs(self) -> str:
        """What items say of their chat, as JSON; "" where there is but one."""
        return f',"chat":{self.chat.number}' if self.chat and not self._alone else ""

    def begin_chat(self, identity: str, name: str, kind: str, *, alone: bool = False) -> None:
        """What follows belongs to this chat. alone: the export can hold no other, so items need not name it."""
        self.chat = Chat(len(self.chats), identity, name, kind)
        self._alone = alone
        self.chats.append(self.chat)

    def in_chat(self, key: str, identity: str, name: str, kind: str) -> None:
        """What follows belongs to the chat of this key, which may have begun before."""
        if key not in self._by_key:
            self.begin_chat(identity, name, kind)
            self._by_key[key] = self.chats[-1]
        self.chat = self._by_key[key]

    def met(self, *names: str) -> None:
        """Afterwards these are members."""
        for name in names:
            if name and name not in self.members and len(self.members) < MEMBERS:
                self.members[name] = None
            if name and self.chat and name not in self.chat.members and len(self.chat.members) < MEMBERS:
                self.chat.members[name] = None

    def offset(self, text: str) -> None:
        """The export says that a clock of its stands this far from UTC, "+02:00"."""
        if len(self._offsets) < 100:
            self._offsets[text] = None

    # --- Items ----------------------------------------------------------------------------------------------------------------

    def message(
        self,
        ts: str | None,
        sender: str,
        kind: str,
        text: str,
        media: dict[str, object] | None = None,
        *,
        raw: str,
        place: int,
        lines: int = 1,
        **more: object,
    ) -> None:
        """more: what this format knows beside; empty values are left out."""
        self.met(sender)
        if media:
            self.count_media(str(media["type"]))
        self.counts.message += 1
        if self.chat:
            self.chat.messages += 1
        file = (
            f'{{"name":{_encoded(media["name"])},"type":"{media["type"]}","omitted":{"true" if media["omitted"] else "false"}}}'
            if media
            else "null"
        )
        self._item(
            f'{{"item":"message","ts":{_encoded(ts)},"sender":{_encoded(sender or None)},"kind":"{kind}",'
            f'"text":{quoted(text)},"media":{file}',
            ts,
            (raw, place, lines),
            more,
        )

    def event(
        self,
        ts: str | None,
        kind: str,
        *,
        actor: str = "",
        targets: Iterable[str] = (),
        value: str = "",
        text: str = "",
        raw: str,
        place: int,
        lines: int = 1,
        **more: object,
    ) -> None:
        """kind "notice": one that no table knows; its words are its value."""
        targets = [target for target in targets if target]
        self.met(actor, *targets)
        self.counts.event += 1
        self.counts.notice += kind == "notice"
        if self.chat:
            self.chat.events += 1
        self._item(
            f'{{"item":"event","ts":{_encoded(ts)},"type":"{kind}","actor":{_encoded(actor or None)},'
            f'"targets":{_encoded(targets)},"value":{_encoded(value or None)},"text":{quoted(text)}',
            ts,
            (raw, place, lines),
            more,
        )

    def unsupported(self, text: str, place: int, lines: int = 1) -> None:
        """What fits no pattern: an item like any other, and counted."""
        self.unsupported_count += lines
        if len(self._unsupported) < UNSUPPORTED_SHOWN:
            self._unsupported.append({"line": place, "text": text[:UNSUPPORTED_CHARACTERS]})
        self.event(None, "notice", value=text, raw="", place=place, lines=lines, unsupported=True)
        # Shown as a notice, counted by itself.
        self.counts.event -= 1
        self.counts.notice -= 1

    def broken(self, rest: Iterable[str], place: int) -> None:
        """What stands behind the place where a file stops being what it began as: shown as it is, in pieces."""
        for piece in rest:
            for start in range(0, len(piece), PIECE_CHARACTERS):
                if piece[start : start + PIECE_CHARACTERS].strip():
                    self.unsupported(piece[start : start + PIECE_CHARACTERS], place)

    def _item(self, begun: str, ts: str | None, where: tuple[str, int, int], more: dict[str, object]) -> None:
        raw, place, lines = where
        parts = [f'{begun},"raw":{quoted(raw)},"line":{place},"lines":{lines}{self.belongs}']
        for name, value in more.items():
            if value:
                parts.append(f',"{name}":{_encoded(value)}')
        parts.append("}")
        if ts:
            self.count_time(ts)
        self.add("".join(parts))

    def add(self, encoded: str) -> None:
        """An item as JSON that is counted already."""
        self._parts.append(encoded)
        self._size += len(encoded)
        if self._size > _CHARACTERS or len(self._parts) > 4_000:
            self._flush()

    def add_plain(self, encoded: str, at: str) -> None:
        """A message as JSON, at this moment, of one who was met, without a file."""
        if self._size > _CHARACTERS:
            self._flush()
        self._parts.append(encoded)
        self._size += len(encoded)
        self.counts.message += 1
        if self.chat:
            self.chat.messages += 1
        self.count_time(at)

    def add_all(self, encoded: list[str], first: str, last: str) -> None:
        """Messages as `add_plain` takes them, from the first of their moments to the last."""
        if not encoded:
            return
        if self._size > _CHARACTERS:
            self._flush()
        self._parts += encoded
        self._size += sum(map(len, encoded))
        self.counts.message += len(encoded)
        if self.chat:
            self.chat.messages += len(encoded)
        self.count_time(first)
        self.count_time(last)

    def take_back(self) -> None:
        """The message added last, by add_plain, is not written; its moment counts."""
        self._size -= len(self._parts.pop())
        self.counts.message -= 1

    def count_time(self, at: str) -> None:
        """`at` compares as text."""
        if at > self.last_at:  # noqa: PLR1730 - for every item, and max() costs thrice as much
            self.last_at = at
        if at < self.first_at or not self.first_at:
            self.first_at = at

    def count_media(self, kind: str) -> None:
        self.counts.media += 1
        self.counts.sticker += kind == "sticker"

    def _flush(self) -> None:
        if self._parts:
            text = self._before + ",\n".join(self._parts)
            self._sink.write(text.encode("utf-8", "replace"))
            self._before = ",\n"
            self._parts, self._size = [], 0

    # --- The end --------------------------------------------------------------------------------------------------------------

    def close(self, language: str = "", **more: object) -> Facts:
        """Writes what is known only now, and gives the counts."""
        closing: dict[str, object] = dict(more)
        self._flush()
        offsets = list(self._offsets)
        closing["zone_offset"] = offsets[0] if len(offsets) == 1 else None
        if len(offsets) > 1:
            closing["zone_offsets"] = offsets
        if self.chats:
            closing["chats"] = [
                {
                    "number": each.number, "id": each.id, "name": each.name, "type": each.type,
                    "messages": each.messages, "events": each.events, "members": list(each.members),
                }
                for each in self.chats
            ]  # fmt: skip
        closing |= {
            "members": list(self.members),
            "lines": self.lines,
            "unsupported": {"count": self.unsupported_count, "lines": self._unsupported},
        }
        end = "\n]" if self._before != "\n" else "]"
        self._sink.write((end + ",\n" + _ENCODE(closing)[1:] + "\n").encode("utf-8", "replace"))
        return self._facts(language, self._date_order)

    def _facts(self, language: str, date_order: str) -> Facts:
        counts = self.counts
        return {
            "format": self.format,
            "date_order": date_order,
            "alternatives": [],
            "messages": counts.message,
            "events": counts.event,
            "media": counts.media,
            "stickers": counts.sticker,
            "unknown_notices": counts.notice,
            "members": len(self.members),
            "language": language,
            "lines": self.lines,
            "unsupported": self.unsupported_count,
            "first_at": self.first_at,
            "last_at": self.last_at,
        }
