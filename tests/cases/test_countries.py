from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from amparo.cases.linkage import countries_events
from amparo.cases.linkage.countries import write_countries
from amparo.cases.linkage.countries_events import FEW, Located, holders, hours, seen, uncounted, year
from amparo.cases.linkage.countries_kernels import UNCOUNTED
from amparo.cases.linkage.countries_named import place_codes, places
from amparo.cases.linkage.countries_networks import networks
from amparo.foundation.errors import Broken, Missing, Refused
from benchmarks.countries import quality
from benchmarks.platform import make
from tests.cases.countries_platform import Platform, crowd, opened, rows


def answers(platform: Platform, folder: Path, links: Path | None = None) -> dict[str, dict[str, Any]]:
    with opened(platform, folder) as base:
        write_countries(base, folder / "c.parquet", links=links)
    return {row["account_id"]: row for row in rows(folder / "c.parquet", "account_id")}


def evidence(folder: Path, account: str) -> list[dict[str, Any]]:
    return [
        row
        for row in rows(folder / "c.evidence.parquet", "account_id, weight_bits DESC, kind")
        if row["account_id"] == account
    ]


@pytest.fixture
def platform() -> Platform:
    made = Platform()
    crowd(made)
    return made


def test_an_account_of_whom_everything_agrees_is_sure_and_every_piece_names_its_row(
    platform: Platform, tmp_path: Path
) -> None:
    found = answers(platform, tmp_path)["es-03"]
    assert (found["country"], found["sure"], found["runner_up"]) == ("ES", True, None)
    assert found["confidence"] >= 0.99
    assert set(found["why"]) == {"address", "zone", "locale", "phone", "stated country"}
    address = next(row for row in evidence(tmp_path, "es-03") if row["kind"] == "address")
    number = next(n for n, row in enumerate(platform.events, 1) if row["id"] == "es-03")
    assert (address["days"], address["events"], address["example"]) == (3, 3, f"events.csv:{number}")
    assert address["weight_bits"] > 0


def test_an_account_of_which_nothing_is_known_is_not_attributed(platform: Platform, tmp_path: Path) -> None:
    platform.account("nobody")
    platform.seen("unlisted", "192.88.99.1")  # in no range, and in no table of accounts
    found = answers(platform, tmp_path)
    for name in ("nobody", "unlisted"):
        assert (found[name]["country"], found[name]["best_guess"], found[name]["confidence"]) == (None, None, 0.0)


def test_one_kind_of_evidence_alone_is_never_sure(platform: Platform, tmp_path: Path) -> None:
    platform.account("abroad")
    platform.seen("abroad", "192.0.2.200", tuple(range(1, 28)))
    platform.account("speaker", locale="fr_FR")
    found = answers(platform, tmp_path)
    assert found["abroad"]["country"] == "ES"
    assert not found["abroad"]["sure"]
    assert not found["speaker"]["sure"]


def test_an_exit_that_people_of_many_countries_use_says_nothing_and_is_named(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, account in enumerate([row["id"] for row in platform.accounts]):
        if number % 2:
            platform.seen(account, "198.51.100.200", (5, 6, 7, 8, 9))
    platform.account("hidden", locale="de_DE")
    platform.seen("hidden", "198.51.100.200", tuple(range(1, 28)))
    found = answers(platform, tmp_path)
    assert found["hidden"]["best_guess"] == "DE"
    assert "exit" in found["hidden"]["cautions"]
    assert all(found[name]["country"] == name[:2].upper() for name in found if name != "hidden")
    kinds = {row["kind"]: row for row in evidence(tmp_path, "hidden")}
    assert (kinds["exit"]["country"], kinds["exit"]["weight_bits"], kinds["exit"]["days"]) == ("NL", 0.0, 27)


def test_a_carrier_that_many_of_one_country_share_still_says_where_they_are(platform: Platform, tmp_path: Path) -> None:
    for number in range(12):
        platform.seen(f"es-{number:02}", "192.0.2.250", (11, 12))
    platform.account("mobile", locale="es_ES")
    platform.seen("mobile", "192.0.2.250", (11, 12, 13))
    found = answers(platform, tmp_path)["mobile"]
    assert (found["country"], found["sure"]) == ("ES", True)
    assert "common address" in found["why"]


def test_a_stated_country_that_everything_else_denies_is_not_believed(platform: Platform, tmp_path: Path) -> None:
    platform.account("liar", zone="Europe/Madrid", locale="es_ES", phone="+34600999999", country="FR")
    platform.seen("liar", "192.0.2.77", (1, 5, 9))
    found = answers(platform, tmp_path)["liar"]
    assert found["country"] == "ES"
    assert "another country than the account's best" in found["cautions"]


def test_a_country_that_stands_where_nobody_chose_has_no_weight(tmp_path: Path) -> None:
    platform = Platform()
    crowd(platform, 60)
    for account in platform.accounts:
        account["country"] = "AF"
    platform.account("silent", country="AF")
    found = answers(platform, tmp_path)
    assert found["silent"]["country"] is None
    assert {found[name]["country"] for name in found if name != "silent"} == {"ES", "FR", "DE"}


def test_evidence_that_speaks_for_two_countries_alike_is_not_sure(platform: Platform, tmp_path: Path) -> None:
    platform.account("between", zone="Europe/Madrid", phone="+33612345678")
    found = answers(platform, tmp_path)["between"]
    assert found["confidence"] < 0.9
    assert {found["best_guess"], found["runner_up"]} == {"ES", "FR"}
    assert found["runner_up_confidence"] > 0.05


def test_events_that_do_not_fit_at_once_say_the_same_a_few_accounts_at_a_time(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, account in enumerate([row["id"] for row in platform.accounts]):
        platform.seen(account, f"198.51.100.{200 + number % 3}", (5, 6, 7, number % 9 + 10))
    with opened(platform, tmp_path) as base:
        store = base.store
        place_codes(store)
        where = networks(store, places())
        store.run(
            "CREATE TABLE numbered AS SELECT account, row_number() OVER (ORDER BY account) - 1 AS n FROM accounts"
        )
        accounts, most = base.counts["accounts"], base.counts["events"]
        found = []
        for at_once, batch in ((most, most), (most, most // 9), (most // 5, most)):
            monkeypatch.setattr(countries_events, "BATCH", batch)
            located = Located(store, where, accounts, most, at_once)
            standing = uncounted(holders(located) > FEW)
            assert (standing == UNCOUNTED).sum() == 3
            rows = seen(located, standing * 0)
            found.append([located.slices > 1, year(located), standing, *hours(located), *vars(rows).values()])
        assert [each[0] for each in found] == [False, False, True]
        for others in found[1:]:
            for one, other in zip(found[0][1:], others[1:], strict=True):
                assert np.array_equal(one, other)


def test_a_mark_that_two_addresses_share_is_not_used(platform: Platform, tmp_path: Path) -> None:
    addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.11", "2001:db8::1", "2001:db8::2", "nowhere", "2001:db8:0:0:1::1"]
    for number, address in enumerate(addresses):
        platform.seen("es-00", address, (number + 1,))
    with opened(platform, tmp_path) as base:
        first = networks(base.store, places())
        second = networks(base.store, places(), ("length({0})", "0", "hash({0})"))
        assert (second.mark, second.blocks) == ("hash({0})", first.blocks)
        assert np.array_equal(first.place, second.place)
        marks = [base.store.one(f"SELECT hash('{address}')") for address in addresses]
        numbers = first.found(np.array(marks, np.uint64)).tolist()
        assert len(set(numbers)) == 5  # the two of one /64 are one, and what is none is -1
        assert numbers[3] == numbers[4] == numbers[6] >= 0 > numbers[5]
        with pytest.raises(Broken):
            networks(base.store, places(), ("length({0})",))


def test_accounts_that_only_events_name_are_answered_among_the_others(platform: Platform, tmp_path: Path) -> None:
    before = answers(platform, tmp_path)
    platform.seen("aa-stranger", "192.0.2.200", (1, 5, 9), country="ES")
    platform.seen("stranger", "203.0.113.201", (1, 5, 9))
    found = answers(platform, tmp_path)
    assert (found["aa-stranger"]["best_guess"], found["stranger"]["best_guess"]) == ("ES", "DE")
    assert set(found) == {*before, "aa-stranger", "stranger"}
    assert {name: found[name]["country"] for name in before} == {name: row["country"] for name, row in before.items()}


def test_a_journey_and_a_move_are_named_so(platform: Platform, tmp_path: Path) -> None:
    platform.account("traveller", zone="Europe/Madrid")
    platform.seen("traveller", "192.0.2.90", (1, 2, 3, 4, 20, 21, 22))
    platform.seen("traveller", "203.0.113.90", (10, 11))
    platform.account("moved", zone="Europe/Madrid")
    platform.seen("moved", "203.0.113.91", (1, 2, 3))
    platform.seen("moved", "192.0.2.91", (10, 11, 12, 13, 14, 15))
    found = answers(platform, tmp_path)
    assert (found["traveller"]["country"], found["moved"]["country"]) == ("ES", "ES")
    assert "travel" in found["traveller"]["cautions"]
    assert "move" in found["moved"]["cautions"]


def test_an_ipv6_address_counts_by_its_half_and_ports_are_counted(platform: Platform, tmp_path: Path) -> None:
    platform.account("six", locale="pt_PT")
    platform.seen("six", "2001:db8:1:7::1", (1,), port="50000")
    platform.seen("six", "2001:db8:1:7:ffff::2", (2,))
    found = answers(platform, tmp_path)["six"]
    assert (found["country"], found["days"]) == ("PT", 2)
    address = next(row for row in evidence(tmp_path, "six") if row["kind"] == "address")
    assert (address["events"], address["events_with_port"]) == (2, 1)


def test_what_the_log_states_stands_in_where_no_range_is_known(platform: Platform, tmp_path: Path) -> None:
    platform.account("logged", locale="it_IT")
    platform.seen("logged", "", (1, 2, 3), country="IT")
    found = answers(platform, tmp_path)["logged"]
    assert (found["best_guess"], set(found["why"])) == ("IT", {"logged country", "locale"})


def test_cards_count_unless_their_token_was_sold_on(platform: Platform, tmp_path: Path) -> None:
    platform.account("payer", locale="de_DE")
    platform.paid("payer", "DE", "card-1")
    platform.account("voucher", locale="fr_FR")
    for name in ("voucher", *(f"es-{number:02}" for number in range(8))):
        platform.paid(name, "DE", "sold-on")
    found = answers(platform, tmp_path)
    assert set(found["payer"]["why"]) == {"card", "locale"}
    assert found["voucher"]["why"] == ["locale"]


def test_the_order_of_rows_changes_nothing_and_the_same_files_give_the_same_bytes(
    platform: Platform, tmp_path: Path
) -> None:
    def digests(name: str) -> list[str]:
        answers(platform, tmp_path / name)
        return [
            hashlib.sha256((tmp_path / name / file).read_bytes()).hexdigest()
            for file in ("c.parquet", "c.evidence.parquet", "c.run.json")
        ]

    first = digests("one")
    assert digests("two") == first
    before = rows(tmp_path / "one" / "c.parquet", "account_id")
    random.Random(1).shuffle(platform.accounts)
    random.Random(2).shuffle(platform.events)
    digests("three")
    assert rows(tmp_path / "three" / "c.parquet", "account_id") == before


def test_the_names_of_accounts_say_nothing(platform: Platform, tmp_path: Path) -> None:
    before = answers(platform, tmp_path / "one")
    names = {row["id"]: hashlib.sha256(row["id"].encode()).hexdigest() for row in platform.accounts}
    for row in [*platform.accounts, *platform.events]:
        row["id"] = names[row["id"]]
    after = answers(platform, tmp_path / "two")
    for name, row in before.items():
        assert after[names[name]] | {"account_id": name} == row


def test_other_accounts_of_the_person_speak_only_where_links_are_given(platform: Platform, tmp_path: Path) -> None:
    platform.account("second", locale="es_ES")
    links = tmp_path / "links.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES ('second', 'p1'), ('es-01', 'p1'), ('fr-01', 'p2')) t(account_id, person)"
    ).write_parquet(str(links))
    alone = answers(platform, tmp_path / "one")["second"]
    together = answers(platform, tmp_path / "two", links)["second"]
    assert alone["why"] == ["locale"]
    assert "accounts of the person" in together["why"]
    assert together["confidence"] > alone["confidence"]


def test_links_that_are_not_there_or_are_no_links_are_refused_with_what_to_do(
    platform: Platform, tmp_path: Path
) -> None:
    with pytest.raises(Missing, match="amparo analyse links"):
        answers(platform, tmp_path / "one", tmp_path / "none.parquet")
    other = tmp_path / "other.parquet"
    duckdb.sql("SELECT 1 AS x").write_parquet(str(other))
    with pytest.raises(Refused, match="no column account_id"):
        answers(platform, tmp_path / "two", other)


def test_a_run_says_of_what_day_and_licence_the_address_table_is_and_what_covers_what(
    platform: Platform, tmp_path: Path
) -> None:
    platform.account("nobody")
    answers(platform, tmp_path)
    run = json.loads((tmp_path / "c.run.json").read_text())
    assert {key: run["unit_tables"]["networks"][key] for key in ("name", "date", "licence")} == {
        "name": "invented",
        "date": "2026-01-01",
        "licence": "CC0-1.0",
    }
    assert run["coverage"]["without_evidence"] == 1
    assert run["coverage"]["by_kind"]["zone"]["accounts"] == 36
    assert run["calibration"]["made"]


def test_confidences_of_one_account_never_sum_to_more_than_one(platform: Platform, tmp_path: Path) -> None:
    platform.account("mixed", zone="Europe/Madrid", phone="+33612345678", locale="de_DE", country="NL")
    for row in answers(platform, tmp_path).values():
        total = sum(each["confidence"] for each in row["candidates"])
        assert 0 <= total <= 1 + 1e-9


@pytest.mark.parametrize("hidden", [False, True])
def test_on_a_planted_platform_what_is_sure_is_right_and_confidence_is_how_often(tmp_path: Path, hidden: bool) -> None:
    from amparo.cases.linkage.countries import COUNTRY_TABLES
    from amparo.cases.tables.base import open_base
    from amparo.cases.tables.base_mapping import load_base_mapping

    make(tmp_path, 4000, 21, hidden=hidden)
    with open_base(tmp_path / "platform", load_base_mapping(tmp_path / "mapping.toml"), tables=COUNTRY_TABLES) as base:
        write_countries(base, tmp_path / "c.parquet")
    found = quality(tmp_path, tmp_path / "c.parquet")
    assert found["right, of the sure"] >= 0.995
    if hidden:
        assert found["sure"] > 0.02
        assert found["calibration gap"] <= 0.06
    else:
        assert found["right, best guess"] >= 0.955
        assert found["sure"] >= 0.65
        assert found["calibration gap"] <= 0.03


WARMED = """
import sys
from pathlib import Path
from amparo.cases.linkage.countries_warming import warm
from tests.cases.countries_platform import Platform, crowd, opened

def kernels():
    held = [vars(module) for name, module in sys.modules.items() if name.startswith("amparo.cases.linkage.countries_")]
    return {name: len(each.signatures) for names in held for name, each in names.items() if hasattr(each, "signatures")}

warm()
before = kernels()
from amparo.cases.linkage.countries import write_countries
platform = Platform()
crowd(platform)
for number in range(40):
    platform.seen("es-00", f"198.51.100.{number}", (5, 6, 7))
    platform.seen(f"es-{number % 10:02}", "198.51.100.200", (5, 6, 7))
folder = Path(sys.argv[1])
with opened(platform, folder) as base:
    write_countries(base, folder / "c.parquet")
assert len(before) > 10, before
assert kernels() == before, (before, kernels())
"""


def test_once_warm_nothing_is_left_to_compile_for_a_process_that_may_not_keep_it(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", WARMED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
