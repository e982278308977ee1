"""Tables that are too big for rows: sealed, read in parts, never in the clear on the disk."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from django.conf import settings
from django.db import transaction

from amparo.access import queries as officers
from amparo.cases.actions import CaseOpened
from amparo.cases.sealed_tables import enter_tables, opened_tables, sealing_tables, write_tables
from amparo.custody import queries as custody
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.ids import new_id
from amparo.vault import actions as vault_actions, files, queries as vault
from amparo.vault.keys import OfficerKeys, ProcessKeys
from tests.cases import house
from tests.cases.house import WORKER

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "CANARY-bLuE-herOn-21"
ROWS = 300_000


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseOpened:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    house.lay()
    return house.opened(house.officer("ines", "investigator"), house.report())


def keys() -> ProcessKeys:
    return ProcessKeys(settings.HOME, "worker")


def payments(rows: int = ROWS) -> str:
    return f"SELECT range AS payment, 'token-' || (range % 977) || '-{CANARY}' AS token FROM range({rows}) ORDER BY payment"


def sealed(case: CaseOpened, rows: int = ROWS) -> UUID:
    origin = new_id()
    with sealing_tables(WORKER, case.case, {}, origin=origin, purpose="platform:test", unlock=keys()) as store:
        assert store.parquet(payments(rows), Path("payments.parquet")) == rows
        return enter_tables(WORKER, store)["payments"].item


def test_what_is_sealed_by_a_statement_is_read_by_one(case: CaseOpened) -> None:
    item = sealed(case)
    with opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store:
        assert store.one("SELECT count(*) FROM payments") == ROWS
        assert store.rows("SELECT token FROM payments WHERE payment = 299999") == [(f"token-{299999 % 977}-{CANARY}",)]
        assert store.one("SELECT count(*) FROM payments p JOIN payments q USING (payment)") == ROWS
    facts = vault.item(item)
    assert (facts.compartment, facts.derived, facts.name) == (case.compartment, True, "payments.parquet")


def test_threads_that_share_a_file_read_what_each_asked_for(case: CaseOpened) -> None:
    """DuckDB seeks and reads in two steps, with others in between."""
    item = sealed(case)
    with opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store:
        for _ in range(20):
            found = store.rows(
                "SELECT sum(payment), count(DISTINCT token), min(token) FROM payments WHERE payment % 3 > 0"
            )
            assert found == [(sum(n for n in range(ROWS) if n % 3), 977, f"token-0-{CANARY}")]


def test_a_file_and_a_function_are_sealed_alike(case: CaseOpened, tmp_path: Path) -> None:
    plain = tmp_path / "plain.parquet"
    duckdb.sql("SELECT 1 AS one").write_parquet(str(plain))
    data = plain.read_bytes()
    origin = new_id()
    items = write_tables(WORKER, case.case, {"here": plain, "there": lambda out: out.write(data)}, origin=origin)
    with opened_tables(WORKER, items, purpose="platform:test", unlock=keys()) as store:
        assert store.rows("SELECT * FROM here UNION ALL SELECT * FROM there") == [(1,), (1,)]
    assert {vault.item(item).sha256 for item in items.values()} == {vault.item(items["here"]).sha256}


def test_nothing_lies_in_the_clear_under_home_or_the_temporary_folder(case: CaseOpened) -> None:
    item = sealed(case)
    with opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store:
        store.rows("SELECT token, count(*) FROM payments GROUP BY token ORDER BY 2 DESC LIMIT 10")
        store.run("CREATE TABLE kept AS SELECT * FROM payments ORDER BY token")
        assert canaries() == []
    assert canaries() == []


def canaries() -> list[str]:
    """Files that hold the canary as it is, under home and the temporary folder, open ones and those without a name included."""
    found, here = [], str(Path(__file__).parents[2])
    places = {Path(settings.HOME.path), Path(tempfile.gettempdir())}
    for place in places:
        for folder, _, names in os.walk(place):
            if folder.startswith(here):
                continue
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and _holds(path):
                    found.append(str(path))
    handles = Path("/proc/self/fd")  # Linux: a file that was unlinked while it is open stands here still
    there = list(handles.iterdir()) if handles.exists() else []
    return found + [str(path.resolve()) for path in there if path.is_file() and _holds(path)]


def _holds(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            before = b""
            while piece := file.read(1 << 20):
                if CANARY.encode() in before[-64:] + piece:
                    return True
                before = piece
    except OSError:
        return False
    return False


def test_what_needs_more_than_its_memory_is_refused_and_nothing_spills(case: CaseOpened) -> None:
    item = sealed(case)
    with (
        pytest.raises(Refused, match="more than 32MiB of memory"),
        opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys(), memory="32MiB") as store,
    ):
        store.run("CREATE TABLE more AS SELECT token || payment || more.range FROM payments, range(9) more ORDER BY 1")
    assert canaries() == []


def test_a_changed_byte_is_told_as_broken(case: CaseOpened) -> None:
    item = sealed(case)
    path = files.path_of(settings.HOME, item)
    whole = path.read_bytes()
    for place in (len(whole) // 2, len(whole) - 20, 70):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with (
            pytest.raises(Broken, match="changed"),
            opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store,
        ):
            store.rows("SELECT max(token), sum(payment) FROM payments")
    path.write_bytes(whole[:-1])
    with (
        pytest.raises(Broken),
        opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store,
    ):
        store.rows("SELECT max(token) FROM payments")
    path.unlink()
    with (
        pytest.raises(Broken, match="gone"),
        opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()),
    ):
        pass


def test_an_officer_who_was_not_let_in_is_refused_and_it_is_recorded(case: CaseOpened) -> None:
    item, stranger = sealed(case), house.officer("otto", "investigator")
    pair = officer_keys("otto")
    with pytest.raises(Refused), opened_tables(stranger, {"payments": item}, purpose="platform:test", unlock=pair):
        pass
    (line,) = [each for each in custody.acts(kind="item.opened", ended="refused").lines if each.actor_name == "otto"]
    assert str(item) in str(line.about)
    with (
        pytest.raises(Refused),
        sealing_tables(stranger, case.case, {}, origin=new_id(), purpose="platform:test", unlock=pair),
    ):
        pass


def test_an_officer_of_the_case_reads_with_their_own_key(case: CaseOpened) -> None:
    item = sealed(case)
    ines = next(each for each in officers.officers() if each.username == "ines")
    with opened_tables(
        officers.officer_actor(ines.uuid), {"payments": item}, purpose="platform:test", unlock=officer_keys("ines")
    ) as store:
        assert store.one("SELECT count(*) FROM payments") == ROWS
    opened = [each for each in custody.acts(kind="item.opened", ended="done").lines if each.actor_name == "ines"]
    assert [each.purpose for each in opened] == ["platform:test"]


def officer_keys(username: str) -> OfficerKeys:
    who = next(each for each in officers.officers() if each.username == username)
    return OfficerKeys.from_session(*vault_actions.unlock_for_session(who.uuid, house.PASSWORD))


def test_a_statement_reaches_no_file_and_no_other_table(case: CaseOpened) -> None:
    item = sealed(case, 10)
    for forbidden in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/out.parquet'",
        "COPY (SELECT 1) TO 'sealed://more.parquet' (FORMAT parquet)",
        "SELECT * FROM read_parquet('sealed://other.parquet')",
        "SET enable_external_access = true",
        "ATTACH '/tmp/x.db'",
    ):
        with (
            pytest.raises(Refused),
            opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store,
        ):
            store.rows(forbidden)
    for name in ("a b", 'a"; DROP', "../x", "A"):
        with pytest.raises(Refused), opened_tables(WORKER, {name: item}, purpose="platform:test", unlock=keys()):
            pass


def test_what_failed_or_was_not_entered_leaves_no_file(case: CaseOpened) -> None:
    def lying() -> set[Path]:
        return {path for path in settings.HOME.vault.rglob("*") if path.is_file()}

    before = lying()
    with sealing_tables(WORKER, case.case, {}, origin=new_id(), purpose="platform:test", unlock=keys()) as store:
        with pytest.raises(duckdb.Error):
            store.parquet(
                f"SELECT 1 / (range - 100000) AS n, error('stop') FROM ({payments()}) ORDER BY 1", Path("x.parquet")
            )
        store.parquet(payments(10), Path("y.parquet"))
    assert lying() == before

    def fails(out: io.BufferedWriter) -> None:
        out.write(b"PAR1" + bytes(200_000))
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write_tables(WORKER, case.case, {"half": fails}, origin=new_id())  # type: ignore[dict-item]
    assert lying() == before


def test_the_same_rows_are_one_item_and_a_rolled_back_transaction_leaves_none(case: CaseOpened) -> None:
    origin = new_id()

    def once() -> UUID:
        with sealing_tables(WORKER, case.case, {}, origin=origin, purpose="platform:test", unlock=keys()) as store:
            store.parquet(payments(1000), Path("payments.parquet"))
            return enter_tables(WORKER, store)["payments"].item

    assert once() == once()
    with sealing_tables(WORKER, case.case, {}, origin=new_id(), purpose="platform:test", unlock=keys()) as store:
        store.parquet(payments(10), Path("payments.parquet"))
        with transaction.atomic():
            item = enter_tables(WORKER, store)["payments"].item
            transaction.set_rollback(True)
    with pytest.raises(Missing):
        vault.item(item)


def test_an_engine_reads_a_sealed_table_where_it_links_a_file(case: CaseOpened) -> None:
    item = sealed(case, 50)
    with opened_tables(WORKER, {"payments": item}, purpose="platform:test", unlock=keys()) as store:
        place = store.link(Path("payments.parquet"), "parquet")
        assert store.one(f"SELECT count(*) FROM read_parquet({place})") == 50
