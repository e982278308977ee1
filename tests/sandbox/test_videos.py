"""Videos: the frames that are sampled, their times and their looks, in every format that can be written here."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from unittest import mock

import av
import numpy as np
import pytest
from PIL import Image

from amparo.sandbox.inside import video
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.sampling import Clock
from tests.sandbox.videos import FORMATS, RATE, Made, covered, distance, look_of, make, pattern, watched


@pytest.mark.parametrize("name", FORMATS)
def test_a_frame_a_second_is_found_with_its_time_and_looks_like_the_picture_it_was_made_from(
    made: Callable[[str], Path], name: str
) -> None:
    how = FORMATS[name]
    facts, frames = watched(made(name).read_bytes())
    assert [frame["at_ms"] for frame in frames] == [0, 1000, 2000, 3000]
    assert (facts["state"], facts["ended"], facts["frames"], facts["widest_gap_ms"]) == ("examined", "whole", 4, 1000)
    assert (facts["width"], facts["height"]) == how.size
    for number, frame in zip(range(0, how.frames, RATE), frames, strict=True):
        assert distance(frame["looks"][0], look_of(pattern(number, *how.size))) <= 12
        assert distance(frame["looks"][0], look_of(pattern(number + 10 * RATE, *how.size))) > 60


@pytest.mark.parametrize("name", FORMATS)
def test_decoding_only_what_is_needed_finds_what_decoding_everything_finds(
    made: Callable[[str], Path], name: str
) -> None:
    def everything(*rest: object, in_order: bool) -> object:
        return watching(*rest, in_order=in_order or True)

    watching = video._Watching
    data = made(name).read_bytes()
    for interval_ms in (1000, 280):
        thrifty = watched(data, interval_ms=interval_ms)
        with mock.patch.object(video, "_Watching", everything):
            assert watched(data, interval_ms=interval_ms) == thrifty


def test_frames_that_stand_long_are_sampled_once_and_none_is_left_out(tmp_path: Path) -> None:
    """A recording of a screen, whose frames come when something changes."""
    how = Made("matroska", frames=8, pts=(0, 3, 10, 60, 61, 200, 330, 331))
    _, frames = watched(make(tmp_path / "slow", how).read_bytes())
    assert [frame["at_ms"] for frame in frames] == [0, 2400, 8000, 13200]
    assert all(
        distance(frame["looks"][0], look_of(pattern(number))) <= 12
        for frame, number in zip(frames, (0, 3, 5, 6), strict=True)
    )


def test_what_comes_before_an_edit_lists_beginning_is_not_shown(tmp_path: Path) -> None:
    """A clip cut on a phone keeps the frames before the cut in the file; the list of edits leaves them out."""
    path = make(tmp_path / "cut.mp4", Made(options={"bf": "0", "g": "50"}, frames=4 * RATE))
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 4
    version, count = data[place], struct.unpack_from("!I", data, place + 4)[0]
    assert (version, count) == (0, 1)
    _, media_time, _ = struct.unpack_from("!IiI", data, place + 8)
    media_unit = av.open(str(path)).streams.video[0].time_base.denominator
    struct.pack_into("!Ii", data, place + 8, 2600, media_time + int(1.4 * media_unit))
    _, frames = watched(bytes(data))
    assert [frame["at_ms"] for frame in frames] == [0, 1000, 2000]
    for at_s, frame in enumerate(frames):
        assert distance(frame["looks"][0], look_of(pattern(35 + at_s * RATE))) <= 12


def test_all_looks_are_the_published_turns_of_the_frame(made: Callable[[str], Path]) -> None:
    _, frames = watched(made("mp4").read_bytes())
    picture = pattern(RATE)
    turned = [picture, np.rot90(picture), np.rot90(picture, 2), np.rot90(picture, 3), picture[::-1], picture[:, ::-1]]
    for other in turned:
        assert min(distance(look, look_of(other)) for look in frames[1]["looks"][:8]) <= 31
    assert len(frames[1]["looks"]) in (8, 16)
    assert all(len(look) == 64 for look in frames[1]["looks"])


def test_a_display_matrix_is_not_applied_so_that_looks_are_the_stored_frames(made: Callable[[str], Path]) -> None:
    straight, turned = watched(made("mp4").read_bytes()), watched(made("turned").read_bytes())
    assert [frame["looks"][0] for frame in turned[1]] == [frame["looks"][0] for frame in straight[1]]


@pytest.mark.parametrize("name", ["mkv", "ts", "mpg", "flv", "mp4 with its index first", "wmv", "avi"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_file_that_was_cut_off_gives_the_frames_before_the_cut_and_says_so(
    made: Callable[[str], Path], name: str, share: float, tmp_path: Path
) -> None:
    long = replace(FORMATS[name], frames=10 * RATE, size=(80, 60), bit_rate=400_000)
    path = make(tmp_path / "long", long)
    whole, all_frames = watched(path.read_bytes())
    facts, frames = watched(path.read_bytes()[: int(path.stat().st_size * share)])
    assert whole["ended"] == "whole" and len(all_frames) == 10
    assert 2 <= len(frames) < 10
    times = {frame["at_ms"] for frame in all_frames}
    assert {frame["at_ms"] for frame in frames} <= times
    if name not in ("ts", "mpg"):  # these two don't say how long they are
        assert facts["ended"] == "cut_off"


def test_a_damaged_middle_costs_its_frames_only(made: Callable[[str], Path]) -> None:
    data = bytearray(made("mkv").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = np.random.default_rng(3).bytes(4000)
    facts, frames = watched(bytes(data))
    assert frames[0]["at_ms"] == 0
    assert facts["ended"] in ("damaged", "cut_off", "whole")


def test_keyframes_that_are_falsely_marked_hide_nothing(made: Callable[[str], Path], tmp_path: Path) -> None:
    """Without its table of keyframes, a film says that every frame is one; players decode it in order and show it all."""
    data = make(tmp_path / "false.mp4", Made(options={"g": "250", "bf": "2"})).read_bytes()
    assert data.count(b"stss") == 1
    assert watched(data.replace(b"stss", b"free"))[1] == watched(data)[1]


def test_times_that_start_anew_go_on(made: Callable[[str], Path]) -> None:
    data = made("ts").read_bytes()
    facts, frames = watched(data + data)
    times = [frame["at_ms"] for frame in frames]
    assert times == sorted(times) and len(times) >= 6
    assert facts["state"] == "examined"


def test_frames_without_times_are_counted() -> None:
    clock = Clock(Fraction(1, 1000), Fraction(0), Fraction(30))
    assert [clock.of_frame(None) for _ in range(4)] == [0, 33, 66, 100]
    assert clock.of_frame(500) == 500
    assert clock.of_frame(None) == 533
    assert clock.of_frame(100_000) == 100_000
    assert clock.of_frame(0) == 100_033, "a time that starts anew goes on from the last"
    assert clock.of_frame(40) == 100_073


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_a_picture_that_moves_is_sampled_as_a_film_is(tmp_path: Path, form: str) -> None:
    pictures = [Image.fromarray(pattern(number * 5)) for number in range(12)]
    path = tmp_path / "moving"
    pictures[0].save(path, form, save_all=True, append_images=pictures[1:], duration=[200] * 11 + [3000], loop=0)
    facts, frames = watched(path.read_bytes())
    assert [frame["at_ms"] for frame in frames] == [0, 1000, 2000]
    assert (facts["container"], facts["ended"], facts["duration_ms"]) == (form.lower(), "whole", 5200)
    for frame, number in zip(frames, (0, 25, 50), strict=True):
        assert distance(frame["looks"][0], look_of(pattern(number))) <= 14
    with suppress(Unreadable):  # a WebP that is cut off has no frame for its decoder
        cut, some = watched(path.read_bytes()[: path.stat().st_size // 2])
        assert cut["ended"] == "damaged" and len(some) == 1


def test_pictures_that_begin_long_after_the_sound_are_found(tmp_path: Path) -> None:
    """A Flash film lists no tracks: they are known when they turn up."""
    path = tmp_path / "late.flv"
    with av.open(str(path), "w", format="flv") as container:
        sound, film = container.add_stream("libmp3lame", rate=44_100), container.add_stream("flv", rate=RATE)
        film.width, film.height, film.pix_fmt = 160, 120, "yuv420p"
        sound.codec_context.layout = "mono"
        for start in range(0, 100 * 44_100, 1152):
            block = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.float32), format="fltp", layout="mono")
            block.sample_rate, block.pts = 44_100, start
            container.mux(sound.encode(block))
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(pattern(number), format="rgb24")
            frame.pts = 100 * RATE + number
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
    facts, frames = watched(path.read_bytes())
    assert facts["tracks"] == 1
    assert [frame["at_ms"] // 1000 for frame in frames] == [100, 101]


def test_every_track_with_moving_pictures_is_looked_at_and_a_cover_is_none(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        streams = [container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"}) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(2 * RATE):
            for place, stream in enumerate(streams):
                frame = av.VideoFrame.from_ndarray(pattern(number + place * 20 * RATE), format="rgb24")
                frame.pts = number
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    facts, frames = watched(path.read_bytes())
    assert facts["tracks"] == 2
    assert [frame["at_ms"] for frame in frames] == [0, 0, 1000, 1000]
    for at_s in (0, 1):
        shown = frames[2 * at_s : 2 * at_s + 2]
        for number in (at_s * RATE, (20 + at_s) * RATE):
            assert min(distance(frame["looks"][0], look_of(pattern(number))) for frame in shown) <= 12


def test_sound_with_a_cover_picture_has_no_moving_picture(tmp_path: Path) -> None:
    facts, frames = watched(covered(tmp_path / "song").read_bytes())
    assert facts["state"] == "not_examined" and not frames


def test_a_film_too_long_for_its_clock_is_seen_to_its_end_by_its_keyframes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(
        tmp_path / "long.mkv", Made("matroska", frames=20 * RATE, size=(64, 48), options={"g": "100"}, bit_rate=200_000)
    )
    monkeypatch.setattr(video._Film, "spent", lambda _: 0.8)
    facts, frames = watched(path.read_bytes())
    times = [frame["at_ms"] for frame in frames]
    assert times[:4] == [0, 4000, 8000, 12000], "behind the clock, keyframes only"
    assert times[-3:] == [17000, 18000, 19000], "no longer behind"
    assert (facts["ended"], facts["widest_gap_ms"]) == ("whole", 4000)


def test_a_film_that_is_left_for_time_says_so(made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([0.1] * 120 + [0.9] * 60)
    monkeypatch.setattr(video._Film, "spent", lambda _: next(spent))
    facts, frames = watched(made("mkv").read_bytes())
    assert facts["ended"] == "out_of_time"
    assert [frame["at_ms"] for frame in frames] == [0, 1000, 2000]


def test_more_frames_than_a_reading_holds_are_thinned_out_evenly(
    made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "FRAMES", 2)
    facts, frames = watched(made("mkv").read_bytes())
    assert facts["interval_ms"] == 1600
    assert [frame["at_ms"] for frame in frames] == [0, 1600]


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only Linux has real-time priorities to ask for")
def test_making_a_film_leaves_this_process_no_real_time_one(tmp_path: Path) -> None:
    """Else every system and browser that a later test starts takes the processor from the machine itself."""
    make(tmp_path / "film", replace(FORMATS["mp4, AV1"], frames=2))
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
