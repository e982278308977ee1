"""Lists are read and built; an item that was examined is laid beside them; every item is, again, when lists come and go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from django_tasks import task

from amparo.access.actors import Actor
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.jobs.leases import Hopeless, finishing
from amparo.matching import actions, building, incoming, queries, rules
from amparo.matching.actions import Compared
from amparo.matching.comparing import Answer, Plan, Subject, compared, compared_again, planned
from amparo.matching.known import active_lists, shelf_with
from amparo.matching.looks import FRAMES_MEDIA_TYPE, Looks, no_looks, picture_looks, unpacked, video_looks
from amparo.matching.models import HashList
from amparo.matching.queries import EarlierCheck
from amparo.matching.rules import ListState
from amparo.sandbox import queries as sandbox
from amparo.sandbox.queries import ExaminationFacts
from amparo.sandbox.readings import ExaminationFailed
from amparo.sandbox.rules import MOVING_PICTURES
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys
from amparo.vault.queries import ItemFacts

STEP = 1000
# Work of minutes is on a queue of its own, so that no report waits behind it.
LONG = "long"
PROGRESS_SECONDS = 1.0


def _worker() -> Actor:
    return Actor.of_process("worker")


# --- Lists ------------------------------------------------------------------------------------------------------------------


class _Stopped(Exception):
    """The list is not being imported any more."""


class _Progress:
    """Writes down how far a list is, once a second. Raises _Stopped where it was stopped meanwhile."""

    def __init__(self, list_uuid: UUID) -> None:
        self._list, self._stage, self._told = list_uuid, "", 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._told < PROGRESS_SECONDS:
            return
        said: dict[str, Any] = {"stage": stage, "done": done, "total": total, "told_at": timezone.now()}
        if stage != self._stage:
            said["stage_at"] = said["told_at"]
        self._stage, self._told = stage, now
        if not HashList.objects.filter(uuid=self._list, state=ListState.IMPORTING).update(**said):
            raise _Stopped

    def reading(self, done: int) -> None:
        self("reading", done, 0)


@task(queue_name=LONG)
def read_list(act: str, about: dict[str, Any]) -> None:
    """Follows list.import_asked: what was uploaded is read, built and counts; or the list has failed and says why.

    Killed at any point, it is done again from the last thing that is whole; until its last act nothing of it counts.
    """
    home, list_uuid = Home.from_env(), UUID(about["list"])
    incoming.sweep(home, queries.importing())
    try:
        _bring_in(home, list_uuid)
    except _Stopped:
        pass
    except ExaminationFailed as failure:
        _failed(list_uuid, failure.reason, failure.sentence)
    except (Refused, Missing) as refusal:
        _failed(list_uuid, "refused", refusal.sentence)
    except ValueError:
        _failed(list_uuid, "malformed", "What the reader made of this file can't be taken. Nothing was imported.")
    if list_uuid not in queries.importing():
        incoming.forget(home, list_uuid)
        if queries.failed(list_uuid):
            building.discard(home, list_uuid)


def _bring_in(home: Home, list_uuid: UUID) -> None:
    row = HashList.objects.select_related("base").filter(uuid=list_uuid, state=ListState.IMPORTING).first()
    if row is None:
        return
    progress = _Progress(list_uuid)
    progress("reading", 0, 0)
    options = {"format": row.format, "bare": row.bare, "name": row.file_name}
    read = incoming.read_upload(home, list_uuid, options, row.scheme, progress.reading)
    HashList.objects.filter(uuid=list_uuid).update(
        format=read.format[:30],
        unsupported=read.unsupported,
        problems=[list(each) for each in read.problems],
        problem_count=read.problem_count,
    )
    source = incoming.source_of(home, list_uuid, read, withdrawals=row.withdrawals)
    examples = [f"{place}: {problem}" for place, problem in read.problems]
    if fault := rules.faults_in(
        read.problem_count, examples, left_out=row.leave_out, rows=int(incoming.has_rows(source))
    ):
        raise Refused(fault)
    base = shelf_with([row.base.uuid]).versions[0] if row.base and row.difference else None
    built = building.build(home, list_uuid, source, base, progress)
    with finishing():
        actions.finish_import(_worker(), list_uuid, built)


def _failed(list_uuid: UUID, reason: str, sentence: str) -> None:
    if list_uuid in queries.importing():
        with finishing():
            actions.fail_import(_worker(), list_uuid, reason, sentence)


# --- Items ------------------------------------------------------------------------------------------------------------------


@task()
def match_item(act: str, about: dict[str, Any]) -> None:
    """Follows item.examined and item.examination_failed: one that could not be read may still be known by its digest."""
    item = UUID(about["item"])
    examined = sandbox.examination(item)
    facts = vault.item(item)
    looks, state = no_looks(), str(examined.state)
    if state == "examined" and _moves(examined):
        looks, state = _frames_of(facts, in_part=bool(examined.reason))
    elif state == "examined":
        looks = picture_looks(examined.facts)
    subject = _subject(facts, looks, str(examined.kind), state)
    lists = active_lists()
    (answer,) = compared([subject], lists)
    with finishing():
        _record(subject, answer, lists)


def _subject(facts: ItemFacts, looks: Looks, kind: str, examination: str, look_count: int | None = None) -> Subject:
    """look_count: how many looks it has, where they aren't at hand."""
    digests = {name: bytes.fromhex(getattr(facts, name)) for name in rules.DIGEST_BYTES}
    count = len(looks) if look_count is None else look_count
    return Subject(facts.uuid, facts.origin, digests, looks, count, kind, examination)


def _moves(examined: ExaminationFacts) -> bool:
    """Whether its looks are those of frames, sealed beside it: a video's, or a picture's that moves."""
    return examined.kind == "video" or (
        examined.kind == "picture"
        and examined.facts.get("format") in MOVING_PICTURES
        and examined.facts.get("frames") != 1
    )


def _frames_of(facts: ItemFacts, *, in_part: bool = False) -> tuple[Looks, str]:
    """The looks of a video's frames, from its sealed reading, and in which state that leaves the video.

    in_part: it was not seen to its end. Then it may be near to a listed picture, but never be said to be near to none.
    """
    reading = next(
        (each for each in vault.children(facts.uuid) if each.media_type == FRAMES_MEDIA_TYPE and each.derived), None
    )
    if reading is None:
        return no_looks(), "not_examined"
    keys = ProcessKeys(Home.from_env(), "worker")
    try:
        with vault_actions.open_item(_worker(), reading.uuid, f"match:{facts.uuid}", keys) as opened:
            looks = video_looks(opened.read())
            return looks, "in_part" if in_part else "examined" if len(looks) else "too_plain"
    except Broken as broken:
        # Trying again can't mend it: the job is quarantined at once, where somebody must look.
        raise Hopeless(broken.sentence, item=facts.uuid) from broken
    except ValueError as error:
        raise Hopeless("A video's reading is not one.", item=facts.uuid) from error


def _record(subject: Subject, answer: Answer, lists: Sequence[UUID]) -> None:
    packed = b"" if len(subject.looks.at_ms) else subject.looks.packed()
    actions.record_check(
        _worker(),
        item=subject.item,
        origin=subject.origin,
        state=answer.state,
        lists=lists,
        found=answer.found,
        subject=Compared(packed, subject.look_count, subject.kind, subject.examination),
    )


@task()
def check_again(act: str, about: dict[str, Any]) -> None:
    """Follows list.imported and list.withdrawn: from the first item on, in steps, each a job of its own."""
    with finishing():
        check_next.enqueue(after=0, until=queries.newest_check())


@task()
def check_next(after: int, until: int | None = None) -> None:
    """Checks the next items after row `after` again, all at once, and goes on up to row `until`. New answers are new acts."""
    lists, until = active_lists(), queries.newest_check() if until is None else until
    earlier = queries.checks_after(after, STEP, until)
    facts = vault.items(each.item for each in earlier if each.lists != lists)
    outdated = [each for each in earlier if each.lists != lists and each.item in facts]
    plans = {before: planned(before, lists) for before in {each.lists for each in outdated}}
    # A video's looks lie sealed: it is opened by a job of its own, and only where there is anything to compare them with.
    videos = [each for each in outdated if each.looks_are_sealed and plans[each.lists].looks_needed]
    with_frames = {each.id for each in videos}
    answers = []
    for before, plan in plans.items():
        these = [each for each in outdated if each.lists == before and each.id not in with_frames]
        answers.append((plan, _answered(plan, these, facts)))
    with finishing():
        for plan, answered in answers:
            _record_again(plan, answered)
        for each in videos:
            check_video.enqueue(check=each.id)
        if len(earlier) == STEP:
            check_next.enqueue(after=earlier[-1].id, until=until)


@task()
def check_video(check: int) -> None:
    """One video again, whose frames have to be opened for it."""
    lists = active_lists()
    earlier = next(iter(queries.checks_after(check - 1, 1, check)), None)
    if earlier is None or earlier.lists == lists:
        return  # it was compared anew meanwhile
    facts, plan = vault.item(earlier.item), planned(earlier.lists, lists)
    answered = _answered(plan, [earlier], {facts.uuid: facts}, _frames_of(facts)[0])
    with finishing():
        _record_again(plan, answered)


_Answered = list[tuple[EarlierCheck, Subject, Answer, bool]]


def _answered(
    plan: Plan, earlier: Sequence[EarlierCheck], facts: dict[UUID, ItemFacts], frames: Looks | None = None
) -> _Answered:
    subjects = [
        _subject(
            facts[each.item],
            unpacked(each.looks) if frames is None else frames,
            each.kind,
            each.examination,
            each.look_count,
        )
        for each in earlier
    ]
    answers = compared_again(plan, subjects, [each.answer for each in earlier])
    return [(each, subject, *answer) for each, subject, answer in zip(earlier, subjects, answers, strict=True)]


def _record_again(plan: Plan, answered: _Answered) -> None:
    for _, subject, answer, same in answered:
        if not same:
            _record(subject, answer, plan.lists)
    if same_ones := [earlier.id for earlier, _, _, same in answered if same]:
        actions.record_same_answers(_worker(), same_ones, plan.lists, plan.moved)
