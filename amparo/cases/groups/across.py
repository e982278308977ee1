"""Who had an item first anywhere in the exports held, and what speaks against it. Pure.

Lines of one export stand in their order. Between exports only clocks can say: one whose zone is known is exact, one whose zone
nobody has said lies up to 14 hours before and 12 hours after what it shows, and an undated line may lie anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

EARLIEST, LATEST = timedelta(hours=14), timedelta(hours=12)  # zones reach from UTC+14 to UTC-12
NEVER, EVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Carried:
    """One post of an item. person, group: any numbers that tell them apart. wall: the export's clock as if UTC."""

    post: int
    person: int | None
    group: int
    line: int
    wall: datetime | None
    utc: datetime | None
    forwarded: bool = False

    @property
    def earliest(self) -> datetime:
        return self.utc or (self.wall - EARLIEST if self.wall else EVER)

    @property
    def latest(self) -> datetime:
        return self.utc or (self.wall + LATEST if self.wall else NEVER)


@dataclass(frozen=True)
class Claim:
    """first: the earliest post held. against: posts of others that may be as early. tied: those of them at the same instant.

    The claim is certain where nothing speaks against it; a forwarded first post was somewhere else before.
    """

    first: Carried
    against: tuple[Carried, ...]
    tied: int

    @property
    def certain(self) -> bool:
        return not self.against and not self.first.forwarded


def claim_of(posts: Iterable[Carried]) -> Claim:
    """The claim on one item. Raises ValueError for no post at all."""
    in_lines = sorted(posts, key=lambda each: (each.group, each.line))
    groups = [tuple(same) for _, same in groupby(in_lines, key=lambda each: each.group)]
    carriers = min(groups, key=_order)
    first, latest = carriers[0], _latest(carriers)
    # Whoever posts it again in the same group comes later by the export's own order, whatever the clocks say.
    against = tuple(
        others[0]
        for others in groups
        if others is not carriers
        and (others[0].person is None or others[0].person != first.person)
        and others[0].earliest <= latest
    )
    tied = sum(each.utc is not None and each.utc == first.utc for each in against)
    return Claim(first, against, tied)


def _order(group: Sequence[Carried]) -> tuple[datetime, bool, int, int]:
    """A line without a time came before the lines after it that have one."""
    shown = min((each.utc or each.wall or NEVER for each in group), default=NEVER)
    return group[0].utc or group[0].wall or shown, group[0].forwarded, group[0].group, group[0].line


def _latest(group: Sequence[Carried]) -> datetime:
    return min(each.latest for each in group)
