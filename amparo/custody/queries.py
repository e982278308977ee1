"""Reading the record: a thing's story, what followers still have to see, and the check of all of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db.models import Q, QuerySet

from amparo.custody.models import Act, Checkpoint
from amparo.custody.proofs import (
    BrokenLink,
    CheckpointText,
    SealedAct,
    SignedCheckpoint,
    Verified,
    digest_of,
    inclusion_proof,
    verify,
)
from amparo.foundation.clock import as_text


@dataclass(frozen=True)
class ActLine:
    """One act as a reader of the record sees it. `position` is None until it is sealed."""

    uuid: UUID
    position: int | None
    kind: str
    at: datetime
    actor_kind: str
    actor_name: str
    actor: UUID | None
    power: str
    purpose: str
    ended: str
    about: dict[str, object]
    digest: str


def _line(act: Act) -> ActLine:
    return ActLine(
        act.uuid,
        act.position,
        act.kind,
        act.at,
        act.actor_kind,
        act.actor_name,
        act.actor,
        act.power,
        act.purpose,
        act.ended,
        act.about,
        bytes(act.digest).hex(),
    )


def story(
    *about: UUID,
    newest_first: bool = False,
    kinds: Collection[str] = (),
    but: Collection[str] = (),
    most: int | None = None,
) -> tuple[ActLine, ...]:
    """Every act about any of these things, in the order in which they happened; of these kinds alone, and `most`, if given.

    but: beginnings of kinds that are left out.
    """
    found = Act.objects.filter(subjects__uuid__in=about)
    if kinds:
        found = found.filter(kind__in=kinds)
    for beginning in but:
        found = found.exclude(kind__startswith=beginning)
    found = found.distinct().order_by("-id" if newest_first else "id")
    return tuple(_line(each) for each in (found[:most] if most else found))


def act(uuid: UUID) -> ActLine | None:
    """One act; None where the record has none of that uuid."""
    found = Act.objects.filter(uuid=uuid).first()
    return _line(found) if found else None


@dataclass(frozen=True)
class Page:
    lines: tuple[ActLine, ...]
    total: int


def acts(
    *,
    kind: str = "",
    actor: str = "",
    about: UUID | None = None,
    ended: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Page:
    """The record, newest first, filtered. `kind` may be a prefix ("case."); `actor` an officer's or process's name."""
    found: QuerySet[Act] = Act.objects.all()
    if kind:
        found = found.filter(Q(kind=kind) | Q(kind__startswith=kind))
    if actor:
        found = found.filter(actor_name=actor)
    if about:
        found = found.filter(subjects__uuid=about).distinct()
    if ended:
        found = found.filter(ended=ended)
    if since:
        found = found.filter(at__gte=since)
    if until:
        found = found.filter(at__lt=until)
    return Page(tuple(_line(each) for each in found.order_by("-id")[offset : offset + limit]), found.count())


def sealed_after(position: int, limit: int) -> tuple[ActLine, ...]:
    """The next sealed acts after `position`, in order and without gaps: what a follower's cursor walks along."""
    return tuple(_line(each) for each in Act.objects.filter(position__gt=position).order_by("position")[:limit])


def last_position() -> int:
    last = Checkpoint.objects.order_by("-number").first()
    return last.size if last else 0


def waiting_for_seal() -> int:
    return Act.objects.filter(position=None).count()


def _sealed_acts() -> Iterator[SealedAct]:
    sealed = Act.objects.exclude(position=None).order_by("position").prefetch_related("subjects")
    for act in sealed.iterator(chunk_size=2000):
        yield SealedAct(
            act.position or 0,
            act.kind,
            str(act.uuid),
            act.body.encode(),
            act.columns() if act.index_is_whole() else b"",
            bytes(act.digest),
            bytes(act.chain or b""),
        )


def _checkpoints() -> Iterator[SignedCheckpoint]:
    for each in Checkpoint.objects.order_by("number").iterator(chunk_size=2000):
        says = CheckpointText(each.number, each.size, bytes(each.root), bytes(each.chain), as_text(each.at))
        yield SignedCheckpoint(says, bytes(each.signature), tuple(bytes.fromhex(root) for root in each.frontier))


def verified(signed: Callable[[bytes, bytes], bool], copy: Path) -> Verified:
    """The check of the whole record, its checkpoints, their copy outside the database, and the index of subjects."""
    try:
        found = verify(_sealed_acts(), _checkpoints(), signed)
    except (ValueError, TypeError, AttributeError, KeyError):  # a column holds what cannot stand there
        return Verified(0, 0, _unreadable())
    broken = found.broken or _broken_copy(copy) or _broken_waiting()
    return Verified(found.acts, found.checkpoints, broken)


def _unreadable() -> BrokenLink:
    """The first act or checkpoint whose row can't even be read, one by one."""
    for position in Act.objects.exclude(position=None).order_by("position").values_list("position", flat=True):
        try:
            act = Act.objects.get(position=position)
            act.columns(), act.index_is_whole()
        except (ValueError, TypeError, AttributeError, KeyError):
            return BrokenLink(f"Act {position} was changed: its row can't be read any more.", position or 0)
    for number in Checkpoint.objects.order_by("number").values_list("number", flat=True):
        try:
            Checkpoint.objects.get(number=number).line()
        except (ValueError, TypeError, AttributeError, KeyError):
            return BrokenLink(f"Checkpoint {number} was changed: its row can't be read any more.", 0, number)
    return BrokenLink("A row of the record can't be read any more.")


def _broken_copy(copy: Path) -> BrokenLink | None:
    """The first line in which the copy of the checkpoints differs. The newest may not have been copied yet."""
    lines = copy.read_text().splitlines() if copy.exists() else []
    rows = [each.line() for each in Checkpoint.objects.order_by("number")]
    for number, (line, row) in enumerate(zip(lines, rows, strict=False), start=1):
        if line != row:
            return BrokenLink(f"Checkpoint {number} differs from its copy in {copy.name}.", 0, number)
    if len(lines) > len(rows):
        number = len(rows) + 1
        sentence = f"Checkpoint {number} is missing from the database: its copy in {copy.name} counts later acts."
        return BrokenLink(sentence, 0, number)
    if len(rows) - len(lines) > 1:
        number = len(lines) + 1
        return BrokenLink(f"Checkpoint {number} is missing from its copy in {copy.name}.", 0, number)
    return None


def _broken_waiting() -> BrokenLink | None:
    for act in Act.objects.filter(position=None).order_by("id").iterator():
        if (
            act.columns() != act.body.encode()
            or digest_of(act.body.encode()) != bytes(act.digest)
            or not act.index_is_whole()
        ):
            return BrokenLink(f"Act {act.uuid} ({act.kind}), not sealed yet, was changed.", 0, 0, str(act.uuid))
    return None


@dataclass(frozen=True)
class Proof:
    """That an act stands in the record up to a checkpoint, provable without the record (RFC 9162, 2.1.3)."""

    position: int
    digest: str
    path: tuple[str, ...]


def proofs(positions: Sequence[int]) -> tuple[str, str, tuple[Proof, ...]]:
    """The newest checkpoint's text, its signature in hex, and an inclusion proof for each position (1 is the first)."""
    newest = Checkpoint.objects.order_by("-number").first()
    if newest is None:
        return "", "", ()
    says = CheckpointText(newest.number, newest.size, bytes(newest.root), bytes(newest.chain), as_text(newest.at))
    sealed = Act.objects.filter(position__lte=newest.size).order_by("position").values_list("digest", flat=True)
    digests = [bytes(each) for each in sealed]
    found = tuple(
        Proof(each, digests[each - 1].hex(), tuple(step.hex() for step in inclusion_proof(digests, each - 1)))
        for each in positions
        if 1 <= each <= newest.size
    )
    return says.text(), bytes(newest.signature).hex(), found
