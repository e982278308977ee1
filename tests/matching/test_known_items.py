"""Items laid beside lists: what is known, what is not, and what was never compared are three different answers."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation.errors import Missing, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.jobs.models import Job
from amparo.matching import actions, jobs, queries, rules
from amparo.matching.actions import Compared
from amparo.matching.known import active_lists
from amparo.matching.rules import HitKind, State
from amparo.sandbox import actions as sandbox
from amparo.sandbox.rules import State as Examined
from amparo.vault import actions as vault, keys, queries as vault_queries

WORKER, CLI, RECEIVER = (Actor.of_process(name) for name in ("worker", "cli", "receiver"))
ORIGIN = UUID(int=7)
PDQ = bytes(range(32))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    home = Home.from_env()
    keys.make_keys(home)
    vault.lay_compartments(CLI, home)
    return home


def item(what: bytes, kind: str = "picture", state: Examined = Examined.EXAMINED, pdq: bytes = PDQ) -> UUID:
    """An item that was sealed and examined with this result."""
    content = vault_queries.compartment_named("content").uuid
    uuid = vault.seal_item(WORKER, compartment=content, stream=io.BytesIO(what), name="a", origin=ORIGIN).item
    facts = {"pdq_hex": pdq.hex()} if kind == "picture" else {}
    if state is Examined.FAILED:
        sandbox.record_failure(WORKER, uuid, ORIGIN, kind=kind, reason="malformed", sentence="It is cut off.")
    else:
        sandbox.record_examination(WORKER, uuid, ORIGIN, kind=kind, state=state, facts=facts)
    return uuid


def matched(uuid: UUID) -> queries.Verdict:
    jobs.match_item.call(act=str(new_id()), about={"item": str(uuid), "origin": str(ORIGIN)})
    return queries.verdicts([uuid])[uuid]


def imported(*rows: Mapping[str, str], name: str = "List", version: str = "1") -> UUID:
    return actions.import_list(
        CLI, name=name, source="A test", version=version, scheme="test scheme", scope="tests", rows=rows
    ).list


def flipped(value: bytes, bits: int) -> str:
    number = int.from_bytes(value, "big")
    for bit in range(bits):
        number ^= 1 << (bit * 7 % 256)  # 7 and 256 share no factor: no bit is flipped twice
    return number.to_bytes(32, "big").hex()


def work_all() -> None:
    """Runs the jobs of this room that wait, as a worker would."""
    while job := Job.objects.filter(state="waiting", task="amparo.matching.jobs.check_next").first():
        Job.objects.filter(pk=job.pk).update(state="done")
        jobs.check_next.call(**job.arguments)


@pytest.mark.django_db(transaction=True)
class TestAnswers:
    def test_without_a_list_nothing_was_compared(self, home: Home) -> None:
        assert matched(item(b"a")).state is State.NOT_EXAMINED

    def test_an_item_never_compared_is_not_examined_rather_than_unknown(self, home: Home) -> None:
        assert queries.verdicts([ORIGIN])[ORIGIN].state is State.NOT_EXAMINED

    def test_the_same_bytes_are_an_exact_hit_that_names_list_scheme_and_category(self, home: Home) -> None:
        imported({"sha1": hashlib.sha1(b"known").hexdigest(), "category": "B1"})
        verdict = matched(item(b"known"))
        (hit,) = verdict.hits
        assert (verdict.state, hit.kind, hit.distance_bits) == (State.HIT, HitKind.EXACT, 0)
        assert (hit.list_name, hit.list_version, hit.scheme, hit.category) == ("List", "1", "test scheme", "B1")

    def test_a_near_copy_is_a_hit_up_to_31_bits_and_none_beyond(self, home: Home) -> None:
        imported({"pdq": flipped(PDQ, 31)})
        (hit,) = matched(item(b"near")).hits
        assert (hit.kind, hit.distance_bits) == (HitKind.NEAR, 31)
        imported({"pdq": flipped(PDQ, 32)}, name="Far")
        (hit,) = matched(item(b"near too")).hits
        assert hit.list_name == "List"

    def test_a_row_known_by_bytes_and_by_look_is_one_hit_the_exact_one(self, home: Home) -> None:
        imported({"md5": hashlib.md5(b"x").hexdigest(), "sha256": hashlib.sha256(b"x").hexdigest(), "pdq": PDQ.hex()})
        (hit,) = matched(item(b"x")).hits
        assert hit.kind is HitKind.EXACT

    @pytest.mark.parametrize(
        ("kind", "state", "answer"),
        [
            ("picture", Examined.EXAMINED, State.NO_HIT),
            ("picture", Examined.TOO_PLAIN, State.TOO_PLAIN),
            ("picture", Examined.FAILED, State.NOT_EXAMINED),
            ("video", Examined.NOT_EXAMINED, State.NOT_EXAMINED),
            ("chat", Examined.EXAMINED, State.NO_HIT),
            ("archive", Examined.NOT_EXAMINED, State.NOT_EXAMINED),
        ],
    )
    def test_no_match_is_said_only_where_something_was_compared(
        self, home: Home, kind: str, state: Examined, answer: State
    ) -> None:
        imported({"pdq": flipped(PDQ, 200), "md5": "0" * 32})
        assert matched(item(b"a", kind, state)).state is answer

    def test_a_picture_that_cannot_be_decoded_is_still_known_by_its_bytes(self, home: Home) -> None:
        imported({"sha256": hashlib.sha256(b"cut off").hexdigest()})
        assert matched(item(b"cut off", "picture", Examined.FAILED)).state is State.HIT

    def test_too_plain_a_picture_is_not_compared_by_its_look(self, home: Home) -> None:
        imported({"pdq": PDQ.hex()})
        assert matched(item(b"a", "picture", Examined.TOO_PLAIN)).state is State.TOO_PLAIN


@pytest.mark.django_db(transaction=True)
class TestLists:
    def test_a_new_list_checks_earlier_items_anew_and_the_change_is_an_act(self, home: Home) -> None:
        imported({"md5": "0" * 32}, name="First")
        one, other = item(b"one"), item(b"other", pdq=bytes(32))
        matched(one), matched(other)
        imported({"md5": hashlib.md5(b"one").hexdigest()}, name="Second")
        jobs.check_again.call(act=str(new_id()), about={})
        work_all()
        found = queries.verdicts([one, other])
        assert (found[one].state, found[other].state) == (State.HIT, State.NO_HIT)
        assert found[other].lists == 2
        assert [line.about["state"] for line in custody.story(one) if line.kind == "item.matched"] == ["no_hit", "hit"]
        assert [line.kind for line in custody.story(other)].count("item.matched") == 1

    def test_a_withdrawn_list_counts_no_more_from_the_next_check_on(self, home: Home) -> None:
        uuid = imported({"md5": hashlib.md5(b"one").hexdigest()})
        one = item(b"one")
        assert matched(one).state is State.HIT
        actions.withdraw_list(CLI, uuid, "withdrawn by its publisher")
        jobs.check_again.call(act=str(new_id()), about={})
        work_all()
        assert queries.verdicts([one])[one].state is State.NOT_EXAMINED
        with pytest.raises(Missing):
            actions.withdraw_list(CLI, uuid, "again")

    def test_one_wrong_row_refuses_the_whole_list_and_says_which(self, home: Home) -> None:
        with pytest.raises(Refused, match="row 2: md5 is not 32"):
            imported({"md5": "0" * 32}, {"md5": "zz"})
        assert queries.lists() == ()

    def test_a_version_is_imported_once(self, home: Home) -> None:
        imported({"md5": "0" * 32})
        with pytest.raises(Refused, match="imported before"):
            imported({"md5": "1" * 32})

    def test_an_item_compared_with_lists_that_changed_meanwhile_is_compared_again(self, home: Home) -> None:
        one, before = item(b"one"), active_lists()
        imported({"md5": "0" * 32})
        with pytest.raises(Unreachable):
            actions.record_check(
                WORKER,
                item=one,
                origin=ORIGIN,
                state=State.NO_HIT,
                lists=before,
                found=(),
                subject=Compared(b"", 0, "picture", "examined"),
            )

    def test_the_page_of_lists_counts_listed_items_and_items_known_here(self, home: Home) -> None:
        imported({"md5": hashlib.md5(b"one").hexdigest(), "category": "A"}, {"md5": "0" * 32, "category": "B"})
        matched(item(b"one"))
        (facts,) = queries.lists()
        assert (facts.rows, facts.items) == (2, 1)
        assert facts.counts == {"md5": 2}
        assert facts.categories == (("test scheme", "A", 1), ("test scheme", "B", 1))
        assert [each.hit.category for each in queries.items_in(facts.uuid)] == ["A"]

    def test_importing_needs_the_power(self, home: Home) -> None:
        with pytest.raises(Refused, match="power"):
            actions.import_list(
                RECEIVER, name="a", source="b", version="1", scheme="", scope="", rows=[{"md5": "0" * 32}]
            )


@given(
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from(["examined", "too_plain", "not_examined", "failed"]),
    st.text(),
    st.booleans(),
)
def test_no_match_is_never_the_answer_without_a_list(
    hits: int, lists: int, examination: str, kind: str, fingerprint: Any
) -> None:
    answer = rules.state_of(hits=hits, lists=lists, examination=examination, kind=kind, fingerprint=fingerprint)
    assert not (answer is State.NO_HIT and (lists == 0 or examination != "examined"))
    assert (answer is State.HIT) == bool(hits)
