"""How many files and bytes ended how, on which device: counted as they end, so that nobody has to count a million rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amparo.matching.scan.outcomes import Outcome

FOUND = "found"
# A copy of a file that is being looked at: it will have that one's outcome.
WAITING = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is counted apart. outcome: an Outcome, FOUND or WAITING. media: a picture or video. copy: of another file."""

    device: int
    outcome: str
    reason: str = ""
    media: bool = False
    copy: bool = False


class Tally:
    """Files and bytes by `Kept`. Used under its store's lock."""

    def __init__(self) -> None:
        self._counts: dict[Kept, tuple[int, int]] = {}
        self._changed: set[Kept] = set()

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str, str, int, int, int, int]]) -> Tally:
        """From rows as `changed` gives them."""
        tally = cls()
        for device, outcome, reason, media, copy, files, size_bytes in rows:
            tally._counts[Kept(device, outcome, reason, bool(media), bool(copy))] = files, size_bytes
        return tally

    def add(self, what: Kept, files: int, size_bytes: int) -> None:
        before = self._counts.get(what, (0, 0))
        self._counts[what] = before[0] + files, before[1] + max(size_bytes, 0)
        self._changed.add(what)

    def changed(self) -> list[tuple[int, str, str, int, int, int, int]]:
        """The rows that changed since this was asked last."""
        found = [
            (each.device, each.outcome, each.reason, int(each.media), int(each.copy), *self._counts[each])
            for each in self._changed
        ]
        self._changed.clear()
        return found

    def summed(self) -> Summary:
        return Summary(tuple(self._counts.items()))


@dataclass(frozen=True)
class Summary:
    """A tally as it stands. All counts are of files, copies and links and pipes included, unless they say bytes."""

    counts: tuple[tuple[Kept, tuple[int, int]], ...]

    def of_device(self, device: int) -> Summary:
        return Summary(tuple(each for each in self.counts if each[0].device == device))

    def _sum(self, which: Iterable[tuple[Kept, tuple[int, int]]], at: int = 0) -> int:
        return sum(amounts[at] for _, amounts in which)

    @property
    def found(self) -> int:
        return self._sum(each for each in self.counts if each[0].outcome == FOUND)

    @property
    def found_bytes(self) -> int:
        return self._sum((each for each in self.counts if each[0].outcome == FOUND), 1)

    @property
    def done(self) -> int:
        """Ended, copies that wait for their first one included: nothing is left to do for them."""
        return self._sum(each for each in self.counts if each[0].outcome != FOUND)

    @property
    def done_bytes(self) -> int:
        return self._sum((each for each in self.counts if each[0].outcome != FOUND), 1)

    @property
    def copies(self) -> int:
        return self._sum(each for each in self.counts if each[0].copy)

    def by_outcome(self) -> dict[str, int]:
        """Every outcome, also those that no file has; WAITING only while a copy waits."""
        found = dict.fromkeys((each.value for each in Outcome), 0)
        for kept, (files, _) in self.counts:
            if kept.outcome != FOUND:
                found[kept.outcome] = found.get(kept.outcome, 0) + files
        return found

    def by_reason(self, outcome: Outcome) -> dict[str, int]:
        """Why files have this outcome, the most frequent reason first."""
        found: dict[str, int] = {}
        for kept, (files, _) in self.counts:
            if kept.outcome == outcome and files:
                found[kept.reason] = found.get(kept.reason, 0) + files
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))

    @property
    def media(self) -> int:
        """What a person would have to look at without lists: pictures and videos, and listed files, whose kind is not asked."""
        return self._sum(each for each in self._ended_media())

    @property
    def settled(self) -> int:
        """Those of `media` that nobody has to look at: known or near by a list, or a copy of one that is looked at once."""
        return self._sum(
            each for each in self._ended_media() if each[0].copy or each[0].outcome in {Outcome.KNOWN, Outcome.NEAR}
        )

    def _ended_media(self) -> Iterator[tuple[Kept, tuple[int, int]]]:
        return (
            each
            for each in self.counts
            if each[0].outcome != FOUND and (each[0].media or each[0].outcome in {Outcome.KNOWN, Outcome.NEAR})
        )

    @property
    def settled_percent(self) -> int | None:
        """`settled` of `media`, rounded down; None where there is no media."""
        return percent(self.settled, self.media)


def percent(part: int, whole: int) -> int | None:
    """Rounded down: nobody is told that more is settled than is. None of nothing."""
    return 100 * part // whole if whole else None
