"""How often agreements come by chance: counts over all pairs of a platform's accounts, without forming them."""

from __future__ import annotations

from amparo.cases.linkage.model import FIELDS
from amparo.cases.linkage.pairing import MOST_BLOCK
from amparo.cases.linkage.scoring import gamma
from amparo.cases.linkage.weighing import Totals
from amparo.cases.tables.store import Store

ALL_FOUND = ("email", "phone", "device", "external")  # fields of which every pair that agrees is a candidate


def count_totals(store: Store, compared: str, accounts: int) -> Totals:
    """Totals over all pairs of identifiers, name stems, names and places.

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
    return Totals(pairs, {"name": _names(store, level), "place": _places(store, level)}, level)


def _names(store: Store, level: dict[tuple[str, str], float]) -> float:
    """Fills in the levels of names; returns how many pairs state one."""
    counted = "coalesce(sum(c * (c - 1.0) / 2), 0)"
    stated = float(store.one("SELECT count(first_name) * (count(first_name) - 1.0) / 2 FROM profiles"))

    def same(columns: str, which: str) -> float:
        return float(
            store.one(
                f"SELECT {counted} FROM (SELECT count(*) AS c FROM profiles WHERE first_name IS NOT NULL AND {which} "
                f"GROUP BY {columns})"
            )
        )

    both = "length(last_name) > 1"
    full = same("first_name, last_name", both)
    initial = same("first_name, last_name[1]", "last_name IS NOT NULL") - same("first_name, last_name[1]", both)
    level["name", "name_full"] = full
    level["name", "name_initial"] = initial
    level["name", "name_first"] = same("first_name", "true") - same("first_name", "last_name IS NOT NULL")
    return stated


_COLUMNS = ("country", "locale", "zone")


def _places(store: Store, level: dict[tuple[str, str], float]) -> float:
    """Fills in the levels of places, counted over all pairs; returns how many pairs state one in common.

    Accounts are told apart by which columns they state; of two such kinds, pairs that agree in some columns at least are counted
    by their values, and those that agree in no others by inclusion and exclusion.
    """
    stated = " + ".join(f"CASE WHEN {each} IS NULL THEN 0 ELSE {1 << at} END" for at, each in enumerate(_COLUMNS))
    store.run(f"CREATE OR REPLACE TABLE placed AS SELECT {stated} AS mask, {', '.join(_COLUMNS)} FROM profiles")
    agreeing: dict[tuple[int, int, int], float] = {}
    for some in range(8):
        names = [each for at, each in enumerate(_COLUMNS) if some >> at & 1]
        group = (
            f"SELECT mask, {', '.join([*names, 'count(*) AS c'])} FROM placed WHERE mask & {some} = {some} GROUP BY ALL"
        )
        same = " AND ".join([*(f"x.{each} = y.{each}" for each in names), "x.mask <= y.mask"])
        for one, two, count in store.rows(
            f"SELECT x.mask, y.mask, sum(CASE WHEN x.mask = y.mask THEN x.c * (y.c - 1.0) / 2 ELSE x.c * 1.0 * y.c END) "
            f"FROM ({group}) x JOIN ({group}) y ON {same} GROUP BY ALL"
        ):
            agreeing[one, two, some] = float(count)
    store.run("DROP TABLE placed")
    return _by_level(agreeing, level)


def _by_level(agreeing: dict[tuple[int, int, int], float], level: dict[tuple[str, str], float]) -> float:
    found = dict.fromkeys(("place_two", "place_one", "place_mixed"), 0.0)
    total = 0.0
    for one, two, some in agreeing:
        common = one & two
        if some & ~common or not common:
            continue
        exactly = sum(
            (-1) ** (more ^ some).bit_count() * agreeing.get((one, two, more), 0.0)
            for more in range(8)
            if more & some == some and not more & ~common
        )
        total += exactly
        if some:
            name = "place_mixed" if some != common else "place_two" if some.bit_count() > 1 else "place_one"
            found[name] += exactly
    level.update({("place", name): max(count, 0.0) for name, count in found.items()})
    return total
