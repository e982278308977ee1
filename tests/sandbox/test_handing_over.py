"""A file handed to a child: of its own, for reading alone, one at a time; and what a child finds in bulk, put into a file."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from amparo.sandbox.child import Limits
from amparo.sandbox.handing_over import own_descriptor
from amparo.sandbox.inside import serve
from amparo.sandbox.readings import ArchiveReading, ExaminationFailed, Identified
from amparo.sandbox.warden import Box, Warden

WORDS = b"the file as it was\n"
SHARED = uuid4()


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(2, entry="tests.sandbox.probes", limits=Limits(seconds=20, reply_bytes=4 << 20, into_bytes=64 << 20))
    yield pool
    pool.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(WORDS)
    return path


def tried(box: Box, probe: str, path: Path, mode: str = "rb") -> str:
    with path.open(mode) as opened:
        reading = box.examine("identify", opened, probe=probe)
    assert isinstance(reading, Identified)
    return reading.kind


DENIED = (
    "write",
    "truncate",
    "change_rights",
    "map_to_write",
    "open_anew",
    "open_beside",
    "double",
    "lock",
    "copy",
    "send_on",
)


@pytest.mark.parametrize("mode", ["rb", "r+b"])
@pytest.mark.parametrize("probe", DENIED)
def test_a_child_that_was_taken_over_cannot_change_pass_on_or_double_its_file(
    warden: Warden, file: Path, probe: str, mode: str
) -> None:
    if "calls" in warden.layers.missing() and probe not in ("write", "truncate", "map_to_write"):
        pytest.skip("this kernel or container does not give the layer 'calls'")
    before = file.stat()
    with warden.boundary(SHARED) as box:
        assert tried(box, probe, file, mode).startswith("errno")
    assert file.read_bytes() == WORDS
    assert (file.stat().st_mode, file.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


def test_a_child_holds_one_file_while_it_examines_and_none_afterwards(warden: Warden, file: Path) -> None:
    with warden.boundary(SHARED) as box:
        assert tried(box, "descriptors", file) == "0+1+2+3+4"
        with_bytes = box.examine("identify", WORDS, probe="descriptors")
    assert isinstance(with_bytes, Identified) and with_bytes.kind == "0+1+2+3"


def test_a_child_that_keeps_a_file_gets_no_other(warden: Warden, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"of the same report")
    with warden.boundary(uuid4()) as box:
        box.examine("identify", b"", probe="hoard")
        assert tried(box, "read", file) == "the file as it was"
        with pytest.raises(ExaminationFailed) as failure:
            tried(box, "read", other)
        assert failure.value.reason == "crashed"
        assert tried(box, "read", other) == "of the same report", "the next child is a new one"


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
def test_a_descriptor_is_taken_from_standard_input_alone(warden: Warden, file: Path) -> None:
    if "calls" in warden.layers.missing():
        pytest.skip("this kernel or container does not give the layer 'calls'")
    with warden.boundary(uuid4()) as box, pytest.raises(ExaminationFailed) as failure:
        tried(box, "take_another_way", file)
    assert failure.value.reason == "forbidden_call"


def test_our_place_in_the_file_is_not_the_childs(warden: Warden, file: Path) -> None:
    with file.open("rb") as opened, warden.boundary(SHARED) as box:
        opened.seek(4)
        reading = box.examine("identify", opened, probe="read")
        assert isinstance(reading, Identified) and reading.kind == "the file as it was", "it reads from the beginning"
        assert opened.read() == WORDS[4:]


def test_a_file_without_a_name_is_examined_too(warden: Warden, tmp_path: Path) -> None:
    path = tmp_path / "gone"
    with path.open("w+b") as opened, warden.boundary(SHARED) as box:
        opened.write(WORDS)
        opened.flush()
        path.unlink()
        assert box.examine("identify", opened, probe="read") == Identified("the file as it was", "")


@pytest.mark.parametrize("what", ["folder", "pipe", "device", "memory", "text"])
def test_only_regular_files_and_bytes_are_handed_over(warden: Warden, tmp_path: Path, what: str) -> None:
    folder, (reading, writing) = os.open(tmp_path, os.O_RDONLY), os.pipe()
    handed: object = {
        "folder": _Numbered(folder),
        "pipe": _Numbered(reading),
        "device": _Numbered(os.open("/dev/null", os.O_RDONLY)),
        "memory": io.BytesIO(WORDS),
        "text": "a path",
    }[what]
    try:
        with warden.boundary(SHARED) as box:
            with pytest.raises(TypeError):
                box.examine("identify", handed, probe="read")  # type: ignore[arg-type]
            assert box.examine("identify", WORDS, probe="descriptors") == Identified("0+1+2+3", ""), (
                "the child serves on"
            )
    finally:
        for descriptor in (folder, reading, writing):
            os.close(descriptor)


class _Numbered:
    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number


def test_a_descriptor_of_its_own_cannot_write_though_ours_can(file: Path) -> None:
    with file.open("r+b") as opened:
        own = own_descriptor(opened)
        try:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.write(own, b"x")
            assert own != opened.fileno()
        finally:
            os.close(own)


def open_here(path: Path) -> int:
    """How many descriptors this process has of the file."""
    about = path.stat()
    count = 0
    for number in range(256):
        with suppress(OSError):
            found = os.fstat(number)
            count += (found.st_dev, found.st_ino) == (about.st_dev, about.st_ino)
    return count


def test_descriptors_do_not_pile_up_here(warden: Warden, file: Path) -> None:
    with warden.boundary(SHARED) as box:
        for _ in range(20):
            tried(box, "read", file)
    assert open_here(file) == 0


def test_a_killed_child_costs_its_file_one_examination(warden: Warden, file: Path) -> None:
    with warden.boundary(uuid4()) as box:
        for death in ("abort", "segmentation_fault", "exit"):
            with file.open("rb") as opened, pytest.raises(ExaminationFailed) as failure:
                box.examine("archive", opened, die=death)
            assert failure.value.reason == "crashed"
        assert tried(box, "read", file) == "the file as it was"
    assert open_here(file) == 0


def test_a_file_larger_than_memory_is_identified_by_its_beginning(warden: Warden, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("w+b") as opened:
        opened.write(b"\x1aE\xdf\xa3")
        opened.truncate(20 << 30)
    pool = Warden(1)
    try:
        with path.open("rb") as opened, pool.boundary(uuid4()) as box:
            assert box.examine("identify", opened) == Identified("video", "video/x-matroska")
            with pytest.raises(ExaminationFailed) as failure:
                box.examine("picture", opened)
            assert failure.value.reason == "too_big"
            assert box.examine("identify", b"still the same child") == Identified("text", "text/plain", 1)
    finally:
        pool.close()


def test_bytes_and_their_file_read_alike() -> None:
    taken: list[bytes] = []

    def read(data: bytes, options: object, sink: object) -> dict[str, object]:
        taken.append(data)
        return {}

    for data in (io.BytesIO(WORDS), io.BufferedReader(io.BytesIO(WORDS))):  # type: ignore[arg-type]
        serve.whole(read)(data, {}, None)  # type: ignore[arg-type]
    assert taken == [WORDS, WORDS]


# What is found in bulk


def found(warden: Warden, path: Path, into: Path, boundary: UUID = SHARED, **options: object) -> ArchiveReading:
    with path.open("rb") as opened, into.open("ab") as end, warden.boundary(boundary) as box:
        reading = box.examine("archive", opened, into=end, **options)
    assert isinstance(reading, ArchiveReading)
    return reading


def test_what_is_found_in_bulk_is_appended_and_not_kept_in_memory(warden: Warden, file: Path, tmp_path: Path) -> None:
    into = tmp_path / "found"
    into.write_bytes(b"before ")
    reading = found(warden, file, into, parts=3)
    assert into.read_bytes() == b"before " + WORDS * 3
    assert [blob.data for blob in reading.files] == [b""]


def test_more_than_a_reply_in_memory_may_hold_goes_into_a_file(warden: Warden, tmp_path: Path) -> None:
    large, into = tmp_path / "large", tmp_path / "found"
    large.write_bytes(bytes(1 << 20))
    found(warden, large, into, parts=10)
    assert into.stat().st_size == 10 << 20, "beyond the 4 MB of a reply in memory"
    with pytest.raises(ExaminationFailed) as failure:
        found(warden, large, into, uuid4(), parts=100)
    assert failure.value.reason == "too_big"
    assert into.stat().st_size == 10 << 20


@pytest.mark.parametrize("end", [{"die": "abort"}, {"die": "junk"}, {"lie": True}, {"blobs": 2}])
def test_a_failed_examination_leaves_the_file_as_it_was(
    warden: Warden, file: Path, tmp_path: Path, end: dict[str, object]
) -> None:
    into = tmp_path / "found"
    into.write_bytes(b"before")
    with pytest.raises(ExaminationFailed):
        found(warden, file, into, uuid4(), **end)
    assert into.read_bytes() == b"before"


def test_a_blob_that_turned_out_wrong_is_taken_back(warden: Warden, file: Path, tmp_path: Path) -> None:
    into = tmp_path / "found"
    found(warden, file, into, void=True)
    assert into.read_bytes() == b""


def test_threads_hand_over_their_own_files(warden: Warden, tmp_path: Path) -> None:
    said: dict[int, str] = {}

    def examine(number: int) -> None:
        path = tmp_path / str(number)
        path.write_text(f"file {number}")
        with warden.boundary(SHARED) as box:
            said[number] = tried(box, "read", path)

    threads = [threading.Thread(target=examine, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert said == {number: f"file {number}" for number in range(6)}
