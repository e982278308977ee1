"""The fit of the shipped weights of countries: `python -m benchmarks.countries --fit`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np

from amparo.cases.linkage import calibration as calibrating
from amparo.cases.linkage.calibration import CURVES, SURE, UNSURE, Calibration, load_calibration, log_odds, monotone
from amparo.cases.linkage.countries import COUNTRY_TABLES
from amparo.cases.linkage.countries_finding import find
from amparo.cases.linkage.countries_named import codes
from amparo.cases.linkage.countries_results import answered
from amparo.cases.tables.base import open_base
from amparo.cases.tables.base_mapping import load_base_mapping
from amparo.cases.tables.store import Store

GRID = np.arange(-6.0, 15.0)
SURE_RIGHT = 0.9992  # of what is said with 0.9 and more, over all variants together
LEAST = 300  # accounts around a point of the curve; below, the chance itself is taken


def _dice(name: str, column: str = "account") -> str:
    return f"((hash({column} || '{name}') % 100000) / 100000.0)"


def _some(column: str) -> str:
    return f"(SELECT code FROM place_list WHERE n = (hash({column} || 'any') % 60))"


VARIANTS: dict[str, tuple[str, ...]] = {
    "as it is": (),
    "no zones, phones, stated countries": ("UPDATE accounts SET zone = NULL, phone = NULL, country = NULL",),
    "no addresses": ("UPDATE events SET address = NULL", "UPDATE payments SET address = NULL"),
    "no addresses, no logged country": (
        "UPDATE events SET address = NULL, country = NULL",
        "UPDATE payments SET address = NULL",
    ),
    "many exits": (
        (
            "UPDATE events SET address = '198.19.250.' || (hash(account || 'x' || (hash(row) % 3)) % 40) "
            f"WHERE {_dice('m')} < 0.4 AND hash(row) % 10 < 8"
        ),
    ),
    "small exits": (
        (
            "UPDATE events SET address = '198.19.' || (100 + hash(account || 'y') % 40) || '.' || (hash(account || 'x') % 250) "
            f"WHERE {_dice('m')} < 0.3 AND hash(row) % 10 < 8"
        ),
    ),
    "lying stated countries": (
        f"UPDATE accounts SET country = {_some('account')} WHERE country IS NOT NULL AND {_dice('lie')} < 0.35",
    ),
    "defaults": (
        f"UPDATE accounts SET locale = 'en_US' WHERE {_dice('d')} < 0.5",
        f"UPDATE accounts SET zone = 'America/New_York' WHERE zone IS NOT NULL AND {_dice('z')} < 0.3",
        f"UPDATE accounts SET country = 'AF' WHERE {_dice('q')} < 0.3",
    ),
    "a thin address table": (
        "DELETE FROM networks WHERE hash(first) % 2 = 0",
        f"UPDATE networks SET country = {_some('last')} WHERE hash(first) % 20 = 1",
    ),
    "wrong cards": (
        (
            f"UPDATE payments SET issuer_country = {_some('token')}, issuer = NULL "
            "WHERE issuer_country IS NOT NULL AND hash(token || 'k') % 100 < 25"
        ),
    ),
    "few events": ("DELETE FROM events WHERE hash(row) % 5 > 0",),
}
HIDDEN = ("as it is", "defaults", "wrong cards")


def fit(place: Path, accounts: int, seeds: list[int]) -> None:
    """Writes calibration.toml: reliabilities of the platforms as they are, curves over all variants, put together."""
    from benchmarks.countries import platform

    now = load_calibration()
    right: dict[str, list[float]] = {kind: [] for kind in now.kinds}
    score, correct, count = [], [], []
    for seed in seeds:
        for hidden in (False, True):
            folder = platform(place, accounts, seed, hidden=hidden)
            for name, statements in VARIANTS.items():
                if hidden and name not in HIDDEN:
                    continue
                chance, hit, families, kinds = _answers(folder, statements, now)
                if name == "as it is" and not hidden:
                    for kind, share in kinds.items():
                        right[kind].append(share)
                score.append(log_odds(chance))
                correct.append(hit)
                count.append(families)
                print(
                    json.dumps({"seed": seed, "hidden": hidden, "variant": name, "right": float(hit.mean())}),
                    flush=True,
                )
    curves = _curves(np.concatenate(score), np.concatenate(correct), np.concatenate(count))
    calibrating.FILE.write_text(_toml(now, right, curves, accounts, seeds), encoding="utf-8")


def _answers(
    folder: Path, statements: tuple[str, ...], now: Calibration
) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, float]]:
    with open_base(folder / "platform", load_base_mapping(folder / "mapping.toml"), tables=COUNTRY_TABLES) as base:
        _spoilt(base.store, statements)
        found = find(base, now)
        names = [row[0] for row in base.store.rows("SELECT account FROM numbered ORDER BY n")]
    answers = answered(found, replace(now))
    truth = dict(duckdb.sql(f"FROM '{folder}/truth/countries.parquet'").fetchall())
    place = {code: number for number, code in enumerate(codes())}
    true = np.array([place[truth[name]] for name in names])
    rows = found.rows
    kinds = {
        kind: float((rows.place == true[rows.account])[rows.kind == number].mean())
        for number, kind in enumerate(now.kinds)
        if (rows.kind == number).any()
    }
    return found.weighed.chance[:, 0], answers["best"] == true, answers["families"], kinds


def _spoilt(store: Store, statements: tuple[str, ...]) -> None:
    for table in ("accounts", "events", "payments"):
        store.run(f"CREATE TABLE held AS FROM {table}")
        kind = store.one(f"SELECT table_type FROM information_schema.tables WHERE table_name = '{table}'")
        store.run(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {table}")
        store.run(f"ALTER TABLE held RENAME TO {table}")
    store.run(
        "CREATE TABLE place_list AS SELECT row_number() OVER (ORDER BY country) - 1 AS n, country AS code "
        "FROM (SELECT DISTINCT country FROM issuers)"
    )
    for statement in statements:
        store.run(statement.replace("hash(row)", 'hash("row")'))


def _curves(score: np.ndarray, right: np.ndarray, families: np.ndarray) -> list[np.ndarray]:
    """Confidence on GRID for one family, two, and more; each curve rises, and more families never say less."""
    curves: list[np.ndarray] = []
    for number in range(1, len(CURVES) + 1):
        there = families >= number if number == len(CURVES) else np.maximum(families, 1) == number
        curve = _curve(score[there], right[there])
        if number == 1:
            curve = np.minimum(curve, UNSURE)
        curve = np.maximum(curve, curves[-1]) if curves else curve
        curves.append(np.maximum.accumulate(curve))
    return curves


def _curve(score: np.ndarray, right: np.ndarray) -> np.ndarray:
    nearest = np.clip(np.round(score), GRID[0], GRID[-1])
    steps, shares, _ = monotone(nearest, right)
    many = np.array([(nearest == each).sum() for each in GRID])
    at = np.maximum(np.searchsorted(steps, GRID, side="right") - 1, 0)
    curve = np.where(many >= LEAST, shares[at], 1 / (1 + np.exp(-GRID)))
    curve = np.maximum.accumulate(curve)
    sure = [right[nearest >= each].mean() if (nearest >= each).any() else 1.0 for each in GRID]
    likely = log_odds(np.array([SURE]))[0]  # what is less likely than that by the sum of its evidence is never sure
    cut = next((at for at in range(len(GRID)) if GRID[at] >= likely and sure[at] >= SURE_RIGHT), len(GRID))
    curve[:cut] = np.minimum(curve[:cut], UNSURE)
    curve[cut:] = np.maximum(curve[cut:], SURE)
    return np.asarray(np.minimum(curve, calibrating.HIGHEST))


def _toml(
    now: Calibration, right: dict[str, list[float]], curves: list[np.ndarray], accounts: int, seeds: list[int]
) -> str:
    told = [
        "# Made by `python -m benchmarks.countries --fit`; what each part means: docs/formats/countries.md.",
        f'made = "{datetime.now(UTC).date()}"',
        (
            f'source = "invented platforms with planted truth (benchmarks/platform.py), {accounts} accounts each, '
            f'seeds {", ".join(map(str, seeds))}, {len(VARIANTS)} variants of each and {len(HIDDEN)} of a hidden service"'
        ),
        "",
    ]
    for name, curve in zip(CURVES, curves, strict=True):
        told += [f"[curves.{name}]", f"log_odds = {GRID.tolist()}", f"confidence = {np.round(curve, 4).tolist()}", ""]
    kept = _kept()
    for number, kind in enumerate(now.kinds):
        share = float(np.mean(right[kind])) if right[kind] else float(now.right[number])
        share = min(max(share, float(now.lowest[number])), float(now.highest[number]))
        told.append(f'[kinds."{kind}"]')
        for key, value in (kept[kind] | {"right": round(share, 3)}).items():
            told.append(f"{key} = {json.dumps(value)}")
        told.append("")
    return "\n".join(told)


def _kept() -> dict[str, dict[str, float | str]]:
    """What the fit doesn't change: families, bounds and what is set where nobody chose."""
    import tomllib

    kinds: dict[str, dict[str, float | str]] = tomllib.loads(calibrating.FILE.read_text(encoding="utf-8"))["kinds"]
    return kinds
