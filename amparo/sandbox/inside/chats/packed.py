"""An export inside a zip, as phones and chat programs hand it over: read where it lies, never unpacked to anywhere."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO, cast

from amparo.sandbox.inside.chats.formats import Beside
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

Read = Callable[[BinaryIO, Sink, Beside], Facts]
_HEAD_BYTES = 65_536
_ENDINGS = (".txt", ".json", ".jsonl", ".ndjson", ".xml", ".md", ".db", ".sqlite")
# Members looked into: the text of an export stands among its first, its pictures are told by their names.
_TRIED = 2_000
_MEMBERS = 2_000_000


def begins(head: bytes) -> bool:
    """Whether this is a zip."""
    return head.startswith(b"PK\x03\x04")


def read(data: BinaryIO, sink: Sink, known: Callable[[bytes], str], read_one: Read) -> Facts:
    """The export in it, by `read_one`. Raises Unreadable where there is none, or several."""
    try:
        with zipfile.ZipFile(data) as archive:
            found = _exports(archive, known)
            if not found:
                raise Unreadable("malformed", "This archive holds no chat export that Amparo can read.")
            if len(found) > 1:
                names = ", ".join(each.filename[-60:] for each in found[:5])
                raise Unreadable("malformed", f"This archive holds {len(found)} chat exports; give one: {names}.")
            with ExitStack() as opened:
                member = cast("BinaryIO", opened.enter_context(archive.open(found[0])))
                return read_one(member, sink, _beside(archive, found[0].filename, opened))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Unreadable("malformed", "This archive is damaged.") from error
    except RuntimeError as error:  # what zipfile says of an encrypted one
        raise Unreadable("malformed", "This archive is encrypted.") from error


def _exports(archive: zipfile.ZipFile, known: Callable[[bytes], str]) -> list[zipfile.ZipInfo]:
    """The members that a reader knows. Of those that differ in depth, the ones least deep: what lies deeper is attached."""
    named = [each for each in archive.infolist()[:_MEMBERS] if each.filename.lower().endswith(_ENDINGS)]
    named.sort(key=lambda each: each.filename.count("/"))
    found: list[zipfile.ZipInfo] = []
    for each in named[:_TRIED]:
        if found and each.filename.count("/") > found[0].filename.count("/"):
            break
        with archive.open(each) as member:
            if known(member.read(_HEAD_BYTES)):
                found.append(each)
    return found


def _beside(archive: zipfile.ZipFile, name: str, opened: ExitStack) -> Beside:
    folder = name[: name.rfind("/") + 1]

    def beside(wished: str) -> BinaryIO | None:
        try:
            return cast("BinaryIO", opened.enter_context(archive.open(folder + wished)))
        except KeyError:
            return None

    return beside


def warm() -> None:
    """Afterwards nothing is left to be loaded: zipfile's own codec for names is."""
    b"a".decode("cp437")
