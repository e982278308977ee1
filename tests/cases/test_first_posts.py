from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings, strategies as st

from amparo.cases.groups.first_posts import EARLIEST_H, LATEST_H, write_first_posts
from tests.cases.group_tables import Post, platform

DAY = datetime(2026, 5, 4, 12)  # noqa: DTZ001 - as a platform's table holds it
NEVER, EVER = datetime.max, datetime.min  # noqa: DTZ901 - the same


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def first(tmp_path: Path, posts: list[Post]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Rows by item, and the run."""
    with platform(posts=posts) as base:
        run = write_first_posts(base, tmp_path / "first.parquet")
    found = duckdb.sql(f"SELECT * FROM '{tmp_path}/first.parquet'")
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return {row["item"]: row for row in rows}, run


def test_the_earliest_post_of_all_groups_is_the_first_with_its_line(tmp_path: Path) -> None:
    posts: list[Post] = [
        ("i", "ana", "g1", at(5), at(7), False),
        ("i", "bea", "g2", at(2), at(4), False),
        ("i", "bea", "g1", at(2), at(4), False),
        ("j", "cai", "g1", at(1), at(1), False),
    ]
    rows, run = first(tmp_path, posts)
    assert rows["i"] | {"others": ()} == {
        "item": "i", "account_id": "bea", "group": "g2", "at_utc": at(2), "at_wall": at(4), "certain": True, "clock": "utc",
        "forwarded": False, "first_not_forwarded": None, "ties": 0, "not_certain_against": 0, "others": (), "posts": 3,
        "accounts": 2, "groups": 2, "undated": 0, "evidence": ["posts.csv:2"],
    }  # fmt: skip
    assert run["window"] == {"first": str(at(1)), "last": str(at(5))} and run["written"]["certain"] == 2


def test_two_at_one_instant_are_a_tie_and_neither_is_certain(tmp_path: Path) -> None:
    rows, _ = first(tmp_path, [("i", "ana", "g1", at(2), None, False), ("i", "bea", "g2", at(2), None, False)])
    assert rows["i"]["ties"] == 1 and not rows["i"]["certain"] and rows["i"]["others"] == ["bea"]
    assert rows["i"]["evidence"] == ["posts.csv:1", "posts.csv:2"]


def test_a_forwarded_first_post_moves_the_claim_to_whoever_did_not_forward(tmp_path: Path) -> None:
    rows, run = first(tmp_path, [("i", "ana", "g1", at(1), None, True), ("i", "bea", "g2", at(2), None, False)])
    assert rows["i"]["account_id"] == "ana" and rows["i"]["forwarded"] and not rows["i"]["certain"]
    assert rows["i"]["first_not_forwarded"] == "bea" and run["written"]["forwarded_first"] == 1


def test_a_clock_without_zone_is_certain_only_where_no_zone_could_turn_it(tmp_path: Path) -> None:
    far = EARLIEST_H + LATEST_H + 1
    posts: list[Post] = [
        ("near", "ana", "g1", None, at(0), False),
        ("near", "bea", "g2", None, at(3), False),
        ("far", "ana", "g1", None, at(0), False),
        ("far", "bea", "g2", None, at(far), False),
        ("alone", "ana", "g1", None, at(0), False),
        ("mixed", "ana", "g1", at(0), at(0), False),
        ("mixed", "bea", "g2", None, at(9), False),
    ]
    rows, _ = first(tmp_path, posts)
    assert {item: row["certain"] for item, row in rows.items()} == {
        "near": False, "far": True, "alone": True, "mixed": False,
    }  # fmt: skip
    assert rows["near"]["clock"] == "wall" and rows["near"]["others"] == ["bea"]


def test_an_undated_post_makes_every_claim_of_others_uncertain(tmp_path: Path) -> None:
    rows, _ = first(tmp_path, [("i", "ana", "g1", at(1), None, False), ("i", "bea", "g2", None, None, False)])
    assert rows["i"]["account_id"] == "ana" and not rows["i"]["certain"] and rows["i"]["undated"] == 1


def test_rows_without_item_or_account_are_counted_not_guessed(tmp_path: Path) -> None:
    rows, run = first(tmp_path, [(None, "ana", "g1", at(1), None, False), ("i", None, "g1", at(1), None, False)])
    assert not rows and run["written"]["posts_without_item"] == 1 and run["written"]["posts_without_account"] == 1


hours = st.integers(0, 40)
post = st.tuples(
    st.sampled_from("ij"),
    st.sampled_from("abc"),
    st.sampled_from(["g1", "g2"]),
    st.one_of(st.none(), hours.map(at)),
    st.one_of(st.none(), hours.map(at)),
    st.booleans(),
)


@given(st.lists(post, min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_the_claim_is_the_one_found_by_looking_at_every_pair(tmp_path_factory: Any, posts: list[Post]) -> None:
    rows, _ = first(tmp_path_factory.mktemp("first"), posts)
    assert set(rows) == {each[0] for each in posts}
    for item, row in rows.items():
        mine = [each for each in posts if each[0] == item]

        def when(each: Post) -> datetime:
            return each[3] or each[4] or NEVER

        def span(each: Post) -> tuple[datetime, datetime]:
            if each[3]:
                return each[3], each[3]
            if each[4]:
                return each[4] - timedelta(hours=EARLIEST_H), each[4] + timedelta(hours=LATEST_H)
            return EVER, NEVER

        claim = min(mine, key=lambda each: (when(each), each[5], posts.index(each)))
        assert row["account_id"] == claim[1]
        against = {
            each[1]
            for each in mine
            if each[1] != claim[1] and (span(each)[0] <= span(claim)[1] or when(each) == when(claim))
        }
        assert set(row["others"]) == against and row["not_certain_against"] == len(against)
        assert row["certain"] == (not against and not claim[5] and when(claim) != NEVER)


def test_the_same_posts_give_the_same_bytes(tmp_path: Path) -> None:
    posts: list[Post] = [(f"i{n % 7}", f"u{n % 5}", f"g{n % 3}", at(n % 4), None, n % 3 == 0) for n in range(60)]
    for turn in ("one", "two"):
        (tmp_path / turn).mkdir()
        first(tmp_path / turn, posts)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["first.parquet", "first.run.json", "first.windows.parquet"]
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
