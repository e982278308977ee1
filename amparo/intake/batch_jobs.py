"""What the worker does for imports: step by step, so that other reports come between, and a killed step is done again."""

from __future__ import annotations

from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.jobs.leases import finishing


@task()
def take_next(batch: str) -> None:
    """The next rows become reports; goes on until none is left."""
    from amparo.intake import batches

    sealed = batches.next_to_take(UUID(batch))
    with finishing():
        if sealed and batches.take_step(Actor.of_process("worker"), UUID(batch), sealed).left:
            take_next.enqueue(batch=batch)


@task()
def undo_next(batch: str) -> None:
    """The next reports leave the queue; goes on until none is left."""
    from amparo.intake import batches

    with finishing():
        if batches.undo_step(Actor.of_process("worker"), UUID(batch)).left:
            undo_next.enqueue(batch=batch)
