"""The unit's own tables: which country an address range or a card's first digits belong to. None is shipped, none is looked up.

Addresses become numbers: IPv4 as 32 bits, IPv6 as 128. Ranges may lie within each other, as such tables do; the narrower holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import maxminddb
import numpy as np

from amparo.cases.tables import csv_rows
from amparo.cases.tables.base_mapping import BaseSource, UnitTable
from amparo.cases.tables.reading import SourceFile, sha256, stage
from amparo.cases.tables.store import Store
from amparo.foundation.errors import Missing, Refused

HALF = (1 << 64) - 1
MOST_PER_INSERT = 200_000
Range = tuple[int, int, str]


def read_networks(store: Store, unit: UnitTable) -> dict[str, str]:
    """Fills the table `networks` (first, last, country, file, row); returns what every run says of it.

    A CSV with the columns first,last,country or cidr,country, or a country file of the MMDB format.
    """
    unit = built_on(unit)
    told = said(unit, "[addresses]")
    if unit.file.suffix.lower() == ".mmdb":
        ranges: Iterable[Range | None] = _mmdb(unit, told)
    else:
        ranges = _csv_ranges(store, unit)
    left_out = _fill(store, ranges)
    if not store.one("SELECT count(*) FROM networks"):
        raise Refused(f"{unit.file.name} names no address range with a country. Correct [addresses] in the mapping.")
    return told | {"rows_left_out": str(left_out)}


def read_issuers(store: Store, unit: UnitTable) -> dict[str, str]:
    """Fills the table `issuers` (prefix, country, file, row) from a CSV prefix,country; returns what every run says of it."""
    told = said(unit, "[issuers]")
    _staged(store, unit, ("prefix", "country"))
    fits = "regexp_full_match(f_prefix, '\\d{1,11}') AND regexp_full_match(f_country, '[A-Za-z]{2}')"
    store.run(f"INSERT INTO issuers SELECT f_prefix, upper(f_country), 0, row FROM staged WHERE {fits} ORDER BY row")
    left_out = store.one(f"SELECT count(*) FROM staged WHERE NOT coalesce({fits}, false)")
    store.run("DROP TABLE staged")
    if not store.one("SELECT count(*) FROM issuers"):
        raise Refused(f"{unit.file.name} names no card prefix with a country. Correct [issuers] in the mapping.")
    return told | {"rows_left_out": str(left_out)}


def built_on(unit: UnitTable) -> UnitTable:
    """The unit's table with the day of its file, where that is an MMDB that was built before the day the mapping says."""
    if unit.file.suffix.lower() != ".mmdb":
        return unit
    _there(unit, "[addresses]")
    with _opened(unit) as reader:
        try:
            day = datetime.fromtimestamp(reader.metadata().build_epoch, UTC).date()
        except (OverflowError, ValueError, OSError, TypeError) as error:
            raise _broken(unit) from error
    return UnitTable(unit.file, unit.name, min(day, unit.day), unit.licence, unit.accept_old)


def said(unit: UnitTable, where: str) -> dict[str, str]:
    """The table's name, date, licence and digest. Missing where it does not lie where the mapping's `where` says."""
    _there(unit, where)
    return {"name": unit.name, "date": str(unit.day), "licence": unit.licence, "sha256": sha256(unit.file)}


def _there(unit: UnitTable, where: str) -> None:
    if not unit.file.is_file():
        raise Missing(f"The mapping's {where} names {unit.file}, which is not there. It lies beside the mapping.")


def _staged(store: Store, unit: UnitTable, wanted: tuple[str, ...]) -> None:
    """Makes `staged` of the unit's CSV, by the columns' own names."""
    names, _ = csv_rows.header(unit.file, "")
    source = BaseSource(unit.file.name, "csv", "", {each: each for each in wanted})
    if missing := [each for each in wanted if each not in {name.strip().casefold() for name in names}]:
        there = ", ".join(name if name.isprintable() else "?" for name in names[:10])[:200]
        raise Refused(
            f"{unit.file.name} needs a first line with the columns {', '.join(wanted)}; {missing[0]} is not in it, but: {there}."
        )
    stage(store, SourceFile(unit.file.name, unit.file, "", 0, 0), source, wanted)


def _csv_ranges(store: Store, unit: UnitTable) -> Iterator[Range | None]:
    names = {name.strip().casefold() for name in csv_rows.header(unit.file, "")[0]}
    columns = ("cidr", "country") if "cidr" in names else ("first", "last", "country")
    _staged(store, unit, columns)
    picked = ", ".join(f"f_{each}" for each in columns)
    rows = store.rows(f"SELECT {picked} FROM staged ORDER BY row")
    store.run("DROP TABLE staged")
    for *ends, country in rows:
        yield _range(ends, country)


def _range(ends: list[str | None], country: str | None) -> Range | None:
    """The two numbers and the country; None where they are none. Numbers may stand as such, as some tables have them."""
    if not country or len(country) != 2 or not country.isalpha() or not country.isascii():
        return None
    try:
        if len(ends) == 1:
            net = ip_network((ends[0] or "").strip(), strict=False)
            return int(net.network_address), int(net.broadcast_address), country.upper()
        first, last = (int(each or "") if (each or "").isdigit() else int(ip_address(each or "")) for each in ends)
    except ValueError:
        return None
    return (first, last, country.upper()) if 0 <= first <= last < 1 << 128 else None


def _mmdb(unit: UnitTable, told: dict[str, str]) -> Iterator[Range | None]:
    with _opened(unit) as reader:
        told["built"] = str(built_on(unit).day)
        try:
            for net, record in reader:
                country = record.get("country") if isinstance(record, dict) else None
                code = country.get("iso_code") if isinstance(country, dict) else country
                found = code if isinstance(code, str) else ""
                yield _range([str(net)], found) if found else None
        except (maxminddb.InvalidDatabaseError, ValueError, IndexError, RecursionError, UnicodeDecodeError) as error:
            raise _broken(unit) from error


def _opened(unit: UnitTable) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(unit.file, maxminddb.MODE_FILE)
    except (
        maxminddb.InvalidDatabaseError,
        ValueError,
        OSError,
        IndexError,
        RecursionError,
        UnicodeDecodeError,
    ) as error:
        raise _broken(unit) from error


def _broken(unit: UnitTable) -> Refused:
    return Refused(f"{unit.file.name} is no MMDB file that can be read to its end. Give another in [addresses].")


def _fill(store: Store, ranges: Iterable[Range | None]) -> int:
    """Inserts the ranges; returns how many rows were none."""
    left_out = row = 0
    held: list[tuple[int, int, str, int]] = []
    for each in ranges:
        row += 1
        if each is None:
            left_out += 1
            continue
        held.append((*each, row))
        if len(held) == MOST_PER_INSERT:
            _insert(store, held)
            held = []
    _insert(store, held)
    return left_out


def _insert(store: Store, held: list[tuple[int, int, str, int]]) -> None:
    if not held:
        return
    first, last, country, row = zip(*held, strict=True)
    columns = {
        f"{name}_{part}": np.array([number >> shift & HALF for number in numbers], dtype=np.uint64)
        for name, numbers in (("first", first), ("last", last))
        for part, shift in (("high", 64), ("low", 0))
    }
    store.table(
        "given_ranges", columns | {"country": np.array(country, dtype=object), "row": np.array(row, dtype=np.int64)}
    )
    whole = ", ".join(f"({name}_high::UHUGEINT << 64) + {name}_low::UHUGEINT" for name in ("first", "last"))
    store.run(f'INSERT INTO networks SELECT {whole}, country, 0, "row" FROM given_ranges ORDER BY "row"')
    store.run("DROP TABLE given_ranges")
