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
    store.table("answers", answers)
    rows = found.rows
    store.table(
        "evidence_rows",
        {
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
            "cautions": cautions(rows, found.weight, answers["best"]),
        },
    )
    return answers


def answered(found: Found, calibration: Calibration) -> dict[str, np.ndarray]:
    """By account: the three best places, their confidences (sum at most 1), how many families name the best, and what is said."""
    best, chance = found.weighed.best, found.weighed.chance
    rows = found.rows.taken(found.rows.kind >= 0)
    evidence = Evidence(found.accounts, rows.account, rows.place, rows.kind, rows.amount)
    backing = (rows.place == best[rows.account, 0]) & (found.weighed.row > 0)
    bits = families(evidence, calibration, backing)
    count = np.array([bin(each).count("1") for each in range(1 << len(set(calibration.families.tolist())))])[bits]
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


def answers_sql(calibration: Calibration) -> str:
    """One row an account, by name. The best row of evidence is told in words; the rest stands in the evidence table."""
    third = "CASE WHEN a.third >= 0 AND a.third_confidence > 0 THEN [{'country': " + _code("a.third") + ", 'confidence': "
    third += "a.third_confidence}] ELSE [] END"
    second = "CASE WHEN a.second >= 0 THEN [{'country': " + _code("a.second") + ", 'confidence': a.second_confidence}] ELSE [] END"
    first = "CASE WHEN a.best >= 0 THEN [{'country': " + _code("a.best") + ", 'confidence': a.confidence}] ELSE [] END"
    return f"""
        SELECT n.account AS account_id, {_code("a.said")} AS country, a.confidence, {_code("a.second")} AS runner_up,
               CASE WHEN a.second >= 0 THEN a.second_confidence END AS runner_up_confidence, {_code("a.best")} AS best_guess,
               a.confidence >= {SURE} AS sure, a.families AS kinds_agreeing,
               {first} || {second} || {third} AS candidates,
               coalesce(e.why, []) AS why, {_time("e.first")} AS first_seen, {_time("e.last")} AS last_seen,
               coalesce(e.days, 0) AS days, {_words("coalesce(e.cautions, 0) | coalesce(x.cautions, 0)")} AS cautions
        FROM (SELECT *, (row_number() OVER () - 1)::INTEGER AS n FROM answers) a JOIN numbered n ON n.n = a.n
        LEFT JOIN (
            SELECT e.n, list({_kind("e.kind", calibration)} ORDER BY e.weight DESC, e.kind) FILTER (e.weight > 0) AS why,
                   min(e.first) FILTER (e.first > 0) AS first, max(e.last) FILTER (e.last > 0) AS last,
                   sum(e.amount) FILTER (e.kind BETWEEN 0 AND 3)::INTEGER AS days, bit_or(e.cautions & {~ONE_DAY & 63}) AS cautions
            FROM evidence_rows e JOIN (SELECT best, (row_number() OVER () - 1)::INTEGER AS n FROM answers) b
            ON b.n = e.n AND b.best = e.place WHERE e.kind >= 0 GROUP BY e.n) e ON e.n = a.n
        LEFT JOIN (SELECT n, bit_or(CASE WHEN weight > 0 THEN cautions & {TRAVEL | MOVED | FOREIGN} ELSE cautions & {EXITS} END) AS cautions
                   FROM evidence_rows WHERE cautions <> 0 GROUP BY n) x ON x.n = a.n
        ORDER BY a.n
    """


def evidence_sql(calibration: Calibration, names: tuple[str, ...]) -> str:
    """One row a piece of evidence, by account, heaviest first."""
    listed = ", ".join(literal(name) for name in names) or "''"
    return f"""
        SELECT n.account AS account_id, {_code("e.place")} AS country, {_kind("e.kind", calibration)} AS kind, e.weight AS weight_bits,
               CASE WHEN e.kind BETWEEN -1 AND 3 THEN e.amount END AS days,
               CASE WHEN e.kind > 3 THEN e.amount END AS "values", e.events, e.ported AS events_with_port,
               {_time("e.first")} AS first_seen, {_time("e.last")} AS last_seen,
               [{listed}][e.file + 1] || ':' || e.row AS example, {_words("e.cautions")} AS cautions
        FROM evidence_rows e JOIN numbered n ON n.n = e.n ORDER BY e.n, e.weight DESC, e.place, e.kind
    """


def _code(place: str) -> str:
    listed = ", ".join(literal(code) for code in codes())
    return f"[{listed}][nullif({place}, -1) + 1]"


def _kind(kind: str, calibration: Calibration) -> str:
    listed = ", ".join(literal(each) for each in ("exit", *calibration.kinds))
    return f"[{listed}][{kind} + 2]"


def _time(second: str) -> str:
    return f"make_timestamp(nullif({second}, 0) * 1000000)"


def _words(bits: str) -> str:
    cases = ", ".join(f"CASE WHEN ({bits}) & {bit} <> 0 THEN {literal(word.partition(':')[0])} END" for bit, word in WORDS.items())
    return f"list_filter([{cases}], lambda word: word IS NOT NULL)"


def coverage(found: Found, calibration: Calibration, answers: dict[str, np.ndarray]) -> dict[str, Any]:
    """By kind: accounts with it, its weight in use; and what was said."""
    rows, weights = found.rows, found.weighed.weights
    kinds = {}
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
