"""A small platform by hand for countries and dossiers: accounts, events and payments as a platform hands them over."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from amparo.cases.linkage.dossiers import DOSSIER_TABLES
from amparo.cases.tables.base import Base, open_base
from amparo.cases.tables.base_mapping import load_base_mapping

MAPPING = """
platform = "vega"
[addresses]
file = "networks.csv"
name = "invented"
date = 2026-01-01
licence = "CC0-1.0"
[[source]]
files = "accounts.csv"
table = "accounts"
columns = { account = "id", created = "made", handle = "handle", phone = "phone", \
locale = "locale", zone = "zone", country = "country" }
[[source]]
files = "events.csv"
table = "events"
columns = { account = "id", at = "at", kind = "kind", address = "ip", port = "port", country = "country" }
[[source]]
files = "payments.csv"
table = "payments"
columns = { account = "id", at = "at", token = "token", issuer_country = "land", reference = "ref" }
"""
NETWORKS = """first,last,country
192.0.2.0,192.0.2.255,ES
198.51.100.0,198.51.100.127,FR
198.51.100.128,198.51.100.255,NL
203.0.113.0,203.0.113.255,DE
2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,PT
"""
ACCOUNT = ("id", "made", "handle", "phone", "locale", "zone", "country")
EVENT = ("id", "at", "kind", "ip", "port", "country")
PAYMENT = ("id", "at", "token", "land", "ref")


@dataclass
class Platform:
    """Rows to be written; what is not given is empty."""

    accounts: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    payments: list[dict[str, str]] = field(default_factory=list)

    def account(self, name: str, **told: str) -> str:
        self.accounts.append({"id": name, "made": "2026-01-01T00:00:00Z", **told})
        return name

    def seen(self, name: str, address: str, days: Sequence[int] = (1,), **told: str) -> None:
        for day in days:
            at = f"2026-02-{day:02}T20:00:0{len(self.events) % 10}Z"
            self.events.append({"id": name, "at": at, "kind": "login", "ip": address, **told})

    def paid(self, name: str, land: str, token: str, reference: str = "") -> None:
        at = "2026-02-01T10:00:00Z"
        self.payments.append({"id": name, "at": at, "token": token, "land": land, "ref": reference})


def crowd(platform: Platform, each: int = 12) -> None:
    """Accounts of several countries of whom everything agrees: what a platform's weights are learned on."""
    for land, net, zone, locale, code in (
        ("ES", "192.0.2", "Europe/Madrid", "es_ES", "+34"),
        ("FR", "198.51.100", "Europe/Paris", "fr_FR", "+33"),
        ("DE", "203.0.113", "Europe/Berlin", "de_DE", "+49"),
    ):
        for number in range(each):
            name = platform.account(
                f"{land.lower()}-{number:02}", zone=zone, locale=locale, phone=f"{code}6001234{number:02}", country=land
            )
            platform.seen(name, f"{net}.{number + 1}", (1, 2, 3), port="40000")


@contextmanager
def opened(platform: Platform, folder: Path) -> Iterator[Base]:
    """The base of the platform, written below the folder."""
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, columns, rows in (
        ("accounts.csv", ACCOUNT, platform.accounts),
        ("events.csv", EVENT, platform.events),
        ("payments.csv", PAYMENT, platform.payments),
    ):
        with (raw / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "mapping.toml").write_text(MAPPING)
    (folder / "networks.csv").write_text(NETWORKS)
    with open_base(raw, load_base_mapping(folder / "mapping.toml"), tables=DOSSIER_TABLES) as base:
        yield base


def rows(file: Path, order: str) -> list[dict[str, Any]]:
    """The written table as dictionaries."""
    found = duckdb.sql(f"FROM '{file}' ORDER BY {order}")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
