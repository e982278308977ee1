"""The lists of a platform, whole, for a file: read and handed on a few thousand rows at a time, whatever their length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor
from amparo.cases import queries
from amparo.cases.facts import OfficerLine
from amparo.cases.platforms.dossiers import COLUMNS as DOSSIER, plain
from amparo.cases.platforms.pairs import EVIDENCE, QUESTIONS
from amparo.cases.platforms.queries import PlatformFacts
from amparo.cases.platforms.tables import COLUMNS, OVERLAPS, Wanted, opened_of, quoted
from amparo.cases.tables.store import literal
from amparo.foundation.errors import Missing
from amparo.vault.keys import Unlock

STEP = 5_000
Row = tuple[Any, ...]

COUNTRIES = ("country", "accounts", "accounts_sure", "persons_as_linked", "payments", "items")
# name -> (its table, its columns, its order)
_TABLES = {
    "links": ("links_evidence", ("person", *EVIDENCE), "person, account_a, account_b"),
    "questions": ("links_questions", QUESTIONS, "account_a, account_b, kind"),
    "overlaps": ("overlaps", OVERLAPS, "weak, account, kind, value, reference"),
}
HIDDEN = "another case of this house"


def listed(
    by: Actor, platform: PlatformFacts, unlock: Unlock, name: str, wanted: Wanted
) -> tuple[tuple[str, ...], Iterator[list[Row]]]:
    """The columns of a list and its rows in parts: `accounts` (that fit `wanted`), `dossiers` (of its country), `countries`,
    `links`, `questions` or `overlaps`.

    Raises Missing for another name; Refused by the first part, where the table is not made or not to be opened.
    """
    if name == "countries":
        return COUNTRIES, iter([[tuple(row) for row in platform.figures.get("by_country", [])]])
    if name == "accounts":
        sql = f"SELECT {quoted(COLUMNS)} FROM directory WHERE {wanted.where()} ORDER BY number"
        return COLUMNS, _read(by, platform, unlock, wanted.tables, sql)
    if name == "dossiers":
        country = "--" if wanted.country == "-" else wanted.country
        where = f"WHERE dossier = {literal(country)}" if country else ""
        sql = f"SELECT {quoted(DOSSIER)} FROM dossiers {where} ORDER BY dossier, account_id"
        return DOSSIER, _told(_read(by, platform, unlock, ("dossiers",), sql))
    if name not in _TABLES:
        raise Missing("There is no such list.")
    table, columns, order = _TABLES[name]
    parts = _read(by, platform, unlock, (table,), f'SELECT {quoted(columns)} FROM "{table}" ORDER BY {order}')
    return columns, _without_others(by, parts) if name == "overlaps" else parts


def _read(by: Actor, platform: PlatformFacts, unlock: Unlock, tables: tuple[str, ...], sql: str) -> Iterator[list[Row]]:
    with opened_of(by, platform, unlock, *tables) as store:
        found = store.con.execute(sql)
        while rows := found.fetchmany(STEP):
            yield rows


def _told(parts: Iterator[list[Row]]) -> Iterator[list[Row]]:
    for rows in parts:
        yield [tuple(plain(cell) for cell in row) for row in rows]


def contacts_of(by: Actor, cases: Iterable[str | None]) -> dict[str, tuple[OfficerLine, ...]]:
    """Of these cases, those that the officer may not enter, each with whom to ask there. What they hold is not theirs to read."""
    found = {}
    for each in {each for each in cases if each}:
        other = queries.case(UUID(each))
        if not queries.may_enter(by.uuid, other.uuid):
            found[each] = other.officers[:1]
    return found


def _without_others(by: Actor, parts: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Rows about a case that the officer may not enter keep the account and the kind, and say whom to ask."""
    place = OVERLAPS.index("in_case")
    for rows in parts:
        contacts = contacts_of(by, (row[place] for row in rows))
        yield [_without(row, contacts.get(row[place])) for row in rows]


def _without(row: Row, contact: tuple[OfficerLine, ...] | None) -> Row:
    if contact is None:
        return row
    words = f"{HIDDEN}: ask {contact[0].name}" if contact else HIDDEN
    cells = dict(zip(OVERLAPS, row, strict=True)) | {"value": None, "in_case": None, "reference": words}
    return tuple(cells[name] for name in OVERLAPS)
