"""Whether the ledger adds up: running balances against the rows, and the platform's numbers in sequence.

The table `gaps`: kind, account, row_before (n, NULL for none), row_after (n), difference (coins that the rows don't explain:
above zero came in unseen, below zero left unseen; for "sequence" the count of numbers that are missing), stated (the balance
that the row after states).

kinds: "opening" (coins from before the first row that we hold), "balance" (rows are missing between two stated balances, or one
was changed), "sequence" (numbers are missing between two rows,
of one file or of the platform as the mapping says), "repeated" (a number stands twice).
"""

from __future__ import annotations

from amparo.cases.coins.ledger import Ledger

# One line for each account that an event touches: what it gains, and the balance that stands beside it.
TOUCHED = """
    SELECT n, 0 AS side, account,
           CASE WHEN event = 'purchase' OR (event = 'refund' AND counterparty IS NOT NULL) THEN coins ELSE -coins END AS delta,
           balance
    FROM ledger WHERE coins IS NOT NULL
    UNION ALL
    SELECT n, 1, counterparty, CASE WHEN event = 'gift' THEN received ELSE -coins END, NULL
    FROM ledger WHERE coins IS NOT NULL AND event IN ('gift', 'refund') AND counterparty IS NOT NULL
"""

_GAPS = """
    WITH touched AS ({touched}), summed AS (
        SELECT n, account, balance + {correction} AS stated, min(n) OVER (PARTITION BY account) AS first_n,
               sum(delta) OVER (PARTITION BY account ORDER BY n, side ROWS UNBOUNDED PRECEDING)::BIGINT AS known
        FROM touched
    ), stating AS (
        SELECT *, stated - known AS unexplained, lag(n) OVER each AS before, lag(stated - known) OVER each AS unexplained_before
        FROM summed WHERE stated IS NOT NULL WINDOW each AS (PARTITION BY account ORDER BY n)
    )
    SELECT CASE WHEN before IS NULL THEN 'opening' ELSE 'balance' END AS kind, account, before AS row_before, n AS row_after,
           unexplained - coalesce(unexplained_before, 0) AS difference, stated, first_n
    FROM stating WHERE unexplained <> coalesce(unexplained_before, 0)
"""

_SEQUENCE = """
    SELECT CASE WHEN sequence = before THEN 'repeated' ELSE 'sequence' END, NULL, n_before, n,
           CASE WHEN sequence = before THEN 0 ELSE sequence - before - 1 END, NULL, n
    FROM (SELECT n, sequence, lag(sequence) OVER each AS before, lag(n) OVER each AS n_before FROM ledger
          WHERE sequence IS NOT NULL WINDOW each AS (PARTITION BY {within} ORDER BY sequence, n))
    WHERE before IS NOT NULL AND sequence - before <> 1
"""


def find_gaps(ledger: Ledger) -> int:
    """Makes the table `gaps`, in ledger order; returns how many there are."""
    correction = "0" if ledger.mapping.balance == "after" else "delta"
    gaps = _GAPS.format(touched=TOUCHED, correction=correction)
    sequence = _SEQUENCE.format(within="file" if ledger.mapping.sequence == "file" else "true")
    ledger.store.run(
        "CREATE OR REPLACE TABLE gaps AS SELECT kind, account, row_before::INTEGER AS row_before, row_after::INTEGER AS row_after, "
        f"difference::BIGINT AS difference, stated::BIGINT AS stated, first_n::INTEGER AS first_n FROM ({gaps} "
        f"UNION ALL {sequence}) "
        "ORDER BY row_after, kind, account"
    )
    return int(ledger.store.one("SELECT count(*) FROM gaps"))
