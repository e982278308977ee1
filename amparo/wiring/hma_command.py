"""`amparo hma`: keys for systems that ask the lists by HMA's interface, and HMA servers whose banks are read in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Declares `hma` and what it can do."""
    whole = add("hma", _show, "systems that ask the lists as they ask HMA, and HMA servers to read from")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")

    def sub(name: str, command: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(command=command)
        return made

    sub("show", _show, "who may ask and what is read from (also without a command)")
    key = sub("key", _key, "let a system ask: prints its key, once")
    key.add_argument("system", help="which system it is for")
    revoke = sub("revoke", _revoke, "take a system's key back, at once")
    revoke.add_argument("system")
    server = sub("add", _add, "know an HMA server, so that its banks can be read")
    server.add_argument("name", help="the list that comes of it will bear this name")
    server.add_argument("address", help="as its own clients are given it, such as https://hma.example.org")
    server.add_argument("--token", action="store_true", help="read a bearer token from standard input")
    read = sub("read", _read, "have the courier read a server's banks; they become a list, or its next version")
    read.add_argument("name")
    forget = sub("forget", _forget, "forget a server and its token; lists that came from it stay")
    forget.add_argument("name")


def _begin() -> None:
    import django

    django.setup()


def _show(given: argparse.Namespace) -> int:
    _begin()
    from amparo.matching.hma import queries

    for client in queries.clients():
        state = "revoked" if client.revoked_at else "may ask"
        counts = f"{client.questions:,} questions, {client.hits:,} hits told in {queries.COUNTED_DAYS} days"
        print(f"{client.name}  {state}  {counts}")
    for server in queries.servers():
        state = f"read {server.read_at:%Y-%m-%d %H:%M}" if server.read_at else "not read yet"
        state = "being read" if server.reading else server.failure or state
        print(f"{server.name}  {server.address}  {server.found:,} contents, {state}")
    return 0


def _key(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.matching.hma import actions

    made = actions.make_key(Actor.of_process("cli"), given.system)
    print("The system asks below /hma of this house's address, with this key as bearer token.", file=sys.stderr)
    print("It is not shown again.", file=sys.stderr)
    print(made.key)
    return 0


def _revoke(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.foundation.errors import Missing
    from amparo.matching.hma import actions, queries

    found = next((each for each in queries.clients() if each.name == given.system and not each.revoked_at), None)
    if found is None:
        raise Missing(f"No system called {given.system} has a key.")
    actions.revoke(Actor.of_process("cli"), found.uuid)
    print(f"{found.name} is told nothing from now on.")
    return 0


def _add(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.matching.hma import actions

    token = sys.stdin.readline().strip() if given.token else ""
    actions.add_server(Actor.of_process("cli"), name=given.name, address=given.address, token=token)
    print(f"{given.name} is known. `amparo hma read` reads its banks.")
    return 0


def _read(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.matching.hma import actions, queries

    actions.ask_reading(Actor.of_process("cli"), queries.server_named(given.name).uuid)
    print("The courier of this house reads it; `amparo hma` says how far it is, `amparo lists show` what came of it.")
    return 0


def _forget(given: argparse.Namespace) -> int:
    _begin()
    from amparo.access.acts import Actor
    from amparo.matching.hma import actions, queries

    actions.remove_server(Actor.of_process("cli"), queries.server_named(given.name).uuid)
    print(f"{given.name} is forgotten. Lists that came from it stay until they are withdrawn.")
    return 0
