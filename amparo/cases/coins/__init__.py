"""The coins of live-streaming platforms: ledgers, traces, sessions and published indicators, each row with its evidence.

    from amparo.cases.coins import load_mapping, open_ledger, trace_coins, find_sessions

    with open_ledger(Path("ledgers"), load_mapping(Path("platform.toml"))) as ledger:
        trace_coins(ledger).through(["account"])

Pure: no Django, no network; of Amparo it knows the foundation alone. Importing this starts nothing and loads little:
DuckDB and Numba come with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amparo.cases.coins.balances import find_gaps
    from amparo.cases.coins.indicators import find_indicators, load_indicators
    from amparo.cases.coins.ledger import Ledger, open_ledger, read_into
    from amparo.cases.coins.mapping import Mapping, load as load_mapping
    from amparo.cases.coins.results import write_sessions, write_trace
    from amparo.cases.coins.sessions import Sessions, find_sessions
    from amparo.cases.coins.tracing import Moves, Trace, moves_of, trace_coins

__all__ = [
    "Ledger",
    "Mapping",
    "Moves",
    "Sessions",
    "Trace",
    "find_gaps",
    "find_indicators",
    "find_sessions",
    "load_indicators",
    "load_mapping",
    "moves_of",
    "open_ledger",
    "read_into",
    "trace_coins",
    "write_sessions",
    "write_trace",
]

_PLACES = {
    "Ledger": ("ledger", "Ledger"),
    "Mapping": ("mapping", "Mapping"),
    "Moves": ("tracing", "Moves"),
    "Sessions": ("sessions", "Sessions"),
    "Trace": ("tracing", "Trace"),
    "find_gaps": ("balances", "find_gaps"),
    "find_indicators": ("indicators", "find_indicators"),
    "find_sessions": ("sessions", "find_sessions"),
    "load_indicators": ("indicators", "load_indicators"),
    "load_mapping": ("mapping", "load"),
    "moves_of": ("tracing", "moves_of"),
    "open_ledger": ("ledger", "open_ledger"),
    "read_into": ("ledger", "read_into"),
    "trace_coins": ("tracing", "trace_coins"),
    "write_sessions": ("results", "write_sessions"),
    "write_trace": ("results", "write_trace"),
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        module, inside = _PLACES[name]
        return getattr(import_module(f"amparo.cases.coins.{module}"), inside)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
