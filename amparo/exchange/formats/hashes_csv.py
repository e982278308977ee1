"""The hash list of a package: one row an item, and one more for each further list that knows it."""

from __future__ import annotations

from collections.abc import Iterator

from amparo.exchange.formats.contents import ItemPart, KnownPart, PackageContents
from amparo.exchange.formats.tables import csv_bytes

COLUMNS = (
    "item", "size_bytes", "media_type", "md5", "sha1", "sha256", "pdq", "pdq_quality",
    "state", "list", "list_version", "hit", "distance_bits", "scheme", "category", "first_posted_by",
)  # fmt: skip


def hashes_csv(contents: PackageContents) -> bytes:
    """UTF-8 CSV under COLUMNS. state: "hit", "no_hit" or "not_examined", which are three different answers."""
    return csv_bytes(COLUMNS, (row for item in contents.items for row in _rows(item)))


def state_of(item: ItemPart) -> str:
    """What is known about the item: "hit", "no_hit" or "not_examined"."""
    return "hit" if item.known else "no_hit" if item.examined else "not_examined"


def _rows(item: ItemPart) -> Iterator[tuple[object, ...]]:
    hits: tuple[KnownPart | None, ...] = item.known or (None,)
    for hit in hits:
        found = (hit.list, hit.version, hit.kind, hit.distance_bits, hit.scheme, hit.category) if hit else (None,) * 6
        yield (
            item.reference, item.size_bytes, item.media_type, item.md5, item.sha1, item.sha256, item.pdq, item.quality,
            state_of(item), *found, item.first_posted_by,
        )  # fmt: skip
