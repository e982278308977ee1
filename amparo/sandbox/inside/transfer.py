"""Content-Transfer-Encoding undone, however damaged: what can be decoded is, and a sentence says what was wrong."""

from __future__ import annotations

import binascii
import re

from amparo.sandbox.inside.uuencode import decoded_lines

_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_NOT_BASE64 = bytes(code for code in range(256) if code not in _ALPHABET)
_SPACE = b" \t\r\n"
_SOFT_BREAK = re.compile(rb"=[ \t]*(?:\r?\n|\Z)")
_TRAILING = re.compile(rb"(?<![ \t])[ \t]+(?=\r?\n|\Z)")  # looked for at the start of a run alone: linear
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")

_WORDS = re.compile(rb"(?:[A-Za-z,.]{1,20} {1,3}){3}")

NOT_BASE64 = "A part is not encoded as it says; it is kept as it stands."
DAMAGED = "The encoding of a part is damaged; what could be decoded was."
CUT = "The encoding of a part is cut off."
BAD_SIGNS = "The encoding of a text is damaged; some signs may be wrong."
UNKNOWN = "A part is encoded in a way that Amparo does not know; it is kept as it stands."
_AS_IT_STANDS = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none", "plain", "7bits", "8bits", "utf-8"})


def decoded(body: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes of a part and the sentence for its defect, "" where there is none. encoding: the header's value."""
    name = encoding.partition(";")[0].strip().strip("\"'").lower()
    if name == "base64":
        return base64(body)
    if name in ("quoted-printable", "quotedprintable", "quoted printable"):
        return quoted_printable(body)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        found = decoded_lines(body)
        return (found[0][1], "") if len(found) == 1 else (body, DAMAGED if body.strip() else "")
    return body, "" if name in _AS_IT_STANDS else UNKNOWN


def base64(body: bytes) -> tuple[bytes, str]:
    """Letters that aren't Base64's are left out; several padded runs, one after the other, are all decoded."""
    letters = body.translate(None, _NOT_BASE64)
    strange = len(letters) != len(body.translate(None, _SPACE))
    # Words are not Base64, whatever the header says: nothing real has spaces within its lines.
    if _WORDS.search(body[:2_000]):
        return body, NOT_BASE64
    pieces, cut = [], False
    for run in re.split(b"=+", letters) if b"=" in letters.rstrip(b"=") else [letters.rstrip(b"=")]:
        odd = len(run) % 4
        if odd == 1:  # six bits belong to no byte
            run, cut = run[:-1], True  # noqa: PLW2901
        pieces.append(binascii.a2b_base64(run + b"=" * (-len(run) % 4)))
    unpadded = len(letters) % 4 != 0
    return b"".join(pieces), DAMAGED if strange else CUT if cut or unpadded else ""


def quoted_printable(body: bytes) -> tuple[bytes, str]:
    """As the standard decodes it; an escape that is none stays as it stands."""
    damaged = _BAD_ESCAPE.search(body)
    joined = _SOFT_BREAK.sub(b"", _TRAILING.sub(b"", body))
    plain = re.sub(rb"=([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), joined)
    return plain, BAD_SIGNS if damaged else ""
