"""A ledger read and put in order, each row checked, beside DuckDB's bare read of the same files: one measurement a process.

.venv/bin/python -m benchmarks.coins.reading FOLDER ours|bare|ordered

Called by benchmarks.coins.commands, which writes FOLDER/in and FOLDER/m.toml. Prints CPU seconds, peak MiB and the number of rows.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from amparo.cases.coins.ledger import open_ledger
from amparo.cases.coins.mapping import load
from benchmarks.coins.measuring import peak_mib

BARE = """
    CREATE TABLE ledger AS SELECT * FROM (
        SELECT 'purchase' AS event, "at", no, "user" AS account, NULL AS host, coins, cents FROM read_csv('{0}/purchases.csv')
        UNION ALL SELECT 'gift', "at", no, sender, host, coins, NULL FROM read_parquet('{0}/gifts.parquet')
        UNION ALL SELECT what, "at", no, "user", NULL, coins, NULL FROM read_json('{0}/others.jsonl')
        UNION ALL SELECT 'broadcast', began, NULL, stream, host, NULL, NULL FROM read_csv('{0}/streams.csv')
    )
"""


def main() -> int:
    folder, how = Path(sys.argv[1]), sys.argv[2]
    began = time.process_time()
    if how == "ours":
        with open_ledger(folder / "in", load(folder / "m.toml")) as ledger:
            count = ledger.count
    else:
        con = duckdb.connect(config={"threads": 2, "memory_limit": "2GiB"})
        con.execute(BARE.format(folder / "in") + (' ORDER BY "at", no' if how == "ordered" else "")).fetchall()
        count = con.execute("SELECT count(*) FROM ledger").fetchall()[0][0]
    print(json.dumps([time.process_time() - began, peak_mib(), count]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
