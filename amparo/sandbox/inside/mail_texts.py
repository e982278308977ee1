"""A mail's texts on their way to one: what was said twice once, folded lines joined, OpenPGP's frames taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from amparo.sandbox.inside.markup import text_of_html

# HTML beside a plain text of the same mail is read too where it says more: a stub such as "open this in a browser" hides a report.
MORE_WORDS = 12
_WORD = re.compile(r"\w{3,}")

_SIGNED, _SIGNATURE, _SIGNATURE_END = (
    "-----BEGIN PGP SIGNED MESSAGE-----",
    "-----BEGIN PGP SIGNATURE-----",
    "-----END PGP SIGNATURE-----",
)
_MESSAGE, _MESSAGE_END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"
_EMPTY_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
MESSAGES = 5


@dataclass
class Texts:
    """The texts found so far, by where they came from."""

    plain: list[tuple[str, int]] = field(default_factory=list)
    html: list[tuple[str, int]] = field(default_factory=list)
    rich: list[str] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    calendar: list[str] = field(default_factory=list)
    forwarded: list[str] = field(default_factory=list)
    alternatives: int = 0

    def __bool__(self) -> bool:
        own = (self.plain, self.html, self.rich, self.packed, self.calendar, self.forwarded)
        return any(
            text.strip() for texts in own for text in (each if isinstance(each, str) else each[0] for each in texts)
        )

    def add_plain(self, text: str, alternative: int) -> None:
        self.plain.append((text, alternative))

    def add_html(self, markup: str, alternative: int) -> None:
        self.html.append((text_of_html(markup), alternative))

    def own(self) -> str:
        """What the mail itself says, without the words of mails that are attached to it."""
        return "\n".join(
            _tidy(text) for text in (*(text for text, _ in self.plain + self.html), *self.rich, *self.packed)
        )

    def joined(self, most: int) -> tuple[str, str, str]:
        """The text to read, its source ("plain", "html" or "none"), and where it is longer than `most` the whole of it."""
        said = {alternative for text, alternative in self.plain if alternative and text.strip()}
        words = {word.lower() for text, _ in self.plain for word in _WORD.findall(text)}
        kept = [text for text, alternative in self.html if alternative not in said or _says_more(text, words)]
        self.alternatives = len(self.html) - len(kept)
        plain = [text for text, _ in self.plain if text.strip()]
        source = "plain" if plain or self.packed else "html" if any(text.strip() for text in kept) else "plain"
        pieces = plain + kept + self.packed
        if not any(piece.strip() for piece in pieces):
            pieces = self.rich
        whole = "\n\n".join(_tidy(piece) for piece in (*pieces, *self.calendar, *self.forwarded) if piece.strip())
        return whole[:most], source if whole else "none", whole if len(whole) > most else ""


def _says_more(text: str, words: set[str]) -> bool:
    """Whether this text has many words that the plain ones have not."""
    own = {word.lower() for word in _WORD.findall(text)}
    missing = len(own - words)
    return missing > MORE_WORDS and missing * 2 > len(own)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def flowed(text: str, delete_space: bool) -> str:
    """Lines that a mail program broke, joined again (RFC 3676); quoted lines stay quoted."""
    out: list[str] = []
    open_depth = -1
    for line in text.replace("\r\n", "\n").split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        signature = bare == "-- "
        goes_on = bare.endswith(" ") and not signature
        piece = bare[:-1] if goes_on and delete_space else bare
        if open_depth == depth and not signature:
            out[-1] += piece
        else:
            out.append((">" * depth + " " if depth else "") + piece)
        open_depth = depth if goes_on else -1
    return "\n".join(out)


def cleartext_of(text: str) -> tuple[str, list[str], bool]:
    """The text without OpenPGP's frames, the encrypted messages that stood in it, and whether any of it says that it is signed."""
    if "-----BEGIN PGP " not in text:
        return text, [], False
    signed, messages = False, []
    for _ in range(MESSAGES):
        begin = text.find(_SIGNED)
        frame = text.find(_SIGNATURE, begin)
        head = _EMPTY_LINE.search(text, begin, begin + 2_000) if begin >= 0 else None
        if not head or frame < head.end():
            break
        signed = True
        said = re.sub(r"(?m)^- ", "", text[head.end() : frame].rstrip("\r\n"))
        text = text[:begin] + said + text[_after(text, _SIGNATURE_END, frame) :]
    for _ in range(MESSAGES):
        begin = text.find(_MESSAGE)
        if begin < 0:
            break
        end = _after(text, _MESSAGE_END, begin)
        messages.append(text[begin:end])
        text = text[:begin] + text[end:]
    return text, messages, signed


def _after(text: str, mark: str, place: int) -> int:
    """Where the mark ends that stands at or after `place`; the text's end where there is none."""
    found = text.find(mark, place)
    return len(text) if found < 0 else found + len(mark)
