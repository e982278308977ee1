"""Who had each item first, anywhere in the exports held, with everything that speaks against it: docs/formats/circles.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amparo.cases.groups.circles import Base, Progress, silent
from amparo.cases.groups.telling import told
from amparo.cases.tables.runs import beside, write_run

VERSION = 1  # of the written columns
MOST = 20  # accounts or rows named in one cell; the counts hold them all
# A clock without its zone may show UTC+14 (its UTC is up to 14 hours earlier) down to UTC-12.
EARLIEST_H, LATEST_H = 14, 12


def write_first_posts(base: Base, out: Path, *, progress: Progress = silent) -> dict[str, Any]:
    """Writes one row an item into `out` and each group's window beside it; returns what the run's JSON holds."""
    store = base.store
    store.run("CREATE OR REPLACE TABLE post_files (number INTEGER, name VARCHAR)")
    for number, name in enumerate(base.names()):
        store.run("INSERT INTO post_files VALUES (?, ?)", [number, name])
    store.run(_DATED)
    progress("posts of items", int(store.one("SELECT count(*) FROM dated_posts")))
    store.run(_CLAIMS)
    items = store.parquet(_ITEMS, out)
    windows = store.parquet(_WINDOWS, beside(out, "windows.parquet"))
    progress("written", items)
    keys = (
        "post_rows",
        "posts_without_item",
        "posts_without_account",
        "posts_without_utc",
        "posts_undated",
        "forwarded",
    )
    counts = dict(zip(keys, store.rows(_COUNTS)[0], strict=True))
    words = ("items", "certain", "tied", "forwarded_first", "by_wall_clock", "undated_items")
    counts |= dict(zip(words, store.rows(_TOLD)[0], strict=True)) | {"rows": items, "windows": windows}
    first, last = store.rows("SELECT min(moment), max(moment) FROM dated_posts")[0]
    run = told(base, "first-posts", VERSION, {"zone_hours": [-EARLIEST_H, LATEST_H]}, counts)
    run["window"] = {"first": str(first) if first else None, "last": str(last) if last else None}
    run["rule"] = (
        "First means first in the exports held, inside the window named: nobody knows what came before it. A post that is "
        "marked as forwarded was somewhere else before."
    )
    write_run(out, run)
    return run


# Earliest and latest: between which UTC a post can lie, so that claims of clocks with and without a zone can be compared.
_DATED = f"""
    CREATE OR REPLACE TABLE dated_posts AS
    SELECT item, account, "group" AS grp, at_utc, at_wall, coalesce(at_utc, at_wall) AS moment,
           coalesce(forwarded, false) AS forwarded,
           CASE WHEN at_utc IS NOT NULL THEN at_utc WHEN at_wall IS NOT NULL THEN at_wall - INTERVAL {EARLIEST_H} HOUR
                ELSE TIMESTAMP '-infinity' END AS earliest,
           CASE WHEN at_utc IS NOT NULL THEN at_utc WHEN at_wall IS NOT NULL THEN at_wall + INTERVAL {LATEST_H} HOUR
                ELSE TIMESTAMP 'infinity' END AS latest,
           file, row
    FROM posts WHERE item IS NOT NULL AND account IS NOT NULL
"""

# One claim an item: the earliest post; of those at one instant the one that isn't a forward, then by file and row.
_CLAIMS = """
    CREATE OR REPLACE TABLE claims AS
    WITH firsts AS (
        SELECT item, count(*) AS posts, count(DISTINCT account) AS accounts, count(DISTINCT grp) AS groups,
               count(*) FILTER (moment IS NULL) AS undated,
               arg_min({'account': account, 'grp': grp, 'at_utc': at_utc, 'at_wall': at_wall, 'moment': moment, 'latest': latest,
                        'forwarded': forwarded, 'file': file, 'row': row},
                       (moment IS NULL, moment, forwarded, file, row)) AS first,
               arg_min({'account': account, 'moment': moment, 'file': file, 'row': row}, (moment IS NULL, moment, file, row))
                   FILTER (NOT forwarded) AS own
        FROM dated_posts GROUP BY item
    ), rivals AS (
        SELECT p.item,
               count(DISTINCT p.account)
                   FILTER (p.moment = f.first.moment AND (p.at_utc IS NULL) = (f.first.at_utc IS NULL)) AS tied,
               count(DISTINCT p.account) AS earlier, list(DISTINCT p.account ORDER BY p.account) AS names
        FROM dated_posts p JOIN firsts f ON f.item = p.item
        WHERE p.account <> f.first.account AND (p.earliest <= f.first.latest OR p.moment = f.first.moment)
        GROUP BY p.item
    )
    SELECT f.*, coalesce(r.tied, 0) AS tied, coalesce(r.earlier, 0) AS rivals, coalesce(r.names, []) AS names
    FROM firsts f LEFT JOIN rivals r ON r.item = f.item
"""

_ITEMS = f"""
    WITH tied_rows AS (
        SELECT p.item, list(f.name || ':' || p.row ORDER BY p.file, p.row)[:{MOST}] AS rows
        FROM dated_posts p JOIN claims c ON c.item = p.item AND p.moment = c.first.moment JOIN post_files f ON f.number = p.file
        WHERE c.rivals > 0 AND p.account <> c.first.account GROUP BY p.item
    )
    SELECT c.item, c.first.account AS account_id, c.first.grp AS "group", c.first.at_utc AS at_utc, c.first.at_wall AS at_wall,
           c.first.moment IS NOT NULL AND c.rivals = 0 AND NOT c.first.forwarded AS certain,
           CASE WHEN c.first.moment IS NULL THEN 'undated' WHEN c.first.at_utc IS NOT NULL THEN 'utc' ELSE 'wall' END AS clock,
           c.first.forwarded AS forwarded,
           CASE WHEN c.first.forwarded THEN c.own.account END AS first_not_forwarded,
           c.tied AS ties, c.rivals AS not_certain_against, c.names[:{MOST}] AS others, c.posts, c.accounts, c.groups, c.undated,
           list_concat([f.name || ':' || c.first.row], coalesce(t.rows, [])) AS evidence
    FROM claims c JOIN post_files f ON f.number = c.first.file LEFT JOIN tied_rows t ON t.item = c.item ORDER BY c.item
"""

_WINDOWS = """
    SELECT grp AS "group", count(*) AS posts, count(DISTINCT item) AS items, count(DISTINCT account) AS accounts,
           min(moment) AS first_at, max(moment) AS last_at, count(*) FILTER (at_utc IS NULL) AS without_utc
    FROM dated_posts GROUP BY grp ORDER BY grp NULLS LAST
"""

_COUNTS = """
    SELECT count(*), count(*) FILTER (item IS NULL), count(*) FILTER (account IS NULL AND item IS NOT NULL),
           count(*) FILTER (at_utc IS NULL AND at_wall IS NOT NULL), count(*) FILTER (at_utc IS NULL AND at_wall IS NULL),
           count(*) FILTER (forwarded) FROM posts
"""

_TOLD = """
    SELECT count(*), count(*) FILTER (first.moment IS NOT NULL AND rivals = 0 AND NOT first.forwarded),
           count(*) FILTER (tied > 0), count(*) FILTER (first.forwarded),
           count(*) FILTER (first.moment IS NOT NULL AND first.at_utc IS NULL), count(*) FILTER (first.moment IS NULL) FROM claims
"""
