"""The door: what came back is kept, whether it arrives as a filled form by mail or is typed in by an officer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.exchange.formats.reply_form import REASONS
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.outcomes import counting, queries, rules
from amparo.outcomes.models import Outcome, Reply
from amparo.outcomes.rules import Fault, Row, Said, Verdict
from amparo.referrals import actions as referrals, queries as packages
from amparo.viewing.countries import countries


def judged(rows: Iterable[Row], package: packages.PackageFacts, now: datetime) -> Verdict:
    """The rows laid beside the package that their token belongs to."""
    facts = rules.PackageFacts(
        package.uuid, package.reference, package.country, packages.subjects(package.reference), package.version
    )
    return rules.judge(rows, facts, now, REASONS, frozenset(countries()))


@dataclass(frozen=True)
class Answer:
    """A filled form as it came: its sealed original, the arrival that brought it, and what was read of it."""

    item: UUID
    arrival: UUID
    received_at: datetime
    package: UUID | None
    said: tuple[Said, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class ReplyTaken:
    reply: UUID
    arrival: UUID
    item: UUID
    package: UUID | None
    case: UUID | None
    state: str
    outcomes: tuple[UUID, ...]
    faults: int
    repeated: bool


@act("reply.taken", power="replies.take")
def take_reply(by: Actor, answer: Answer) -> ReplyTaken:
    """The reply is kept with its good rows and its bad ones. A form taken once already changes nothing."""
    earlier = Reply.objects.filter(item=answer.item).first()
    if earlier:
        return ReplyTaken(
            earlier.uuid, answer.arrival, answer.item, earlier.package, earlier.case, earlier.state, (), 0, True
        )
    package = packages.package(answer.package) if answer.package else None
    reply = Reply.objects.create(
        **_package_fields(package),
        source="form",
        item=answer.item,
        arrival=answer.arrival,
        received_at=answer.received_at,
        state=Verdict(answer.said, answer.faults).state,
        faults=[{"line": each.line, "sentence": each.sentence} for each in answer.faults],
    )
    kept = _keep(by, reply, package, answer.said) if package else ()
    return ReplyTaken(
        reply.uuid, answer.arrival, answer.item, reply.package, reply.case, reply.state, kept, len(answer.faults), False
    )


def _package_fields(package: packages.PackageFacts | None) -> dict[str, object]:
    if package is None:
        return {}
    return {
        "case": package.case,
        "package": package.uuid,
        "reference": package.reference,
        "country": package.country,
        "version": package.version,
    }


@dataclass(frozen=True)
class OutcomeRecorded:
    reply: UUID
    package: UUID
    case: UUID
    state: str
    outcomes: tuple[UUID, ...]


@act("outcome.recorded", power="outcomes.record")
def record_outcome(by: Actor, package: UUID, rows: Sequence[Mapping[str, str]]) -> OutcomeRecorded:
    """What a country answered otherwise than by its form, in the form's own columns. All rows are taken, or none.

    Raises Refused with a sentence for each row that doesn't fit.
    """
    facts = packages.package(package)
    if facts.sent_at is None:
        raise Refused("This package was never sent: nobody can have answered it.")
    now = clock.now()
    verdict = judged([Row(number, row) for number, row in enumerate(rows, start=1)], facts, now)
    if verdict.faults:
        raise Refused(*(each.sentence for each in verdict.faults))
    if not verdict.said:
        raise Refused("Say what the country answered: choose an outcome, or enter what was seized.")
    reply = Reply.objects.create(
        **_package_fields(facts), source="officer", recorded_by=by.uuid, received_at=now, state="taken"
    )
    kept = _keep(by, reply, facts, verdict.said)
    return OutcomeRecorded(reply.uuid, facts.uuid, facts.case, reply.state, kept)


def _keep(by: Actor, reply: Reply, package: packages.PackageFacts, said: Sequence[Said]) -> tuple[UUID, ...]:
    """Each thing said that isn't known already, with the earlier answer it replaces marked; the package is acknowledged."""
    earlier: dict[UUID | None, list[Outcome]] = {}
    for row in Outcome.objects.filter(reference=package.reference):
        earlier.setdefault(row.person, []).append(row)
    kept = [outcome for each in said if (outcome := _keep_one(reply, package, each, earlier))]
    reply.rows_taken = len({each.line for each in said})
    reply.save(update_fields=["rows_taken"])
    if said:
        answered = queries.unanswered(package.case, package.reference) == 0
        referrals.acknowledge(by, package.uuid, at=reply.received_at, source=reply.uuid, answered=answered)
    return tuple(each.uuid for each in kept)


def _keep_one(
    reply: Reply, package: packages.PackageFacts, said: Said, earlier: dict[UUID | None, list[Outcome]]
) -> Outcome | None:
    """The outcome as a new row; None when the same country said exactly this already and it still stands.

    earlier: what stands in this package by person, to which the new row is added.
    """
    content = {
        "kind": said.kind,
        "at": said.at,
        "arrested_in": said.arrested_in,
        "ordered_by": said.ordered_by,
        "age_at_event": said.age,
        "reason": said.reason,
        "counts": dict(said.counts),
        "note": said.note,
    }
    results = [said.kind] if said.kind not in counting.RESULTS else sorted(counting.RESULTS)
    on_matter = [each for each in earlier.get(said.person, ()) if each.kind in results]
    stands = next((each for each in on_matter if each.superseded_by is None), None)
    if stands and all(getattr(stands, name) == value for name, value in content.items()):
        return None
    outcome = Outcome.objects.create(
        case=package.case,
        package=package.uuid,
        reference=package.reference,
        country=package.country,
        person=said.person,
        subject=said.subject,
        received_at=reply.received_at,
        reply=reply,
        **content,
    )
    earlier.setdefault(said.person, []).append(outcome)
    # The later answer stands, whichever of the two was taken in first.
    on_matter.append(outcome)
    last = max(on_matter, key=lambda each: (each.received_at, str(each.uuid)))
    others = [each for each in on_matter if each is not last]
    for each in others:
        each.superseded_by = last.uuid
    if others:
        Outcome.objects.filter(id__in=[each.id for each in others]).update(superseded_by=last.uuid)
    return outcome


@dataclass(frozen=True)
class ReplySettled:
    reply: UUID
    case: UUID | None


@act("reply.settled", power="outcomes.record")
def settle_reply(by: Actor, reply: UUID, note: str) -> ReplySettled:
    """An officer has dealt with the rows that could not be taken, and says how."""
    row = Reply.objects.select_for_update().filter(uuid=reply).first()
    if not row:
        raise Missing("There is no such reply.")
    if row.settled_at:
        raise Refused("This reply is settled already.")
    if not note.strip():
        raise Refused("Say how the rows that could not be taken were dealt with.")
    row.settled_at, row.settled_by, row.settled_note = clock.now(), by.uuid, note.strip()
    row.save()
    return ReplySettled(row.uuid, row.case)


@dataclass(frozen=True)
class BoardRead:
    case: UUID


@act("board.read", power="outcomes.read")
def read_board(by: Actor, case: UUID) -> BoardRead:
    """That an officer consulted an operation's board."""
    return BoardRead(case)
