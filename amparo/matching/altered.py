"""For `amparo verify`: the record says which lists there are and what every byte of them is; tables and disk are checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from amparo.custody import queries as custody
from amparo.foundation.home import Home
from amparo.matching.actions import said_of
from amparo.matching.models import HashList
from amparo.matching.rules import ListState
from amparo.matching.versions import digests_of, folder_of

PAGE = 1000


@dataclass(frozen=True)
class AlteredList:
    list: UUID
    sentence: str


@dataclass
class _Recorded:
    """What the record says of all lists. files: SHA-256 by name; said: the digest of what was said of it.

    unnamed: lists imported when their hashes stood in the database, whose files no act names yet.
    """

    files: dict[UUID, dict[str, str]] = field(default_factory=dict)
    said: dict[UUID, str] = field(default_factory=dict)
    unnamed: set[UUID] = field(default_factory=set)
    ended: set[UUID] = field(default_factory=set)


def recorded_lists() -> tuple[UUID, ...]:
    """The lists of which the record says that they came to count."""
    return tuple(_recorded().files)


def unnamed_lists() -> tuple[UUID, ...]:
    """Lists whose hashes moved from the database into files that no act names yet (actions.shelve_list)."""
    return tuple(HashList.objects.filter(uuid__in=_recorded().unnamed).exclude(files={}).values_list("uuid", flat=True))


def altered_lists(home: Home) -> Iterator[AlteredList]:
    """Lists whose files or row aren't what the record says: changed, removed, added, or counting although withdrawn."""
    recorded = _recorded()
    for list_uuid, files in recorded.files.items():
        row = HashList.objects.filter(uuid=list_uuid).first()
        if sentence := _altered_row(list_uuid, row, recorded) or _altered_files(home, list_uuid, files):
            yield AlteredList(list_uuid, sentence)
    counting = HashList.objects.filter(state__in=[ListState.ACTIVE, ListState.WITHDRAWN]).order_by("id")
    for uuid in counting.values_list("uuid", flat=True):
        if uuid not in recorded.files:
            yield AlteredList(uuid, f"The known-hash list {uuid} was added: no record says that it was imported.")


def _recorded() -> _Recorded:
    found = _Recorded()
    for kind in ("list.imported", "list.shelved", "list.withdrawn"):
        for line in _acts(kind):
            list_uuid = UUID(str(line.about["list"]))
            if kind == "list.withdrawn":
                found.ended.add(list_uuid)
                continue
            if base := line.about.get("base"):
                found.ended.add(UUID(str(base)))
            files = line.about.get("files")
            if isinstance(files, list):
                found.files[list_uuid] = dict(str(each).split(":", 1) for each in files)
                found.said[list_uuid] = str(line.about["said"])
            else:
                found.unnamed.add(list_uuid)
    found.unnamed -= set(found.files)
    return found


def _acts(kind: str) -> Iterator[custody.ActLine]:
    offset = 0
    while page := custody.acts(kind=kind, ended="done", offset=offset, limit=PAGE).lines:
        yield from (line for line in page if line.kind == kind)
        offset += PAGE


def _altered_row(list_uuid: UUID, row: HashList | None, recorded: _Recorded) -> str:
    if row is None:
        return f"The row of the known-hash list {list_uuid} was removed."
    state = ListState.WITHDRAWN if list_uuid in recorded.ended else ListState.ACTIVE
    if row.state != state or said_of(row).digest(list_uuid) != recorded.said[list_uuid]:
        return f"The row of the known-hash list {list_uuid} was changed: it is not what the record says."
    return ""


def _altered_files(home: Home, list_uuid: UUID, files: dict[str, str]) -> str:
    folder = folder_of(home, list_uuid)
    if not folder.is_dir():
        return f"The files of the known-hash list {list_uuid} are missing: {folder}"
    there = digests_of(folder)
    wrong = sorted(name for name in {*files, *there} if files.get(name) != there.get(name))
    if not wrong:
        return ""
    how = "is missing" if wrong[0] not in there else "was changed" if wrong[0] in files else "was added"
    return f"A file of the known-hash list {list_uuid} {how}: {folder / wrong[0]}"
