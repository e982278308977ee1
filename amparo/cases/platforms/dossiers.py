"""The accounts of a platform cut by country, for a case: one sealed table in the order of the dossiers, and what each counts.

The engine is `cases.linkage.dossiers`; what it writes to a folder in the clear stays in the vault here. An account of several
countries' evidence stands in one dossier, that of its candidate; "" is that of accounts without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor
from amparo.cases.linkage.dossiers_tables import ACCOUNT_COLUMNS, NOBODY, account_table
from amparo.cases.models import PlatformPerson
from amparo.cases.platforms.queries import platforms
from amparo.cases.platforms.summary import LOOKED_UP
from amparo.cases.sealed_tables import SealedStore, opened_tables
from amparo.vault.keys import Unlock

COLUMNS = tuple(ACCOUNT_COLUMNS)
FIGURES = (
    "country", "accounts", "persons", "events", "payments", "uploads", "address_events_complete", "address_events_incomplete",
)  # fmt: skip


def write_dossiers_table(store: SealedStore) -> dict[str, Any]:
    """Seals `dossiers`: a row an account, by dossier and name. Returns the counts of each dossier; accounts and persons apart."""
    account_table(store, Path("countries.parquet"), Path("links.parquet"), "country")
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    accounts = store.parquet(
        f"SELECT dossier, {columns} FROM dossier_accounts ORDER BY n", Path("dossiers.parquet"), group=LOOKED_UP
    )
    rows = store.rows(
        f"SELECT nullif(dossier, '{NOBODY}'), count(*), count(DISTINCT coalesce(person, account_id)), sum(events)::BIGINT, "
        "sum(payments)::BIGINT, sum(uploads)::BIGINT, sum(address_events_complete)::BIGINT, sum(address_events_incomplete)::BIGINT "
        "FROM dossier_accounts GROUP BY dossier ORDER BY count(*) DESC, dossier"
    )
    return {"accounts": accounts, "by_country": [list(row) for row in rows]}


def plain(cell: Any) -> Any:
    """A cell as a CSV tells it: lists parted by semicolons, times as ISO 8601."""
    if isinstance(cell, list):
        return "; ".join(str(each) for each in cell)
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def dossier_of(
    by: Actor, case: UUID, persons: Sequence[UUID], unlock: Unlock
) -> Mapping[UUID, tuple[tuple[Any, ...], ...]]:
    """What the dossiers say of the accounts of people who were taken from the case's platforms: person -> rows of COLUMNS.

    Empty where nobody of them was taken from a platform, or a platform has no dossiers yet.
    """
    found: dict[UUID, tuple[tuple[Any, ...], ...]] = {}
    wanted = set(persons)
    for platform in platforms(case):
        taken = PlatformPerson.objects.filter(platform__uuid=platform.uuid).values_list("person__uuid", "accounts")
        holder = {account: person for person, accounts in taken if person in wanted for account in accounts}
        tables = platform.step("dossiers").tables
        if not holder or "dossiers" not in tables:
            continue
        with opened_tables(by, tables, purpose=f"platform:{platform.uuid}", unlock=unlock) as store:
            store.run("CREATE TEMP TABLE asked AS SELECT unnest(?::VARCHAR[]) AS account", [list(holder)])
            columns = ", ".join(f'd."{name}"' for name in COLUMNS)
            rows = store.rows(
                f"SELECT {columns} FROM dossiers d JOIN asked a ON a.account = d.account_id ORDER BY d.account_id"
            )
        place = COLUMNS.index("account_id")
        for row in rows:
            person = holder[row[place]]
            found[person] = (*found.get(person, ()), tuple(plain(cell) for cell in row))
    return found
