"""`amparo read`: what a reader sees in a chat export, without a case. The file is examined where all hostile bytes are."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.ids import new_id

EPILOG = """\
Reads WhatsApp (text or zip), Telegram (result.json), Discord (DiscordChatExporter's
JSON), Signal, LAVA (iLEAPP, ALEAPP) and Cellebrite's report.xml (docs/formats/chats.md).
Times are the clock as the export writes it. Nothing is kept; nothing is left out.
"""
# What takes longer than a second a megabyte hangs.
_LEAST_SECONDS, _BYTES_A_SECOND = 120.0, 500_000
_BESIDE_BYTES = 16 << 20
# Unseen marks turn a terminal's line round, and some controls are orders to it: in JSON they can be written as what they are.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LAVA, _LAVA_TABLES = "_lava_data.lava", "_lava_artifacts.db"


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Adds the command to the parser's."""
    read = add("read", _read, "print what a chat export says as one JSON object, without a case")
    read.formatter_class, read.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    read.add_argument("file", type=Path, metavar="FILE", help="the export as it was handed over")


def _read(given: argparse.Namespace) -> int:
    from amparo.sandbox.warden import Warden

    path, beside = _with_what_lies_beside(given.file)
    with _opened(path) as file, tempfile.TemporaryFile(prefix="amparo-read-") as found:
        size_bytes = os.fstat(file.fileno()).st_size
        limit_s = max(_LEAST_SECONDS, size_bytes / _BYTES_A_SECOND)
        warden = Warden(1)
        try:
            with warden.boundary(new_id()) as box:
                box.examine("chat", file, into=cast("BinaryIO", found), limit_s=limit_s, beside=beside)
        finally:
            warden.close()
        found.seek(0)
        try:
            _print(cast("BinaryIO", found), sys.stdout)
        except BrokenPipeError:
            # Whoever reads has enough; nothing more is said, not at the end of the program either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Missing(f"{path} can't be read: {error.strerror}.") from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Refused(f"{path} is no file. Give the export's own file, or the zip as it came.")
        yield file


def _with_what_lies_beside(path: Path) -> tuple[Path, dict[str, str]]:
    """Of LAVA's two files the tables are read, by what the other says of them, whichever was given."""
    if path.is_dir() and (path / _LAVA_TABLES).is_file():
        path /= _LAVA_TABLES
    if path.name == _LAVA:
        path = path.with_name(_LAVA_TABLES)
    other = path.with_name(_LAVA)
    if path.name != _LAVA_TABLES or not other.is_file() or other.stat().st_size > _BESIDE_BYTES:
        return path, {}
    return path, {_LAVA: other.read_text("utf-8", "replace")}


def _print(found: BinaryIO, to: TextIO) -> None:
    """The reading, an item a line. What a child wrote is looked at before it is passed on: each line must be what it says."""
    lines = (line.decode("utf-8", "replace") for line in found)
    opening, items = next(lines, ""), next(lines, "")
    _checked(opening.rstrip(",\n") + "}")
    to.write(_shown(opening))
    if items not in {'"items":[\n', '"items":[],\n'}:
        raise _untrue()
    to.write(items)
    if items == '"items":[\n':
        for line in lines:
            if line == "],\n":
                to.write(line)
                break
            if _checked(line.rstrip(",\n")).get("item") not in {"message", "event"}:
                raise _untrue()
            to.write(_shown(line))
        else:
            raise _untrue()
    closing = next(lines, "")
    _checked("{" + closing)
    to.write(_shown(closing))
    to.flush()
    if next(lines, ""):
        raise _untrue()


def _checked(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _untrue() from error
    if not isinstance(value, dict):
        raise _untrue()
    return value


def _untrue() -> Broken:
    return Broken(
        "The sandbox's answer is not of its form. Nothing of it is to be believed; keep the file and report this."
    )


def _shown(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
