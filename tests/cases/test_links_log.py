"""What every account did, read once: the same answers as asking the events themselves, however many fit in memory at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.linkage.log import Log, read_log
from amparo.cases.linkage.log_kernels import NO_DAY, distinct_days
from amparo.cases.linkage.sharing import find_shared
from amparo.cases.tables.store import Store, opened

ACCOUNTS = 6
DAY_S = 86_400


@dataclass(frozen=True)
class Done:
    """One event: who, on which day (None: no time is stated), where, with what."""

    account: int
    day: int | None
    address: str | None
    device: str | None


events = st.lists(
    st.builds(
        Done,
        st.integers(0, ACCOUNTS - 1),
        st.one_of(st.none(), st.integers(-3, 3)),
        st.one_of(
            st.none(), st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8:0:0:7::2"])
        ),
        st.one_of(st.none(), st.sampled_from(["a", "A", "b", "c"])),
    ),
    max_size=60,
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with opened() as found:
        yield found


def read(store: Store, done: list[Done], at_once: int = 1 << 20, known: int = ACCOUNTS) -> Log | None:
    store.run(
        "CREATE OR REPLACE TABLE known AS SELECT range::INTEGER AS n, 'a' || range AS account FROM range(?)", [known]
    )
    store.run(
        "CREATE OR REPLACE TABLE events (account VARCHAR, at_utc TIMESTAMP, at_wall TIMESTAMP, address VARCHAR, device VARCHAR)"
    )
    store.run("CREATE OR REPLACE TABLE payments AS SELECT * EXCLUDE (device) FROM events")
    store.run("CREATE OR REPLACE TABLE identifiers (account VARCHAR, kind VARCHAR, value VARCHAR)")
    for each in done:
        moment = None if each.day is None else each.day * DAY_S + 7
        store.run(
            "INSERT INTO events VALUES (?, make_timestamp(?::BIGINT * 1000000), NULL, ?, ?)",
            [f"a{each.account}", moment, each.address, each.device],
        )
    return read_log(store, known, len(done), at_once)


def network(address: str) -> str:
    return "v6" if ":" in address else address


def expected_home(
    done: list[Done], pairs: list[tuple[int, int]], most_day: int, most_ever: int
) -> set[tuple[int, int | None, int]]:
    """(account, day or None, holders), as the rules say, by sets."""
    seen = {(each.account, network(each.address), each.day) for each in done if each.address and each.day is not None}
    by_day: dict[tuple[str, int], set[int]] = defaultdict(set)
    ever: dict[str, set[int]] = defaultdict(set)
    for account, address, day in seen:
        by_day[address, day].add(account)
        ever[address].add(account)
    chosen = {account for pair in pairs for account in pair}
    found: set[tuple[int, int | None, int]] = set()
    for (_, day), there in by_day.items():
        if any(set(pair) <= there for pair in pairs) and len(there) <= most_day:
            found |= {(account, day, len(there)) for account in there & chosen}
    for there in ever.values():
        if any(set(pair) <= there for pair in pairs) and len(there) <= most_ever:
            found |= {(account, None, len(there)) for account in there & chosen}
    return found


@given(events, st.sets(st.sampled_from(list(combinations(range(ACCOUNTS), 2))), min_size=1), st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_quiet_addresses_are_those_that_sets_of_who_was_there_say(
    done: list[Done], pairs: set[tuple[int, int]], most: int
) -> None:
    given_pairs = sorted(pairs)
    with opened() as store:
        log = read(store, done)
    assert log is not None
    a, b = (np.array(side, np.int32) for side in zip(*given_pairs, strict=True))
    found = log.at_home(a, b, most, most + 1)
    days = [None if day == NO_DAY else int(day) for day in found["day"]]
    rows = list(zip(found["n"].tolist(), days, found["holders"].tolist(), strict=True))
    assert set(rows) == expected_home(done, given_pairs, most, most + 1)
    keyed = set(zip(found["n"].tolist(), found["address"].tolist(), days, strict=True))
    assert len(keyed) == len(rows)  # nothing stands twice


@given(events, st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_read_in_slices_or_at_once_the_log_is_one(done: list[Done], at_once: int) -> None:
    with opened() as store:
        whole, sliced = read(store, done), read(store, done, at_once)
    assert whole is not None
    assert sliced is not None
    for name in ("start", "place", "day", "since", "until"):
        assert np.array_equal(getattr(whole, name), getattr(sliced, name)), name
    assert sorted(zip(whole.users, whole.devices, strict=True)) == sorted(
        zip(sliced.users, sliced.devices, strict=True)
    )
    active = whole.active(np.arange(ACCOUNTS))
    days = [[each.day for each in done if each.account == n and each.day is not None] for n in active["n"]]
    assert [(min(each), max(each)) for each in days] == list(zip(active["since"], active["until"], strict=True))
    users: dict[str, set[int]] = defaultdict(set)
    for each in done:
        if each.device:
            users[each.device.lower()].add(each.account)
    assert sorted(whole.users) == sorted(n for each in users.values() if len(each) > 1 for n in each)


@pytest.mark.parametrize("at_once", [1 << 20, 1])
def test_events_of_an_account_that_no_table_names_are_never_passed_over(at_once: int, store: Store) -> None:
    done = [Done(account, 1, "192.0.2.1", "d") for account in range(ACCOUNTS)]
    assert read(store, done, at_once, known=ACCOUNTS - 1) is None
    assert read(store, done, at_once) is not None


def test_accounts_of_events_alone_have_numbers_in_the_order_of_names_and_devices_are_kept_as_each_wrote_them(
    store: Store,
) -> None:
    read(
        store,
        [
            Done(0, 1, None, "Alpha-9"),
            Done(2, 1, None, "ALPHA-9"),
            Done(1, 1, None, "other-1"),
            Done(3, 1, None, " other-1"),
        ],
    )
    for table, columns in (
        ("accounts", "account, country, locale, zone, name, email, phone, handle, file"),
        ("payments", "account, token, issuer, address, file"),
    ):
        typed = ", ".join(f"CAST(NULL AS VARCHAR) AS {each}" for each in columns.split(", "))
        store.run(
            f'CREATE OR REPLACE TABLE {table} AS SELECT {typed}, NULL::BIGINT AS "row", NULL::TIMESTAMP AS at_utc, '
            "NULL::TIMESTAMP AS at_wall WHERE false"
        )
    found = find_shared(store)
    assert store.rows("SELECT n, account FROM known ORDER BY n") == [(n, f"a{n}") for n in range(4)]
    assert found.values["device"] == 1
    assert store.rows("SELECT n, raw FROM spelling WHERE kind = 'device' ORDER BY n") == [
        (0, "Alpha-9"),
        (2, "ALPHA-9"),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=400))
@settings(max_examples=30, deadline=None)
def test_the_days_of_one_busy_account_are_sorted_and_stand_once(rows: list[tuple[int, int]]) -> None:
    place, day = np.array([each[0] for each in rows], np.uint64), np.array([each[1] for each in rows], np.int32)
    start, since, until = distinct_days(np.array([0, len(rows)]), place, day)
    kept = list(zip(place[: start[1]].tolist(), day[: start[1]].tolist(), strict=True))
    assert kept == sorted({each for each in rows if each[0]})
    if rows:
        assert (since[0], until[0]) == (min(each[1] for each in rows), max(each[1] for each in rows))
