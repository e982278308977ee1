from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.groups import chance, counting, finding, standing
from amparo.cases.groups.circles import write_circles
from tests.cases.group_tables import planted, platform

pairs = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 6)), min_size=1, max_size=70, unique=True)


def table(rows: list[tuple[int, int]]) -> finding.Memberships:
    member, group = (np.array(each) for each in zip(*rows, strict=True))
    return finding.memberships(member, group, 15, 7)


def sets(rows: list[tuple[int, int]]) -> list[set[int]]:
    return [{group for member, group in rows if member == number} for number in range(15)]


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_shared_groups_are_counted_as_one_counts_by_hand_compiled_or_not(rows: list[tuple[int, int]]) -> None:
    held, of = table(rows), sets(rows)
    by_hand = {
        (one, two): len(of[one] & of[two]) for one, two in combinations(range(15), 2) if len(of[one] & of[two]) >= 2
    }
    weights = np.full(7, np.int64(1))
    degrees = np.array([[len(each) for each in of]])
    every, logs = np.array([14]), chance.log_factorials(14)
    for count in (counting.ties, counting.ties_plain):
        for room in (15, 1000):  # as little as one member's, or all at once
            found, doubled, begin = {}, 0, 0
            while begin < 15:
                begin, twice, one, two, shared, _ = count(
                    held.m_starts, held.m_groups, held.g_starts, held.g_members, weights, 20, degrees, every, logs,
                    np.zeros(15), begin, room,
                )  # fmt: skip
                doubled += int(twice)
                found |= {pair: n for *pair_, n in zip(one.tolist(), two.tolist(), shared.tolist(), strict=True)
                          for pair in [tuple(pair_)]}  # fmt: skip
            assert found == by_hand
            assert doubled == sum(math.comb(n, 2) for n in by_hand.values())


@given(pairs, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_overlaps_of_groups_hold_every_pair_with_its_count(rows: list[tuple[int, int]], least: int) -> None:
    inside = [{member for member, group in rows if group == number} for number in range(7)]
    one, two, shared = finding.find_overlaps(table(rows), least)
    assert list(zip(one.tolist(), two.tolist(), shared.tolist(), strict=True)) == [
        (a, b, len(inside[a] & inside[b])) for a, b in combinations(range(7), 2) if len(inside[a] & inside[b]) >= least
    ]


@given(st.integers(0, 6), st.integers(0, 12), st.integers(0, 12), st.integers(12, 30))
@settings(max_examples=80, deadline=None)
def test_the_chance_of_sharing_is_the_exact_one(shared: int, one: int, two: int, every: int) -> None:
    exact = sum(
        Fraction(math.comb(one, k) * math.comb(every - one, two - k), math.comb(every, two))
        for k in range(shared, min(one, two) + 1)
    )
    logs = chance.log_factorials(every)
    rows = [np.array([each]) for each in (shared, one, two)]
    told = chance.hypergeometric_log_tails(rows[0], rows[1], rows[2], every, logs)[0]
    assert math.exp(told) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)
    assert math.exp(counting.log_tail(shared, one, two, every, logs)) == pytest.approx(
        float(exact), rel=1e-9, abs=1e-300
    )


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda tie: tie[0] < tie[1]), unique=True))
@settings(max_examples=60, deadline=None)
def test_only_ties_with_a_common_third_stand_and_components_join_what_touches(ties: list[tuple[int, int]]) -> None:
    standing = set(ties)
    while True:
        kept = {
            (a, b)
            for a, b in standing
            if any({(min(a, c), max(a, c)), (min(b, c), max(b, c))} <= standing for c in range(9) if c not in (a, b))
        }
        if kept == standing:
            break
        standing = kept
    one, two = (np.array([tie[side] for tie in ties], np.int32) for side in (0, 1))
    assert {tie for tie, stands in zip(ties, counting.in_triangles(one, two, 9), strict=True) if stands} == standing
    roots = counting.components(one, two, 9)
    lowest = list(range(9))
    for _ in range(9):
        for a, b in ties:
            lowest[a] = lowest[b] = min(lowest[a], lowest[b])
    assert roots.tolist() == lowest


@pytest.mark.parametrize("languages", [1, 8])
@pytest.mark.parametrize("seed", range(4))
def test_planted_circles_are_found_and_hardly_a_stranger_with_them(seed: int, languages: int) -> None:
    there = planted(seed, languages=languages)
    found = finding.find_circles(finding.memberships(there.member, there.group, there.members, there.groups))
    inside, true = found.circle >= 0, there.circle >= 0
    # Also where few people share a language, and chance alone brings them together: a stricter limit for ties is in use there.
    assert (inside & true).sum() >= 0.85 * true.sum()
    assert (inside & ~true).sum() <= 1
    for number in range(found.count):  # no circle mixes two
        assert len({int(each) for each in there.circle[found.circle == number] if each >= 0}) == 1


def with_circle(*also: list[int], people: int = 8, groups: int = 6) -> tuple[finding.Circles, int]:
    """A platform with one circle, whose `people` are in all its `groups` of twenty; members 500, 501 ... are in those of `also`."""
    there = planted(5, circles=0)
    who = [np.arange(people)] + [np.arange(1000 + 12 * g, 1012 + 12 * g) for g in range(groups)]
    at = [np.tile(np.arange(people), groups), *who[1:]]
    into = [np.repeat(np.arange(groups), people), *(np.full(12, g) for g in range(groups))]
    for number, some in enumerate(also):
        at, into = [*at, np.full(len(some), 500 + number)], [*into, np.array(some)]
    code = np.unique(
        np.concatenate([there.member, *at]) * (there.groups + groups)
        + np.concatenate([there.group, *(each + there.groups for each in into)])
    )
    total = there.groups + groups
    return finding.find_circles(finding.memberships(code // total, code % total, there.members, total)), people


def test_two_groups_of_six_in_which_all_others_are_make_nobody_one_of_the_circle_and_five_do() -> None:
    found, people = with_circle([0, 1], [0, 1, 2, 3, 4])
    assert found.count == 1
    assert found.circle[:people].tolist() == [0] * people and found.circle[500:502].tolist() == [-1, 0]


@given(st.floats(0.3, 4), st.floats(0.05, 0.8))
@settings(max_examples=20, deadline=None)
def test_what_people_join_further_is_foreseen_where_their_liking_has_a_gamma_distribution(
    first: float, further: float
) -> None:
    # By h(n + 1) = h(n) * (first + further * n) / (n + 1): who is in n groups joins first + further * n more.
    held = [1e5]
    while len(held) < 60 and held[-1] >= 1:
        n = len(held) - 1
        held.append(held[-1] * (first + further * n) / (n + 1))
    degree = np.repeat(np.arange(len(held)), np.array(held, np.int64))
    told = standing.joined_more(degree)
    mean = float(degree[degree > 0].mean())
    assert told[0] == pytest.approx(max(first, standing.LEAST_JOINED * mean), rel=0.1)
    assert told[1] == pytest.approx(further, rel=0.2, abs=0.02)


@given(st.lists(st.integers(0, 30), max_size=60))
@settings(max_examples=60, deadline=None)
def test_everyone_is_foreseen_to_join_some_groups_however_few_there_are_to_tell_by(degree: list[int]) -> None:
    first, further = standing.joined_more(np.array(degree, np.int64))
    assert first > 0 and further >= 0 and math.isfinite(first + further)


def test_four_people_in_four_rare_groups_are_a_circle_and_three_are_none() -> None:
    for people, circles in ((4, 1), (3, 0)):
        there = planted(3, circles=0)
        who, groups = np.arange(people), there.groups + np.arange(4)
        member = np.concatenate([there.member, np.repeat(who, 4), np.arange(100, 116)])
        group = np.concatenate([there.group, np.tile(groups, people), np.repeat(groups, 4)])
        found = finding.find_circles(finding.memberships(member, group, there.members, there.groups + 4))
        assert found.count == circles and set(np.flatnonzero(found.circle >= 0)) == set(range(people * circles))


@pytest.mark.parametrize("languages", [1, 8])
def test_where_people_meet_by_chance_there_is_no_circle(languages: int) -> None:
    strangers = 0
    for seed in range(10, 16):
        there = planted(seed, circles=0, languages=languages)
        found = finding.find_circles(finding.memberships(there.member, there.group, there.members, there.groups))
        strangers += int((found.circle >= 0).sum())
    assert not strangers


def test_a_channel_ties_nobody() -> None:
    rows = [(f"u{member}", f"channel {number}") for number in range(4) for member in range(600)]
    with platform(rows) as base:
        run = write_circles(base, Path(base.store.work) / "circles.parquet")
    assert run["written"]["groups_too_large_to_tie"] == 4
    assert run["written"]["circles"] == 0 and run["written"]["overlaps"] == 6


def test_the_written_rows_name_the_groups_that_tie_and_the_lines_that_say_so(tmp_path: Path) -> None:
    there = planted(2, members=3000, groups=500, circles=3)
    rows = [(f"u{m}", f"g{g}") for m, g in zip(there.member.tolist(), there.group.tolist(), strict=True)]
    rows.append(rows[0])  # somebody who came twice counts once
    for turn in ("one", "two"):
        with platform(rows) as base:
            run = write_circles(base, tmp_path / turn / "circles.parquet")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [
        f"circles.{what}" for what in ("groups.parquet", "overlaps.parquet", "parquet", "run.json", "ties.parquet")
    ]
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
    found = duckdb.sql(f"SELECT * FROM '{tmp_path}/one/circles.parquet'").fetchall()
    assert len(found) == run["written"]["rows"] > 15
    for circle, account, people, _, shared, groups, chance_log10, as_one_log10, evidence in found:
        assert people == sum(row[0] == circle for row in found) >= finding.LEAST_PEOPLE
        assert shared == len(groups) >= 2 and chance_log10 < as_one_log10 <= 0
        lines = [rows[int(at.removeprefix("members.csv:")) - 1] for at in evidence]
        assert {account} == {line[0] for line in lines} and set(groups) == {line[1] for line in lines}
    ties = duckdb.sql(f"SELECT * FROM '{tmp_path}/one/circles.ties.parquet'").fetchall()
    for circle, one, two, shared, groups, _ in ties:
        assert {one, two} <= {row[1] for row in found if row[0] == circle}
        assert shared == len(groups) and all({(one, group), (two, group)} <= set(rows) for group in groups)


def test_a_platform_without_memberships_has_no_circle(tmp_path: Path) -> None:
    with platform() as base:
        assert write_circles(base, tmp_path / "none.parquet")["written"]["circles"] == 0
