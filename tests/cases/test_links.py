"""Accounts of one person, from small platforms whose truth is plain."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from amparo.cases.linkage import find_links, why, write_links
from amparo.foundation.errors import Missing, Refused
from tests.cases.links_platform import Row, groups, opened, persons, table

DAY = "2026-01-{:02}T10:00:00Z"


def account(name: str, **stated: str) -> Row:
    return {"account": name, **stated}


def strangers(count: int, **stated: str) -> list[Row]:
    return [
        account(
            f"f{each}",
            handle=f"person{chr(97 + each % 26)}{chr(97 + each // 26)}q",
            email=f"f{each}@example.net",
            **stated,
        )
        for each in range(count)
    ]


def linked(place: Path, judgements: str = "", **tables: list[Row]) -> tuple[Path, dict[str, Any]]:
    out = place / "o.parquet"
    file = place / "judged.csv" if judgements else None
    if file:
        file.write_text("account_a,account_b,judgement,by,at,reason\n" + judgements)
    with opened(place, tables) as base:
        run = write_links(base, out, judgements=file)
    return out, run


def town() -> dict[str, list[Row]]:
    """Strangers, and: a b c share a mailbox and a name; d e a device and a home; g h a device and a rare name; 30 a device."""
    accounts = strangers(80, country="ES")
    accounts += [
        account("a", email="mar.tu@example.org", handle="bravolu_1"),
        account("b", email="Martu+x@EXAMPLE.org", handle="Bravolu77"),
        account("c", email="martu@example.org", handle="zz"),
        *(account(name, country="FR", handle=f"{name}rolinski") for name in "de"),
        *(account(name, handle=f"Skandavro_{number}", country="DE") for number, name in enumerate("gh")),
        account("i", email="n/a", phone="000000000"),
        account("j", email="N/A", phone="000000000"),
        account("k", email="none@none"),
        account("l", email="none@none"),
    ]
    events = [
        {"account": name, "at": DAY.format(day), "device": "shared-home", "address": "192.0.2.9", "country": "FR"}
        for name in "de"
        for day in range(1, 6)
    ]
    events += [{"account": name, "at": DAY.format(7), "device": "dev-gh", "address": "198.51.100.1"} for name in "gh"]
    events += [{"account": f"f{each}", "at": DAY.format(9), "device": "fingerprint"} for each in range(30)]
    return {"accounts": accounts, "events": events}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    return linked(tmp_path_factory.mktemp("town"), **town())


def test_shared_identifiers_link_and_what_a_household_shares_does_not(whole: tuple[Path, dict[str, Any]]) -> None:
    out, _ = whole
    assert groups(out) == {frozenset("abc"), frozenset("gh")}
    asked = {(row["account_a"], row["account_b"]): row["kind"] for row in table(out, "questions")}
    assert asked[("d", "e")] == "household"


def test_every_account_stands_in_the_result_once_and_a_person_is_called_after_its_first_account(
    whole: tuple[Path, dict[str, Any]],
) -> None:
    out, run = whole
    found = persons(out)
    assert set(found) == {row["account"] for row in town()["accounts"]}
    assert found["a"] == found["b"] == found["c"] == "p-a" and found["k"] == "p-k"
    assert run["written"]["accounts"] == run["steps"]["accounts"] == len(found)
    assert "careful" in run["model"]["words"] and "no method" in run["not_found"].replace("\n", " ")


def test_the_evidence_of_each_link_adds_up_and_names_the_rows_on_both_sides(whole: tuple[Path, dict[str, Any]]) -> None:
    out, _ = whole
    sums: dict[tuple[Any, Any], float] = {}
    for row in table(out, "evidence"):
        pair = row["account_a"], row["account_b"]
        sums[pair] = sums.get(pair, 0.0) + float(str(row["bits"]))
        assert float(str(row["sum"])) >= float(str(row["threshold"]))
        if row["value"] is not None:
            assert ":" in str(row["evidence_a"]) and ":" in str(row["evidence_b"])
    for row in table(out, "evidence"):
        assert sums[row["account_a"], row["account_b"]] == pytest.approx(float(str(row["sum"])), abs=0.02)
    mailbox = next(
        row for row in table(out, "evidence") if row["account_a"] == "a" and row["value"] == "martu@example.org"
    )
    assert mailbox["holders"] == 3 and mailbox["evidence_a"] == "accounts.csv:81"


def test_placeholders_and_fingerprints_link_nobody_and_are_listed_with_their_reason(
    whole: tuple[Path, dict[str, Any]],
) -> None:
    out, run = whole
    reasons = {(row["kind"], row["reason"]): row["accounts"] for row in table(out, "held-back")}
    assert reasons["device", "more accounts hold it than one person has"] == 30
    assert reasons["email", "placeholder"] in (1, 2) and reasons["phone", "placeholder"] == 2
    assert run["steps"]["accounts_with_a_placeholder"]["email"] == 4


def test_a_bridge_says_what_falls_apart_without_it(whole: tuple[Path, dict[str, Any]]) -> None:
    out, _ = whole
    (bridge,) = table(out, "bridges")
    assert bridge["person"] == "p-a" and bridge["accounts_in_person"] == 3
    assert sorted([*bridge["side_a"], *bridge["side_b"]]) == ["a", "b", "c"]  # type: ignore[misc]


def test_why_says_what_is_missing_and_what_was_held_back(tmp_path: Path) -> None:
    with opened(tmp_path, town()) as base:
        found = find_links(base)
        couple = why(found, "e", "d")
        assert not couple.linked and couple.candidate and couple.household_bits < 0
        strange = why(found, "f0", "f1")
        assert not strange.linked and any("held back" in each and "30 accounts" in each for each in strange.held_back)
        assert any("nothing brought them together" in each for each in why(found, "a", "k").words)
        assert why(found, "a", "b").linked
        assert couple.start + sum(each.bits for each in couple.compared) + couple.household_bits == pytest.approx(
            couple.sum, abs=0.02
        )
        assert "a link needs" in "\n".join(couple.lines())
        with pytest.raises(Missing, match="nobody"):
            why(found, "a", "nobody")
        with pytest.raises(Refused):
            why(found, "a", "a")


def test_judgements_are_obeyed_told_and_never_overwritten(tmp_path: Path) -> None:
    judged = (
        "b,a,different,officer 7,2026-02-01T10:00:00+01:00,two brothers\n"
        "c,a,different,officer 7,2026-02-01T10:00:00+01:00,\n"
        "d,e,same,officer 8,2026-02-02,seen together\n"
        "g,h,different,officer 9,2026-01-01,\n"
        "h,g,same,officer 9,2026-02-01,was wrong before\n"
        "gone,a,same,officer 9,2026-02-01,\n"
    )
    out, run = linked(tmp_path, judged, **town())
    assert groups(out) == {frozenset("bc"), frozenset("de"), frozenset("gh")}
    refused = [row for row in table(out, "questions") if row["kind"] == "different"]
    assert {(row["account_a"], row["account_b"]) for row in refused} == {("a", "b"), ("a", "c")}
    assert "two brothers" in str(refused[0]["reason"]) and "officer 7" in str(refused[0]["reason"])
    told = {row["kind"]: str(row["words"]) for row in table(out, "evidence") if row["account_a"] in "dg"}
    assert "officer 8" in told["judgement"] or "officer 9" in told["judgement"]
    assert "earlier judged different by officer 9" in told["against"]
    assert run["judgements"]["of_unknown_accounts"] == ["gone"] and run["judgements"]["changed_later"] == 1


def test_neither_the_order_of_rows_nor_their_number_of_times_changes_persons_and_bytes_repeat(tmp_path: Path) -> None:
    first, _ = linked(tmp_path / "1", **town())
    again, _ = linked(tmp_path / "2", **town())
    for name in (
        "o.parquet",
        "o.evidence.parquet",
        "o.bridges.parquet",
        "o.questions.parquet",
        "o.held-back.parquet",
        "o.run.json",
    ):
        assert first.with_name(name).read_bytes() == again.with_name(name).read_bytes(), name
    shuffled = {name: random.Random(3).sample(rows, len(rows)) for name, rows in town().items()}
    shuffled["events"] += shuffled["events"][:20]
    other, _ = linked(tmp_path / "3", **shuffled)
    assert persons(other) == persons(first)


def test_what_accounts_are_called_changes_no_person(tmp_path: Path) -> None:
    new = {
        row["account"]: f"n{number:03}"
        for number, row in enumerate(sorted(town()["accounts"], key=lambda row: row["account"][::-1]))
    }
    renamed = {name: [row | {"account": new[row["account"]]} for row in rows] for name, rows in town().items()}
    out, _ = linked(tmp_path, **renamed)
    assert groups(out) == {frozenset(new[name] for name in "abc"), frozenset({new["g"], new["h"]})}


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"accounts": []}, set()),
        ({"accounts": [account("a", email="q@example.org")]}, set()),
        ({"accounts": [account("a"), account("b")]}, set()),
        (
            {"payments": [{"account": name, "at": DAY.format(3), "token": token} for name, token in ("at", "bt", "cu")]},
            {frozenset("ab")},
        ),
    ],
)  # fmt: skip
def test_platforms_with_next_to_nothing_are_read(
    tables: dict[str, list[Row]], expected: set[frozenset[str]], tmp_path: Path
) -> None:
    out, run = linked(tmp_path, **tables)
    assert groups(out) == expected and run["written"]["accounts"] == len(persons(out))


def test_a_number_that_went_on_to_somebody_else_weighs_less_than_one_in_use_by_both(tmp_path: Path) -> None:
    phones = [
        account(name, phone="+34 600 100 200", created=day)
        for name, day in (("a", "2024-01-01T00:00:00Z"), ("b", "2025-06-01T00:00:00Z"))
    ]
    phones += [account(name, phone="0034-600-100-201", created="2025-06-01T00:00:00Z") for name in "cd"]
    with opened(tmp_path, {"accounts": strangers(60) + phones}) as base:
        found = find_links(base)
        assert why(found, "a", "b").sum < why(found, "c", "d").sum


def test_the_backend_is_one_that_there_is(tmp_path: Path) -> None:
    with opened(tmp_path, {"accounts": [account("a")]}) as base, pytest.raises(Refused, match="duckdb or spark"):
        find_links(base, backend="cloud")
