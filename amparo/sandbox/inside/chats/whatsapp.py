"""WhatsApp's text export, both phones, any date order: one pass for the stamps (layout.py), one for the items.

Structure first (stamp, then sender or not), wording second: a notice that no table knows stays a notice with its text. Every
line of the file ends up in exactly one item: it begins one, continues one, or is one by itself, counted as unsupported.
"""

from __future__ import annotations

from typing import BinaryIO

from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.layout import shape_of, survey
from amparo.sandbox.inside.chats.lines import Line, Reader
from amparo.sandbox.inside.chats.source import Source, text_of
from amparo.sandbox.inside.chats.stamps import DIGITS_ALIKE, date_text, head_of, time_text
from amparo.sandbox.inside.chats.writing import Writer
from amparo.sandbox.inside.frames import Facts, Sink

# A stamp is followed by someone and something; a log file's line seldom is, in the first lines of a file.
_HEADS_ENOUGH = 2
_SAMPLE_LINES = 60
# What one item may hold: what a member can send is a hundredth of it.
_ITEM_CHARACTERS = 1 << 20
_ITEM_LINES = 50_000
_REMEMBERED = 50_000


def looks_like_export(text: str) -> bool:
    """Whether the text begins as an export does: with a stamp, or with several among its first lines."""
    lines = [line for line in text[:20_000].replace("\r", "\n").split("\n")[:_SAMPLE_LINES] if line.strip()]
    heads = [place for place, line in enumerate(lines) if head_of(line)]
    return bool(heads) and (heads[0] == 0 or len(heads) >= _HEADS_ENOUGH)


def read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    """Writes the reading (chats/__init__.py) and gives its counts."""
    source = Source(data)
    layout = survey(source)
    order = layout.order
    opening: dict[str, object] = {
        "date_order": order.name,
        "alternatives": list(order.alternatives),
        "date_order_evidence": list(order.evidence),
    }
    writer = Writer(sink, FORMAT.name, opening)
    orders = {shape: each.read_as for shape, each in layout.orders.items()}
    reader = Reader(source.sample(), writer)
    _Pass(reader, _Stamps(orders), writer).over(source)
    facts = writer.close(reader.language, exporter=reader.exporter)
    return {**facts, "alternatives": list(order.alternatives)}


class _Stamps:
    """Reads the stamps of one file, whose dates have these orders by shape."""

    def __init__(self, orders: dict[str, str]) -> None:
        self._orders = orders
        # By a stamp with every digit made 0: where its day and its time stand, where it ends, and the order of its date.
        self._forms: dict[str, tuple[int, int, int, int, int, str]] = {}
        self._dates: dict[str, dict[str, str]] = {order: {} for order in orders.values()}
        self._times: dict[str, str] = {}

    def at(self, line: str) -> tuple[str | None, str, int]:
        """(moment, stamp as written, where the rest begins); the moment is "" for an impossible one, None where none begins."""
        close = line.find(" - ", 0, 60) if line[:1].isdigit() else line.find("]", 0, 60)
        form = line[: close + 2].translate(DIGITS_ALIKE) if close > 0 else ""
        places = self._forms.get(form)
        if places is None:
            # Unknown yet, or no stamp: looked at closely.
            head = head_of(line)
            order = self._orders.get(shape_of(*head.groups())) if head else None
            if not head or not order:
                return None, "", 0
            places = (*head.span(2), *head.span(3), head.end(), order)
            if form and len(self._forms) < _REMEMBERED:
                self._forms[form] = places
        day_start, day_end, time_start, time_end, end, order = places
        day, time = line[day_start:day_end], line[time_start:time_end]
        dates = self._dates[order]
        date, clock = dates.get(day), self._times.get(time)
        if date is None or clock is None:
            if len(dates) + len(self._times) > 3 * _REMEMBERED:
                dates.clear()
                self._times.clear()
            date = dates.setdefault(day, date_text(day, order))
            clock = self._times.setdefault(time, time_text(time))
        return (
            (f"{date}T{clock}" if date and clock else ""),
            line[min(day_start, time_start) : max(day_end, time_end)],
            end,
        )


class _Pass:
    """One pass over the lines. What is over is written; what may still go on is held."""

    def __init__(self, reader: Reader, stamps: _Stamps, writer: Writer) -> None:
        self._reader, self._stamps, self._writer = reader, stamps, writer
        self._line: Line | None = None
        self._size = 0

    def over(self, source: Source) -> None:
        at, number = self._stamps.at, 0
        for block, goes_on in source.blocks():
            lines = block.split("\n")
            if goes_on:
                # The rest of a line that was too long for one block; it begins nothing, whatever stands there.
                self._more(number, lines.pop(0), same_line=True)
            for line in lines:
                number += 1
                moment, stamp, end = at(line)
                if moment:
                    self._end()
                    self._line = Line(number, moment, stamp, line[end:])
                    self._size = len(line)
                elif moment is None:
                    self._more(number, line)
                else:
                    # A stamp of this file's own form that is no date: no reading of it would be sure.
                    self._end()
                    self._writer.unsupported(line, number)
        self._end()
        self._writer.lines = number

    def _more(self, number: int, line: str, *, same_line: bool = False) -> None:
        """Goes on with the item at hand; where there is none, or it is full, the line is one by itself."""
        item = self._line
        self._size += len(line)
        if item and self._size <= _ITEM_CHARACTERS and len(item.more) < _ITEM_LINES:
            if same_line:
                item.join(line)
            else:
                item.more.append(line)
        elif item:
            # What goes beyond is an item of its own, without a moment, and so on.
            self._end()
            self._line, self._size = Line(number, "", "", line), len(line)
        elif line.strip():
            self._writer.unsupported(line, number)

    def _end(self) -> None:
        item, self._line = self._line, None
        if item and item.at:
            self._reader.write(item)
        elif item:
            self._writer.unsupported("\n".join([item.rest, *item.more]), item.number, 1 + len(item.more))


FORMAT = Format("whatsapp", lambda head: looks_like_export(text_of(head)), read)
