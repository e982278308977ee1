"""Lists of any length that are made while they are read: a file that one can seek in, and that takes no room."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class Form:
    """How a list begins, what one entry is (from its number), and how it ends."""

    head: bytes
    entry: Callable[[int], bytes]
    tail: bytes = b""


class Generated(io.RawIOBase):
    """A list of `entries` entries in this form, read as a file. Seeking is only to places that were just read."""

    def __init__(self, form: Form, entries: int) -> None:
        super().__init__()
        self._form = form
        self._entries = entries
        self.seek(0)

    def _pieces(self) -> Iterator[bytes]:
        entry = self._form.entry
        steps = (b"".join(map(entry, range(at, min(at + 500, self._entries)))) for at in range(0, self._entries, 500))
        return chain([self._form.head], steps, [self._form.tail])

    def seek(self, place: int, whence: int = 0) -> int:
        if whence != 0:
            raise io.UnsupportedOperation("only from the beginning")
        self._left = self._pieces()
        self._buffer = b""
        self._place = 0
        while self._place < place:
            self.read(place - self._place)
        return self._place

    def read(self, size: int = -1) -> bytes:
        while len(self._buffer) < size:
            piece = next(self._left, None)
            if piece is None:
                break
            self._buffer += piece
        given, self._buffer = self._buffer[:size], self._buffer[size:]
        self._place += len(given)
        return given

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def md5(number: int) -> str:
    return hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()


def _pdq(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


FORMS = {
    "csv": Form(b"md5,pdq,category\n", lambda n: f"{md5(n)},{_pdq(n)},{n % 5}\n".encode()),
    "text": Form(b"", lambda n: f"{md5(n)}\n".encode()),
    "own": Form(
        b"row,md5,sha1,sha256,pdq,reference,withdrawn,scheme,category\n",
        lambda n: f"{n + 1},{md5(n)},,,{_pdq(n)},,,VICS 2.0 UK,{n % 5}\n".encode(),
    ),
    "icse": Form(
        b"MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
        b"Number of submissions;File Available;Media Type;Baseline\r\n",
        lambda n: f"{md5(n)};;{'QUFB' * 48};{n};Yes;No;No;;1;No;Image;Yes\r\n".encode(),
    ),
    "ncmec": Form(
        b'<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images>\n',
        lambda n: (
            f'<image><member id="42">Member</member><timestamp>2017-10-24T15:00:00Z</timestamp><id>i{n}</id><classification>A1'
            f"</classification><fingerprints><md5>{md5(n)}</md5><pdna>{'a1' * 144}</pdna></fingerprints></image>\n"
        ).encode(),
        b"</images></queryResult>",
    ),
    "vics": Form(
        b'{"@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media", "value": [{}',
        lambda n: (
            f', {{"MediaID": {n}, "Category": {n % 5}, "MD5": "{md5(n)}", "DateUpdated": "2023-06-07T02:31:49.8300Z",'
            f' "MediaSize": {n}, "IsPrecategorized": "true", "PhotoDNA": "{"QUFB" * 48}",'
            ' "VictimIdentified": false, "Series": null, "Tags": ""}'
        ).encode(),
        b"]}",
    ),
    "threatexchange": Form(b"", lambda n: f"pdq {_pdq(n)}\n".encode()),
    "hma": Form(
        b"",
        lambda n: (
            f'{{"id": {n}, "bank": {{"name": "A", "matching_enabled_ratio": 1.0}}, "signals": {{"pdq": "{_pdq(n)}"}},'
            f' "disable_until_ts": 1}}\n'
        ).encode(),
    ),
}
