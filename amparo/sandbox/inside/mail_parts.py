"""A mail cut into its parts, byte for byte, without recursion: however deep, many or broken, the work is bounded.

The standard library's parser goes down one call a level and gives back text, not the bytes that stood there; hostile mail makes it
fail or crawl (measured: 2,000 nested parts raise RecursionError, 200,000 parts take 12 s). Beyond the bounds here, what is left is
one unread part: nothing is lost, and the defect says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from amparo.sandbox.inside.mail_headers import Described, Headers, described, read_headers

PARTS = 2_000
DEPTH = 50

TOO_DEEP = "Its parts are nested too deeply; what is deeper is kept unread, as one attachment."
TOO_MANY = "It has too many parts; the rest is kept unread, as one attachment."
NO_BOUNDARY = "It says it has parts but not where they end."
NOT_FOUND = "It says it has parts, but their boundary stands nowhere in it."
GUESSED = "It does not name the boundary between its parts; the one that stands there was used."
NO_END = "It ends before its last part does."
OUTSIDE = "Text stands before or after its parts; it is kept as an attachment."

# "This is a multi-part message in MIME format." and its translations, before the first part.
_BOILERPLATE = re.compile(rb"MIME|multi-?\s?part|mehrteilig|multipart|multiples? part", re.IGNORECASE)
# A line that could be a boundary: two dashes, and a field of a part's headers, or an empty line, behind it.
_LIKELY = re.compile(rb"^--([^\s][^\r\n]{0,200}?)[ \t]*\r?\n(?=content-[a-z-]+:)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Part:
    """One part: its headers, what it says of itself, its bytes as they stand, the type of what holds it ("" for the mail itself).

    alternative: parts with one number, above 0, say the same thing in several ways (RFC 2046, 5.1.4).
    """

    headers: Headers
    says: Described
    body: bytes
    within: str = ""
    alternative: int = 0
    unread: bool = False


@dataclass
class Cut:
    """What was found: the parts that hold content, in order, and sentences for what was wrong with their structure."""

    headers: Headers
    parts: list[Part] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    outside: bytes = b""

    def defect(self, sentence: str) -> None:
        if sentence not in self.defects:
            self.defects.append(sentence)


@dataclass(frozen=True)
class _Waiting:
    start: int
    end: int
    depth: int = 0
    within: str = ""
    alternative: int = 0


def cut(data: bytes) -> Cut:
    """The mail's parts. A mail within the mail is one part and is not entered."""
    found = Cut(read_headers(data))
    waiting = [_Waiting(0, len(data))]
    alternatives = 0
    while waiting:
        here = waiting.pop()
        if len(found.parts) >= PARTS:
            found.defect(TOO_MANY)
            found.parts.append(_unread(data[here.start : waiting[0].end if waiting else here.end]))
            break
        headers = read_headers(data, here.start, here.end) if here.depth else found.headers
        for sentence in headers.defects:
            found.defect(sentence)
        body = here.start + headers.size
        says = _says(headers, here, data[body : min(here.end, body + 4_000)])
        if says.media_type.startswith("multipart/") and here.depth >= DEPTH:
            found.defect(TOO_DEEP)
            found.parts.append(_unread(data[body : here.end]))
        elif says.media_type.startswith("multipart/") and (pieces := _pieces(data, body, here.end, says, found)):
            alternatives += says.media_type == "multipart/alternative"
            number = alternatives if says.media_type == "multipart/alternative" else here.alternative
            waiting += [_Waiting(*piece, here.depth + 1, says.media_type, number) for piece in reversed(pieces)]
        else:
            if says.media_type.startswith("multipart/"):  # without a boundary anywhere it is what a reader would see
                says = replace(says, media_type="text/plain")
            found.parts.append(Part(headers, says, data[body : here.end], here.within, here.alternative))
    return found


def _unread(body: bytes) -> Part:
    return Part(
        Headers(), Described("application/octet-stream", {}, "attachment", "unread-body.eml"), body, unread=True
    )


def _says(headers: Headers, here: _Waiting, beginning: bytes) -> Described:
    """What the part says it is; of one that says nothing: text, in a digest a mail, and parts where a boundary shows."""
    says = described(headers)
    if (
        says.media_type.startswith("text/")
        and says.boundary
        and b"--" + says.boundary + b"\n" in beginning.replace(b"\r", b"")
    ):
        return replace(says, media_type="multipart/mixed")
    if says.media_type:
        return says
    media_type = "message/rfc822" if here.within == "multipart/digest" else "text/plain"
    if not headers.count("content-type") and _LIKELY.match(beginning.lstrip(b"\r\n")):
        media_type = "multipart/mixed"
    elif headers.count("content-type") and (says.name or says.disposition == "attachment"):
        media_type = "application/octet-stream"
    return replace(says, media_type=media_type)


def _pieces(data: bytes, start: int, end: int, says: Described, found: Cut) -> list[tuple[int, int]]:
    """(start, end) of each part of a multipart; none where it has no boundary, and then it is read as it stands."""
    delimiters = list(_delimiters(data, start, end, says.boundary)) if says.boundary else []
    if not any(not closing for _, _, closing in delimiters):
        likely = _LIKELY.search(data, start, end)
        found.defect(GUESSED if likely else NOT_FOUND if says.boundary else NO_BOUNDARY)
        if not likely:
            return []
        delimiters = list(_delimiters(data, start, end, likely[1]))
    pieces = []
    for number, (_, after, closing) in enumerate(delimiters):
        following = delimiters[number + 1][0] if number + 1 < len(delimiters) else end
        if closing:
            _note_outside(data[after:following], found)
        else:
            pieces.append((after, max(after, following)))
    if not any(closing for _, _, closing in delimiters):
        found.defect(NO_END)
    _note_outside(data[start : delimiters[0][0]], found)
    return pieces


def _delimiters(data: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """(where the part before ends, where the next begins, whether this is the closing one), in order."""
    mark = b"--" + boundary
    place, count = start, 0
    while count <= PARTS * 2 and (here := data.find(mark, place, end)) >= 0:
        place = here + len(mark)
        if here != start and data[here - 1 : here] != b"\n":
            continue
        line_end = data.find(b"\n", place, end) + 1 or end
        rest = data[place : min(line_end, place + 200)].rstrip()
        closing = rest.startswith(b"--") and not rest[2:3].isalnum()
        if closing or not rest:
            yield _before_line_end(data, start, here), line_end, closing
            place, count = line_end, count + 1


def _before_line_end(data: bytes, start: int, place: int) -> int:
    """`place` without the line end before it: that one belongs to the boundary (RFC 2046, 5.1.1)."""
    if place > start and data[place - 1 : place] == b"\n":
        place -= 1
    if place > start and data[place - 1 : place] == b"\r":
        place -= 1
    return place


def _note_outside(text: bytes, found: Cut) -> None:
    """What stands outside the parts, where it is more than the usual sentence for readers without MIME."""
    text = text.strip()
    if len(text) > 1 and not _BOILERPLATE.search(text[:300]):
        found.defect(OUTSIDE)
        found.outside += text[: 1 << 20] + b"\r\n"
