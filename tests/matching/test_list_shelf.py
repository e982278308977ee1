"""Lists laid open: what a look-up says of pictures, turned ones and videos, and what it does when files are not right."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.matching import looks as looks_module, shelf as shelf_module
from amparo.matching.engine import as_rows
from amparo.matching.looks import TURNS, Looks, looks_of, no_looks, picture_looks, unpacked, video_looks
from amparo.matching.rules import HitKind
from amparo.matching.shelf import Shelf
from amparo.matching.versions import folder_of, mark_withdrawn
from tests.matching.lists_made import a_list, built, digests, flipped, hash_of, looks


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A list of five looks, the first in row 1."""
    home = Home(tmp_path_factory.mktemp("five"))
    return Shelf.open(home, [a_list(home, *range(1, 6), kinds=("pdq",))])


def asked(home: Home, *fingerprints: bytes, of: UUID) -> list[tuple[int, int, str, str]]:
    (found,) = Shelf.open(home, [of]).lookup({}, [looks_of(fingerprints)])
    return [(each.row, each.distance_bits, each.framing, each.turn) for each in found]


def elsewhere(number: int) -> bytes:
    """A fingerprint that nothing is near to."""
    return hash_of("pdq", 10_000 + number)


class TestPictures:
    def test_the_smallest_distance_counts_and_says_by_which_version_of_the_look(self, home: Home) -> None:
        listed = hash_of("pdq", 1)
        whole = [flipped(listed, 20) if turn == "rotate90" else elsewhere(at) for at, turn in enumerate(TURNS)]
        trimmed = [flipped(listed, 3) if turn == "flipy" else elsewhere(9 + at) for at, turn in enumerate(TURNS)]
        of = a_list(home, 1)
        assert asked(home, *whole, of=of) == [(1, 20, "whole", "rotate90")]
        assert asked(home, *whole, *trimmed, of=of) == [(1, 3, "trimmed", "flipy")]

    def test_of_two_as_near_the_whole_and_unturned_one_is_named(self, home: Home) -> None:
        look = hash_of("pdq", 1)
        assert asked(home, *[look] * 16, of=a_list(home, 1)) == [(1, 0, "whole", "original")]

    def test_an_exact_hit_stands_before_a_near_one_of_the_same_row_and_names_the_strongest_digest(
        self, home: Home
    ) -> None:
        of = a_list(home, 1, kinds=("md5", "sha1", "pdq"))
        ((found,),) = Shelf.open(home, [of]).lookup(digests([1]), looks([1]))
        assert (found.kind, found.digest, found.framing, found.turn) == (HitKind.EXACT, "sha1", "", "")

    def test_of_a_much_varied_picture_the_nearest_are_kept_and_no_item_is_lost(self, home: Home) -> None:
        listed = [([("pdq", 1)], 0, False)] * 300 + [([("pdq", 2)], 0, False)]
        version, _ = built(home, listed)
        found = Shelf.open(home, [version.uuid]).lookup({}, [*looks([1]), no_looks(), *looks([2])], most=5)
        assert [[each.row for each in hits] for hits in found] == [[1, 2, 3, 4, 5], [], [301]]

    def test_every_list_that_knows_an_item_is_named(self, home: Home) -> None:
        lists = [a_list(home, 1, 2), a_list(home, 2, 3)]
        found = Shelf.open(home, lists).lookup(digests([1, 2, 3, 4]))
        assert [{each.list for each in hits} for hits in found] == [{lists[0]}, {*lists}, {lists[1]}, set()]

    @given(st.lists(st.lists(st.integers(0, 6), max_size=16), min_size=1, max_size=12), st.integers(1, 5))
    def test_items_asked_together_get_what_each_gets_alone(
        self, five: Shelf, items: list[list[int]], at_once: int
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shelf_module, "_FEWEST_LOOKS", at_once)
            patch.setattr(shelf_module, "_HITS_AT_ONCE", 4)
            some = [looks_of([hash_of("pdq", number) for number in each]) for each in items]
            alone = [five.lookup({}, [each])[0] for each in some]
            assert five.lookup({}, some) == alone
        assert [{each.row for each in found} for found in alone] == [
            {row for row in range(1, 6) if row in each} for each in items
        ]


class TestVideos:
    def frames(self, *frames: tuple[int, int, list[bytes]]) -> Looks:
        said = [
            {"at_ms": at_ms, "quality": quality, "looks": [each.hex() for each in fingerprints]}
            for at_ms, quality, fingerprints in frames
        ]
        return video_looks(json.dumps({"frames": said}).encode())

    def test_the_first_second_and_the_number_of_frames_are_told_and_plain_ones_do_not_count(self, home: Home) -> None:
        listed = hash_of("pdq", 1)
        video = self.frames(
            (0, 100, [elsewhere(0)]),
            (1000, 49, [listed]),  # below the floor
            (2000, 90, [elsewhere(1), flipped(listed, 31)]),
            (3000, 90, [flipped(listed, 32), flipped(listed, 9)]),
            (4000, 50, [flipped(listed, 10), flipped(listed, 11)]),  # one frame, though both are near
        )
        ((found,),) = Shelf.open(home, [a_list(home, 1)]).lookup({}, [video])
        assert (found.at_ms, found.frames, found.distance_bits, found.turn) == (2000, 3, 9, "rotate90")

    def test_a_long_video_asked_in_pieces_is_told_as_one(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shelf_module, "_MOST_LOOKS", 16)
        listed = hash_of("pdq", 1)
        video = self.frames(*[(at * 1000, 100, [listed if at % 3 == 1 else elsewhere(at)]) for at in range(200)])
        still = looks([2])[0]
        found = Shelf.open(home, [a_list(home, 1, 2)]).lookup({}, [still, video, still, video])
        assert [[(each.row, each.at_ms, each.frames) for each in hits] for hits in found] == [
            [(2, None, 0)],
            [(1, 1000, 67)],
        ] * 2

    def test_a_video_known_by_its_bytes_says_no_second(self, home: Home) -> None:
        video = self.frames((1000, 100, [hash_of("pdq", 1)]))
        ((found,),) = Shelf.open(home, [a_list(home, 1)]).lookup(digests([1]), [video])
        assert (found.kind, found.at_ms, found.frames) == (HitKind.EXACT, None, 0)

    @pytest.mark.parametrize(
        "document",
        [
            b"", b"[]", b"{}", b'{"frames": 1}', b'{"frames": [1]}', b'{"frames": [{}]}', b"[" * 100_000, b"\xff",
            b'{"frames": [{"at_ms": -1, "quality": 1, "looks": []}]}',
            b'{"frames": [{"at_ms": 1e400, "quality": 1, "looks": []}]}',
            b'{"frames": [{"at_ms": 0, "quality": 99, "looks": ["00"]}]}',
            b'{"frames": [{"at_ms": "0", "quality": 9, "looks": []}]}',
            b'{"frames": [{"at_ms": 0, "quality": true, "looks": []}]}', b'{"frames": [{"at_ms": 0, "quality": 9, "looks": "00"}]}',
            b'{"frames": [{"at_ms": 0, "quality": 99, "looks": ["zz"]}]}',
            json.dumps({"frames": [{"at_ms": 0, "quality": 99, "looks": ["00" * 32] * 17}]}).encode(),
        ],
    )  # fmt: skip
    def test_a_reading_of_another_form_is_refused(self, document: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            video_looks(document)


def test_looks_are_kept_and_read_again_alike() -> None:
    facts = {"pdq_hex": hash_of("pdq", 1).hex(), "looks": [hash_of("pdq", number).hex() for number in range(16)]}
    found = picture_looks(facts)
    assert (unpacked(found.packed()).rows == found.rows).all()
    assert (found.rows == as_rows([hash_of("pdq", number) for number in range(16)])).all()
    assert len(picture_looks({"pdq_hex": facts["pdq_hex"]})) == 1
    assert len(picture_looks({"pdq_hex": ""})) == 0
    with pytest.raises(ValueError, match="16 looks"):
        looks_of([bytes(32)] * 17)


def test_the_turns_are_those_of_the_readings() -> None:
    from amparo.sandbox.inside import pdq

    assert looks_module.TURNS == pdq.TURNS


class TestFiles:
    def test_a_list_marked_as_withdrawn_is_asked_no_more_by_shelves_that_were_open(self, home: Home) -> None:
        lists = [a_list(home, 1), a_list(home, 1)]
        shelf = Shelf.open(home, lists)
        assert len(shelf.lookup(digests([1]))[0]) == 2
        mark_withdrawn(home, lists[0])
        assert [each.list for each in shelf.lookup(digests([1]))[0]] == [lists[1]]
        assert shelf.counting() == (lists[1],)
        mark_withdrawn(home, UUID(int=5))  # nothing of it lies here: nothing happens

    @pytest.mark.parametrize("name", ["list.json", "md5.digests", "pdq-0.columns"])
    @pytest.mark.parametrize("how", ["missing", "cut", "another list's"])
    def test_a_list_whose_files_are_not_those_it_came_with_is_broken(self, home: Home, name: str, how: str) -> None:
        uuid, other = a_list(home, 1, 2), a_list(home, *range(100))
        path = folder_of(home, uuid) / name
        if how == "missing":
            path.unlink()
        elif how == "cut":
            path.write_bytes(path.read_bytes()[:-40])
        else:
            path.write_bytes((folder_of(home, other) / name).read_bytes())
        with pytest.raises(Broken):
            Shelf.open(home, [uuid])

    def test_a_list_that_is_not_there_is_broken(self, home: Home) -> None:
        with pytest.raises(Broken):
            Shelf.open(home, [UUID(int=1)])

    def test_items_of_unequal_number_are_refused(self, home: Home) -> None:
        shelf = Shelf.open(home, [a_list(home, 1)])
        with pytest.raises(ValueError, match="same items"):
            shelf.lookup(digests([1, 2]), looks([1]))

    def test_many_threads_ask_one_shelf_alike(self, home: Home) -> None:
        shelf = Shelf.open(home, [a_list(home, *range(50))])
        expected = shelf.lookup(digests(range(60)), looks(range(60)))
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(shelf.lookup, digests(range(60)), looks(range(60))) for _ in range(20)]
        assert all(each.result() == expected for each in answers)

    def test_a_shelf_is_opened_without_django(self, home: Home) -> None:
        uuid = a_list(home, 1, 2)
        script = (
            "import sys; from pathlib import Path; from uuid import UUID; import numpy as np\n"
            "from amparo.foundation.home import Home; from amparo.matching.shelf import Shelf\n"
            "shelf = Shelf.open(Home(Path(sys.argv[1])), [UUID(sys.argv[2])])\n"
            "found = shelf.lookup({'md5': np.frombuffer(bytes.fromhex(sys.argv[3]), np.uint8).reshape(1, 16)})\n"
            "print([each.row for each in found[0]], 'django' in sys.modules)"
        )
        command = [sys.executable, "-c", script, str(home.path), str(uuid), hash_of("md5", 2).hex()]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == "[2] False"
