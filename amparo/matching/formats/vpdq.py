"""A video's fingerprint in vPDQ's own forms (facebook/ThreatExchange, vpdq/): PDQ hashes of frames, with quality and time.

    text     a frame a line: its number, quality, hash, seconds with three decimals (vpdq/cpp/vpdq/cpp/io/vpdqio.cpp)
    signal   JSON, a list of "hash,quality,seconds" (python-threatexchange, extensions/vpdq/vpdq_util.py)
    earlier  JSON, {number: {"quality", "hash", "timestamp"}}, which the same file still reads

vPDQ compares frames regardless of number and order, at most 31 bits apart, and leaves out those whose quality is below 50.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

FEATURES = 1_000_000
_HASH = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Feature:
    """A frame. number: its place among those written. quality: 0 to 100. pdq_hex: 64 digits. at_ms: since the video's start."""

    number: int
    quality: int
    pdq_hex: str
    at_ms: int


def features_of(document: bytes) -> list[Feature]:
    """The frames of a video's reading (frames.json), each with its fingerprint as stored: the first of its looks.

    Raises ValueError for a document of another form.
    """
    try:
        frames = json.loads(document)["frames"]
        return [
            _feature(number, frame["quality"], frame["looks"][0], int(frame["at_ms"]) / 1000)
            for number, frame in enumerate(frames)
        ]
    except (TypeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError("this is not a video's reading") from error


def as_text(features: Iterable[Feature]) -> str:
    """A frame a line, as the published program writes them."""
    return "".join(f"{each.number},{each.quality},{each.pdq_hex},{each.at_ms / 1000:.3f}\n" for each in features)


def as_signal(features: Iterable[Feature]) -> str:
    """The signal as python-threatexchange and HMA take it: `video_vpdq`."""
    # Their own writer rounds the seconds to three digits, not three decimals (1234.5 becomes 1.23e+03); their reader takes both.
    return json.dumps([f"{each.pdq_hex},{each.quality},{each.at_ms / 1000:.3f}" for each in features])


def read(text: str) -> list[Feature]:
    """The frames of any of the three forms. Raises ValueError with the number of the first that is wrong, counted from 1."""
    if not text.lstrip().startswith(("[", "{")):
        return _read(_cells(line, 4) for line in text.splitlines() if line.strip())
    try:
        written = json.loads(text)
    except RecursionError as error:
        raise ValueError("this is not a vPDQ signal") from error
    if isinstance(written, list):
        return _read(
            (number, quality, pdq_hex, seconds)
            for number, (pdq_hex, quality, seconds) in enumerate(_cells(each, 3) for each in written)
        )
    return _read(_earlier(number, about) for number, about in written.items())


def _cells(written: object, count: int) -> list[str]:
    cells = written.split(",") if isinstance(written, str) else []
    if len(cells) != count:
        raise ValueError(f"{count} values, parted by commas, are expected")
    return cells


def _earlier(number: str, about: object) -> tuple[Any, Any, Any, Any]:
    if not isinstance(about, dict):
        raise ValueError("quality, hash and timestamp are expected")
    return number, about.get("quality"), about.get("hash"), about.get("timestamp")


def _read(rows: Iterator[tuple[Any, Any, Any, Any] | list[str]]) -> list[Feature]:
    features: list[Feature] = []
    while len(features) < FEATURES:
        try:
            number, quality, pdq_hex, seconds = next(rows)
            features.append(_feature(number, quality, pdq_hex, seconds))
        except StopIteration:
            return features
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"frame {len(features) + 1}: {error}") from error
    raise ValueError(f"more than {FEATURES:,} frames")


def _feature(number: Any, quality: Any, pdq_hex: Any, seconds: Any) -> Feature:
    number, quality, seconds = int(number), int(quality), float(seconds)
    if not isinstance(pdq_hex, str) or not _HASH.fullmatch(pdq_hex):
        raise ValueError("a PDQ hash has 64 hexadecimal digits")
    if not 0 <= quality <= 100:
        raise ValueError("a quality lies between 0 and 100")
    if number < 0 or not math.isfinite(seconds) or seconds < 0:
        raise ValueError("a frame's number and time are not below 0")
    return Feature(number, quality, pdq_hex.lower(), round(seconds * 1000))
