"""Signal, by the programs that export its desktop's messages: signal-export (data.json, chat.md) and sigtop (JSON, text, short).

Structure tells them apart; all of one form's lines look alike. Only sigtop's text and JSON say how the clock stands to UTC.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.json_stream import Broken, Walk
from amparo.sandbox.inside.chats.media import declared_type_of
from amparo.sandbox.inside.chats.source import Source, text_of
from amparo.sandbox.inside.chats.writing import Writer
from amparo.sandbox.inside.frames import Facts, Sink

_ITEM_CHARACTERS = 1 << 20
_DATED_LINE = re.compile(r'\s*\{\s*"date"\s*:\s*"[^"]{10,40}"\s*,\s*"sender"\s*:')
_MARKDOWN = re.compile(r"\[(\d{4}-\d\d-\d\d,? \d\d:\d\d(?::\d\d)?)\] (.{1,120}?):(?: (.*))?$")
_SHORT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d|unknown) ((?!-)[^:]{1,120}):(?: (.*))?$")
_SHORT_DETAILS = re.compile(
    r"\[((?:(?:reply to .*? on [\d: -]{16}|edited|\d+ attachments?)(?:, )?)+)\] ?|\[([\w-]+) message\]$"
)
_FIELD = re.compile(r"(From|Type|Sent|Received|Attachment|Reaction|Edited): (.*)$")
_FILE = re.compile(r"(.*) \(([\w.+-]+/[\w.+-]+|), (\d+) bytes\)$")
_LINKED = re.compile(r"!?\[([^\]\n]*)\]\(\.{1,2}/([^)\n]*)\)[ \t]*")
_LEFT_OUT = re.compile(r"\((\w[\w ]{0,40}) not exported\)[ \t]*")
_CHANGES = {
    "create": "group_created", "title": "subject_changed", "avatar": "icon_changed", "description": "description_changed",
    "member-add": "member_added", "member-add-from-invite": "member_joined", "member-add-from-link": "member_joined_link",
    "member-add-from-admin-approval": "member_joined", "member-remove": "member_removed",
}  # fmt: skip
_TYPES = {"keychange": "security_code", "group-v1-migration": "migrated"}
_ADMINISTRATOR = 2


def begins(head: bytes) -> bool:
    """Whether the first lines are one of the five forms."""
    return bool(_form(text_of(head)))


def _form(text: str) -> str:
    start = text.lstrip("\ufeff \t\r\n")
    first, _, behind = start.replace("\r\n", "\n").partition("\n")
    if _DATED_LINE.match(first):
        return "lines"
    if start.startswith("[") and '"conversationId"' in start and '"sent_at"' in start:
        return "list"
    if first.startswith("Conversation: ") and re.match(r"\n?(?:From: .*\n)?Type: ", behind):
        return "fields"
    if (line := _MARKDOWN.match(first)) and (first.endswith("  ") or "not exported)" in first) and line[3]:
        return "markdown"
    shorts = [found for line in start.splitlines()[:20] if line.strip() and (found := _SHORT.match(line))]
    # A dash between stamp and name is WhatsApp's, whatever word stands in front of it.
    dashes = sum(" - " in found[2] for found in shorts)
    return "short" if _SHORT.match(first) and len(shorts) > 1 and dashes < len(shorts) else ""


def read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    """Writes the reading (chats/__init__.py) and gives its counts."""
    form = _form(text_of(data.read(65_536)))
    data.seek(0)
    writer = Writer(
        sink, FORMAT.name, {"date_order": "ymd", "alternatives": [], "date_order_evidence": [times.EVIDENCE]}
    )
    if form in {"lines", "list"}:
        _json(data, writer, lines=form == "lines")
    else:
        _TextForm(writer, form).over(Source(data))
    return writer.close()


# --- JSON -------------------------------------------------------------------------------------------------------------------


def _json(data: BinaryIO, writer: Writer, *, lines: bool) -> None:
    walk, number = Walk(data), 0
    try:
        for entry in walk.documents() if lines else walk.values():
            number += 1
            if not isinstance(entry, dict) or not walk.is_shallow(entry):
                writer.broken([walk.taken()], number)
            elif lines:
                _exported(writer, entry, number)
            else:
                _stored(writer, entry, number)
        if walk.sign():
            raise Broken
    except Broken:
        writer.broken(walk.rest(), number)
    writer.lines = number


def _exported(writer: Writer, entry: dict[str, Any], number: int) -> None:
    """A line of signal-export's data.json."""
    raw, sender, body = _text(entry.get("date")), _text(entry.get("sender")), _text(entry.get("body"))
    ts, offset = times.wall_clock(raw)
    if offset:
        writer.offset(offset)
    body = body.removesuffix("  ")
    if entry.get("call"):
        kind = "missed_call" if entry.get("missed") else "notice"
        writer.event(ts, kind, actor=sender, value=body, text=body, raw=raw, place=number)
        return
    files = [_attached(each) for each in entry.get("attachments") or () if isinstance(each, dict)]
    if isinstance(sticker := entry.get("sticker"), dict):
        files.append({"name": _text(sticker.get("emoji")), "type": "sticker", "omitted": not sticker.get("extension")})
    kind = "deleted" if entry.get("deleted") else "media" if files else "text"
    if files and files[0]["type"] == "contact":
        kind = "contact"
    writer.message(
        ts, sender, kind, body, files[0] if files else None, raw=raw, place=number,
        files=files if len(files) > 1 else None, quoted=_text(entry.get("quote")).strip("> \n"),
        reactions=entry.get("reactions"),
    )  # fmt: skip


def _attached(entry: dict[str, Any]) -> dict[str, object]:
    name, missing = _text(entry.get("name")), _text(entry.get("missing_kind"))
    declared = {"voice message": "voice", "photo": "image"}.get(missing.lower(), missing.lower())
    known = declared if declared in {"image", "video", "audio", "voice", "sticker", "gif", "document"} else ""
    return {"name": name, "type": known or declared_type_of("", name), "omitted": bool(missing)}


def _stored(writer: Writer, entry: dict[str, Any], number: int) -> None:
    """A message as Signal's own database has it: sigtop's JSON."""
    sent = entry.get("sent_at") or entry.get("timestamp") or entry.get("received_at")
    ts, raw = times.of_number(sent), _text(sent)
    if ts:
        writer.offset("+00:00")
    kind = _text(entry.get("type"))
    source = next(
        (_text(entry[name]) for name in ("source", "sourceServiceId", "sourceUuid") if entry.get(name)), ""
    )  # fmt: skip
    sender = "You" if kind == "outgoing" else source or _text(entry.get("conversationId"))
    if kind == "group-v2-change" and isinstance(change := entry.get("groupV2Change"), dict):
        _changed(writer, change, sender, (ts, raw, number))
        return
    body = _text(entry.get("body"))
    if kind not in {"incoming", "outgoing"}:
        call = entry.get("callHistoryDetails") or entry.get("callHistory") or {}
        missed = kind == "call-history" and "issed" in str(call)
        event = "missed_call" if missed else _TYPES.get(kind, "notice")
        writer.event(ts, event, actor=sender, value=body or kind, text=body, raw=raw, place=number, action=kind)
        return
    files = [_stored_file(each) for each in entry.get("attachments") or () if isinstance(each, dict)]
    if isinstance(entry.get("sticker"), dict):
        files.append({"name": _text(entry["sticker"].get("emoji")), "type": "sticker", "omitted": True})
    what = "media" if files else "contact" if entry.get("contact") else "text"
    if entry.get("isViewOnce"):
        what = "view_once"
    if entry.get("deletedForEveryone"):
        what = "deleted"
    writer.message(
        ts, sender, what, body, files[0] if files else None, raw=raw, place=number,
        id=entry.get("id"), conversation=entry.get("conversationId"), files=files if len(files) > 1 else None,
        edited=bool(entry.get("editHistory")), reactions=entry.get("reactions"),
    )  # fmt: skip


def _stored_file(entry: dict[str, Any]) -> dict[str, object]:
    name, declared = _text(entry.get("fileName")), _text(entry.get("contentType"))
    voice = declared.startswith("audio/") and not name
    return {
        "name": name,
        "type": "voice" if voice else declared_type_of(declared, name),
        "omitted": not entry.get("path"),
    }


def _changed(writer: Writer, change: dict[str, Any], sender: str, where: tuple[str | None, str, int]) -> None:
    """A change of a group: one event for each of its details."""
    ts, raw, number = where
    actor = _text(change.get("from")) or sender
    for detail in change.get("details") or [{}]:
        if not isinstance(detail, dict):
            continue
        name = _text(detail.get("type"))
        member = _text(detail.get("aci") or detail.get("uuid") or detail.get("serviceId"))
        kind = _CHANGES.get(name, "notice")
        if kind == "member_removed" and member == actor:
            kind = "member_left"
        if name == "member-privilege" and detail.get("newPrivilege") == _ADMINISTRATOR:
            kind = "admin_granted"
        came = kind in {"member_joined", "member_joined_link", "member_left"}
        value = _text(detail.get("newTitle") or detail.get("description"))
        writer.event(
            ts, kind, actor=member if came else actor, targets=[] if came else [member],
            value=value or (name if kind == "notice" else ""), raw=raw, place=number, action=name,
        )  # fmt: skip


# --- Text -------------------------------------------------------------------------------------------------------------------


class _TextForm:
    """Text by lines: each line that begins an item ends the one before."""

    def __init__(self, writer: Writer, form: str) -> None:
        self._writer, self._form = writer, form
        self._lines: list[str] = []
        self._begins_at = self._size = 0

    def over(self, source: Source) -> None:
        number = 0
        for block, goes_on in source.blocks():
            lines = block.split("\n")
            if goes_on:
                self._take(number, lines.pop(0), begins=False)
            for line in lines:
                number += 1
                self._take(number, line, begins=self._starts(line))
        self._end()
        self._writer.lines = number

    def _starts(self, line: str) -> bool:
        if self._form == "markdown":
            return bool(_MARKDOWN.match(line))
        if self._form == "short":
            return bool(_SHORT.match(line))
        # A message of this form begins with its first field behind a blank line; an outgoing one's is "From: You".
        blank = not self._lines or not self._lines[-1]
        return line.startswith("Conversation: ") or (blank and line.startswith(("From: ", "Type: ")))

    def _take(self, number: int, line: str, *, begins: bool) -> None:
        self._size += len(line)
        if begins or self._size > _ITEM_CHARACTERS:
            self._end()
            self._begins_at, self._size = number, len(line)
        elif not self._lines:
            self._begins_at = number
        self._lines.append(line)

    def _end(self) -> None:
        lines, self._lines = self._lines, []
        if any(line.strip() for line in lines):
            {"markdown": self._markdown, "short": self._short}.get(self._form, self._fields)(lines)

    def _unsupported(self, lines: list[str]) -> None:
        self._writer.unsupported("\n".join(lines), self._begins_at, len(lines))

    def _markdown(self, lines: list[str]) -> None:
        found = _MARKDOWN.match(lines[0])
        if not found:
            self._unsupported(lines)
            return
        raw, sender, first = found[1], found[2], found[3] or ""
        ts, _ = times.wall_clock(raw.replace(",", ""))
        text = "\n".join([first, *lines[1:]]).rstrip()
        files: list[dict[str, object]] = [
            {"name": each[1] or each[2].rpartition("/")[2], "type": declared_type_of("", each[2]), "omitted": False}
            for each in _LINKED.finditer(text)
        ]
        files += [_attached({"missing_kind": each[1]}) for each in _LEFT_OUT.finditer(text)]
        if text == "(This message was deleted)":
            kind = "deleted"
        else:
            kind, text = ("media" if files else "text"), _LEFT_OUT.sub("", _LINKED.sub("", text)).strip()
        self._writer.message(
            ts, sender, kind, text, files[0] if files else None, raw=raw, place=self._begins_at, lines=len(lines),
            files=files if len(files) > 1 else None,
        )  # fmt: skip

    def _short(self, lines: list[str]) -> None:
        found = _SHORT.match(lines[0])
        if not found:
            self._unsupported(lines)
            return
        raw, sender, first = found[1], found[2], found[3] or ""
        ts, _ = times.wall_clock(raw)
        details = _SHORT_DETAILS.match(first)
        if details and details[2]:
            kind = _TYPES.get(details[2], "notice")
            self._writer.event(
                ts, kind, actor=sender, value=details[2], text=first, raw=raw, place=self._begins_at, lines=len(lines)
            )
            return
        text = "\n".join([first[details.end() :] if details else first, *lines[1:]]).rstrip("\n")
        attached = bool(details and "attachment" in details[1])
        media: dict[str, object] | None = {"name": "", "type": "unknown", "omitted": True} if attached else None
        self._writer.message(
            ts, sender, "media" if attached else "text", text, media, raw=raw, place=self._begins_at, lines=len(lines),
            edited=bool(details and "edited" in details[1]), details=details[1] if details else "",
        )  # fmt: skip

    def _fields(self, lines: list[str]) -> None:
        """A block of sigtop's text: fields, a blank line, the words."""
        if lines[0].startswith("Conversation: "):
            self._writer.begin_chat("", lines[0].removeprefix("Conversation: "), "", alone=True)
            lines = lines[1:]
            if not any(lines):
                return
            self._begins_at += 1
        fields: dict[str, list[str]] = {}
        place = 0
        while place < len(lines) and (found := _FIELD.match(lines[place])):
            fields.setdefault(found[1], []).append(found[2])
            place += 1
        if "Type" not in fields:
            self._unsupported(lines)
            return
        raw = (fields.get("Sent") or fields.get("Received") or [""])[0]
        ts, offset = _dated(raw)
        if offset:
            self._writer.offset(offset)
        kind, sender = fields["Type"][0], fields.get("From", [""])[0]
        text = "\n".join(lines[place:]).strip("\n")
        where: dict[str, Any] = {"raw": raw, "place": self._begins_at, "lines": len(lines), "offset": offset}
        if kind not in {"incoming", "outgoing"}:
            self._writer.event(
                ts, _TYPES.get(kind, "notice"), actor=sender, value=text or kind, text=text, **where, action=kind
            )
            return
        files = [_declared(each) for each in fields.get("Attachment", [])]
        self._writer.message(
            ts, sender, "media" if files else "text", text, files[0] if files else None, **where,
            edited="Edited" in fields, files=files if len(files) > 1 else None, reactions=fields.get("Reaction"),
        )  # fmt: skip


def _declared(field: str) -> dict[str, object]:
    found = _FILE.match(field)
    name, declared = (found[1], found[2]) if found else (field, "")
    name = "" if name == "no filename" else name
    voice = declared.startswith("audio/") and not name
    # The text names files; sigtop writes them beside it only when told to.
    return {"name": name, "type": "voice" if voice else declared_type_of(declared, name), "omitted": True}


def _dated(raw: str) -> tuple[str | None, str]:
    """A mail's way of writing dates: the wall clock and its distance from UTC."""
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, ""
    offset = moment.astimezone(UTC) if moment.tzinfo is None else moment
    text = offset.strftime("%z")
    return moment.strftime("%Y-%m-%dT%H:%M:%S"), f"{text[:3]}:{text[3:5]}" if moment.tzinfo else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


FORMAT = Format("signal", begins, read)
