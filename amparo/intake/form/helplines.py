"""Emergency numbers and help lines by country, from a file that a house may replace (`helplines.toml` in its home). No Django."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from amparo.foundation.errors import Refused
from amparo.foundation.home import Home

SHIPPED = Path(__file__).with_name("helplines.toml")


@dataclass(frozen=True)
class Line:
    """One number. kind: emergency, child (for children and young people) or advice. name: as it calls itself."""

    kind: str
    number: str
    name: str

    @property
    def dialled(self) -> str:
        return "".join(each for each in self.number if each in "+0123456789")


@dataclass(frozen=True)
class Country:
    code: str
    name: str
    lines: tuple[Line, ...]

    @property
    def emergency(self) -> tuple[Line, ...]:
        return tuple(each for each in self.lines if each.kind == "emergency")

    @property
    def for_children(self) -> tuple[Line, ...]:
        return tuple(each for each in self.lines if each.kind == "child")


@dataclass(frozen=True)
class Removal:
    """A service that helps to stop a child's own pictures from being passed on, without anybody being sent them."""

    address: str
    name: str


@dataclass(frozen=True)
class Helplines:
    """own: the house's country, else that of everybody, else one without numbers. source: where they are from and when, or ""."""

    own: Country
    others: tuple[Country, ...]
    removal: tuple[Removal, ...]
    source: str


def own_file(home: Home) -> Path:
    """Where the house's own numbers stand, once somebody has checked them."""
    return home.path / "helplines.toml"


def load(home: Home) -> Helplines:
    """The home's file where there is one, an empty one too; else the shipped one. Refused where it can't be read."""
    path = own_file(home)
    try:
        said = tomllib.loads((path if path.exists() else SHIPPED).read_text(encoding="utf-8"))
        known = {
            code: Country(
                code,
                each["name"],
                tuple(
                    Line(kind, number, name)
                    for kind in ("emergency", "child", "advice")
                    for number, name in each.get(kind, ())
                ),
            )
            for code, each in said.get("countries", {}).items()
        }
        house, everybody = os.environ.get("AMPARO_HOUSE_COUNTRY", "").upper(), said.get("first", "EU")
        own = known.get(house) or known.get(everybody) or Country("", "", ())
        others = sorted((each for each in known.values() if each != own), key=lambda each: each.name.casefold())
        removal = tuple(Removal(address, name) for address, name in said.get("removal", ()))
        return Helplines(own, tuple(others), removal, str(said.get("source", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Refused(f"{path if path.exists() else SHIPPED} is no list of help lines: {fault}") from fault
