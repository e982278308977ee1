"""What an IP address can and can't tell: carrier NAT, VPN and hosting ranges, and addresses that lead to nobody. No Django.

The ranges of carriers, VPN services and hosting companies come from a table that the house keeps (AMPARO_HOME/networks.csv);
nothing is asked of anybody. Without such a table only what the standards reserve is known, and that is said.
"""

from __future__ import annotations

import csv
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

KINDS = {
    "carrier_nat": "shared by a carrier's customers: it leads to a line only with its port and the exact second",
    "vpn": "of a VPN service: it leads to the service, not to a person",
    "hosting": "of a hosting company: a machine uses it, perhaps for somebody else",
    "tor": "of an exit of the Tor network: it leads to nobody",
    "network": "of this network",
}
MOST_ROWS = 2_000_000
_COUNTRY = re.compile(r"[A-Za-z]{2}")
# RFC 6598; RFC 1918, 4193 and 3927; RFC 5737 and 3849; RFC 1122.
RESERVED: tuple[tuple[str, str, str], ...] = (
    ("100.64.0.0/10", "carrier_nat", "inside a carrier's network (RFC 6598): thousands share what is seen of it outside"),
    ("10.0.0.0/8", "private", "of a private network (RFC 1918): every home has it"),
    ("172.16.0.0/12", "private", "of a private network (RFC 1918): every home has it"),
    ("192.168.0.0/16", "private", "of a private network (RFC 1918): every home has it"),
    ("fc00::/7", "private", "of a private network (RFC 4193)"),
    ("169.254.0.0/16", "private", "of one cable (RFC 3927)"),
    ("fe80::/10", "private", "of one cable (RFC 4291)"),
    ("127.0.0.0/8", "private", "the machine itself (RFC 1122)"),
    ("::1/128", "private", "the machine itself (RFC 4291)"),
    ("0.0.0.0/8", "private", "no address (RFC 1122)"),
    ("224.0.0.0/4", "private", "of a group, not of one machine (RFC 5771)"),
    ("240.0.0.0/4", "private", "reserved (RFC 1112)"),
    ("192.0.2.0/24", "example", "kept for examples (RFC 5737)"),
    ("198.51.100.0/24", "example", "kept for examples (RFC 5737)"),
    ("203.0.113.0/24", "example", "kept for examples (RFC 5737)"),
    ("2001:db8::/32", "example", "kept for examples (RFC 3849)"),
)  # fmt: skip


@dataclass(frozen=True)
class Range:
    """A row of the table. country: ISO 3166 code, or "" where the row says none."""

    network: str
    kind: str
    name: str = ""
    country: str = ""

    @property
    def words(self) -> str:
        said = KINDS.get(self.kind, self.kind)
        return f"{said} ({self.name})" if self.name else said


class Networks:
    """Ranges, found by their longest prefix: each asked address costs one look-up for each prefix length there is."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._tables: dict[int, dict[int, dict[int, list[Range]]]] = {4: {}, 6: {}}
        self.rows = 0
        for network, kind, name in RESERVED:
            self._add(Range(network, kind, name))
        for each in ranges:
            self._add(each)
            self.rows += 1

    def _add(self, each: Range) -> None:
        network = ipaddress.ip_network(each.network, strict=False)
        prefixes = self._tables[network.version].setdefault(network.prefixlen, {})
        prefixes.setdefault(int(network.network_address), []).append(each)

    def of(self, address: str) -> tuple[Range, ...]:
        """The ranges that hold this address, the narrowest first; none for what is no address."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return ()
        bits = found.max_prefixlen
        ranges: list[Range] = []
        for length in sorted(self._tables[found.version], reverse=True):
            base = int(found) >> (bits - length) << (bits - length)
            ranges += self._tables[found.version][length].get(base, ())
        return tuple(ranges)


@dataclass(frozen=True)
class Table:
    """A house's table as it was read. problems: each with its line; its row is left out."""

    networks: Networks
    problems: tuple[str, ...]


def read_table(text: str) -> Table:
    """CSV with the columns network, kind, name, country (the last two may be empty). Lines that begin with # say nothing."""
    ranges, problems = [], []
    for number, line in enumerate(text.replace("\0", "").splitlines(), start=1):
        row = next(csv.reader([line[:1000]]), [])
        if number > MOST_ROWS:
            problems.append(f"line {number}: more than {MOST_ROWS} rows; the rest is left out")
            break
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or cells[0].casefold() == "network":
            continue
        network, kind, name, country = (*cells, "", "", "")[:4]
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            problems.append(f"line {number}: {network[:60]!r} is no range: write it as 198.51.100.0/24")
            continue
        if kind not in KINDS:
            problems.append(f"line {number}: {kind[:30]!r} is no kind: there are {', '.join(KINDS)}")
            continue
        if country and not _COUNTRY.fullmatch(country):
            problems.append(f"line {number}: {country[:30]!r} is no country: write two letters, such as ES")
            continue
        ranges.append(Range(network, kind, name[:120], country.upper()))
    return Table(Networks(ranges), tuple(problems[:100]))


@dataclass(frozen=True)
class AddressSaid:
    """warnings: what must be known before anybody acts on the address. countries: (code, words) that the table gives it.

    leads: whether it can lead to a line at all. hides: whether its range says nothing of where people are.
    """

    warnings: tuple[str, ...]
    countries: tuple[tuple[str, str], ...]
    leads: bool
    hides: bool


def said_of(address: str, networks: Networks) -> AddressSaid:
    """What is known of an address. One of a private network leads to nobody, whatever a table says."""
    ranges = networks.of(address)
    reserved = [each for each in ranges if each.kind in ("private", "example") or each.network == "100.64.0.0/10"]
    inside = any(each.kind != "example" for each in reserved)
    warnings = [f"This address is {each.name}." for each in reserved]
    kinds = [each for each in ranges if each not in reserved and each.kind != "network"]
    warnings += [f"This address is {each.words}." for each in kinds]
    hidden = any(each.kind in ("vpn", "tor", "hosting") for each in kinds)
    countries = [
        (
            each.country,
            f"the range {each.network}{f' ({each.name})' if each.name else ''}{', which hides where people are' if hidden else ''}",
        )
        for each in ranges
        if each.country
    ]
    return AddressSaid(tuple(dict.fromkeys(warnings)), tuple(countries), not inside, hidden or inside)
