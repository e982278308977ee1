"""What `countries` writes: a row an account with its candidates, and beside it a row a piece of evidence, each with an example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amparo.cases.linkage.calibration import SURE, Calibration
from amparo.cases.linkage.countries_chances import bits_of, noted
from amparo.cases.linkage.countries_events import SOURCE
from amparo.cases.linkage.countries_finding import Found, Rows
from amparo.cases.linkage.countries_named import codes
from amparo.cases.tables.runs import beside
from amparo.cases.tables.store import PACKED, Store, literal

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
LAST_NETWORK = 3  # kinds up to this one are of addresses or the log


@dataclass(frozen=True)
class Notes:
    """cautions: of each row of evidence, as bits of WORDS. The others by account: of all its rows (noted), and of those for its
    best place (why: the kinds that weigh, as bits; days; first, last: seconds, 0 unknown)."""

    cautions: np.ndarray
    why: np.ndarray
    days: np.ndarray
    first: np.ndarray
    last: np.ndarray
    noted: np.ndarray


def write(store: Store, found: Found, calibration: Calibration, files: tuple[str, ...], out: Path) -> dict[str, Any]:
    """Writes a row an account to `out`, and a row a piece of evidence beside it; returns the numbers of rows and the coverage.

    The columns are handed over in the order in which they are written, so that nothing is joined or sorted there.
    """
    rows, answers = found.rows, answered(found, calibration)
    notes = noted_of(rows, found.weight, answers["best"])
    given = store.arrays("SELECT account, n FROM numbered")
    names = np.empty(found.accounts, object)
    names[given["n"]] = given["account"]
    why, sets = _sets(list(calibration.kinds), notes.why)
    columns = {
        "account": names,
        "why": why,
        "days": notes.days.astype(np.int32),
        "cautions": notes.noted.astype(np.int8),
    }
    columns |= {"first": notes.first, "last": notes.last}
    written = {"accounts": _copied(store, "answers", answers | columns, answers_sql(sets), out)}
    in_bits = found.weight / np.log(2)
    columns = {
        "account": names[rows.account],
        "place": rows.place,
        "kind": rows.kind,
        "weight": in_bits.round(3, out=in_bits),
        "amount": rows.amount,
        "events": rows.events,
        "ported": rows.ported,
        "first": rows.first,
        "last": rows.last,
        "source": rows.source,
        "cautions": notes.cautions.astype(np.int8),
    }
    query = evidence_sql(calibration, files)
    written["evidence"] = _copied(store, "evidence_rows", columns, query, beside(out, "evidence.parquet"))
    return {"written": written, "coverage": coverage(found, calibration, answers)}


def _copied(store: Store, name: str, columns: dict[str, np.ndarray], query: str, out: Path) -> int:
    """How many rows were written of a query over these columns, under this name."""
    store.con.register(name, columns)
    try:
        return store.parquet(query, out, compression=PACKED)
    finally:
        store.con.unregister(name)


def _sets(words: list[str], bits: np.ndarray) -> tuple[np.ndarray, str]:
    """Of each set of words (as bits) its number, and the SQL of the list of those that occur."""
    there = np.flatnonzero(np.bincount(bits, minlength=1))
    number = np.zeros(int(there[-1]) + 1, np.int16)
    number[there] = np.arange(len(there))
    return number[bits], _lists(words, there.tolist())


def _lists(words: list[str], bits: Iterable[int]) -> str:
    sets = (", ".join(literal(word) for at, word in enumerate(words) if each >> at & 1) for each in bits)
    return "[" + ", ".join(f"[{each}]::VARCHAR[]" for each in sets) + "]"


def answered(found: Found, calibration: Calibration) -> dict[str, np.ndarray]:
    """By account: the three best places, their confidences (sum at most 1), how many families name the best, and what is said."""
    best, chance = found.weighed.best, found.weighed.chance
    rows = found.rows
    backing = (rows.kind >= 0) & (rows.place == best[rows.account, 0]) & (found.weight > 0)
    bits = bits_of(rows.account, np.left_shift(1, calibration.families)[rows.kind], backing, found.accounts)
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


def noted_of(rows: Rows, weight: np.ndarray, best: np.ndarray) -> Notes:
    """What to think of at each row, and what is told of each account. best: its best place, -1 none."""
    bits = (EXITS, ONE_DAY, TRAVEL, MOVED, FOREIGN, WEIGHTLESS)
    return Notes(
        *noted(
            rows.account, rows.place, rows.kind, rows.amount, rows.first, rows.last, weight, best, LAST_NETWORK, bits
        )
    )


def answers_sql(sets: str) -> str:
    """One row an account, by name. sets: SQL of the lists of kinds that `why` numbers."""
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
        SELECT a.account::VARCHAR AS account_id, {_code("a.said")} AS country, a.confidence, {_code("a.second")} AS runner_up,
               CASE WHEN a.second >= 0 THEN a.second_confidence END AS runner_up_confidence, {_code("a.best")} AS best_guess,
               a.confidence >= {SURE} AS sure, a.families AS kinds_agreeing, {_present(named)} AS candidates,
               {sets}[a.why + 1] AS why,
               {_time("a.first")} AS first_seen, {_time("a.last")} AS last_seen, a.days, {_cautions("a.cautions")} AS cautions
        FROM answers a
    """


def _present(cells: list[str]) -> str:
    return f"list_filter([{', '.join(cells)}], lambda each: each IS NOT NULL)"


def evidence_sql(calibration: Calibration, names: tuple[str, ...]) -> str:
    """One row a piece of evidence, by account, place and kind."""
    listed = ", ".join(literal(name) for name in names) or "''"
    return f"""
        SELECT e.account::VARCHAR AS account_id, {_code("e.place")} AS country, {_kind("e.kind", calibration)} AS kind,
               e.weight AS weight_bits,
               CASE WHEN e.kind BETWEEN -1 AND 3 THEN e.amount::INTEGER END AS days,
               CASE WHEN e.kind > 3 THEN e.amount::INTEGER END AS "values", e.events, e.ported AS events_with_port,
               {_time("e.first")} AS first_seen, {_time("e.last")} AS last_seen,
               [{listed}][(e.source >> {SOURCE}) + 1] || ':' || (e.source & {(1 << SOURCE) - 1}) AS example,
               {_cautions("e.cautions")} AS cautions
        FROM evidence_rows e
    """


def _code(place: str) -> str:
    listed = ", ".join(literal(code) for code in codes())
    return f"[{listed}][nullif({place}, -1) + 1]"


def _cautions(bits: str) -> str:
    return f"{_lists([word.partition(':')[0] for word in WORDS.values()], range(1 << len(WORDS)))}[{bits} + 1]"


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
        account = rows.account[there]
        kinds[name] = {"accounts": 1 + int((account[1:] != account[:-1]).sum()), "rows": len(account)}
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
