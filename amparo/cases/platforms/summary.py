"""From a platform's sealed tables to its list of accounts, its persons as linked, and the figures of its first page. SQL alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amparo.cases.tables.store import Store

# What a step did not make stands as an empty table of its columns, so that the summary is one statement whatever was left out.
EMPTY = {
    "links": "SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS person WHERE false",
    "countries": (
        "SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS country, NULL::DOUBLE AS confidence, "
        "NULL::VARCHAR AS runner_up WHERE false"
    ),
}
_ONCE = "SELECT * FROM accounts QUALIFY row_number() OVER (PARTITION BY account ORDER BY file, row) = 1"

DIRECTORY = f"""
    WITH once AS ({_ONCE}),
    paid AS (SELECT account, count(*) AS payments, count(issuer_country) AS cards, count(DISTINCT token) AS tokens
             FROM payments WHERE account IS NOT NULL GROUP BY account),
    put AS (SELECT account, count(*) AS items FROM items WHERE account IS NOT NULL GROUP BY account),
    seen AS (SELECT account, count(*) AS events, min(coalesce(at_utc, at_wall)) AS first_at,
                    max(coalesce(at_utc, at_wall)) AS last_at
             FROM events WHERE account IS NOT NULL GROUP BY account)
    SELECT row_number() OVER (ORDER BY o.account) - 1 AS number, o.account, o.handle, o.name, o.email, o.phone, o.country AS stated,
           coalesce(o.created_utc, o.created_wall) AS created, coalesce(CAST(l.person AS VARCHAR), o.account) AS person,
           c.country, c.confidence, c.runner_up,
           coalesce(p.payments, 0) AS payments, coalesce(p.cards, 0) AS cards, coalesce(u.items, 0) AS items,
           coalesce(e.events, 0) AS events, e.first_at, e.last_at, o.file, o.row
    FROM once o
    LEFT JOIN (SELECT account_id, any_value(person) AS person FROM links GROUP BY account_id) l ON l.account_id = o.account
    LEFT JOIN (SELECT account_id, any_value(country) AS country, any_value(confidence) AS confidence,
                      any_value(runner_up) AS runner_up FROM countries GROUP BY account_id) c ON c.account_id = o.account
    LEFT JOIN paid p ON p.account = o.account
    LEFT JOIN put u ON u.account = o.account
    LEFT JOIN seen e ON e.account = o.account
    ORDER BY number
"""

PERSONS = """
    SELECT person, count(*) AS accounts, min(account) AS first_account, sum(payments)::BIGINT AS payments,
           sum(cards)::BIGINT AS cards, sum(items)::BIGINT AS items, sum(events)::BIGINT AS events,
           arg_max(country, confidence) AS country, max(confidence) FILTER (country IS NOT NULL) AS confidence,
           count(DISTINCT country) AS countries
    FROM directory GROUP BY person ORDER BY person
"""

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
    """Seals `directory` (a row an account, by name) and `persons` (a row a person as linked); returns the first page's figures.

    counts: rows of the platform's own tables. Units stand in the figures' names: accounts and persons are never added or mixed.
    """
    there = {row[0] for row in store.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")}
    for name, nothing in EMPTY.items():
        if name not in there:
            store.run(f"CREATE OR REPLACE VIEW {name} AS {nothing}")
    store.run(f"CREATE OR REPLACE TABLE directory AS {DIRECTORY}")
    store.run(f"CREATE OR REPLACE TABLE persons AS {PERSONS}")
    store.parquet("SELECT * FROM directory ORDER BY number", Path("directory.parquet"))
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
        "months": [list(row) for row in store.rows(_MONTHS)],
        **{name: counts.get(name, 0) for name in ("events", "payments", "memberships", "posts", "identifiers")},
    }
