"""DiscordChatExporter's JSON: one channel a file. Ids and wall clock with zone stand in it."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.json_stream import Broken, Walk
from amparo.sandbox.inside.chats.media import declared_type_of
from amparo.sandbox.inside.chats.source import first_sign, text_of
from amparo.sandbox.inside.chats.writing import Writer
from amparo.sandbox.inside.frames import Facts, Sink

_BEGINS = re.compile(r'^[\ufeff\s]*\{\s*"guild"\s*:\s*\{')
_WORDS = frozenset(("Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "ApplicationCommand", "20", "23"))
_EVENTS = {
    "RecipientAdd": "member_added", "RecipientRemove": "member_removed", "ChannelNameChange": "subject_changed",
    "ChannelIconChange": "icon_changed", "ChannelPinnedMessage": "pinned", "GuildMemberJoin": "member_joined",
}  # fmt: skip


def begins(head: bytes) -> bool:
    """Whether a server and a channel stand first."""
    if first_sign(head) != "{":
        return False
    text = text_of(head)
    return bool(_BEGINS.match(text)) and '"channel"' in text


def read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    """Writes the reading (chats/__init__.py) and gives its counts."""
    writer = Writer(
        sink, FORMAT.name, {"date_order": "ymd", "alternatives": [], "date_order_evidence": [times.EVIDENCE]}
    )
    walk, number = Walk(data), 0
    guild: Any = {}
    channel: Any = {}
    try:
        for key in walk.entries():
            if key == "messages" and walk.sign() == "[":
                name = " / ".join(filter(None, (_of(guild, "name"), _of(channel, "category"), _of(channel, "name"))))
                writer.begin_chat(_of(channel, "id"), name, _of(channel, "type"), alone=True)
                for message in walk.values():
                    number += 1
                    if isinstance(message, dict) and walk.is_shallow(message):
                        _item(writer, message, number)
                    else:
                        writer.broken([walk.taken()], number)
            else:
                value = walk.value()
                guild = value if key == "guild" else guild
                channel = value if key == "channel" else channel
        if walk.sign():
            raise Broken
    except Broken:
        writer.broken(walk.rest(), number)
    writer.lines = number
    return writer.close()


def _item(writer: Writer, message: dict[str, Any], number: int) -> None:
    raw = _of(message, "timestamp")
    ts, offset = times.wall_clock(raw)
    if offset:
        writer.offset(offset)
    author = message.get("author")
    sender, sender_id = _of(author, "name"), _of(author, "id")
    kind = _of(message, "type")
    nickname = _of(author, "nickname")
    more: dict[str, Any] = {
        "id": message.get("id"), "offset": offset, "sender_id": sender_id, "nickname": nickname if nickname != sender else "",
    }  # fmt: skip
    if kind not in _WORDS:
        _event(writer, message, (ts, raw, number), kind, more)
        return
    forwarded = message.get("forwardedMessage")
    said: dict[str, Any] = forwarded if isinstance(forwarded, dict) else message
    files = [_file(each) for each in _list(said, "attachments")] + [_sticker(each) for each in _list(said, "stickers")]
    reference = message.get("reference")
    writer.message(
        ts, sender or sender_id, "media" if files else "text", _of(message, "content") or _of(said, "content"),
        files[0] if files else None, raw=raw, place=number, **more,
        edited=bool(message.get("timestampEdited")), pinned=message.get("isPinned") is True, reactions=_list(message, "reactions"),
        files=files if len(files) > 1 else None,
        links=[link for each in _list(said, "embeds") if (link := " ".join(filter(None, (_of(each, "url"), _of(each, "title")))))],
        reply_to=None if forwarded else _of(reference, "messageId"),
        forwarded_from=(_of(reference, "messageId") or "unknown") if forwarded else "",
    )  # fmt: skip


def _event(
    writer: Writer, message: dict[str, Any], where: tuple[str | None, str, int], kind: str, more: dict[str, Any]
) -> None:
    ts, raw, number = where
    content = _of(message, "content")
    actor = _of(message.get("author"), "name") or str(more["sender_id"])
    targets = [_of(each, "name") for each in _list(message, "mentions")]
    event = _EVENTS.get(kind, "notice")
    if event == "member_removed" and targets in ([], [actor]):
        event, targets = "member_left", []
    if event not in {"member_added", "member_removed"}:
        targets = []
    value = content if event == "notice" else ""
    if event == "subject_changed":
        value = content.partition(": ")[2].rstrip(".") or content
    elif event == "pinned":
        value = _of(message.get("reference"), "messageId")
    writer.event(
        ts, event, actor=actor, targets=targets, value=value or (kind if event == "notice" else ""), text=content,
        raw=raw, place=number, **more, action=kind,
    )  # fmt: skip


def _file(attachment: Any) -> dict[str, object]:
    name, url = _of(attachment, "fileName"), _of(attachment, "url")
    name = name or url.partition("?")[0].rpartition("/")[2]
    return {
        "name": name,
        "type": declared_type_of("", name),
        "omitted": url.startswith(("http://", "https://")) or not url,
    }


def _sticker(sticker: Any) -> dict[str, object]:
    url = _of(sticker, "sourceUrl")
    return {"name": _of(sticker, "name"), "type": "sticker", "omitted": url.startswith("http") or not url}


def _list(entry: Any, name: str) -> list[Any]:
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, list) else []


def _of(entry: Any, name: str) -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else "" if value is None else str(value)


FORMAT = Format("discord", begins, read)
