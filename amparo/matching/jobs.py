"""An item that was examined is laid beside the lists; every item is, again, when the lists change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.jobs.leases import finishing
from amparo.matching import actions, queries, rules
from amparo.matching.actions import Compared
from amparo.matching.known import active_lists, hits_of
from amparo.matching.rules import Found, State
from amparo.sandbox import queries as sandbox
from amparo.vault import queries as vault

STEP = 200


def _worker() -> Actor:
    return Actor.of_process("worker")


@task()
def match_item(act: str, about: dict[str, Any]) -> None:
    """Follows item.examined and item.examination_failed: one that could not be read may still be known by its digest."""
    item = UUID(about["item"])
    examined = sandbox.examination(item)
    pdq = str(examined.facts.get("pdq_hex") or "") if examined.state == "examined" else ""
    subject = Compared(bytes.fromhex(pdq), str(examined.kind), str(examined.state))
    lists = active_lists()
    state, found = _compared(item, lists, subject)
    with finishing():
        actions.record_check(
            _worker(), item=item, origin=UUID(about["origin"]), state=state, lists=lists, found=found, subject=subject
        )


def _compared(item: UUID, lists: tuple[int, ...], subject: Compared) -> tuple[State, list[Found]]:
    facts = vault.item(item)
    digests = {kind: bytes.fromhex(getattr(facts, kind)) for kind in rules.DIGEST_BYTES}
    found = hits_of(lists, digests, subject.pdq)
    state = rules.state_of(
        hits=len(found),
        lists=len(lists),
        examination=subject.examination,
        kind=subject.kind,
        fingerprint=bool(subject.pdq),
    )
    return state, found


@task()
def check_again(act: str, about: dict[str, Any]) -> None:
    """Follows list.imported and list.withdrawn: from the first item on, in steps, each a job of its own."""
    with finishing():
        check_next.enqueue(after=0)


@task()
def check_next(after: int) -> None:
    """Checks the next items after row `after` again, and goes on until none is left. New answers are new acts."""
    lists = active_lists()
    earlier = queries.checks_after(after, STEP)
    changed, same = [], []
    for each in earlier:
        subject = Compared(each.pdq, each.kind, each.examination)
        state, found = _compared(each.item, lists, subject)
        if state == each.state and each.hits == {(hit.entry, hit.kind.value, hit.distance_bits) for hit in found}:
            same.append(each.id)
        else:
            changed.append((each, state, found, subject))
    with finishing():
        for each, state, found, subject in changed:
            actions.record_check(
                _worker(), item=each.item, origin=each.origin, state=state, lists=lists, found=found, subject=subject
            )
        if same:
            actions.record_same_answers(_worker(), same, lists)
        if len(earlier) == STEP:
            check_next.enqueue(after=earlier[-1].id)
