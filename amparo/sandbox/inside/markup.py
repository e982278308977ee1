"""HTML to plain text, in linear time whatever the input."""

from __future__ import annotations

import html
import re

HTML_CHARACTERS = 5_000_000
_SILENT = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "head", "title")}
_TAG_NAME = re.compile(r"/?\s*([A-Za-z][A-Za-z0-9]*)")
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "table",
        "ul",
        "ol",
        "section",
        "article",
        "hr",
        "pre",
    ]
)


def text_of_html(markup: str) -> str:
    """What a reader would see, blocks on lines of their own; scripts, styles and comments left out."""
    markup = markup[:HTML_CHARACTERS]
    pieces: list[str] = []
    place = 0
    while (start := markup.find("<", place)) >= 0:
        pieces.append(markup[place:start])
        place = _after_tag(markup, start, pieces)
    pieces.append(markup[place:])
    lines = (" ".join(line.split()) for line in html.unescape("".join(pieces)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _after_tag(markup: str, start: int, pieces: list[str]) -> int:
    """Where reading goes on after the tag at `start`."""
    if markup.startswith("<!--", start):
        end = markup.find("-->", start + 4)
        return len(markup) if end < 0 else end + 3
    end = markup.find(">", start)
    if end < 0:
        pieces.append(markup[start:])  # no tag at all: a text with a "less than" in it
        return len(markup)
    found = _TAG_NAME.match(markup, start + 1, end)
    name = found[1].lower() if found else ""
    if name in _BLOCKS:
        pieces.append("\n")
    if name in _SILENT and markup[start + 1] != "/":
        close = _SILENT[name].search(markup, end)
        end = markup.find(">", close.start()) if close else -1
        return len(markup) if end < 0 else end + 1
    return end + 1


_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


def charset_of_html(markup: bytes) -> str:
    """The charset that the markup names itself in its first kilobytes; "" where it names none."""
    found = _META.search(markup[:4_096])
    return found[1].decode("ascii") if found else ""
