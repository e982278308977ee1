"""One step with all packages of a case: asked for once, done by the worker one after another, stopped and gone on with.

Each package is built, approved or sent by an act of its own, in the name and with the powers of the officer who asked, and against
the same rules as alone: whoever built a package never approves it. What changed since it was asked for is left alone and told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.referrals import actions, queries, rules
from amparo.referrals.models import Package, Round

VERBS: dict[str, tuple[str, Callable[[Actor, UUID], object]]] = {
    "build": ("referrals.build", actions.build),
    "approve": ("referrals.approve", actions.approve),
    "send": ("referrals.send", actions.send),
}
POWERLESS = "Your role doesn't include this step ({})."
CHANGED = "What it holds changed after it was asked for: read it, and ask again."
MOST_TOLD = 200  # refusals that are kept in words


@dataclass(frozen=True)
class RoundFacts:
    """refused: (package's reference, why), the first MOST_TOLD of them."""

    uuid: UUID
    verb: str
    state: str
    total: int
    place: int
    refused: tuple[tuple[str, str], ...]
    by: UUID
    by_name: str
    asked_at: datetime
    finished_at: datetime | None

    @property
    def is_running(self) -> bool:
        return self.state == Round.State.RUNNING

    @property
    def is_stopped(self) -> bool:
        return self.state == Round.State.STOPPED


def rounds(case: UUID) -> tuple[RoundFacts, ...]:
    """The last round of each step in this case, newest first."""
    newest = {row.verb: row for row in Round.objects.filter(case=case).order_by("id")}
    return tuple(
        RoundFacts(
            row.uuid, row.verb, row.state, len(row.packages), row.place, tuple((each[0], each[1]) for each in row.refused),
            row.by, row.by_name, row.asked_at, row.finished_at,
        )
        for row in sorted(newest.values(), key=lambda row: -row.id)
    )  # fmt: skip


@dataclass(frozen=True)
class RoundAsked:
    """packages: those with which nothing stands in the officer's way now."""

    round: UUID
    case: UUID
    verb: str
    packages: tuple[UUID, ...]


def _may(by: Actor, case: UUID, verb: str) -> None:
    if verb not in VERBS:
        raise Missing("There is no such step.")
    if by.kind != "officer" or not by.can(VERBS[verb][0]):
        raise Refused(POWERLESS.format(verb))
    if outside := queries.outside(case, by.uuid):
        raise Refused(*outside)


@act("packages.asked", power="referrals.read")
def ask(by: Actor, case: UUID, verb: str) -> RoundAsked:
    """The worker does this step with every package of the case with which nothing stands in the way, in this officer's name."""
    _may(by, case, verb)
    ready = queries.ready(queries.with_obstacles(queries.packages(case), by.uuid), verb)
    if not ready:
        raise Refused("There is no package with which this step can be done now.")
    assert by.uuid
    try:
        with transaction.atomic():
            made = Round.objects.create(
                case=case,
                verb=verb,
                packages=[[str(each.uuid), each.contents_sha256] for each in ready],
                by=by.uuid,
                by_name=access.officer(by.uuid).name,
            )
    except IntegrityError:
        raise Refused("This step is being done already: wait for it, or stop it.") from None
    return RoundAsked(made.uuid, case, verb, tuple(each.uuid for each in ready))


@dataclass(frozen=True)
class RoundChanged:
    """place: of how many packages the step was tried. refused: of how many it could not be done."""

    round: UUID
    case: UUID
    verb: str
    place: int
    refused: int


def _changed(row: Round) -> RoundChanged:
    return RoundChanged(row.uuid, row.case, row.verb, row.place, len(row.refused))


def _locked(uuid: UUID) -> Round:
    found = Round.objects.select_for_update().filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such round.")
    return found


@act("packages.stopped", power="referrals.read")
def stop(by: Actor, uuid: UUID) -> RoundChanged:
    """No further package of it is touched; those done stay done."""
    row = _locked(uuid)
    _may(by, row.case, row.verb)
    if row.state != Round.State.RUNNING:
        raise Refused("It is not at work any more.")
    row.state = Round.State.STOPPED
    row.save(update_fields=["state"])
    return _changed(row)


@act("packages.resumed", power="referrals.read")
def resume(by: Actor, uuid: UUID) -> RoundChanged:
    """It goes on at the package at which it stopped, in the name of the same officer."""
    row = _locked(uuid)
    _may(by, row.case, row.verb)
    if row.by != by.uuid:
        raise Refused(f"{row.by_name} asked for it, and only they go on in their name: ask for what is left yourself.")
    if row.state != Round.State.STOPPED:
        raise Refused("It is not stopped.")
    if Round.objects.filter(case=row.case, verb=row.verb, id__gt=row.id).exists():
        raise Refused("A newer round stands: go on with that one.")
    row.state = Round.State.RUNNING
    row.save(update_fields=["state"])
    return _changed(row)


@act("packages.gone_through", power="packages.build")
def finish(by: Actor, uuid: UUID) -> RoundChanged:
    """Every package of it was tried."""
    row = _locked(uuid)
    row.state, row.finished_at = Round.State.DONE, clock.now()
    row.save(update_fields=["state", "finished_at"])
    return _changed(row)


def go_through(worker: Actor, uuid: UUID) -> None:
    """The round from where it stands, until it is done or somebody stops it. Begun again after a break it does nothing twice."""
    row = Round.objects.get(uuid=uuid)
    for place in range(row.place, len(row.packages)):
        now = Round.objects.filter(id=row.id).values_list("state", flat=True).get()
        if now != Round.State.RUNNING:
            return
        package, contents = row.packages[place]
        if told := _one(access.officer_actor(row.by), row.verb, UUID(package), contents):
            row.refused = [*row.refused, told][:MOST_TOLD]
        Round.objects.filter(id=row.id).update(place=place + 1, refused=row.refused)
    if Round.objects.filter(id=row.id, state=Round.State.RUNNING).exists():
        finish(worker, uuid)


def _one(by: Actor, verb: str, package: UUID, contents: str) -> list[str] | None:
    """None where the step is done; else the package's reference and why it is not."""
    row = Package.objects.defer("contents").get(uuid=package)
    if _done(row, verb, by.uuid):
        return None
    if verb != "build" and row.contents_sha256 != contents:
        return [row.reference, CHANGED]
    try:
        VERBS[verb][1](by, package)
    except (Refused, Missing) as error:
        return [row.reference, error.sentence]
    return None


def _done(row: Package, verb: str, officer: UUID | None) -> bool:
    """Whether this officer's step with it was done before a break."""
    if verb == "build":
        return row.built_by == officer and row.state in (rules.BUILDING, rules.BUILT)
    if verb == "approve":
        return row.approved_by == officer and row.state == rules.APPROVED
    return row.sent_by == officer and row.state in rules.OUT
