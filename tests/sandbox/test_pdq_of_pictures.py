"""Pictures as their files have them: within four bits of the published fingerprint, whatever the format; boxes; cut-off files."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
import pdqhash
import pillow_heif
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from amparo.sandbox.inside import decoders, pdq, picture
from amparo.sandbox.inside.frames import Facts, Unreadable
from tests.sandbox import patterns
from tests.sandbox.collected import Collected
from tests.sandbox.patterns import clouds
from tests.sandbox.test_pdq import VECTORS

picture.warm()


@lru_cache(maxsize=8)
def drawn(height: int, width: int, seed: int = 1) -> Image.Image:
    """An abstract picture in colours."""
    return Image.fromarray(np.stack([clouds(height, width, seed + place) for place in range(3)], axis=-1))


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def read(data: bytes) -> Facts:
    return picture.read(data, {}, Collected())


def published(image: Image.Image) -> tuple[str, int]:
    """The published binding on the picture."""
    vector, quality = pdqhash.compute(np.asarray(image.convert("RGB")))
    return np.packbits(vector.astype(bool)).tobytes().hex(), quality


def reference(data: bytes) -> tuple[str, int]:
    """The published binding on the picture decoded whole."""
    with Image.open(io.BytesIO(data)) as image:
        return published(image)


def distance_bits(one: object, other: object) -> int:
    return (int(str(one), 16) ^ int(str(other), 16)).bit_count()


JPEGS = [
    {"quality": 95, "subsampling": "4:4:4"},
    {"quality": 85, "subsampling": "4:2:2"},
    {"quality": 75, "subsampling": "4:2:0"},
    {"quality": 40, "subsampling": "4:2:0", "progressive": True},
    {"quality": 90, "keep_rgb": True},
    {"quality": 80, "restart_marker_blocks": 7},
]


@pytest.mark.parametrize(
    ("height", "width", "options"),
    [(480, 641, each) for each in JPEGS]
    + [(1203, 1100, each) for each in JPEGS]
    + [(2100, 2050, JPEGS[2]), (255, 3000, JPEGS[0])],
    ids=str,
)
def test_a_jpeg_differs_from_its_published_fingerprint_by_four_bits_at_most(height, width, options) -> None:
    data = saved(drawn(height, width, height), "JPEG", **options)
    facts = read(data)
    expected, quality = reference(data)
    assert distance_bits(facts["pdq_hex"], expected) <= 4
    assert abs(int(str(facts["quality"])) - quality) <= 4
    assert (facts["height"], facts["width"]) == (height, width)


@settings(max_examples=20)
@given(
    st.sampled_from([patterns.noise, patterns.blocks, patterns.folded, patterns.stripes, patterns.ramp, clouds]),
    st.integers(5, 700),
    st.integers(5, 700),
    st.integers(0, 999),
    st.sampled_from([30, 75, 95]),
)
def test_a_jpeg_with_nothing_but_detail_or_nothing_but_rounding_is_looked_at_whole(
    kind, height, width, seed, quality
) -> None:
    planes = [kind(height, width, seed + place * 7) for place in range(3)]
    data = saved(Image.fromarray(np.stack(planes, axis=-1)), "JPEG", quality=quality)
    facts, (expected, published_quality) = read(data), reference(data)
    if published_quality >= pdq.QUALITY_FLOOR:
        assert distance_bits(facts["pdq_hex"], expected) <= 4
    assert (facts["state"] == "examined") == (published_quality >= pdq.QUALITY_FLOOR)


def _palette(image: Image.Image) -> Image.Image:
    return image.convert("P", palette=Image.Palette.ADAPTIVE, colors=64)


def _veiled(image: Image.Image) -> Image.Image:
    veiled = image.convert("RGBA")
    veiled.putalpha(Image.fromarray(clouds(image.height, image.width, 9)))
    return veiled


WHOLE = [
    ("PNG", lambda image: image, {}),
    ("PNG", _palette, {"transparency": 3}),
    ("PNG", _veiled, {}),
    ("PNG", lambda image: image.convert("LA"), {}),
    ("PNG", lambda image: image.convert("1"), {}),
    ("GIF", lambda image: image, {}),
    ("WEBP", lambda image: image, {"quality": 80}),
    ("WEBP", _veiled, {"lossless": True}),
    ("BMP", lambda image: image, {}),
    ("TIFF", lambda image: image.convert("CMYK"), {}),
    ("TIFF", lambda image: image, {"compression": "tiff_lzw"}),
    ("TIFF", lambda image: image, {"compression": "jpeg"}),
    ("JPEG", lambda image: image.convert("CMYK"), {}),
    ("AVIF", lambda image: image, {}),
    ("HEIF", lambda image: image, {"quality": 60}),
]


@pytest.mark.parametrize(("form", "changed", "options"), WHOLE)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (331, 517)])
def test_other_formats_give_the_published_fingerprint(form, changed, options, height, width) -> None:
    data = saved(changed(drawn(height, width, 3)), form, **options)
    facts, (expected, quality) = read(data), reference(data)
    assert facts["quality"] == quality
    if quality >= pdq.QUALITY_FLOOR:
        assert distance_bits(facts["pdq_hex"], expected) <= 2


def test_a_vector_in_colours_published_by_threatexchange_holds() -> None:
    facts = read((VECTORS / "rgb.jpeg").read_bytes())
    assert facts["pdq_hex"] == "fb4eed46cb8a6c78819ca06b756c541f7b07ef6d02c82fccd00f862166272cda"
    assert facts["quality"] == 100


def _sixteen(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.astype(np.uint16) * 257)


@pytest.mark.parametrize(
    ("form", "deeper"),
    [
        ("PNG", _sixteen),
        ("TIFF", _sixteen),
        ("TIFF", lambda values: Image.fromarray(values.astype(np.int32) * 1000 - 5)),
        ("TIFF", lambda values: Image.fromarray(values.astype(np.float32) / 255)),
    ],
)
def test_more_than_eight_bits_look_as_eight_do(form: str, deeper) -> None:
    values = clouds(300, 400, 5)
    facts = read(saved(deeper(values), form))
    assert distance_bits(facts["pdq_hex"], pdq.hexadecimal(pdq.pdq(values)[0])) <= 2
    assert facts["state"] == "examined"


def test_brightness_that_is_no_number_is_unreadable() -> None:
    values = clouds(80, 80, 5).astype(np.float32)
    values[3, 3] = np.inf
    with pytest.raises(Unreadable) as refusal:
        read(saved(Image.fromarray(values), "TIFF"))
    assert refusal.value.reason == "malformed"


def test_the_stored_orientation_is_not_applied_as_published() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = drawn(400, 600)
    assert read(saved(image, "JPEG", exif=exif))["pdq_hex"] == read(saved(image, "JPEG"))["pdq_hex"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 1), (4, 4)])
def test_a_picture_too_small_for_a_fingerprint_is_too_plain(form: str, height: int, width: int) -> None:
    facts = read(saved(drawn(height, width), form))
    assert (facts["state"], facts["quality"], facts["width"]) == ("too_plain", 0, width)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_of_an_animation_the_first_frame_is_looked_at_and_all_are_counted(form: str) -> None:
    first, others = drawn(200, 300, 1), [drawn(200, 300, 50), drawn(200, 300, 90)]
    data = saved(first, form, save_all=True, append_images=others)
    facts = read(data)
    assert facts["frames"] == 3
    assert distance_bits(facts["pdq_hex"], published(first)[0]) <= 31


def test_of_a_heic_with_a_thumbnail_the_picture_itself_is_looked_at() -> None:
    shown, file = drawn(331, 517, 3), io.BytesIO()
    pillow_heif.from_pillow(shown).save(file, quality=80, thumbnails=[128])
    facts = read(file.getvalue())
    assert (facts["width"], facts["height"], facts["frames"]) == (517, 331, 1)
    assert distance_bits(facts["pdq_hex"], published(shown)[0]) <= 10


def cut_and_closed(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)].rstrip(b"\xff") + b"\xff\xd9"


@pytest.mark.parametrize("options", JPEGS[:3] + JPEGS[5:], ids=str)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_a_jpeg_that_was_closed_behind_a_cut_is_unreadable(options, share: float) -> None:
    """Its decoder fills the rest with grey and says nothing; a fingerprint of that would be one of no picture."""
    whole = saved(drawn(600, 800), "JPEG", **options)
    assert read(whole)["state"] == "examined"
    with pytest.raises(Unreadable) as refusal:
        read(cut_and_closed(whole, share))
    assert refusal.value.reason == "malformed"
    with pytest.raises(Unreadable):
        read(whole[: int(len(whole) * share)])


def test_a_thumbnail_within_a_jpeg_does_not_hide_a_cut() -> None:
    exif = Image.Exif()
    exif[0x9286] = saved(drawn(40, 60, 5), "JPEG")  # a comment that holds a whole JPEG, its end included
    whole = saved(drawn(600, 800), "JPEG", exif=exif)
    with pytest.raises(Unreadable):
        read(cut_and_closed(whole, 0.7))


def test_a_picture_whose_last_corner_is_grey_is_not_taken_for_cut_off() -> None:
    values = clouds(600, 800, 2)
    values[300:] = 128
    assert read(saved(Image.fromarray(values), "JPEG"))["state"] == "examined"


def test_a_jpeg_that_says_it_is_huge_and_holds_nothing_is_unreadable() -> None:
    data = bytearray(saved(Image.new("L", (64, 64), 77), "JPEG"))
    frame = data.find(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack("!HH", 15_000, 16_000)
    with pytest.raises(Unreadable) as refusal:
        read(bytes(data))
    assert refusal.value.reason == "malformed"


def test_a_jpeg_larger_than_any_sensor_is_refused_undecoded() -> None:
    data = bytearray(saved(Image.new("L", (64, 64), 77), "JPEG"))
    frame = data.find(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack("!HH", 65_000, 65_000)
    with pytest.raises(Unreadable, match="more pixels than Amparo decodes") as refusal:
        read(bytes(data))
    assert refusal.value.reason == "too_big"


def boxed(image: Image.Image, colour: tuple[int, int, int], pillar: float, letter: float) -> Image.Image:
    across, down = round(image.width * pillar), round(image.height * letter)
    frame = Image.new("RGB", (image.width + 2 * across, image.height + 2 * down), colour)
    frame.paste(image, (across, down))
    return frame


@settings(max_examples=16)
@given(
    st.integers(0, 400),
    st.sampled_from([(0, 0, 0), (255, 255, 255), (16, 16, 16), (40, 90, 160)]),
    st.sampled_from([(0.1, 0), (0.35, 0), (0, 0.08), (0, 0.3), (0.07, 0.12)]),
    st.sampled_from(
        [("JPEG", {"quality": 60}), ("JPEG", {"quality": 90, "subsampling": 0}), ("PNG", {}), ("WEBP", {})]
    ),
)
def test_the_picture_within_an_even_border_is_found_again(seed, colour, shares, saving) -> None:
    height, width = 300 + seed, 300 + seed * 7 % 500
    image = drawn(height, width, seed)
    own, _ = published(image)
    facts = read(saved(boxed(image, colour, *shares), saving[0], **saving[1]))
    looks = facts["looks"]
    assert isinstance(looks, list)
    assert len(looks) == 16
    assert distance_bits(looks[8], own) <= 20
    assert looks[0] == facts["pdq_hex"]


def test_a_border_of_noise_is_found_and_a_picture_of_one_colour_is_not_trimmed_to_nothing() -> None:
    rng = np.random.default_rng(3)
    image = drawn(500, 800, 4)
    frame = np.asarray(boxed(image, (12, 12, 12), 0.2, 0)).astype(int)
    frame[:, :160] += rng.integers(-6, 7, (500, 160, 1))
    frame[:, -160:] += rng.integers(-6, 7, (500, 160, 1))
    facts = read(saved(Image.fromarray(frame.clip(0, 255).astype(np.uint8)), "JPEG", quality=80))
    assert distance_bits(facts["looks"][8], published(image)[0]) <= 20  # type: ignore[index]
    for colour in (0, 90, 255):
        plain = read(saved(Image.new("RGB", (700, 500), (colour,) * 3), "JPEG"))
        assert (plain["state"], len(plain["looks"])) == ("too_plain", 8)  # type: ignore[arg-type]


def test_what_is_even_in_another_colour_than_the_frame_belongs_to_the_picture() -> None:
    values = np.asarray(drawn(600, 900, 8)).copy()
    values[:, :250] = (200, 190, 30)
    image = Image.fromarray(values)
    facts = read(saved(boxed(image, (0, 0, 0), 0, 0.15), "JPEG", quality=90))
    assert distance_bits(facts["looks"][8], published(image)[0]) <= 20  # type: ignore[index]


def test_a_dot_on_an_even_ground_is_not_taken_for_a_picture_in_a_box() -> None:
    image = Image.new("RGB", (1000, 1000), (250, 250, 250))
    image.paste(drawn(60, 60, 1), (500, 500))
    assert len(read(saved(image, "PNG"))["looks"]) == 8  # type: ignore[arg-type]


def test_for_a_reveal_a_jpeg_is_decoded_no_larger_than_it_will_be_shown() -> None:
    for form, size in (("PNG", (1100, 1203)), ("JPEG", (550, 602))):
        assert decoders.decoded(decoders.opened(saved(drawn(1203, 1100, 6), form)), 400).size == size
