"""The tables that dossiers are cut from, in the order of dossier, account and time; and how a cell is told to a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from amparo.cases.linkage.countries_linked import held
from amparo.cases.tables.store import Store, literal

NOBODY = "--"  # the dossier of accounts that are not attributed (by person: never written)
MOST_REFERENCES = 100  # of payments, listed with an account; all stand in the payments
# A cell that begins with one of these is run as a formula by the usual spreadsheets (OWASP, "CSV Injection").
FORMULA = "^[=+\\-@\\t\\r\\n＝＋－＠]"

ACCOUNT_COLUMNS = {
    "country": "the country that is said of the account; empty where it is not attributed",
    "account_id": "the platform's own name of the account",
    "person": "accounts with the same are taken for one person's, as linked; empty where no links were given",
    "confidence": "how often statements like this one were right where the truth was known; of the statement, not of anybody",
    "best_guess": "the likeliest country, also where none is said",
    "runner_up": "the second",
    "why": "the kinds of evidence for it, the heaviest first",
    "cautions": "what speaks against, or weakens it",
    "first_seen": "first event or payment (UTC; the platform's wall clock where its zone is unknown)",
    "last_seen": "last event or payment",
    "created": "when the account was opened",
    "handle": "as the platform had it",
    "name": "as the account states it",
    "email": "as the platform had it",
    "phone": "as the platform had it",
    "identifiers": "further ones, kind:value",
    "events": "number of events",
    "payments": "number of payments",
    "uploads": "number of items that it uploaded",
    "address_events": "events with an address",
    "address_events_complete": "of these, with port and exact UTC second: only such can be asked of a provider",
    "address_events_incomplete": "of these, without",
    "payment_references": f"of its payments, the first {MOST_REFERENCES}, for a production request",
}
EVENT_COLUMNS = {
    "account_id": "the account",
    "at_utc": "UTC; empty where the platform's zone is unknown",
    "at_wall": "the time as the platform wrote it",
    "kind": "what it was",
    "address": "IP address",
    "port": "source port",
    "complete": "whether address, port and exact UTC second are all there",
    "device": "as the platform had it",
    "item": "the item concerned",
    "logged_country": "what the platform's own log states",
    "file": "the platform's file",
    "row": "and its row",
}
PAYMENT_COLUMNS = {
    "account_id": "the account",
    "at_utc": "UTC; empty where the platform's zone is unknown",
    "at_wall": "the time as the platform wrote it",
    "kind": "what it was",
    "reference": "the payment's reference, for a production request",
    "amount_minor": "in the smallest unit of the currency",
    "currency": "ISO 4217",
    "token": "the means of payment, as the platform had it",
    "issuer": "first digits of the card",
    "issuer_country": "as the platform states it",
    "address": "IP address",
    "file": "the platform's file",
    "row": "and its row",
}


def account_table(store: Store, countries: Path, links: Path | None, by: str) -> None:
    """Makes `dossier_accounts`: n (its place in all dossiers), dossier, and ACCOUNT_COLUMNS."""
    said = held(
        store,
        countries,
        "countries",
        ("account_id", "country", "confidence", "best_guess", "runner_up", "why", "cautions"),
    )
    person = "NULL::VARCHAR"
    linked = ""
    if links:
        name = held(store, links, "links", ("account_id", "person"))
        linked = f"LEFT JOIN (SELECT account_id, min(CAST(person AS VARCHAR)) AS person FROM read_parquet({name}) GROUP BY 1) l "
        linked += "ON l.account_id = c.account_id"
        person = "l.person"
    _summaries(store)
    dossier = f"coalesce(c.country, '{NOBODY}')" if by == "country" else f"coalesce({_several(person)}, '{NOBODY}')"
    store.run(
        f"""
        CREATE OR REPLACE TABLE dossier_accounts AS
        WITH told AS (
            SELECT {dossier} AS dossier, c.country, c.account_id, {person} AS person, c.confidence, c.best_guess, c.runner_up,
                   c.why, c.cautions, e.first, e.last, coalesce(a.created_utc, a.created_wall) AS created, a.handle, a.name,
                   a.email, a.phone, coalesce(i.identifiers, []) AS identifiers, coalesce(e.events, 0) AS events,
                   coalesce(p.payments, 0) AS payments, coalesce(u.uploads, 0) AS uploads,
                   coalesce(e.addressed, 0) AS address_events,
                   coalesce(e.complete, 0) AS address_events_complete, coalesce(p.refs, []) AS payment_references,
                   p.first AS first_paid, p.last AS last_paid
            FROM read_parquet({said}) c {linked}
            LEFT JOIN accounts a ON a.account = c.account_id LEFT JOIN events_of e ON e.account = c.account_id
            LEFT JOIN payments_of p ON p.account = c.account_id LEFT JOIN uploads_of u ON u.account = c.account_id
            LEFT JOIN identifiers_of i ON i.account = c.account_id
        )
        SELECT (row_number() OVER (ORDER BY dossier, account_id) - 1)::INTEGER AS n, dossier, country, account_id, person,
               confidence, best_guess, runner_up, why, cautions, least(first, first_paid) AS first_seen,
               greatest(last, last_paid) AS last_seen, created, handle, name, email, phone, identifiers, events, payments, uploads,
               address_events, address_events_complete, address_events - address_events_complete AS address_events_incomplete,
               payment_references
        FROM told ORDER BY n
        """
    )


def _several(person: str) -> str:
    return f"CASE WHEN count(*) OVER (PARTITION BY {person}) > 1 THEN {person} END"


def _summaries(store: Store) -> None:
    moment = "coalesce(at_utc, at_wall)"
    store.run(
        f"CREATE OR REPLACE TABLE events_of AS SELECT account, count(*) AS events, count(address) AS addressed, count(*) FILTER "
        f"(address IS NOT NULL AND port IS NOT NULL AND at_utc IS NOT NULL) AS complete, min({moment}) AS first, "
        f"max({moment}) AS last FROM events GROUP BY account"
    )
    store.run(
        "CREATE OR REPLACE TABLE payments_of AS SELECT account, count(*) AS payments, "
        f'list(reference ORDER BY {moment}, file, "row") FILTER (reference IS NOT NULL)[:{MOST_REFERENCES}] AS refs, '
        f"min({moment}) AS first, max({moment}) AS last FROM payments GROUP BY account"
    )
    store.run(
        "CREATE OR REPLACE TABLE uploads_of AS SELECT account, count(DISTINCT item) AS uploads FROM items "
        "WHERE account IS NOT NULL GROUP BY account"
    )
    store.run(
        "CREATE OR REPLACE TABLE identifiers_of AS SELECT account, "
        "list(DISTINCT kind || ':' || value ORDER BY kind || ':' || value) AS identifiers FROM identifiers GROUP BY account"
    )


def event_table(store: Store, names: tuple[str, ...]) -> None:
    """Makes `dossier_events`: n of the account, and EVENT_COLUMNS, by n and time."""
    store.run(
        "CREATE OR REPLACE TABLE dossier_events AS SELECT a.n, e.account AS account_id, e.at_utc, e.at_wall, e.kind, e.address, "
        "e.port, e.address IS NOT NULL AND e.port IS NOT NULL AND e.at_utc IS NOT NULL AS complete, e.device, e.item, "
        f"e.country AS logged_country, {_file(names)} AS file, e.row "
        "FROM events e JOIN dossier_accounts a ON a.account_id = e.account "
        f"ORDER BY (a.n::BIGINT << 32) | greatest(coalesce(epoch(coalesce(e.at_utc, e.at_wall)), 0), 0)::BIGINT, e.file, e.row"
    )


def payment_table(store: Store, names: tuple[str, ...]) -> None:
    """Makes `dossier_payments`: n of the account, and PAYMENT_COLUMNS, by n and time."""
    store.run(
        "CREATE OR REPLACE TABLE dossier_payments AS SELECT a.n, p.account AS account_id, p.at_utc, p.at_wall, p.kind, "
        "p.reference, p.amount_minor, p.currency, p.token, p.issuer, p.issuer_country, p.address, "
        f"{_file(names)} AS file, p.row FROM payments p JOIN dossier_accounts a ON a.account_id = p.account "
        "ORDER BY a.n, coalesce(p.at_utc, p.at_wall), p.file, p.row"
    )


def _file(names: tuple[str, ...]) -> str:
    return f"[{', '.join(literal(name) for name in names) or chr(39) * 2}][file + 1]"


def told(store: Store, table: str, columns: dict[str, str]) -> str:
    """The columns for a CSV: lists as one text, times as ISO 8601, and an apostrophe before what would be run as a formula."""
    types = {str(row[0]): str(row[1]) for row in store.rows(f"DESCRIBE {table}")}
    parts = []
    for name in columns:
        column, kind = f'"{name}"', types[name]
        if kind.endswith("[]"):
            column = f"array_to_string({column}, '; ')"
        if kind.startswith("TIMESTAMP"):
            column = f"strftime({column}, '%Y-%m-%dT%H:%M:%S{'Z' if name == 'at_utc' else ''}')"
        if kind == "VARCHAR" or kind.endswith("[]"):
            column = f"CASE WHEN regexp_matches({column}, {literal(FORMULA)}) THEN '''' || {column} ELSE {column} END"
        parts.append(f'{column} AS "{name}"')
    return ", ".join(parts)
