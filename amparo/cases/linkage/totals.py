"""How often agreements come by chance: counts over all pairs of a platform's accounts, without forming them."""

from __future__ import annotations

from amparo.cases.linkage.model import FIELDS, level_sql
from amparo.cases.linkage.pairing import MOST_BLOCK
from amparo.cases.linkage.scoring import gamma
from amparo.cases.linkage.weighing import Totals
from amparo.cases.tables.store import Store

SAMPLED = 400_000  # random pairs, for what only a sample can tell
STRIDES = (
    1,
    7,
    61,
    509,
    4_093,
    32_771,
    262_147,
    1_048_583,
)  # far apart: no order of the accounts brings such pairs together
ALL_FOUND = ("email", "phone", "device", "external")  # fields of which every pair that agrees is a candidate


def count_totals(store: Store, compared: str, accounts: int) -> Totals:
    """Totals over all pairs: exact for identifiers, name stems and names, from a fixed sample for places.

    compared: the table of candidate pairs with their levels. Where no total can be known (addresses, cards of one issuer) there
    is none: what is learned there is how often candidates agree so that are strangers otherwise.
    """
    pairs = accounts * (accounts - 1) / 2
    level: dict[tuple[str, str], float] = {}
    for field in FIELDS:
        found = dict(store.rows(f"SELECT {gamma(field)}, count(*) FROM {compared} GROUP BY 1"))
        for number, each in enumerate(reversed(field.levels), 1):
            if field.name in ALL_FOUND or each.name in ("token_two", "token_few", "handle_two", "handle_few", "head"):
                level[field.name, each.name] = float(found.get(number, 0))
    level["handle", "handle_many"] = float(
        store.one(
            "SELECT coalesce(sum(holders * (holders - 1) / 2), 0) FROM (SELECT DISTINCT kind, key, holders FROM holding "
            f"WHERE kind IN ('handle', 'head') AND holders > {MOST_BLOCK})"
        )
    )
    return Totals(pairs, {"name": _names(store, level), "place": _places(store, pairs, accounts, level)}, level)


def _names(store: Store, level: dict[tuple[str, str], float]) -> float:
    """Fills in the levels of names; returns how many pairs state one."""
    counted = "coalesce(sum(c * (c - 1.0) / 2), 0)"
    stated = float(store.one("SELECT count(first_name) * (count(first_name) - 1.0) / 2 FROM profiles"))

    def same(columns: str, which: str) -> float:
        return float(
            store.one(
                f"SELECT {counted} FROM (SELECT count(*) AS c FROM profiles WHERE first_name IS NOT NULL AND {which} GROUP BY {columns})"
            )
        )

    both = "length(last_name) > 1"
    full = same("first_name, last_name", both)
    initial = same("first_name, last_name[1]", "last_name IS NOT NULL") - same("first_name, last_name[1]", both)
    level["name", "name_full"] = full
    level["name", "name_initial"] = initial
    level["name", "name_first"] = same("first_name", "true") - same("first_name", "last_name IS NOT NULL")
    return stated


def _places(store: Store, pairs: float, accounts: int, level: dict[tuple[str, str], float]) -> float:
    """Fills in the levels of places from random pairs; returns how many pairs state one."""
    field = next(each for each in FIELDS if each.name == "place")
    if accounts < 2:
        return 0.0
    strides = sorted({stride % accounts for stride in STRIDES} - {0})
    columns = ("country", "locale", "zone")
    sides = ", ".join(f"{side}.{column} AS {column}_{side}" for side in "lr" for column in columns)
    step = max(1, accounts * len(strides) // SAMPLED)
    case = " ".join(
        f"WHEN {level_sql(each, 'duckdb')} THEN {number}"
        for number, each in reversed(list(enumerate(reversed(field.levels), 1)))
    )
    found = dict(
        store.rows(
            f"""
            SELECT CASE WHEN {field.missing} THEN -1 {case} ELSE 0 END AS agrees, count(*) FROM (
                SELECT {sides} FROM profiles l, (SELECT unnest({strides}) AS stride) s, profiles r
                WHERE r.n = (l.n + s.stride) % {accounts} AND l.n % {step} = 0
            ) GROUP BY 1
            """
        )
    )
    sampled = sum(found.values())
    if not sampled:
        return 0.0
    for number, each in enumerate(reversed(field.levels), 1):
        level["place", each.name] = pairs * found.get(number, 0) / sampled
    return pairs * (sampled - found.get(-1, 0)) / sampled
