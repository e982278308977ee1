"""What is written: Parquet tables, each row with the file and row numbers behind it, and one JSON file that tells the run.

Same inputs, mapping, parameters and versions: same bytes. Columns: docs/formats/analyse.md.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from amparo.cases.coins import kernels
from amparo.cases.coins.indicators import INDICATOR_COLUMNS, find_indicators
from amparo.cases.coins.ledger import Ledger, evidence_columns
from amparo.cases.coins.sessions import GRACE_S, Sessions, find_sessions
from amparo.cases.coins.tracing import DIFFERENCE, ENDS, HAIRCUT_ERROR, Ends, Through, Trace, trace_coins
from amparo.cases.tables.runs import beside, write_run
from amparo.cases.tables.store import Progress, literal, silent

VERSION = 1  # of the written columns
MOST_VIA = 16


def write_trace(
    ledger: Ledger,
    out: Path,
    *,
    accounts: Iterable[str] = (),
    fill_gaps: bool = True,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Traces the ledger into `out` and the files beside it; returns what the run's JSON holds."""
    store = ledger.store
    evidence_columns(ledger)
    trace = trace_coins(ledger, fill_gaps=fill_gaps)
    progress("traced", len(trace.parent))
    ends = trace.ends()
    through = trace.through(accounts) if accounts else None
    _parts_table(ledger, trace, ends)
    parts = store.parquet(_PARTS.format(unit=literal(ledger.mapping.unit)), out)
    progress("written", parts)
    counts = {"parts": parts, "bad_rows": _write_bad(ledger, out)}
    if fill_gaps:
        counts["gaps"] = store.parquet(GAP_ROWS, beside(out, "gaps.parquet"))
    if through:
        counts["account_lines"] = _write_through(ledger, through, beside(out, "accounts.parquet"))
    entered, known = int(ends.coins.sum()), int(ends.coins[ends.known].sum())
    left = int(ends.coins[ends.stands].sum())
    run = _run(ledger, "coins", {"accounts": list(accounts), "fill_gaps": fill_gaps}, counts)
    run["coins"] = {
        "entered": entered,
        "of_known_origin": known,
        "origin_unknown": entered - known,
        "ended": entered - left,
        "left_in_accounts": left,
    }
    run["rules"] = through.words if through else DIFFERENCE
    run["haircut_error"] = f"at most {HAIRCUT_ERROR:g} of the coins that move"
    return write_run(out, run)


def write_sessions(ledger: Ledger, out: Path, *, grace_s: int = GRACE_S, progress: Progress = silent) -> dict[str, Any]:
    """Writes the payments with their broadcasts into `out`, and the tables beside it; returns what the run's JSON holds."""
    store = ledger.store
    evidence_columns(ledger)
    found = find_sessions(ledger, grace_s=grace_s)
    progress("placed payments", found.payments)
    counts = {"payments": store.parquet(PAYMENT_ROWS, out)}
    for name, query in SESSION_TABLES.items():
        counts[name] = store.parquet(query, beside(out, f"{name}.parquet"))
        progress(f"written {name}", counts[name])
    not_examined = find_indicators(ledger)
    counts["indicators"] = store.parquet(
        with_evidence("indicators", INDICATOR_COLUMNS, "account, indicator, counterparty"),
        beside(out, "indicators.parquet"),
    )
    counts["bad_rows"] = _write_bad(ledger, out)
    run = _run(ledger, "sessions", {"grace_s": grace_s}, counts)
    run["payments"] = _placed(found)
    run["host_pairs_left_out"] = found.host_pairs_left_out
    run["indicators_not_examined"] = not_examined
    return write_run(out, run)


def _placed(found: Sessions) -> dict[str, int]:
    return {word: int(found.found.get(word, 0)) for word in ("stated", "inside", "grace", "either", "none")}


def with_evidence(table: str, columns: str, order: str) -> str:
    """The rows of a table that lists ledger rows in `ns`, with the evidence behind each as file:row."""
    return f"""
        WITH numbered AS (SELECT *, row_number() OVER (ORDER BY {order}) AS place FROM {table}), behind AS (
            SELECT u.place, list(f.name || ':' || l.row ORDER BY l.n) AS evidence
            FROM (SELECT place, unnest(ns) AS n FROM numbered) u JOIN ledger l ON l.n = u.n JOIN files f ON f.number = l.file
            GROUP BY u.place
        )
        SELECT {columns}, coalesce(b.evidence, []) AS evidence FROM numbered i LEFT JOIN behind b ON b.place = i.place
        ORDER BY i.place
    """


_PARTS = """
    SELECT p.part, p.coins, {unit} AS unit, CASE WHEN p.known THEN 'purchase' ELSE 'unknown' END AS origin,
           e.name AS origin_account,
           o.at_utc AS origin_at_utc, o.at_raw AS origin_at_raw, fo.name AS origin_file, o.row AS origin_row,
           CASE WHEN p.known THEN o.coins END AS origin_coins, CASE WHEN p.known THEN o.money_minor END AS origin_money_minor,
           CASE WHEN p.known THEN o.currency END AS origin_currency,
           CASE WHEN p.known THEN o.reference END AS origin_reference, p.gifts, coalesce(v.via, []) AS via, p.word AS "end",
           h.name AS end_account, t.at_utc AS end_at_utc, t.at_raw AS end_at_raw, ft.name AS end_file, t.row AS end_row,
           CASE WHEN p.word = t.event THEN t.money_minor END AS end_money_minor,
           CASE WHEN p.word = t.event THEN t.currency END AS end_currency,
           CASE WHEN p.word = t.event THEN t.detail END AS end_detail,
           CASE WHEN p.word = t.event THEN t.reference END AS end_reference
    FROM parts p JOIN ledger o ON o.n = p.origin_n JOIN files fo ON fo.number = o.file
    JOIN ledger t ON t.n = p.end_n JOIN files ft ON ft.number = t.file
    JOIN accounts e ON e.number = p.entrant JOIN accounts h ON h.number = p.holder
    LEFT JOIN via v ON v.part = p.part ORDER BY p.part
"""

BAD_ROWS = """
    SELECT f.name AS file, b.row, b.problem, b.kept, b.raw FROM bad b JOIN files f ON f.number = b.file
    ORDER BY b.file, b.row, b.problem
"""

GAP_ROWS = """
    SELECT g.kind, g.account, g.difference, g.stated, fb.name AS before_file, b.row AS before_row, b.at_utc AS before_at_utc,
           fa.name AS after_file, a.row AS after_row, a.at_utc AS after_at_utc
    FROM gaps g LEFT JOIN ledger b ON b.n = g.row_before LEFT JOIN files fb ON fb.number = b.file
    JOIN ledger a ON a.n = g.row_after JOIN files fa ON fa.number = a.file ORDER BY g.row_after, g.kind, g.account
"""

# Most payments fit one broadcast, which needs no gathering.
PAYMENT_ROWS = """
    WITH known AS (
        SELECT b.number, b.stream, CASE WHEN s.n IS NOT NULL THEN f.name || ':' || s.row END AS stated_by
        FROM broadcasts b LEFT JOIN ledger s ON s.n = b.stated_n LEFT JOIN files f ON f.number = s.file
    ), several AS (
        SELECT c.n, list(b.stream ORDER BY b.number) AS streams, list(b.stated_by ORDER BY b.number)
               FILTER (b.stated_by IS NOT NULL) AS stated_by
        FROM (SELECT n, unnest(candidates) AS number FROM payments WHERE len(candidates) > 1) c
        JOIN known b ON b.number = c.number GROUP BY c.n
    ), placed AS (
        SELECT *, CASE WHEN len(candidates) = 1 THEN candidates[1] END AS only FROM payments
    )
    SELECT p.payer, p.host, l.at_utc, l.at_raw, p.coins, p.money_minor, p.currency, p.found,
           CASE WHEN o.number IS NOT NULL THEN [o.stream] ELSE coalesce(x.streams, []) END AS streams,
           p.conflict, l.stream AS stated_stream, l.reference, f.name AS file, l.row,
           CASE WHEN o.stated_by IS NOT NULL THEN [o.stated_by] ELSE coalesce(x.stated_by, []) END AS evidence
    FROM placed p JOIN ledger l ON l.n = p.n JOIN files f ON f.number = l.file LEFT JOIN known o ON o.number = p.only
    LEFT JOIN several x ON x.n = p.n ORDER BY p.n
"""

SESSION_TABLES = {
    "broadcasts": """
        SELECT b.stream, b.host, b.began, b.ended, b.basis, coalesce(x.crosses, []) AS crosses, f.name AS file, l.row
        FROM broadcasts b LEFT JOIN ledger l ON l.n = b.stated_n LEFT JOIN files f ON f.number = l.file
        LEFT JOIN (SELECT o.number, list(c.stream ORDER BY c.number) AS crosses FROM (SELECT number, unnest(crosses) AS other
                   FROM broadcasts) o JOIN broadcasts c ON c.number = o.other GROUP BY o.number) x ON x.number = b.number
        ORDER BY b.number
    """,
    "presence": """
        SELECT s.account, s.stream, s.host, s.entered_at, s.left_at, s.seconds, s.closed_by, s.coins, len(s.payment_ns) AS payments,
               s.overlapping, fe.name AS enter_file, e.row AS enter_row, fx.name AS exit_file, x.row AS exit_row
        FROM presence s JOIN ledger e ON e.n = s.enter_n JOIN files fe ON fe.number = e.file
        LEFT JOIN ledger x ON x.n = s.exit_n LEFT JOIN files fx ON fx.number = x.file
        ORDER BY s.broadcast, s.entered_at, s.account, s.enter_n
    """,
    "payers": with_evidence(
        "(SELECT * FROM payers WHERE hosts > 1)",
        "i.payer, i.hosts, i.host_names, i.coins, i.payments, i.first_at, i.last_at",
        "hosts DESC, coins DESC, payer",
    ),
    "hosts": "SELECT * FROM host_pairs ORDER BY payers DESC, host_a, host_b",
    "countries": with_evidence(
        "countries", "i.account, i.country, 'candidate' AS standing, i.stated_in", "account, stated_in DESC, country"
    ),
}


def _parts_table(ledger: Ledger, trace: Trace, ends: Ends) -> None:
    moves, at = trace.moves, ends.bundle
    owner = np.where(moves.giver >= 0, moves.giver, moves.taker)
    entrant = np.where(moves.giver[ends.entry] >= 0, moves.giver[ends.entry], moves.taker[ends.entry])
    holder = np.where(ends.stands, moves.taker[ends.end], owner[ends.end])
    kind = np.where(ends.stands, ENDS.index("left"), moves.reason[ends.end].astype(np.int64) - 3)
    store = ledger.store
    words = " ".join(f"WHEN {number} THEN {literal(word)}" for number, word in enumerate(ENDS))
    store.table(
        "given_parts",
        {
            "part": np.arange(len(at), dtype=np.int64),
            "coins": ends.coins,
            "known": ends.known,
            "entrant": entrant,
            "holder": holder,
            "origin_n": moves.row[ends.entry],
            "end_n": moves.row[ends.end],
            "gifts": ends.gifts.astype(np.int32),
            "kind": kind,
        },
    )
    store.run(
        f"CREATE OR REPLACE TABLE parts AS SELECT * EXCLUDE (kind), CASE kind {words} END AS word FROM given_parts"
    )
    store.run("DROP TABLE given_parts")
    part, order, move = kernels.via(trace.parent, trace.move, at, ends.gifts.astype(np.int64), ends.stands, MOST_VIA)
    store.table("given_via", {"part": part, "place": order, "n": moves.row[move]})
    store.run(
        "CREATE OR REPLACE TABLE via AS SELECT g.part, list(f.name || ':' || l.row ORDER BY g.place) AS via FROM given_via g "
        "JOIN ledger l ON l.n = g.n JOIN files f ON f.number = l.file GROUP BY g.part"
    )
    store.run("DROP TABLE given_via")


def _write_bad(ledger: Ledger, out: Path) -> int:
    return ledger.store.parquet(BAD_ROWS, beside(out, "bad-rows.parquet"))


def _write_through(ledger: Ledger, through: Through, out: Path) -> int:
    lines = [("from", each) for each in through.origins] + [("to", each) for each in through.ends]
    ledger.store.run(
        "CREATE OR REPLACE TABLE lines (line INTEGER, direction VARCHAR, account VARCHAR, kind VARCHAR, fifo_coins BIGINT, "
        "haircut_coins DOUBLE, differs BOOLEAN, ns INTEGER[])"
    )
    for place, (direction, each) in enumerate(lines):
        ledger.store.run(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                place,
                direction,
                each.account,
                each.kind,
                each.fifo_coins,
                each.haircut_coins,
                each.differs,
                list(each.rows),
            ],
        )
    columns = "i.direction, i.account, i.kind, i.fifo_coins, i.haircut_coins, i.differs"
    return ledger.store.parquet(with_evidence("lines", columns, "line"), out)


def _run(ledger: Ledger, engine: str, parameters: dict[str, Any], written: dict[str, int]) -> dict[str, Any]:
    return {
        "engine": engine,
        "version": VERSION,
        "platform": ledger.mapping.platform,
        "mapping_sha256": ledger.mapping.digest,
        "parameters": parameters,
        "tools": {"python": platform.python_version(), "duckdb": duckdb.__version__, "numpy": np.__version__},
        "files": [
            {"name": each.name, "sha256": each.sha256, "size_bytes": each.size_bytes, "source": each.source + 1}
            for each in ledger.folder.files
        ],
        "left_out": [{"name": name, "why": why} for name, why in ledger.folder.left_out],
        "events": ledger.count,
        "rows_left_out": ledger.bad_rows,
        "rows_with_a_doubt": ledger.doubts,
        "rows_ignored_by_the_mapping": ledger.ignored,
        "events_without_utc": ledger.without_utc,
        "written": written,
    }
