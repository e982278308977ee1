"""Identifiers in one form, judgements read whole: spelling hides nothing and invents nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.linkage import load_judgements
from amparo.cases.linkage.judgements import Judgement, settled
from amparo.cases.linkage.log import PLACE
from amparo.cases.linkage.normal_forms import keyed, normal_forms, prepare
from amparo.cases.linkage.totals import _places
from amparo.cases.tables.base_mapping import Mailbox
from amparo.cases.tables.store import Store, opened
from amparo.foundation.errors import Missing, Refused


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with opened() as found:
        prepare(found, normal_forms(), [Mailbox(("example.org", "example.net"), False, "+")])
        yield found


def read(store: Store, kind: str, *values: str | tuple[str, str]) -> list[tuple[str | None, ...]]:
    """Of each value its readings, the strictest first, and its problem."""
    pairs = [value if isinstance(value, tuple) else (value, "") for value in values]
    store.table(
        "given_values",
        {
            "n": np.arange(len(pairs), dtype=np.int32),
            "raw": np.array([raw for raw, _ in pairs], object),
            "land": np.array([land for _, land in pairs], object),
        },
    )
    keyed(store, kind, "SELECT n, raw, nullif(CAST(land AS VARCHAR), '') AS land FROM given_values")
    return [row[2:] for row in store.rows("SELECT * FROM keyed ORDER BY n")]


def test_spellings_of_one_mailbox_are_one_and_dots_count_where_the_provider_counts_them(store: Store) -> None:
    mails = read(
        store,
        "email",
        "M.Tu+x@Example.ORG",
        " <mtu@example.net> ",
        "m.tu@example.com",
        "mailto:mtu@example.com",
        "mtu@example.com.",
    )
    assert [row[0] for row in mails] == [
        "mtu@example.org",
        "mtu@example.org",
        "m.tu@example.com",
        "mtu@example.com",
        "mtu@example.com",
    ]
    assert len({row[1] for row in mails[2:]}) == 1  # but for dots and tags


@pytest.mark.parametrize("kind", ["email", "phone", "device", "token"])
def test_what_people_write_where_they_have_nothing_is_no_value(kind: str, store: Store) -> None:
    found = read(store, kind, "n/a", "NULL", "'unknown'", "0", "0000000000", "-", "xxxx", "None")
    assert all(row[0] is None and row[-1] == "placeholder" for row in found)


def test_a_mailbox_of_nobody_and_no_mailbox_are_told_apart(store: Store) -> None:
    problems = [
        row[-1]
        for row in read(
            store, "email", "none@none", "noreply@example.com", "no mail here", "a@b", "real.one@example.com"
        )
    ]
    assert problems == ["placeholder", "placeholder", "unreadable", "unreadable", None]


def test_numbers_are_one_in_every_writing_and_a_country_is_read_in_only_as_a_weaker_reading(store: Store) -> None:
    written = ["+44 20 7946 0018", "0044-20-7946-0018", "+44 (0)20 7946 0018", ("020 7946 0018", "GB"), "442079460018"]
    found = read(store, "phone", *written, "12", "abc")
    assert [row[1] for row in found[:5]] == ["+442079460018"] * 5
    assert [row[0] for row in found[:2]] == ["+442079460018"] * 2 and found[3][0] is None
    assert [row[-1] for row in found[5:]] == ["unreadable", "unreadable"]


def test_a_stem_is_what_accents_signs_digits_and_capitals_leave(store: Store) -> None:
    found = read(store, "handle", "Mário_1987", "mario.87", "99-MARIO", "m4rio", "mario_bcn", "xy1", "1234")
    assert [row[0] for row in found] == ["mario", "mario", "mario", "mario", "mariobcn", None, None]
    assert found[4][1] == "mario"  # the first word


def test_an_address_of_version_six_is_its_64(store: Store) -> None:
    rows = [
        "2001:db8::1:2:3:4",
        "2001:0db8:0:0:9::",
        "2001:DB8:0:0::7",
        "2001:db8:1::5",
        "192.0.2.1",
        "2001:db8:a:b:c:d:e:f",
    ]
    listed = ", ".join(f"('{each}')" for each in rows)
    found = [cell for (cell,) in store.rows(f"SELECT {PLACE} FROM (VALUES {listed}) AS v(address)")]
    assert found[0] == found[1] == found[2] == "2001:db8:0:0::/64"
    assert found[3:] == ["2001:db8:1:0::/64", "192.0.2.1", "2001:db8:a:b::/64"]


@given(st.lists(st.text(max_size=12), max_size=8), st.sampled_from(["email", "phone", "handle", "device"]))
@settings(max_examples=25, deadline=None)
def test_no_text_breaks_a_reading_and_one_text_has_one_reading(values: list[str], kind: str) -> None:
    clean = [each.replace("\0", "") for each in values if each.encode("utf-8", "ignore").decode() == each]
    with opened() as store:
        prepare(store, normal_forms())
        if clean:
            first = read(store, kind, *clean)
            assert read(store, kind, *reversed(clean)) == first[::-1]


HEAD = "account_a,account_b,judgement,by,at,reason\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account_a,account_b\n", "no column 'judgement'"),
        (HEAD + "a,a,same,o,2026-01-01,\n", "line 2: it must name two different accounts"),
        (HEAD + "a,b,maybe,o,2026-01-01,\n", "same or different or unsure"),
        (HEAD + "a,b,same,,2026-01-01,\n", "who decided"),
        (HEAD + "a,b,same,o,yesterday,\n", "at must be a time"),
        (HEAD + "a,b,same,o\n", "as many cells"),
        (HEAD + 'a,"b,same,o,2026-01-01,\n', "no CSV|as many cells"),
    ],
)
def test_a_judgement_that_cannot_be_read_is_never_passed_over(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "j.csv").write_text(text)
    with pytest.raises(Refused, match=said):
        load_judgements(tmp_path / "j.csv")


def test_no_file_of_judgements_is_none_and_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert not load_judgements(None).standing
    with pytest.raises(Missing):
        load_judgements(tmp_path / "nothing.csv")


@given(st.permutations(range(4)))
@settings(max_examples=24, deadline=None)
def test_the_latest_judgement_of_a_pair_stands_whatever_the_order_of_lines(order: list[int]) -> None:
    from datetime import UTC, datetime

    def judgement(line: int, word: str, day: int) -> Judgement:
        return Judgement("a", "b", word, "o", f"2026-01-{day:02}", "", datetime(2026, 1, day, tzinfo=UTC), line)

    lines = [
        judgement(2, "different", 1),
        judgement(3, "same", 5),
        judgement(4, "different", 9),
        judgement(5, "same", 9),
    ]
    found = settled([lines[place] for place in order])
    assert found.standing["a", "b"].judgement == "different" and len(found.changed) == 2


places = st.tuples(*(st.sampled_from([None, "x", "y"]) for _ in range(3)))


@given(st.lists(places, min_size=2, max_size=9))
@settings(max_examples=15, deadline=None)
def test_how_often_places_agree_by_chance_is_counted_over_all_pairs(stated: list[tuple[str | None, ...]]) -> None:
    level: dict[tuple[str, str], float] = {}
    with opened() as store:
        store.run("CREATE TABLE profiles (country VARCHAR, locale VARCHAR, zone VARCHAR)")
        store.con.executemany("INSERT INTO profiles VALUES (?, ?, ?)", [list(each) for each in stated])
        total = _places(store, level)
    expected = dict.fromkeys(("place_two", "place_one", "place_mixed"), 0)
    compared = 0
    for one, two in itertools.combinations(stated, 2):
        both = [(x, y) for x, y in zip(one, two, strict=True) if x and y]
        agree = sum(x == y for x, y in both)
        compared += bool(both)
        if agree:
            expected["place_mixed" if agree < len(both) else "place_two" if agree > 1 else "place_one"] += 1
    assert total == pytest.approx(compared)
    assert {name: level["place", name] for name in expected} == pytest.approx(expected)
