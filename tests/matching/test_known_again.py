"""Items compared again after lists came and went: the same answer as a comparison anew, for a fraction of the work."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.jobs.models import Job
from amparo.matching import actions, comparing, jobs, known, queries, rules
from amparo.matching.comparing import Earlier, Subject
from amparo.matching.looks import FRAMES_MEDIA_TYPE
from amparo.matching.rules import HitKind, State
from amparo.matching.versions import folder_of
from amparo.sandbox import actions as sandbox
from amparo.sandbox.rules import State as Examined
from amparo.vault import actions as vault, keys, queries as vault_queries
from tests.matching.lists_made import built, flipped, hash_of, looks

WORKER, CLI = Actor.of_process("worker"), Actor.of_process("cli")
ORIGIN = UUID(int=7)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    return Home.from_env()


# --- The comparison itself --------------------------------------------------------------------------------------------------

NUMBERS = range(8)
LISTED = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(["md5", "pdq"]), st.sampled_from(NUMBERS)), min_size=1, max_size=2),
        st.just(None),
        st.booleans(),
    ),
    max_size=6,
)


def subject(number: int) -> Subject:
    digests = {kind: hash_of(kind, number) for kind in rules.DIGEST_BYTES}
    return Subject(UUID(int=number), ORIGIN, digests, looks([number])[0], 1, "picture", "examined")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(LISTED, st.integers(0, 9), st.booleans()), min_size=1, max_size=4),
    before=st.integers(0, 3),
    most=st.sampled_from([2, 100]),
)
def test_compared_again_is_compared_anew(
    home: Home, steps: list[tuple[list[object], int, bool]], before: int, most: int
) -> None:
    """steps: each a list's rows, which earlier list it follows on, whether that one stays in use too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "SHARED_AT_LEAST", 0)
        patch.setattr(comparing, "MOST_HITS", most)
        patch.setattr(
            "amparo.matching.shelf.Shelf.lookup.__kwdefaults__", {**known.Shelf.lookup.__kwdefaults__, "most": most}
        )
        active: list[UUID] = []
        moments: list[tuple[UUID, ...]] = [()]
        versions = []
        for rows, base, stays in steps:
            on = versions[base % len(versions)] if versions and base % 3 else None
            version, _ = built(home, rows, on)  # type: ignore[arg-type]
            versions.append(version)
            active = [each for each in active if stays or on is None or each != on.uuid] + [version.uuid]
            moments.append(tuple(active))
        subjects = [subject(number) for number in NUMBERS]
        lists = moments[min(before, len(moments) - 1)]
        first = comparing.compared(subjects, lists)
        earlier = [Earlier(answer.state, lists, answer.found) for answer in first]
        again = comparing.compared_again(comparing.planned(lists, active), subjects, earlier)
        anew = comparing.compared(subjects, active)
    assert [answer.state for answer, _ in again] == [answer.state for answer in anew]
    assert [set(answer.found) for answer, _ in again] == [set(answer.found) for answer in anew]
    for (answer, same), was in zip(again, first, strict=True):
        rows = lambda found: {(each.row, each.digest, each.distance_bits) for each in found}  # noqa: E731
        assert not same or (answer.state == was.state and rows(answer.found) == rows(was.found))


def test_after_a_difference_only_what_is_new_in_it_is_asked(home: Home) -> None:
    base, _ = built(home, [([("md5", number)], None, False) for number in range(100)])
    version, _ = built(home, [([("md5", 200)], None, False)], base)
    plan = comparing.planned([base.uuid], [version.uuid])
    assert plan.beyond == {version.uuid: base.uuid}
    assert [part.uuid for part in version.parts_after(base.uuid)] == [version.uuid]
    assert not plan.looks_needed


# --- In the house -----------------------------------------------------------------------------------------------------------


def sealed(what: bytes, **more: object) -> UUID:
    content = vault_queries.compartment_named("content").uuid
    return vault.seal_item(
        WORKER,
        compartment=content,
        stream=io.BytesIO(what),
        name=what.decode(),
        origin=ORIGIN,
        **more,  # type: ignore[arg-type]
    ).item


def picture(what: bytes, *fingerprints: bytes) -> UUID:
    item = sealed(what)
    facts = {"pdq_hex": fingerprints[0].hex(), "looks": [each.hex() for each in fingerprints]}
    sandbox.record_examination(WORKER, item, ORIGIN, kind="picture", state=Examined.EXAMINED, facts=facts)
    return item


def video(
    what: bytes, frames: Sequence[tuple[int, int, bytes]] | None, *, kind: str = "video", reason: str = ""
) -> UUID:
    """frames: (at_ms, quality, fingerprint); None: it has no reading."""
    item = sealed(what)
    if frames is not None:
        said = [{"at_ms": at, "quality": quality, "looks": [look.hex()]} for at, quality, look in frames]
        vault.seal_item(
            WORKER,
            compartment=vault_queries.compartment_named("content").uuid,
            stream=io.BytesIO(json.dumps({"frames": said}).encode()),
            name="frames.json",
            origin=ORIGIN,
            parent=item,
            derived=True,
            media_type=FRAMES_MEDIA_TYPE,
        )
    facts = {"format": "GIF", "frames": 9, "pdq_hex": "00" * 32} if kind == "picture" else {}
    sandbox.record_examination(WORKER, item, ORIGIN, kind=kind, state=Examined.EXAMINED, facts=facts, reason=reason)
    return item


def matched(item: UUID) -> queries.Verdict:
    jobs.match_item.call(act=str(new_id()), about={"item": str(item), "origin": str(ORIGIN)})
    return queries.verdicts([item])[item]


def imported(name: str, *numbers: int, kind: str = "pdq", version: str = "1") -> UUID:
    rows = [{kind: hash_of(kind, number).hex(), "category": f"K{number}"} for number in numbers]
    return actions.import_list(CLI, name=name, source="A test", version=version, scheme="s", scope="", rows=rows).list


def checked_again() -> int:
    """How many jobs it took."""
    jobs.check_again.call(act=str(new_id()), about={})
    done = 0
    names = ("check_next", "check_video")
    while job := Job.objects.filter(
        state="waiting", task__in=[f"amparo.matching.jobs.{each}" for each in names]
    ).first():
        Job.objects.filter(pk=job.pk).update(state="done")
        getattr(jobs, job.task.rpartition(".")[2]).call(**job.arguments)
        done += 1
    return done


@pytest.fixture
def house(home: Home) -> Home:
    keys.make_keys(home)
    vault.lay_compartments(CLI, home)
    return home


@pytest.mark.django_db(transaction=True)
class TestHouse:
    def test_a_turned_picture_keeps_its_looks_and_is_found_when_its_list_comes_later(self, house: Home) -> None:
        item = picture(b"a", *[hash_of("pdq", number) for number in range(8)])
        assert matched(item).state is State.NOT_EXAMINED
        imported("L", 5)
        checked_again()
        (hit,) = queries.verdicts([item])[item].hits
        assert (hit.kind, hit.framing, hit.turn, hit.row, hit.category) == (HitKind.NEAR, "whole", "flipy", 1, "K5")

    def test_a_video_is_near_a_listed_picture_and_says_when(self, house: Home) -> None:
        imported("L", 1)
        near = flipped(hash_of("pdq", 1), 9)
        item = video(b"v", [(0, 90, hash_of("pdq", 50)), (7000, 90, near), (8000, 90, near), (9000, 10, near)])
        (hit,) = matched(item).hits
        assert (hit.kind, hit.distance_bits, hit.at_ms, hit.frames) == (HitKind.NEAR, 9, 7000, 2)

    @pytest.mark.parametrize(
        ("frames", "answer"),
        [
            ([(0, 90, hash_of("pdq", 50))], State.NO_HIT),
            ([(0, 49, hash_of("pdq", 50))], State.TOO_PLAIN),
            (None, State.NOT_EXAMINED),
        ],
    )
    def test_no_match_is_said_of_a_video_only_where_a_frame_was_compared(
        self, house: Home, frames: list[tuple[int, int, bytes]] | None, answer: State
    ) -> None:
        imported("L", 1)
        item = video(b"v", frames)
        assert matched(item).state is answer
        imported("Of bytes alone", 1, kind="md5")
        checked_again()
        assert queries.verdicts([item])[item].state is answer
        assert queries.verdicts([item])[item].lists == 2

    def test_of_a_video_not_seen_to_its_end_no_match_is_never_said(self, house: Home) -> None:
        imported("L", 1)
        frames = [(0, 90, hash_of("pdq", number)) for number in (1, 50)]
        known, unknown = (
            video(name, [frame], reason="cut_off") for name, frame in zip((b"a", b"b"), frames, strict=True)
        )
        assert [matched(item).state for item in (known, unknown)] == [State.HIT, State.NOT_EXAMINED]

    def test_a_picture_that_moves_is_compared_frame_by_frame(self, house: Home) -> None:
        imported("L", 1)
        item = video(b"g", [(0, 90, hash_of("pdq", 50)), (2000, 90, hash_of("pdq", 1))], kind="picture")
        (hit,) = matched(item).hits
        assert (hit.at_ms, hit.frames) == (2000, 1)

    def test_a_video_is_opened_again_only_for_lists_that_hold_looks(self, house: Home) -> None:
        imported("L", 1)
        item = video(b"v", [(3000, 90, hash_of("pdq", 2))])
        assert matched(item).state is State.NO_HIT

        def openings() -> int:
            return custody.acts(kind="item.opened").total

        opened = openings()
        imported("Of bytes alone", 1, kind="md5")
        checked_again()
        assert openings() == opened
        imported("M", 2)
        checked_again()
        assert openings() == opened + 1
        (hit,) = queries.verdicts([item])[item].hits
        assert (hit.list_name, hit.at_ms) == ("M", 3000)

    def test_an_update_moves_hits_that_stand_and_acts_only_for_answers_that_changed(self, house: Home) -> None:
        first = imported("L", 1, 2)
        stays, goes, comes = (picture(b"%d" % number, hash_of("pdq", number)) for number in (1, 2, 3))
        for each in (stays, goes, comes):
            matched(each)
        updated = actions.update_list(
            CLI,
            first,
            version="2",
            added=[{"pdq": hash_of("pdq", 3).hex(), "category": "K3"}],
            removed=[{"pdq": hash_of("pdq", 2).hex()}],
        )
        assert (updated.added, updated.removed, updated.base) == (1, 1, first)
        checked_again()
        found = queries.verdicts([stays, goes, comes])
        assert [found[each].state for each in (stays, goes, comes)] == [State.HIT, State.NO_HIT, State.HIT]
        assert {hit.list_version for each in found.values() for hit in each.hits} == {"2"}
        acts = {each: [line.kind for line in custody.story(each)].count("item.matched") for each in found}
        assert acts == {stays: 1, goes: 2, comes: 2}
        assert [each.item for each in queries.items_in(updated.list)] == [comes, stays]
        assert queries.items_in(first) == ()

    def test_a_thousand_items_are_checked_again_by_two_jobs(self, house: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "STEP", 5)
        items = [picture(b"%d" % number, hash_of("pdq", number)) for number in range(7)]
        for each in items:
            matched(each)
        imported("L", *range(7))
        assert checked_again() == 2
        assert all(each.state is State.HIT for each in queries.verdicts(items).values())

    def test_items_that_were_compared_with_the_same_lists_cost_nothing_more(self, house: Home) -> None:
        imported("L", 1)
        item = picture(b"a", hash_of("pdq", 1))
        at = matched(item).at
        checked_again()
        assert queries.verdicts([item])[item].at == at

    def test_a_list_whose_files_are_gone_stops_comparing_rather_than_saying_no_match(self, house: Home) -> None:
        uuid = imported("L", 1)
        for path in folder_of(house, uuid).iterdir():
            path.unlink()
        item = picture(b"a", hash_of("pdq", 1))
        with pytest.raises(Exception, match="can't be read"):
            matched(item)
        assert queries.verdicts([item])[item].state is State.NOT_EXAMINED
