"""How one export writes its stamps: found over the whole file before anything of it is read, with the evidence for its dates.

An export is written in one go, so one layout rules it; a stamp of another layout is text that someone quoted. Only where
another stands at the beginning and never comes back is the file two exports, one behind the other, and both are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from amparo.sandbox.inside.chats.source import Source
from amparo.sandbox.inside.chats.stamps import DateOrder, Day, head_of, order_of, shape_of_date, shape_of_time

# A chat's life has some thousand days; a file with more changes of day than this decides by its first ones.
_DAYS = 200_000
_SHAPES = 1_000


@dataclass
class _Seen:
    """All stamps of one layout."""

    first: int
    last: int = 0
    count: int = 0
    days: list[Day] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """`orders` has the date order for each layout that begins items here; `order` is that of most."""

    orders: dict[str, DateOrder]
    order: DateOrder


def shape_of(bracket: str | None, day: str, time: str) -> str:
    """What all stamps of one export share."""
    return f"{bracket or ''}{shape_of_date(day)}{shape_of_time(time)}"


def survey(source: Source) -> Layout:
    """One pass over all stamps."""
    seen: dict[str, _Seen] = {}
    number, current, same_day = 0, _Seen(0), "\n"
    for block, goes_on in source.blocks():
        lines = block.split("\n")
        alike = 0
        for number, line in enumerate(lines, number + 1 - goes_on):  # noqa: B020 - it counts on
            if line.startswith(same_day):
                # Another of the same day tells nothing new about dates, and counting it needs no closer look.
                alike, current.last = alike + 1, number
            elif head := head_of(line):
                current.count += alike
                alike = 0
                shape = shape_of(*head.groups())
                if shape not in seen and len(seen) >= _SHAPES:
                    continue
                current = seen.setdefault(shape, _Seen(number))
                same_day = line[: head.end(2)]
                current.count += 1
                current.last = number
                day = head[2]
                if len(current.days) < _DAYS and (not current.days or current.days[-1].raw != day):
                    current.days.append(Day(day, number))
        current.count += alike
    return _layout(seen)


def _layout(seen: dict[str, _Seen]) -> Layout:
    if not seen:
        return Layout({}, order_of([]))
    most = max(seen, key=lambda shape: seen[shape].count)
    begins = min(seen, key=lambda shape: seen[shape].first)
    if begins != most and seen[begins].last > seen[most].first and seen[begins].count > 2:
        # It comes back after the others: those are what one member quoted at length.
        most = begins
    reading = _chosen(seen, most, begins)
    orders = {shape: order_of(seen[shape].days) for shape in reading}
    return Layout(orders, orders[most])


def _chosen(seen: dict[str, _Seen], most: str, begins: str) -> Iterable[str]:
    apart = begins != most and seen[begins].last < seen[most].first
    return (begins, most) if apart else (most,)
