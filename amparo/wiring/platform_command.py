"""`amparo platform import`: a seized platform's files become sealed tables of a case, from the machine on which they lie."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Adds the command to the parser's."""
    command = add(
        "platform", _platform, "bring a seized platform's files into a case, sealed; stopped, it goes on there"
    )
    command.add_argument("what", choices=["import"], help="import: read the files by the mapping and seal their tables")
    command.add_argument("case", metavar="CASE-REFERENCE", help="such as AMP-2026-0001")
    command.add_argument("--in", dest="folder", type=Path, required=True, metavar="DIR", help="the folder of the files")
    command.add_argument("--mapping", type=Path, required=True, metavar="FILE", help="docs/formats/platforms.md")
    command.add_argument("--name", default="", help="how the case calls the platform (the mapping's name)")


def _platform(given: argparse.Namespace) -> int:
    import django

    django.setup()
    from amparo.access.acts import Actor
    from amparo.cases import actions as cases, queries
    from amparo.cases.platforms import work as platform_work
    from amparo.cases.tables.base_mapping import load_base_mapping
    from amparo.vault.keys import ProcessKeys

    folder = given.folder.resolve()
    if not folder.is_dir():
        raise Missing(f"{given.folder} is no folder. Give the folder that holds the platform's files: --in FOLDER.")
    mapping = load_base_mapping(given.mapping)
    case = queries.case_called(given.case)
    name = given.name or mapping.platform
    by = Actor.of_process("cli")
    there = next((each for each in queries.platforms(case.uuid) if each.name == name), None)
    if there is None:
        uuid = cases.register_platform(by, case.uuid, name, str(folder), mapping.text, at_once=True).platform
    elif Path(there.folder) != folder:
        raise Refused(
            f"{name} was begun from {there.folder}. Give that folder, or another --name for another platform."
        )
    else:
        uuid = there.uuid
    if there and there.step("import").is_done:
        print(f"{name} is imported already; its analyses stand on the case's page.")
        return 0
    began = time.monotonic()

    def tell(words: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {words}", file=sys.stderr, flush=True)

    platform_work.import_files(by, ProcessKeys(Home.from_env(), "worker"), uuid, tell)
    done = queries.platform(uuid).step("import")
    if not done.is_done:
        raise Refused(done.problem or "The import did not end: give the same command again, and it goes on there.")
    for table, rows in done.counts_out.items():
        if rows:
            print(f"{rows:>12,}  {table}")
    print(f"{name} is sealed in {case.reference}. The worker analyses it now; the case's page shows how far it is.")
    return 0
