"""The tables that dossiers are cut from, each row with its account's place among all; and how a cell is told to a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from amparo.cases.linkage.countries_linked import held
from amparo.cases.linkage.dossiers_rows import Accounts, gather, pieces, rows_at_once, within_memory
from amparo.cases.tables.store import Store, literal

NOBODY = "--"  # the dossier of accounts that are not attributed (by person: never written)
MOST_REFERENCES = 100  # of payments, listed with an account; all stand in the payments
# A cell that begins with one of these is run as a formula by the usual spreadsheets (OWASP, "CSV Injection").
FORMULA = "=+-@\t\r\n＝＋－＠"

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
    """Makes `dossier_accounts`: n (its place in all dossiers), dossier, and ACCOUNT_COLUMNS; in the order of n."""
    said = number_accounts(store, countries, links, by)
    summarise(store, _of_account("events"), _of_account("payments"))
    described_accounts(store, said)


def number_accounts(store: Store, countries: Path, links: Path | None, by: str) -> str:
    """Makes `dossier_numbers`: n (the account's place in all dossiers), account_id, dossier, person; by n. Returns the name
    under which the store reads `countries`."""
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
    dossier = f"coalesce(c.country, '{NOBODY}')" if by == "country" else f"coalesce({_several(person)}, '{NOBODY}')"
    store.run(
        "CREATE OR REPLACE TABLE dossier_numbers AS "
        f"WITH told AS (SELECT {dossier} AS dossier, c.account_id, {person} AS person FROM read_parquet({said}) c {linked}) "
        "SELECT (row_number() OVER (ORDER BY dossier, account_id) - 1)::INTEGER AS n, account_id, dossier, person FROM told "
        "ORDER BY n"
    )
    return said


def _several(person: str) -> str:
    return f"CASE WHEN count(*) OVER (PARTITION BY {person}) > 1 THEN {person} END"


def _of_account(table: str) -> str:
    return f"(SELECT z.n, t.* RENAME (file AS file_number) FROM {table} t JOIN dossier_numbers z ON z.account_id = t.account)"


def summarise(store: Store, events: str, payments: str) -> None:
    """Makes what is counted of each account, by its n. events, payments: what stands after FROM, rows with n and file_number."""
    moment = "coalesce(at_utc, at_wall)"
    store.run(
        f"CREATE OR REPLACE TABLE events_of AS SELECT n, count(*) AS events, count(address) AS addressed, count(*) FILTER "
        f"(address IS NOT NULL AND port IS NOT NULL AND at_utc IS NOT NULL) AS complete, min({moment}) AS first, "
        f"max({moment}) AS last FROM {events} GROUP BY n"
    )
    store.run(
        "CREATE OR REPLACE TABLE payments_of AS SELECT n, count(*) AS payments, "
        f'list(reference ORDER BY {moment}, file_number, "row") FILTER (reference IS NOT NULL)[:{MOST_REFERENCES}] AS refs, '
        f"min({moment}) AS first, max({moment}) AS last FROM {payments} GROUP BY n"
    )
    store.run(
        "CREATE OR REPLACE TABLE uploads_of AS SELECT account, count(DISTINCT item) AS uploads FROM items "
        "WHERE account IS NOT NULL GROUP BY account"
    )
    store.run(
        "CREATE OR REPLACE TABLE identifiers_of AS SELECT account, "
        "list(DISTINCT kind || ':' || value ORDER BY kind || ':' || value) AS identifiers FROM identifiers GROUP BY account"
    )


def described_accounts(store: Store, said: str) -> None:
    """Makes `dossier_accounts` of `dossier_numbers`, what is counted, and the countries' answers under this name."""
    told = f"""
        SELECT z.n, z.dossier, c.country, z.account_id, z.person, c.confidence, c.best_guess, c.runner_up, c.why, c.cautions,
               least(e.first, p.first) AS first_seen, greatest(e.last, p.last) AS last_seen,
               coalesce(a.created_utc, a.created_wall) AS created, a.handle, a.name, a.email, a.phone,
               coalesce(i.identifiers, []) AS identifiers, coalesce(e.events, 0) AS events, coalesce(p.payments, 0) AS payments,
               coalesce(u.uploads, 0) AS uploads, coalesce(e.addressed, 0) AS address_events,
               coalesce(e.complete, 0) AS address_events_complete,
               coalesce(e.addressed, 0) - coalesce(e.complete, 0) AS address_events_incomplete,
               coalesce(p.refs, []) AS payment_references
        FROM dossier_numbers z JOIN read_parquet({said}) c ON c.account_id = z.account_id
        LEFT JOIN accounts a ON a.account = z.account_id LEFT JOIN events_of e ON e.n = z.n
        LEFT JOIN payments_of p ON p.n = z.n LEFT JOIN uploads_of u ON u.account = z.account_id
        LEFT JOIN identifiers_of i ON i.account = z.account_id
    """
    store.run(f"CREATE OR REPLACE TABLE dossier_accounts AS {told} LIMIT 0")

    def keep(some: Accounts) -> None:
        store.run(f"INSERT INTO dossier_accounts {told} WHERE z.n BETWEEN {some.first} AND {some.last} ORDER BY z.n")

    count = int(store.one("SELECT count(*) FROM dossier_numbers"))
    for piece in pieces(Accounts(0, count - 1), count, rows_at_once(store) // 2) if count else []:
        within_memory(piece, keep, Accounts.halved)


def event_table(store: Store, names: tuple[str, ...]) -> None:
    """Makes `dossier_events`: n of the account, and EVENT_COLUMNS, in any order (`dossiers_rows.in_order`)."""
    gather(store, "events", "t.at_utc, t.at_wall, t.kind, t.address, t.port, t.device, t.item, t.country")
    complete = "t.address IS NOT NULL AND t.port IS NOT NULL AND t.at_utc IS NOT NULL AS complete"
    _named(store, "events", names, f"t.address, t.port, {complete}, t.device, t.item, t.country AS logged_country")


def payment_table(store: Store, names: tuple[str, ...]) -> None:
    """Makes `dossier_payments`: n of the account, and PAYMENT_COLUMNS, in any order."""
    columns = "t.reference, t.amount_minor, t.currency, t.token, t.issuer, t.issuer_country, t.address"
    gather(store, "payments", f"t.at_utc, t.at_wall, t.kind, {columns}")
    _named(store, "payments", names, columns)


def _named(store: Store, table: str, names: tuple[str, ...], columns: str) -> None:
    """The view on gathered rows that names their account and their file."""
    listed = ", ".join(literal(name) for name in names) or "''"
    store.run(
        f"CREATE OR REPLACE VIEW dossier_{table} AS SELECT t.n, z.account_id, t.at_utc, t.at_wall, t.kind, "
        f"{columns}, [{listed}][t.file_number + 1] AS file, t.row, t.file_number "
        f"FROM gathered_{table} t JOIN dossier_numbers z ON z.n = t.n"
    )


def told(store: Store, table: str, columns: dict[str, str]) -> str:
    """The columns for a CSV: lists as one text, times as ISO 8601, and an apostrophe before what would be run as a formula."""
    types = {str(row[0]): str(row[1]) for row in store.rows(f"DESCRIBE {table}")}
    codes = ", ".join(str(ord(each)) for each in FORMULA)
    parts = []
    for name in columns:
        column, kind = f'"{name}"', types[name]
        if kind.endswith("[]"):
            column = f"array_to_string({column}, '; ')"
        if kind.startswith("TIMESTAMP"):
            column = f"strftime({column}, '%Y-%m-%dT%H:%M:%S{'Z' if name == 'at_utc' else ''}')"
        if kind == "VARCHAR" or kind.endswith("[]"):
            column = f"CASE WHEN ascii({column}) IN ({codes}) THEN '''' || {column} ELSE {column} END"
        parts.append(f'{column} AS "{name}"')
    return ", ".join(parts)
