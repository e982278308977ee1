"""Which accounts of a platform carry an identifier that another case or an earlier report of the house names."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from amparo.cases.tables.store import Store
from amparo.intake.past import KnownValue

# The kinds in which the house keeps identifiers, and where they stand in a base. A handle is compared without its service, and is
# said to be weak: the same name elsewhere is often somebody else.
KINDS = ("phone", "email", "name", "handle", "payment", "device")
BATCH = 20_000

# Normal forms as the house's own: a phone as + and digits, e-mail and names without capitals, a handle without its @.
_HELD = """
    CREATE OR REPLACE TEMP TABLE held AS
    SELECT account, 'email' AS kind, lower(email) AS value, file, row FROM accounts WHERE email IS NOT NULL
    UNION ALL SELECT account, 'phone', regexp_replace(phone, '[^0-9+]', '', 'g'), file, row FROM accounts WHERE phone IS NOT NULL
    UNION ALL SELECT account, 'name', lower(ltrim(handle, '@')), file, row FROM accounts WHERE handle IS NOT NULL
    UNION ALL SELECT account, CASE kind WHEN 'handle' THEN 'name' ELSE kind END,
                     CASE kind WHEN 'phone' THEN regexp_replace(value, '[^0-9+]', '', 'g') ELSE lower(ltrim(value, '@')) END,
                     file, row
              FROM identifiers WHERE kind IN ('email', 'phone', 'handle', 'device')
    UNION ALL SELECT account, 'payment', lower(reference), file, row FROM payments WHERE reference IS NOT NULL
"""
_FOUND = """
    SELECT h.account, k.kind, k.value, k.weak, k.report, k.in_case, k.reference, h.file, h.row
    FROM held h JOIN known k ON k.kind = h.kind AND k.value = h.value
    WHERE h.account IS NOT NULL ORDER BY ALL
"""


def write_overlaps(store: Store, known: Iterable[KnownValue]) -> dict[str, int]:
    """Seals `overlaps`: account, what it shares, with which report or case, and the row that shows it. Returns the counts."""
    store.run(
        "CREATE OR REPLACE TABLE known "
        "(kind VARCHAR, value VARCHAR, weak BOOLEAN, report VARCHAR, in_case VARCHAR, reference VARCHAR)"
    )
    asked = _bring(store, known)
    store.run(_HELD)
    rows = store.parquet(_FOUND, Path("overlaps.parquet"))
    cases, reports, accounts = store.rows(
        f"SELECT count(DISTINCT in_case), count(DISTINCT report), count(DISTINCT account) FROM ({_FOUND})"
    )[0]
    return {"identifiers_asked": asked, "rows": rows, "cases": cases, "reports": reports, "accounts": accounts}


def _bring(store: Store, known: Iterable[KnownValue]) -> int:
    asked, rows = 0, iter(known)
    while batch := [_row(each) for each in islice(rows, BATCH)]:
        columns = {
            f"c{number}": np.array(column, dtype=object) for number, column in enumerate(zip(*batch, strict=True))
        }
        store.con.register("given_known", columns)
        store.run(
            "INSERT INTO known SELECT c0, c1, c0 IN ('name'), nullif(c2, ''), nullif(c3, ''), c4 FROM given_known WHERE c1 <> ''"
        )
        store.con.unregister("given_known")
        asked += len(batch)
    return asked


def _row(each: KnownValue) -> tuple[str, str, str, str, str]:
    kind, value = each.kind, each.value.casefold()
    if kind == "handle":  # service:name, as a report's traces write an account
        kind, value = "name", value.rpartition(":")[2]
    return kind, value.lstrip("@"), str(each.report or ""), str(each.case or ""), each.reference
