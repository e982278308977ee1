"""Accounts of one person on a platform, the countries they point to, and what each country is told: each with its evidence.

    from amparo.cases.linkage import find_links, write_links, load_judgements, why, write_countries, write_dossiers

Pure: no Django, no network; of Amparo the foundation and `cases.tables`. Importing this starts nothing and loads little: splink
and Numba come with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amparo.cases.linkage.countries import COUNTRY_TABLES, write_countries
    from amparo.cases.linkage.dossiers import DOSSIER_TABLES, write_dossiers
    from amparo.cases.linkage.explaining import why
    from amparo.cases.linkage.judgements import Judgements, load_judgements
    from amparo.cases.linkage.links import Found, find_links, write_links

__all__ = [
    "COUNTRY_TABLES",
    "DOSSIER_TABLES",
    "Found",
    "Judgements",
    "find_links",
    "load_judgements",
    "why",
    "write_countries",
    "write_dossiers",
    "write_links",
]

_PLACES = {
    "COUNTRY_TABLES": "countries",
    "DOSSIER_TABLES": "dossiers",
    "Found": "links",
    "Judgements": "judgements",
    "find_links": "links",
    "load_judgements": "judgements",
    "why": "explaining",
    "write_countries": "countries",
    "write_dossiers": "dossiers",
    "write_links": "links",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"amparo.cases.linkage.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
