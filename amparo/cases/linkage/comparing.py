"""What is compared about a pair of accounts, and at which level its two agree in each field.

Tables made in the store by `gather`: at_home (n, address as a number, day or NULL, holders), paid_by (n, issuer), days (n, since,
until); by `agree` the levels of every pair; by `records` what splink compares, of some accounts (n and its columns).
"""

from __future__ import annotations

from amparo.cases.linkage.log import Log, day_of
from amparo.cases.linkage.log_kernels import NO_DAY
from amparo.cases.linkage.model import FIELDS, Field, level_sql
from amparo.cases.linkage.pairing import MOST_BLOCK
from amparo.cases.linkage.scoring import gamma
from amparo.cases.linkage.sharing import KINDS, SPELLINGS
from amparo.cases.tables.store import Progress, Store, silent

BUSY_DAY = 6  # accounts at one address on one day; more is an exit, an office, a carrier
RARE_ADDRESS = 12  # accounts ever seen at one address


def gather(store: Store, log: Log, *, pairs: str = "pairs", progress: Progress = silent) -> None:
    """Makes `at_home`, `paid_by` and `days` of the accounts in the table `pairs`."""
    _days(store, log)
    _places(store, log, pairs)
    store.run(
        "CREATE OR REPLACE TABLE paid_by AS SELECT DISTINCT k.n, p.issuer FROM payments p JOIN known k USING (account) "
        f"WHERE p.issuer IS NOT NULL AND k.n IN (SELECT a FROM {pairs} UNION SELECT b FROM {pairs})"
    )
    progress("days and addresses", int(store.one("SELECT count(*) FROM at_home")))


# The lists of an account: its values of each kind by how many hold them, its days at quiet addresses, rare addresses, issuers.
def rarities(kind: str) -> tuple[str, ...]:
    """The classes into which a kind's values fall by how many accounts hold them."""
    return ("two", "few", "many") if kind in SPELLINGS else ("two", "few")


LISTS = (*(f"{kind}_{many}" for kind in KINDS for many in rarities(kind)), "home_days", "addresses", "issuers")
_AT = "CASE WHEN {0}.day IS NULL THEN 'addresses' ELSE 'home_days' END"
_STATED = ("country", "locale", "zone", "first_name", "last_name")


def _held(rows: str) -> str:
    """SQL: which of an account's lists a row of `holding` belongs to."""
    few = f"CASE WHEN {rows}.holders = 2 THEN '_two' WHEN {rows}.holders <= {MOST_BLOCK} THEN '_few' ELSE '_many' END"
    return f"{rows}.kind || {few}"


def agree(store: Store, into: str, *, pairs: str = "pairs") -> None:
    """Makes the table `into`: a, b, and for each field gamma_x, the level at which the pair agrees, as splink would find it.

    Needs what `gather` makes.
    """
    both = f"FROM {pairs} p JOIN {{0}} x ON x.n = p.a JOIN {{0}} y ON y.n = p.b AND "
    shared = (
        f"SELECT p.a, p.b, {_held('x')} AS list {both.format('holding')} y.kind = x.kind AND y.key = x.key",
        f"SELECT p.a, p.b, {_AT.format('x')} {both.format('at_home')} y.address = x.address AND y.day IS NOT DISTINCT FROM x.day",
        f"SELECT p.a, p.b, 'issuers' {both.format('paid_by')} y.issuer = x.issuer",
    )
    counts = ", ".join(f"count(*) FILTER (list = '{each}') AS {each}" for each in LISTS)
    sides = ", ".join(
        f"{at}.{each} AS {each}_{side}"
        for side, profile, days in (("l", "x", "v"), ("r", "y", "w"))
        for at, columns in ((profile, _STATED), (days, ("since", "until")))
        for each in columns
    )
    shares = ", ".join(f"coalesce(s.{each}, 0) AS {each}" for each in LISTS)
    store.run(
        f"""
        CREATE OR REPLACE TABLE {into} AS SELECT a, b, {", ".join(f"{_level(each)} AS {gamma(each)}" for each in FIELDS)} FROM (
            SELECT p.a, p.b, {shares}, {sides}
            FROM {pairs} p LEFT JOIN (SELECT a, b, {counts} FROM ({" UNION ALL ".join(shared)}) GROUP BY a, b) s USING (a, b)
            LEFT JOIN profiles x ON x.n = p.a LEFT JOIN profiles y ON y.n = p.b
            LEFT JOIN days v ON v.n = p.a LEFT JOIN days w ON w.n = p.b
        )
        """
    )


def _level(field: Field) -> str:
    """SQL: the number of the level, the strongest the highest; 0 none agrees, -1 nothing is stated."""
    missing = f"WHEN {field.missing} THEN -1 " if field.missing else ""
    levels = " ".join(
        f"WHEN {level_sql(level, 'counts')} THEN {len(field.levels) - at}" for at, level in enumerate(field.levels)
    )
    return f"CASE {missing}{levels} ELSE 0 END"


def records(store: Store, pairs: str = "pairs") -> None:
    """Makes `records` of the accounts in the table `pairs`: for every account its lists, what it states, and its days.

    Needs what `gather` makes.
    """
    store.run(f"CREATE OR REPLACE TABLE chosen AS SELECT a AS n FROM {pairs} UNION SELECT b FROM {pairs}")
    chosen = "n IN (SELECT n FROM chosen)"
    store.run(
        f"""
        CREATE OR REPLACE TABLE lists AS
        SELECT n, {_held("h")} AS held, list_sort(list({_number("key")})) AS numbers FROM holding h WHERE {chosen}
        GROUP BY ALL
        UNION ALL
        SELECT n, {_AT.format("h")}, list_sort(list({_number("address, day")})) FROM at_home h WHERE {chosen} GROUP BY ALL
        UNION ALL
        SELECT n, 'issuers', list_sort(list({_number("issuer")})) FROM paid_by WHERE {chosen} GROUP BY n
        """
    )
    columns = ", ".join(f"coalesce(l_{name}.numbers, []) AS {name}" for name in LISTS)
    joins = " ".join(
        f"LEFT JOIN (SELECT n, numbers FROM lists WHERE held = '{name}') l_{name} ON l_{name}.n = c.n" for name in LISTS
    )
    store.run(
        f"CREATE OR REPLACE TABLE records AS SELECT c.n, {columns}, {', '.join(f'p.{each}' for each in _STATED)}, d.since, d.until "
        f"FROM chosen c LEFT JOIN profiles p ON p.n = c.n LEFT JOIN days d ON d.n = c.n {joins} ORDER BY c.n"
    )
    for table in ("chosen", "lists"):
        store.run(f"DROP TABLE {table}")


def _number(columns: str) -> str:
    """A value as a signed number of 64 bits, which every backend knows."""
    return f"CAST(hash({columns}) >> 1 AS BIGINT)"


def _days(store: Store, log: Log) -> None:
    """The first and last day on which an account that shares a number did anything: what may have been handed on in between."""
    looked_at = store.arrays("SELECT DISTINCT n FROM holding WHERE kind = 'phone' ORDER BY n")["n"]
    store.table("active", log.active(looked_at))
    store.run("CREATE OR REPLACE TABLE looked_at AS SELECT n, account FROM known JOIN (SELECT DISTINCT n FROM holding "
              "WHERE kind = 'phone') USING (n)")  # fmt: skip
    rows = " UNION ALL ".join(
        f"SELECT n, {day_of(f'coalesce({column}_utc, {column}_wall)')} AS day FROM {table} JOIN looked_at USING (account)"
        for table, column in (("accounts", "created"), ("identifiers", "first"), ("identifiers", "last"))
    )
    store.run(
        "CREATE OR REPLACE TABLE days AS SELECT n, min(day) AS since, max(day) AS until FROM "
        f"({rows} UNION ALL SELECT n, since FROM active UNION ALL SELECT n, until FROM active) GROUP BY n"
    )
    store.run("DROP TABLE looked_at")
    store.run("DROP TABLE active")


def _places(store: Store, log: Log, pairs: str) -> None:
    """Makes `at_home` (n, address as a number, day or NULL, holders): as Log.at_home."""
    given = store.arrays(f"SELECT a, b FROM {pairs} ORDER BY a, b")
    store.table("found_home", log.at_home(given["a"], given["b"], BUSY_DAY, RARE_ADDRESS))
    store.run(
        f"CREATE OR REPLACE TABLE at_home AS SELECT n, address, nullif(day, {int(NO_DAY)}) AS day, holders FROM found_home"
    )
    store.run("DROP TABLE found_home")
