"""`amparo platforms`: keys for platforms that report through their own door, and that door's OpenAPI document."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Declares `platforms` and what it can do."""
    whole = add("platforms", _show, "platforms that report through their own door: keys, OpenAPI document")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")

    def sub(name: str, command: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(command=command)
        return made

    sub("show", _show, "who may report (also without a command)")
    key = sub("key", _key, "let a platform report: prints its key, once")
    key.add_argument("platform", help="which platform it is for")
    key.add_argument("--test", action="store_true", help="everything that it sends is a trial and reaches no queue")
    key.add_argument("--rate", type=int, default=10, help="how many reports a second (10)")
    revoke = sub("revoke", _revoke, "take a platform's keys back, at once")
    revoke.add_argument("platform")
    sub("openapi", _openapi, "print the door's OpenAPI document")


def _begin() -> None:
    import django

    django.setup()


def _show(given: argparse.Namespace) -> int:
    _begin()
    from amparo.intake.api import queries

    for each in queries.platform_keys():
        state = "revoked" if each.revoked_at else "for tests" if each.test else "may report"
        score = "" if each.score is None else f", {each.score} % complete"
        print(f"{each.name}  {state}  {each.reports:,} reports in {queries.COUNTED_DAYS} days{score}")
    return 0


def _key(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.intake.api import keys

    made = keys.make_key(Actor.of_process("cli"), given.platform, test=given.test, reports_a_second=given.rate)
    print("The platform sends it as a bearer token. It is not shown again.", file=sys.stderr)
    print(made.secret)
    return 0


def _revoke(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.foundation.errors import Missing
    from amparo.intake.api import keys, queries

    found = [each for each in queries.platform_keys() if each.name == given.platform and not each.revoked_at]
    if not found:
        raise Missing(f"No platform called {given.platform} has a key.")
    for each in found:
        keys.revoke(Actor.of_process("cli"), each.uuid)
    print(f"{given.platform} can report no more by what it had. What it sent stays.")
    return 0


def _openapi(given: argparse.Namespace) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "amparo.wiring.api_settings"
    _begin()
    print(document(), end="")
    return 0


def document() -> str:
    """The OpenAPI document as it is committed and published. Django must be set up."""
    from amparo.intake.api import file_doors, report_doors  # noqa: F401  # each adds its addresses to the door
    from amparo.intake.api.doorway import door

    made = door.get_openapi_schema(path_prefix="/api/v1/")
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
