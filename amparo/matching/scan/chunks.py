"""From what was read and looked at to end states: which files still need a look, which are copies, what each came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amparo.matching.scan.facts import Looked, Read, Row, Wanted
from amparo.matching.scan.outcomes import Outcome, settled


def may_be_copies(wanted: Sequence[Wanted], reads: Sequence[Read]) -> list[Read]:
    """The files whose content another may have too: a file of a size of its own is no copy, unless its size has changed."""
    by_file = {each.file: each for each in wanted}
    return [
        each
        for each in reads
        if not each.problem
        and each.size_bytes
        and (by_file[each.file].shared or by_file[each.file].size_bytes != each.size_bytes)
    ]


def to_look_at(wanted: Sequence[Wanted], reads: Sequence[Read], first: Mapping[int, int]) -> list[tuple[Wanted, Read]]:
    """Those that only their look can tell more of: read, not listed, and no copy of another. first: file -> who stands for it."""
    by_file = {each.file: each for each in wanted}
    return [
        (by_file[read.file], read)
        for read in reads
        if not read.problem and not read.hits and first.get(read.file, read.file) == read.file
    ]


def rows_of(
    reads: Sequence[Read], looks: Sequence[Looked], first: Mapping[int, int], *, looks_are_listed: bool
) -> list[Row]:
    """The end states of those files that have one: a file that should have been looked at and was not is left out."""
    looked = {each.file: each for each in looks}
    rows = []
    for read in reads:
        copy_of = first.get(read.file, read.file)
        if read.problem:
            rows.append(Row(read, *_unread(read.problem)))
        elif copy_of != read.file:
            rows.append(Row(read, Outcome.KNOWN if read.hits else None, copy_of=copy_of))
        elif read.hits:
            rows.append(Row(read, Outcome.KNOWN, hits=read.hits))
        elif found := looked.get(read.file):
            rows.append(_looked(read, found, looks_are_listed=looks_are_listed))
    return rows


def _unread(problem: str) -> tuple[Outcome, str]:
    return (Outcome.NOT_EXAMINED if problem == "too_big" else Outcome.UNREADABLE), problem


def _looked(read: Read, found: Looked, *, looks_are_listed: bool) -> Row:
    if found.problem:
        return Row(Read(read.file, found.problem), Outcome.UNREADABLE, found.problem)
    outcome, reason = settled(
        exact=False,
        near=bool(found.hits),
        kind=found.kind,
        state=found.state,
        reason=found.reason,
        looks_are_listed=looks_are_listed,
    )
    return Row(read, outcome, reason, found.kind, found.media_type, found.look, hits=found.hits)
