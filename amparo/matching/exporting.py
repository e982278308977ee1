"""A version of a list as records again (records.py): all its rows, in their order, whole and a piece at a time.

The tables are in the order of their digests; so rows are gathered by going through all row numbers once for each span of rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from amparo.foundation.errors import Refused
from amparo.matching.differences import SCANNED_ENTRIES
from amparo.matching.records import KINDS, NO_CATEGORY, RECORD, VALUE_BYTES, Records
from amparo.matching.versions import Version

SPAN_ROWS = 1 << 20


def categories_of(version: Version) -> tuple[tuple[str, str], ...]:
    """The (scheme, code) pairs that the records' numbers mean. Raises Refused where they are too many to number."""
    found = tuple(dict.fromkeys(each for part in version.parts for each in part.manifest.own_categories))
    if len(found) >= NO_CATEGORY:
        raise Refused("This list has more categories than its export can number.")
    return found


def records_of(version: Version) -> Iterator[Records]:
    """Arrays of records that cut no row in two. A row's hashes stand in the order of their kinds."""
    number_of = {category: number for number, category in enumerate(categories_of(version))}
    for start in range(1, version.manifest.highest_row + 1, SPAN_ROWS):
        pieces = list(_span(version, start, start + SPAN_ROWS, number_of))
        if pieces:
            records = np.concatenate(pieces)
            yield records[np.lexsort((records["kind"], records["row"]))]


def _span(version: Version, start: int, stop: int, number_of: dict[tuple[str, str], int]) -> Iterator[Records]:
    for part in version.parts:
        numbers = np.array([number_of[each] for each in part.manifest.own_categories] + [NO_CATEGORY], np.int64)
        for kind, number in KINDS.items():
            for rows, categories, values in part.all_of(kind):
                for first in range(0, len(rows), SCANNED_ENTRIES):
                    piece = np.asarray(rows[first : first + SCANNED_ENTRIES])
                    places = np.flatnonzero((piece >= start) & (piece < stop))
                    places = places[version.standing(piece[places])]
                    if not len(places):
                        continue
                    records = np.zeros(len(places), RECORD)
                    records["row"], records["kind"] = piece[places], number
                    records["category"] = numbers[np.minimum(categories[first + places], len(numbers) - 1)]
                    records["value"][:, : VALUE_BYTES[number]] = values(first + places)
                    yield records
