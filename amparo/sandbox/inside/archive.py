"""What an archive holds: each member a blob under its bare name, or listed as unreadable with the reason.

Bombs are refused before anything is unpacked (declared sizes, ratio, members that overlap) and again while unpacking, since a
declaration can lie. A nested archive comes back as a member; examining it is the next job's, so depth is counted there.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from amparo.sandbox.inside.frames import CHUNK_BYTES, Facts, Sink, Unreadable
from amparo.sandbox.inside.mail_headers import plain_name

MEMBERS = 10_000
TOTAL_BYTES = 1 << 30
# Text and plain bitmaps shrink a hundredfold at most times; beyond this ratio, and beyond a size that matters, it is a bomb.
RATIO = 200
RATIO_MATTERS_FROM_BYTES = 32 << 20

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    LookupError,  # an empty name in a zip's directory
    struct.error,
    NotImplementedError,
)
_BOMB = "This archive unpacks to far more than it holds, as an archive built to exhaust a computer does. It was not unpacked."


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class _Unpacking:
    sink: Sink
    packed_bytes: int
    members_limit: int
    total_limit: int
    paths: bool = False
    total_bytes: int = 0
    members: int = 0
    unreadable: list[dict[str, str]] = field(default_factory=list)

    def cannot(self, name: str, reason: str) -> None:
        self._count()
        self.unreadable.append({"name": name, "reason": reason})

    def unpack(self, name: str, media_type: str, stream: _Readable) -> None:
        """One member to the sink, in chunks; listed as damaged, its bytes void, where it ends wrongly."""
        self._count()
        self.sink.begin(name=name, type=media_type)
        try:
            while chunk := stream.read(CHUNK_BYTES):
                self._weigh(len(chunk))
                self.sink.write(chunk)
        except PermissionError:
            raise
        except _DAMAGE:
            self.sink.void()
            self.unreadable.append({"name": name, "reason": "damaged"})

    def _count(self) -> None:
        self.members += 1
        if self.members > self.members_limit:
            raise Unreadable(
                "too_big", f"This archive has more than {self.members_limit:,} files. It was not unpacked."
            )

    def _weigh(self, size_bytes: int) -> None:
        self.total_bytes += size_bytes
        check_weight(self.packed_bytes, self.total_bytes, self.total_limit)


def check_weight(packed_bytes: int, total_bytes: int, total_limit: int) -> None:
    """Raises Unreadable where `total_bytes` out of `packed_bytes` is a bomb's, or more than `total_limit`."""
    if total_bytes > RATIO_MATTERS_FROM_BYTES and total_bytes > packed_bytes * RATIO:
        raise Unreadable("too_big", _BOMB)
    if total_bytes > total_limit:
        raise Unreadable("too_big", f"This archive unpacks to more than {total_limit >> 20:,} MB. It was not unpacked.")


def warm() -> None:
    """Afterwards all decompressors are loaded."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", b"a")
    with zipfile.ZipFile(file) as opened:
        opened.read("a")
    for module in (bz2, gzip, lzma):
        module.decompress(module.compress(b"a"))


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"format", "members", "unreadable": [{"name", "reason"}], "total_bytes"}; options `members`, `total_bytes` lower the limits.

    Option `paths`: members of a zip bear their whole path as written, which whoever asks must check, not their bare name.

    Reasons: encrypted, damaged, link, not_a_file, unsupported_method.
    """
    work = _Unpacking(
        sink,
        max(len(data), 1),
        _limit(options, "members", MEMBERS),
        _limit(options, "total_bytes", TOTAL_BYTES),
        options.get("paths") is True,
    )
    if data.startswith(b"PK"):
        kind = "zip"
        _zip(data, work)
    elif data[257:262] == b"ustar":
        kind = "tar"
        _tar(data, work)
    else:
        kind = _stream(data, work)
    return {
        "format": kind,
        "members": work.members,
        "unreadable": work.unreadable,
        "total_bytes": work.total_bytes,
    }


def _limit(options: Mapping[str, object], name: str, ceiling: int) -> int:
    wished = options.get(name, ceiling)
    return min(wished, ceiling) if isinstance(wished, int) and wished >= 0 else ceiling


def _zip(data: bytes, work: _Unpacking) -> None:
    # The library reads the whole directory into objects; a directory of millions would cost gigabytes before any check of ours.
    if data.count(b"PK\x01\x02") > 4 * work.members_limit:
        raise Unreadable("too_big", f"This archive has more than {work.members_limit:,} files. It was not unpacked.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except PermissionError:
        raise
    except _DAMAGE as error:
        raise Unreadable(
            "malformed", "This zip file is damaged or cut off; its list of files cannot be read."
        ) from error
    members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    if len(members) > work.members_limit:
        raise Unreadable("too_big", f"This archive has more than {work.members_limit:,} files. It was not unpacked.")
    _check_overlap(members)
    check_weight(work.packed_bytes, sum(member.file_size for member in members), work.total_limit)
    for member in members:
        _zip_member(archive, member, work)


def _check_overlap(members: list[zipfile.ZipInfo]) -> None:
    """Refuses members that share bytes: the way a small file claims to hold petabytes without one layer of nesting."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise Unreadable("too_big", _BOMB)
        end = member.header_offset + 30 + member.compress_size


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, work: _Unpacking) -> None:
    name = member.filename if work.paths else _zip_name(member)
    if member.flag_bits & 0x1:
        work.cannot(name, "encrypted")
    elif stat.S_ISLNK(member.external_attr >> 16):
        work.cannot(name, "link")
    else:
        try:
            stream = archive.open(member)
        except (NotImplementedError, RuntimeError):
            work.cannot(name, "unsupported_method")
        except PermissionError:
            raise
        except _DAMAGE:
            work.cannot(name, "damaged")
        else:
            with stream:
                work.unpack(name, "", stream)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The member's bare name. Many phones write UTF-8 without saying so, which the library then reads as code page 437."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return plain_name(name) or "unnamed"


def _tar(data: bytes, work: _Unpacking) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                _tar_member(archive, member, work)
    except (Unreadable, PermissionError):
        raise
    except _DAMAGE as error:
        if not work.members:
            raise Unreadable("malformed", "This tar file is damaged or cut off; it cannot be read.") from error
        work.cannot("the rest of the archive", "damaged")


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo, work: _Unpacking) -> None:
    name = plain_name(member.name) or "unnamed"
    if member.isdir():
        return
    if member.issym() or member.islnk():
        work.cannot(name, "link")
    elif not member.isfile() or member.sparse is not None:
        work.cannot(name, "not_a_file")
    elif (stream := archive.extractfile(member)) is not None:
        check_weight(work.packed_bytes, work.total_bytes + member.size, work.total_limit)
        with stream:
            work.unpack(name, "", stream)


def _stream(data: bytes, work: _Unpacking) -> str:
    """One compressed stream: its single member, named after what the file says or "unpacked"."""
    file = io.BytesIO(data)
    if data.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as stream:
            work.unpack(_gzip_name(data) or "unpacked", "", stream)
        return "gzip"
    if data.startswith(b"BZh"):
        with bz2.BZ2File(file) as unpacked:
            work.unpack("unpacked", "", unpacked)
        return "bzip2"
    if data.startswith(b"\xfd7zXZ\0"):
        with lzma.LZMAFile(file) as unpacked:
            work.unpack("unpacked", "", unpacked)
        return "xz"
    raise Unreadable("malformed", "This is not an archive that Amparo can unpack.")


def _gzip_name(data: bytes) -> str:
    """The original name in a gzip header (RFC 1952), "" where there is none."""
    flags = data[3] if len(data) > 10 else 0
    if flags & 0x8 and not flags & 0x4:
        return plain_name(data[10:1034].split(b"\0", 1)[0].decode("latin-1"))
    return ""
