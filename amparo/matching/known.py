"""The known hashes as they are now: exact ones looked up in the database, fingerprints in an index kept in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from amparo.matching.engine import HashIndex, as_rows
from amparo.matching.models import HashEntry, HashList
from amparo.matching.rules import NEAR_BITS, Found, HitKind, strongest


def active_lists() -> tuple[int, ...]:
    """The rows of the lists that count now, in order. Two equal answers mean equal lists: lists are never edited."""
    return tuple(HashList.objects.filter(withdrawn_at=None).order_by("id").values_list("id", flat=True))


@dataclass(frozen=True)
class _Fingerprints:
    lists: tuple[int, ...]
    index: HashIndex
    entries: np.ndarray
    list_ids: np.ndarray
    rows: np.ndarray


_lock = threading.Lock()
_kept: _Fingerprints | None = None


def _fingerprints(lists: tuple[int, ...]) -> _Fingerprints:
    """The index over these lists' fingerprints; built once, and again when the lists have changed."""
    global _kept  # noqa: PLW0603 - one index a process: at millions of rows a second one would not fit
    with _lock:
        if _kept is None or _kept.lists != lists:
            known = HashEntry.objects.filter(kind="pdq", list__in=lists).order_by("id")
            found = list(known.values_list("id", "list_id", "row", "value").iterator(chunk_size=20_000))
            numbers = [np.array([each[column] for each in found], dtype=np.int64) for column in range(3)]
            _kept = _Fingerprints(lists, HashIndex(as_rows(bytes(each[3]) for each in found)), *numbers)
        return _kept


def hits_of(lists: tuple[int, ...], digests: dict[str, bytes], pdq: bytes) -> list[Found]:
    """Every hit of an item in these lists, one a listed row, strongest first.

    digests: kind to bytes ("md5", "sha1", "sha256"). pdq: 32 bytes, or none where it has no fingerprint that can be compared.
    """
    found = []
    for kind, value in digests.items():
        for entry, list_id, row in HashEntry.objects.filter(kind=kind, value=value, list__in=lists).values_list(
            "id", "list_id", "row"
        ):
            found.append(Found(entry, list_id, row, HitKind.EXACT, 0))
    if pdq:
        known = _fingerprints(lists)
        _, places, distances_bits = known.index.search(as_rows([pdq]), NEAR_BITS)
        found += [
            Found(
                int(known.entries[place]), int(known.list_ids[place]), int(known.rows[place]), HitKind.NEAR, int(bits)
            )
            for place, bits in zip(places, distances_bits, strict=True)
        ]
    return strongest(found)
