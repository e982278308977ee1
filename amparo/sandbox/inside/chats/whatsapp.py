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
from amparo.sandbox.inside.chats.stamps import BLANKS, DIGITS_ALIKE, MARKS, date_text, head_of, time_text
from amparo.sandbox.inside.chats.writing import Writer
from amparo.sandbox.inside.frames import Facts, Sink

# A stamp is followed by someone and something; a log file's line seldom is, in the first lines of a file.
_HEADS_ENOUGH = 2
_SAMPLE_LINES = 60
# What one item may hold: what a member can send is a hundredth of it.
_ITEM_CHARACTERS = 1 << 20
_ITEM_LINES = 50_000
_REMEMBERED = 50_000
_EACH_BLANK = frozenset(BLANKS)
_FORMS = 1_000
# Lines between two looks at what is ready to be handed on.
_AT_ONCE = 4_000
# A line never holds a line's end: what begins with it is never found.
_NEVER = "\n"
_TIME_CHARACTERS = 40


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


class _Clocks(dict[str, str]):
    """Clocks, "T21:05:00", by times as written, of stamps that share what ends them and their shape.

    A time with the same signs as one that was read already, whatever its digits, is one too; "" where none is known.
    """

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def learn(self, time: str) -> None:
        if len(self._forms) < _FORMS:
            self._forms.add(time.translate(DIGITS_ALIKE))

    def __missing__(self, time: str) -> str:
        if time.translate(DIGITS_ALIKE) not in self._forms or not (clock := time_text(time)):
            return ""
        if len(self) < 2 * _REMEMBERED:
            self[time] = "T" + clock
        return "T" + clock


class _Stamps:
    """Reads the stamps of one file, whose dates have these orders by shape.

    Most lines bear the day of one before. Of such a line three looks tell all: does it begin with `begins`, where behind that is
    `ends`, and what is the clock between: then its moment is `day` + that, and its stamp begins at `place`.
    """

    def __init__(self, orders: dict[str, str]) -> None:
        self._orders = orders
        # By a stamp with every digit made 0: where its day and its time stand, where it ends, its shape.
        self._forms: dict[str, tuple[int, int, int, int, int, str]] = {}
        self._dates: dict[str, dict[str, str]] = {order: {} for order in orders.values()}
        self._times: dict[str, str] = {}
        # By what ends a stamp and by its shape.
        self._clocks: dict[tuple[str, str], _Clocks] = {}
        self.begins, self.ends, self.day, self.place = _NEVER, _NEVER, "", 0
        self.clocks = _Clocks()

    def at(self, line: str) -> tuple[str | None, str, int]:
        """(moment, stamp as written, where the rest begins); the moment is "" for an impossible one, None where none begins."""
        close = line.find(" - ", 0, 60) if line[:1].isdigit() else line.find("]", 0, 60)
        form = line[: close + 2].translate(DIGITS_ALIKE) if close > 0 else ""
        places = self._forms.get(form)
        if places is None:
            # Unknown yet, or no stamp: looked at closely.
            head = head_of(line)
            shape = shape_of(*head.groups()) if head else ""
            if not head or shape not in self._orders:
                return None, "", 0
            places = (*head.span(2), *head.span(3), len(head[0].rstrip(BLANKS)), shape)
            if form and len(self._forms) < _REMEMBERED:
                self._forms[form] = places
        day_start, day_end, time_start, time_end, end, shape = places
        # How many blanks follow differs from line to line.
        while line[end : end + 1] in _EACH_BLANK:
            end += 1
        date, clock = self._read(line[day_start:day_end], line[time_start:time_end], self._orders[shape])
        if date and clock:
            self._learn(line, (day_start, day_end, time_start, time_end, end, shape), date)
        return (
            (f"{date}T{clock}" if date and clock else ""),
            line[min(day_start, time_start) : max(day_end, time_end)],
            end,
        )

    def look(self) -> tuple[str, str, _Clocks, str, int, int, int]:
        """What a look needs: begins, ends, clocks, day, place, the lengths of begins and ends."""
        return self.begins, self.ends, self.clocks, self.day, self.place, len(self.begins), len(self.ends)

    def _read(self, day: str, time: str, order: str) -> tuple[str, str]:
        dates = self._dates[order]
        date, clock = dates.get(day), self._times.get(time)
        if date is None or clock is None:
            if len(dates) + len(self._times) > 3 * _REMEMBERED:
                dates.clear()
                self._times.clear()
            date = dates.setdefault(day, date_text(day, order))
            clock = self._times.setdefault(time, time_text(time))
        return date, clock

    def _learn(self, line: str, places: tuple[int, int, int, int, int, str], date: str) -> None:
        """Afterwards another of this day and this form is read at a look; nothing is learnt of forms that leave a doubt."""
        day_start, day_end, time_start, time_end, end, shape = places
        if time_start <= day_end or line[time_start - 1].isdecimal() or (line[0] in MARKS and date == self.day):
            return
        self.begins, self.ends, self.day, self.place = line[:time_start], line[time_end:end], date, day_start
        if len(self._clocks) > _FORMS:
            self._clocks.clear()
        if (self.ends, shape) not in self._clocks:
            self._clocks[self.ends, shape] = _Clocks()
        self.clocks = self._clocks[self.ends, shape]
        self.clocks.learn(line[time_start:time_end])


class _Pass:
    """One pass over the lines. What is over is written; what may still go on is held."""

    def __init__(self, reader: Reader, stamps: _Stamps, writer: Writer) -> None:
        self._reader, self._stamps, self._writer = reader, stamps, writer
        self._line: Line | None = None
        self._size = 0

    def over(self, source: Source) -> None:
        number = 0
        for block, goes_on in source.blocks():
            lines = block.split("\n")
            if goes_on:
                # The rest of a line that was too long for one block; it begins nothing, whatever stands there.
                self._more(number, lines.pop(0), same_line=True)
            for start in range(0, len(lines), _AT_ONCE):
                self._take(lines[start : start + _AT_ONCE], number + start)
            number += len(lines)
        self._end()
        self._writer.lines = number

    def _take(self, lines: list[str], before: int) -> None:
        """These lines, behind `before` others. Nine of ten are plain words, written at once; should one go on, it is taken back."""
        stamps, plain, add = self._stamps, self._reader.plain, self._writer.add_plain
        begins, ends, clocks, day, place, start, width = stamps.look()
        last: tuple[str, str, str] | None = None
        for number, line in enumerate(lines, before + 1):
            if line.startswith(begins):
                close = line.find(ends, start, start + _TIME_CHARACTERS)
                clock = clocks[line[start:close]] if close > 0 else ""
                rest = line[close + width :]
                if clock and rest[:1] not in _EACH_BLANK:  # else more of the line is the stamp's
                    if self._line:
                        self._end()
                    moment, stamp = day + clock, line[place:close]
                    if item := plain(moment, stamp, rest, number):
                        add(item, moment)
                        last = moment, stamp, rest
                    else:
                        self._line, self._size, last = Line(number, moment, stamp, rest), len(line), None
                    continue
            self._closely(number, line, last)
            last = None
            begins, ends, clocks, day, place, start, width = stamps.look()
        if last:
            self._take_back(last, before + len(lines))

    def _take_back(self, last: tuple[str, str, str], number: int) -> None:
        """The item written last, of this moment, stamp and rest, is held instead: what comes next may go on with it."""
        self._writer.take_back()
        self._line, self._size = Line(number, *last), sum(map(len, last))

    def _closely(self, number: int, line: str, last: tuple[str, str, str] | None) -> None:
        """One line; `last` is the one before it where that was written at once."""
        moment, stamp, end = self._stamps.at(line)
        if moment is None:
            if last:
                self._take_back(last, number - 1)
            self._more(number, line)
            return
        self._end()
        if moment:
            self._line = Line(number, moment, stamp, line[end:])
            self._size = len(line)
        else:
            # A stamp of this file's own form that is no date: no reading of it would be sure.
            self._writer.unsupported(line, number)

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
