"""The package as one file: a ZIP of stored files in a fixed layout, which every system opens by itself.

Nothing is compressed, so no archive can be a bomb; nothing in it has a date, an owner or a comment, so one package is
always the same bytes. The reader takes exactly what the writer makes: the same files written again must give the same
bytes, hence there is no place for a link, a second file of one name, a path that climbs, or anything hidden in between.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from amparo.exchange.formats.bagit import SAFE_PATH
from amparo.foundation.errors import Broken

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION, STORED, MIDNIGHT, FIRST_OF_1980 = 20, 0, 0, (1 << 5) | 1
UNIX, PLAIN_FILE = 3 << 8, 0o100644 << 16
MOST_FILES, MOST_BYTES = 10_000, 1 << 30


def archive(files: Mapping[str, bytes]) -> bytes:
    """The ZIP with the files in order of their paths. Raises ValueError for an unsafe path or beyond the limits."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        raise ValueError("too much for one package")
    body, directory = bytearray(), bytearray()
    for path in sorted(files):
        if not SAFE_PATH.fullmatch(path) or ".." in path:
            raise ValueError(f"not a path for a package: {path!r}")
        name, content = path.encode("ascii"), files[path]
        facts = (STORED, MIDNIGHT, FIRST_OF_1980, zlib.crc32(content), len(content), len(content), len(name), 0)
        directory += CENTRAL.pack(b"PK\1\2", UNIX | VERSION, VERSION, 0, *facts, 0, 0, 0, PLAIN_FILE, len(body)) + name
        body += LOCAL.pack(b"PK\3\4", VERSION, 0, *facts) + name + content
    end = END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unarchive(data: bytes) -> dict[str, bytes]:
    """The files of an archive that `archive` made. Raises Broken, naming the file, for any other bytes."""
    if len(data) > MOST_BYTES + MOST_FILES * 1024:
        raise Broken("The package is larger than a package can be.")
    files: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] == b"PK\3\4" and len(files) <= MOST_FILES:
        path, content, at = _entry(data, at)
        if path in files:
            raise Broken(f"The package holds {path} twice.")
        files[path] = content
    if len(files) > MOST_FILES or archive(files) != data:
        raise Broken("The package's table of contents differs from what the sender made.")
    return files


def _entry(data: bytes, at: int) -> tuple[str, bytes, int]:
    if len(data) < at + LOCAL.size:
        raise Broken("The package ends in the middle of a file.")
    _, _, _, method, _, _, checksum, stored_size, size, name_length, extra = LOCAL.unpack_from(data, at)
    start = at + LOCAL.size + name_length
    path = data[at + LOCAL.size : start].decode("ascii", "backslashreplace")
    if not SAFE_PATH.fullmatch(path) or ".." in path:
        raise Broken(f"The package holds a path that leads elsewhere: {path!r}.")
    if method != STORED or extra or stored_size != size or start + size > len(data):
        raise Broken(f"{path} is not stored as a package stores files.")
    content = data[start : start + size]
    if zlib.crc32(content) != checksum:
        raise Broken(f"{path} differs from what the sender made.")
    return path, content, start + size
