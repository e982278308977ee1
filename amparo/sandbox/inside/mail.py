"""A mail, read as far as it can be: its text, its headers as written, its attachments, and what was wrong with it.

The standard parser is bounded from outside, since hostile mail makes it recurse or crawl (measured: 2,000 nested parts raise
RecursionError; 200,000 parts take 12 s; 20,000 encoded words 5 s). A mail beyond the bounds keeps its headers, and its whole
body becomes one attachment: nothing is lost, and the defect says so.
"""

from __future__ import annotations

import email.errors
import email.header
import email.message
import email.parser
import email.policy
import email.utils
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from amparo.sandbox.inside.decoding import known_charset, text_of
from amparo.sandbox.inside.frames import Facts, Sink
from amparo.sandbox.inside.language import language_of
from amparo.sandbox.inside.markup import text_of_html

PARTS = 2_000
# The standard parser recurses once a level. Counted without regard to depth, so generous: a digest may hold many mails.
CONTAINERS = 500
HEADER_CHARACTERS = 20_000
HEADER_LINES = 5_000
ENCODED_WORDS = 200
RECIPIENTS = 500
TEXT_CHARACTERS = 1_000_000
DEFECTS = 50

_TOO_DEEP = "Its parts are nested too deeply; its body is kept unread, as one attachment."
# A forwarded mail is written out as it was read: no line folded, no "From" quoted.
_AS_READ = email.policy.compat32.clone(mangle_from_=False, max_line_length=0)

# Any: the standard library's types for a part's payload say less than this module checks.
Part = Any


@dataclass
class _Reading:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    alternatives: int = 0
    defects: list[str] = field(default_factory=list)
    attachments: int = 0

    def defect(self, sentence: str) -> None:
        if sentence not in self.defects and len(self.defects) < DEFECTS:
            self.defects.append(sentence)


def warm() -> None:
    """Afterwards every lazily loaded piece of the parser is loaded."""
    raw = (
        b"From: =?utf-8?B?w4E=?= <a@example.org>\r\nTo: b@example.org\r\nSubject: =?iso-8859-1?Q?=E1?=\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
        b"Content-Type: text/html; charset=koi8-r\r\n\r\n<p>a&amp;b</p>\r\n"
        b"--x\r\nContent-Type: text/plain; name*=utf-8''a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n"
        b"--x\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\n#86)C\n`\nend\n\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@example.org\r\n\r\na\r\n--x--\r\n"
    )
    read(raw, {}, _Nowhere())


class _Nowhere:
    def begin(self, **about: object) -> None: ...
    def write(self, chunk: bytes) -> None: ...
    def void(self) -> None: ...


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """The mail's text and headers as facts; each attachment a blob with `name`, `type`, `disposition`."""
    reading = _Reading()
    message = _parsed(data, reading)
    try:
        for part in _leaves(message, reading) if message is not None else ():
            _take(part, reading, sink)
    except RecursionError:  # a forwarded mail nested too deeply to be written out again
        reading.defect(_TOO_DEEP)
        message = None
    if message is None:
        message, body = _headers_only(data)
        _attach(sink, reading, "unread-body.eml", "application/octet-stream", "attachment", body)
    text, source = _text(reading, sink)
    return {
        "subject": _header(message, "Subject", reading),
        "date_raw": _header(message, "Date", reading),
        "sender_raw": _header(message, "From", reading),
        "reply_to_raw": _header(message, "Reply-To", reading),
        "message_id": _header(message, "Message-ID", reading),
        "recipients": _recipients(message, reading),
        "text": text,
        "text_source": source,
        "language": language_of(text),
        "attachments": reading.attachments,
        "alternatives": reading.alternatives,
        "defects": reading.defects,
    }


def _parsed(data: bytes, reading: _Reading) -> Part | None:
    """The whole mail; None where it is beyond the bounds, with the defect noted."""
    head = data.split(b"\n\n", 1)[0] if b"\r\n\r\n" not in data else data.split(b"\r\n\r\n", 1)[0]
    if head.count(b"\n") > HEADER_LINES:
        reading.defect("It has too many header lines; the rest is kept unread.")
        return None
    # Every part but the first needs a boundary line, and every level a multipart header, so these counts bound both.
    if (
        data.count(b"\n--") > PARTS * 2
        and len(re.findall(rb"^--[^\r\n]{1,200}\r?\n(?=[A-Za-z-]+:|\r?\n)", data, re.MULTILINE)) > PARTS
    ):
        reading.defect("It has too many parts; its body is kept unread, as one attachment.")
        return None
    if (
        len(re.findall(rb"^content-type:\s{0,10}(?:multipart|message)/", data, re.IGNORECASE | re.MULTILINE))
        > CONTAINERS
    ):
        reading.defect(_TOO_DEEP)
        return None
    try:
        return email.parser.BytesParser(policy=email.policy.compat32).parsebytes(data)
    except RecursionError:
        reading.defect(_TOO_DEEP)
        return None


def _headers_only(data: bytes) -> tuple[Part, bytes]:
    """The headers that can be read, and all that follows them (all, where there is no end of headers)."""
    lines = data.split(b"\n", HEADER_LINES)
    end = next((place for place, line in enumerate(lines) if line.strip() == b""), min(len(lines), HEADER_LINES))
    head = b"\n".join(lines[:end]) + b"\n\n"
    return email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head), b"\n".join(
        lines[end:]
    ).lstrip(b"\r\n")


def _leaves(message: Part, reading: _Reading) -> Iterator[Part]:
    """Every part that holds content, in order; a forwarded mail is one such part and is not entered here."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        for defect in part.defects:
            reading.defect(_DEFECTS.get(type(defect), "Its structure is damaged."))
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            if part.get_content_subtype() == "alternative":
                payload = _best_of(list(payload), reading)
            waiting.extend(reversed(list(payload)))
        else:
            yield part


def _best_of(choices: list[Part], reading: _Reading) -> list[Part]:
    """Of one text said twice (plain and HTML) the plain one; whatever is not mere text stays."""
    plain = [part for part in choices if part.get_content_type() == "text/plain" and not part.get_filename()]
    if not plain or not (plain[0].get_payload(decode=True) or b"").strip():
        return choices
    kept = [part for part in choices if part.get_content_type() != "text/html" or part.get_filename()]
    reading.alternatives += len(choices) - len(kept)
    return kept


def _take(part: Part, reading: _Reading, sink: Sink) -> None:
    """One part: text for reading, or an attachment."""
    media_type = part.get_content_type()
    disposition = str(part.get("Content-Disposition", "")).split(";")[0].strip().lower()[:20]
    name = _file_name(part, reading)
    if media_type == "message/rfc822" and isinstance(part.get_payload(), list):
        forwarded = part.get_payload()
        body = forwarded[0].as_bytes(policy=_AS_READ) if forwarded else b""
        _attach(sink, reading, name or "forwarded.eml", media_type, disposition, body)
        return
    body = _decoded(part, reading)
    if media_type in ("text/plain", "text/html") and not name and disposition != "attachment":
        charset = str(part.get_content_charset() or "")
        if charset and not known_charset(charset):
            reading.defect("A text names a character set that Amparo does not know; some letters may be wrong.")
        text, _ = text_of(body, charset)
        (reading.plain if media_type == "text/plain" else reading.html).append(text)
    elif body or name:
        _attach(sink, reading, name or _made_up_name(reading, media_type), media_type, disposition, body)


def _decoded(part: Part, reading: _Reading) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):  # message/delivery-status and the like: parts that are headers
        return "\n".join(str(piece) for piece in payload).encode("utf-8", "replace")
    body = part.get_payload(decode=True)
    for defect in part.defects:
        reading.defect(_DEFECTS.get(type(defect), "Its structure is damaged."))
    return body if isinstance(body, bytes) else b""


def _attach(sink: Sink, reading: _Reading, name: str, media_type: str, disposition: str, body: bytes) -> None:
    sink.begin(name=name, type=media_type[:100], disposition=disposition)
    sink.write(body)
    reading.attachments += 1


def _text(reading: _Reading, sink: Sink) -> tuple[str, str]:
    """The text to read and where it comes from: "plain", "html" or "none". A longer text is kept whole as an attachment."""
    source = "plain" if any(text.strip() for text in reading.plain) else "html" if reading.html else "none"
    pieces = reading.plain if source == "plain" else [text_of_html(piece) for piece in reading.html]
    if source == "plain" and reading.html:
        # Plain and HTML side by side, not as alternatives: the HTML may say something else.
        pieces = pieces + [text_of_html(piece) for piece in reading.html]
    text = "\n\n".join(piece.replace("\r\n", "\n").replace("\r", "\n").strip() for piece in pieces).strip()
    if len(text) > TEXT_CHARACTERS:
        reading.defect("Its text is very long; it is kept whole as an attachment and shown cut.")
        _attach(sink, reading, "text.txt", "text/plain", "inline", text.encode("utf-8", "replace"))
        text = text[:TEXT_CHARACTERS]
    return text, source if text else "none"


def _header(message: Part, name: str, reading: _Reading) -> str:
    """The header's text, encoded words decoded, on one line; as written where decoding it would cost too much."""
    raw = next(iter(_raw(message, name)), "")
    if len(raw) > HEADER_CHARACTERS:
        reading.defect(f"Its {name} line is longer than any mail needs; it is shown cut.")
        raw = raw[:HEADER_CHARACTERS]
    raw = " ".join(raw.split()) if "\n" in raw or "\t" in raw else raw.strip()
    return _words(raw)


def _raw(message: Part, *names: str) -> list[str]:
    """The values of these headers as they stand in the mail; the parser's own look-up spoils bytes beyond ASCII."""
    wanted = {name.lower() for name in names}
    return [str(value) for name, value in message.raw_items() if name.lower() in wanted]


def _words(raw: str) -> str:
    # A header with raw bytes reaches us with surrogates; they are read as UTF-8, else as Windows-1252.
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        raw, _ = text_of(raw.encode("utf-8", "surrogateescape"))
    if "=?" not in raw or raw.count("=?") > ENCODED_WORDS:
        return raw
    try:
        pieces = email.header.decode_header(raw)
    except (email.errors.HeaderParseError, ValueError):
        return raw
    read_pieces = (
        piece if isinstance(piece, str) else text_of(piece, charset or "ascii")[0] for piece, charset in pieces
    )
    return "".join(read_pieces).strip()


def _recipients(message: Part, reading: _Reading) -> list[str]:
    """Addresses of To and Cc, in order, each once."""
    raw = [value[:HEADER_CHARACTERS] for value in _raw(message, "To", "Cc")[:20]]
    pieces = [value for value in raw if value.count("@") <= RECIPIENTS]
    if len(pieces) < len(raw):
        reading.defect("It names more recipients than Amparo reads.")
    try:
        found = [address for _, address in email.utils.getaddresses(pieces) if "@" in address]
    except RecursionError:  # comments within comments
        reading.defect("Its recipients cannot be read.")
        found = []
    return list(dict.fromkeys(_words(address)[:320] for address in found))[:RECIPIENTS]


def _file_name(part: Part, reading: _Reading) -> str:
    """The attachment's own name without any folder; "" where it has none."""
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        reading.defect("An attachment's name cannot be read.")
        name = ""
    return plain_name(_words(str(name)[:2_000]))


def plain_name(name: str) -> str:
    """A file name that is only a name: no folder, no control or direction marks, at most 200 characters."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    cleaned = "".join(letter for letter in last if letter.isprintable() and letter not in _DIRECTION_MARKS).strip()
    return "" if cleaned.strip(".") == "" else cleaned[-200:]


def _made_up_name(reading: _Reading, media_type: str) -> str:
    ending = re.sub(r"[^a-z0-9]", "", media_type.rsplit("/", 1)[-1].lower())[:10]
    return f"attachment-{reading.attachments + 1}.{ending or 'bin'}"


# Marks that turn the reading direction: "photo<RLO>gpj.exe" reads as "photoexe.jpg".
_DIRECTION_MARKS = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")

_DEFECTS: dict[type, str] = {
    email.errors.NoBoundaryInMultipartDefect: "It says it has parts but not where they end.",
    email.errors.StartBoundaryNotFoundDefect: "The start of its parts is missing.",
    email.errors.CloseBoundaryNotFoundDefect: "It ends before its last part does.",
    email.errors.FirstHeaderLineIsContinuationDefect: "Its first header line has no beginning.",
    email.errors.MisplacedEnvelopeHeaderDefect: "An envelope line stands among its headers.",
    email.errors.MissingHeaderBodySeparatorDefect: "Its headers end without an empty line.",
    email.errors.MultipartInvariantViolationDefect: "It says it has parts but has none.",
    email.errors.InvalidMultipartContentTransferEncodingDefect: "It is encoded in a way that parts may not be.",
    email.errors.InvalidBase64PaddingDefect: "An attachment's encoding is cut off.",
    email.errors.InvalidBase64CharactersDefect: "An attachment's encoding is damaged.",
    email.errors.InvalidBase64LengthDefect: "An attachment's encoding is damaged and could not be decoded.",
}
