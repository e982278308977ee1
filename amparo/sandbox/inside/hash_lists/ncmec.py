"""NCMEC's hash sharing, version 2: the XML of its entries, with or without the namespace, at any depth (pages in one wrapper).

An entry's hashes are a row, and so is its number at the member that reported it, because an entry is taken back by that number
alone (deletedImage, deletedVideo). Document types and entities have no place in it and are refused; what breaks off is read up
to there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO
from xml.parsers import expat

from amparo.sandbox.inside.frames import Facts, Unreadable
from amparo.sandbox.inside.hash_lists.records import DIGEST_BYTES, NO_CATEGORY, Found, Hash, digest_of, not_a, reference

SCHEME = "NCMEC"
DEPTH = 32
# The longest value of a fingerprint that stands in the document itself has some hundreds of characters.
TEXT_CHARACTERS = 4_096
# What expat may hold back because a tag or an attribute has not ended.
HELD_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 18
_ENTRIES = {"image": False, "video": False, "deletedimage": True, "deletedvideo": True}
_READ = frozenset({"id", "classification"})
_SHOWN_MEMBERS = 1_000


def read(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """Each image or video is a row. facts: also `members`, how many entries each member reported, by its number there."""
    return _Reading(found).read(source)


class _Reading:
    def __init__(self, found: Found) -> None:
        self._found = found
        self._depth = 0
        self._tags: dict[str, str] = {}
        self._in_fingerprints = False
        self._collected = ""  # the tag whose text is kept, while it is
        self._text: list[str] = []
        self._length = 0
        self._entry: _Entry | None = None
        self._count = 0
        self._members: dict[str, int] = {}
        self._version = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse
        self._parser.ExternalEntityRefHandler = _refuse

    def read(self, source: BinaryIO) -> Facts:
        source.seek(0)
        given = 0
        try:
            while chunk := source.read(_CHUNK_BYTES):
                given += len(chunk)
                self._parser.Parse(chunk, False)
                if given - self._parser.CurrentByteIndex > HELD_BYTES + _CHUNK_BYTES:
                    raise Unreadable("malformed", "A tag of this list is longer than any real one.")
            self._parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            line = self._parser.CurrentLineNumber
            words = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else "an unknown charset"
            self._found.problem(line, f"the file can't be read on from here: {words}", f"after entry {self._count:,}")
        return self._found.facts("ncmec", version=self._version, members=self._members)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            raise Unreadable("malformed", "This list is nested more deeply than anything real.")
        tag, entry = self._tags.get(name) or self._tag_of(name), self._entry
        if entry is None:
            if self._depth == 1:
                self._version = _version(attributes)
            if tag in _ENTRIES:
                self._count += 1
                self._entry = _Entry(tag, self._count, self._depth, self._parser.CurrentLineNumber)
            return
        inside = self._depth - entry.depth
        if inside == 1:
            self._in_fingerprints = tag == "fingerprints"
            if tag == "member":
                entry.member = attributes.get("id", "")[:80]
        if (inside == 1 and tag in _READ) or (inside == 2 and self._in_fingerprints):
            self._collected = tag
            self._text.clear()
            self._length = 0
            self._parser.CharacterDataHandler = self._characters
        elif self._collected:
            self._parser.CharacterDataHandler = None  # a tag inside a value is no part of it
            self._text.clear()

    def _tag_of(self, name: str) -> str:
        """The tag without the prefix of its namespace, in small letters."""
        tag = name.rpartition(":")[2].lower()
        if len(self._tags) < 1_000:
            self._tags[name] = tag
        return tag

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length <= TEXT_CHARACTERS:
            self._text.append(text)

    def _end(self, name: str) -> None:
        entry = self._entry
        self._depth -= 1
        if entry is None:
            return
        inside = self._depth + 1 - entry.depth
        if inside == 0:
            self._take(entry)
            self._entry = None
        elif self._collected and inside <= 2:
            text = "".join(self._text).strip()
            if inside == 2:
                entry.fingerprints.append((self._collected.replace("-", "_"), text, self._length))
            elif self._collected == "id":
                entry.id = text
            else:
                entry.classification = text
            self._collected = ""
            self._parser.CharacterDataHandler = None

    def _take(self, entry: _Entry) -> None:
        if entry.member in self._members or len(self._members) < _SHOWN_MEMBERS:
            self._members[entry.member] = self._members.get(entry.member, 0) + 1
        hashes: dict[Hash, None] = {}
        others = 0
        for kind, text, length in entry.fingerprints:
            if kind not in DIGEST_BYTES:
                # A large one stands elsewhere and has only an address here.
                self._found.unsupported("photodna" if kind == "pdna" else kind)
                others += 1
            elif (digest := digest_of(kind, text) if length <= TEXT_CHARACTERS else None) is None:
                self._found.problem(entry.line, not_a(kind), entry.named())
                others += 1
            else:
                hashes[kind, digest] = None
        withdrawn = _ENTRIES[entry.tag]
        if entry.id:
            hashes[reference("ncmec", entry.member, entry.id)] = None
        elif withdrawn and not hashes:
            self._found.problem(entry.line, "it is taken back, but has neither number nor hash", entry.named())
        if withdrawn or any(kind in DIGEST_BYTES for kind, _ in hashes):
            if hashes:
                code = self._found.category(SCHEME, entry.classification) if entry.classification else NO_CATEGORY
                self._found.add(hashes, code, withdrawn=withdrawn)
        elif not others:
            self._found.problem(entry.line, "no hash", entry.named())


class _Entry:
    """One image or video, as far as it has been read."""

    def __init__(self, tag: str, number: int, depth: int, line: int) -> None:
        self.tag = tag
        self.depth = depth
        self.line = line
        self.member = ""
        self.id = ""
        self.classification = ""
        self.fingerprints: list[tuple[str, str, int]] = []
        self._number = number

    def named(self) -> str:
        return f"entry {self._number:,} ({self.tag})"


def _version(attributes: Mapping[str, str]) -> str:
    space = next((value for name, value in attributes.items() if name == "xmlns" or name.startswith("xmlns:")), "")
    last = space.rstrip("/").rpartition("/")[2]
    return last[:20] if last[:1] == "v" and last[1:].isdigit() else ""


def _refuse(*_: object) -> int:
    raise Unreadable(
        "malformed", "This list declares a document type or entities: no real one does, and they can do harm."
    )
