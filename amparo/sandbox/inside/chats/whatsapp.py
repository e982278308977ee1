"""WhatsApp's text export, both phones, any date order: one pass for the stamps, one for the items.

Structure first (stamp, then sender or not), wording second: a notice that no table knows stays a notice with its text. Every
line of the file ends up in exactly one place: it begins an item, continues one, or is listed as unsupported.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from amparo.sandbox.inside.chats.lines import Line, Reader
from amparo.sandbox.inside.chats.stamps import (
    HEAD,
    DateOrder,
    date_text,
    order_of,
    shape_of_date,
    shape_of_time,
    time_text,
)
from amparo.sandbox.inside.frames import Facts, Sink

UNSUPPORTED_SHOWN = 1_000
UNSUPPORTED_CHARACTERS = 500
_BATCH = 2_000
_BLOCK_CHARACTERS = 1 << 20
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LINE_ENDS = re.compile(r"\r\n|\r(?!\n)")
# A stamp is followed by someone and something; a log file's line seldom is, in the first lines of a file.
_HEADS_ENOUGH = 2
_SAMPLE_LINES = 60


def looks_like_export(text: str) -> bool:
    """Whether the text begins as an export does: with a stamp, or with several among its first lines."""
    lines = [line for line in text[:20_000].replace("\r", "\n").split("\n")[:_SAMPLE_LINES] if line.strip()]
    heads = [place for place, line in enumerate(lines) if HEAD.match(line)]
    return bool(heads) and (heads[0] == 0 or len(heads) >= _HEADS_ENOUGH)


def read(text: str, sink: Sink, media_type: str) -> Facts:
    """Writes the reading (chats/__init__.py) to the sink as one blob and gives its counts."""
    text = _LINE_ENDS.sub("\n", text)
    shape, order = _survey(text)
    reading = _Reading(shape, order, Reader(text))
    sink.begin(name="reading.json", type=media_type)
    opening = {
        "format": "whatsapp",
        "date_order": order.name,
        "alternatives": list(order.alternatives),
        "zone_offset": None,
    }
    sink.write((_ENCODE(opening)[:-1] + ',"items":[').encode())
    separator = b""
    for batch in reading.batches(text):
        # One call for a whole batch: the encoder's own start-up is most of what a single item costs.
        sink.write(separator + _ENCODE(batch)[1:-1].encode("utf-8", "replace"))
        separator = b","
    closing = {
        "members": list(reading.reader.members),
        "exporter": reading.reader.exporter,
        "lines": reading.lines,
        "unsupported": {"count": reading.unsupported, "lines": reading.unsupported_lines},
    }
    sink.write(("]," + _ENCODE(closing)[1:]).encode("utf-8", "replace"))
    return _facts(reading, order)


def _facts(reading: _Reading, order: DateOrder) -> Facts:
    counts = reading.counts
    return {
        "format": "whatsapp",
        "date_order": order.name,
        "alternatives": list(order.alternatives),
        "messages": counts["message"],
        "events": counts["event"],
        "media": counts["media"],
        "stickers": counts["sticker"],
        "unknown_notices": counts["notice"],
        "members": len(reading.reader.members),
        "language": reading.reader.language,
        "lines": reading.lines,
        "unsupported": reading.unsupported,
        "first_at": reading.first_at,
        "last_at": reading.last_at,
    }


def _lines(text: str) -> Iterator[str]:
    """The text's lines, cut a block at a time: a list of all of them would take several times the file's memory."""
    start, last = 0, len(text) - text.endswith("\n")
    while start <= last and text:
        end = text.find("\n", start + _BLOCK_CHARACTERS, last)
        end = last if end < 0 else end
        yield from text[start:end].split("\n")
        start = end + 1


def _survey(text: str) -> tuple[str, DateOrder]:
    """The shape that most stamps share, and the order of their dates.

    An export is written in one go, so one shape rules; a stamp of another shape is text that someone quoted.
    """
    counts: Counter[str] = Counter()
    dates: dict[str, list[str]] = {}
    shape, same_day = "", "\n"
    for line in _lines(text):
        if line.startswith(same_day):
            # Another of the same day: it tells nothing new about dates, and counting it needs no closer look.
            counts[shape] += 1
        elif head := HEAD.match(line):
            bracket, day, time = head.groups()
            shape, same_day = _shape(bracket, day, time), line[: head.end(2)]
            counts[shape] += 1
            seen = dates.setdefault(shape, [])
            if not seen or seen[-1] != day:
                seen.append(day)
    if not counts:
        return "", order_of([])
    shape = counts.most_common(1)[0][0]
    return shape, order_of(dates[shape])


def _shape(bracket: str | None, day: str, time: str) -> str:
    return f"{bracket or ''}{shape_of_date(day)}{shape_of_time(time)}"


@dataclass
class _Reading:
    """One pass over the lines; counts and leftovers stand here when it is done."""

    shape: str
    order: DateOrder
    reader: Reader
    lines: int = 0
    unsupported: int = 0
    unsupported_lines: list[dict[str, object]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    first_at: str = ""
    last_at: str = ""

    def batches(self, text: str) -> Iterator[list[dict[str, object]]]:
        """The items in the file's order, some thousands at a time."""
        batch: list[dict[str, object]] = []
        for item in self.items(text):
            batch.append(item)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def items(self, text: str) -> Iterator[dict[str, object]]:
        """The items in the file's order."""
        current: Line | None = None
        for number, line in enumerate(_lines(text), 1):
            self.lines = number
            head = HEAD.match(line)
            begins = head and self._begins(*head.groups())
            if head and begins:
                if current:
                    yield self._counted(self.reader.item(current))
                stamp = line[head.start(2) : head.end(3)]
                current = Line(number, begins, stamp, line[head.end() :])
            elif begins == "" or not current:
                # A stamp of this file's shape that is no date, or text before any item: no reading of it would be sure.
                if current:
                    yield self._counted(self.reader.item(current))
                    current = None
                self._leave_out(number, line)
            else:
                current.more.append(line)
        if current:
            yield self._counted(self.reader.item(current))

    def _begins(self, bracket: str | None, day: str, time: str) -> str | None:
        """The moment at which an item begins here; "" for an impossible one; None for a stamp that someone quoted."""
        if _shape(bracket, day, time) != self.shape:
            return None
        date, clock = date_text(day, self.order.read_as), time_text(time)
        return f"{date}T{clock}" if date and clock else ""

    def _leave_out(self, number: int, line: str) -> None:
        self.unsupported += 1
        if len(self.unsupported_lines) < UNSUPPORTED_SHOWN:
            self.unsupported_lines.append({"line": number, "text": line[:UNSUPPORTED_CHARACTERS]})

    def _counted(self, item: dict[str, object]) -> dict[str, object]:
        counts, at = self.counts, str(item["ts"])
        if item["item"] == "event":
            counts["event"] += 1
            counts["notice"] += item["type"] == "notice"
        else:
            counts["message"] += 1
            if isinstance(media := item["media"], dict):
                counts["media"] += 1
                counts["sticker"] += media["type"] == "sticker"
        self.last_at = max(self.last_at, at)
        if at < self.first_at or not self.first_at:
            self.first_at = at
        return item
