"""The door of matching: bring a list in, withdraw it, record what an item was found to be.

A list is asked for, read and built, and only then finished: that act makes it count. Reading and building are slow and no act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import AmparoError, Missing, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching import building, incoming, rules
from amparo.matching.building import Built
from amparo.matching.incoming import Upload
from amparo.matching.known import active_lists, shelf_with
from amparo.matching.models import Check, HashList, Hit
from amparo.matching.rules import Found, ListSaid, ListState, State
from amparo.matching.versions import mark_withdrawn
from amparo.vault.actions import prepares

HOUSE = Actor.of_process("house")


# --- Bringing a list in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportAsked:
    list: UUID
    base: UUID | None
    difference: bool
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Order:
    """How a list is to be brought in. base: the version whose place it takes; difference: whether it says what changed in that.

    withdrawals: of a difference, whether all that it names is taken back; else what its file marks so.
    file_name: as it came. format: of its file, empty to find out. bare: what 64 digits without a column's name are. leave_out: rows
    that can't be read.
    """

    said: ListSaid
    base: UUID | None = None
    difference: bool = False
    file_name: str = ""
    format: str = ""
    bare: str = ""
    leave_out: bool = False
    withdrawals: bool = False


@act("list.import_asked", power="lists.import")
def ask_import(by: Actor, upload: Upload, order: Order) -> ImportAsked:
    """The list stands as one that is being imported: the upload is read and built next, and counts once that is finished.

    Raises Refused, Missing; then the upload is the caller's to forget.
    """
    base = _begun(upload.list, order)
    return ImportAsked(upload.list, base, order.difference, upload.size_bytes, upload.sha256)


@dataclass(frozen=True)
class ImportBegun:
    list: UUID
    base: UUID | None
    difference: bool


@act("list.import_begun", power="lists.import")
def _begin_import(by: Actor, list_uuid: UUID, order: Order) -> ImportBegun:
    """The list stands as one that is being imported; whoever has its rows in hand builds it."""
    return ImportBegun(list_uuid, _begun(list_uuid, order), order.difference)


def _begun(list_uuid: UUID, order: Order) -> UUID | None:
    """Its base, once the list has a row. Raises Refused, Missing."""
    said = order.said
    there = HashList.objects.filter(name=said.name, version=said.version).exclude(state=ListState.FAILED).exists()
    base = HashList.objects.filter(uuid=order.base).first() if order.base else None
    if order.base and not base:
        raise Missing("There is no such list to follow on.", list=str(order.base))
    if obstacles := rules.obstacles_to_import(
        said, there=there, base=ListState(base.state) if base else None, difference=order.difference
    ):
        raise Refused(*obstacles)
    HashList.objects.create(
        uuid=list_uuid,
        **vars(said),
        state=ListState.IMPORTING,
        base=base,
        difference=order.difference,
        withdrawals=order.withdrawals and order.difference,
        file_name=order.file_name[-200:],
        format=order.format,
        bare=order.bare,
        leave_out=order.leave_out,
        asked_at=clock.now(),
    )
    return order.base


@dataclass(frozen=True)
class ListImported:
    """files: each as name:sha256. said: digest of what was said of the list, which is no part of the record."""

    list: UUID
    base: UUID | None
    rows: int
    hashes: int
    added: int
    removed: int
    said: str
    files: tuple[str, ...]


@act("list.imported", power="lists.finish")
def finish_import(by: Actor, list_uuid: UUID, built: Built) -> ListImported:
    """From now on the list counts, and the one whose place it takes no more; earlier items are checked again.

    Raises Missing where it is not being imported any more, Refused where its base does not count any more.
    """
    found = HashList.objects.select_for_update().filter(uuid=list_uuid, state=ListState.IMPORTING).first()
    if not found:
        raise Missing("This list is not being imported any more.", list=str(list_uuid))
    base = HashList.objects.select_for_update().get(id=found.base_id) if found.base_id else None
    if base:
        if base.state != ListState.ACTIVE:
            raise Refused("The list that this one follows on was withdrawn meanwhile.", list=str(list_uuid))
        _withdraw(base, f"Version {found.version} took its place.")
    manifest = built.manifest
    found.state, found.imported_at, found.stage = ListState.ACTIVE, clock.now(), ""
    found.row_count, found.counts = manifest.rows, manifest.counts
    found.categories = [list(each) for each in manifest.categories]
    found.added_rows, found.removed_rows, found.missing_rows = built.added_rows, built.removed_rows, built.missing_rows
    found.files = built.files
    found.save()
    files = tuple(f"{name}:{digest}" for name, digest in sorted(built.files.items()))
    return ListImported(
        found.uuid,
        base.uuid if base else None,
        manifest.rows,
        sum(manifest.counts.values()),
        built.added_rows,
        built.removed_rows,
        said_of(found).digest(found.uuid),
        files,
    )


def said_of(row: HashList) -> ListSaid:
    return ListSaid(row.name, row.source, row.version, row.scheme, row.scope)


@dataclass(frozen=True)
class ImportFailed:
    list: UUID
    reason: str


@act("list.import_failed", power="lists.finish")
def fail_import(by: Actor, list_uuid: UUID, reason: str, sentence: str) -> ImportFailed:
    """The list will not count; `sentence` says why. It may be asked for again under the same version."""
    changed = HashList.objects.filter(uuid=list_uuid, state=ListState.IMPORTING).update(
        state=ListState.FAILED, failure=sentence[:600], stage=""
    )
    if not changed:
        raise Missing("This list is not being imported any more.", list=str(list_uuid))
    return ImportFailed(list_uuid, reason)


@dataclass(frozen=True)
class ImportStopped:
    list: UUID


@act("list.import_stopped", power="lists.import")
def stop_import(by: Actor, list_uuid: UUID) -> ImportStopped:
    """The list is not imported after all; whoever works on it finds out within a second, and leaves nothing behind."""
    changed = HashList.objects.filter(uuid=list_uuid, state=ListState.IMPORTING).update(
        state=ListState.FAILED, failure="Stopped before it was finished.", stage=""
    )
    if not changed:
        raise Missing("This list is not being imported any more.", list=str(list_uuid))
    return ImportStopped(list_uuid)


@prepares("list.imported")
def import_list(
    by: Actor, *, name: str, source: str, version: str, scheme: str, scope: str, rows: Iterable[Mapping[str, str]]
) -> ListImported:
    """A new list from rows in hand, whole or not at all; items that came before it are checked again.

    rows: {md5|sha1|sha256|pdq: hex digits, category: the list's own code}. Raises Refused, which names the rows that are wrong.
    """
    return _from_rows(by, Order(ListSaid(name, source, version, scheme, scope)), rows, ())


@prepares("list.imported")
def update_list(
    by: Actor,
    base: UUID,
    *,
    version: str,
    added: Iterable[Mapping[str, str]] = (),
    removed: Iterable[Mapping[str, str]] = (),
) -> ListImported:
    """A new version that takes the base's place: the base, less the items that `removed` names, and what is added.

    Rows are those of `import_list`. differences.py says which rows of the base an item is. Raises Refused, Missing.
    """
    found = HashList.objects.filter(uuid=base).first()
    if not found:
        raise Missing("There is no such list to follow on.", list=str(base))
    said = ListSaid(found.name, found.source, version, found.scheme, found.scope)
    return _from_rows(by, Order(said, base=base, difference=True), added, removed)


def _from_rows(
    by: Actor, order: Order, added: Iterable[Mapping[str, str]], removed: Iterable[Mapping[str, str]]
) -> ListImported:
    home, list_uuid = Home.from_env(), new_id()
    read = incoming.write_rows(home, list_uuid, order.said.scheme, added, removed)
    try:
        source = incoming.source_of(home, list_uuid, read)
        examples = [f"{place}: {problem}" for place, problem in read.problems]
        if fault := rules.faults_in(
            read.problem_count, examples, left_out=order.leave_out, rows=int(incoming.has_rows(source))
        ):
            raise Refused(fault)
        _begin_import(by, list_uuid, order)
        try:
            base = shelf_with([order.base]).versions[0] if order.base else None
            return finish_import(HOUSE, list_uuid, building.build(home, list_uuid, source, base))
        except (AmparoError, OSError) as error:
            fail_import(HOUSE, list_uuid, "not_built", getattr(error, "sentence", "Its files can't be written."))
            raise
    finally:
        incoming.forget(home, list_uuid)


# --- Lists that stand -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListWithdrawn:
    list: UUID


@act("list.withdrawn", power="lists.import")
def withdraw_list(by: Actor, hash_list: UUID, reason: str) -> ListWithdrawn:
    """From now on the list counts no more; what was found in it before keeps saying so, and items are checked again."""
    found = HashList.objects.filter(uuid=hash_list, state=ListState.ACTIVE).first()
    if not found:
        raise Missing("There is no such list, or it was withdrawn already.", list=str(hash_list))
    if not reason.strip():
        raise Refused("Say why the list is withdrawn.")
    _withdraw(found, reason.strip()[:300])
    return ListWithdrawn(found.uuid)


def _withdraw(found: HashList, reason: str) -> None:
    found.state, found.withdrawn_at, found.withdrawn_reason = ListState.WITHDRAWN, clock.now(), reason
    found.save()
    # Those who can't ask the database look for this mark; whoever can doesn't need it.
    transaction.on_commit(partial(mark_withdrawn, Home.from_env(), found.uuid))


@dataclass(frozen=True)
class ListExported:
    list: UUID
    format: str
    rows: int


@act("list.exported", power="lists.import")
def record_export(by: Actor, hash_list: UUID, form: str, rows: int) -> ListExported:
    """That a list left the house, as what."""
    return ListExported(hash_list, form, rows)


@dataclass(frozen=True)
class ListShelved:
    list: UUID
    said: str
    files: tuple[str, ...]


@act("list.shelved", power="lists.import")
def shelve_list(by: Actor, list_uuid: UUID) -> ListShelved:
    """The record names the files of a list whose hashes stood in the database when it was imported."""
    found = HashList.objects.get(uuid=list_uuid)
    files = tuple(f"{name}:{digest}" for name, digest in sorted(found.files.items()))
    return ListShelved(found.uuid, said_of(found).digest(found.uuid), files)


# --- Items ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """What of an item was compared, and what the sandbox took it for.

    looks: a picture's, packed (looks.py). look_count: how many it has; of a video, which are not kept here, too.
    """

    looks: bytes
    look_count: int
    kind: str
    examination: str


@dataclass(frozen=True)
class ItemMatched:
    item: UUID
    origin: UUID
    state: State
    check: UUID
    hits: int
    lists: int


@act("item.matched", power="items.match")
def record_check(
    by: Actor,
    *,
    item: UUID,
    origin: UUID,
    state: State,
    lists: Sequence[UUID],
    found: Sequence[Found],
    subject: Compared,
) -> ItemMatched:
    """The item's answer from now on. Raises Unreachable when the lists changed since it was compared: compare again."""
    if tuple(lists) != active_lists():
        raise Unreachable("A list was imported or withdrawn meanwhile; the item is compared again.", item=str(item))
    Check.objects.filter(item=item, current=True).update(current=False)
    check = Check.objects.create(
        item=item,
        origin=origin,
        state=state,
        lists=[str(each) for each in lists],
        looks=subject.looks,
        look_count=subject.look_count,
        kind=subject.kind[:30],
        examination=subject.examination[:20],
        at=clock.now(),
    )
    Hit.objects.bulk_create(_hits(check, found))
    return ItemMatched(item, origin, state, check.uuid, len(found), len(lists))


def _hits(check: Check, found: Sequence[Found]) -> list[Hit]:
    named = {each.list for each in found}
    lists = dict(HashList.objects.filter(uuid__in=named).values_list("uuid", "id")) if named else {}
    return [
        Hit(
            check_made=check,
            list_id=lists[each.list],
            **{name: value for name, value in vars(each).items() if name != "list"},
        )
        for each in found
    ]


@dataclass(frozen=True)
class CheckedAgain:
    """That items were laid beside the lists again with the same answer as before; those with another have an act of their own."""

    items: int
    lists: int


@act("items.checked_again", power="items.match")
def record_same_answers(
    by: Actor, checks: Sequence[int], lists: Sequence[UUID], moved: Mapping[UUID, UUID] | None = None
) -> CheckedAgain:
    """These checks' answers hold for the present lists too. moved: versions whose place others took, in which the hits now are."""
    if tuple(lists) != active_lists():
        raise Unreachable("A list was imported or withdrawn meanwhile; the items are compared again.")
    Check.objects.filter(id__in=checks).update(lists=[str(each) for each in lists], at=clock.now())
    for before, after in (moved or {}).items():
        Hit.objects.filter(check_made__in=checks, list__uuid=before).update(list=HashList.objects.get(uuid=after))
    return CheckedAgain(len(checks), len(lists))
