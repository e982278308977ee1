"""`amparo lists`: known-hash lists brought in, updated, withdrawn, passed on and shown, on the terminal."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.matching.formats import FORMATS

if TYPE_CHECKING:
    from amparo.matching.actions import Order
    from amparo.matching.queries import ListFacts

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]

# How often the terminal asks, and how often it says where it is not a terminal.
ASKED_SECONDS, SAID_SECONDS = 0.2, 5.0

EPILOG = """\
LIST is a list's name (its version in use), NAME@VERSION, or its number (uuid).

Large lists are read and sorted in the background: by the workers of a house that
is up, else by this command. Nothing of a list counts until all of it does.
"""


def add_commands(add: Add) -> None:
    """Declares `lists` and what it can do."""
    whole = add("lists", _show, "known-hash lists: import, update, withdraw, export, show")
    whole.formatter_class, whole.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    whole.set_defaults(list="", json=False)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")

    def sub(name: str, command: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(command=command)
        return made

    new = sub("import", _import, "bring in a list, whole")
    new.add_argument("file", type=Path, metavar="FILE")
    new.add_argument("--name", required=True, help="as its publisher calls it")
    new.add_argument("--source", required=True, help="who publishes it, and to whom it was given")
    new.add_argument("--version", required=True, help="its date or number")
    new.add_argument("--scheme", default="", help="whose categories its codes are, where the file doesn't say")
    new.add_argument("--scope", default="", help="what it may be used for, and where")
    new.add_argument("--replaces", default="", metavar="LIST", help="the version whose place it takes")
    _add_reading(new)

    update = sub("update", _update, "bring in what changed: a new version is the version before with it")
    update.add_argument("list", metavar="LIST")
    update.add_argument("file", type=Path, metavar="FILE", help="what is new, and what is withdrawn")
    update.add_argument("--version", required=True, help="the new version's date or number")
    update.add_argument("--withdrawals", action="store_true", help="all that FILE names is withdrawn")
    _add_reading(update)

    withdraw = sub("withdraw", _withdraw, "a list counts no more, at once and everywhere")
    withdraw.add_argument("list", metavar="LIST")
    withdraw.add_argument("--reason", required=True)

    export = sub("export", _export, "write a list for another system")
    export.add_argument("list", metavar="LIST")
    export.add_argument("--format", required=True, choices=sorted(FORMATS))
    export.add_argument("--out", type=Path, metavar="FILE", help="there; else to standard output")

    show = sub("show", _show, "show the lists, or one of them")
    show.add_argument("list", nargs="?", default="", metavar="LIST")
    show.add_argument("--json", action="store_true")


def _add_reading(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--format", default="", help="of the file: csv, text, icse, ncmec, vics, threatexchange, hma (found out)"
    )
    command.add_argument(
        "--bare", default="sha256", choices=["sha256", "pdq"], help="what 64 digits without a column are"
    )
    command.add_argument("--leave-out", action="store_true", help="leave out rows that can't be read")


def _begin() -> Home:
    """The home, with its keys and an up-to-date database: made on its first command, like by `amparo up`."""
    from amparo.wiring import environment, up

    home = Home.from_env()
    environment.begin(home, demo=os.environ.get("AMPARO_DEMO") == "1")
    if up.running(home):
        import django

        django.setup()
    else:
        up.prepare(home)
    return home


def _found(named: str) -> ListFacts:
    """The list that is meant. Raises Missing, Refused where several are."""
    from amparo.matching import queries
    from amparo.matching.rules import ListState

    try:
        return queries.hash_list(UUID(named))
    except ValueError:
        pass
    name, _, version = named.rpartition("@")
    every = queries.lists()
    found = [each for each in every if name and (each.name, each.version) == (name, version)]
    found = found or [each for each in every if each.name == named and each.state is ListState.ACTIVE]
    if not found:
        raise Missing(f"There is no list {named} in use here. `amparo lists show` shows them all.")
    if len(found) > 1:
        raise Refused(f"Several versions of {named} are in use: say which, as {named}@VERSION.")
    return found[0]


# --- In ---------------------------------------------------------------------------------------------------------------------


def _import(given: argparse.Namespace) -> int:
    home = _begin()
    from amparo.matching.actions import Order
    from amparo.matching.rules import ListSaid

    said = ListSaid(given.name, given.source, given.version, given.scheme, given.scope)
    base = _found(given.replaces).uuid if given.replaces else None
    return _bring_in(home, given, Order(said, base, **_reading(given)))


def _update(given: argparse.Namespace) -> int:
    home = _begin()
    from amparo.matching.actions import Order
    from amparo.matching.rules import ListSaid

    base = _found(given.list)
    said = ListSaid(base.name, base.source, given.version, base.scheme, base.scope)
    order = Order(said, base.uuid, difference=True, withdrawals=given.withdrawals, **_reading(given))
    return _bring_in(home, given, order)


def _reading(given: argparse.Namespace) -> dict[str, Any]:
    return {"file_name": given.file.name, "format": given.format, "bare": given.bare, "leave_out": given.leave_out}


def _bring_in(home: Home, given: argparse.Namespace, order: Order) -> int:
    from amparo.access.acts import Actor
    from amparo.matching import actions, incoming

    if not given.file.is_file():
        raise Missing(f"There is no file {given.file}.")
    receiving = incoming.Receiving(home)
    try:
        with given.file.open("rb") as file:
            shutil.copyfileobj(file, receiving, 1 << 20)
        asked = actions.ask_import(Actor.of_process("cli"), receiving.finish(), order)
    except BaseException:
        receiving.give_up()
        raise
    return _wait(home, asked.list)


def _wait(home: Home, list_uuid: UUID) -> int:
    """Shows how far the import is until it has ended; does the work here where no house is up. 0 when the list counts."""
    from amparo.matching import queries
    from amparo.matching.rules import ListState
    from amparo.wiring import up

    stop = None if up.running(home) else _worker_of_our_own(home)
    teller = _Teller()
    try:
        while (facts := queries.hash_list(list_uuid)).state is ListState.IMPORTING:
            teller.tell(facts)
            time.sleep(ASKED_SECONDS)
    finally:
        if stop:
            stop()
        teller.end()
    if facts.state is not ListState.ACTIVE:
        print(f"Not imported. {facts.failure}", file=sys.stderr)
        for place, problem in facts.problems[:20]:
            print(f"  {place}: {problem}", file=sys.stderr)
        return 1
    print(
        f"{facts.name} {facts.version} is in use: {facts.rows:,} listed items, {facts.hashes:,} hashes.  {facts.uuid}"
    )
    if facts.difference:
        print(
            f"{facts.added:,} are new in it, {facts.removed:,} were removed, {facts.missing:,} to be removed weren't there."
        )
    if facts.problem_count:
        print(f"{facts.problem_count:,} rows can't be read and were left out; its page shows them.")
    return 0


def _worker_of_our_own(home: Home) -> Callable[[], None]:
    """Starts a worker for lists beside this command's own thread; what comes back ends it."""
    from amparo.jobs.worker import Worker
    from amparo.vault.keys import check_keys
    from amparo.wiring.worker import duties

    check_keys(home, "worker")
    worker = Worker("terminal", duties(home), queue="long", batch=1)
    thread = threading.Thread(target=worker.run, name="lists", daemon=True)
    thread.start()

    def stop() -> None:
        worker.stop()
        thread.join(2)  # cut off in the middle of a list, the next worker goes on with it

    return stop


class _Teller:
    """One line that moves on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._moves, self._said, self._stage = sys.stderr.isatty(), 0.0, "-"

    def tell(self, facts: ListFacts) -> None:
        from amparo.matching import wording

        stage = str(wording.STAGES.get(facts.stage, "Waiting for a worker"))
        share = (
            f"{facts.done / facts.total:4.0%} of {facts.total:,}"
            if facts.total
            else f"{facts.done:,}"
            if facts.done
            else ""
        )
        line = "  ".join(part for part in (f"{stage}:" if share else stage, share, wording.pace_of(facts)) if part)
        if self._moves:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif stage != self._stage or time.monotonic() - self._said > SAID_SECONDS:
            self._said, self._stage = time.monotonic(), stage
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._moves:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


# --- Out --------------------------------------------------------------------------------------------------------------------


def _withdraw(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.matching import actions

    found = _found(given.list)
    actions.withdraw_list(Actor.of_process("cli"), found.uuid, given.reason)
    print(f"{found.name} {found.version} counts no more. Items known by it alone are checked again.")
    return 0


def _export(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.matching import actions, exporting, formats
    from amparo.matching.known import shelf_with

    found = _found(given.list)
    (version,) = shelf_with([found.uuid]).versions
    categories = exporting.categories_of(version)
    # What is about to leave stands in the record first.
    actions.record_export(Actor.of_process("cli"), found.uuid, given.format, found.rows)
    with given.out.open("xb") if given.out else os.fdopen(os.dup(sys.stdout.fileno()), "wb") as into:
        written = formats.write(given.format, exporting.records_of(version), categories, into)
    print(f"{written.rows:,} of {found.rows:,} listed items of {found.name} {found.version} written.", file=sys.stderr)
    for what, count in written.left_out.items():
        print(f"  left out: {count:,} {what}", file=sys.stderr)
    return 0


def _show(given: argparse.Namespace) -> int:
    _begin()
    from amparo.matching import queries, wording

    found = (_found(given.list),) if given.list else queries.lists()
    if given.json:
        print(json.dumps([{**asdict(each), "hashes": each.hashes} for each in found], default=str, ensure_ascii=False))
        return 0
    for each in found:
        state = wording.state_of(each)["words"]
        print(
            f"{each.name}@{each.version}  {state}  {each.rows:,} listed items, {each.hashes:,} hashes, {each.items:,} known here"
        )
        if given.list:
            _describe(each)
    if not found:
        print("No list yet. Until one is imported, items are not compared, and each says so.")
    return 0


def _describe(facts: ListFacts) -> None:
    from amparo.matching import wording

    for label, value in (
        ("number", facts.uuid),
        ("source", facts.source),
        ("scope", facts.scope),
        ("scheme", facts.scheme),
        ("follows on", facts.base[1] if facts.base else ""),
        ("followed by", facts.followed_by[1] if facts.followed_by else ""),
        ("withdrawn", facts.withdrawn_reason),
        ("failure", facts.failure),
        *((kind, f"{count:,}") for kind, count in wording.kinds_of(facts)),
        *(
            (f"{scheme} {code}".strip() or "no category", f"{rows:,} listed items")
            for scheme, code, rows in facts.categories
        ),
    ):
        if value:
            print(f"  {label:<16} {value}")
