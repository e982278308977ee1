"""What `countries` writes: a row an account with its candidates, and beside it a row a piece of evidence, each with an example."""

from __future__ import annotations

from typing import Any

import numpy as np

from amparo.cases.linkage.calibration import SURE, Calibration
from amparo.cases.linkage.countries_finding import Found, Rows
from amparo.cases.linkage.countries_named import codes
from amparo.cases.linkage.countries_weighing import Evidence, families
from amparo.cases.tables.store import Store, literal

LEAST = 0.5  # of the confidence: what is more likely wrong than right is not said
ROUNDED = 6  # decimals of what is written
EXITS, ONE_DAY, TRAVEL, MOVED, FOREIGN, WEIGHTLESS = (1 << each for each in range(6))
WORDS = {
    EXITS: "exit: many accounts whose other evidence is elsewhere share its addresses; left out",
    ONE_DAY: "one day only",
    TRAVEL: "travel: seen elsewhere before and after",
    MOVED: "move: the addresses of another country begin or end where these end or begin",
    FOREIGN: "another country than the account's best",
    WEIGHTLESS: "no weight: as often by chance as not",
}
DAY_S = 86_400


def tables(store: Store, found: Found, calibration: Calibration) -> dict[str, np.ndarray]:
    """Makes `answers` and `evidence_rows`, both in the order in which they are written; returns the answers by account."""
    answers = answered(found, calibration)
    rows = found.rows
    noted = cautions(rows, found.weight, answers["best"])
    summary = summed(rows, found.weight, noted, answers["best"])
    store.table("answers", answers | summary)
    noted_of_any = np.concatenate([np.unique(noted), np.unique(summary["cautions"])])
    _said(store, "caution_words", [word.partition(":")[0] for word in WORDS.values()], noted_of_any)
    _said(store, "kind_words", list(calibration.kinds), np.unique(summary["why"]))
    store.table(
        "evidence_rows",
        {
            "i": np.arange(len(rows), dtype=np.int64),
            "n": rows.account,
            "place": rows.place,
            "kind": rows.kind,
            "weight": np.round(found.weight / np.log(2), 3),
            "amount": rows.amount.astype(np.int32),
            "events": rows.events,
            "ported": rows.ported,
            "first": rows.first,
            "last": rows.last,
            "file": (rows.source >> 40).astype(np.int32),
            "row": rows.source & ((1 << 40) - 1),
            "cautions": noted,
        },
    )
    return answers


def _said(store: Store, table: str, words: list[str], bits: np.ndarray) -> None:
    """A table of the sets of words that occur, by their bits: a row of it costs what a row of the results would."""
    store.run(f"CREATE OR REPLACE TABLE {table} (bits BIGINT, words VARCHAR[])")
    for each in np.unique(bits).tolist():
        store.run(
            f"INSERT INTO {table} VALUES (?, ?)", [each, [word for at, word in enumerate(words) if each >> at & 1]]
        )


def answered(found: Found, calibration: Calibration) -> dict[str, np.ndarray]:
    """By account: the three best places, their confidences (sum at most 1), how many families name the best, and what is said."""
    best, chance = found.weighed.best, found.weighed.chance
    rows = found.rows.taken(found.rows.kind >= 0)
    evidence = Evidence(found.accounts, rows.account, rows.place, rows.kind, rows.amount)
    backing = (rows.place == best[rows.account, 0]) & (found.weighed.row > 0)
    bits = families(evidence, calibration, backing)
    count = np.array([each.bit_count() for each in range(1 << len(set(calibration.families.tolist())))])[bits]
    first = calibration.of(chance[:, 0], count)
    left = np.minimum(1.0, (1.0 - first) / np.maximum(1.0 - chance[:, 0], 1e-12))
    later = chance[:, 1:] * left[:, None]
    said = np.where(first >= LEAST, best[:, 0], -1)
    return {
        "best": best[:, 0],
        "second": best[:, 1],
        "third": best[:, 2],
        "confidence": np.round(first, ROUNDED),
        "second_confidence": np.floor(later[:, 0] * 10**ROUNDED) / 10**ROUNDED,
        "third_confidence": np.floor(later[:, 1] * 10**ROUNDED) / 10**ROUNDED,
        "families": count.astype(np.int8),
        "said": said.astype(np.int16),
    }


def cautions(rows: Rows, weight: np.ndarray, best: np.ndarray) -> np.ndarray:
    """For each row, what to think of, as bits of WORDS."""
    found = np.zeros(len(rows), np.int32)
    found[rows.kind < 0] |= EXITS
    found[(rows.kind >= 0) & (weight <= 0)] |= WEIGHTLESS
    network = (rows.kind >= 0) & (rows.kind <= 3)
    found[network & (rows.amount <= 1)] |= ONE_DAY
    found[(best[rows.account] >= 0) & (rows.place != best[rows.account])] |= FOREIGN
    begun, ended = np.full(len(best), np.iinfo(np.int64).max), np.zeros(len(best), np.int64)
    home = network & (rows.place == best[rows.account]) & (rows.first > 0)
    np.minimum.at(begun, rows.account[home], rows.first[home])
    np.maximum.at(ended, rows.account[home], rows.last[home])
    away = network & (rows.place != best[rows.account]) & (rows.first > 0) & (ended[rows.account] > 0)
    inside = (rows.first >= begun[rows.account]) & (rows.last <= ended[rows.account])
    found[away & inside] |= TRAVEL
    apart = (rows.last < begun[rows.account]) | (rows.first > ended[rows.account])
    found[away & apart & (rows.amount >= 3)] |= MOVED
    return found


def summed(rows: Rows, weight: np.ndarray, noted: np.ndarray, best: np.ndarray) -> dict[str, np.ndarray]:
    """By account, of the evidence for its best place: the kinds as bits, days, first and last; and the cautions of all."""
    accounts = len(best)
    why, cautions_of, days = (np.zeros(accounts, np.int64) for _ in range(3))
    first, last = np.full(accounts, np.iinfo(np.int64).max), np.zeros(accounts, np.int64)
    own = (rows.place == best[rows.account]) & (rows.kind >= 0)
    told = np.where(own, noted & ~ONE_DAY, np.where(weight > 0, noted & (TRAVEL | MOVED | FOREIGN), noted & EXITS))
    np.bitwise_or.at(cautions_of, rows.account, told)
    weighing = np.flatnonzero(own & (weight > 0))
    np.bitwise_or.at(why, rows.account[weighing], np.left_shift(1, rows.kind[weighing].astype(np.int64)))
    by_address = np.flatnonzero(own & (rows.kind <= 3))
    np.add.at(days, rows.account[by_address], rows.amount[by_address].astype(np.int64))
    dated = np.flatnonzero(own & (rows.first > 0))
    np.minimum.at(first, rows.account[dated], rows.first[dated])
    np.maximum.at(last, rows.account[dated], rows.last[dated])
    return {
        "n": np.arange(accounts, dtype=np.int32),
        "why": why,
        "days": days.astype(np.int32),
        "first": np.where(last > 0, first, 0),
        "last": last,
        "cautions": cautions_of.astype(np.int32),
    }


def answers_sql() -> str:
    """One row an account, by name."""
    named = [
        f"CASE WHEN a.{which} >= 0 AND a.{confidence} > 0 "
        f"THEN {{'country': {_code(f'a.{which}')}, 'confidence': a.{confidence}}} END"
        for which, confidence in (
            ("best", "confidence"),
            ("second", "second_confidence"),
            ("third", "third_confidence"),
        )
    ]
    return f"""
        SELECT n.account AS account_id, {_code("a.said")} AS country, a.confidence, {_code("a.second")} AS runner_up,
               CASE WHEN a.second >= 0 THEN a.second_confidence END AS runner_up_confidence, {_code("a.best")} AS best_guess,
               a.confidence >= {SURE} AS sure, a.families AS kinds_agreeing, {_present(named)} AS candidates, w.words AS why,
               {_time("a.first")} AS first_seen, {_time("a.last")} AS last_seen, a.days, c.words AS cautions
        FROM answers a JOIN numbered n ON n.n = a.n JOIN kind_words w ON w.bits = a.why JOIN caution_words c ON c.bits = a.cautions
        ORDER BY a.n
    """


def _present(cells: list[str]) -> str:
    return f"list_filter([{', '.join(cells)}], lambda each: each IS NOT NULL)"


def evidence_sql(calibration: Calibration, names: tuple[str, ...]) -> str:
    """One row a piece of evidence, by account, place and kind."""
    listed = ", ".join(literal(name) for name in names) or "''"
    return f"""
        SELECT n.account AS account_id, {_code("e.place")} AS country, {_kind("e.kind", calibration)} AS kind,
               e.weight AS weight_bits,
               CASE WHEN e.kind BETWEEN -1 AND 3 THEN e.amount END AS days,
               CASE WHEN e.kind > 3 THEN e.amount END AS "values", e.events, e.ported AS events_with_port,
               {_time("e.first")} AS first_seen, {_time("e.last")} AS last_seen,
               [{listed}][e.file + 1] || ':' || e.row AS example, c.words AS cautions
        FROM evidence_rows e JOIN numbered n ON n.n = e.n JOIN caution_words c ON c.bits = e.cautions ORDER BY e.i
    """


def _code(place: str) -> str:
    listed = ", ".join(literal(code) for code in codes())
    return f"[{listed}][nullif({place}, -1) + 1]"


def _kind(kind: str, calibration: Calibration) -> str:
    listed = ", ".join(literal(each) for each in ("exit", *calibration.kinds))
    return f"[{listed}][{kind} + 2]"


def _time(second: str) -> str:
    return f"make_timestamp(nullif({second}, 0) * 1000000)"


def coverage(found: Found, calibration: Calibration, answers: dict[str, np.ndarray]) -> dict[str, Any]:
    """By kind: accounts with it, its weight in use; and what was said."""
    rows, weights = found.rows, found.weighed.weights
    kinds: dict[str, dict[str, float]] = {}
    for number, name in enumerate(("exit", *calibration.kinds)):
        there = rows.kind == number - 1
        if not there.any():
            continue
        kinds[name] = {"accounts": len(np.unique(rows.account[there])), "rows": int(there.sum())}
        if number:
            kinds[name] |= {
                "right_by_calibration": round(float(calibration.right[number - 1]), 4),
                "right_by_this_platform": round(float(weights.right[number - 1]), 4),
            }
    said, confidence = answers["said"], answers["confidence"]
    return {
        "accounts": found.accounts,
        "attributed": int((said >= 0).sum()),
        "sure": int((confidence >= SURE).sum()),
        "not_attributed": int((said < 0).sum()),
        "without_evidence": int((answers["best"] < 0).sum()),
        "by_kind": kinds,
        "hours_of_accounts": found.hours_of,
        "hours_trusted": found.hours_trust,
    }
