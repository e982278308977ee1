"""A mail's header fields: taken from bytes without a fault, folded or not, doubled, damaged, in any letters."""

from __future__ import annotations

import binascii
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from amparo.sandbox.inside.charsets import lettered

HEADER_LINES = 5_000
HEADER_BYTES = 1 << 20
VALUE_CHARACTERS = 20_000
ENCODED_WORDS = 200
RECIPIENTS = 500
PARAMETERS = 100

TOO_MANY = "It has more header lines than any mail needs; the rest is kept unread."
NO_SEPARATOR = "Its headers end without an empty line."
ODD_LINE = "A header line is broken; it was read as part of the one before it."

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)\Z", re.DOTALL)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=")
_FOLDS, _SPACES = re.compile(r"[\r\n\t]"), re.compile(r"[ \t\r\n]+")
_BETWEEN = re.compile(r"\s*\Z")
# Marks that turn the reading direction: "photo<RLO>gpj.exe" reads as "photoexe.jpg".
_DIRECTION_MARKS = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@dataclass
class Headers:
    """The fields in order, names in small letters, values unfolded and as bytes. size: of the whole block, in bytes."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)
    size: int = 0
    defects: list[str] = field(default_factory=list)

    def raw(self, *names: str) -> Iterator[bytes]:
        """The values of these fields, in order."""
        return (value for name, value in self.fields if name in names)

    def first(self, name: str) -> bytes:
        """The first value of that field; empty where there is none."""
        return next(self.raw(name), b"")

    def count(self, name: str) -> int:
        return sum(1 for _ in self.raw(name))

    def text(self, name: str) -> str:
        """The field's text on one line, encoded words decoded; cut where it is longer than any mail needs."""
        return words(self.first(name)[:VALUE_CHARACTERS])


def read_headers(data: bytes, start: int = 0, end: int | None = None) -> Headers:
    """The header block that begins at `start`. It ends at the first empty line, or where lines stop looking like headers."""
    found = Headers()
    stop = len(data) if end is None else end
    place = start
    if data.startswith((b"From ", b">From "), place) and (first := _LINE.match(data, place, stop)):
        place = first.end()  # an mbox's line before the mail
    for count, line in enumerate(_LINE.finditer(data, place, min(stop, place + HEADER_BYTES))):
        bare = line[0].rstrip(b"\r\n")
        if not bare:
            place = line.end()
            break
        if count >= HEADER_LINES:
            found.defects.append(TOO_MANY)
            break
        if not _take_line(found, bare, data, line.end(), stop):
            break
        place = line.end()
    found.size = place - start
    return found


def _take_line(found: Headers, line: bytes, data: bytes, after: int, stop: int) -> bool:
    """Adds the line to the fields; False where the headers have ended though no empty line says so."""
    if line[:1] in b" \t" and found.fields:
        _join(found, b" " + line.strip())
    elif field := _FIELD.match(line):
        found.fields.append((field[1].decode("ascii").lower(), field[2].strip()))
    elif _headers_go_on(data, after, stop):
        found.defects.append(ODD_LINE)
        if found.fields:
            _join(found, b" " + line.strip())
        elif field := _FIELD.match(line.lstrip()):
            found.fields.append((field[1].decode("ascii").lower(), field[2].strip()))
    else:
        found.defects.append(NO_SEPARATOR)
        return False
    return True


def _join(found: Headers, more: bytes) -> None:
    name, value = found.fields[-1]
    if len(value) <= HEADER_BYTES:
        found.fields[-1] = (name, value + more)


def _headers_go_on(data: bytes, place: int, stop: int) -> bool:
    """Whether, after an odd line, at least one whole field and nothing but fields stand before the next empty line."""
    fields = 0
    for line in _LINE.finditer(data, place, min(stop, place + 20_000)):
        bare = line[0].rstrip(b"\r\n")
        if not bare:
            return fields > 0
        if bare[:1] in b" \t":
            continue
        if not _FIELD.match(bare):
            return False
        fields += 1
    return False


# --- Letters ----------------------------------------------------------------------------------------------------------------


def words(raw: bytes) -> str:
    """The text of a header's value: raw bytes in the charset that fits, encoded words (RFC 2047) decoded, on one line."""
    text = _one_line(lettered(raw).text)
    return _decoded_words(text) if "=?" in text and text.count("=?") <= ENCODED_WORDS else text


def _one_line(text: str) -> str:
    """Folds and tabs become a space; a space of another script stays what it is."""
    return _SPACES.sub(" ", text).strip() if _FOLDS.search(text) else text.strip()


def _decoded_words(text: str) -> str:
    """Neighbours of one charset are joined as bytes before they become letters: some mailers cut a letter in two."""
    pieces: list[str] = []
    place, charset, waiting = 0, "", b""
    for word in _WORD.finditer(text):
        between = text[place : word.start()]
        adjacent = bool(charset) and bool(_BETWEEN.match(between))
        named = word[1].partition("*")[0].lower()  # RFC 2231 adds a language
        if charset and not (adjacent and named == charset):
            pieces.append(lettered(waiting, charset).text)
            waiting = b""
        if not adjacent:
            pieces.append(between)
        charset = named
        waiting += _bytes_of_word(word[2], word[3])
        place = word.end()
    pieces.append(lettered(waiting, charset).text if charset else "")
    return _one_line("".join(pieces) + text[place:])


def _bytes_of_word(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return re.sub(rb"=([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), raw.replace(b"_", b" "))
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return raw


# --- Addresses --------------------------------------------------------------------------------------------------------------


def addresses(headers: Headers, *names: str) -> tuple[list[str], str]:
    """The addresses of these fields, in order, each once, at most RECIPIENTS; and the sentence for what was not read."""
    raw = [value[:VALUE_CHARACTERS] for value in headers.raw(*names)][:20]
    pieces = [lettered(value).text for value in raw if value.count(b"@") <= RECIPIENTS]
    sentence = "It names more recipients than Amparo reads." if len(pieces) < len(raw) else ""
    try:
        # Outlook's lists have semicolons.
        found = [
            address for _, address in email.utils.getaddresses([_commas(piece) for piece in pieces]) if "@" in address
        ]
    except RecursionError:  # comments within comments
        found, sentence = [], "Its recipients cannot be read."
    return list(dict.fromkeys(_words_in(address)[:320] for address in found))[:RECIPIENTS], sentence


def _commas(text: str) -> str:
    return text if ":" in text.partition("@")[0] else text.replace(";", ",")  # "group: a, b;" keeps its end


def _words_in(address: str) -> str:
    return _decoded_words(address).strip() if "=?" in address else address


# --- Types and names ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Described:
    """What a part says of itself. media_type: "" where it says nothing that is a type. parameters: by small name, as text."""

    media_type: str
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    name: str = ""
    boundary: bytes = b""


def described(headers: Headers) -> Described:
    """The part's type, parameters, disposition, file name and boundary, as far as they can be read."""
    kind, plain, extended = _parameters(headers.first("content-type"))
    disposition, more_plain, more_extended = _parameters(headers.first("content-disposition"))
    media_type = kind.lower().strip("\"' ")
    if not re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}", media_type):
        media_type = _mended_type(media_type)
    # RFC 2231 says its letters exactly; where both stand, it wins.
    parameters = {name: words(given) for name, given in plain.items() if name != "boundary"} | extended
    filename = more_extended.get("filename") or words(more_plain.get("filename", b""))
    boundary = extended["boundary"].encode() if "boundary" in extended else plain.get("boundary", b"")
    return Described(
        media_type,
        parameters,
        disposition.strip("\"' ").lower()[:20],
        plain_name(filename or parameters.get("name", "")),
        boundary.rstrip()[:300],
    )


def _mended_type(media_type: str) -> str:
    """A damaged type's first two words, where they are still a type."""
    found = re.match(
        r"(text|image|audio|video|application|multipart|message|model|font)\s*/\s*([a-z0-9.+-]{1,80})", media_type
    )
    return f"{found[1]}/{found[2]}" if found else ""


_PARAMETER = re.compile(
    rb""";\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^'";]*)'(?=\s*(?:;|\Z))|"?([^;"]*)"?)""", re.DOTALL
)


def _parameters(value: bytes) -> tuple[str, dict[str, bytes], dict[str, str]]:
    """The value before the first ";", and the parameters after it, the first of each name: plain ones, and those of RFC 2231."""
    value = value[:VALUE_CHARACTERS]
    kind = value.partition(b";")[0]
    plain: dict[str, bytes] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(value, len(kind))):
        if count >= PARAMETERS:
            break
        name = found[1].decode("ascii", "replace").lower()
        quoted, single, bare = found[2], found[3], found[4]
        given = (
            re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL)
            if quoted is not None
            else (single or bare or b"").strip()
        )
        continued = re.fullmatch(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", name)
        if "*" in name and continued:
            pieces.setdefault(continued[1], {}).setdefault(int(continued[2] or 0), (given, bool(continued[3])))
        else:
            plain.setdefault(name, given)
    return lettered(kind).text.strip(), plain, {name: _extended(given) for name, given in pieces.items()}


def _extended(pieces: dict[int, tuple[bytes, bool]]) -> str:
    """A value in pieces with percent signs: charset'language'first, second, third."""
    charset, whole = "", b""
    for place in sorted(pieces):
        given, escaped = pieces[place]
        if place == min(pieces) and given.count(b"'") >= 2:
            named, _, given = given.split(b"'", 2)
            charset, escaped = named.decode("ascii", "replace"), True
        whole += re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), given) if escaped else given
    text = lettered(whole, charset).text
    return _decoded_words(text) if "=?" in text else text


def plain_name(name: str) -> str:
    """A file name that is only a name: no folder, no control or direction marks, at most 200 characters."""
    last = name[:2_000].replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    cleaned = "".join(letter for letter in last if letter.isprintable() and letter not in _DIRECTION_MARKS).strip()
    return "" if cleaned.strip(".") == "" else cleaned[-200:]
