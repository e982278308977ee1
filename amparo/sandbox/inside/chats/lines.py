"""What one stamped line of a WhatsApp export says: a message and its kind, or an event and whom it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from amparo.sandbox.inside.chats import wordings
from amparo.sandbox.inside.chats.stamps import BLANKS, MARKS
from amparo.sandbox.inside.chats.wordings import Notice, Wordings, plain_key

_EDGES = MARKS + BLANKS
_EACH_MARK = tuple(MARKS)
_MARKS_OUT = str.maketrans("", "", MARKS)
_SENDER_CHARACTERS = 120
_NUMBERED = re.compile(r"^\d{8}-(PHOTO|VIDEO|AUDIO|STICKER|GIF)-", re.IGNORECASE)
_PREFIXED = {"IMG": "image", "VID": "video", "AUD": "audio", "PTT": "voice", "STK": "sticker", "DOC": "document"}
_ENDINGS = {
    "jpg": "image", "jpeg": "image", "png": "image", "heic": "image", "webp": "sticker", "gif": "gif", "mp4": "video",
    "mov": "video", "3gp": "video", "mkv": "video", "opus": "voice", "ogg": "voice", "m4a": "audio", "mp3": "audio",
    "aac": "audio", "amr": "audio", "vcf": "contact",
}  # fmt: skip


@dataclass(slots=True)
class Line:
    """A stamped line and those that continue it."""

    number: int
    at: str
    stamp: str
    rest: str
    more: list[str] = field(default_factory=list)


class Reader:
    """Reads the lines of one file; learns its members and its language on the way."""

    def __init__(self, text: str) -> None:
        self.members: dict[str, None] = {}
        self.exporter = ""
        self._tables = _likeliest_first(text)
        self.language = self._tables[0].language if _hits(self._tables[0], text) else ""
        self._senders: dict[str, str | None] = {}
        self._omitted = {wording: media for table in self._tables for wording, media in table.omitted.items()}
        self._kinds = {
            **{wording: "deleted" for table in self._tables for wording in table.deleted},
            **{wording: "view_once" for table in self._tables for wording in table.view_once},
            **{wording: "live_location" for table in self._tables for wording in table.live_location},
        }
        # Most messages are plain text, and their first letters already say so.
        self._starts = frozenset(key[:3] for key in (*self._omitted, *self._kinds))
        self._locations = tuple(prefix for table in self._tables for prefix in table.location)
        self._polls = tuple(prefix for table in self._tables for prefix in table.poll)
        before = "|".join(re.escape(word) for table in self._tables for word in table.attached_before)
        after = "|".join(re.escape(word) for table in self._tables for word in table.attached_after)
        self._attached_before = re.compile(rf"<(?:{before})\s?:\s*([^<>]+)>[\s{MARKS}]*$", re.IGNORECASE)
        self._attached_after = re.compile(
            rf"^[\s{MARKS}]*(\S.*?\.\w{{1,8}}) \((?:{after})\)[\s{MARKS}]*$", re.IGNORECASE
        )

    def item(self, line: Line) -> dict[str, object]:
        """The item that the line is."""
        colon = line.rest.find(": ")
        if colon < 0 and line.rest.rstrip(_EDGES).endswith(":"):
            colon = line.rest.rindex(":")
        if 0 < colon <= _SENDER_CHARACTERS and (sender := self._sender(line.rest[:colon], line.rest)):
            return self._said(line, sender, line.rest[colon + 1 :])
        return self._event(line, line.rest.strip(_EDGES))

    def _sender(self, raw: str, rest: str) -> str | None:
        """The sender's name; None where what stands before the colon is part of a notice."""
        if raw not in self._senders:
            name: str | None = _name(raw)
            # A colon inside quotes, as in a changed subject, or in a notice: only then is the wording asked first.
            if not name or (any(quote in raw for quote in '"“„«') and self._noticed(rest.strip(_EDGES))):
                return None
            self._senders[raw] = name
        return self._senders[raw]

    def _said(self, line: Line, sender: str, said: str) -> dict[str, object]:
        first = said.strip(_EDGES)
        marked = not said.isascii() and said.lstrip(BLANKS).startswith(_EACH_MARK)
        kind, media, shown = self._kind(first, said)
        # On an iPhone a notice has the group or the actor as its sender, and begins with an unseen mark.
        if kind == "text" and (marked or self._tables_know(first)) and (found := self._noticed(first)):
            return self._event(line, first, sender, found)
        if sender not in self.members:
            self.members[sender] = None
        text = shown if not line.more else "\n".join([shown, *line.more]).strip("\n")
        return {
            "item": "message", "ts": line.at, "raw": line.stamp, "line": line.number, "lines": 1 + len(line.more),
            "sender": sender, "kind": kind, "text": text, "media": media,
        }  # fmt: skip

    def _kind(self, first: str, said: str) -> tuple[str, dict[str, object] | None, str]:
        """The message's kind, its media, and the text to show of its first line."""
        if first[:3].lower() in self._starts:
            key = plain_key(first[:120])
            if media := self._omitted.get(key):
                return ("contact" if media == "contact" else "media"), {"name": "", "type": media, "omitted": True}, ""
            # Android prints "null" for what could be seen once; what a person typed in capitals is theirs.
            if (kind := self._kinds.get(key)) and (len(key) > len("null") or key == first):
                return kind, None, first
        last = first[-1:]
        if last == ">" and (found := self._attached_before.search(said)):
            return _with_file(found[1].strip(_EDGES), said[: found.start()].strip(_EDGES))
        if last == ")" and (found := self._attached_after.match(said)):
            return _with_file(found[1].strip(_EDGES), "")
        if first.startswith(self._locations):
            return "location", None, first
        if first.startswith(self._polls):
            return "poll", None, first
        return "text", None, first

    def _tables_know(self, text: str) -> bool:
        """Whether a text without the unseen mark could still be the one notice that always has a sender."""
        return len(text) > 60 and any(
            notice.type == "encryption_notice" and notice.needle in text.lower()
            for table in self._tables
            for notice in table.notices
        )

    def _noticed(self, text: str) -> tuple[Notice, re.Match[str], Wordings] | None:
        lowered = text.lower().replace("’", "'")
        for table in self._tables:
            for notice in table.notices:
                if notice.needle in lowered and (match := notice.pattern.fullmatch(text)):
                    return notice, match, table
        return None

    def _event(
        self, line: Line, text: str, sender: str = "", found: tuple[Notice, re.Match[str], Wordings] | None = None
    ) -> dict[str, object]:
        whole = "\n".join([text, *line.more]).strip("\n")
        found = found or self._noticed(text)
        kind, actor, targets, value = "notice", "", [], whole
        if found:
            notice, match, table = found
            parts = match.groupdict()
            kind, value = notice.type, (parts.get("value") or "").strip(_EDGES)
            actor = table.exporter if notice.by_exporter else self._person(parts.get("actor") or "", table)
            targets = [table.exporter] if notice.to_exporter else self._people(parts.get("targets") or "", table)
            if table.exporter in (actor, *targets):
                self.exporter = table.exporter
            if kind == "missed_call" and not actor:
                actor = sender
            for member in (actor, *targets):
                if member and member not in self.members:
                    self.members[member] = None
        return {
            "item": "event", "ts": line.at, "raw": line.stamp, "line": line.number, "lines": 1 + len(line.more),
            "type": kind, "actor": actor or None, "targets": targets, "value": value or None, "text": whole,
        }  # fmt: skip

    def _person(self, raw: str, table: Wordings) -> str:
        name = _name(raw)
        return table.exporter if name.lower() in table.exporter_words else name

    def _people(self, raw: str, table: Wordings) -> list[str]:
        """Names of a list such as "Ana, Luis y +34 600 00 00 00"."""
        for conjunction in table.conjunctions:
            head, found, tail = raw.rpartition(conjunction)
            if found:
                raw = f"{head}, {tail}"
                break
        pieces = raw.replace("،", ",").split(", ")
        return [person for piece in pieces if (person := self._person(piece, table))]


def _name(raw: str) -> str:
    """A sender's name: without marks, and without the tilde that marks someone outside the exporter's address book."""
    return raw.translate(_MARKS_OUT).strip(BLANKS).removeprefix("~").strip(BLANKS)


def _with_file(name: str, caption: str) -> tuple[str, dict[str, object] | None, str]:
    kind = media_type_of(name)
    # An iPhone prints a document's own name and page count before the attachment: that is no caption.
    return ("contact" if kind == "contact" else "media"), {"name": name, "type": kind, "omitted": False}, caption


def media_type_of(name: str) -> str:
    """image, video, audio, voice, sticker, gif, contact or document, by the messenger's way of naming files."""
    if numbered := _NUMBERED.match(name):
        return {"photo": "image"}.get(numbered[1].lower(), numbered[1].lower())
    if kind := _PREFIXED.get(name[:3].upper()) if name[3:4] == "-" else None:
        return kind
    return _ENDINGS.get(name.rsplit(".", 1)[-1].lower(), "document")


def _likeliest_first(text: str) -> list[Wordings]:
    """The tables, the one whose wordings the file holds most first; none is left out."""
    return sorted(wordings.known(), key=lambda table: _hits(table, text), reverse=True)


def _hits(table: Wordings, text: str) -> int:
    """How many of the table's wordings the file's beginning holds."""
    sample = text[:200_000].lower()
    needles = {notice.needle for notice in table.notices if len(notice.needle) > 6} | set(table.omitted)
    return sum(needle in sample for needle in needles)
