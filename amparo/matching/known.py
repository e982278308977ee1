"""The known hashes as they are now: every look-up asks the database which lists count, and then those lists' files.

So a list counts, or counts no more, from the first look-up after its act on, in every process. Opening one maps its files and
reads next to nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from uuid import UUID

from amparo.foundation.home import Home
from amparo.matching.looks import Looks
from amparo.matching.models import HashList
from amparo.matching.rules import NEAR_BITS, Found, ListState
from amparo.matching.shelf import MOST_HITS, Bytes, Shelf
from amparo.matching.versions import opened

_lock = threading.Lock()
_kept = Shelf(())


def active_lists() -> tuple[UUID, ...]:
    """The lists that count now, in the order in which they came. Two equal answers mean equal lists: lists are never edited."""
    found = HashList.objects.filter(state=ListState.ACTIVE).order_by("id")
    return tuple(found.values_list("uuid", flat=True))


def shelf_with(lists: Sequence[UUID]) -> Shelf:
    """These lists, open; those that were open before stay so. Raises Broken."""
    global _kept  # noqa: PLW0603 - one shelf a process
    with _lock:
        if _kept.lists != tuple(lists):
            _kept = Shelf(opened(Home.from_env(), lists, _kept.versions))
        return _kept


def lookup(
    digests: Mapping[str, Bytes],
    looks: Sequence[Looks] = (),
    *,
    lists: Sequence[UUID] | None = None,
    within_bits: int = NEAR_BITS,
    most: int = MOST_HITS,
    threads: int = 1,
) -> list[list[Found]]:
    """For each item what is known of it now, as `Shelf.lookup` gives it. lists: those to ask; all that count when left out."""
    shelf = shelf_with(active_lists() if lists is None else lists)
    return shelf.lookup(digests, looks, within_bits=within_bits, most=most, threads=threads)
