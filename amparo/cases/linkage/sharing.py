"""Which accounts hold the same identifier, and which values so many hold that they say nothing: the first guard.

Tables made in the store: known (n, account), profiles (n, what an account states), holding (kind, key, n, holders: values of
two or more accounts), held_back (kind, value_sha256, accounts, most, reason).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from amparo.cases.linkage.normal_forms import keyed, name_parts, normal_forms, prepare, region
from amparo.cases.tables.store import Store, literal

Progress = Callable[[str, int], None]

# A value that more accounts than this hold links nobody. Measured: analytics.md B2 (a cap costs 1 to 3 points of recall).
CAPS = {"email": 6, "phone": 6, "device": 6, "token": 6, "external": 6, "mailbox": 6, "local": 6, "number": 6, "handle": 6, "head": 6}
KINDS = tuple(CAPS)
SPELLINGS = ("handle", "head")  # many people like one name: more holders make it weaker, but nothing is held back
MOST_SPELLED = 2_000  # holders; beyond it a name is a word


@dataclass
class Shared:
    """What was found. Per kind: accounts that hold a value, values of two or more holders, those held back, unreadable ones."""

    accounts: int
    holders: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    held_back: dict[str, int] = field(default_factory=dict)
    placeholders: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)


def silent(what: str, rows: int) -> None:
    """Tells nobody."""


def find_shared(store: Store, *, caps: Mapping[str, int] | None = None, progress: Progress = silent) -> Shared:
    """Numbers the accounts in the order of their names and finds what they share, by kind."""
    most = dict(CAPS) | dict(caps or {})
    prepare(store, normal_forms())
    found = Shared(_number(store))
    progress("accounts", found.accounts)
    store.run("CREATE OR REPLACE TABLE holding (kind VARCHAR, key VARCHAR, n INTEGER, holders INTEGER)")
    store.run(
        "CREATE OR REPLACE TABLE held_back (kind VARCHAR, value_sha256 VARCHAR, accounts BIGINT, most INTEGER, reason VARCHAR)"
    )
    _profiles(store)
    for kind in KINDS:
        _one_kind(store, kind, most[kind], found)
        progress(f"shared {kind}", found.values[kind])
    return found


def _number(store: Store) -> int:
    """Every account that any table names has a number, in the order of the names."""
    others = " UNION ".join(
        f"SELECT DISTINCT account FROM {table} WHERE account IS NOT NULL AND account NOT IN (SELECT account FROM stated)"
        for table in ("identifiers", "events", "payments")
    )
    store.run("CREATE OR REPLACE TABLE stated AS SELECT DISTINCT account FROM accounts WHERE account IS NOT NULL")
    store.run(
        f"""
        CREATE OR REPLACE TABLE known AS
        SELECT CAST(row_number() OVER (ORDER BY account) - 1 AS INTEGER) AS n, account
        FROM (SELECT account FROM stated UNION ALL (SELECT * FROM ({others}))) ORDER BY account
        """
    )
    store.run("DROP TABLE stated")
    return int(store.one("SELECT count(*) FROM known"))


def _profiles(store: Store) -> None:
    """What each account states of itself, one row an account; of several rows the first in order."""
    store.run(
        f"""
        CREATE OR REPLACE TABLE profiles AS
        SELECT n, country, locale, zone, coalesce(country, {region("locale")}) AS land, created, name, {name_parts("name")}
        FROM (
            SELECT k.n, min(upper(a.country)) AS country, min(lower(replace(a.locale, '-', '_'))) AS locale,
                   min(a.zone) AS zone, min(a.name) AS name, min(coalesce(a.created_utc, a.created_wall)) AS created
            FROM accounts a JOIN known k USING (account) GROUP BY k.n
        )
        """
    )


_NO_LAND = "CAST(NULL AS VARCHAR) AS country"
_RAW = {
    "email": f"SELECT account, email AS raw, {_NO_LAND} FROM accounts WHERE email IS NOT NULL",
    "phone": "SELECT account, phone AS raw, coalesce(upper(country), {region}) AS country FROM accounts WHERE phone IS NOT NULL",
    "handle": f"SELECT account, handle AS raw, {_NO_LAND} FROM accounts WHERE handle IS NOT NULL",
    "device": f"SELECT account, device AS raw, {_NO_LAND} FROM events WHERE device IS NOT NULL",
    "token": f"SELECT account, token AS raw, {_NO_LAND} FROM payments WHERE token IS NOT NULL",
}
_STATED_AS = {"mailbox": "email", "local": "email", "head": "handle", "number": "phone"}  # other readings of a column


def _raw(store: Store, kind: str) -> str:
    """The rows that hold identifiers of this kind. Of events and payments only values that more than one account uses."""
    column = _STATED_AS.get(kind, kind)
    further = (
        f"SELECT account, value AS raw, {_NO_LAND} FROM identifiers WHERE kind = {literal(column)} AND value IS NOT NULL"
    )
    own = _RAW.get(column)
    rows = f"{own.format(region=region('locale'))} UNION ALL {further}" if own else further
    if kind not in ("device", "token"):
        return rows
    store.run(
        f"CREATE OR REPLACE TABLE common AS SELECT lower(raw) AS common FROM ({rows}) GROUP BY lower(raw) "
        "HAVING min(hash(account)) <> max(hash(account))"
    )
    return f"SELECT DISTINCT account, raw, country FROM ({rows}) WHERE lower(raw) IN (SELECT common FROM common)"


def _one_kind(store: Store, kind: str, most: int, found: Shared) -> None:
    keyed(store, kind, _raw(store, kind))
    counts = dict(store.rows("SELECT coalesce(problem, ''), count(DISTINCT account) FROM keyed GROUP BY 1"))
    found.holders[kind] = counts.get("", 0)
    if kind not in _STATED_AS:
        found.placeholders[kind] = counts.get("placeholder", 0)
        found.unreadable[kind] = 0 if kind in SPELLINGS else counts.get("unreadable", 0)
    store.run(
        "CREATE OR REPLACE TABLE shared AS SELECT key, count(DISTINCT account) AS holders FROM keyed WHERE key IS NOT NULL "
        "GROUP BY key HAVING count(DISTINCT account) > 1"
    )
    limit = MOST_SPELLED if kind in SPELLINGS else most
    store.run(
        f"""
        INSERT INTO holding
        SELECT DISTINCT {literal(kind)}, d.key, k.n, s.holders FROM keyed d JOIN shared s USING (key) JOIN known k USING (account)
        WHERE s.holders <= {limit}
        """
    )
    store.run(
        f"INSERT INTO held_back SELECT {literal(kind)}, sha256(key), holders, {limit}, 'more accounts hold it than one person has' "
        f"FROM shared WHERE holders > {limit}"
    )
    found.values[kind] = int(store.one(f"SELECT count(*) FROM shared WHERE holders <= {limit}"))
    found.held_back[kind] = int(store.one(f"SELECT count(*) FROM shared WHERE holders > {limit}"))
    for table in ("keyed", "shared", "common"):
        store.run(f"DROP TABLE IF EXISTS {table}")
