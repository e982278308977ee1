"""What a messenger's own words say, wherever they stand: for formats that keep them as text."""

from __future__ import annotations

from amparo.sandbox.inside.chats import senders, wordings
from amparo.sandbox.inside.chats.stamps import EDGES


def noticed(text: str) -> tuple[str, str, list[str], str]:
    """(type, actor, targets, value); ("notice", "", [], the text) where no table knows it."""
    stripped = text.strip(EDGES + "\n")
    words = wordings.words_of(stripped)
    for table in wordings.known():
        if found := table.noticed(stripped, words):
            notice, match = found
            parts = match.groupdict()
            actor = table.exporter if notice.by_exporter else person(parts.get("actor") or "", table)
            targets = [table.exporter] if notice.to_exporter else people(parts.get("targets") or "", table)
            return notice.type, actor, targets, (parts.get("value") or "").strip(EDGES)
    return "notice", "", [], text


def people(raw: str, table: wordings.Wordings) -> list[str]:
    """Names of a list such as "Ana, Luis y +34 600 00 00 00"."""
    for conjunction in table.conjunctions:
        head, found, tail = raw.rpartition(conjunction)
        if found:
            raw = f"{head.rstrip(',،')}, {tail}"
            break
    pieces = raw.replace("،", ",").split(", ")
    return [name for piece in pieces if not _counts(piece, table) and (name := person(piece, table))]


def _counts(piece: str, table: wordings.Wordings) -> bool:
    """Whether this is no name but "3 others", which the notice's text keeps."""
    number, _, word = piece.strip(EDGES).partition(" ")
    return number.isdecimal() and word.lower() in table.others


def person(raw: str, table: wordings.Wordings) -> str:
    """A name; the exporter by the language's one word for them."""
    name = senders.name_of(raw)
    return table.exporter if name.lower() in table.exporter_words else name
