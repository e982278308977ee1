"""A sealed table of a case, read by DuckDB as ranges decrypted on the fly, beside the same file decrypted whole into memory first.

    .venv/bin/python -m benchmarks.sealed_tables [--rows 1000000,10000000] [--repeats 5]

The limit beside both is the same Parquet file in the clear, read by DuckDB alone. Asked are one row by its number (which stands in
one row group), a page of fifty rows of a filter, and the sum of every row. Times are CPU seconds of this process, medians; each
asking opens the table anew, as a page does. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.houses import empty_house

ROWS = """
    SELECT range AS n, 'account-' || (range * 7919 % 1000003) AS account, CAST(range * 31 % 997 AS INTEGER) AS kind,
           hash(range) AS digest
    FROM range({0}) ORDER BY n
"""
ASKED = {
    "one row": "SELECT * FROM rows WHERE n = {middle}",
    "a page of a filter": "SELECT * FROM rows WHERE kind = 21 LIMIT 50",
    "every row": "SELECT count(*), sum(kind), max(account) FROM rows",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="A sealed table read in ranges, beside whole and in the clear.")
    parser.add_argument("--rows", default="1000000,10000000", help="sizes of the table, with commas between")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with empty_house("sqlite"):
        found = [_measured(int(rows), asked.repeats) for rows in asked.rows.split(",")]
    told = {"benchmark": "sealed_tables", "sizes": found, "cores": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps(told))
    return 0


def _measured(rows: int, repeats: int) -> dict[str, Any]:
    from amparo.cases.sealed_tables import enter_tables, opened_tables, sealing_tables
    from amparo.foundation.ids import new_id
    from amparo.vault import actions as vault
    from tests.cases.house import WORKER

    case, keys = _case()
    with sealing_tables(WORKER, case, {}, origin=new_id(), purpose="platform:measured", unlock=keys) as store:
        store.parquet(ROWS.format(rows), Path("rows.parquet"))
        item = enter_tables(WORKER, store)["rows"].item

    def in_ranges(sql: str) -> Any:
        with opened_tables(WORKER, {"rows": item}, purpose="platform:measured", unlock=keys) as opened:
            return opened.rows(sql)

    def content() -> bytes:
        with vault.open_item(WORKER, item, "platform:measured", keys) as stream:
            return stream.read()

    def whole(sql: str) -> Any:
        return _of_memory(content(), sql)

    clear = Path("benchmark-rows.parquet")
    clear.write_bytes(content())
    try:
        found: dict[str, Any] = {"rows": rows, "mb": round(clear.stat().st_size / 1e6, 1)}
        for name, form in ASKED.items():
            sql = form.format(middle=rows // 2)
            ways: dict[str, Callable[[], Any]] = {
                "ranges": lambda sql=sql: in_ranges(sql),  # type: ignore[misc]
                "whole": lambda sql=sql: whole(sql),  # type: ignore[misc]
                "clear": lambda sql=sql: _of_file(clear, sql),  # type: ignore[misc]
            }
            answers = {way: sorted(ask()) for way, ask in ways.items()}
            assert answers["ranges"] == answers["whole"] or "LIMIT" in sql
            found[name] = {way: round(_cpu(ask, repeats), 4) for way, ask in ways.items()}
            print(f"  {rows:>12,} rows  {name:<20} " + "  ".join(f"{way} {s:.3f} s" for way, s in found[name].items()))
    finally:
        clear.unlink()
    return found


def _case() -> tuple[Any, Any]:
    from django.conf import settings

    from amparo.vault.keys import ProcessKeys
    from tests.cases import house

    global _laid  # noqa: PLW0603 - one house a process
    if _laid is None:
        house.lay()
        opened = house.opened(house.officer("ines", "investigator"), house.report())
        _laid = opened.case, ProcessKeys(settings.HOME, "worker")
    return _laid


_laid: tuple[Any, Any] | None = None


def _of_memory(content: bytes, sql: str) -> Any:
    descriptor = os.memfd_create("rows")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        return _of_file(Path(f"/proc/self/fd/{descriptor}"), sql)
    finally:
        os.close(descriptor)


def _of_file(place: Path, sql: str) -> Any:
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 2}) as con:
        con.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet('{place}')")
        return con.execute(sql).fetchall()


def _cpu(ask: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.process_time()
        ask()
        times.append(time.process_time() - began)
    return statistics.median(times)


if __name__ == "__main__":
    raise SystemExit(main())
