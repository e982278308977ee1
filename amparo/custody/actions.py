"""The door of the record: append an act; seal what was appended. Only `access.acts` appends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from amparo.custody import prepared
from amparo.custody.models import Act, Checkpoint, Subject, subjects_of
from amparo.custody.proofs import GENESIS, CheckpointText, Frontier, chained, digest_of
from amparo.foundation import clock
from amparo.foundation.clock import as_text

SEALING_LOCK = 0x414D5041  # "AMPA": the advisory lock that one sealing at a time holds on PostgreSQL
BATCH = 2000


def append(
    kind: str,
    *,
    actor_kind: str,
    actor_name: str,
    actor: UUID | None,
    power: str,
    purpose: str,
    ended: str,
    about: dict[str, Any],
) -> UUID:
    """The uuid of the act just written, inside the caller's transaction. `about` must have a canonical form."""
    act = Act(
        kind=kind,
        at=clock.now(),
        actor_kind=actor_kind,
        actor_name=actor_name,
        actor=actor,
        power=power,
        purpose=purpose,
        ended=ended,
        about=about,
    )
    body = act.columns()
    act.body, act.digest = body.decode(), digest_of(body)
    prepared.write(act)
    prepared.write_all([Subject(act=act, uuid=uuid, role=role) for role, uuid in subjects_of(about)])
    return act.uuid


def seal(sign: Callable[[bytes], bytes], copy: Path) -> int:
    """How many acts got their position, chain link and checkpoint just now (0 when none waited).

    sign: signs the text of a checkpoint with the house's key. copy: a file outside the database to which each
    checkpoint is appended too, so that rows taken from the end of the database are missed.
    """
    with transaction.atomic():
        _lock()
        waiting = list(Act.objects.filter(position=None).order_by("id")[:BATCH])
        if waiting:
            _seal(waiting, sign)
    if waiting:
        copy_checkpoints(copy)
    return len(waiting)


def _seal(waiting: list[Act], sign: Callable[[bytes], bytes]) -> None:
    last = Checkpoint.objects.order_by("-number").first()
    chain = bytes(last.chain) if last else GENESIS
    frontier = Frontier(last.size, tuple(bytes.fromhex(each) for each in last.frontier)) if last else Frontier()
    for act in waiting:
        chain, frontier = chained(chain, bytes(act.digest)), frontier.with_leaf(bytes(act.digest))
        act.position, act.chain = frontier.size, chain
    Act.objects.bulk_update(waiting, ["position", "chain"], batch_size=250)
    at = clock.now()
    number = last.number + 1 if last else 1
    says = CheckpointText(number, frontier.size, frontier.root(), chain, as_text(at))
    Checkpoint.objects.create(
        number=number,
        size=says.size,
        root=says.root,
        chain=says.chain,
        at=at,
        frontier=[each.hex() for each in frontier.roots],
        signature=sign(says.text().encode()),
    )


def _lock() -> None:
    """One sealing at a time. SQLite's IMMEDIATE transactions are already exclusive."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING_LOCK])


def copy_checkpoints(copy: Path) -> None:
    """Appends to the file every checkpoint that it lacks, and flushes it to disk. A torn last line is written anew."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy, "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = file.read().split(b"\n")
        if lines[-1]:
            file.truncate(file.tell() - len(lines[-1]))
        copied = int(lines[-2].split(b" ", 1)[0]) if len(lines) > 1 else 0
        for each in Checkpoint.objects.filter(number__gt=copied).order_by("number"):
            file.write(each.line().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
