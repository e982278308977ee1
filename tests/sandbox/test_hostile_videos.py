"""Videos that are damaged or built to harm, read here and in locked-down children, and children that lie about them."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from amparo.sandbox.inside import containers
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.readings import ExaminationFailed, LookReading, VideoReading, reading_of
from amparo.sandbox.warden import Warden
from tests.sandbox.videos import Made, covered, make, pattern, watched

SHARED = uuid4()


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    """What names other files or addresses is not a video here, whichever its name or kind."""
    (tmp_path / "real.ts").write_bytes(make(tmp_path / "made", Made("mpegts", frames=30)).read_bytes())
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\n{tmp_path}/real.ts\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{tmp_path}/real.ts'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"/>',
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ):
        with pytest.raises(Unreadable):
            watched(text.encode())


def test_a_film_that_keeps_its_pictures_in_another_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QuickTime's data references name files; nothing is opened beside the bytes at hand."""
    opened: list[str] = []
    monkeypatch.setattr(containers, "_nothing_else", lambda *asked: opened.append(asked[0]))
    other = make(tmp_path / "other.mov", Made("mov", "mpeg4", frames=30))
    data = bytearray(make(tmp_path / "here.mov", Made("mov", "mpeg4", frames=30)).read_bytes())
    place = data.index(b"url \0\0\0\1") - 4
    reference = f"file://{other}".encode() + b"\0"
    entry = struct.pack("!I4sI", 12 + len(reference), b"url ", 0) + reference
    # The reference names a file; the boxes around it grow by as much.
    grown = len(entry) - 12
    data[place : place + 12] = entry
    for box in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        start = data.rindex(box, 0, place) - 4
        struct.pack_into("!I", data, start, struct.unpack_from("!I", data, start)[0] + grown)
    with suppress(Unreadable):
        watched(bytes(data))
    assert opened == []


def test_a_frame_larger_than_the_limit_is_refused_undecoded(
    made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "PIXELS", 100 * 100)
    with pytest.raises(Unreadable) as refusal:
        watched(made("mkv").read_bytes())
    assert refusal.value.reason in ("too_big", "malformed")


def test_only_listed_decoders_run(made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "DECODERS", frozenset({"vp9"}))
    with pytest.raises(Unreadable, match="h264"):
        watched(made("mp4").read_bytes())


def test_plain_frames_are_said_to_be_too_plain(tmp_path: Path) -> None:
    how = Made("matroska", frames=30)
    path = make(tmp_path / "black", how, (np.zeros((120, 160, 3), np.uint8) for _ in range(30)))
    facts, frames = watched(path.read_bytes())
    assert facts["state"] == "too_plain"
    assert [frame["quality"] for frame in frames] == [0, 0]


# In a real child


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


IN_A_CHILD = ["mp4, HEVC", "webm, VP9", "mp4, AV1", "avi", "ts", "mov, ProRes", "RGB", "wmv"]


@pytest.mark.parametrize("name", IN_A_CHILD)
def test_a_locked_down_child_reads_what_this_process_reads(
    made: Callable[[str], Path], warden: Warden, name: str
) -> None:
    path = made(name)
    with path.open("rb") as file, warden.boundary(SHARED) as box:
        reading = box.examine("video", file)
        assert box.examine("video", path.read_bytes()) == reading
        look = box.examine("look", file)
    assert isinstance(reading, VideoReading) and isinstance(look, LookReading)
    facts, frames = watched(path.read_bytes())
    assert json.loads(reading.document) == {"frames": frames}
    assert {name: getattr(reading, name) for name in facts} == facts
    assert (look.kind, look.state, look.frames, look.ended) == ("video", "examined", reading.document, "whole")


def test_one_round_trip_says_what_a_file_is_and_how_it_looks(
    made: Callable[[str], Path], warden: Warden, tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.fromarray(pattern(0, 300, 200)).save(picture, "PNG")
    song = covered(tmp_path / "song").read_bytes()
    film = made("mkv").read_bytes()
    expected = {
        "picture": (picture.getvalue(), ("picture", "examined", "")),
        "moving picture": (moving(), ("picture", "examined", "")),
        "plain picture": (plain(), ("picture", "too_plain", "")),
        "cut picture": (picture.getvalue()[:2000], ("picture", "failed", "malformed")),
        "film": (film, ("video", "examined", "")),
        "cut film": (film[:300], ("video", "failed", "malformed")),
        "song": (song, ("video", "not_examined", "no_picture")),
        "text": (b"see you at 21:00\n", ("text", "not_examined", "nothing_to_read")),
        "nothing": (b"", ("empty", "not_examined", "nothing_to_read")),
        "archive": (b"PK\3\4" + bytes(40), ("archive", "not_examined", "no_reader")),
        "noise": (np.random.default_rng(1).bytes(3000), ("unknown", "not_examined", "no_reader")),
    }
    for what, (data, answer) in expected.items():
        path = tmp_path / "file"
        path.write_bytes(data)
        with path.open("rb") as file, warden.boundary(SHARED) as box:
            look = box.examine("look", file)
        assert isinstance(look, LookReading)
        assert (look.kind, look.state, look.reason) == answer, what
        assert bool(look.looks) == (what.endswith("picture") and look.state != "failed"), what
        assert bool(look.frames) == (what in ("film", "moving picture")), what
        assert bool(look.sentence) == (look.state == "failed"), what


def moving() -> bytes:
    """A picture whose first frame is plain."""
    file = io.BytesIO()
    later = [Image.fromarray(pattern(number, 200, 200)) for number in (0, 25)]
    Image.new("RGB", (200, 200), "grey").save(file, "GIF", save_all=True, append_images=later, duration=1000)
    return file.getvalue()


def plain() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (200, 200), "grey").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["mkv", "mp4", "avi", "ts", "webm, VP8", "mpg"])
def test_flipped_and_cut_films_never_stop_the_pool(made: Callable[[str], Path], warden: Warden, kind: str) -> None:
    data = made(kind).read_bytes()
    random = np.random.default_rng(len(data))
    with warden.boundary(SHARED) as box:
        for _ in range(12):
            damaged = bytearray(data[: int(random.integers(100, len(data)))])
            for place in random.integers(0, len(damaged), 40):
                damaged[place] = int(random.integers(256))
            with suppress(ExaminationFailed):
                reading = box.examine("video", bytes(damaged), limit_s=20)
                assert isinstance(reading, VideoReading) and reading.ended
        assert isinstance(box.examine("video", data), VideoReading)


def test_a_small_moving_picture_that_says_it_is_huge_takes_no_memory_for_every_frame() -> None:
    data = bytearray(moving())
    assert struct.unpack_from("<HH", data, 6) == (200, 200)
    struct.pack_into("<HH", data, 6, 65_000, 1_500)
    facts, frames = watched(bytes(data))
    assert facts["ended"] == "too_big"
    assert len(frames) == 1


def with_frame_as_large_as(data: bytes, number: int, width: int, height: int) -> bytes:
    """A GIF in which frame `number`, from 0, says another size (GIF89a, 20: behind each image separator of these small files)."""
    changed, place = bytearray(data), -1
    for _ in range(number + 1):
        place = data.index(b"\x2c\0\0\0\0" + struct.pack("<HH", 200, 200), place + 1)
    struct.pack_into("<HH", changed, place + 5, width, height)
    return bytes(changed)


def test_a_later_frame_that_says_it_is_huge_takes_no_memory_and_those_before_it_are_seen() -> None:
    facts, frames = watched(with_frame_as_large_as(moving(), 2, 65_535, 65_535))
    assert facts["ended"] == "too_big"
    assert [frame["at_ms"] for frame in frames] == [0, 1000]


def test_a_first_frame_larger_than_its_picture_is_refused_and_takes_no_memory() -> None:
    with pytest.raises(Unreadable) as refusal:
        watched(with_frame_as_large_as(moving(), 0, 65_535, 65_535))
    assert refusal.value.reason == "too_big"


LIES: list[dict[str, object]] = [
    {"ended": "never"}, {"width": -1}, {"duration_ms": 1 << 50}, {"codec": "<b>"}, {"state": "hit"}, {"tracks": "2"},
]  # fmt: skip
LOOKS = ["0" * 64] * 8
FRAME: dict[str, object] = {"at_ms": 5, "quality": 1, "looks": LOOKS}
FALSE_DOCUMENTS = [b"", b"[]", b"{", b"[" * 9000, b'{"frames": {}}', b'{"frames": [{}]}', b'{"frames": ["x"]}']
FALSE_FRAMES: list[list[dict[str, object]]] = [
    [{**FRAME, "at_ms": -1}], [{**FRAME, "at_ms": 1 << 41}], [{**FRAME, "quality": 101}], [{**FRAME, "looks": []}],
    [{**FRAME, "looks": LOOKS[:7]}], [{**FRAME, "looks": ["G" * 64] * 8}], [{**FRAME, "looks": [*LOOKS[:7], 1]}],
    [FRAME, {**FRAME, "at_ms": 4}],
]  # fmt: skip
FACTS: dict[str, object] = {
    "state": "examined", "container": "mov", "codec": "h264", "width": 1, "height": 1, "tracks": 1, "duration_ms": 1,
    "reached_ms": 1, "interval_ms": 1, "frames": 1, "widest_gap_ms": 0, "ended": "whole",
}  # fmt: skip
TRUE_FRAMES = json.dumps({"frames": [FRAME]}).encode()


def test_a_childs_lies_about_a_film_are_a_crash_not_a_reading() -> None:
    assert isinstance(reading_of("video", FACTS, [({}, TRUE_FRAMES)]), VideoReading)
    told = {"kind": "video", "media_type": "video/mp4", "reason": "", "sentence": ""}
    for kind in ("video", "look"):
        for lie in LIES:
            with pytest.raises(ExaminationFailed):
                reading_of(kind, {**told, **FACTS, **lie}, [({}, TRUE_FRAMES)])
        for document in [*FALSE_DOCUMENTS, *(json.dumps({"frames": frames}).encode() for frames in FALSE_FRAMES)]:
            with pytest.raises(ExaminationFailed):
                reading_of(kind, {**told, **FACTS}, [({}, document)])


def test_nothing_else_of_a_childs_document_is_passed_on() -> None:
    more = json.dumps({"frames": [{**FRAME, "note": "x"}], "more": "y"}).encode()
    reading = reading_of("video", FACTS, [({}, more)])
    assert isinstance(reading, VideoReading)
    assert json.loads(reading.document) == json.loads(TRUE_FRAMES)
