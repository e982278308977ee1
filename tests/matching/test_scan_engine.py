"""A seized tree laid beside the lists: every file has one line and one outcome, whatever it is."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, strategies as st
from PIL import Image

from amparo.foundation.errors import Unreachable
from amparo.foundation.home import Home
from amparo.matching.engine.digests import TooLong, digests_of
from amparo.matching.scan import keeping, manifest
from amparo.matching.scan.examining import Examiner
from amparo.matching.scan.facts import Looked, Read, Row, Wanted
from amparo.matching.scan.looking import Look, look_at
from amparo.matching.scan.planning import chunks_of
from amparo.matching.scan.reading import View
from amparo.matching.scan.running import Cores, Stop
from amparo.matching.scan.store import Store
from amparo.matching.scan.tree import Tree
from amparo.matching.scan.walking import walk
from amparo.matching.shelf import Shelf
from amparo.sandbox.warden import Box
from tests.matching.scanned import (
    BOUNDARY,
    examine,
    lines_of,
    listed,
    picture,
    scanned,
    sha256,
    store_of,
    the_pool,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def seized(tmp_path: Path) -> Path:
    """An empty tree to be filled."""
    folder = tmp_path / "seized"
    folder.mkdir()
    return folder


class TestDigests:
    @given(st.binary(max_size=2000), st.integers(0, 3))
    def test_they_are_those_of_the_whole_file_however_it_is_read(self, data: bytes, pieces: int) -> None:
        class InPieces(io.BytesIO):
            def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
                return super().readinto(buffer[: pieces or len(buffer)])

        found = digests_of(InPieces(data), len(data))
        assert found.sha256 == hashlib.sha256(data).digest()
        assert found.sha1 == hashlib.sha1(data).digest()
        assert found.md5 == hashlib.md5(data).digest()
        assert found.size_bytes == len(data)

    def test_a_file_longer_than_it_was_is_not_read_to_its_end(self) -> None:
        with pytest.raises(TooLong):
            digests_of(io.BytesIO(b"x" * 10), 9)

    def test_a_file_that_would_have_to_be_waited_for_is_not_an_empty_one(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        with open(reading, "rb", buffering=0) as nothing_yet, open(writing, "wb"), pytest.raises(BlockingIOError):
            digests_of(nothing_yet)


class TestPlan:
    @given(st.lists(st.integers(0, 200), max_size=60), st.integers(1, 7), st.integers(1, 300), st.integers(1, 3))
    def test_every_file_is_in_exactly_one_chunk(
        self, sizes: list[int], most_files: int, most_bytes: int, step: int
    ) -> None:
        files = [(1 + at * step, size) for at, size in enumerate(sizes)]
        chunks = list(chunks_of(files, most_files, most_bytes))
        held = [[number for number, _ in files if each.first <= number <= each.last] for each in chunks]
        assert [number for numbers in held for number in numbers] == [number for number, _ in files]
        assert all(numbers for numbers in held)
        for each, numbers in zip(chunks, held, strict=True):
            assert each.files == len(numbers) <= most_files
            assert each.size_bytes == sum(size for number, size in files if number in numbers)
            assert each.size_bytes <= most_bytes or each.files == 1


WITHOUT_RIGHTS = """
import ctypes, os, platform, struct, sys
from pathlib import Path
from amparo.foundation.home import Home
from amparo.matching.scan import keeping
from amparo.matching.scan.examining import Examiner
from amparo.matching.scan.walking import walk
from amparo.matching.shelf import Shelf
from amparo.sandbox.inside import syscalls
from tests.matching.scanned import lines_of, store_of

at, seized = Path(sys.argv[1]), Path(sys.argv[1]) / "seized"
(seized / "folder").mkdir(parents=True)
(seized / "file").touch()
(seized / "file").chmod(0)
(seized / "folder").chmod(0)
if not os.geteuid():
    # Root without the right to read everything: the sets of capabilities emptied.
    libc = ctypes.CDLL(None, use_errno=True)
    number = syscalls.numbers(syscalls.SETUP, platform.machine())["capset"]
    assert libc.syscall(number, struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", *[0] * 6)) == 0
with store_of(at / "scan", seized) as store:
    assert walk(store)
    keeping.plan(store)
    with Examiner(store.devices.values(), Shelf.open(Home(at), ())) as examiner:
        (read,) = examiner.read(keeping.wanted(store, 1))
folder = lines_of(at / "scan")["./folder"]
print(read.problem, folder["type"], folder["outcome"], folder["reason"])
"""


def deep(root: Path, levels: int, name: str) -> None:
    """Folders in folders, further down than the system takes in one path."""
    at = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        with open(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=at), "wb") as file:
            file.write(b"deep")
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


class TestHostileTrees:
    def test_what_is_no_file_has_a_line_and_is_never_opened(self, home: Home, seized: Path, tmp_path: Path) -> None:
        (tmp_path / "outside").write_bytes(b"not evidence")
        (seized / "link").symlink_to(tmp_path / "outside")
        (seized / "away").symlink_to(tmp_path)
        (seized / "loop").symlink_to(seized)
        os.mkfifo(seized / "pipe")
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(seized / "socket"))
        lines = scanned(home, tmp_path / "scan", seized)
        assert {path: (each["type"], each["outcome"], each["reason"]) for path, each in lines.items()} == {
            "./link": ("link", "not_examined", "link"),
            "./away": ("link", "not_examined", "link"),
            "./loop": ("link", "not_examined", "link"),
            "./pipe": ("pipe", "not_examined", "pipe"),
            "./socket": ("socket", "not_examined", "socket"),
        }

    def test_names_are_bytes_and_come_back_as_they_were(self, home: Home, seized: Path, tmp_path: Path) -> None:
        names = [
            b"\xff\xfe",
            b"new\nline",
            b"tab\t",
            b"back\\slash",
            b"\r",
            b"=cmd",
            "ñ".encode(),
            "n\u0303".encode(),
            b"-rf",
            b" ",
        ]
        names += [b"\x1b[31m", b"%s", b'"quoted",', b"x" * 255]
        for at, name in enumerate(names):
            (Path(os.fsdecode(os.fsencode(seized) + b"/" + name))).write_bytes(b"%d" % at)
        lines = scanned(home, tmp_path / "scan", seized)
        told = {
            bytes.fromhex(each["path_hex"]) if "path_hex" in each else each["path"].encode() for each in lines.values()
        }
        assert told == {b"./" + name for name in names}
        with View(tmp_path / "scan" / "scan.sqlite3") as view:
            (tmp_path / "list").write_bytes(b"".join(manifest.as_digest_list(view, 1)))
            table = b"".join(manifest.as_csv(view)).decode()
        checked = subprocess.run(["sha256sum", "-c", "--strict", "--quiet", tmp_path / "list"], cwd=seized, check=False)
        assert checked.returncode == 0
        assert "\n=" not in table and ",=" not in table

    def test_a_folder_deeper_than_the_system_s_longest_path_is_read(
        self, home: Home, seized: Path, tmp_path: Path
    ) -> None:
        deep(seized, 30, "d" * 200)
        lines = scanned(home, tmp_path / "scan", seized)
        assert len(lines) == 30 and {each["sha256"] for each in lines.values()} == {sha256(b"deep")}
        assert max(map(len, lines)) > 4096

    def test_below_the_longest_path_a_folder_says_that_it_was_not_entered(
        self, home: Home, seized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("amparo.matching.scan.walking.LONGEST_PATH_BYTES", 500)
        deep(seized, 6, "d" * 100)
        lines = scanned(home, tmp_path / "scan", seized).values()
        (last,) = [each for each in lines if each["type"] == "folder"]
        assert (last["outcome"], last["reason"]) == ("not_examined", "path_too_long")

    def test_what_may_not_be_read_says_so(self, tmp_path: Path) -> None:
        """As an ordinary user, or as root that gave up reading everything."""
        command = [sys.executable, "-c", WITHOUT_RIGHTS, str(tmp_path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        (tmp_path / "seized" / "folder").chmod(0o700)
        assert told.stdout.split() == ["permission_denied", "folder", "unreadable", "permission_denied"]

    def test_what_the_walk_saw_and_the_reading_did_not_find_is_unreadable(
        self, home: Home, seized: Path, tmp_path: Path
    ) -> None:
        for name in ("gone", "pipe", "link", "grown", "folder"):
            (seized / name).write_bytes(b"was here")
        (seized / "stays").write_bytes(b"stays")
        with store_of(tmp_path / "scan", seized) as store:
            assert walk(store)
            for name in ("gone", "pipe", "link", "folder"):
                (seized / name).unlink()
            os.mkfifo(seized / "pipe")
            (seized / "link").symlink_to("/etc/hostname")
            (seized / "folder").mkdir()
            (seized / "grown").write_bytes(b"was here, and is longer now")
            examine(store, Shelf.open(home, ()))
        lines = lines_of(tmp_path / "scan")
        assert {path: each["reason"] for path, each in lines.items() if each["outcome"] == "unreadable"} == {
            "./gone": "vanished",
            "./pipe": "changed",
            "./link": "changed",
            "./folder": "changed",
        }
        assert lines["./grown"]["sha256"] == sha256(b"was here, and is longer now")
        assert lines["./grown"]["size_bytes"] == len(b"was here, and is longer now")

    def test_a_file_that_changes_while_it_is_read_has_no_digest(
        self, home: Home, seized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (seized / "log").write_bytes(b"first")
        (seized / "shrinks").write_bytes(b"first")

        def while_reading(file: io.FileIO, size_bytes: int) -> object:
            found = digests_of(file, size_bytes)
            os.utime(file.fileno(), ns=(0, 0))
            return found

        monkeypatch.setattr("amparo.matching.scan.examining.digests_of", while_reading)
        lines = scanned(home, tmp_path / "scan", seized)
        assert {(each["outcome"], each["reason"]) for each in lines.values()} == {("unreadable", "changed")}
        assert not any("sha256" in each for each in lines.values())

    def test_a_file_larger_than_any_disk_is_not_waited_for(self, home: Home, seized: Path, tmp_path: Path) -> None:
        with (seized / "sparse").open("wb") as file:
            file.truncate(1 << 42)
        with (seized / "holes").open("wb") as file:
            file.truncate(3 << 20)
        lines = scanned(home, tmp_path / "scan", seized)
        assert (lines["./sparse"]["outcome"], lines["./sparse"]["reason"]) == ("not_examined", "too_big")
        assert lines["./holes"]["sha256"] == sha256(bytes(3 << 20))

    def test_years_that_no_calendar_has_stand_as_seconds(self, home: Home, seized: Path, tmp_path: Path) -> None:
        (seized / "old").write_bytes(b"x")
        (seized / "far").write_bytes(b"y")
        os.utime(seized / "old", ns=(-(10**18), -(10**18)))
        os.utime(seized / "far", (15_000_000_000, 15_000_000_000))
        lines = scanned(home, tmp_path / "scan", seized)
        assert lines["./old"]["modified_at"] == "1938-04-24T22:13:20.000000Z"
        assert lines["./far"]["modified_at"] == "2445-05-01T02:40:00.000000Z"
        assert manifest._moment(10**19) == "10000000000000 s"

    def test_a_disk_that_went_away_stops_the_scan_rather_than_making_every_file_unreadable(
        self, home: Home, seized: Path, tmp_path: Path
    ) -> None:
        for at in range(5):
            (seized / str(at)).write_bytes(b"x")
        with store_of(tmp_path / "scan", seized) as store:
            assert walk(store)
            seized.rename(tmp_path / "unmounted")
            seized.mkdir()
            with pytest.raises(Unreachable, match="not what the scan began with"):
                examine(store, Shelf.open(home, ()))
        assert {each["outcome"] for each in lines_of(tmp_path / "scan").values()} == {"open"}

    def test_no_plan_leads_out_of_the_tree(self, seized: Path) -> None:
        with Tree(str(seized)) as own:
            for path, name in ((b"..", b"x"), (b"", b".."), (b"", b"/etc/hostname"), (b"a\0", b"x"), (b"", b"")):
                with pytest.raises(ValueError, match="no name in a folder"):
                    own.file(path, name)

    def test_reading_leaves_the_time_of_the_last_reading(self, home: Home, seized: Path, tmp_path: Path) -> None:
        (seized / "file").write_bytes(b"x" * 5000)
        os.utime(seized / "file", (1_000_000_000, 1_500_000_000))
        with Tree(str(seized)) as own, own.file(b"", b"file") as file:
            digests_of(file)
        assert (seized / "file").stat().st_atime == 1_000_000_000


class TestOutcomes:
    def test_each_answer_is_told_apart_and_names_its_evidence(self, home: Home, seized: Path, tmp_path: Path) -> None:
        known, near, new = picture(1), picture(2), picture(3)
        again = io.BytesIO()
        Image.open(io.BytesIO(near)).save(again, "JPEG", quality=70)
        plain = io.BytesIO()
        Image.new("RGB", (200, 150), (90, 120, 90)).save(plain, "PNG")
        for name, data in {
            "known.png": known,
            "near.jpg": again.getvalue(),
            "new.png": new,
            "plain.png": plain.getvalue(),
            "cut.png": new[: len(new) // 2],
            "notes.txt": b"see you at 21:00\n",
            "known.txt": b"a listed text",
            "archive.zip": b"PK\x05\x06" + bytes(18),
            "noise": os.urandom(4000),
            "empty": b"",
        }.items():
            (seized / name).write_bytes(data)
        first = scanned(home, tmp_path / "first", seized)
        sizes = listed(
            home,
            [
                ({"sha1": hashlib.sha1(known).hexdigest()}, "A"),
                (
                    {
                        "pdq": scanned(home, tmp_path / "look", _folder(tmp_path / "one", "a.png", near))["./a.png"][
                            "pdq"
                        ]
                    },
                    "B",
                ),
                ({"md5": hashlib.md5(b"a listed text").hexdigest()}, ""),
            ],
        )
        lines = scanned(home, tmp_path / "scan", seized, lists=[sizes])
        assert {path: (each["outcome"], each.get("reason", "")) for path, each in lines.items()} == {
            "./known.png": ("known", ""),
            "./near.jpg": ("near", ""),
            "./new.png": ("unknown", ""),
            "./plain.png": ("too_plain", ""),
            "./cut.png": ("not_examined", "malformed"),
            "./notes.txt": ("unknown", ""),
            "./known.txt": ("known", ""),
            "./archive.zip": ("not_examined", "not_unpacked"),
            "./noise": ("not_examined", "no_reader"),
            "./empty": ("unknown", ""),
        }
        (exact,) = lines["./known.png"]["hits"]
        assert (exact["match"], exact["digest"], exact["row"], exact["category"]) == ("exact", "sha1", 1, "A")
        (close,) = lines["./near.jpg"]["hits"]
        assert (close["match"], close["digest"], close["row"], close["framing"], close["turn"]) == (
            "near", "pdq", 2, "whole", "original",
        )  # fmt: skip
        assert 0 <= close["distance_bits"] <= 31
        assert (exact["list_name"], exact["list_version"]) == ("Test list", "1")
        assert "pdq" not in lines["./known.png"], "a listed file was decoded"
        assert first["./new.png"]["outcome"] == "not_examined" and first["./new.png"]["reason"] == "no_look_listed"


def _folder(at: Path, name: str, data: bytes) -> Path:
    at.mkdir()
    (at / name).write_bytes(data)
    return at


class TestCopies:
    @pytest.fixture
    def looked_at(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The names of what was handed to the sandbox, as it happens."""
        names: list[str] = []

        def counted(box: Box, file: BinaryIO) -> Look:
            names.append(Path(f"/proc/self/fd/{file.fileno()}").readlink().name)
            return look_at(box, file)

        monkeypatch.setattr("amparo.matching.scan.examining.look_at", counted)
        return names

    def test_the_same_bytes_are_looked_at_once_wherever_they_lie(
        self, home: Home, tmp_path: Path, looked_at: list[str]
    ) -> None:
        for folder in ("phone", "laptop"):
            for at in range(3):
                (tmp_path / folder / str(at)).mkdir(parents=True)
                (tmp_path / folder / str(at) / "same.png").write_bytes(picture(5))
            (tmp_path / folder / "alone.txt").write_bytes(f"only on the {folder}".encode())
        scanned(home, tmp_path / "scan", tmp_path / "phone", tmp_path / "laptop")
        assert sorted(looked_at) == ["alone.txt", "alone.txt", "same.png"]
        with View(tmp_path / "scan" / "scan.sqlite3") as view:
            told = [each for each in manifest.lines(view) if each["path"].endswith("same.png")]
            assert view.summary().copies == 5
        firsts = [each for each in told if "copy_of" not in each]
        assert len(firsts) == 1 and len(told) == 6
        for each in told:
            assert (each["outcome"], each["kind"], each["pdq"]) == ("not_examined", "picture", firsts[0]["pdq"])
            if each is not firsts[0]:
                assert (each["copy_of_device"], each["copy_of"]) == (firsts[0]["device"], firsts[0]["path"])

    def test_a_copy_of_a_near_item_shows_the_same_hits(self, home: Home, seized: Path, tmp_path: Path) -> None:
        (seized / "a.png").write_bytes(picture(6))
        (seized / "b.png").write_bytes(picture(6))
        look = scanned(home, tmp_path / "look", seized)["./a.png"]["pdq"]
        lines = scanned(home, tmp_path / "scan", seized, lists=[listed(home, [({"pdq": look}, "B")])])
        assert {each["outcome"] for each in lines.values()} == {"near"}
        assert lines["./a.png"]["hits"] == lines["./b.png"]["hits"]

    def test_a_file_of_a_size_of_its_own_is_looked_up_among_no_copies(
        self, home: Home, seized: Path, tmp_path: Path
    ) -> None:
        (seized / "a").write_bytes(b"one")
        (seized / "b").write_bytes(b"three")
        (seized / "c").write_bytes(b"seven")
        scanned(home, tmp_path / "scan", seized)
        with View(tmp_path / "scan" / "scan.sqlite3") as view:
            assert {row[0] for row in view.rows("SELECT sha256 FROM contents")} == {
                hashlib.sha256(each).digest() for each in (b"three", b"seven")
            }

    def test_where_the_first_is_gone_before_it_was_looked_at_the_next_copy_is(
        self, home: Home, seized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("a.png", "b.png", "c.png"):
            (seized / name).write_bytes(picture(7))
        gone: list[str] = []

        def before_the_look(self: Examiner, box: Box, files: Iterable[tuple[Wanted, Read]]) -> list[Looked]:
            files = list(files)
            if not gone:
                gone.extend(os.fsdecode(wanted.name) for wanted, _ in files)
                (seized / gone[0]).unlink()
            return look(self, box, files)

        look = Examiner.look
        monkeypatch.setattr(Examiner, "look", before_the_look)
        lines = scanned(home, tmp_path / "scan", seized)
        (first,) = gone
        assert (lines[f"./{first}"]["outcome"], lines[f"./{first}"]["reason"]) == ("unreadable", "vanished")
        others = [each for path, each in lines.items() if path != f"./{first}"]
        assert [each["kind"] for each in others] == ["picture", "picture"]
        assert sum("copy_of" in each for each in others) == 1

    def test_a_copy_of_what_has_become_another_file_meanwhile_is_looked_at_itself(
        self, home: Home, seized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("a.png", "b.png"):
            (seized / name).write_bytes(picture(8))
        with store_of(tmp_path / "scan", seized) as store:
            assert walk(store)
            keeping.plan(store)
            with Examiner(store.devices.values(), Shelf([])) as examiner:
                first, copy = examiner.read(keeping.wanted(store, 1))
            assert keeping.first_with(store, [first, copy]) == {first.file: first.file, copy.file: first.file}
            keeping.keep(store, [Row(copy, None, copy_of=first.file)], {copy.file: 1})
            (seized / "a.png").write_bytes(b"a text by now")
            examine(store, Shelf([]))
        lines = lines_of(tmp_path / "scan")
        assert lines["./a.png"]["kind"] == "text"
        assert (lines["./b.png"]["kind"], "copy_of" in lines["./b.png"]) == ("picture", False)


class StopsAfter(Stop):
    """Asked for after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    def go_on(self) -> bool:
        self._left -= 1
        if self._left < 0:
            self.ask()
        return super().go_on()


class TestGoingOn:
    @pytest.mark.parametrize("steps", [9, 11, 14])
    def test_what_was_stopped_anywhere_goes_on_and_no_finished_file_is_read_again(
        self, home: Home, seized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
    ) -> None:
        names = {f"./{at % 3}/{at}.txt" for at in range(17)}
        for at in range(17):
            (seized / f"{at % 3}").mkdir(exist_ok=True)
            (seized / f"{at % 3}" / f"{at}.txt").write_bytes(b"%d" % (at // 2))
        monkeypatch.setattr(chunks_of, "__defaults__", (5, 1 << 20))
        read: list[str] = []
        reading = Examiner._read

        def counted(self: Examiner, wanted: Wanted) -> Read:
            read.append(f"./{os.fsdecode(wanted.folder)}/{os.fsdecode(wanted.name)}")
            return reading(self, wanted)

        monkeypatch.setattr(Examiner, "_read", counted)
        store_of(tmp_path / "scan", seized).close()
        ended = rounds = 0
        while not ended:
            finished = {path for path, each in lines_of(tmp_path / "scan").items() if each["outcome"] != "open"}
            read.clear()
            ended, rounds = examine_until(tmp_path / "scan", home, StopsAfter(steps)), rounds + 1
            assert not finished & set(read)
        lines = lines_of(tmp_path / "scan")
        assert rounds > 2 and set(lines) == names
        assert {each["outcome"] for each in lines.values()} == {"unknown"}


def examine_until(folder: Path, home: Home, stop: Stop) -> bool:
    """Whether the scan has ended; False where it was stopped before."""
    with Store(folder / "scan.sqlite3") as store:
        if not walk(store, stop.go_on):
            return False
        keeping.plan(store)
        with Cores(store, Shelf.open(home, ()), BOUNDARY, 1, warden=the_pool()) as cores:
            cores.run(stop)
        return not stop.asked and keeping.end(store)
