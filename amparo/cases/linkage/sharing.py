"""Which accounts hold the same identifier, and which values so many hold that they say nothing: the first guard.

Tables made in the store: known (n, account), profiles (n, what an account states), holding (kind, key, n, holders: values that
two or more accounts hold), spelling (kind, key, n, raw: as it was written), held_back (kind, value_sha256, accounts, most,
reason).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from amparo.cases.linkage.log import Log, device_number, read_log
from amparo.cases.linkage.normal_forms import READINGS, keyed, name_parts, normal_forms, prepare, region
from amparo.cases.tables.base_mapping import Mailbox
from amparo.cases.tables.store import Progress, Store, literal, silent
from amparo.foundation.errors import Broken

# A value that more accounts than this hold links nobody. Measured: analytics.md B2 (a cap costs 1 to 3 points of recall).
CAP = 6
KINDS = tuple(each for readings in READINGS.values() for each in readings)
SPELLINGS = READINGS["handle"]  # many people like one name: more holders make it weaker, but nothing is held back
MOST_SPELLED = 2_000  # holders; beyond it a name is a word


@dataclass
class Shared:
    """What was found. log: what every account did. Per kind: accounts that hold a value, values of two or more holders, those
    held back, unreadable ones."""

    accounts: int
    log: Log
    holders: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    held_back: dict[str, int] = field(default_factory=dict)
    placeholders: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)


def find_shared(
    store: Store,
    *,
    caps: Mapping[str, int] | None = None,
    mailboxes: Sequence[Mailbox] = (),
    progress: Progress = silent,
) -> Shared:
    """Numbers the accounts in the order of their names and finds what they share, by kind. caps: by kind, else CAP."""
    prepare(store, normal_forms(), mailboxes)
    accounts, log = _number(store)
    found = Shared(accounts, log)
    progress("accounts", found.accounts)
    store.run("CREATE OR REPLACE TABLE holding (kind VARCHAR, key VARCHAR, n INTEGER, holders INTEGER)")
    store.run("CREATE OR REPLACE TABLE spelling (kind VARCHAR, key VARCHAR, n INTEGER, raw VARCHAR)")
    store.run(
        "CREATE OR REPLACE TABLE held_back (kind VARCHAR, value_sha256 VARCHAR, accounts BIGINT, most INTEGER, reason VARCHAR)"
    )
    _profiles(store)
    for column, readings in READINGS.items():
        keyed(store, column, _devices(store, found.log) if column == "device" else _raw(store, column))
        _problems(store, column, found)
        for kind in readings:
            _one_kind(store, kind, MOST_SPELLED if kind in SPELLINGS else (caps or {}).get(kind, CAP), found)
        progress(f"shared {column}", found.values[column])
        store.run("DROP TABLE keyed")
    for table in ("device_users", "device_names", "devices_by"):
        store.run(f"DROP TABLE {table}")
    return found


def _number(store: Store) -> tuple[int, Log]:
    """Every account that any table names has a number, in the order of the names.

    The events' accounts are looked up in those of the other tables; only where one is missing there they are gathered, and the
    events read again.
    """
    rows = int(
        store.one(
            f"SELECT {' + '.join(f'(SELECT count(*) FROM {each})' for each in ('events', 'payments', 'identifiers'))}"
        )
    )
    named = "SELECT account FROM accounts UNION SELECT account FROM identifiers UNION SELECT account FROM payments"
    for tables in (named, f"{named} UNION SELECT account FROM events"):
        store.run(
            "CREATE OR REPLACE TABLE known AS SELECT CAST(row_number() OVER (ORDER BY account) - 1 AS INTEGER) AS n, account "
            f"FROM ({tables}) WHERE account IS NOT NULL ORDER BY account"
        )
        accounts = int(store.one("SELECT count(*) FROM known"))
        if log := read_log(store, accounts, rows):
            return accounts, log
    raise Broken("The events name an account that they do not name.")


def _profiles(store: Store) -> None:
    """What each account states of itself."""
    stated = (
        "SELECT k.n, upper(a.country) AS country, lower(replace(a.locale, '-', '_')) AS locale, a.zone, a.name, a.file, a.\"row\" "
        "FROM accounts a JOIN known k USING (account)"
    )
    store.run(
        f"CREATE OR REPLACE TABLE profiles AS SELECT *, coalesce(country, {region('locale')}) AS land FROM ({name_parts(stated)})"
    )


# Where each kind of identifier stands: the table, its column, and (of phones) the country that the account states.
_STANDS = {
    "email": ("accounts", "email", "NULL"),
    "phone": ("accounts", "phone", f"coalesce(upper(country), {region('locale')})"),
    "handle": ("accounts", "handle", "NULL"),
    "token": ("payments", "token", "NULL"),
}


def _raw(store: Store, column: str) -> str:
    """The rows (n, raw, land) that hold such identifiers. Of payments only values that more than one account uses."""
    own = _STANDS.get(column)
    rows = (
        f"SELECT account, value AS raw, CAST(NULL AS VARCHAR) AS land FROM identifiers WHERE kind = {literal(column)}"
    )
    if own:
        rows += (
            f" UNION ALL SELECT account, {own[1]}, CAST({own[2]} AS VARCHAR) FROM {own[0]} WHERE {own[1]} IS NOT NULL"
        )
    if own and own[0] != "accounts":
        # Which rows these are, is told by hashes; what is compared, by the values.
        store.run(
            f"CREATE OR REPLACE TABLE common AS SELECT hash(lower(raw)) AS h FROM ({rows}) GROUP BY h "
            "HAVING min(hash(account)) <> max(hash(account))"
        )
        rows = f"SELECT DISTINCT account, raw, land FROM ({rows}) WHERE hash(lower(raw)) IN (SELECT h FROM common)"
    return f"SELECT k.n, raw, land FROM ({rows}) JOIN known k USING (account) WHERE raw IS NOT NULL"


def _devices(store: Store, log: Log) -> str:
    """The rows (n, raw, land) of devices that several accounts use, as each wrote them.

    The log has them as numbers; the events are read for what they are called. Where one number was written in several ways, and
    only there, they are read for who wrote which.
    """
    store.table("device_users", {"n": log.users, "h": log.devices})
    written = (
        f"SELECT account, device, {device_number('device')} AS h FROM events UNION ALL "
        f"SELECT account, value, {device_number('value')} FROM identifiers WHERE kind = 'device'"
    )
    store.run(
        f"CREATE OR REPLACE TABLE device_names AS SELECT h, device, count(*) OVER (PARTITION BY h) AS ways FROM "
        f"(SELECT DISTINCT h, device FROM ({written}) WHERE h IN (SELECT h FROM device_users))"
    )
    several = "SELECT h FROM device_names WHERE ways > 1"
    store.run(
        "CREATE OR REPLACE TABLE devices_by AS SELECT n, device FROM device_users JOIN device_names USING (h) WHERE ways = 1"
    )
    if store.one(f"SELECT count(*) FROM ({several})"):
        store.run(
            f"INSERT INTO devices_by SELECT DISTINCT n, device FROM ({written}) JOIN known USING (account) WHERE h IN ({several})"
        )
    return "SELECT n, device AS raw, CAST(NULL AS VARCHAR) AS land FROM devices_by"


def _problems(store: Store, column: str, found: Shared) -> None:
    """Counts what is no identifier and lists each such value once."""
    for problem, counts in (("placeholder", found.placeholders), ("unreadable", found.unreadable)):
        counts[column] = int(store.one(f"SELECT count(DISTINCT n) FROM keyed WHERE problem = '{problem}'"))
    store.run(
        f"INSERT INTO held_back SELECT {literal(column)}, sha256(raw), count(DISTINCT n), 0, problem FROM keyed "
        "WHERE problem IS NOT NULL GROUP BY raw, problem"
    )


def _one_kind(store: Store, kind: str, most: int, found: Shared) -> None:
    found.holders[kind] = int(store.one(f"SELECT count(DISTINCT n) FROM keyed WHERE {kind} IS NOT NULL"))
    store.run(
        f"CREATE OR REPLACE TABLE several AS SELECT {kind} AS key FROM keyed WHERE {kind} IS NOT NULL GROUP BY {kind} "
        "HAVING min(n) <> max(n)"
    )
    store.run(
        f"CREATE OR REPLACE TABLE shared AS SELECT key, CAST(count(DISTINCT n) AS INTEGER) AS holders FROM keyed "
        f"JOIN several ON key = {kind} GROUP BY key"
    )
    store.run(
        f"INSERT INTO spelling SELECT {literal(kind)}, d.{kind}, d.n, d.raw FROM keyed d JOIN shared s ON s.key = d.{kind} "
        f"WHERE s.holders <= {most}"
    )
    store.run(
        f"INSERT INTO holding SELECT DISTINCT {literal(kind)}, s.key, d.n, s.holders FROM keyed d "
        f"JOIN shared s ON s.key = d.{kind} WHERE s.holders <= {most}"
    )
    store.run(
        f"INSERT INTO held_back SELECT {literal(kind)}, sha256(key), holders, {most}, 'more accounts hold it than one person has' "
        f"FROM shared WHERE holders > {most}"
    )
    found.values[kind] = int(store.one(f"SELECT count(*) FROM shared WHERE holders <= {most}"))
    found.held_back[kind] = int(store.one(f"SELECT count(*) FROM shared WHERE holders > {most}"))
    store.run("DROP TABLE shared")
    store.run("DROP TABLE several")
