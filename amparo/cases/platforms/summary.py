"""From a platform's sealed tables to its list of accounts, its persons as linked, and the figures of its first page. SQL alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amparo.cases.tables.store import Store, literal

# The list is looked up a page or an account at a time, and a row group is the least that is read.
LOOKED_UP = 16_384

# What a step did not make stands as an empty table of its columns, so that the summary is one statement whatever was left out.
EMPTY = {
    "links": "SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS person WHERE false",
    "countries": (
        "SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS country, NULL::DOUBLE AS confidence, "
        "NULL::VARCHAR AS runner_up WHERE false"
    ),
}
# By account, each table by itself: what is joined at the end is small then, so that millions of accounts fit a small machine.
DID = {
    "paid": (
        "SELECT account, count(*) AS payments, count(issuer_country) AS cards FROM payments WHERE account IS NOT NULL "
        "GROUP BY account"
    ),
    "put": "SELECT account, count(*) AS items FROM items WHERE account IS NOT NULL GROUP BY account",
    "seen": (
        "SELECT account, count(*) AS events, min(coalesce(at_utc, at_wall)) AS first_at, max(coalesce(at_utc, at_wall)) AS last_at "
        "FROM events WHERE account IS NOT NULL GROUP BY account"
    ),
}
LISTED = """
    SELECT o.account, o.handle, o.name, o.email, o.phone, o.country AS stated,
           coalesce(o.created_utc, o.created_wall) AS created, coalesce(CAST(l.person AS VARCHAR), o.account) AS person,
           c.country, c.confidence, c.runner_up,
           coalesce(p.payments, 0) AS payments, coalesce(p.cards, 0) AS cards, coalesce(u.items, 0) AS items,
           coalesce(e.events, 0) AS events, e.first_at, e.last_at, o.file, o.row
    FROM accounts o
    LEFT JOIN links l ON l.account_id = o.account
    LEFT JOIN countries c ON c.account_id = o.account
    LEFT JOIN paid p ON p.account = o.account
    LEFT JOIN put u ON u.account = o.account
    LEFT JOIN seen e ON e.account = o.account
    ORDER BY o.account
"""

PERSONS = """
    SELECT person, count(*) AS accounts, min(account) AS first_account, sum(payments)::BIGINT AS payments,
           sum(cards)::BIGINT AS cards, sum(items)::BIGINT AS items, sum(events)::BIGINT AS events,
           arg_max(country, confidence) AS country, max(confidence) FILTER (country IS NOT NULL) AS confidence,
           count(DISTINCT country) AS countries
    FROM directory GROUP BY person ORDER BY person
"""

# What a search by part of a name reads: a sixth of the list.
NAMES = """
    SELECT number, lower(concat_ws(chr(10), account, handle, email, phone, name)) AS text FROM directory ORDER BY number
"""

# Values that several accounts hold, by account: why two are linked, or are not, is looked up, not looked for in every event. A kind
# at a time, since what every account holds of all kinds is more than a small machine's memory.
HELD = {
    "e-mail": "SELECT account, lower(email) AS value FROM accounts",
    "phone": "SELECT account, phone AS value FROM accounts",
    "handle": "SELECT account, lower(handle) AS value FROM accounts",
    "payment token": "SELECT account, token AS value FROM payments",
    "device": "SELECT account, device AS value FROM events",
    "address": "SELECT account, address AS value FROM events",
}
_OTHERS = "SELECT DISTINCT kind FROM identifiers ORDER BY kind"
_OF_KIND = """
    INSERT INTO shared
    WITH each AS MATERIALIZED (SELECT DISTINCT account, value FROM ({held}) WHERE account IS NOT NULL AND value IS NOT NULL),
    several AS (SELECT value, count(*) AS holders FROM each GROUP BY value HAVING count(*) > 1)
    SELECT e.account, {kind}, e.value, s.holders FROM each e JOIN several s USING (value)
"""


def _shared(store: Store) -> None:
    """Seals `shared`: account, kind, value, and how many accounts of the whole base hold it, of what several hold."""
    store.run("CREATE OR REPLACE TABLE shared (account VARCHAR, kind VARCHAR, value VARCHAR, holders BIGINT)")
    others = {str(row[0]) for row in store.rows(_OTHERS)}
    for kind in [*HELD, *sorted(others - set(HELD))]:
        held = HELD.get(kind, "SELECT NULL AS account, NULL AS value WHERE false")
        if kind in others:
            held += f" UNION ALL SELECT account, value FROM identifiers WHERE kind = {literal(kind)}"
        store.run(_OF_KIND.format(held=held, kind=literal(kind)))
    store.parquet("SELECT * FROM shared ORDER BY account, kind, value", Path("shared.parquet"), group=LOOKED_UP)
    store.run("DROP TABLE shared")


_COUNTRIES = """
    WITH a AS (SELECT country, count(*) AS accounts, count(*) FILTER (confidence >= 0.9) AS sure, sum(payments)::BIGINT AS payments,
                      sum(items)::BIGINT AS items FROM directory GROUP BY country),
    p AS (SELECT country, count(*) AS persons FROM persons GROUP BY country)
    SELECT a.country, a.accounts, a.sure, coalesce(p.persons, 0), a.payments, a.items
    FROM a LEFT JOIN p ON p.country IS NOT DISTINCT FROM a.country ORDER BY a.accounts DESC, a.country
"""

_MONTHS = """
    SELECT strftime(date_trunc('month', coalesce(at_utc, at_wall)), '%Y-%m') AS month, count(*)
    FROM events WHERE coalesce(at_utc, at_wall) IS NOT NULL GROUP BY 1 ORDER BY 1
"""


def write_summary(store: Store, counts: dict[str, int]) -> dict[str, Any]:
    """Seals the platform's list and returns the first page's figures.

    `directory`: a row an account, by name; `names`: the same for searching; `persons`: a row a person as linked; `shared`: what
    several accounts hold, a row for each of them.
    counts: rows of the platform's own tables. Units stand in the figures' names: accounts and persons are never added or mixed.
    """
    there = {row[0] for row in store.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")}
    for name, nothing in EMPTY.items():
        if name not in there:
            store.run(f"CREATE OR REPLACE VIEW {name} AS {nothing}")
    for name, sql in DID.items():
        store.run(f"CREATE OR REPLACE TABLE {name} AS {sql}")
    store.run(f"CREATE OR REPLACE TABLE listed AS {LISTED}")
    store.run("CREATE OR REPLACE VIEW directory AS SELECT rowid AS number, * FROM listed")
    for name in DID:
        store.run(f"DROP TABLE {name}")
    store.run(f"CREATE OR REPLACE TABLE persons AS {PERSONS}")
    store.parquet("SELECT * FROM directory ORDER BY number", Path("directory.parquet"), group=LOOKED_UP)
    store.parquet(NAMES, Path("names.parquet"), compression="snappy")
    store.parquet("SELECT * FROM persons ORDER BY person", Path("persons.parquet"))
    accounts, attributed, sure, payers, uploaders = store.rows(
        "SELECT count(*), count(country), count(*) FILTER (country IS NOT NULL AND confidence >= 0.9), "
        "count(*) FILTER (payments > 0), count(*) FILTER (items > 0) FROM directory"
    )[0]
    persons, several, largest = store.rows(
        "SELECT count(*), count(*) FILTER (accounts > 1), coalesce(max(accounts), 0) FROM persons"
    )[0]
    videos = int(store.one("SELECT count(DISTINCT item) FROM items"))
    rows = store.rows(_COUNTRIES)
    months = [list(row) for row in store.rows(_MONTHS)]
    for table in ("persons", "listed"):
        store.run(f"DROP TABLE {table}")
    _shared(store)
    return {
        "accounts": accounts,
        "accounts_attributed": attributed,
        "accounts_sure": sure,
        "not_attributed": accounts - attributed,
        "paying_accounts": payers,
        "uploading_accounts": uploaders,
        "persons": persons,
        "persons_of_several_accounts": several,
        "most_accounts_of_a_person": largest,
        "items": videos,
        "countries": len({row[0] for row in rows if row[0]}),
        "by_country": [list(row) for row in rows],
        "months": months,
        **{name: counts.get(name, 0) for name in ("events", "payments", "memberships", "posts", "identifiers")},
    }
