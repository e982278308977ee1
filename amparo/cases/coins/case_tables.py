"""A ledger's results as the tables that a case keeps, and the figures that its page shows first.

Written by `Store.parquet` under these names, one file each; columns as in docs/formats/analyse.md where they stand there too:
`events` (the ledger: n, event, at_raw, at_utc, at_wall, account, counterparty, host, stream, coins, received, balance, money_minor,
currency, detail, reference, country, file, row), `moves` (giver, taker, amount, n, reason: what a trace is computed from),
`names` (number, name: of givers and takers), `accounts` (one row an account: what it bought, gave, got and was paid out),
`rooms` (one row a broadcast: how many were there and paid, how much),
`payments`, `broadcasts`, `presence`, `payers`, `hosts`, `countries`, `indicators`, `gaps`, `bad`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from amparo.cases.coins.indicators import INDICATOR_COLUMNS, find_indicators
from amparo.cases.coins.ledger import Ledger, evidence_columns
from amparo.cases.coins.results import BAD_ROWS, GAP_ROWS, PAYMENT_ROWS, SESSION_TABLES, with_evidence
from amparo.cases.coins.sessions import find_sessions
from amparo.cases.coins.tracing import Moves, Trace, moves_of
from amparo.cases.tables.store import Progress, silent

_EVENTS = """
    SELECT l.n, l.event, l.at_raw, l.at_utc, l.at_wall, l.account, l.counterparty, l.host, l.stream, l.coins, l.received,
           l.balance, l.money_minor, l.currency, l.detail, l.reference, l.country, f.name AS file, l.row
    FROM ledger l JOIN files f ON f.number = l.file ORDER BY l.n
"""

# One line for each side of a row: what an account did, and what was done to it.
_ACCOUNTS = """
    WITH sides AS (
        SELECT account, event, coins, money_minor, currency, coalesce(at_utc, at_wall) AS moment, 0 AS side FROM ledger
        WHERE account IS NOT NULL
        UNION ALL
        SELECT counterparty, event, CASE WHEN event = 'gift' THEN received ELSE coins END, NULL, NULL,
               coalesce(at_utc, at_wall), 1 FROM ledger WHERE counterparty IS NOT NULL AND event IN ('gift', 'refund')
    ), paid AS (
        SELECT account, list({'currency': currency, 'bought_minor': bought, 'paid_out_minor': paid} ORDER BY currency) AS money
        FROM (SELECT account, currency, coalesce(sum(money_minor) FILTER (event = 'purchase'), 0)::BIGINT AS bought,
                     coalesce(sum(money_minor) FILTER (event = 'payout'), 0)::BIGINT AS paid
              FROM sides WHERE money_minor IS NOT NULL GROUP BY account, currency) GROUP BY account
    ), lines AS (
        SELECT account, count(*) AS rows,
               coalesce(sum(coins) FILTER (event = 'purchase'), 0)::BIGINT AS bought,
               coalesce(sum(coins) FILTER (event = 'gift' AND side = 0), 0)::BIGINT AS given,
               coalesce(sum(coins) FILTER (event = 'gift' AND side = 1), 0)::BIGINT AS got,
               coalesce(sum(coins) FILTER (event IN ('spend', 'conversion')), 0)::BIGINT AS spent,
               coalesce(sum(coins) FILTER (event = 'payout'), 0)::BIGINT AS paid_out,
               min(moment) AS first_at, max(moment) AS last_at
        FROM sides GROUP BY account
    )
    SELECT l.*, coalesce(p.money, []) AS money FROM lines l LEFT JOIN paid p ON p.account = l.account ORDER BY l.account
"""

_ROOMS = """
    SELECT b.stream, b.host, b.began, b.ended, coalesce(s.there, 0) AS there, coalesce(p.payers, 0) AS payers,
           coalesce(p.coins, 0) AS coins, b.basis, len(b.crosses) AS crosses
    FROM broadcasts b
    LEFT JOIN (SELECT number, count(DISTINCT payer) AS payers, sum(coins)::BIGINT AS coins FROM
               (SELECT unnest(candidates) AS number, payer, coins FROM payments) GROUP BY number) p ON p.number = b.number
    LEFT JOIN (SELECT broadcast, count(DISTINCT account) AS there FROM presence GROUP BY broadcast) s ON s.broadcast = b.number
    ORDER BY b.number
"""


def write_case_tables(ledger: Ledger, progress: Progress = silent) -> dict[str, Any]:
    """Writes the tables above by the ledger's store; returns the figures of the whole ledger, as a page tells them."""
    store = ledger.store
    evidence_columns(ledger)
    counts = {"events": store.parquet(_EVENTS, Path("events.parquet"))}
    moves = moves_of(ledger)
    trace = Trace(moves)
    progress("traced", len(trace.parent))
    _write_moves(ledger, moves)
    counts["accounts"] = store.parquet(_ACCOUNTS, Path("accounts.parquet"))
    counts["gaps"] = store.parquet(GAP_ROWS, Path("gaps.parquet"))
    counts["bad"] = store.parquet(BAD_ROWS, Path("bad.parquet"))
    found = find_sessions(ledger)
    progress("placed payments", found.payments)
    counts["payments"] = store.parquet(PAYMENT_ROWS, Path("payments.parquet"))
    store.parquet(_ROOMS, Path("rooms.parquet"))
    for name, query in SESSION_TABLES.items():
        counts[name] = store.parquet(query, Path(f"{name}.parquet"))
    not_examined = find_indicators(ledger)
    counts["indicators"] = store.parquet(
        with_evidence("indicators", INDICATOR_COLUMNS, "account, indicator, counterparty"), Path("indicators.parquet")
    )
    progress("written", counts["events"])
    return {
        **_figures(ledger, trace),
        "counts": counts,
        "found": found.found,
        "not_examined": not_examined,
        "host_pairs_left_out": found.host_pairs_left_out,
    }


def _write_moves(ledger: Ledger, moves: Moves) -> None:
    columns = {name: getattr(moves, name) for name in ("giver", "taker", "amount", "row", "reason")}
    columns["place"] = np.arange(len(moves.row), dtype=np.int64)
    ledger.store.table("kept_moves", columns)
    ledger.store.parquet("SELECT * EXCLUDE (place) FROM kept_moves ORDER BY place", Path("moves.parquet"))
    ledger.store.run("DROP TABLE kept_moves")
    ledger.store.parquet("SELECT number, name FROM accounts ORDER BY number", Path("names.parquet"))


def _figures(ledger: Ledger, trace: Trace) -> dict[str, Any]:
    ends, store = trace.ends(), ledger.store
    entered, known = int(ends.coins.sum()), int(ends.coins[ends.known].sum())
    events = store.rows(
        "SELECT event, count(*), coalesce(sum(coins), 0)::BIGINT FROM ledger GROUP BY event ORDER BY event"
    )
    money = store.rows(
        "SELECT event, currency, sum(money_minor)::BIGINT, count(*) FROM ledger WHERE money_minor IS NOT NULL "
        "GROUP BY event, currency ORDER BY event, currency"
    )
    first, last = store.rows("SELECT min(coalesce(at_utc, at_wall)), max(coalesce(at_utc, at_wall)) FROM ledger")[0]
    gaps = store.rows("SELECT kind, count(*), sum(abs(difference))::BIGINT FROM gaps GROUP BY kind ORDER BY kind")
    return {
        "platform": ledger.mapping.platform,
        "unit": ledger.mapping.unit,
        "coin_digits": ledger.mapping.coin_digits,
        "mapping_sha256": ledger.mapping.digest,
        "files": [{"name": each.name, "sha256": each.sha256} for each in ledger.folder.files],
        "left_out": [{"name": name, "why": why} for name, why in ledger.folder.left_out],
        "events": {event: [count, coins] for event, count, coins in events},
        "money": [[event, currency, minor, count] for event, currency, minor, count in money],
        "coins": {
            "entered": entered,
            "origin_unknown": entered - known,
            "left": int(ends.coins[ends.stands].sum()),
        },
        "gaps": {kind: [count, size] for kind, count, size in gaps},
        "bad_rows": ledger.bad_rows,
        "doubts": ledger.doubts,
        "ignored": ledger.ignored,
        "without_utc": ledger.without_utc,
        "first": first.isoformat() if first else "",
        "last": last.isoformat() if last else "",
        "countries": [
            list(row)
            for row in store.rows(
                "SELECT country, count(DISTINCT account) FROM countries GROUP BY country ORDER BY 2 DESC, 1"
            )
        ],
    }
