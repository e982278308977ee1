"""What a mapping says, key by key: whatever is wrong is refused with the key and what it may be."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from amparo.cases.tables.times import EPOCHS
from amparo.foundation.errors import Refused


class Told:
    """A mapping's TOML, read with refusals that name the file and the key."""

    def __init__(self, name: str, told: dict[str, Any]) -> None:
        self.name, self.told = name, told

    def wrong(self, where: str, wanted: str) -> Refused:
        return Refused(f"The mapping {self.name}: {where} {wanted}.")

    def text(self, table: dict[str, Any], key: str, where: str, default: str = "") -> str:
        found = table.get(key, default)
        if not isinstance(found, str):
            raise self.wrong(f"{where}{key}", "must be a text in quotes")
        return found

    def known(self, table: dict[str, Any], keys: set[str], where: str) -> None:
        if other := sorted(set(table) - keys):
            raise self.wrong(f"{where}{other[0]}", f"is no key; there are: {', '.join(sorted(keys))}")

    def part(self, key: str) -> dict[str, Any]:
        found = self.told.get(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, f"must be a table, [{key}]")
        return found

    def numbers(self) -> tuple[str, str]:
        """The decimal sign and the sign that groups digits in threes ("" for none)."""
        numbers = self.part("numbers")
        self.known(numbers, {"decimal", "grouping"}, "numbers.")
        decimal, grouping = self.text(numbers, "decimal", "numbers.", "."), self.text(numbers, "grouping", "numbers.")
        if decimal not in {".", ","} or grouping not in {"", ".", ",", " ", "'"} or decimal == grouping:
            raise self.wrong(
                "numbers", 'names decimal ("." or ",") and grouping ("", ".", ",", " " or "\'"), not the same'
            )
        return decimal, grouping

    def currency(self, text: str, where: str) -> str:
        if text and not (len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
            raise self.wrong(where, 'must be an ISO 4217 code as "EUR"')
        return text

    def time_formats(self, told: Any, where: str) -> tuple[str, ...]:
        formats = (told,) if isinstance(told, str) else tuple(told) if isinstance(told, list) else ()
        for each in formats:
            if not isinstance(each, str) or ("%" not in each and each != "iso" and each not in EPOCHS):
                raise self.wrong(
                    f"{where}time.format", 'is "iso", "epoch_s", "epoch_ms", "epoch_us" or as "%d/%m/%Y %H:%M:%S"'
                )
            if "%z" in each.lower():
                raise self.wrong(
                    f"{where}time.format", "can't hold a zone (%z): use iso, or take it out and set time.zone"
                )
        if not formats:
            raise self.wrong(f"{where}time.format", "must be a text or a list of texts")
        return formats

    def zone(self, name: str, where: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise self.wrong(
                    f"{where}time.zone", 'must be a zone as "UTC" or "Europe/Madrid", or left out if not known'
                ) from error
        return name
