"""What in a report somebody could follow up, by how many of each kind. Counted, not judged. No Django."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from amparo.intake.triage.traces import Trace, traces_in

_LIVE = re.compile(r"/live(?:/|\?|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Leads:
    """How many different leads of each kind. bare_addresses: IP addresses without a port, which are incomplete.

    live_links: those of the links that lead to a service's page for a live broadcast.
    """

    phones: int = 0
    mails: int = 0
    links: int = 0
    handles: int = 0
    addresses: int = 0
    bare_addresses: int = 0
    rooms: int = 0
    wallets: int = 0
    payments: int = 0
    devices: int = 0
    digests: int = 0
    live_links: int = 0


def leads_in(text: str) -> Leads:
    """The leads in the first 100,000 characters of `text`."""
    return leads_of(traces_in(text))


def leads_of(traces: Iterable[Trace]) -> Leads:
    """The leads among these traces. A file that came with the report is none: the axis "new" speaks of it."""
    named = {(each.kind, each.value) for each in traces if each.where != "item"}
    count = Counter(kind for kind, _ in named)
    ported = {value.rpartition(":")[0].strip("[]") for kind, value in named if kind == "ip_port"}
    return Leads(
        phones=count["phone"],
        mails=count["email"],
        links=count["address"],
        handles=count["name"],
        addresses=count["ip_port"],
        bare_addresses=sum(kind == "ip" and value not in ported for kind, value in named),
        rooms=count["room"],
        wallets=count["wallet"],
        payments=count["payment"],
        devices=count["device"],
        digests=count["hash"],
        live_links=sum(kind == "address" and bool(_LIVE.search(value)) for kind, value in named),
    )
