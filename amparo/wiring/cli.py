"""The `amparo` command."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from amparo import __version__
from amparo.foundation.errors import AmparoError, Missing
from amparo.foundation.home import Home
from amparo.wiring import (
    analyse_command,
    api_command,
    environment,
    hma_command,
    lists_command,
    platform_command,
    read_command,
    receipt_command,
    scan_command,
    triage_command,
)

DESCRIPTION = """\
Amparo carries a report of child sexual abuse or exploitation from its arrival
to the moment every child in it is safe.

Everything a house keeps lies in one folder: ./var, or where AMPARO_HOME points.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 1 a sentence says what is wrong and what to do, 2 the command was not understood."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.wiring.settings")
    os.umask(0o077)  # the database and its journal are their owner's alone, whoever made the home
    given = parser().parse_args(arguments)
    logging.basicConfig(level=os.environ.get("AMPARO_LOG", "WARNING"), format="%(levelname)s %(name)s %(message)s")
    try:
        environment.load(Home.from_env())
        status: int = given.command(given)
    except AmparoError as error:
        print(f"amparo: {error.sentence}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def parser() -> argparse.ArgumentParser:
    """What `amparo --help` tells."""
    whole = argparse.ArgumentParser(
        prog="amparo", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    whole.add_argument("--version", action="version", version=f"amparo {__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(command=command)
        return made

    up = add("up", _up, "start every process of this house, and stay until stopped (Ctrl-C)")
    up.add_argument("--workers", type=int, default=2, metavar="N", help="how many workers examine and match (2)")
    up.add_argument(
        "--demo", action="store_true", help="load the demo operation on the first start, and print its log-ins"
    )

    demo = add("demo", _demo, "play an operation with synthetic data through the house's own doors")
    demo.add_argument(
        "operation",
        choices=["group", "streams", "platform"],
        help="group: the messaging group with members in eleven countries; streams: two live platforms and a messenger between; "
        "platform: a seized platform and 38 countries",
    )
    demo.add_argument(
        "--accounts", type=int, default=20_000, metavar="N", help="of the platform: 5000 to 1800000 and more (20000)"
    )
    demo.add_argument("--seed", type=int, default=2020, metavar="N", help="other invented data, the same story (2020)")

    verify = add("verify", _verify, "check the whole chain of custody and every sealed file, offline")
    verify.add_argument("--json", action="store_true", help="print the result as one JSON object")

    opened = add("open", _open, "open a sealed package: decrypt, check every file, check the signature, step by step")
    opened.add_argument("package", type=Path, help="the sealed file as it was received (.gpg or .age)")
    opened.add_argument(
        "--key", type=Path, required=True, help="your private key: OpenPGP (armoured) or an age identity"
    )
    opened.add_argument(
        "--into", type=Path, metavar="FOLDER", help="write its files there; the folder must not exist yet"
    )

    officer = add("officer", _officer, "add an officer, or list them")
    officer.add_argument("username", nargs="?", help="the name to log in with; without it, officers are listed")
    officer.add_argument("--name", default="", help="the name as colleagues say it")
    officer.add_argument("--unit", default="")
    officer.add_argument(
        "--roles",
        default="",
        help="with commas: analyst, investigator, victim_specialist, liaison, supervisor, auditor",
    )
    officer.add_argument("--language", default="en", choices=["en", "es", "fr"])

    code = add("code", _code, "print the six digits a demo officer logs in with now")
    code.add_argument("username")

    lists_command.add_commands(add)
    hma_command.add_commands(add)
    api_command.add_commands(add)
    scan_command.add_commands(add)
    triage_command.add_commands(add)
    platform_command.add_commands(add)
    receipt_command.add_commands(add)
    read_command.add_commands(add)
    analyse_command.add_commands(add)

    keys = add("keys", _keys, "say where the keys lie, who holds what, and how to back them up")
    keys.add_argument("--mail", action="store_true", help="print the line's public mail keys instead")

    run = add("run", _run, "run one process of the house in the foreground (amparo up runs them all)")
    run.add_argument("process", choices=["worker", "courier", "receiver", "mailbox"])
    run.add_argument("name", nargs="?", default="worker")
    return whole


def _set_up_django() -> None:
    import django

    django.setup()


def _up(given: argparse.Namespace) -> int:
    home = Home.from_env()
    environment.begin(home, demo=given.demo)
    from amparo.vault.keys import describe_keys
    from amparo.wiring import up

    if other := up.running(home):
        raise up.already_up(other)
    up.doors_must_be_free()
    if up.prepare(home):
        print("First start: the keys of this house were made.", *describe_keys(home), sep="\n", end="\n\n", flush=True)
    supervisor = up.Supervisor(home, given.workers)
    signal.signal(signal.SIGTERM, _end)
    try:
        supervisor.start()
        if given.demo:
            from amparo.wiring.demo import play

            play.group(home, seed=2020)
            print(*_log_ins(home), sep="\n")
        form = f"    form: http://{up.form_address()}/" if up.form_address() else ""
        api = f"    platforms: http://{up.api_address()}/api/v1/" if up.api_address() else ""
        mail = _mail_address()
        print(f"\nAmparo is up: http://{up.house_address()}/{form}{api}    mail: {mail}    stop: Ctrl-C", flush=True)
        supervisor.wait()
    finally:
        supervisor.stop()
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    """A request to end unwinds like Ctrl-C, so that every process of the house is stopped on the way out."""
    raise KeyboardInterrupt


def _mail_address() -> str:
    return "smtp://" + os.environ.get("AMPARO_SMTP", "127.0.0.1:2525")


def _log_ins(home: Home) -> list[str]:
    from amparo.wiring.codes import code_now

    known = _demo_log_ins(home)
    lines = ["", "Log-ins of the demo (the second factor changes every 30 seconds: amparo code NAME)", ""]
    lines += [
        f"  {each['username']:<10} {each['password']:<22} {code_now(each['totp_secret'])}   {each['name']}, {each['roles']}"
        for each in known
    ]
    return lines


def _demo_log_ins(home: Home) -> list[dict[str, str]]:
    file = home.path / "demo" / "log-ins.json"
    if not file.exists():
        raise Missing("This house has no demo officers. `amparo up --demo` or `amparo demo group` makes them.")
    found: list[dict[str, str]] = json.loads(file.read_text())
    return found


def _demo(given: argparse.Namespace) -> int:
    home = Home.from_env()
    environment.begin(home, demo=True)
    from amparo.wiring import up

    if not (is_up := up.running(home)):
        up.doors_must_be_free()
    up.prepare(home)
    from amparo.wiring.demo import platform_play, play, streams

    def played() -> int:
        if given.operation == "platform":
            return platform_play.platform(home, given.seed, given.accounts)
        return {"group": play.group, "streams": streams.streams}[given.operation](home, seed=given.seed)

    if is_up:
        return played()
    supervisor = up.Supervisor(home, workers=2)
    signal.signal(signal.SIGTERM, _end)
    try:
        supervisor.start()
        return played()
    finally:
        supervisor.stop()


def _verify(given: argparse.Namespace) -> int:
    _set_up_django()
    from amparo.wiring.verification import print_verdict, verify_house

    return print_verdict(verify_house(Home.from_env()), as_json=given.json)


def _open(given: argparse.Namespace) -> int:
    from amparo.exchange.sealing import open_sealed

    for step in open_sealed(given.package, given.key, given.into):
        print(step)
    return 0


def _officer(given: argparse.Namespace) -> int:
    _set_up_django()
    from amparo.access import queries
    from amparo.wiring.officers import enrol

    if not given.username:
        for each in queries.officers():
            print(f"{each.username:<14} {each.name:<28} {', '.join(each.roles)}{'' if each.active else '  (inactive)'}")
        return 0
    roles = tuple(role.strip() for role in given.roles.split(",") if role.strip())
    made = enrol(Home.from_env(), given.username, given.name or given.username, given.unit, roles, given.language)
    print(f"Added {made.username}. Tell them, once and in person:")
    print(f"  password       {made.password}   (to be changed at the first log-in)")
    print(f"  authenticator  {made.totp_secret}")
    if made.without_identities:
        print(
            "They can't open reporters' identities yet: bring keys/recovery back for that, or another holder grants it."
        )
    return 0


def _code(given: argparse.Namespace) -> int:
    from amparo.wiring.codes import code_now

    for each in _demo_log_ins(Home.from_env()):
        if each["username"] == given.username:
            print(code_now(each["totp_secret"]))
            return 0
    raise Missing(f"The demo has no officer called {given.username}.")


def _keys(given: argparse.Namespace) -> int:
    from amparo.vault.keys import check_all_keys, describe_keys

    home = Home.from_env()
    if given.mail:
        from amparo.exchange.mail_keys import public_mail_keys

        public = public_mail_keys(home)
        print(public.openpgp.strip(), public.smime.strip(), sep="\n")
        return 0
    from amparo.exchange.mail_keys import describe_mail_keys

    check_all_keys(home)
    print(*describe_keys(home), *describe_mail_keys(home), sep="\n")
    return 0


def _run(given: argparse.Namespace) -> int:
    home = Home.from_env()
    if given.process == "receiver":
        from amparo.intake import receiver

        return receiver.main()
    if given.process == "mailbox":
        from amparo.intake import mailbox

        return mailbox.main()
    _set_up_django()
    from amparo.wiring import worker

    if given.process == "courier":
        worker.run_courier(home)
    else:
        worker.run_worker(home, given.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
