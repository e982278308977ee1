from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from amparo.cases.tables.base import open_base
from amparo.cases.tables.base_mapping import load_base_mapping
from amparo.foundation.errors import AmparoError, Missing, Refused

MAPPING = """
[time]
zone = "UTC"
[addresses]
file = "{file}"
name = "test table"
date = {day}
licence = "CC0-1.0"
{more}
[[source]]
files = "events.csv"
table = "events"
columns = {{ account = "who", at = "when" }}
"""


def opened(
    place: Path, name: str, data: bytes, day: str = "2026-01-01", more: str = ""
) -> tuple[list[tuple], dict[str, Any]]:
    (place / "in").mkdir(exist_ok=True)
    (place / "in" / "events.csv").write_text("who,when\nana,2026-03-01T20:00:00\n")
    (place / name).write_bytes(data)
    (place / "m.toml").write_text(MAPPING.format(file=name, day=day, more=more))
    with open_base(place / "in", load_base_mapping(place / "m.toml")) as base:
        return base.store.rows('SELECT first, last, country FROM networks ORDER BY "row"'), base.facts()["unit_tables"]


def span(cidr: str, country: str) -> tuple[int, int, str]:
    net = ip_network(cidr)
    return int(net.network_address), int(net.broadcast_address), country


RANGES = [span("192.0.2.0/24", "ES"), span("198.51.100.0/25", "FR"), span("2001:db8::/33", "DE")]


def test_ranges_by_first_and_last_and_by_block_are_the_same(tmp_path: Path) -> None:
    by_ends = b"first,last,country\n192.0.2.0,192.0.2.255,es\n198.51.100.0,198.51.100.127,FR\n"
    by_ends += b"2001:db8::,2001:db8:7fff:ffff:ffff:ffff:ffff:ffff,DE\n"
    by_block = b"CIDR;Country;Note\n192.0.2.0/24;ES;x\n198.51.100.0/25;FR;\n2001:db8::/33;DE;\n"
    by_number = "first,last,country\n" + "".join(f"{first},{last},{country}\n" for first, last, country in RANGES)
    for data in (by_ends, by_block, by_number.encode()):
        assert opened(tmp_path, "n.csv", data)[0] == RANGES


def test_what_the_table_is_stands_in_every_run_with_its_bytes_and_what_it_left_out(tmp_path: Path) -> None:
    _, told = opened(
        tmp_path, "n.csv", b"cidr,country\n192.0.2.0/24,ES\nhome,ES\n192.0.2.0/99,ES\n198.51.100.0/24,Spain\n,\n"
    )
    said = told["networks"]
    assert (said["name"], said["date"], said["licence"], said["rows_left_out"]) == (
        "test table",
        "2026-01-01",
        "CC0-1.0",
        "4",
    )
    assert len(said["sha256"]) == 64


@pytest.mark.parametrize(("day", "fits"), [("2025-03-01", True), ("2025-02-27", False)])
def test_a_table_older_than_the_newest_event_by_more_than_a_year_is_refused_unless_told(
    tmp_path: Path, day: str, fits: bool
) -> None:
    data = b"cidr,country\n192.0.2.0/24,ES\n"
    if not fits:
        with pytest.raises(Refused, match=r"newest event of 2026-03-01.*accept_old = true"):
            opened(tmp_path, "n.csv", data, day)
    assert opened(tmp_path, "n.csv", data, day, "" if fits else "accept_old = true")[0] == RANGES[:1]


def test_a_table_that_is_not_there_or_says_nothing_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="needs a first line with the columns"):
        opened(tmp_path, "n.csv", b"a,b\n1,2\n")
    with pytest.raises(Refused, match="names no address range"):
        opened(tmp_path, "n.csv", b"cidr,country\nx,y\n")
    (tmp_path / "n.csv").unlink()
    with (
        pytest.raises(Missing, match="which is not there"),
        open_base(tmp_path / "in", load_base_mapping(tmp_path / "m.toml")),
    ):
        pass


def mmdb(nets: list[tuple[str, str]], build: int = 1_767_225_600) -> bytes:
    """A database of 128 bits, by the published format: a tree of records of 24 bits, then values, then what it is."""
    values, places = b"", {}
    for _, country in nets:
        if country not in places:
            places[country] = len(values)
            values += _map({"country": {"iso_code": country}})
    nodes: list[list[Any]] = [[None, None]]
    for cidr, country in nets:
        net = ip_network(cidr)
        bits, length = int(net.network_address), net.prefixlen + (96 if net.version == 4 else 0)
        at = 0
        for depth in range(length):
            bit = bits >> (127 - depth) & 1
            if depth == length - 1:
                nodes[at][bit] = country
            else:
                if nodes[at][bit] is None:
                    nodes[at][bit] = len(nodes)
                    nodes.append([None, None])
                at = nodes[at][bit]
    tree = b""
    for node in nodes:
        for side in node:
            number = len(nodes) if side is None else side if isinstance(side, int) else len(nodes) + 16 + places[side]
            tree += number.to_bytes(3, "big")
    about = {
        "node_count": len(nodes), "record_size": 24, "ip_version": 6, "database_type": "Test-Country", "languages": [],
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": build, "description": {},
    }  # fmt: skip
    return tree + bytes(16) + values + b"\xab\xcd\xefMaxMind.com" + _map(about)


def _map(values: dict[str, Any]) -> bytes:
    return bytes([7 << 5 | len(values)]) + b"".join(_text(key) + _value(value) for key, value in values.items())


def _text(value: str) -> bytes:
    data = value.encode()
    return bytes([2 << 5 | len(data)]) + data if len(data) < 29 else bytes([2 << 5 | 29, len(data) - 29]) + data


def _value(value: Any) -> bytes:
    if isinstance(value, dict):
        return _map(value)
    if isinstance(value, list):
        return bytes([0 << 5 | len(value), 11 - 7])
    return _text(value) if isinstance(value, str) else bytes([6 << 5 | 4]) + value.to_bytes(4, "big")


def test_a_country_file_of_the_mmdb_format_gives_the_same_ranges(tmp_path: Path) -> None:
    data = mmdb([("192.0.2.0/24", "ES"), ("198.51.100.0/25", "FR"), ("2001:db8::/33", "DE")])
    found, told = opened(tmp_path, "n.mmdb", data)
    assert found == RANGES
    assert told["networks"]["built"] == "2026-01-01"


def test_a_file_older_than_the_mapping_says_is_taken_at_its_own_day(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is of 2020-09-13"):
        opened(tmp_path, "n.mmdb", mmdb([("192.0.2.0/24", "ES")], 1_600_000_000), "2026-01-01")


@pytest.mark.parametrize("cut", [0, 10, 40, 200, 600, -30])
def test_a_broken_mmdb_is_refused_in_words(tmp_path: Path, cut: int) -> None:
    with pytest.raises(AmparoError):
        opened(tmp_path, "n.mmdb", mmdb([("192.0.2.0/24", "ES")])[:cut])


def test_card_prefixes_are_read_and_what_is_none_is_counted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "p.csv").write_text("who\nana\n")
    (tmp_path / "i.csv").write_text("prefix,country\n900001,es\n9x,ES\n900002,\n")
    (tmp_path / "m.toml").write_text(
        '[issuers]\nfile = "i.csv"\nname = "x"\ndate = 2026-01-01\nlicence = "y"\n'
        '[[source]]\nfiles = "p.csv"\ntable = "payments"\ncolumns = { account = "who" }\n'
    )
    with open_base(tmp_path / "in", load_base_mapping(tmp_path / "m.toml")) as base:
        assert base.store.rows("SELECT prefix, country FROM issuers") == [("900001", "ES")]
        assert base.facts()["unit_tables"]["issuers"]["rows_left_out"] == "2"
