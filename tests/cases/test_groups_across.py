from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.chats.lookalikes import near_families
from amparo.cases.groups import order
from amparo.cases.groups.across import EARLIEST, LATEST, Carried, claim_of

DAY = datetime(2026, 5, 4, 12, tzinfo=UTC)


def post(
    number: int, person: int | None, group: int, hours: float | None, *, zone: float | None = 0, **more: bool
) -> Carried:
    """hours: on a clock that runs `zone` hours ahead of UTC; zone None: nobody has said."""
    wall = DAY + timedelta(hours=hours) if hours is not None else None
    utc = wall - timedelta(hours=zone) if wall and zone is not None else None
    return Carried(number, person, group, number, wall, utc, **more)


def test_a_zone_turns_what_the_wall_clocks_say() -> None:
    madrid, lima = post(1, 7, 1, 20, zone=2), post(2, 8, 2, 15, zone=-5)
    assert claim_of([madrid, lima]).first is madrid and claim_of([madrid, lima]).certain


def test_inside_one_export_the_order_of_its_lines_is_certain_without_any_zone() -> None:
    posts = [post(5, 8, 1, 1, zone=None), post(3, 7, 1, 2, zone=None)]
    claim = claim_of(posts)
    assert claim.first.post == 3 and claim.certain


def test_two_exports_without_zones_are_certain_only_days_apart() -> None:
    near = claim_of([post(1, 7, 1, 0, zone=None), post(2, 8, 2, 20, zone=None)])
    assert not near.certain and [each.person for each in near.against] == [8]
    far = (EARLIEST + LATEST).total_seconds() / 3600 + 1
    assert claim_of([post(1, 7, 1, 0, zone=None), post(2, 8, 2, far, zone=None)]).certain


def test_a_forwarded_first_post_and_the_same_instant_are_not_certain() -> None:
    assert not claim_of([post(1, 7, 1, 0, forwarded=True)]).certain
    tie = claim_of([post(1, 7, 1, 0), post(2, 8, 2, 0)])
    assert tie.tied == 1 and not tie.certain


def test_ones_own_post_in_another_group_speaks_against_nobody() -> None:
    assert claim_of([post(1, 7, 1, 0, zone=None), post(2, 7, 2, 1, zone=None)]).certain


ZONES = {1: None, 2: 0.0, 3: 2.0}
carried = st.builds(
    lambda number, person, group, hours, forwarded: post(
        number, person, group, hours, zone=ZONES[group], forwarded=forwarded
    ),
    st.integers(1, 40),
    st.sampled_from([1, 2, 3, None]),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(0, 60)),
    st.booleans(),
)


@given(st.lists(carried, min_size=1, max_size=6, unique_by=lambda each: (each.group, each.line)))
@settings(max_examples=80, deadline=None)
def test_a_claim_hangs_on_no_order_and_is_certain_only_where_every_other_group_came_later(posts: list[Carried]) -> None:
    claim = claim_of(posts)
    assert claim == claim_of(posts[::-1])
    own = [each for each in posts if each.group == claim.first.group]
    assert claim.first.line == min(each.line for each in own)
    for group in {each.group for each in posts} - {claim.first.group}:
        first = min((each for each in posts if each.group == group), key=lambda each: each.line)
        may_be_earlier = first.earliest <= min(each.latest for each in own)
        assert (first in claim.against) == (
            may_be_earlier and (first.person is None or first.person != claim.first.person)
        )


def test_look_alikes_are_found_by_their_turns_and_what_is_far_stays_apart() -> None:
    random = np.random.default_rng(3)
    looks = random.integers(0, 1 << 63, (4, 8, 4), dtype=np.uint64)
    near = looks[0, 3].copy()
    near[0] ^= np.uint64(0b1011)
    looks[1, 0] = near  # the second as it stands is close to a turn of the first
    empty = np.empty((0, 4), np.uint64)
    assert near_families([looks[0], looks[1], looks[2], empty, looks[3]], 31) == [(0, 1)]


people = st.dictionaries(st.integers(1, 8), st.sets(st.sampled_from(order.DEFAULT), max_size=4), max_size=8)


def in_order(held: dict[int, set[str]], reasons: Sequence[str]) -> list[int]:
    """With numbers to break ties."""
    by_reason = {
        each: np.array([who for who, mine in held.items() if each in mine], np.int64) for each in order.DEFAULT
    }
    found: list[int] = order.in_order(by_reason, np.array(sorted(held), np.int64), reasons).tolist()
    return found


@given(people, st.permutations(order.DEFAULT))
@settings(max_examples=80, deadline=None)
def test_the_first_reason_that_two_do_not_share_decides_and_nothing_is_added_up(
    held: dict[int, set[str]], reasons: list[str]
) -> None:
    found = in_order(held, reasons)
    assert set(found) == {person for person, mine in held.items() if mine}
    for one, two in pairwise(found):
        differ = next((each for each in reasons if (each in held[one]) != (each in held[two])), None)
        assert (differ in held[one]) if differ else one < two


def test_a_reason_left_out_of_the_order_places_nobody() -> None:
    assert in_order({1: {"several"}, 2: {"first"}}, ("first",)) == [2] and in_order({1: {"first"}}, ()) == []


@pytest.mark.parametrize(
    ("category", "age", "track"),
    [
        ("contact", "unknown", order.MINORS),
        ("suspect", "child", order.MINORS),
        ("suspect", "adult", order.ADULTS),
        ("possible_victim", "adult", order.VICTIMS),
        ("victim", "unknown", order.VICTIMS),
    ],
)
def test_children_unknown_ages_and_victims_have_their_own_tracks(category: str, age: str, track: str) -> None:
    assert order.track(category, age) == track
