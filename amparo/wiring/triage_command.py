"""`amparo triage`: the rules of the queue, from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from amparo.foundation.errors import Refused

if TYPE_CHECKING:
    from amparo.intake.triage.replay import Difference, Move

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Declares `triage` and what it can do."""
    whole = add("triage", _rules, "the rules that order the queue: list, check, try on the past, put in force")
    steps = whole.add_subparsers(title="commands", metavar="COMMAND")
    listed = steps.add_parser("rules", help="which rule is in force, and which lie in AMPARO_HOME/triage")
    listed.set_defaults(command=_rules)
    check = steps.add_parser(
        "check", help="everything that is wrong with a rule, by its line and with what to write instead"
    )
    check.add_argument("file", type=Path, help="a rule-N.toml, wherever it lies")
    check.set_defaults(command=_check)
    tried = steps.add_parser("try", help="who would have moved up and who down; nothing moves")
    tried.add_argument("version", help="such as rule-2, which lies in AMPARO_HOME/triage")
    tried.add_argument("--reports", type=int, default=20_000, metavar="N", help="the newest so many (20000)")
    tried.add_argument("--json", action="store_true", help="print the result as one JSON object")
    tried.set_defaults(command=_try)
    used = steps.add_parser("use", help="put a rule in force that was tried on the past")
    used.add_argument("version")
    used.set_defaults(command=_use)


def _set_up() -> None:
    import django

    django.setup()


def _rules(given: argparse.Namespace) -> int:
    _set_up()
    from amparo.intake import replaying, rulings

    print(f"in force: {rulings.current().version}")
    for each in replaying.files():
        state = (
            "can't be used"
            if each.problems
            else "in force"
            if each.in_force
            else "tried"
            if each.tried_at
            else "not tried"
        )
        print(f"{each.name:<10} {state}")
        _print_problems(each.problems)
    for name, problem in rulings.own_files():
        print(f"{name:<24} {'left out: ' + problem if problem else 'read'}")
    return 0


def _check(given: argparse.Namespace) -> int:
    from amparo.intake.triage import read_rule
    from amparo.intake.triage.rulebook import BadRule

    try:
        rule = read_rule(given.file.read_text(encoding="utf-8"))
    except BadRule as bad:
        _print_problems(bad.problems)
        return 1
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{given.file} can't be read as text ({type(error).__name__}).") from error
    print(f"{rule.version}: nothing is wrong with it.")
    return 0


def _try(given: argparse.Namespace) -> int:
    _set_up()
    from amparo.access.acts import Actor
    from amparo.intake import replaying, rulings

    rule = replaying.rule_named(given.version)
    before = rulings.current().version
    found = replaying.try_rule(Actor.of_process("cli"), rule, max(1, given.reports))
    if given.json:
        print(json.dumps(asdict(found), default=str))
    else:
        _print_difference(rule.version, before, found)
    return 0


def _use(given: argparse.Namespace) -> int:
    _set_up()
    from amparo.access.acts import Actor
    from amparo.intake import replaying

    done = replaying.put_in_force(Actor.of_process("cli"), given.version)
    print(f"{done.rule} orders the queue from now on; {done.reports} waiting reports are ranked again.")
    return 0


def _print_problems(problems: Sequence[str]) -> None:
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)


def _print_difference(version: str, before: str, found: Difference) -> None:
    print(f"{version} beside {before}, on the newest {found.reports} reports as if all waited together")
    print(f"  {found.moved_up} would stand higher, {found.moved_down} lower, {found.unmoved} as they stand")
    print(f"  {found.floors_gained} get a floor, {found.floors_lost} lose one")
    for one, other, many in found.bands:
        print(f"  {many} from band {one} to {other}")
    if found.unreplayed:
        print(f"  not in these figures, since they act on what arrives: {', '.join(found.unreplayed)}")
    for name, moves in (("up", found.up), ("down", found.down)):
        if moves:
            print(f"furthest {name}:")
            _print_moves(moves[:20])


def _print_moves(moves: Sequence[Move]) -> None:
    for move in moves:
        print(f"  {move.reference:<16} {move.before:>6} -> {move.after:<6} {move.why}")
