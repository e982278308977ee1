"""`amparo read`: what a reader sees in a chat export, without a case. The file is examined where all hostile bytes are."""

from __future__ import annotations

import argparse
import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id
from amparo.wiring.read_printing import print_reading

EPILOG = """\
Reads WhatsApp (text or zip), Telegram (result.json), Discord (DiscordChatExporter's
JSON), Signal, LAVA (iLEAPP, ALEAPP) and Cellebrite's report.xml (docs/formats/chats.md).
Times are the clock as the export writes it. Nothing is kept; nothing is left out.
"""
# What takes longer than a second a megabyte hangs.
_LEAST_SECONDS, _BYTES_A_SECOND = 120.0, 500_000
_BESIDE_BYTES = 16 << 20
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
            print_reading(cast("BinaryIO", found), sys.stdout)
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
