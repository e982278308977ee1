"""What the pages of a platform read from its sealed tables: one page of accounts, one account with evidence, one list at a time.

Each call opens only the tables it names; each opening stands in the record. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor
from amparo.cases.models import PlatformPerson, PlatformStep
from amparo.cases.platforms.queries import PlatformFacts
from amparo.cases.sealed_tables import SealedStore, opened_tables
from amparo.cases.tables.store import literal
from amparo.foundation.errors import Refused
from amparo.vault.keys import Unlock

PAGE = 50
COLUMNS = (
    "number", "account", "handle", "name", "email", "phone", "stated", "created", "person", "country", "confidence", "runner_up",
    "payments", "cards", "items", "events", "first_at", "last_at", "file", "row",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What is looked for among the accounts. country: a code, or "-" for those not attributed. did: paid, card or uploaded.

    search: one line, with no blanks around it.
    """

    search: str = ""
    country: str = ""
    did: str = ""
    person: str = ""

    @property
    def is_everything(self) -> bool:
        return not (self.search or self.country or self.did or self.person)

    @property
    def tables(self) -> tuple[str, ...]:
        """What has to be open for `where`."""
        return ("directory", "names") if self.search else ("directory",)

    def named(self) -> str:
        """The search alone, as a condition on a row of `names`."""
        return f"contains(text, lower({literal(self.search)}))"

    def where(self) -> str:
        """A condition on a row of `directory`. The search is for part of a name or number, capitals or not."""
        said = ["true"]
        if self.search:
            said.append(f"number IN (SELECT number FROM names WHERE {self.named()})")
        if self.country == "-":
            said.append("country IS NULL")
        elif self.country:
            said.append(f"country = {literal(self.country)}")
        said += {"paid": ["payments > 0"], "card": ["cards > 0"], "uploaded": ["items > 0"]}.get(self.did, [])
        if self.person:
            said.append(f"person = {literal(self.person)}")
        return " AND ".join(said)


@contextmanager
def opened_of(by: Actor, platform: PlatformFacts, unlock: Unlock, *names: str) -> Iterator[SealedStore]:
    tables = {name: item for step in platform.steps for name, item in step.tables.items() if name in names}
    if missing := sorted(set(names) - set(tables)):
        raise Refused(f"The table {missing[0]} is not made yet: wait until the analysis is done, or ask for it again.")
    with opened_tables(by, tables, purpose=f"platform:{platform.uuid}", unlock=unlock) as store:
        yield store


def records(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def accounts(
    by: Actor, platform: PlatformFacts, unlock: Unlock, wanted: Wanted, page: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of the accounts by name, and how many there are. Without a filter only that page's part of the table is read."""
    with opened_of(by, platform, unlock, *wanted.tables) as store:
        if wanted.is_everything:
            start = (page - 1) * PAGE
            where = f"number >= {start} AND number < {start + PAGE}"
            rows = store.rows(f"SELECT {listed()} FROM directory WHERE {where} ORDER BY number")
            return records(rows, COLUMNS), int(platform.figures["accounts"])
        only_named = wanted == Wanted(search=wanted.search)
        table = "names" if only_named else "directory"  # then the list itself is not read through
        where = wanted.named() if only_named else wanted.where()
        store.run(f"CREATE TEMP TABLE hits AS SELECT number FROM {table} WHERE {where}")
        count = int(store.one("SELECT count(*) FROM hits"))
        rows = store.rows(
            f"SELECT {listed()} FROM directory WHERE number IN "
            f"(SELECT number FROM hits ORDER BY number LIMIT {PAGE} OFFSET {(page - 1) * PAGE}) ORDER BY number"
        )
        return records(rows, COLUMNS), count


def quoted(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{each}"' for each in columns)


def listed() -> str:
    return quoted(COLUMNS)


OVERLAPS = ("account", "kind", "value", "weak", "report", "in_case", "reference", "file", "row")


def overlaps(by: Actor, platform: PlatformFacts, unlock: Unlock, page: int) -> tuple[list[dict[str, Any]], int]:
    """Accounts that share an identifier with another case or an earlier report, strong ones first."""
    with opened_of(by, platform, unlock, "overlaps") as store:
        count = int(store.one('SELECT count(*) FROM "overlaps"'))
        rows = store.rows(
            f'SELECT {quoted(OVERLAPS)} FROM "overlaps" '
            f"ORDER BY weak, account, kind, value, reference LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"
        )
    return records(rows, OVERLAPS), count


def has(platform: PlatformFacts, table: str) -> bool:
    return any(table in step.tables for step in platform.steps)


def recomputed(platform: UUID) -> int:
    """How many persons of the case were taken from an earlier run of the links than the one that stands."""
    step = PlatformStep.objects.filter(platform__uuid=platform, name="links").first()
    return PlatformPerson.objects.filter(platform__uuid=platform, run__lt=step.run).count() if step else 0
