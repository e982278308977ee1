"""What one stamped line of a WhatsApp export says: a message and its kind, or an event and whom it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from amparo.sandbox.inside.chats import notices, senders, wordings
from amparo.sandbox.inside.chats.fixed_wordings import fixed
from amparo.sandbox.inside.chats.media import media_type_of
from amparo.sandbox.inside.chats.stamps import BLANKS, EACH_MARK, EDGES, MARKS
from amparo.sandbox.inside.chats.wordings import Notice, Wordings, plain_key
from amparo.sandbox.inside.chats.writing import MEMBERS, Writer, quoted

_SENDER_CHARACTERS = 120
# The notice that begins nearly every export is longer than this, in every language.
_LONG_NOTICE = 60

_WITH_PAGES = re.compile(r"([^\n]{1,255}\.\w{1,8}) • ")
_ANY_MARK = re.compile(f"[{MARKS}]")

Found = tuple[Notice, re.Match[str], Wordings]


@dataclass(slots=True)
class Line:
    """A stamped line and those that continue it."""

    number: int
    at: str
    stamp: str
    rest: str
    more: list[str] = field(default_factory=list)

    def join(self, piece: str) -> None:
        """The line goes on with this."""
        if self.more:
            self.more[-1] += piece
        else:
            self.rest += piece


@dataclass(slots=True)
class _Said:
    """What a message turned out to be."""

    kind: str
    text: str
    media: dict[str, object] | None = None
    edited: bool = False


class Reader:
    """Reads the lines of one file; learns its members and its language on the way."""

    def __init__(self, sample: str, writer: Writer) -> None:
        self.exporter = ""
        self._writer = writer
        hits = {table.language: _hits(table, sample) for table in wordings.known()}
        self._tables = sorted(wordings.known(), key=lambda table: -hits[table.language])
        likeliest = self._tables[0].language
        self.language = likeliest if hits[likeliest] else ""
        self._fixed = fixed(tuple(table.language for table in self._tables))
        self._brackets = sample.lstrip(EDGES).startswith("[")
        # By what stands before the colon: the name, and the same as JSON.
        self._senders: dict[str, tuple[str, str]] = {}
        self._groups = senders.that_only_notify(sample, lambda text: bool(self._noticed(text)))
        self._colons = senders.with_colons(sample, ("<", *self._fixed.locations, *self._fixed.polls))

    def plain(self, moment: str, stamp: str, rest: str, number: int) -> str:
        """The item, as JSON, that a line of its own is: "" where it is more than plain words of somebody known."""
        colon = rest.find(": ")
        sender = self._senders.get(rest[:colon]) if colon > 0 else None
        if sender is None:
            return ""
        name, encoded = sender
        words = rest[colon + 1 :]
        said = words.strip(EDGES)
        if (
            not said
            or self._fixed.may_begin(said)
            or said[-1] in ">)"
            or name in self._groups
            or (self._brackets and said.startswith(name))
            or (not words.isascii() and _ANY_MARK.search(words))
        ):
            return ""
        return (
            f'{{"item":"message","ts":"{moment}","sender":{encoded},"kind":"text","text":{quoted(said)},"media":null,'
            f'"raw":{quoted(stamp)},"line":{number},"lines":1}}'
        )

    def write(self, line: Line) -> None:
        """Writes the item that the line is."""
        rest = line.rest
        if not line.more and (item := self.plain(line.at, line.stamp, rest, line.number)):
            self._writer.add_plain(item, line.at)
            return
        colon = rest.find(": ")
        if colon < 0:
            colon = rest.rindex(":") if rest.rstrip(EDGES).endswith(":") else 0
        if 0 < colon <= _SENDER_CHARACTERS:
            found = self._senders.get(rest[:colon])
            name, colon = (found[0], colon) if found else self._sender(rest, colon)
            if name:
                self._said(line, name, rest[colon + 1 :], new=not found and name not in self._writer.members)
                return
        self._event(line, rest.strip(EDGES))

    def _sender(self, rest: str, colon: int) -> tuple[str, int]:
        """The sender's name, "" where what stands before the colon is part of a notice; and where the name ends."""
        raw = rest[:colon]
        for longer in self._colons.get(raw, ()):
            if rest.startswith(longer + ":"):
                return senders.name_of(longer), len(longer)
        name = senders.name_of(raw)
        # A colon inside quotes, as in a changed subject, or in a notice: only then is the wording asked first.
        if not name or senders.opens_a_quote(raw) or self._noticed(rest.strip(EDGES), with_colon=True):
            return "", colon
        if raw not in self._colons:
            if len(self._senders) > MEMBERS // 4:
                self._senders.clear()
            self._senders[raw] = name, quoted(name)
        return name, colon

    def _said(self, line: Line, sender: str, text: str, *, new: bool) -> None:
        first = text.strip(EDGES)
        marked = not text.isascii() and text.lstrip(BLANKS).startswith(EACH_MARK)
        said = self._read(first, text, line.more)
        if said.kind == "text" and self._notified(line, sender, first, marked=marked, new=new):
            return
        self._writer.message(
            line.at, sender, said.kind, said.text, said.media,
            raw=line.stamp, place=line.number, lines=1 + len(line.more), edited=said.edited,
        )  # fmt: skip

    def _notified(self, line: Line, sender: str, first: str, *, marked: bool, new: bool) -> bool:
        """Whether this was a notice, and written as such.

        On an iPhone a notice has the group or the actor as its sender, and begins with an unseen mark, unless it got lost.
        """
        group = sender in self._groups
        found = None
        if marked or group or (self._brackets and first.startswith(sender)):
            found = self._noticed(first)
        elif new and len(first) > _LONG_NOTICE:
            found = self._noticed(first, only="encryption_notice")
        if found and not marked and not group and senders.name_of(found[1].groupdict().get("actor") or "") != sender:
            # "Luis: Luis left" is a notice whose mark got lost; nobody says more of themselves by name.
            found = None if found[0].type != "encryption_notice" else found
        # Of a language that no table knows, what the group itself says is a notice all the same, and so is the first long one.
        if found or (marked and (group or (line.number == 1 and len(first) > _LONG_NOTICE))):
            self._event(line, first, sender, found)
            return True
        return False

    def _read(self, first: str, text: str, more: list[str]) -> _Said:
        """The message's kind, its media, and its words. first: the first line's text without marks and blanks around it."""
        last = (more[-1] if more else text).rstrip(EDGES)
        if last.endswith(">"):
            words = last.lower()
            if words.endswith(self._fixed.edited):
                wording = next(each for each in self._fixed.edited if words.endswith(each))
                # The mark stands behind everything, an attachment too.
                last = last[: -len(wording)].rstrip(EDGES)
                more = [*more[:-1], last] if more else []
                text = text if more else last
                said = self._plainly(text.strip(EDGES), text, more)
                said.edited = True
                return said
        return self._plainly(first, text, more)

    def _plainly(self, first: str, text: str, more: list[str]) -> _Said:
        whole = first if not more else "\n".join([first, *more]).strip("\n")
        if self._fixed.may_begin(first):
            key = plain_key(first[:120])
            if media := self._fixed.omitted.get(key):
                return _left_out(media, "\n".join(more).strip("\n"))
            # Android prints "null" for what could be seen once; what a person typed in capitals is theirs.
            if (kind := self._fixed.kinds.get(key)) and (len(key) > len("null") or key == first):
                return _Said(kind, whole)
            if len(first) < _SENDER_CHARACTERS and first.lower().startswith(self._fixed.deleted_by):
                return _Said("deleted", whole)
        if first[-1:] == ")" and (found := self._fixed.attached_after.match(text)):
            return _with_file(found[1].strip(EDGES), "\n".join(more).strip("\n"))
        # The last line may name a file, behind a caption of several.
        last = more[-1] if more else text
        if last.rstrip(EDGES)[-1:] == ">" and (found := self._fixed.attached_before.search(last)):
            return _with_file(found[1].strip(EDGES), _before(first, text, more, found.start()))
        mark = -1 if last.isascii() else last.rfind("\u200e")
        if mark >= 0 and (media := self._fixed.omitted.get(plain_key(last[mark:].strip(EDGES)[:120]))):
            return _left_out(media, _before(first, text, more, mark), named=True)
        if first.startswith(self._fixed.locations):
            return _Said("location", whole)
        return _Said("poll" if first.startswith(self._fixed.polls) else "text", whole)

    def _noticed(self, text: str, *, with_colon: bool = False, only: str = "") -> Found | None:
        words = wordings.words_of(text)
        for table in self._tables:
            if (found := table.noticed(text, words, with_colon=with_colon)) and only in ("", found[0].type):
                return *found, table
        return None

    def _event(self, line: Line, text: str, sender: str = "", found: Found | None = None) -> None:
        whole = "\n".join([text, *line.more]).strip("\n")
        found = found or self._noticed(text) or (self._noticed(whole) if line.more else None)
        kind, actor, targets, value = "notice", "", [], whole
        if found:
            notice, match, table = found
            parts = match.groupdict()
            kind, value = notice.type, (parts.get("value") or "").strip(EDGES)
            actor = table.exporter if notice.by_exporter else notices.person(parts.get("actor") or "", table)
            targets = [table.exporter] if notice.to_exporter else notices.people(parts.get("targets") or "", table)
            if table.exporter in (actor, *targets):
                self.exporter = table.exporter
            if kind == "missed_call" and not actor:
                actor = sender
        self._writer.event(
            line.at, kind, actor=actor, targets=targets, value=value, text=whole,
            raw=line.stamp, place=line.number, lines=1 + len(line.more),
        )  # fmt: skip


def _before(first: str, text: str, more: list[str], end: int) -> str:
    """All that stands before this place of the last line: a caption."""
    if not more:
        return text[:end].strip(EDGES)
    return "\n".join([first, *more[:-1], more[-1][:end].rstrip(EDGES)]).strip("\n")


def _with_file(name: str, caption: str) -> _Said:
    kind = media_type_of(name)
    return _Said("contact" if kind == "contact" else "media", caption, {"name": name, "type": kind, "omitted": False})


def _left_out(kind: str, caption: str, *, named: bool = False) -> _Said:
    """named: a document's caption may begin with its name and its length."""
    name = _WITH_PAGES.match(caption) if named and kind == "document" else None
    file: dict[str, object] = {"name": name[1] if name else "", "type": kind, "omitted": True}
    return _Said("contact" if kind == "contact" else "media", caption, file)


def _hits(table: Wordings, text: str) -> int:
    """How many of the table's wordings the file's beginning holds."""
    sample = text[:200_000].lower()
    pieces = {notice.longest for notice in table.notices if len(notice.longest) > 6} | set(table.omitted)
    return sum(piece in sample for piece in pieces)
