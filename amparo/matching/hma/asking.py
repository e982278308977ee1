"""What the lists that count now say to a question of HMA's: banks, contents, matches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from amparo.matching.engine import as_rows
from amparo.matching.hma import protocol
from amparo.matching.hma.protocol import BadRequest, Match
from amparo.matching.known import lookup, shelf_with
from amparo.matching.looks import Looks, looks_of
from amparo.matching.models import HashList
from amparo.matching.rules import Found, HitKind, ListState


@dataclass(frozen=True)
class Bank:
    """A list that counts, as a bank. first: the number of the version that its rows have had their numbers from."""

    list: UUID
    name: str
    first: int
    counts: dict[str, int]
    imported_at: datetime | None


def banks() -> tuple[Bank, ...]:
    """One for each list that counts, in the order in which they came; several may bear one name."""
    every = list(
        HashList.objects.order_by("id").only(
            "id", "uuid", "name", "state", "base", "difference", "counts", "imported_at"
        )
    )
    names = protocol.bank_names(each.name for each in every)
    grown_from = {each.id: each.base_id for each in every if each.difference and each.base_id}
    found = []
    for each in every:
        if each.state == ListState.ACTIVE:
            first = each.id
            while first in grown_from:
                first = grown_from[first]
            found.append(Bank(each.uuid, names[each.name], first, each.counts, each.imported_at))
    return tuple(found)


def matches_of_signal(kind: str, text: str, wanted: frozenset[str] | None) -> list[Match]:
    """The contents that a signal matches. Raises BadRequest for a signal that is none."""
    digest = protocol.signal(kind, text)
    looks = looks_of(as_rows([digest])) if kind == "pdq" else None
    return _matches(kind, digest, looks, wanted)


def matches_of_file(kind: str, digest: bytes, looks: Looks | None, wanted: frozenset[str] | None) -> list[Match]:
    """The contents that a file matches by one of its signals: a picture by all its looks, turned and mirrored ones too."""
    return _matches(kind, digest, looks, wanted)


def _matches(kind: str, digest: bytes, looks: Looks | None, wanted: frozenset[str] | None) -> list[Match]:
    asked = {each.list: each for each in banks() if wanted is None or each.name in wanted}
    if not asked:
        return []
    if looks is not None:
        (found,) = lookup({}, [looks], lists=tuple(asked), most=MOST_MATCHES)
    else:
        values = np.frombuffer(digest, np.uint8)[None]
        (found,) = lookup({protocol.SIGNALS[kind]: values}, lists=tuple(asked), most=MOST_MATCHES)
    return [_match(asked[each.list], each) for each in found]


# HMA answers all it finds. Of a much varied picture that may be thousands, and each answer is held in memory.
MOST_MATCHES = 10_000


def _match(bank: Bank, found: Found) -> Match:
    distance = "-" if found.kind is HitKind.EXACT else str(found.distance_bits)
    return Match(bank.name, protocol.content_number(bank.first, found.row), distance)


def bank_listing() -> list[dict[str, object]]:
    return [_as_json(name) for name in dict.fromkeys(each.name for each in banks())]


def bank_named(name: str) -> dict[str, object]:
    """Raises BadRequest (404) for one that isn't there."""
    if name not in {each.name for each in banks()}:
        raise BadRequest(f"bank '{name}' not found", 404)
    return _as_json(name)


def content(bank: str, number: int) -> dict[str, object]:
    """A listed row as a content, without its hashes. Raises BadRequest (404) for one that isn't there, or counts no more."""
    named = bank_named(bank)
    first, row = protocol.row_of_content(number)
    of = next((each for each in banks() if each.first == first and each.name == bank), None)
    if of is None or not _stands(of.list, row):
        raise BadRequest(f"content '{number}' not found", 404)
    return {"id": number, "bank": named, "disable_until_ts": 1, "original_media_uri": None}


def _stands(list_uuid: UUID, row: int) -> bool:
    (version,) = shelf_with([list_uuid]).versions
    return 1 <= row <= version.manifest.highest_row and bool(version.standing(np.array([row], np.uint32))[0])


def _as_json(name: str) -> dict[str, object]:
    return {"name": name, "matching_enabled_ratio": protocol.RATIO}


def index_status(only: str | None) -> dict[str, dict[str, object]]:
    """What is in the index for each signal. A list is asked from its import on: the index is never behind."""
    found = banks()
    return {
        name: {"present": True, "built_to": built, "size": size}
        for name, size, built in _sizes(found, only, "No such signal type")
    }


def signal_index(only: str | None) -> dict[str, dict[str, object]]:
    """The same as HMA tells it to those who look after its index."""
    return {
        name: {
            "db_size": size,
            "index_size": size,
            "index_out_of_date": False,
            "newest_db_item": built,
            "index_built_to": built,
        }
        for name, size, built in _sizes(banks(), only, "No such signal type")
    }


def _sizes(found: Sequence[Bank], only: str | None, words: str) -> Iterable[tuple[str, int, int]]:
    sizes = protocol.sizes(each.counts for each in found)
    if only is not None and only not in sizes:
        raise BadRequest(f"{words} '{only}'")
    for name, size in sizes.items():
        holding = [each.imported_at for each in found if each.counts.get(protocol.SIGNALS[name]) and each.imported_at]
        if only in {None, name}:
            yield name, size, int(max(holding).timestamp()) if holding else -1
