"""Archives built to harm: bombs, lies, links, encryption, paths."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import archive
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.readings import ArchiveReading, ExaminationFailed
from amparo.sandbox.warden import Warden
from tests.sandbox.collected import Collected

BOUNDARY = uuid4()


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


def examined(warden: Warden, data: bytes, **options: object) -> ArchiveReading:
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("archive", data, **options)
    assert isinstance(reading, ArchiveReading)
    return reading


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return file.getvalue()


def overlapping(copies: int, kernel: bytes) -> bytes:
    """A zip whose directory names the same bytes many times: no nesting, and sizes beyond any disk."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(kernel) + packed.flush()
    crc = zlib.crc32(kernel)
    fixed = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, crc, len(body), len(kernel), 1, 0)
    local = b"PK\x03\x04" + fixed + b"a"
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a"
    directory = entry * copies
    end = struct.pack(
        "<HHHHIIH", 0, 0, min(copies, 0xFFFF), min(copies, 0xFFFF), len(directory), len(local) + len(body), 0
    )
    return local + body + directory + b"PK\x05\x06" + end


def encrypted() -> bytes:
    """A zip whose member says that it is encrypted."""
    plain = bytearray(zipped(("secret.txt", b"see you at 21:00")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = plain.index(mark) + offset
        plain[place] |= 1
    return bytes(plain)


def test_members_come_back_whole_under_their_bare_names(warden: Warden) -> None:
    picture = bytes(range(256)) * 500
    reading = examined(warden, zipped(("../../etc/x.txt", b"item shared"), ("media\\IMG-1.jpg", picture), ("a/", b"")))
    assert [(file.name, file.data) for file in reading.files] == [("x.txt", b"item shared"), ("IMG-1.jpg", picture)]
    assert reading.members == 2


def test_an_encrypted_member_is_listed_and_the_others_come_out(warden: Warden) -> None:
    reading = examined(warden, encrypted())
    assert [(each.name, each.reason) for each in reading.unreadable] == [("secret.txt", "encrypted")]
    assert reading.files == ()


def test_a_member_that_packs_a_thousandfold_is_refused_before_it_is_unpacked(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="far more than it holds") as failure:
        examined(warden, zipped(("zeros", b"\0" * (200 << 20))))
    assert failure.value.reason == "too_big"


def test_members_that_share_their_bytes_are_refused(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="far more than it holds"):
        examined(warden, overlapping(5_000, b"\0" * (16 << 20)))


def test_a_compressed_stream_that_declares_nothing_is_stopped_on_the_way(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="far more than it holds"):
        examined(warden, gzip.compress(b"\0" * (200 << 20)))


def test_more_members_than_the_limit_are_refused(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="more than 10,000 files"):
        examined(warden, zipped(*((str(number), b"") for number in range(10_001)), method=zipfile.ZIP_STORED))


def test_a_directory_of_a_million_entries_is_refused_unread(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="more than 10,000 files"):
        examined(warden, overlapping(1_000_000, b"x"))


def test_an_archive_over_the_callers_limit_is_refused(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="more than 1 MB"):
        examined(warden, zipped(("a", bytes(range(256)) * 8192)), total_bytes=1 << 20)


def test_nested_archives_come_back_as_members_and_are_not_entered(warden: Warden) -> None:
    data = zipped(("inner", b"item shared"))
    for level in range(5):
        data = zipped((f"level-{level}.zip", data))
    reading = examined(warden, data)
    assert [file.name for file in reading.files] == ["level-4.zip"]


def test_a_declared_size_that_lies_makes_the_member_damaged_not_bigger(warden: Warden) -> None:
    data = bytearray(zipped(("a", b"x" * 100_000), ("b", b"item shared")))
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 10)
    reading = examined(warden, bytes(data))
    assert [(each.name, each.reason) for each in reading.unreadable] == [("a", "damaged")]
    assert [file.data for file in reading.files] == [b"item shared"]


def test_links_and_devices_in_a_tar_are_listed_never_followed(warden: Warden) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("device", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            made.addfile(member)
        member = tarfile.TarInfo("note.txt")
        member.size = 11
        made.addfile(member, io.BytesIO(b"item shared"))
    reading = examined(warden, file.getvalue())
    assert [(each.name, each.reason) for each in reading.unreadable] == [
        ("link", "link"),
        ("hard", "link"),
        ("device", "not_a_file"),
    ]
    assert [each.data for each in reading.files] == [b"item shared"]


def test_a_truncated_archive_is_malformed_and_says_so(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="damaged or cut off") as failure:
        examined(warden, zipped(("a", b"x" * 10_000), method=zipfile.ZIP_STORED)[:5_000])
    assert failure.value.reason == "malformed"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40),
            st.binary(max_size=3_000),
        ),
        max_size=8,
        unique_by=lambda member: member[0],
    )
)
def test_whatever_is_zipped_is_found_again_and_no_name_has_a_path(members: list[tuple[str, bytes]]) -> None:
    files = [(name, content) for name, content in members if not name.endswith(("/", "\\"))]
    sink = Collected()
    facts = archive.read(zipped(*files), {}, sink)
    assert [bytes(content) for _, content in sink.blobs] == [content for _, content in files]
    assert facts["members"] == len(files)
    assert not any("/" in str(name) or "\\" in str(name) or str(name) in ("", ".", "..") for name in sink.names)


def test_a_member_whose_name_was_wiped_out_is_kept() -> None:
    data = zipped(("a.txt", b"see you at 21:00")).replace(b"a.txt", b"\0.txt")
    sink = Collected()
    archive.read(data, {}, sink)
    assert [bytes(content) for _, content in sink.blobs] == [b"see you at 21:00"]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2_000), st.integers(0, 255))
def test_damage_anywhere_ends_in_a_reading_or_a_refusal(extra: bytes, place: int, value: int) -> None:
    data = bytearray(zipped(("a.txt", b"see you at 21:00" * 20), ("b.zip", zipped(("c", extra)))))
    data[place % len(data)] = value
    with suppress(Unreadable):
        archive.read(bytes(data), {}, Collected())
