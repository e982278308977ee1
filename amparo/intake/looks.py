"""Pictures near to one another: the fingerprints seen so far, in one index a process, which learns what others added.

Only a fingerprint that is near none before it is added. So a viral picture has one entry, and ten thousand copies of it ask ten
thousand times for one answer, not for ten thousand.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from amparo.intake.models import FoldLook
from amparo.matching.engine import HashIndex, as_rows

LOWEST_QUALITY = 50  # of 100: below it a PDQ fingerprint says little (its reference's own advice)
STEP = 20_000
REREAD = 100


@dataclass(frozen=True)
class Near:
    """The first picture that this one is near to. bits: apart, of 256; 0 where it is that picture itself."""

    item: UUID
    bits: int


class _Kept:
    """The index of this process, and how far along the table it has been filled."""

    def __init__(self) -> None:
        self.index = HashIndex(as_rows([]))
        self.items: list[UUID] = []
        self.known: set[UUID] = set()
        self.last = 0

    def stands(self) -> bool:
        """Whether the table is still the one that was read: a restored or emptied one has lost its last row."""
        return not self.last or FoldLook.objects.filter(id=self.last).exists()

    def catch_up(self) -> None:
        """Adds what any process has added since; some rows before the last too, since others may commit out of order."""
        at = max(0, self.last - REREAD)
        while rows := list(FoldLook.objects.filter(id__gt=at).order_by("id").values_list("id", "item", "row")[:STEP]):
            new = [(item, bytes(row)) for _, item, row in rows if item not in self.known]
            self.index.add(as_rows(row for _, row in new))
            self.items += [item for item, _ in new]
            self.known.update(item for item, _ in new)
            at = self.last = rows[-1][0]
            if len(rows) < STEP:
                break


_lock = threading.Lock()
_kept = _Kept()


def nearest(item: UUID, looks: Sequence[str], within_bits: int) -> Near:
    """What this picture is folded with; itself, from now on, where it is near nothing before it.

    looks: its fingerprint, and those of its turns and its trimmed form where there are such, 64 hex digits each.
    """
    rows = as_rows(bytes.fromhex(each) for each in looks)
    global _kept  # noqa: PLW0603 - one index a process, as in matching
    with _lock:
        if not _kept.stands():
            _kept = _Kept()
        _kept.catch_up()
        _, entries, bits = _kept.index.search(rows, within_bits)
        if len(entries):
            first = int(np.lexsort((entries, bits))[0])
            return Near(_kept.items[int(entries[first])], int(bits[first]))
    FoldLook.objects.get_or_create(item=item, defaults={"row": bytes.fromhex(looks[0])})
    return Near(item, 0)
