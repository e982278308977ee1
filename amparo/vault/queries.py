"""What lies in the vault, and who holds which key. Nothing here opens an item: that is an act (`actions.open_item`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet

from amparo.custody import prepared, queries as custody
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.vault import envelope, files, rules
from amparo.vault.keys import Unlock
from amparo.vault.models import Compartment, Item, KeyHolding

RECORDED = (
    "origin",
    "sha256",
    "size_bytes",
    "sealed_sha256",
)  # what the act item.sealed names of a row; `row` digests the rest
PAGE = 1000


@dataclass(frozen=True)
class ItemFacts:
    """What was learnt when the item was sealed. Digests in lower-case hex, of the file as it came."""

    uuid: UUID
    reference: str
    name: str
    size_bytes: int
    media_type: str
    md5: str
    sha1: str
    sha256: str
    compartment: UUID
    origin: UUID
    parent: UUID | None
    derived: bool
    sealed_at: datetime


@dataclass(frozen=True)
class CompartmentFacts:
    uuid: UUID
    name: str
    public_key: bytes
    fingerprint: str
    row: int = field(default=0, repr=False)


@dataclass(frozen=True)
class AlteredItem:
    item: UUID
    sentence: str


@dataclass(frozen=True)
class SealedFile:
    item: UUID
    path: Path
    sealed_sha256: str


def _facts(row: Item) -> ItemFacts:
    return ItemFacts(
        uuid=row.uuid,
        reference=row.reference,
        name=row.name,
        size_bytes=row.size_bytes,
        media_type=row.media_type,
        md5=row.md5,
        sha1=row.sha1,
        sha256=row.sha256,
        compartment=row.compartment.uuid,
        origin=row.origin,
        parent=row.parent.uuid if row.parent else None,
        derived=row.derived,
        sealed_at=row.sealed_at,
    )


def _rows(**which: object) -> QuerySet[Item]:
    return Item.objects.select_related("compartment", "parent").filter(**which).order_by("id")


def item(uuid: UUID) -> ItemFacts:
    """Raises Missing."""
    found = _rows(uuid=uuid).first()
    if not found:
        raise Missing("There is no such item.", item=uuid)
    return _facts(found)


def items(uuids: Iterable[UUID]) -> dict[UUID, ItemFacts]:
    """Those of `uuids` that are items, in one query."""
    return {row.uuid: _facts(row) for row in _rows(uuid__in=list(uuids))}


@dataclass(frozen=True)
class ItemName:
    """What a list of many items is searched by. derived: ours, made from another item."""

    reference: str
    name: str
    md5: str
    sha1: str
    sha256: str
    derived: bool


def item_names(uuids: Iterable[UUID]) -> dict[UUID, ItemName]:
    """Those of `uuids` that are items, by what a search of them needs, in one query that reads nothing else."""
    rows = Item.objects.filter(uuid__in=list(uuids)).order_by()
    told = rows.values_list("uuid", "id", "name", "md5", "sha1", "sha256", "derived")
    return {
        uuid: ItemName(f"I-{row}", name, md5, sha1, sha256, made) for uuid, row, name, md5, sha1, sha256, made in told
    }


def item_count() -> int:
    """How many items lie in the vault."""
    return Item.objects.count()


def items_of_origin(origin: UUID) -> tuple[ItemFacts, ...]:
    """Everything that came with one arrival, report or seizure, in the order it was sealed; members and derived too."""
    return tuple(_facts(row) for row in _rows(origin=origin))


def children(uuid: UUID) -> tuple[ItemFacts, ...]:
    """What was found in an item (an archive's members, a chat's reading), in order."""
    return tuple(_facts(row) for row in _rows(parent__uuid=uuid))


def compartment(uuid: UUID) -> CompartmentFacts:
    """Raises Missing."""
    found = prepared.find(Compartment, uuid=uuid)
    if not found:
        raise Missing("There is no such compartment.", compartment=uuid)
    return _compartment(found)


def compartment_named(name: str) -> CompartmentFacts:
    """The house's own, "content" or "identity"; for others the first of that name. Raises Missing."""
    found = prepared.find(Compartment, name=name)
    if not found:
        raise Missing(f"The compartment {name} is not there yet: `amparo up` lays it on the first start.")
    return _compartment(found)


def _compartment(row: Compartment) -> CompartmentFacts:
    public = bytes(row.public_key)
    return CompartmentFacts(row.uuid, row.name, public, envelope.fingerprint(public), row.pk)


def holders(compartment: UUID) -> tuple[str, ...]:
    """Officers' uuids and processes' names."""
    rows = KeyHolding.objects.filter(compartment__uuid=compartment).order_by("id")
    return tuple(row.holder for row in rows)


def private_key(compartment: UUID, unlock: Unlock) -> bytes:
    """The compartment's private key, for whoever holds it. Refused without a holding."""
    row = KeyHolding.objects.filter(compartment__uuid=compartment, holder=unlock.holder).first()
    if not row:
        raise Refused("You don't hold the key for this. Someone who holds it can grant it to you.")
    return unlock.private_key(compartment, bytes(row.wrapped_private_key))


# --- For `amparo verify`: the record says what must be there; the tables and the disk are what is checked against it -------


def sealed_files(home: Home) -> Iterator[SealedFile]:
    """Every item's file as the record says that it must lie there, newest first; for checks while nothing runs."""
    for line in _sealings():
        item = UUID(str(line.about["item"]))
        yield SealedFile(item, files.path_of(home, item), str(line.about["sealed_sha256"]))


def altered_items() -> Iterator[AlteredItem]:
    """Items whose row isn't what the record says: changed, removed, or there without having been sealed."""
    recorded: set[UUID] = set()
    for line in _sealings():
        item = UUID(str(line.about["item"]))
        recorded.add(item)
        row = Item.objects.select_related("parent").filter(uuid=item).first()
        if not row:
            yield AlteredItem(item, f"The row of item {item} was removed.")
        elif _said(row) != {name: str(line.about[name]) for name in (*RECORDED, "row")}:
            yield AlteredItem(item, f"The row of item {item} was changed: it is not what the record says.")
    for uuid in Item.objects.order_by("id").values_list("uuid", flat=True).iterator():
        if uuid not in recorded:
            yield AlteredItem(uuid, f"The row of item {uuid} was added: no record says that it was sealed.")


def _said(row: Item) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in RECORDED} | {"row": row_digest_of(row)}


def row_digest_of(row: Item) -> str:
    """The digest that the act item.sealed holds of what it does not name."""
    return rules.row_digest(
        name=row.name,
        media_type=row.media_type,
        md5=row.md5,
        sha1=row.sha1,
        parent=row.parent.uuid if row.parent else None,
        derived=row.derived,
        sealed_size_bytes=row.sealed_size_bytes,
    )


def _sealings() -> Iterator[custody.ActLine]:
    offset = 0
    while page := custody.acts(kind="item.sealed", ended="done", offset=offset, limit=PAGE).lines:
        yield from (line for line in page if line.kind == "item.sealed")
        offset += PAGE
