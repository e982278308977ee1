from __future__ import annotations

import ipaddress
import re
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.linkage import hours
from amparo.cases.linkage.calibration import CURVES, SURE, gap, load_calibration, monotone
from amparo.cases.linkage.countries_chances import confirmed, in_order
from amparo.cases.linkage.countries_events import COLUMNS, Events, Gathered
from amparo.cases.linkage.countries_kernels import PORTED, counted, days_of
from amparo.cases.linkage.countries_linked import said
from amparo.cases.linkage.countries_marks import OTHER, found_by, read_marked, table_of
from amparo.cases.linkage.countries_named import codes, locale_place, number_place, places
from amparo.cases.linkage.countries_networks import V4, V6, flat, parsed
from amparo.cases.linkage.countries_weighing import Evidence, Weighed, no_clocks, weigh, weighed_with

CALIBRATION = load_calibration()
PLACES = len(codes())
ROW = st.tuples(
    st.integers(0, 5), st.integers(0, 4), st.integers(0, len(CALIBRATION.kinds) - 1), st.integers(1, 60)
)  # account, place, kind, amount


def evidence(rows: list[tuple[int, int, int, int]], accounts: int = 6) -> Evidence:
    columns = np.array(sorted(rows), np.int64).reshape(-1, 4)
    return Evidence(
        accounts,
        columns[:, 0].astype(np.int32),
        columns[:, 1].astype(np.int16),
        columns[:, 2].astype(np.int8),
        columns[:, 3].astype(np.float32),
    )


def weighed(rows: list[tuple[int, int, int, int]], accounts: int = 6) -> Weighed:
    return weigh(evidence(rows, accounts), CALIBRATION, PLACES, no_clocks(accounts, PLACES))


def chance_of(found: Weighed, account: int, place: int) -> float:
    return float(sum(found.chance[account][found.best[account] == place]))


@given(st.lists(ROW, max_size=30))
@settings(deadline=None)
def test_chances_are_between_0_and_1_and_those_of_one_account_sum_to_1_at_most(
    rows: list[tuple[int, int, int, int]],
) -> None:
    found = weighed(rows)
    assert ((found.chance >= 0) & (found.chance <= 1)).all()
    assert (found.chance.sum(axis=1) <= 1 + 1e-9).all()
    assert (np.diff(found.chance, axis=1) <= 1e-12).all()


@given(st.lists(ROW, max_size=30), st.integers(0, 4), st.integers(0, len(CALIBRATION.kinds) - 1), st.integers(1, 60))
@settings(deadline=None)
def test_another_piece_of_evidence_for_a_country_never_lowers_it(
    rows: list[tuple[int, int, int, int]], place: int, kind: int, amount: int
) -> None:
    clocks = no_clocks(6, PLACES)
    before = weighed(rows)
    more = evidence([*rows, (0, place, kind, amount)])
    after = weighed_with(more, before.weights, clocks)
    assert chance_of(after, 0, place) >= chance_of(before, 0, place) - 1e-9


@given(st.lists(ROW, min_size=1, max_size=30))
@settings(deadline=None)
def test_more_days_for_a_country_never_lower_it(rows: list[tuple[int, int, int, int]]) -> None:
    account, place, kind, amount = rows[0]
    before = weighed(rows)
    after = weighed_with(
        evidence([(account, place, kind, amount * 2), *rows[1:]]), before.weights, no_clocks(6, PLACES)
    )
    assert chance_of(after, account, place) >= chance_of(before, account, place) - 1e-9


@given(st.lists(ROW, max_size=30), st.permutations(range(6)))
@settings(deadline=None)
def test_accounts_under_other_names_get_the_same_chances(
    rows: list[tuple[int, int, int, int]], names: list[int]
) -> None:
    before = weighed(rows)
    after = weighed([(names[account], *rest) for account, *rest in rows])  # type: ignore[misc]
    for account in range(6):
        assert after.chance[names[account]] == pytest.approx(before.chance[account], abs=1e-9)
        assert after.best[names[account], 0] == before.best[account, 0]


@given(st.lists(ROW, max_size=30))
@settings(deadline=None)
def test_a_row_is_confirmed_where_another_family_names_the_same_place(rows: list[tuple[int, int, int, int]]) -> None:
    held = evidence(rows)
    family = CALIBRATION.families[held.kind]
    found = confirmed(held.start, held.place, family)
    for each in range(len(rows)):
        others = (held.account == held.account[each]) & (held.place == held.place[each]) & (family != family[each])
        assert found[each] == others.any()


def test_confidence_rises_with_the_chance_and_with_the_families_and_is_sure_for_two_families_only() -> None:
    chance = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-10, 20, 400)))])
    before = np.zeros(len(chance))
    for families in range(1, len(CURVES) + 2):
        found = CALIBRATION.of(chance, np.full(len(chance), families))
        assert found[0] == 0
        assert (np.diff(found) >= 0).all()
        assert (found >= before - 1e-12).all()
        assert found.max() < 1
        assert (found.max() >= SURE) == (families > 1)
        assert (chance[found >= SURE] >= SURE).all()  # nothing is sure that its evidence finds less than likely
        before = found


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=60))
def test_the_isotonic_curve_rises_and_keeps_the_mean(points: list[tuple[int, bool]]) -> None:
    score, right = np.array([p[0] for p in points], float), np.array([p[1] for p in points])
    lows, shares, counts = monotone(score, right)
    assert (np.diff(lows) > 0).all()
    assert (np.diff(shares) > 0).all()
    assert float((shares * counts).sum()) == pytest.approx(right.sum())
    assert ((shares >= 0) & (shares <= 1)).all()


def test_the_gap_is_the_mean_distance_of_what_is_said_from_what_is_right() -> None:
    assert gap(np.array([0.95, 0.95, 0.15, 0.15]), np.array([1, 1, 0, 1])) == pytest.approx(0.5 * 0.05 + 0.5 * 0.35)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(0, 5)), max_size=12))
def test_of_ranges_within_each_other_the_narrower_holds(spans: list[tuple[int, int, int]]) -> None:
    nested: list[tuple[int, int, int]] = []  # only such as lie within or apart from each other, as tables have them
    for first, width, place in spans:
        last = first + width
        if all(last < a or first > b or (first >= a and last <= b) or (a >= first and b <= last) for a, b, _ in nested):
            nested.append((first, last, place))
    columns = np.array(nested, np.int64).reshape(-1, 3)
    found = flat(columns[:, 0].astype(np.uint64), columns[:, 1].astype(np.uint64), columns[:, 2].astype(np.int16))
    asked = np.arange(90, dtype=np.uint64)
    for address, place in zip(asked.tolist(), found.of(asked).tolist(), strict=True):
        there = [(b - a, p) for a, b, p in nested if a <= address <= b]
        narrowest = {p for width, p in there if width == min(there)[0]}
        assert place == (narrowest.pop() if len(narrowest) == 1 else -1)


@given(st.ip_addresses())
def test_a_block_is_the_addresss_first_three_numbers_or_its_upper_half(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if isinstance(address, ipaddress.IPv4Address):
        family, number = parsed([str(address).rstrip("0123456789")])
        assert (family[0], number[0]) == (V4, int(address) >> 8 << 8)
    elif address.ipv4_mapped is None:
        family, number = parsed([str(address)])
        assert (family[0], number[0]) == (V6, int(address) >> 64)


def test_what_is_no_address_has_no_block() -> None:
    assert parsed(["", "abc", "1.2.", "300.1.2.", "1.2.3.4.", ":::", "zz::1"])[0].tolist() == [0] * 7


NEARLY = st.text("0123456789abcdefg:.", max_size=24) | st.builds(
    ":".join, st.lists(st.sampled_from(["", "", "0", "1", "db8", "ffff", "12345", "2001", "1.2.3.4"]), max_size=10)
)
FOUR = st.builds(".".join, st.lists(st.sampled_from(["0", "1", "01", "255", "256", "99", "1000", ""]), max_size=5))


@given(st.lists(st.ip_addresses().map(str) | NEARLY | FOUR, max_size=30))
@settings(deadline=None)
def test_an_address_that_is_read_by_the_loop_over_its_bytes_is_what_python_reads(texts: list[str]) -> None:
    marks = [(1 << 64) - 1 - number for number in range(len(texts))]
    lines = "\n".join(f"{mark} {text}" for mark, text in zip(marks, texts, strict=True)).encode()
    mark, number = np.zeros((2, len(texts)), np.uint64)
    family, begin, end = np.zeros(len(texts), np.int8), *np.zeros((2, len(texts)), np.int64)
    assert read_marked(np.frombuffer(lines, np.uint8), mark, family, number, begin, end) == len(texts)
    assert mark.tolist() == marks
    for at, text in enumerate(texts):
        assert lines[begin[at] : end[at]].decode() == text
        cut = re.match("[0-9]+[.][0-9]+[.][0-9]+[.]|([0-9a-f]{1,4}:){4}", text)
        (kind,), (block,) = parsed([cut[0] if cut else text])
        if family[at] == OTHER:
            continue
        assert family[at] == kind
        assert number[at] == int(block) + (int(text.split(".")[3]) if kind == V4 else 0)


@given(st.ip_addresses())
def test_the_usual_ways_to_write_an_address_are_read_by_the_loop(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    texts = [str(address), address.exploded]
    lines = "\n".join(f"1 {text}" for text in texts if "." not in text or ":" not in text).encode()
    family, numbers = np.zeros(2, np.int8), np.zeros((4, 2), np.uint64)
    count = read_marked(np.frombuffer(lines, np.uint8), numbers[0], family, numbers[1], *numbers[2:].astype(np.int64))
    assert (family[:count] != OTHER).all()


@given(st.lists(st.integers(1, (1 << 64) - 1), unique=True), st.lists(st.integers(0, (1 << 64) - 1), max_size=20))
@settings(deadline=None)
def test_an_address_is_found_by_its_own_mark_alone(marks: list[int], others: list[int]) -> None:
    held = np.array(marks, np.uint64)
    table, alike = table_of(held, 1 << (2 * len(marks) + 2).bit_length())
    assert not alike
    asked = [*marks, *others, 0]
    known = {mark: number + 7 for number, mark in enumerate(marks)}
    found = found_by(np.array(asked, np.uint64), table, held, np.arange(7, 7 + len(marks), dtype=np.int32))
    assert found.tolist() == [known.get(each, -1) for each in asked]
    if marks:
        assert table_of(np.append(held, held[:1]), 1 << (2 * len(marks) + 4).bit_length())[1]


@given(st.lists(st.lists(st.tuples(st.integers(0, 299), st.integers(0, 1 << 30)), max_size=60), max_size=4))
@settings(deadline=None)
def test_events_that_come_in_any_order_lie_by_account_as_they_came(batches: list[list[tuple[int, int]]]) -> None:
    gathered = Gathered(300)
    for batch in batches:
        account, value = np.array(batch, np.int64).reshape(-1, 2).T
        columns = {name: (value % 127).astype(kind) for name, kind in COLUMNS.items()} | {"source": value}
        gathered.take(columns | {"account": account.astype(np.int32)})
    events = Events(0, *gathered.in_order())
    every = [event for batch in batches for event in batch]
    for share in (events, *events.shares(3)):
        for at in range(len(share.start) - 1):
            own = slice(share.start[at], share.start[at + 1])
            expected = [value for account, value in every if account == share.low + at]
            assert share.source[own].tolist() == expected
            assert share.second[own].tolist() == [value % 127 for value in expected]
    assert sum(len(share.source) for share in events.shares(3)) == len(every)


EVENT = st.tuples(st.integers(0, 3), st.integers(0, 4 * 86_400), st.integers(0, 3), st.booleans(), st.integers(0, 9))


@given(st.lists(EVENT, max_size=40), st.lists(EVENT, max_size=600))
@settings(deadline=None, max_examples=60)
def test_a_day_counts_once_by_the_least_shared_of_its_addresses(
    events: list[tuple[int, int, int, bool, int]], others: list[tuple[int, int, int, bool, int]]
) -> None:
    # Four countries, each with an address of every standing; a second account has many events of its own.
    both = [*((0, *e) for e in events), *((1, *e) for e in others)]
    columns = [np.array(column) for column in zip(*both, strict=True)] if both else [np.empty(0, int)] * 6
    account, country, second, standing, ported, source = columns
    start, order = counted(account.astype(np.int32), 0, 0, 2), np.argsort(account, kind="stable")
    found = days_of(
        start,
        (country * 4 + standing)[order].astype(np.int32),
        second[order].astype(np.uint32),
        np.full(len(both), -1, np.int16),
        (ported * PORTED)[order].astype(np.uint8),
        source[order].astype(np.int64),
        np.repeat(np.arange(4), 4).astype(np.int16),
        np.tile(np.arange(4), 4).astype(np.int8),
    )
    mine = [column[found[0] == 0] for column in found]
    _, group, _, standing, days, counts, ports, first, last, _ = mine
    assert (np.diff(found[0].astype(int) * 4 + found[1]) >= 0).all()
    assert found[5].sum() == len(both)
    by_day: dict[tuple[int, int], int] = {}
    for each, second, stands, _, _ in events:
        if stands < 3:
            by_day[each, second // 86_400] = min(stands, by_day.get((each, second // 86_400), 9))
    expected: dict[tuple[int, int], int] = defaultdict(int)
    for (each, _), stands in by_day.items():
        expected[each, stands] += 1
    for each, day in {(e[0], e[1] // 86_400) for e in events if e[2] == 3}:
        expected[each, 3] += 1 if day >= 0 else 0
    for row in range(len(group)):
        own = [e for e in events if (e[0], e[2]) == (group[row], standing[row])]
        assert (counts[row], ports[row]) == (len(own), sum(e[3] for e in own))
        assert (first[row], last[row]) == (min((e[1] for e in own if e[1]), default=0), max(e[1] for e in own))
        assert mine[9][row] in [e[4] for e in own if e[1] == first[row] or not first[row]]
        assert days[row] == expected[int(group[row]), int(standing[row])]
    assert counts.sum() == len(events)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(-1, 3), st.integers(0, 3)), max_size=40))
def test_evidence_is_put_in_the_order_of_account_country_kind_and_row(rows: list[tuple[int, int, int, int]]) -> None:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    found = in_order(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3], 5)
    assert [rows[each] for each in found] == sorted(rows)
    assert sorted(found.tolist()) == list(range(len(rows)))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en_US", ("locale", "US")), ("es-ES,es;q=0.9", ("locale", "ES")), ("zh-Hans-CN", ("locale", "CN")),
        ("fi", ("language", "FI")), ("ja_JP.UTF-8", ("locale", "JP")), ("en-UK", ("locale", "GB")), ("es-419", None),
        ("en", None), ("C", None), ("POSIX", None), ("xx-QQ", None), ("", None),
    ],
)  # fmt: skip
def test_a_locale_names_a_country_by_its_region_or_by_a_language_of_one_country(
    locale: str, expected: tuple[str, str] | None
) -> None:
    found = locale_place(locale)
    assert (found and (found[0], codes()[found[1]])) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("34600123456", ("phone", "ES")), ("12025550123", ("phone", "US")), ("14165550123", ("phone", "CA")),
        ("18095550123", ("phone", "DO")), ("77011234567", ("phone", "KZ")), ("79161234567", ("phone", "RU")),
        ("441534123456", ("phone", "JE")), ("447700900123", ("calling code", "GB")), ("3906981", ("calling code", "IT")),
        ("88161234567", None), ("21012345", None), ("0", None),
    ],
)  # fmt: skip
def test_a_number_of_a_shared_code_is_told_apart_by_its_range(number: str, expected: tuple[str, str] | None) -> None:
    found = number_place(number)
    assert (found and (found[0], codes()[found[1]])) == expected


def test_hours_tell_clocks_apart_and_say_nothing_where_they_say_nothing_of_those_who_are_sure() -> None:
    dice = np.random.default_rng(5)
    day = np.array([1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 6, 5, 5, 6, 8, 10, 12, 12, 9, 5, 2], float)
    spain, mexico = places()["ES"], places()["CO"]
    account = np.arange(800)
    home = np.where(account % 2, spain, mexico)
    table = np.stack(
        [dice.multinomial(60, np.roll(day, -1 if each == spain else 5) / day.sum()) for each in home]
    ).astype(np.uint16)
    mix = np.full(PLACES, 0.1 / PLACES)
    mix[[spain, mexico]] += 0.45
    clocks, trust = hours.clocks(account, table, home, np.full(800, 0.99), mix, 2026)
    assert trust > 0
    own = clocks.weight[clocks.row, clocks.clock[home]]
    other = clocks.weight[clocks.row, clocks.clock[np.where(home == spain, mexico, spain)]]
    assert (own > other).mean() > 0.95
    assert np.abs(clocks.weight).max() <= hours.MOST_SAID
    even = dice.multinomial(60, np.full(24, 1 / 24), size=800).astype(np.uint16)
    assert np.abs(hours.clocks(account, even, home, np.full(800, 0.99), mix, 2026)[0].weight).max() <= 0.7
    assert hours.clocks(account, table, home, np.full(800, 0.5), mix, 2026)[1] == 0.0


def test_a_persons_accounts_speak_for_each_other_only_with_one_voice_and_never_for_themselves() -> None:
    best, chance = np.array([3, 3, 4, 5, 5, 6], np.int16), np.array([0.99, 0.2, 0.99, 0.99, 0.99, 0.99])
    found = said({0: [0, 1, 2], 1: [3, 4], 2: [5]}, best, chance)
    rows = list(zip(found["account"].tolist(), found["place"].tolist(), found["count"].tolist(), strict=True))
    assert rows == [(0, 4, 1), (2, 3, 1), (3, 5, 1), (4, 5, 1)]
