"""What a platform's columns and words mean: one TOML file a platform, kept and reused (docs/formats/analyse.md)."""

from __future__ import annotations

import fnmatch
import hashlib
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from amparo.cases.tables.reading import FORMATS, records_path
from amparo.cases.tables.told import Told
from amparo.foundation.errors import Missing, Refused

EVENTS = (
    "purchase",
    "gift",
    "room_enter",
    "room_exit",
    "spend",
    "conversion",
    "payout",
    "refund",
    "broadcast",
)
COIN_EVENTS = frozenset({"purchase", "gift", "spend", "conversion", "payout", "refund"})
FIELDS = (
    "event",
    "time",
    "end",
    "account",
    "counterparty",
    "host",
    "stream",
    "coins",
    "received",
    "balance",
    "money",
    "currency",
    "detail",
    "reference",
    "country",
    "sequence",
)
IGNORED = "ignore"  # a word whose rows are none of our events: they are counted, not read


@dataclass(frozen=True)
class Rate:
    """From this day on, `coins` minor units of coin cost `money_minor` of `currency`."""

    since: date
    coins: int
    money_minor: int
    currency: str


@dataclass(frozen=True)
class Source:
    """Files of one shape. `columns`: our field -> their column (or path, in JSON). `words`: their word -> (event, detail)."""

    files: str
    format: str
    columns: dict[str, str]
    event: str = ""
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    delimiter: str = ""
    time_formats: tuple[str, ...] = ("iso",)
    zone: str = ""
    signed: bool = False
    records: str = ""
    sheet: str = ""


@dataclass(frozen=True)
class Mapping:
    """A platform's mapping. coin_digits: decimals of a coin (0: whole coins); all amounts are integers of its smallest part."""

    platform: str
    unit: str
    coin_digits: int
    currency: str
    decimal: str
    grouping: str
    balance: str
    sequence: str
    sources: tuple[Source, ...]
    rates: tuple[Rate, ...]
    digest: str

    def source_of(self, name: str) -> int | None:
        """The number of the first source whose pattern this file name fits."""
        for number, source in enumerate(self.sources):
            if fnmatch.fnmatchcase(name, source.files):
                return number
        return None


def load(file: Path) -> Mapping:
    """The mapping in this file. Refused with the key that is wrong and what it may be."""
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise Missing(f"There is no mapping at {file}. docs/formats/analyse.md shows one to begin with.") from error
    except OSError as error:
        raise Refused(f"The mapping {file.name} can't be read ({error.strerror}).") from error
    return parse(data, file.name)


def parse(data: bytes, name: str) -> Mapping:
    """The mapping in these bytes, called `name`. Refused as `load` does."""
    try:
        told = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(f"The mapping {name} can't be read as TOML: {error}. Correct it there.") from error
    return _Reading(name, told).mapping(hashlib.sha256(data).hexdigest())


_SOURCE_KEYS = {
    "files", "format", "event", "columns", "events", "constants", "delimiter", "time", "signed", "records", "sheet",
}  # fmt: skip


class _Reading(Told):
    def mapping(self, digest: str) -> Mapping:
        self.known(
            self.told, {"platform", "coins", "money", "numbers", "time", "source", "rate", "balance", "sequence"}, ""
        )
        coins, money, time = (self.part(key) for key in ("coins", "money", "time"))
        self.known(coins, {"unit", "digits"}, "coins.")
        self.known(money, {"currency"}, "money.")
        self.known(time, {"format", "zone"}, "time.")
        digits = coins.get("digits", 0)
        if not isinstance(digits, int) or not 0 <= digits <= 8:
            raise self.wrong("coins.digits", "must be a whole number from 0 to 8")
        decimal, grouping = self.numbers()
        balance = self.text(self.told, "balance", "", "after")
        if balance not in {"after", "before"}:
            raise self.wrong("balance", 'is "after" or "before": what the stated balance holds, beside the row')
        sequence = self.text(self.told, "sequence", "", "file")
        if sequence not in {"file", "platform"}:
            raise self.wrong("sequence", 'is "file" or "platform": within what the platform numbers its rows')
        sources = self.told.get("source", [])
        if not isinstance(sources, list) or not sources:
            raise self.wrong("[[source]]", "must be there at least once: which files, and what their columns are")
        return Mapping(
            platform=self.text(self.told, "platform", "") or self.name.removesuffix(".toml"),
            unit=self.text(coins, "unit", "coins.", "coin"),
            coin_digits=digits,
            currency=self.currency(self.text(money, "currency", "money."), "money.currency"),
            decimal=decimal,
            grouping=grouping,
            balance=balance,
            sequence=sequence,
            sources=tuple(self.source(each, number, time) for number, each in enumerate(sources, 1)),
            rates=self.rates(),
            digest=digest,
        )

    def source(self, told: Any, number: int, time: dict[str, Any]) -> Source:
        where = f"source {number}: "
        if not isinstance(told, dict):
            raise self.wrong(f"source {number}", "must be a table, [[source]]")
        self.known(told, _SOURCE_KEYS, where)
        files = self.text(told, "files", where)
        if not files:
            raise self.wrong(f"{where}files", 'must say which files: a name or a pattern as "gifts*.csv"')
        shape = self.text(told, "format", where) or files.rpartition(".")[2].lower()
        if shape not in FORMATS:
            raise self.wrong(f"{where}format", "must be csv, jsonl, json, parquet or xlsx")
        columns, constants = told.get("columns", {}), told.get("constants", {})
        for name, table in (("columns", columns), ("constants", constants)):
            if not isinstance(table, dict) or not all(isinstance(each, str) and each for each in table.values()):
                raise self.wrong(f"{where}{name}", "must give our name = their column, as texts in quotes")
            self.known(table, set(FIELDS), f"{where}{name}.")
        event, words = self.text(told, "event", where), self.words(told.get("events", {}), where)
        if bool(event) == ("event" in columns):
            raise self.wrong(
                where.rstrip(": "),
                "needs either event, the same for all its rows, or columns.event with [source.events]",
            )
        if event and event not in EVENTS:
            raise self.wrong(f"{where}event", f"must be one of {', '.join(EVENTS)}")
        if not event and not words:
            raise self.wrong(f"{where}events", "must say what the words in the event's column mean")
        own = told.get("time", {})
        if not isinstance(own, dict):
            raise self.wrong(f"{where}time", "must be a table with format and zone")
        self.known(own, {"format", "zone"}, f"{where}time.")
        merged = {**time, **own}
        if "time" not in columns:
            raise self.wrong(
                f"{where}columns.time", "must be there: an event without a time has no place in the ledger"
            )
        money = self.text(self.part("money"), "currency", "")
        if "money" in columns and not money and "currency" not in (*columns, *constants):
            raise self.wrong(f"{where}columns.money", 'needs a currency: [money] currency = "EUR", or columns.currency')
        return Source(
            files=files,
            format=FORMATS[shape],
            columns=columns,
            event=event,
            words=words,
            constants=constants,
            delimiter=self.text(told, "delimiter", where),
            time_formats=self.time_formats(merged.get("format", "iso"), where),
            zone=self.zone(self.text(merged, "zone", where), where),
            signed=told.get("signed", False) is True,
            records=self.records(self.text(told, "records", where), FORMATS[shape], where),
            sheet=self.sheet(self.text(told, "sheet", where), FORMATS[shape], where),
        )

    def records(self, path: str, shape: str, where: str) -> str:
        if path and not records_path(path, shape):
            raise self.wrong(f"{where}records", 'is the path of the array in a JSON file, as "$.data.items"')
        return path

    def sheet(self, name: str, shape: str, where: str) -> str:
        if name and shape != "xlsx":
            raise self.wrong(f"{where}sheet", "names a sheet of an XLSX file, and is left out elsewhere")
        return name

    def words(self, told: Any, where: str) -> dict[str, tuple[str, str]]:
        if not isinstance(told, dict):
            raise self.wrong(f"{where}events", 'must be a table: "their word" = "our event"')
        found = {}
        for word, meant in told.items():
            event, _, detail = str(meant).partition("/")
            if event not in (*EVENTS, IGNORED):
                raise self.wrong(
                    f"{where}events.{word}", f"must be one of {', '.join((*EVENTS, IGNORED))}, as spend/goods"
                )
            found[word] = (event, detail)
        return found

    def rates(self) -> tuple[Rate, ...]:
        found = []
        told = self.told.get("rate", [])
        if not isinstance(told, list):
            raise self.wrong("rate", "must be tables, [[rate]]")
        for number, each in enumerate(told, 1):
            where = f"rate {number}: "
            if not isinstance(each, dict):
                raise self.wrong(f"rate {number}", "must be a table, [[rate]]")
            self.known(each, {"since", "coins", "money_minor", "currency"}, where)
            since, coins, money = each.get("since"), each.get("coins"), each.get("money_minor")
            if type(since) is not date or type(coins) is not int or type(money) is not int or coins < 1 or money < 0:
                raise self.wrong(
                    f"rate {number}", "needs since = 2026-01-31, coins = 100, money_minor = 105 (whole numbers)"
                )
            currency = self.currency(
                self.text(each, "currency", where) or self.text(self.part("money"), "currency", ""), where
            )
            if not currency:
                raise self.wrong(f"{where}currency", 'must be an ISO 4217 code as "EUR"')
            found.append(Rate(since, coins, money, currency))
        return tuple(sorted(found, key=lambda rate: rate.since))
