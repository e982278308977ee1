"""Names of countries and territories by ISO 3166-1 code, in English, Spanish and French.

Codes from ISO 3166-1; names from Unicode CLDR (Unicode-3.0), shipped as countries.csv so that nothing is looked up outside.
XK is no ISO code but the user-assigned one that European authorities use for Kosovo.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import get_language


@dataclass(frozen=True)
class Country:
    """One country or territory. `numeric` keeps its leading zeros, as the shapes of world-atlas do."""

    alpha2: str
    alpha3: str
    numeric: str
    en: str
    es: str
    fr: str

    def name(self, language: str = "en") -> str:
        """Its short name in `language` ("es", "fr-ca", ...), English where we have none."""
        return {"es": self.es, "fr": self.fr}.get(language[:2], self.en)


@cache
def countries() -> dict[str, Country]:
    """All of them by two-letter code, in order of that code."""
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as table:
        return {row["alpha2"]: Country(**row) for row in csv.DictReader(table)}


def country_name(code: str | None, language: str | None = None) -> str:
    """The name for a two-letter code in `language` (the reader's by default); the code itself where it is no ISO code."""
    known = countries().get((code or "").upper())
    return known.name(language or get_language() or "en") if known else code or ""


def choices(language: str | None = None) -> list[tuple[str, str]]:
    """(code, name) of every country, in order of the names, for a form's select."""
    named = [(code, country_name(code, language)) for code in countries()]
    return sorted(named, key=lambda pair: pair[1].casefold())
