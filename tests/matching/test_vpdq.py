"""vPDQ's own forms: what the published tools wrote is read and written byte for byte, and our frames are theirs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from amparo.matching.formats.vpdq import Feature, as_signal, as_text, features_of, read
from amparo.sandbox.inside import video
from tests.sandbox.collected import Collected

PUBLISHED = Path(__file__).resolve().parents[1] / "vectors" / "vpdq"
FEATURES = st.lists(
    st.builds(
        Feature,
        st.integers(0, 1 << 31),
        st.integers(0, 100),
        st.text("0123456789abcdef", min_size=64, max_size=64),
        st.integers(0, 1 << 40),
    ),
    max_size=5,
)


def seen(path: Path, interval_ms: int) -> list[Feature]:
    sink = Collected()
    video.read(io.BytesIO(path.read_bytes()), {"interval_ms": interval_ms}, sink)
    return features_of(bytes(sink.blobs[0][1]))


def distance(one: Feature, other: Feature) -> int:
    return (int(one.pdq_hex, 16) ^ int(other.pdq_hex, 16)).bit_count()


def test_the_published_file_is_read_and_written_byte_for_byte() -> None:
    text = (PUBLISHED / "test-padded-dimensions.txt").read_text()
    features = read(text)
    assert len(features) == 150
    assert as_text(features) == text


def test_every_frame_of_the_published_film_has_the_published_hash_to_within_four_bits_and_its_very_time() -> None:
    """The hashes were made from colours by another decoder's conversion; ours come from the stored brightness."""
    published = read((PUBLISHED / "test-padded-dimensions.txt").read_text())
    ours = seen(PUBLISHED / "test-padded-dimensions.mp4", interval_ms=1)
    assert [each.at_ms for each in ours] == [each.at_ms for each in published]
    assert max(map(distance, ours, published)) <= 4
    assert all(abs(one.quality - other.quality) <= 1 for one, other in zip(ours, published, strict=True))


def test_a_frame_a_second_is_the_one_that_vpdq_takes() -> None:
    published = read((PUBLISHED / "test-padded-dimensions.txt").read_text())
    ours = seen(PUBLISHED / "test-padded-dimensions.mp4", interval_ms=1000)
    assert [each.at_ms for each in ours] == [each.at_ms for each in published[::30]] == [0, 1000, 2000, 3000, 4000]
    assert max(map(distance, ours, published[::30])) <= 4


@given(FEATURES)
def test_what_is_written_is_read_alike(features: list[Feature]) -> None:
    assert read(as_text(features)) == features
    numbered = [Feature(number, each.quality, each.pdq_hex, each.at_ms) for number, each in enumerate(features)]
    assert read(as_signal(features)) == numbered


def test_the_published_reader_takes_our_signal() -> None:
    """As in vpdq_util.py, VpdqCompactFeature.from_str: three values, of which the last are numbers."""
    signal = as_signal([Feature(0, 100, "a" * 64, 1_234_500)])
    ((pdq_hex, quality, seconds),) = [each.split(",") for each in json.loads(signal)]
    assert (pdq_hex, int(quality), float(seconds)) == ("a" * 64, 100, 1234.5)
    assert read(json.dumps([f"{'a' * 64},100,1.23e+03"])) == [Feature(0, 100, "a" * 64, 1_230_000)]


def test_the_earlier_form_is_read() -> None:
    text = json.dumps({"7": {"quality": 99, "hash": "A" * 64, "timestamp": 0.2333}})
    assert read(text) == [Feature(7, 99, "a" * 64, 233)]


@pytest.mark.parametrize(
    "text",
    [
        "0,100,abc,0.0", f"0,101,{'a' * 64},0.0", f"0,-1,{'a' * 64},0.0", f"-1,1,{'a' * 64},0.0", f"0,1,{'a' * 64},nan",
        f"0,1,{'a' * 64},inf", f"0,1,{'a' * 64},-0.1", f"0,1,{'a' * 64}", f"0,1,{'a' * 64},0,0", f"x,1,{'a' * 64},0",
        "[1]", '["a,b"]', f'["{"a" * 64},1,1e999"]', '{"0": []}', '{"0": {"quality": 1}}', "[", "[" * 100_000, '{"a": {}}',
        '"text"', "noise",
    ],
)  # fmt: skip
def test_what_is_no_vpdq_is_said_to_be_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b'{"frames": [{}]}', b'{"frames": [{"at_ms": 0, "quality": 1, "looks": []}]}']
)
def test_what_is_no_reading_of_a_video_is_said_to_be_none(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        features_of(document)
