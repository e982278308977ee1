"""Telegram Desktop's result.json: one chat, or the whole account with all its chats.

Source of the fields: exports as Telegram Desktop writes them (docs/formats/chats.md). Wall clock and UTC stand side by side,
so the zone is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, BinaryIO

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.json_stream import Broken, Walk
from amparo.sandbox.inside.chats.source import first_sign, text_of
from amparo.sandbox.inside.chats.telegram_parts import (
    flat,
    kind_of,
    marked,
    plain,
    pointed_to,
    what_else,
    words_alone,
    words_for,
)
from amparo.sandbox.inside.chats.writing import Writer, quoted
from amparo.sandbox.inside.frames import Facts, Sink

_CHAT_TYPE = re.compile(
    r'"type"\s*:\s*"(?:saved_messages|replies|verification_codes|personal_chat|bot_chat|'
    r'(?:private|public)_(?:group|supergroup|channel))"'
)
_WHOLE = re.compile(r'^\s*\{\s*"about"\s*:\s*"[^"]*"\s*,\s*"(?:personal_information|contacts|chats|left_chats)"')
_MESSAGE = re.compile(r'"messages"\s*:\s*\[\s*(?:\{|\]|$)')
_ABOUT = frozenset(("name", "type", "id"))
_EVENTS = {
    "create_group": "group_created", "create_channel": "group_created", "invite_members": "member_added",
    "remove_members": "member_removed", "join_group_by_link": "member_joined_link",
    "join_group_by_request": "member_joined", "edit_group_title": "subject_changed", "edit_group_photo": "icon_changed",
    "delete_group_photo": "icon_changed", "pin_message": "pinned", "migrate_to_supergroup": "migrated",
    "migrate_from_group": "migrated",
}  # fmt: skip
_MISSED = {"missed", "busy"}
_TYPES = {"message", "service", "unsupported"}
_OF_WORDS = frozenset(
    (
        "id", "type", "date", "date_unixtime", "from", "from_id", "text", "text_entities", "reply_to_message_id", "edited",
        "edited_unixtime",
    )
)  # fmt: skip
# What `_message` reads or another of these says; anything else a message has is kept as `other`.
_READ = _OF_WORDS | frozenset(
    (
        "photo", "photo_file_size", "width", "height", "file", "file_name", "file_size", "thumbnail", "thumbnail_file_size",
        "media_type", "mime_type", "duration_seconds", "contact_information", "contact_vcard", "location_information",
        "live_location_period_seconds", "place_name", "poll", "self_destruct_period_seconds", "forwarded_from", "via_bot", "author",
        "reactions",
    )
)  # fmt: skip
# Of these, what few messages have.
_SELDOM = frozenset(
    ("edited", "reply_to_message_id", "forwarded_from", "via_bot", "author", "place_name", "reactions")
)  # fmt: skip
# The same of an event, beside the parts that some of them have.
_KNOWN = frozenset(("id", "type", "date", "date_unixtime", "actor", "actor_id", "action", "text_entities", "members"))
_READ_OF_EVENTS = _KNOWN | frozenset(("title", "message_id", "text", "inviter"))
_IN_WORDS, _OF_PART = _OF_WORDS.issuperset, {"type", "text"}
_REMEMBERED, _AT_ONCE, _LONG = 10_000, 1_000, 10_000


def begins(head: bytes) -> bool:
    """Whether it is a chat's or an account's object, or the list of messages has one of Telegram's."""
    if first_sign(head) != "{":
        return False
    text = text_of(head)
    if _CHAT_TYPE.search(text) and ('"messages"' in text or '"chats"' in text):
        return True
    if _WHOLE.search(text) or ('"personal_information"' in text and '"user_id"' in text):
        return True
    own = ('"from_id"', '"actor_id"', '"text_entities"', '"date_unixtime"')
    return bool(_MESSAGE.search(text)) and '"guild"' not in text and any(name in text for name in own)


def read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    """Writes the reading (chats/__init__.py) and gives its counts."""
    writer = Writer(
        sink, FORMAT.name, {"date_order": "ymd", "alternatives": [], "date_order_evidence": [times.EVIDENCE]}
    )
    walk, reader = Walk(data), _Reader(writer)
    try:
        reader.top(walk)
        if walk.sign():
            raise Broken
    except Broken:
        writer.broken(walk.rest(), reader.number)
    writer.lines = reader.number
    return writer.close()


class _Reader:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.number = 0
        # What close looks taught: how an item of this chat says who wrote it, by sender and by their id.
        self._senders: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        # A day, how far its clock's zero stands from the seconds since 1970, and that as an offset.
        self._day, self._base, self._offset = "", 0, ""
        self._clock = times.Clock()
        self._belongs = ""

    def top(self, walk: Walk) -> None:
        """The file: an account's object or a chat's."""
        about: dict[str, Any] = {}
        for key in walk.entries():
            if key in {"chats", "left_chats"} and walk.sign() == "{":
                for inner in walk.entries():
                    if inner == "list" and walk.sign() == "[":
                        for _ in walk.elements():
                            self._chat(walk)
                    else:
                        walk.value()
            elif key == "messages" and walk.sign() == "[":
                self._messages(walk, about, alone=True)
            else:
                value = walk.value()
                if key in _ABOUT:
                    about[key] = value

    def _chat(self, walk: Walk) -> None:
        if walk.sign() != "{":
            walk.value()
            return
        about: dict[str, Any] = {}
        for key in walk.entries():
            if key == "messages" and walk.sign() == "[":
                self._messages(walk, about, alone=False)
            else:
                value = walk.value()
                if key in _ABOUT:
                    about[key] = value

    def _messages(self, walk: Walk, about: Mapping[str, Any], *, alone: bool) -> None:
        self._writer.begin_chat(plain(about.get("id")), plain(about.get("name")), plain(about.get("type")), alone=alone)
        self._belongs = self._writer.belongs
        self._senders.clear()
        self._ids.clear()
        ready: list[str] = []
        first = last = ""
        try:
            for message in walk.values():
                self.number += 1
                item = self._plain(message) if type(message) is dict else ""
                if item:
                    ready.append(item)
                    at = message["date"]
                    if at > last:  # noqa: PLR1730 - for every message, and max() costs thrice as much
                        last = at
                    if at < first or not first:
                        first = at
                    if len(ready) < _AT_ONCE:
                        continue
                self._writer.add_all(ready, first, last)
                ready, first, last = [], "", ""
                if not item:
                    self._closely(message, walk)
        finally:
            self._writer.add_all(ready, first, last)

    def _plain(self, message: dict[str, Any]) -> str:
        """The item, as JSON, of a message that is words alone, of somebody known, as nine of ten are; "" where it is more.

        Each value is what Telegram itself writes, or `_item` takes it as it is.
        """
        if not _IN_WORDS(message):
            return ""
        get = message.get
        at, seconds, text, number = get("date"), get("date_unixtime"), get("text"), get("id")
        try:
            said, more = self._senders[get("from")], self._ids[get("from_id")]  # type: ignore[index]
            if (
                type(text) is not list
                and (parts := get("text_entities"))
                and (len(parts) > 1 or parts[0].keys() != _OF_PART)
            ):
                return ""
        except (KeyError, TypeError, AttributeError):
            return ""
        if type(text) is list:
            text = words_alone(text)
        if not (text and type(text) is type(at) is type(seconds) is str and type(number) is int and number):
            return ""
        if len(text) > _LONG or get("type") != "message" or not self._is_known(at, seconds):
            return ""
        if "edited" in message:
            more += ',"edited":true'
        if "reply_to_message_id" in message:
            reply = message["reply_to_message_id"]
            if type(reply) is not int or not reply:
                return ""
            more += f',"reply_to":{reply}'
        return (
            f'{{"item":"message","ts":"{at}",{said}{quoted(text)},"media":null,"raw":"{at}","line":{self.number},'
            f'"lines":1{self._belongs},"id":{number},"offset":"{self._offset}"{more}}}'
        )

    def _closely(self, message: Any, walk: Walk) -> None:
        if type(message) is dict and walk.is_shallow(message) and plain(message.get("type", "message")) in _TYPES:
            self._item(message)
        else:
            self._writer.broken([walk.taken()], self.number)

    def _item(self, message: dict[str, Any]) -> None:
        ts, offset, raw = self._when(message)
        more: dict[str, Any] = {"id": message.get("id"), "offset": offset}
        if message.get("type") == "service":
            self._event(message, ts, raw, more)
        else:
            self._message(message, ts, raw, more)
            self._learn(message.get("from"), message.get("from_id"))

    def _when(self, message: dict[str, Any]) -> tuple[str | None, str, str]:
        """(moment as its wall clock shows it, how far that stands from UTC or "", the date as written)."""
        written, seconds = message.get("date"), message.get("date_unixtime")
        if type(written) is type(seconds) is str and self._is_known(written, seconds):
            return written, self._offset, written
        raw = plain(written)
        ts, offset = times.wall_clock(raw)
        if ts and seconds and not offset:
            offset = times.offset_between(ts, seconds)
            if offset and ts == raw and type(seconds) is str:
                self._day, self._base, self._offset = ts[:10], int(seconds) - self._clock[ts[10:]], offset
        elif not ts and seconds:
            # No wall clock at all: the moment stands as UTC, and says so.
            ts, raw = times.of_number(seconds), plain(seconds)
            offset = "+00:00" if ts else ""
        if offset:
            self._writer.offset(offset)
        return ts, offset, raw

    def _is_known(self, at: str, seconds: str) -> bool:
        """Whether these are a clock of the day that was read last, and stand as far apart."""
        try:
            return at[:10] == self._day and int(seconds) - self._clock[at[10:]] == self._base
        except (KeyError, ValueError):
            return False

    def _learn(self, sender: Any, by: Any) -> None:
        """Afterwards words of this sender, as Telegram writes them, are read at a look."""
        if type(sender) is not str or type(by) is not str or (sender in self._senders and by in self._ids):
            return
        if 0 < len(sender) <= _LONG and 0 < len(by) <= _LONG:
            if len(self._senders) + len(self._ids) >= _REMEMBERED:
                self._senders.clear()
                self._ids.clear()
            self._senders[sender] = f'"sender":{quoted(sender)},"kind":"text","text":'
            self._ids[by] = f',"sender_id":{quoted(by)}'

    def _message(self, message: dict[str, Any], ts: str | None, raw: str, more: dict[str, Any]) -> None:
        more["sender_id"] = sender_id = plain(message.get("from_id"))
        kind, media = kind_of(message)
        text = flat(message.get("text")) or flat(message.get("text_entities"))
        if not _SELDOM.isdisjoint(message):
            more |= {
                "edited": "edited" in message,
                "reply_to": message.get("reply_to_message_id"),
                "forwarded_from": plain(message.get("forwarded_from")),
                "via_bot": plain(message.get("via_bot")),
                "author": plain(message.get("author")),
                "place_name": plain(message.get("place_name")) if kind == "location" else "",
                "reactions": message.get("reactions"),
            }
        if parts := marked(message):
            more |= {"links": pointed_to(parts, "href"), "mentions": pointed_to(parts, "user_id")}
        if not _READ.issuperset(message):
            more["other"] = what_else(message, _READ)
        self._writer.message(
            ts,
            plain(message.get("from")) or sender_id,
            kind,
            text or words_for(message, kind),
            media,
            raw=raw,
            place=self.number,
            **more,
        )

    def _event(self, message: dict[str, Any], ts: str | None, raw: str, more: dict[str, Any]) -> None:
        action = plain(message.get("action"))
        actor = plain(message.get("actor")) or plain(message.get("actor_id"))
        members = message.get("members")
        targets = [plain(each) for each in members] if isinstance(members, list) else []
        kind = _EVENTS.get(action, "notice")
        if targets == [actor]:
            # Who adds or removes nobody but themselves came or went.
            kind = {"member_added": "member_joined", "member_removed": "member_left"}.get(kind, kind)
            targets = [] if kind in {"member_joined", "member_left"} else targets
        if action == "phone_call" and plain(message.get("discard_reason")) in _MISSED:
            kind = "missed_call"
        value = plain(message.get("title"))
        if kind == "pinned":
            value = plain(message.get("message_id"))
        elif kind == "notice":
            said = what_else(message, _KNOWN).items()
            value = " ".join([action, *(f"{name}={flat(each) if name == 'text' else each}" for name, each in said)])
        self._writer.event(
            ts, kind, actor=actor, targets=targets, value=value, text=flat(message.get("text")),
            raw=raw, place=self.number, **more, action=action, sender_id=plain(message.get("actor_id")),
            inviter=plain(message.get("inviter")), other=None if kind == "notice" else what_else(message, _READ_OF_EVENTS),
        )  # fmt: skip


FORMAT = Format("telegram", begins, read)
