"""`amparo analyse`: an engine alone, on files, without a case: what is typed, what is told while it runs, what comes out."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amparo.foundation.confinement import code_folders, confine
from amparo.foundation.errors import Refused
from amparo.wiring.analyse_base import add_base_commands
from amparo.wiring.analyse_screen import Screen, one_thread

if TYPE_CHECKING:
    from amparo.cases.coins import Ledger, Mapping

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]

COINS = """\
Reads a live platform's ledger (CSV, JSON, Parquet, XLSX) by a mapping
and traces every coin from where it entered to where it ended (FIFO).
Written beside --out FILE.parquet:

    FILE.gaps.parquet      stated balances and numbers that don't add up
    FILE.accounts.parquet  with --account: where its coins came from and went,
                           by FIFO and by haircut
    FILE.bad-rows.parquet  rows that are no events, or stand with a doubt
    FILE.run.json          inputs by digest, counts, what was not examined

Columns and the mapping: docs/formats/analyse.md
"""
SESSIONS = """\
Places every payment of a ledger into the broadcast in which it was made.
Written beside --out FILE.parquet:

    FILE.broadcasts.parquet  FILE.presence.parquet   who was in which room
    FILE.payers.parquet      FILE.hosts.parquet      payers common to several
    FILE.countries.parquet   candidates, as the platform's columns state them
    FILE.indicators.parquet  published payment indicators: notes, no findings
    FILE.bad-rows.parquet    FILE.run.json

Columns and the mapping: docs/formats/analyse.md
"""


def add_commands(add: Add) -> None:
    """Declares `analyse` and its engines."""
    analyse = add("analyse", _which, "run one engine alone, on files: links, countries, coins ...")
    engines = analyse.add_subparsers(title="engines", metavar="ENGINE")
    coins = _engine(engines, "coins", _coins, "where coins came from and went", COINS)
    coins.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="NAME",
        help="also this account's coins, by both rules; repeat it",
    )
    coins.add_argument(
        "--as-is", action="store_true", help="don't fill in what the stated balances show to be missing in the ledger"
    )
    sessions = _engine(engines, "sessions", _sessions, "who was in the room, who paid what and when", SESSIONS)
    sessions.add_argument(
        "--grace",
        type=int,
        default=120,
        metavar="S",
        help="seconds around a broadcast in which a payment is still its (120)",
    )
    add_base_commands(engines, _engine)


def _engine(
    engines: Any, name: str, command: Callable[[argparse.Namespace], int], summary: str, text: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = engines.add_parser(
        name, help=summary, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.set_defaults(command=command)
    made.add_argument(
        "--in", dest="folder", type=Path, required=True, metavar="DIR", help="the platform's files, at any depth"
    )
    made.add_argument(
        "--mapping", type=Path, required=True, metavar="FILE", help="what their columns and words mean (TOML)"
    )
    made.add_argument("--out", type=Path, required=True, metavar="FILE.parquet", help="what is found")
    made.add_argument(
        "--memory", default="2GiB", metavar="SIZE", help="what the tables may take before they go to disk (2GiB)"
    )
    made.add_argument("--json", action="store_true", help="print the run as one JSON object")
    return made


def _which(given: argparse.Namespace) -> int:
    raise Refused(
        "Say which engine: amparo analyse import, links, countries, dossiers, circles, first-posts, coins or sessions."
    )


def _coins(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.coins import write_trace

    return _run(
        given,
        lambda ledger, screen: write_trace(
            ledger, given.out, accounts=given.account, fill_gaps=not given.as_is, progress=screen.show
        ),
        _tell_coins,
    )


def _sessions(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.coins import write_sessions

    if given.grace < 0:
        raise Refused("--grace is a number of seconds from 0 on.")
    return _run(
        given,
        lambda ledger, screen: write_sessions(ledger, given.out, grace_s=given.grace, progress=screen.show),
        _tell_sessions,
    )


def _run(
    given: argparse.Namespace,
    write: Callable[[Ledger, Screen], dict[str, Any]],
    tell: Callable[[dict[str, Any]], list[str]],
) -> int:
    from amparo.cases.coins import load_mapping, open_ledger
    from amparo.cases.coins.tracing import warm
    from amparo.cases.tables.reading import folder
    from amparo.wiring.analyse_sheets import with_sheets

    mapping: Mapping = load_mapping(given.mapping)
    check_out(given.out, given.folder)
    screen = Screen()
    warm()
    with tempfile.TemporaryDirectory(prefix="amparo-sheets-") as work:
        found = with_sheets(folder(given.folder, mapping), mapping, Path(work), mapping.decimal)
        _confine(given)
        with open_ledger(found, mapping, memory=given.memory, progress=screen.show) as ledger:
            run = write(ledger, screen)
    if given.json:
        print(json.dumps(run, ensure_ascii=False))
        return 0
    print(*_tell_reading(run), *tell(run), sep="\n")
    return 0


def check_out(out: Path, folder: Path) -> None:
    if out.suffix != ".parquet":
        raise Refused(f"--out is a file whose name ends in .parquet, not {out.name}.")
    if folder.is_dir() and out.resolve().is_relative_to(folder.resolve()):
        raise Refused(f"Results must not be written into the evidence: {out} lies in {folder}. Give another --out.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{out.parent} can't be made ({error.strerror}): give another --out.") from error


def _confine(given: argparse.Namespace) -> None:
    """From here on this process reaches the ledger, the results, the temporary folder and its own code, where Linux can do that."""
    if not given.folder.is_dir():
        return  # the reading says so
    writable = [given.out.parent.resolve(), Path(tempfile.gettempdir()).resolve()]
    # DuckDB asks /sys how much memory its control group may take, and aborts where it may not ask.
    confine(readable=[*code_folders(), *filter(Path.is_dir, [Path("/sys")]), given.folder.resolve()], writable=writable)


def _tell_reading(run: dict[str, Any]) -> list[str]:
    lines = [f"{run['platform']}: {run['events']:,} events from {len(run['files'])} files."]
    if run["rows_left_out"]:
        lines.append(f"{run['rows_left_out']:,} rows are no events: each is in bad-rows.parquet with its reason.")
    if run["rows_with_a_doubt"]:
        lines.append(f"{run['rows_with_a_doubt']:,} rows stand with a doubt: see bad-rows.parquet.")
    if run["events_without_utc"]:
        lines.append(
            f"{run['events_without_utc']:,} events have no certain UTC, and stand by their wall clock: set time.zone "
            f"in the mapping "
            "if the zone is known."
        )
    lines += [f"Left out: {each['name']} ({each['why']})." for each in run["left_out"][:20]]
    return lines


def _tell_coins(run: dict[str, Any]) -> list[str]:
    coins, written = run["coins"], run["written"]
    lines = [
        (
            f"Coins: {coins['entered']:,} entered ({coins['origin_unknown']:,} of unknown origin), {coins['ended']:,} ended, "
            f"{coins['left_in_accounts']:,} are left. {written['parts']:,} parts were traced."
        ),
    ]
    if written.get("gaps"):
        lines.append(f"The ledger does not add up in {written['gaps']:,} places: see gaps.parquet.")
    return [*lines, "", run["rules"]]


def _tell_sessions(run: dict[str, Any]) -> list[str]:
    found, written = run["payments"], run["written"]
    lines = [
        (
            f"{written['payments']:,} payments to {written['broadcasts']:,} broadcasts: {found['stated']:,} name theirs, "
            f"{found['inside']:,} lie in one, {found['grace']:,} within the grace, {found['either']:,} in either of two or "
            f"more, {found['none']:,} in none."
        ),
        f"{written['payers']:,} payers paid more than one broadcaster; {written['presence']:,} stays in rooms.",
    ]
    if written["indicators"]:
        lines.append(
            f"{written['indicators']:,} notes by published indicators: notes on payments, findings about nobody."
        )
    return [*lines, *(f"{name}: {why}." for name, why in sorted(run["indicators_not_examined"].items()))]
