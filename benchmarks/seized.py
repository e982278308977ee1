"""A tree as a seized phone or disk has it: many small files, few large ones, pictures and videos of patterns, copies of some.

Pictures are drawn once in each format and size; each file is made distinct by bytes after its end, which no decoder reads, so that
a hundred thousand files cost minutes to write, and every digest differs. Nothing in them shows anything.
"""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image

# Kind: how many of a thousand files. Sizes follow from what the kinds are; on average some 45 KB a file.
SHARES = {
    "text": 420,
    "binary": 130,
    "thumbnail": 280,
    "photo": 35,
    "large_photo": 5,
    "archive": 40,
    "video": 2,
    "copy": 88,
}
FILES_A_FOLDER = 200
_THUMBNAILS, _PHOTOS, _LARGE_PHOTOS = (240, 180), (1280, 960), (4000, 3000)
_FORMATS = (("JPEG", 14), ("PNG", 2), ("WEBP", 2), ("GIF", 1), ("HEIF", 1), ("AVIF", 1), ("BMP", 1))
_PHOTO_FORMATS = (("JPEG", 7), ("PNG", 1), ("WEBP", 1), ("HEIF", 1))
_NAMES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "HEIF": "heic", "AVIF": "avif", "BMP": "bmp"}


@dataclass
class Seized:
    """Where it lies, and what of it lists shall know: whole files, and looks (by one file that has it)."""

    root: Path
    files: int = 0
    size_bytes: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    known: list[Path] = field(default_factory=list)
    near: list[Path] = field(default_factory=list)


def make(root: Path, files: int, seed: int = 1) -> Seized:
    """Writes the tree, which grows by folders: the first n files are as mixed as all of them."""
    random = np.random.default_rng(seed)
    bases = {
        "thumbnail": _pictures(random, _THUMBNAILS, 22),
        "photo": _pictures(random, _PHOTOS, 10, formats=_PHOTO_FORMATS),
        "large_photo": _pictures(random, _LARGE_PHOTOS, 2, formats=_FORMATS[:1]),
        "video": [(_video(seed + each), "mp4") for each in range(3)],
    }
    made, written = Seized(root), list[tuple[bytes, str]]()
    kinds = random.choice(list(SHARES), files, p=np.array(list(SHARES.values())) / 1000)
    for number, kind in enumerate(map(str, kinds)):
        content, name = (
            written[random.integers(len(written))] if kind == "copy" and written else _file(kind, number, bases, random)
        )
        path = root / f"{number // FILES_A_FOLDER:04}" / f"{number:07}.{name}"
        if not number % FILES_A_FOLDER:
            path.parent.mkdir(parents=True)
        path.write_bytes(content)
        made.files, made.size_bytes = made.files + 1, made.size_bytes + len(content)
        made.kinds[kind] = made.kinds.get(kind, 0) + 1
        if kind in {"thumbnail", "photo", "text"}:
            # What later files are copies of: some of the last ones, so that little is kept in memory.
            written = [*written[-30:], (content, name)]
        if kind in bases and number % 10 == 0:
            made.known.append(path)
        if kind in {"thumbnail", "photo"} and len(made.near) < 12:
            made.near.append(path)
    return made


def _file(
    kind: str, number: int, bases: dict[str, list[tuple[bytes, str]]], random: np.random.Generator
) -> tuple[bytes, str]:
    mark = b"%016d" % number
    if kind in bases:
        content, name = bases[kind][int(random.integers(len(bases[kind])))]
        return content + mark, name
    if kind == "archive":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("list.txt", mark * int(random.integers(1, 3000)))
        return file.getvalue(), "zip"
    if kind == "binary":
        return b"\0\1" + mark + os.urandom(int(random.integers(100, 60_000))), "bin"
    return (b"see you at 21:00, item shared " + mark + b"\n") * int(random.integers(1, 150)), "txt"


def _pictures(
    random: np.random.Generator, size: tuple[int, int], count: int, formats: tuple[tuple[str, int], ...] = _FORMATS
) -> list[tuple[bytes, str]]:
    """Patterns of this size, in the formats' shares; each with a look of its own."""
    pillow_heif.register_heif_opener()
    names = [name for name, share in formats for _ in range(share)]
    made = []
    for number in range(count):
        coarse = random.integers(0, 255, (9, 12, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        noise = random.normal(0, 6, (size[1], size[0], 1)).astype(np.float32)
        picture = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
        form, file = names[number % len(names)], io.BytesIO()
        picture.save(file, form, **({"quality": 85} if form in {"JPEG", "WEBP", "HEIF", "AVIF"} else {}))
        made.append((file.getvalue(), _NAMES[form]))
    return made


def _video(seed: int, seconds: int = 8, rate: int = 25, size: tuple[int, int] = (640, 480)) -> bytes:
    """Patterns that drift, another each second."""
    file, random = io.BytesIO(), np.random.default_rng(seed)
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for at in range(seconds * rate):
            if not at % rate:
                coarse = Image.fromarray(random.integers(0, 255, (7, 9, 3), dtype=np.uint8))
                scene = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
            frame = av.VideoFrame.from_ndarray(np.roll(scene, at % rate, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()
