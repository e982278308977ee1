"""Which pairs of accounts are looked at at all.

Tables made in the store: pairs (a, b; numbers, a < b).
"""

from __future__ import annotations

from amparo.cases.linkage.sharing import KINDS, SPELLINGS
from amparo.cases.tables.store import Progress, Store, silent

MOST_BLOCK = 6  # accounts in one block: an account meets at most five others by one reason


def find_pairs(store: Store, *, progress: Progress = silent) -> int:
    """Makes `pairs`: accounts that share a guarded identifier, or a rare spelling, or a liked one and something beside it."""
    exact = ", ".join(f"'{kind}'" for kind in KINDS if kind not in SPELLINGS)
    spelled = ", ".join(f"'{kind}'" for kind in SPELLINGS)
    beside = ("p.land", "p.first_name", "p.last_name")
    blocks = [
        f"SELECT hash(kind, key) AS block, n FROM holding WHERE kind IN ({exact}) OR holders <= {MOST_BLOCK}",
        *(
            f"SELECT hash(h.kind, h.key, '{each}', {each}), h.n FROM holding h JOIN profiles p USING (n) "
            f"WHERE h.kind IN ({spelled}) AND h.holders > {MOST_BLOCK} AND {each} IS NOT NULL"
            for each in beside
        ),
        f"SELECT hash('name', first_name, last_name), n FROM profiles WHERE {FULL_NAME}",
    ]
    store.run(
        f"""
        CREATE OR REPLACE TABLE blocks AS
        WITH every AS MATERIALIZED (SELECT DISTINCT * FROM ({" UNION ALL ".join(blocks)}))
        SELECT block, n FROM every WHERE block IN (
            SELECT block FROM every GROUP BY block HAVING count(*) BETWEEN 2 AND {MOST_BLOCK}
        )
        """
    )
    store.run(
        "CREATE OR REPLACE TABLE pairs AS SELECT DISTINCT x.n AS a, y.n AS b FROM blocks x JOIN blocks y "
        "ON x.block = y.block AND x.n < y.n ORDER BY a, b"
    )
    store.run("DROP TABLE blocks")
    count = int(store.one("SELECT count(*) FROM pairs"))
    progress("candidate pairs", count)
    return count


FULL_NAME = "length(first_name) > 1 AND length(last_name) > 1"
