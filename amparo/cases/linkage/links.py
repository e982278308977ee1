"""Which accounts of a platform are likely one person's: identifiers with guards, weights learned from the data, judgements kept.

    with open_base(folder, load_base_mapping(mapping)) as base:
        write_links(base, Path("links.parquet"), judgements=Path("judgements.csv"))

Nobody is scored: a weight belongs to a link between two accounts, never to a person. Columns: docs/formats/links.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any

import numpy as np

from amparo.cases.linkage import telling
from amparo.cases.linkage.comparing import agree, gather, records
from amparo.cases.linkage.guarding import Decided, Guarded, Links, guarded
from amparo.cases.linkage.judgements import Judgement, Judgements, load_judgements
from amparo.cases.linkage.model import FIELDS, IMPERSONAL
from amparo.cases.linkage.pairing import find_pairs
from amparo.cases.linkage.scoring import BACKENDS, gamma, patterns_of, score
from amparo.cases.linkage.sharing import Shared, find_shared
from amparo.cases.linkage.totals import count_totals
from amparo.cases.linkage.weighing import Weights, household_bits, learn
from amparo.cases.tables.base import Base
from amparo.cases.tables.store import Progress, Store, silent
from amparo.foundation.errors import Broken, Refused

CHANCE = 0.9  # a link is used where at least so many of its like are right; on average more are
THRESHOLD_BITS = round(log2(CHANCE / (1 - CHANCE)), 3)
STRONG_BITS = THRESHOLD_BITS + 8  # from here on one link alone may join two groups of accounts


@dataclass(frozen=True)
class Found:
    """Links of a platform. They stand in the store's table `links` (a, b, bits, household_bits, state, why), persons in `persons`.

    unknown: judged accounts that the platform does not have.
    """

    base: Base
    shared: Shared
    weights: Weights
    judgements: Judgements
    guarded: Guarded
    candidates: int
    unknown: tuple[str, ...]
    all_pairs: float

    @property
    def store(self) -> Store:
        return self.base.store

    @property
    def threshold(self) -> float:
        """What a link needs, in bits."""
        return THRESHOLD_BITS


def find_links(
    base: Base,
    *,
    judgements: Judgements | None = None,
    backend: str = "duckdb",
    address: str = "",
    progress: Progress = silent,
) -> Found:
    """Compares, weighs and joins. backend: where splink scores pairs; address: of the Spark master, as "local[2]"."""
    if backend not in BACKENDS:
        raise Refused(f"The backend is {' or '.join(BACKENDS)}, not {backend!r}.")
    store, judgements = base.store, judgements or Judgements()
    shared = find_shared(store, mailboxes=base.mapping.mailboxes, progress=progress)
    candidates = find_pairs(store, progress=progress)
    gather(store, shared.log, progress=progress)
    weights, all_pairs = _weigh(store, shared.accounts, backend, address, progress)
    decided, unknown = _decided(store, judgements)
    joined = _join(store, shared.accounts, decided)
    progress("persons", int(np.count_nonzero(joined.person == np.arange(shared.accounts))))
    return Found(base, shared, weights, judgements, joined, candidates, unknown, all_pairs)


def write_links(
    base: Base,
    out: Path,
    *,
    judgements: Path | None = None,
    backend: str = "duckdb",
    address: str = "",
    asked: Sequence[tuple[str, str]] = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Writes the accounts with their persons to `out`, the tables beside it, and the run's JSON, which is returned.

    asked: pairs of accounts of which the run also says why they are linked, or why not (`why`, a list of lines for each).
    """
    found = find_links(
        base, judgements=load_judgements(judgements), backend=backend, address=address, progress=progress
    )
    return telling.write(found, out, STRONG_BITS, {"backend": backend}, asked, progress)


def _weigh(store: Store, accounts: int, backend: str, address: str, progress: Progress) -> tuple[Weights, float]:
    """Makes `scored`: a, b, the levels and bits of each field, match_weight (against chance), household_bits, bits (the sum)."""
    agree(store, "compared")
    patterns, counts = patterns_of(store, "compared")
    totals = count_totals(store, "compared", accounts)
    weights = learn(FIELDS, patterns, counts, totals, accounts)
    progress("learned from patterns", len(patterns))
    _score(store, weights, backend, address)
    columns = {gamma(field): patterns[:, at].astype(np.int32) for at, field in enumerate(FIELDS)}
    store.table("households", columns | {"household_bits": -np.round(household_bits(FIELDS, patterns, weights), 3)})
    store.run(
        f"CREATE OR REPLACE TABLE scored AS SELECT w.*, h.household_bits, round(w.match_weight + h.household_bits, 3) AS bits, "
        f"{IMPERSONAL} AS impersonal "
        f"FROM weighed w JOIN households h USING ({', '.join(columns)}) ORDER BY a, b"
    )
    for table in ("compared", "weighed", "households"):
        store.run(f"DROP TABLE {table}")
    progress("scored pairs", int(store.one("SELECT count(*) FROM scored")))
    return weights, totals.pairs


def _score(store: Store, weights: Weights, backend: str, address: str) -> None:
    """Makes `weighed` of `compared`. On DuckDB splink scores one pair of each pattern of agreement, which stands for its like;
    on Spark every pair."""
    if backend == "spark":
        records(store)
        score(store, "pairs", "weighed", weights=weights, backend=backend, address=address)
        return
    levels = ", ".join(gamma(field) for field in FIELDS)
    store.run(
        f"CREATE OR REPLACE TABLE examples AS SELECT min(a) AS a, arg_min(b, a) AS b FROM compared GROUP BY {levels}"
    )
    records(store, "examples")
    score(store, "examples", "patterns", weights=weights)
    columns = ", ".join(f"p.{gamma(field)}, p.mw_{field.name}" for field in FIELDS)
    store.run(
        f"CREATE OR REPLACE TABLE weighed AS SELECT c.a, c.b, {columns}, p.match_weight FROM compared c "
        f"JOIN patterns p USING ({levels})"
    )
    lost = int(store.one("SELECT (SELECT count(*) FROM compared) - (SELECT count(*) FROM weighed)"))
    if lost:
        raise Broken(f"Of {lost} pairs splink finds other levels than those by which they were learned from.")
    for table in ("examples", "patterns"):
        store.run(f"DROP TABLE {table}")


def _decided(store: Store, judgements: Judgements) -> tuple[Decided, tuple[str, ...]]:
    """The judgements by the accounts' numbers, and the accounts that the platform does not have. Makes `judged`."""
    names = sorted({name for pair in judgements.standing for name in pair})
    store.table("judged_names", {"account": np.array(names, object)} if names else {"account": np.array([], object)})
    number = dict(
        store.rows("SELECT account, n FROM known WHERE account IN (SELECT CAST(account AS VARCHAR) FROM judged_names)")
    )
    store.run("DROP TABLE judged_names")
    standing = [each for each in judgements.standing.values() if all(name in number for name in each.pair)]
    store.run("CREATE OR REPLACE TABLE judged (a INTEGER, b INTEGER, judgement VARCHAR, words VARCHAR)")

    def pair(each: Judgement) -> tuple[int, int]:
        return number[each.account_a], number[each.account_b]

    if standing:
        store.con.executemany(
            "INSERT INTO judged VALUES (?, ?, ?, ?)", [[*pair(each), each.judgement, each.words] for each in standing]
        )
    moments: dict[Any, list[tuple[int, int]]] = {}
    for each in sorted(standing, key=lambda each: (each.moment, each.pair)):
        if each.judgement == "same":
            moments.setdefault(each.moment, []).append(pair(each))
    decided = Decided(
        list(moments.values()),
        frozenset(pair(each) for each in standing if each.judgement == "different"),
        frozenset(pair(each) for each in standing if each.judgement == "unsure"),
    )
    return decided, tuple(name for name in names if name not in number)


def _join(store: Store, accounts: int, decided: Decided) -> Guarded:
    """Makes `links` (every pair from the threshold on, used or refused) and `persons` (n, person: the smallest number)."""
    given = store.arrays(
        f"SELECT a, b, bits FROM scored WHERE bits >= {THRESHOLD_BITS} AND NOT impersonal ORDER BY a, b"
    )
    links = Links(given["a"], given["b"], given["bits"], STRONG_BITS)
    found = guarded(accounts, links, decided)
    why = np.full(len(links.a), "", object)
    for number, reason in found.refused.items():
        why[number] = reason
    store.table("outcomes", {"a": links.a, "b": links.b, "why": why.astype(str) if len(why) else np.array([], "U1")})
    store.run(
        "CREATE OR REPLACE TABLE links AS SELECT s.*, CAST(o.why AS VARCHAR) AS why FROM scored s "
        "JOIN outcomes o USING (a, b) ORDER BY a, b"
    )
    store.run("DROP TABLE outcomes")
    store.table("persons", {"n": np.arange(accounts, dtype=np.int32), "person": found.person.astype(np.int32)})
    return found
