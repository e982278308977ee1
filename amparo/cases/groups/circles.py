"""Circles of a platform's memberships and overlaps of its groups, written with the rows behind them: docs/formats/circles.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from amparo.cases.groups import finding, standing
from amparo.cases.groups.finding import Circles, find_circles, find_overlaps
from amparo.cases.groups.telling import told
from amparo.cases.groups.ties import LARGEST_TYING, Memberships, memberships
from amparo.cases.tables.runs import beside, write_run
from amparo.cases.tables.store import Store

VERSION = 2  # of the written columns
MOST_GROUPS = 100  # named in one row; `shared` and the table of groups hold them all

Progress = Callable[[str, int], None]


class Base(Protocol):
    """A platform's tables, as far as groups go: memberships(account, group, ..., file, row), posts, and the files' names."""

    @property
    def store(self) -> Store: ...
    @property
    def platform(self) -> str: ...
    def names(self) -> tuple[str, ...]: ...
    def facts(self) -> dict[str, Any]: ...


def silent(what: str, rows: int) -> None:
    """Tells nobody."""


def write_circles(base: Base, out: Path, *, progress: Progress = silent) -> dict[str, Any]:
    """Writes who stands in which circle into `out` and ties, groups and overlaps beside it; returns what the run's JSON holds."""
    store = base.store
    table, counts = _read(store)
    progress("memberships", counts["memberships"])
    found = find_circles(table)
    progress("people in circles", int((found.circle >= 0).sum()))
    one, two, shared = find_overlaps(table)
    progress("overlaps of groups", len(one))
    _stage(base, table, found)
    store.table(
        "found_overlaps", {"one": one.astype(np.int64), "two": two.astype(np.int64), "shared": shared.astype(np.int64)}
    )
    counts |= {
        "circles": found.count,
        "rows": store.parquet(_PEOPLE, out),
        "ties": store.parquet(_TIES, beside(out, "ties.parquet")),
        "groups": store.parquet(_GROUPS, beside(out, "groups.parquet")),
        "overlaps": store.parquet(
            _OVERLAPS.format(accounts=max(1, counts["accounts"])), beside(out, "overlaps.parquet")
        ),
    }
    progress("written", counts["rows"])
    run = told(base, "circles", VERSION, _parameters(found), counts)
    run["queries"] = QUERIES
    run["rule"] = finding.RULE
    write_run(out, run)
    return run


def _parameters(found: Circles) -> dict[str, Any]:
    return {
        "largest_tying_group": LARGEST_TYING,
        "least_people": finding.LEAST_PEOPLE,
        "tie_chance": found.tie_chance,
        "group_chance": standing.GROUP_CHANCE,
        "times_likelier": standing.LIKELIER,
        "circle_chance": finding.CIRCLE_CHANCE,
        "crowding": round(found.crowding, 2),
        "least_overlap": finding.LEAST_OVERLAP,
    }


def _read(store: Store) -> tuple[Memberships, dict[str, int]]:
    """The table of pairs, each once, with accounts and groups numbered in the order of their names."""
    for name, column in (("circle_accounts", "account"), ("circle_groups", '"group"')):
        store.run(
            f"CREATE OR REPLACE TABLE {name} AS SELECT name, (row_number() OVER (ORDER BY name) - 1)::INTEGER AS number FROM "
            f'(SELECT DISTINCT {column} AS name FROM memberships WHERE account IS NOT NULL AND "group" IS NOT NULL)'
        )
    store.run(
        "CREATE OR REPLACE TABLE circle_pairs AS SELECT DISTINCT a.number AS member, g.number AS grp FROM memberships m "
        'JOIN circle_accounts a ON a.name = m.account JOIN circle_groups g ON g.name = m."group"'
    )
    pairs = store.arrays("SELECT member, grp FROM circle_pairs")
    accounts, groups = (int(store.one(f"SELECT count(*) FROM {name}")) for name in ("circle_accounts", "circle_groups"))
    rows, whole = store.rows(
        'SELECT count(*), count(*) FILTER (account IS NOT NULL AND "group" IS NOT NULL) FROM memberships'
    )[0]
    table = memberships(pairs["member"], pairs["grp"], accounts, groups)
    large = int((table.sizes > LARGEST_TYING).sum())
    counts = {
        "membership_rows": rows,
        "rows_without_account_or_group": rows - whole,
        "memberships": len(pairs["member"]),
        "accounts": accounts,
        "groups_read": groups,
        "groups_too_large_to_tie": large,
    }
    return table, counts


def _stage(base: Base, table: Memberships, found: Circles) -> None:
    """Tables of what was found, by numbers: people, their tying groups with the rows behind, ties, groups, files."""
    store, inside = base.store, np.flatnonzero(found.circle >= 0)
    decades = np.log(10.0)
    store.table(
        "found_people",
        {
            "circle": found.circle[inside] + 1,
            "member": inside,
            "chance": np.round(found.by_chance[inside] / decades, 1),
            "as_one": np.round(found.as_one[inside] / decades, 1),
        },
    )
    tying = found.tying
    store.table("found_groups", {"circle": tying[:, 0] + 1, "grp": tying[:, 1], "people": tying[:, 2]})
    ties = found.ties
    store.table(
        "found_ties",
        {
            "circle": found.circle[ties.one] + 1,
            "one": ties.one.astype(np.int64),
            "two": ties.two.astype(np.int64),
            "shared": ties.shared.astype(np.int64),
            "chance": np.round(ties.log_chance / decades, 1),
        },
    )
    sizes = table.sizes.astype(np.int64)
    store.table("found_sizes", {"grp": np.arange(len(sizes)), "members": sizes})
    store.run("CREATE OR REPLACE TABLE found_files (number INTEGER, name VARCHAR)")
    for number, name in enumerate(base.names()):
        store.run("INSERT INTO found_files VALUES (?, ?)", [number, name])
    store.run(
        "CREATE OR REPLACE TABLE found_rows AS SELECT p.member, g.number AS grp, f.name || ':' || m.row AS at, m.file, m.row "
        "FROM memberships m JOIN circle_accounts a ON a.name = m.account JOIN found_people p ON p.member = a.number "
        'JOIN circle_groups g ON g.name = m."group" JOIN found_files f ON f.number = m.file'
    )


_PEOPLE = f"""
    WITH tied AS (
        SELECT p.circle, p.member, g.grp, g.people FROM found_people p JOIN found_groups g ON g.circle = p.circle
        JOIN circle_pairs c ON c.member = p.member AND c.grp = g.grp
    ), named AS (
        SELECT t.circle, t.member, count(*) AS shared,
               list(n.name ORDER BY t.people DESC, n.number)[:{MOST_GROUPS}] AS groups
        FROM tied t JOIN circle_groups n ON n.number = t.grp GROUP BY t.circle, t.member
    ), behind AS (
        SELECT t.circle, t.member, list(r.at ORDER BY r.file, r.row)[:{MOST_GROUPS}] AS evidence
        FROM tied t JOIN found_rows r ON r.member = t.member AND r.grp = t.grp GROUP BY t.circle, t.member
    ), bound AS (
        SELECT member, count(*) AS ties FROM (SELECT one AS member FROM found_ties UNION ALL SELECT two FROM found_ties)
        GROUP BY member
    )
    SELECT p.circle, a.name AS account_id, count(*) OVER (PARTITION BY p.circle) AS people, coalesce(b.ties, 0) AS ties,
           coalesce(n.shared, 0) AS shared, coalesce(n.groups, []) AS groups, p.chance AS chance_log10, p.as_one AS as_one_log10,
           coalesce(e.evidence, []) AS evidence
    FROM found_people p JOIN circle_accounts a ON a.number = p.member LEFT JOIN named n ON n.member = p.member
    LEFT JOIN behind e ON e.member = p.member LEFT JOIN bound b ON b.member = p.member ORDER BY p.circle, a.number
"""

_TIES = f"""
    WITH both_in AS (
        SELECT t.one, t.two, list(n.name ORDER BY n.number)[:{MOST_GROUPS}] AS groups FROM found_ties t
        JOIN circle_pairs x ON x.member = t.one JOIN circle_pairs y ON y.member = t.two AND y.grp = x.grp
        JOIN found_sizes s ON s.grp = x.grp AND s.members <= {LARGEST_TYING}
        JOIN circle_groups n ON n.number = x.grp GROUP BY t.one, t.two
    )
    SELECT t.circle, a.name AS account_a, b.name AS account_b, t.shared, g.groups, t.chance AS chance_log10
    FROM found_ties t JOIN circle_accounts a ON a.number = t.one JOIN circle_accounts b ON b.number = t.two
    JOIN both_in g ON g.one = t.one AND g.two = t.two ORDER BY t.circle, t.one, t.two
"""

_GROUPS = """
    SELECT g.circle, n.name AS "group", g.people, s.members FROM found_groups g JOIN circle_groups n ON n.number = g.grp
    JOIN found_sizes s ON s.grp = g.grp ORDER BY g.circle, g.people DESC, g.grp
"""

_OVERLAPS = """
    SELECT a.name AS group_a, b.name AS group_b, o.shared, x.members AS members_a, y.members AS members_b,
           round(x.members::DOUBLE * y.members / {accounts}, 1) AS by_chance
    FROM found_overlaps o JOIN circle_groups a ON a.number = o.one JOIN circle_groups b ON b.number = o.two
    JOIN found_sizes x ON x.grp = o.one JOIN found_sizes y ON y.grp = o.two ORDER BY o.one, o.two
"""

QUERIES = {
    "overlaps": 'SELECT account, file, row FROM memberships WHERE "group" = GROUP_A AND account IN '
    '(SELECT account FROM memberships WHERE "group" = GROUP_B)',
    "groups": 'SELECT account, file, row FROM memberships WHERE "group" = GROUP',
}
