"""Which pairs of accounts are looked at at all, and what is compared about them.

Tables made in the store: pairs (a, b; numbers, a < b), records (n and its columns: what splink compares).
"""

from __future__ import annotations

from amparo.cases.linkage.sharing import KINDS, SPELLINGS
from amparo.cases.tables.store import Progress, Store, silent

MOST_BLOCK = 6  # accounts in one block: an account meets at most five others by one reason
BUSY_DAY = 6  # accounts at one address on one day; more is an exit, an office, a carrier
RARE_ADDRESS = 12  # accounts ever seen at one address


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
        SELECT block, n FROM (SELECT DISTINCT * FROM ({" UNION ALL ".join(blocks)}))
        QUALIFY count(*) OVER (PARTITION BY block) BETWEEN 2 AND {MOST_BLOCK}
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


def compare(store: Store, *, pairs: str = "pairs", progress: Progress = silent) -> None:
    """Makes `records` (and at_home: n, address, day, holders) of the accounts in the table `pairs`: for every account its shared
    values by kind and rarity, what it states, and its days."""
    store.run(f"CREATE OR REPLACE TABLE chosen AS SELECT a AS n FROM {pairs} UNION SELECT b FROM {pairs}")
    _days(store)
    _places(store, pairs)
    progress("days and addresses", int(store.one("SELECT count(*) FROM at_home")))
    store.run(
        f"""
        CREATE OR REPLACE TABLE lists AS
        SELECT n, kind || CASE WHEN holders = 2 THEN '_two' WHEN holders <= {MOST_BLOCK} THEN '_few' ELSE '_many' END AS held,
               list_sort(list({_number("key")})) AS numbers FROM holding WHERE n IN (SELECT n FROM chosen) GROUP BY ALL
        UNION ALL
        SELECT n, CASE WHEN day IS NULL THEN 'addresses' ELSE 'home_days' END, list_sort(list({_number("address, day")}))
        FROM at_home GROUP BY ALL
        UNION ALL
        SELECT k.n, 'issuers', list_sort(list(DISTINCT {_number("p.issuer")}))
        FROM payments p JOIN known k USING (account) JOIN chosen USING (n) WHERE p.issuer IS NOT NULL GROUP BY k.n
        """
    )
    names = [*(f"{kind}_{many}" for kind in KINDS for many in rarities(kind)), "home_days", "addresses", "issuers"]
    columns = ", ".join(f"coalesce(l_{name}.numbers, []) AS {name}" for name in names)
    joins = " ".join(
        f"LEFT JOIN (SELECT n, numbers FROM lists WHERE held = '{name}') l_{name} ON l_{name}.n = c.n" for name in names
    )
    store.run(
        f"""
        CREATE OR REPLACE TABLE records AS
        SELECT c.n, {columns}, p.country, p.locale, p.zone, p.first_name, p.last_name, d.since, d.until
        FROM chosen c LEFT JOIN profiles p ON p.n = c.n LEFT JOIN days d ON d.n = c.n {joins} ORDER BY c.n
        """
    )
    for table in ("chosen", "days", "lists"):
        store.run(f"DROP TABLE {table}")
    progress("records", int(store.one("SELECT count(*) FROM records")))


def rarities(kind: str) -> tuple[str, ...]:
    """The classes into which a kind's values fall by how many accounts hold them."""
    return ("two", "few", "many") if kind in SPELLINGS else ("two", "few")


def _number(columns: str) -> str:
    """A value as a signed number of 64 bits, which every backend knows."""
    return f"CAST(hash({columns}) >> 1 AS BIGINT)"


def _days(store: Store) -> None:
    """The first and last day on which an account that shares a number did anything: what may have been handed on in between."""
    moment = "epoch(coalesce({0}_utc, {0}_wall)) // 86400"
    rows = " UNION ALL ".join(
        f"SELECT account, {moment.format(column)} AS day FROM {table} WHERE account IN (SELECT account FROM looked_at)"
        for table, column in (
            ("accounts", "created"),
            ("identifiers", "first"),
            ("identifiers", "last"),
            ("events", "at"),
            ("payments", "at"),
        )
    )
    store.run(
        "CREATE OR REPLACE TABLE looked_at AS SELECT account FROM known WHERE n IN (SELECT n FROM holding WHERE kind = 'phone')"
    )
    store.run(
        f"CREATE OR REPLACE TABLE days AS SELECT n, CAST(min(day) AS INTEGER) AS since, CAST(max(day) AS INTEGER) AS until "
        f"FROM ({rows}) JOIN known USING (account) GROUP BY n"
    )
    store.run("DROP TABLE looked_at")


# An IPv6 address changes below its /64, so that is what is compared; an IPv4 address is taken whole.
_GROUPS = "string_split(split_part(lower(address), '::', 1), ':')"
_AFTER = "string_split(split_part(lower(address), '::', 2), ':')"
PLACE = f"""
    CASE WHEN strpos(address, ':') = 0 THEN address
         WHEN NOT regexp_matches(address, '::|(^|:)0|[A-F]') THEN regexp_extract(address, '^[^:]+:[^:]+:[^:]+:[^:]+') || '::/64'
         ELSE array_to_string(list_transform(
             CASE WHEN strpos(address, '::') = 0 THEN {_GROUPS}[1:4]
                  ELSE ({_GROUPS} || list_transform(range(8 - len({_GROUPS}) - len({_AFTER})), lambda x: '0') || {_AFTER})[1:4] END,
             lambda part: coalesce(nullif(ltrim(part, '0'), ''), '0')), ':') || '::/64' END
"""


def _places(store: Store, pairs: str) -> None:
    """Makes `at_home` (n, address, day or NULL, holders): addresses that a pair shares on one day, or ever, where few others are.

    holders: accounts of the whole platform that were there on that day, or ever.

    Addresses of exits, offices and carriers, which tens or thousands share, are left out by counting who else was there.
    """
    used = "coalesce(at_utc, at_wall) AS moment FROM {0} WHERE address IS NOT NULL"
    rows = " UNION ALL ".join(f"SELECT account, address, {used.format(table)}" for table in ("events", "payments"))
    day = "CAST(epoch(moment) // 86400 AS INTEGER)"
    store.run("CREATE OR REPLACE TABLE choosing AS SELECT account, n FROM known JOIN chosen USING (n)")
    store.run(
        f"""
        CREATE OR REPLACE TABLE seen AS
        SELECT DISTINCT n, {PLACE} AS address, day FROM (
            SELECT DISTINCT c.n, address, {day} AS day FROM ({rows}) JOIN choosing c USING (account) WHERE moment IS NOT NULL
        )
        """
    )
    store.run("CREATE OR REPLACE TABLE seen_ever AS SELECT DISTINCT n, address FROM seen")
    store.run(
        f"""
        CREATE OR REPLACE TABLE met AS
        SELECT DISTINCT x.address, x.day FROM {pairs} p JOIN seen x ON x.n = p.a
        JOIN seen y ON y.n = p.b AND y.address = x.address AND y.day = x.day
        UNION ALL
        SELECT DISTINCT x.address, CAST(NULL AS INTEGER) FROM {pairs} p JOIN seen_ever x ON x.n = p.a
        JOIN seen_ever y ON y.n = p.b AND y.address = x.address
        """
    )
    store.run("CREATE OR REPLACE TABLE met_at AS SELECT DISTINCT address FROM met")
    store.run(
        f"""
        CREATE OR REPLACE TABLE crowd AS
        SELECT DISTINCT address, {day} AS day, hash(account) AS who FROM (
            SELECT account, {PLACE} AS address, moment FROM ({rows}) WHERE moment IS NOT NULL
        ) WHERE address IN (SELECT address FROM met_at)
        """
    )
    store.run(
        f"""
        CREATE OR REPLACE TABLE quiet AS
        SELECT address, day, count(*) AS holders FROM crowd JOIN (SELECT * FROM met WHERE day IS NOT NULL) USING (address, day)
        GROUP BY address, day HAVING count(*) <= {BUSY_DAY}
        UNION ALL
        SELECT address, NULL, count(DISTINCT who) FROM crowd GROUP BY address HAVING count(DISTINCT who) <= {RARE_ADDRESS}
        """
    )
    store.run(
        """
        CREATE OR REPLACE TABLE at_home AS
        SELECT DISTINCT s.n, s.address, q.day, q.holders FROM seen s JOIN quiet q
        ON q.address = s.address AND (q.day = s.day OR q.day IS NULL)
        """
    )
    for table in ("choosing", "seen", "seen_ever", "met", "met_at", "crowd", "quiet"):
        store.run(f"DROP TABLE {table}")
