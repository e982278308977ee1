"""`amparo analyse import|links|countries|dossiers|circles|first-posts`: engines on a whole platform's base, without a case."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amparo.foundation.confinement import code_folders, confine
from amparo.foundation.errors import Missing, Refused
from amparo.wiring.analyse_screen import Screen, one_thread

if TYPE_CHECKING:
    from amparo.cases.tables.base import Base
    from amparo.cases.tables.base_mapping import BaseMapping
    from amparo.cases.tables.reading import Folder

Engine = Callable[[Any, str, Callable[[argparse.Namespace], int], str, str], argparse.ArgumentParser]

IMPORT = """\
Reads a platform's files (CSV, JSON, Parquet, XLSX) once and keeps them as
Parquet, each file a part of its own: --out FOLDER is then given to the
other engines as --in, without --mapping. Begun again after it was stopped,
it goes on where it was; with new files, it reads those alone.

Columns and the mapping: docs/formats/platforms.md
"""
LINKS = """\
Finds the accounts of one person: what they share, how rare it is in the
whole base, and what speaks against it. Candidates for a person to judge;
with --judgements, nothing that was decided is overwritten.

Columns: docs/formats/links.md
"""
COUNTRIES = """\
Says for each account which country its traces point to, how surely, what
comes next, and by which evidence. "Not attributed" is an answer.

Columns: docs/formats/countries.md
"""
DOSSIERS = """\
Cuts the base into what each country (or each person of several accounts)
is told, in a folder beside --out FILE.parquet.

Columns: docs/formats/countries.md
"""
CIRCLES = """\
Finds people who share several groups more often than chance would have it.

Columns: docs/formats/circles.md
"""
FIRST_POSTS = """\
Says of each item who posted it first, among the posts that are held.

Columns: docs/formats/circles.md
"""


def add_base_commands(engines: Any, engine: Engine) -> None:
    """Declares the engines that read a base. engine: declares one with the options that all have."""
    made = engine(engines, "import", _import, "read a platform's files once, for the engines below", IMPORT)
    made.add_argument(
        "--share",
        type=_share,
        metavar="K/N",
        help="read only the K-th of N shares of the files: one machine of several",
    )
    links = engine(engines, "links", _links, "accounts of one person", LINKS)
    links.add_argument("--judgements", type=Path, metavar="FILE", help="what officers decided (CSV)")
    links.add_argument("--spark", default="", metavar="ADDRESS", help="score pairs on this Spark master, as local[2]")
    links.add_argument(
        "--why",
        nargs=2,
        action="append",
        default=[],
        metavar=("A", "B"),
        help="also say why these two are linked, or not",
    )
    countries = engine(engines, "countries", _countries, "which country each account points to", COUNTRIES)
    dossiers = engine(engines, "dossiers", _dossiers, "what each country is told", DOSSIERS)
    dossiers.add_argument("--countries", type=Path, metavar="FILE", help="what analyse countries wrote")
    dossiers.add_argument("--by", choices=("country", "person"), default="country", help="whose dossiers (country)")
    for each in (countries, dossiers):
        each.add_argument("--links", type=Path, metavar="FILE", help="what analyse links wrote")
    circles = engine(engines, "circles", _circles, "people who share several groups", CIRCLES)
    posts = engine(engines, "first-posts", _first_posts, "who posted an item first", FIRST_POSTS)
    for parser in (made, links, countries, dossiers, circles, posts):
        for action in parser._actions:  # noqa: SLF001 - argparse has no other way to take back a requirement
            if action.dest == "mapping":
                action.required = parser is made
                action.help = "what their columns mean (TOML)" + ("" if parser is made else "; none for an import")


def _share(text: str) -> tuple[int, int]:
    which, slash, many = text.partition("/")
    if not (slash and which.isdecimal() and many.isdecimal() and 1 <= int(which) <= int(many)):
        raise argparse.ArgumentTypeError(f"{text} is no share: write the second of four as 2/4")
    return int(which), int(many)


def _import(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.tables.base_import import import_base, import_share

    if given.out.suffix == ".parquet":
        raise Refused("--out is a folder here, in which the base is kept.")
    check_folder(given.out, given.folder)
    mapping = _mapping(given)
    if mapping is None:
        raise Missing(f"There is no mapping: give --mapping FILE, or use {given.folder} as it is, an import already.")
    with _files(given, mapping, None) as found:
        screen = Screen(None if isinstance(found, Path) else found)
        _confine(given, mapping, [given.out.resolve()], ())
        if given.share:
            made = import_share(found, mapping, given.out, given.share, progress=screen.show, memory=given.memory)
        else:
            made = import_base(found, mapping, given.out, progress=screen.show, memory=given.memory)
    if given.json:
        print(json.dumps(made, ensure_ascii=False))
        return 0
    lost, doubts = (sum(each[key] for each in made["files"]) for key in ("lost", "doubts"))
    rows = ", ".join(f"{count:,} {table}" for table, count in made["rows"].items())
    print(f"{made['platform']}: {rows}, from {len(made['files'])} files, in {given.out}.")
    if given.share:
        print("Once every share was read, run it again without --share: that finds them all, and finishes the base.")
        return 0
    print(*_tell_bad(lost, doubts), *_tell_left_out(made["left_out"]), sep="\n", end="")
    return 0


def check_folder(out: Path, folder: Path) -> None:
    """Makes the folder of an import. Refused inside the evidence."""
    if folder.is_dir() and (
        out.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(out.resolve())
    ):
        raise Refused(f"Results must not be written into the evidence: {out} and {folder} lie in each other.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{out} can't be made ({error.strerror}): give another --out.") from error


def _links(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.linkage.links import write_links
    from amparo.cases.linkage.log import warm

    warm()
    backend = {"backend": "spark", "address": given.spark} if given.spark else {}
    tables = ("accounts", "identifiers", "events", "payments", "issuers")
    return _run(
        given,
        tables,
        lambda base, show: write_links(
            base, given.out, judgements=given.judgements, asked=given.why, progress=show, **backend
        ),
        [given.judgements],
        confined=not given.spark,
    )


def _countries(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.linkage.countries import COUNTRY_TABLES, write_countries
    from amparo.cases.linkage.countries_warming import warm

    warm()
    return _run(
        given,
        COUNTRY_TABLES,
        lambda base, show: write_countries(base, given.out, links=given.links, progress=show),
        [given.links],
    )


def _dossiers(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.linkage.countries_warming import warm
    from amparo.cases.linkage.dossiers import DOSSIER_TABLES, write_dossiers

    if not given.countries:
        warm()
    return _run(
        given,
        DOSSIER_TABLES,
        lambda base, show: write_dossiers(
            base, given.out, links=given.links, countries=given.countries, by=given.by, progress=show
        ),
        [given.links, given.countries],
    )


def _circles(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.groups.circles import write_circles
    from amparo.cases.groups.finding import warm

    warm()
    return _run(given, ("memberships",), lambda base, show: write_circles(base, given.out, progress=show), ())


def _first_posts(given: argparse.Namespace) -> int:
    one_thread()
    from amparo.cases.groups.first_posts import write_first_posts

    return _run(given, ("posts", "items"), lambda base, show: write_first_posts(base, given.out, progress=show), ())


def _run(
    given: argparse.Namespace,
    tables: Collection[str],
    write: Callable[[Base, Callable[[str, int], None]], dict[str, Any]],
    also_read: Sequence[Path | None],
    *,
    confined: bool = True,
) -> int:
    from amparo.cases.tables.base import open_base, write_bad_rows
    from amparo.wiring.analyse_command import check_out

    check_out(given.out, given.folder)
    for each in also_read:
        if each and not each.is_file():
            raise Missing(f"There is no file {each}. Write it first, or leave it out.")
    mapping = _mapping(given)
    with _files(given, mapping, tables) as found:
        screen = Screen(None if isinstance(found, Path) else found)
        if confined:
            _confine(given, mapping, [given.out.parent.resolve()], [each for each in also_read if each])
        with open_base(found, mapping, tables=tables, memory=given.memory, progress=screen.show) as base:
            run = write(base, screen.show)
            if base.bad:
                write_bad_rows(base, given.out.with_name(f"{given.out.stem}.bad-rows.parquet"))
            told = [*_tell_bad(base.lost, base.bad - base.lost), *_tell_left_out(run.get("left_out", []))]
    if given.json:
        print(json.dumps(run, ensure_ascii=False))
        return 0
    written = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in _counts(run).items())
    print(f"{run['platform']}: {written or 'done'}; {given.out} and what stands beside it.")
    print(*told, sep="\n", end="\n" if told else "")
    for lines in run.get("why", []):
        print("", *lines, sep="\n")
    return 0


def _counts(run: dict[str, Any]) -> dict[str, int]:
    written = run.get("written", {})
    return {name: count for name, count in written.items() if isinstance(count, int)}


def _mapping(given: argparse.Namespace) -> BaseMapping | None:
    from amparo.cases.tables.base_mapping import load_base_mapping
    from amparo.cases.tables.base_record import RECORD

    if given.mapping:
        return load_base_mapping(given.mapping)
    if given.folder.is_dir() and not (given.folder / RECORD).is_file():
        raise Missing(
            "Give the platform's mapping: --mapping FILE. Only a folder that amparo analyse import made needs none."
        )
    return None


@contextmanager
def _files(
    given: argparse.Namespace, mapping: BaseMapping | None, tables: Collection[str] | None
) -> Iterator[Folder | Path]:
    """The platform's files, spreadsheets with their rows beside them; an import's own folder as it is."""
    from amparo.cases.tables.base_record import RECORD
    from amparo.cases.tables.reading import folder
    from amparo.wiring.analyse_sheets import with_sheets

    if mapping is None or (given.folder / RECORD).is_file():
        if tables is None:
            raise Refused(f"{given.folder} is an import already: give the platform's own files.")
        yield given.folder
        return
    wanted = [at for at, source in enumerate(mapping.sources) if tables is None or source.table in tables]
    with tempfile.TemporaryDirectory(prefix="amparo-sheets-") as work:
        decimal = mapping.sources[0].decimal
        yield with_sheets(folder(given.folder, mapping, wanted), mapping, Path(work), decimal)


def _confine(
    given: argparse.Namespace, mapping: BaseMapping | None, writable: list[Path], also_read: Sequence[Path]
) -> None:
    """From here on this process reaches the platform's files, the unit's tables, the results and its own code."""
    if not given.folder.is_dir():
        return  # the reading says so
    unit = [each.file for each in (mapping.addresses, mapping.issuers) if each] if mapping else []
    # DuckDB asks /sys how much memory its control group may take, and aborts where it may not ask.
    readable = [*code_folders(), *filter(Path.is_dir, [Path("/sys")]), given.folder.resolve()]
    readable += [each.resolve() for each in (*unit, *also_read) if each.is_file()]
    confine(readable=readable, writable=[*writable, Path(tempfile.gettempdir()).resolve()])


def _tell_bad(lost: int, doubts: int) -> list[str]:
    lines = []
    if lost:
        lines.append(f"{lost:,} rows are no records: each stands with its reason in bad-rows.parquet.")
    if doubts:
        lines.append(f"{doubts:,} rows stand with a doubt: see bad-rows.parquet.")
    return lines


def _tell_left_out(left_out: list[dict[str, str]]) -> list[str]:
    return [f"Left out: {each['name']} ({each['why']})." for each in left_out[:20]]
