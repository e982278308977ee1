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
from amparo.sandbox.inside.chats.media import declared_type_of
from amparo.sandbox.inside.chats.source import first_sign, text_of
from amparo.sandbox.inside.chats.writing import Writer, quoted
from amparo.sandbox.inside.frames import Facts, Sink

_CHAT_TYPE = re.compile(
    r'"type"\s*:\s*"(?:saved_messages|replies|verification_codes|personal_chat|bot_chat|'
    r'(?:private|public)_(?:group|supergroup|channel))"'
)
_WHOLE = re.compile(r'^\s*\{\s*"about"\s*:\s*"[^"]*"\s*,\s*"(?:personal_information|contacts|chats|left_chats)"')
_MESSAGE = re.compile(r'"messages"\s*:\s*\[\s*(?:\{|\]|$)')
_NOT_INCLUDED = "(File"
_MEDIA = {
    "sticker": "sticker", "video_message": "video", "voice_message": "voice", "animation": "gif", "video_file": "video",
    "audio_file": "audio",
}  # fmt: skip
_EVENTS = {
    "create_group": "group_created", "create_channel": "group_created", "invite_members": "member_added",
    "remove_members": "member_removed", "join_group_by_link": "member_joined_link",
    "join_group_by_request": "member_joined", "edit_group_title": "subject_changed", "edit_group_photo": "icon_changed",
    "delete_group_photo": "icon_changed", "pin_message": "pinned", "migrate_to_supergroup": "migrated",
    "migrate_from_group": "migrated",
}  # fmt: skip
_MISSED = {"missed", "busy"}
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
_NUMBER_OR_NONE = (int, type(None))


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
        self._clocks = times.Clocks()
        self.number = 0

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
                if key in {"name", "type", "id"}:
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
                about[key] = walk.value()

    def _messages(self, walk: Walk, about: Mapping[str, Any], *, alone: bool) -> None:
        self._writer.begin_chat(_text(about.get("id")), _text(about.get("name")), _text(about.get("type")), alone=alone)
        for message in walk.values():
            self.number += 1
            if not isinstance(message, dict):
                self._writer.unsupported(_text(message), self.number)
            elif not self._plain(message):
                self._item(message)

    def _plain(self, message: dict[str, Any]) -> bool:
        """Writes a message that is words alone, as nine of ten are; whether this was one."""
        if not message.keys() <= _OF_WORDS or message.get("type") != "message":
            return False
        at, sender, sender_id, seconds = map(message.get, ("date", "from", "from_id", "date_unixtime"))
        text, number, reply = flat(message.get("text")), message.get("id"), message.get("reply_to_message_id")
        # Every one of them is what Telegram itself writes, or `_item` takes it as it is.
        if not (text and type(number) is int and type(reply) in _NUMBER_OR_NONE and number and reply != 0):
            return False
        if not (sender and type(sender) is type(sender_id) is type(at) is type(seconds) is str and sender_id):
            return False
        offset = self._clocks.offset(at, seconds)
        if not offset:
            return False
        writer = self._writer
        writer.met(sender)
        writer.offset(offset)
        edited = ',"edited":true' if "edited" in message else ""
        answers = f',"reply_to":{reply}' if reply else ""
        writer.add_plain(
            f'{{"item":"message","ts":"{at}","sender":{quoted(sender)},"kind":"text","text":{quoted(text)},"media":null,'
            f'"raw":"{at}","line":{self.number},"lines":1{writer.belongs},"id":{number},"offset":"{offset}",'
            f'"sender_id":{quoted(sender_id)}{edited}{answers}}}',
            at,
        )
        return True

    def _item(self, message: dict[str, Any]) -> None:
        raw = _text(message.get("date"))
        ts, offset = times.wall_clock(raw)
        seconds = message.get("date_unixtime")
        if ts and seconds and not offset:
            offset = times.offset_between(ts, seconds)
        elif not ts and seconds:
            # No wall clock at all: the moment stands as UTC, and says so.
            ts, offset, raw = times.of_number(seconds), "+00:00", _text(seconds)
        if offset:
            self._writer.offset(offset)
        more: dict[str, Any] = {"id": message.get("id"), "offset": offset}
        if message.get("type") == "service":
            self._event(message, ts, raw, more)
        elif message.get("type", "message") in {"message", "unsupported"}:
            self._message(message, ts, raw, more)
        else:
            self._writer.unsupported(str(message), self.number)

    def _message(self, message: dict[str, Any], ts: str | None, raw: str, more: dict[str, Any]) -> None:
        sender_id = _text(message.get("from_id"))
        kind, media = _kind(message)
        text = flat(message.get("text")) or flat(message.get("text_entities"))
        self._writer.message(
            ts,
            _text(message.get("from")) or sender_id,
            kind,
            text or _words(message, kind),
            media,
            raw=raw,
            place=self.number,
            **more,
            sender_id=sender_id,
            edited="edited" in message,
            reply_to=message.get("reply_to_message_id"),
            forwarded_from=_text(message.get("forwarded_from")),
            via_bot=_text(message.get("via_bot")),
            author=_text(message.get("author")),
            place_name=_text(message.get("place_name")) if kind == "location" else "",
            reactions=message.get("reactions"),
            other={name: each for name, each in message.items() if name not in _READ and each not in ("", [], None)},
        )

    def _event(self, message: dict[str, Any], ts: str | None, raw: str, more: dict[str, Any]) -> None:
        action = _text(message.get("action"))
        actor = _text(message.get("actor")) or _text(message.get("actor_id"))
        members = message.get("members")
        targets = [_text(each) for each in members] if isinstance(members, list) else []
        kind = _EVENTS.get(action, "notice")
        if targets == [actor]:
            # Who adds or removes nobody but themselves came or went.
            kind = {"member_added": "member_joined", "member_removed": "member_left"}.get(kind, kind)
            targets = [] if kind in {"member_joined", "member_left"} else targets
        if action == "phone_call" and message.get("discard_reason") in _MISSED:
            kind = "missed_call"
        value = _text(message.get("title"))
        if kind == "pinned":
            value = _text(message.get("message_id"))
        elif kind == "notice":
            said = {name: each for name, each in message.items() if name not in _KNOWN and each not in ("", [], None)}
            value = " ".join(
                [action, *(f"{name}={flat(each) if name == 'text' else each}" for name, each in said.items())]
            )
        self._writer.event(
            ts, kind, actor=actor, targets=targets, value=value, text=flat(message.get("text")),
            raw=raw, place=self.number, **more, action=action, sender_id=_text(message.get("actor_id")),
            inviter=_text(message.get("inviter")),
        )  # fmt: skip


_KNOWN = {"id", "type", "date", "date_unixtime", "actor", "actor_id", "action", "text_entities", "members"}


def flat(text: Any) -> str:
    """A text of Telegram's: a string, or a list of strings and entities that have one each."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(each if isinstance(each, str) else _text(each.get("text")) for each in text if each is not None
                       and isinstance(each, (str, dict)))  # fmt: skip
    return ""


def _kind(message: dict[str, Any]) -> tuple[str, dict[str, object] | None]:
    if message.get("poll"):
        return "poll", None
    if message.get("contact_information") or message.get("contact_vcard"):
        return "contact", _file(_text(message.get("contact_vcard")), "", "contact")
    if message.get("location_information"):
        return ("live_location" if "live_location_period_seconds" in message else "location"), None
    destroyed = bool(message.get("self_destruct_period_seconds"))
    if "photo" in message and message["photo"] is not None:
        return ("view_once" if destroyed else "media"), _file(_text(message["photo"]), "", "image")
    if "file" in message and message["file"] is not None:
        declared = _text(message.get("mime_type"))
        name = _text(message.get("file_name"))
        kind = _MEDIA.get(_text(message.get("media_type"))) or declared_type_of(declared, name)
        return ("view_once" if destroyed else "media"), _file(_text(message["file"]), name, kind)
    if destroyed:
        return "view_once", None
    return "text", None


def _file(path: str, name: str, kind: str) -> dict[str, object]:
    """Named as it lies in the export; where it isn't there, as its sender called it."""
    omitted = path.startswith(_NOT_INCLUDED) or not path
    return {"name": name if omitted else path.rpartition("/")[2], "type": kind, "omitted": omitted}


def _words(message: dict[str, Any], kind: str) -> str:
    """What stands for the text of a message that has none."""
    if kind == "poll" and isinstance(poll := message.get("poll"), dict):
        answers = [each for each in poll.get("answers") or () if isinstance(each, dict)]
        return "\n".join(
            [flat(poll.get("question")), *(f"{flat(each.get('text'))} ({each.get('voters', 0)})" for each in answers)]
        )
    if kind == "contact" and isinstance(card := message.get("contact_information"), dict):
        return " ".join(filter(None, (_text(card.get(name)) for name in ("first_name", "last_name", "phone_number"))))
    if kind in {"location", "live_location"} and isinstance(where := message.get("location_information"), dict):
        return f"{where.get('latitude')},{where.get('longitude')}"
    if message.get("game_title") or message.get("invoice_information"):
        return _text(message.get("game_title") or message.get("invoice_information"))
    return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


FORMAT = Format("telegram", begins, read)
