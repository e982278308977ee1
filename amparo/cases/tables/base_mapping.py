"""What a whole platform's columns mean: one TOML file a platform, kept and reused (docs/formats/platforms.md)."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from amparo.cases.tables.reading import FORMATS, records_path
from amparo.cases.tables.shapes import KINDS, TABLES
from amparo.cases.tables.told import Told
from amparo.foundation.errors import Missing, Refused


@dataclass(frozen=True)
class BaseSource:
    """Files of one shape that feed one table. columns: our field -> their column (or path, in JSON).

    kinds, countries: their word -> ours. decimal, grouping, currency: of amounts.
    """

    files: str
    format: str
    table: str
    columns: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    delimiter: str = ""
    time_formats: tuple[str, ...] = ("iso",)
    zone: str = ""
    records: str = ""
    sheet: str = ""
    decimal: str = "."
    grouping: str = ""
    currency: str = ""

    @property
    def digest(self) -> str:
        """What decides how a file of this source is read: the same digest, the same rows."""
        told = asdict(self)
        del told["files"]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class UnitTable:
    """A table that the unit itself supplies: where it lies, and what every result says about it."""

    file: Path
    name: str
    day: date
    licence: str
    accept_old: bool = False


@dataclass(frozen=True)
class Mailbox:
    """Domains of one provider, whose spellings are one mailbox. dots: whether they tell mailboxes apart. tag: begins what
    is no part of the name, as "+"; "" if nothing does. domains: lower case, the first one stands for all."""

    domains: tuple[str, ...]
    dots: bool
    tag: str


@dataclass(frozen=True)
class BaseMapping:
    """A platform's mapping. text: the TOML itself, kept with every import. place: the folder it lies in."""

    platform: str
    sources: tuple[BaseSource, ...]
    addresses: UnitTable | None
    issuers: UnitTable | None
    mailboxes: tuple[Mailbox, ...]
    digest: str
    text: str

    def source_of(self, name: str) -> int | None:
        """The number of the first source whose pattern this file name fits."""
        for number, source in enumerate(self.sources):
            if fnmatch.fnmatchcase(name, source.files):
                return number
        return None


def load_base_mapping(file: Path) -> BaseMapping:
    """The mapping in this file. Missing or Refused with the key that is wrong and what it may be."""
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise Missing(f"There is no mapping at {file}. docs/formats/platforms.md shows one to begin with.") from error
    except OSError as error:
        raise Refused(f"The mapping {file.name} can't be read ({error.strerror}).") from error
    return parse_base_mapping(data, file.name, file.resolve().parent)


def parse_base_mapping(data: bytes, name: str, place: Path) -> BaseMapping:
    """The mapping in these bytes. The unit's tables are looked for in `place`."""
    try:
        text = data.decode("utf-8")
        told = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(f"The mapping {name} can't be read as TOML: {error}. Correct it there.") from error
    return _Reading(name, told, place).mapping(text)


_KEYS = {"platform", "numbers", "money", "time", "addresses", "issuers", "mailbox", "source"}
_SOURCE_KEYS = {
    "files", "format", "table", "columns", "constants", "kinds", "countries", "delimiter", "time", "records", "sheet",
}  # fmt: skip


class _Reading(Told):
    def __init__(self, name: str, told: dict[str, Any], place: Path) -> None:
        super().__init__(name, told)
        self.place = place

    def mapping(self, text: str) -> BaseMapping:
        self.known(self.told, _KEYS, "")
        time, money = self.part("time"), self.part("money")
        self.known(time, {"format", "zone"}, "time.")
        self.known(money, {"currency"}, "money.")
        sources = self.told.get("source", [])
        if not isinstance(sources, list) or not sources:
            raise self.wrong(
                "[[source]]", "must be there at least once: which files, which table, and what their columns are"
            )
        return BaseMapping(
            platform=self.text(self.told, "platform", "") or self.name.removesuffix(".toml"),
            sources=tuple(self.source(each, number, time) for number, each in enumerate(sources, 1)),
            addresses=self.unit_table("addresses", {"accept_old"}),
            issuers=self.unit_table("issuers", set()),
            mailboxes=self.mailboxes(),
            digest=hashlib.sha256(text.encode()).hexdigest(),
            text=text,
        )

    def source(self, told: Any, number: int, time: dict[str, Any]) -> BaseSource:
        where = f"source {number}: "
        if not isinstance(told, dict):
            raise self.wrong(f"source {number}", "must be a table, [[source]]")
        self.known(told, _SOURCE_KEYS, where)
        files, table = self.text(told, "files", where), self.text(told, "table", where)
        if not files:
            raise self.wrong(f"{where}files", 'must say which files: a name or a pattern as "events-*.parquet"')
        if table not in TABLES:
            raise self.wrong(f"{where}table", f"must be one of {', '.join(TABLES)}")
        shape = self.text(told, "format", where) or files.rpartition(".")[2].lower()
        if shape not in FORMATS:
            raise self.wrong(f"{where}format", "must be csv, jsonl, json, parquet or xlsx")
        columns, constants = self.columns(told, table, where)
        own = self.table_of(told, "time", where)
        self.known(own, {"format", "zone"}, f"{where}time.")
        merged = {**time, **own}
        decimal, grouping = self.numbers()
        return BaseSource(
            files=files,
            format=FORMATS[shape],
            table=table,
            columns=columns,
            constants=constants,
            kinds=self.kinds(told, table, where),
            countries=self.words(told, "countries", where),
            delimiter=self.text(told, "delimiter", where),
            time_formats=self.time_formats(merged.get("format", "iso"), where),
            zone=self.zone(self.text(merged, "zone", where), where),
            records=self.records(self.text(told, "records", where), FORMATS[shape], where),
            sheet=self.text(told, "sheet", where),
            decimal=decimal,
            grouping=grouping,
            currency=self.currency(self.text(self.part("money"), "currency", "money."), "money.currency"),
        )

    def table_of(self, told: dict[str, Any], key: str, where: str) -> dict[str, Any]:
        found = told.get(key, {})
        if not isinstance(found, dict):
            raise self.wrong(f"{where}{key}", "must be a table")
        return found

    def words(self, told: dict[str, Any], key: str, where: str) -> dict[str, str]:
        found = self.table_of(told, key, where)
        if not all(isinstance(each, str) and each for each in found.values()):
            raise self.wrong(f"{where}{key}", "must give their word = ours, as texts in quotes")
        return found

    def columns(self, told: dict[str, Any], table: str, where: str) -> tuple[dict[str, str], dict[str, str]]:
        names = {each.name for each in TABLES[table]}
        columns, constants = self.words(told, "columns", where), self.words(told, "constants", where)
        for key, given in (("columns", columns), ("constants", constants)):
            self.known(given, names, f"{where}{key}.")
        for each in TABLES[table]:
            if each.needed and each.name not in (*columns, *constants):
                raise self.wrong(f"{where}columns.{each.name}", f"must be there: {table} can't stand without it")
        money = self.text(self.part("money"), "currency", "money.")
        if "amount" in columns and not money and "currency" not in (*columns, *constants):
            raise self.wrong(
                f"{where}columns.amount", 'needs a currency: [money] currency = "EUR", or columns.currency'
            )
        return columns, constants

    def kinds(self, told: dict[str, Any], table: str, where: str) -> dict[str, str]:
        found = self.words(told, "kinds", where)
        if table == "identifiers" and (other := sorted(set(found.values()) - set(KINDS))):
            raise self.wrong(f"{where}kinds", f"has {other[0]!r}; identifiers are: {', '.join(KINDS)}")
        return found

    def records(self, path: str, shape: str, where: str) -> str:
        if path and not records_path(path, shape):
            raise self.wrong(f"{where}records", 'is the path of the array in a JSON file, as "$.data.items"')
        return path

    def unit_table(self, key: str, more: set[str]) -> UnitTable | None:
        if key not in self.told:
            return None
        told = self.part(key)
        self.known(told, {"file", "name", "date", "licence"} | more, f"{key}.")
        file, name, licence = (self.text(told, each, f"{key}.") for each in ("file", "name", "licence"))
        day, old = told.get("date"), told.get("accept_old", False)
        if not file or not name or not licence or type(day) is not date or type(old) is not bool:
            raise self.wrong(
                f"[{key}]", "needs file, name and licence as texts, and date = 2026-01-31: every result repeats them"
            )
        return UnitTable(self.place / file, name, day, licence, old)

    def mailboxes(self) -> tuple[Mailbox, ...]:
        told = self.told.get("mailbox", [])
        if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
            raise self.wrong("mailbox", "must be tables, [[mailbox]]")
        found = []
        for number, each in enumerate(told, 1):
            where = f"mailbox {number}: "
            self.known(each, {"domains", "dots", "tag"}, where)
            domains, dots, tag = each.get("domains"), each.get("dots", True), self.text(each, "tag", where)
            if (
                not isinstance(domains, list)
                or not domains
                or not all(isinstance(domain, str) and domain for domain in domains)
                or type(dots) is not bool
                or len(tag) > 1
            ):
                raise self.wrong(
                    where.rstrip(": "), 'needs domains = ["example.org"]; dots = false if they don\'t count; tag = "+"'
                )
            found.append(Mailbox(tuple(domain.casefold() for domain in domains), dots, tag))
        return tuple(found)
