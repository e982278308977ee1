"""PDQ of files and frames beside threatexchange and the published binding: files a second, drift, recall of copies.

    .venv/bin/python -m benchmarks.hashing [--files 60] [--repeats 3] [--copies 30] [--listed 1000000]

Generated abstract pictures of 0.3 to 12 megapixels, 70 % JPEG. All routes go over the same files in turns; CPU seconds, children's
included; the median of the repeats. Read the ratios. The reference is the published binding on the picture decoded whole, as RGB.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

from amparo.matching import HashIndex, pdq, pdq_of_file
from amparo.sandbox.inside import decoders, picture
from amparo.sandbox.inside.pdq import QUALITY_FLOOR
from benchmarks import pictures
from benchmarks.pictures import Made

WITHIN_BITS = 31
GOALS = (
    ("JPEG files, times threatexchange", "jpeg_times_threatexchange", ">=", 25),
    ("JPEG files, share of decoding alone", "jpeg_share_of_decoding", ">=", 0.80),
    ("1080p frame, times the published binding", "frame_times_published", ">=", 70),
    ("drift, most bits of any file", "drift_max", "<=", 4),
    ("recall of all copies, less the reference's own", "recall_gain", ">=", 0),
    ("boxed copies found", "boxed", ">=", 0.75),
    ("mirrored copies found", "mirrored", ">=", 0.95),
    ("false hits", "false_hits", "<=", 0),
)


def main() -> int:
    asked = _arguments()
    picture.warm()
    result: dict[str, Any] = {
        "benchmark": "hashing",
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    with tempfile.TemporaryDirectory() as folder:
        made = list(pictures.files(Path(folder), asked.files, asked.seed))
        print(f"{len(made)} files, {sum(each.megapixels for each in made):.0f} megapixels, {_megabytes(made):.0f} MB\n")
        result |= speed(made, asked.repeats)
        result |= drift(made)
    result |= frames(asked.repeats)
    result |= recall(asked.copies, asked.listed, asked.seed)
    _goals(result)
    print(json.dumps(result))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--copies", type=int, default=30, help="pictures of which all kinds of copies are made")
    parser.add_argument("--listed", type=int, default=1_000_000, help="random fingerprints in the list of known ones")
    parser.add_argument("--seed", type=int, default=20)
    return parser.parse_args()


def decode_alone(path: Path) -> None:
    """What our route decodes of a file, and nothing more."""
    with Image.open(path) as opened:
        if decoders.is_jpeg(opened) and min(opened.size) >= 2 * picture.SHORTEST_DECODED:
            opened.draft("L", (picture.SHORTEST_DECODED,) * 2)
        opened.load()


def published(path: Path) -> tuple[int, int]:
    """The reference: fingerprint as a number, and quality."""
    with Image.open(path) as opened:
        return _published(opened)


def _published(opened: Image.Image) -> tuple[int, int]:
    vector, quality = pdqhash.compute(np.asarray(opened.convert("RGB")))
    return int.from_bytes(np.packbits(vector.astype(bool)).tobytes(), "big"), int(quality)


def ours(data: bytes) -> tuple[list[int], int, str]:
    """All looks as numbers, quality and state, decoded in this process."""
    facts = picture.read(data, {}, None)  # type: ignore[arg-type]  # a picture's reader writes nothing into a sink
    return [int(look, 16) for look in facts["looks"]], int(str(facts["quality"])), str(facts["state"])  # type: ignore[attr-defined]


ROUTES: dict[str, Callable[[Path], object]] = {
    "threatexchange": PdqSignal.hash_from_file,
    "published binding, whole decode": published,
    "ours": lambda path: ours(path.read_bytes()),
    "ours, in the sandbox": pdq_of_file,
    "decoding alone, same scale": decode_alone,
}


def speed(made: list[Made], repeats: int) -> dict[str, float]:
    """Prints the table; the ratios of the goals."""
    groups = {"JPEG": [each for each in made if each.form == "JPEG"], "all": made}
    others = [each for each in made if each.form != "JPEG"]
    for route in ROUTES.values():
        route(made[0].path)
    seconds: dict[str, dict[str, list[float]]] = {name: {"JPEG": [], "others": []} for name in ROUTES}
    for repeat in range(repeats):
        names = list(ROUTES)
        for name in names[repeat % len(names) :] + names[: repeat % len(names)]:
            seconds[name]["JPEG"].append(_cpu_seconds(ROUTES[name], groups["JPEG"]))
            seconds[name]["others"].append(_cpu_seconds(ROUTES[name], others))
    medians = {
        name: {group: statistics.median(runs) for group, runs in parts.items()} for name, parts in seconds.items()
    }
    for parts in medians.values():
        parts["all"] = parts["JPEG"] + parts["others"]
    slowest = medians["threatexchange"]
    print("| route | JPEG files/s | MB/s | times | all files/s | MB/s | times |\n|---|---|---|---|---|---|---|")
    for name, parts in medians.items():
        cells = [
            f"{len(each) / parts[group]:.1f} | {_megabytes(each) / parts[group]:.1f} | {slowest[group] / parts[group]:.1f}"
            for group, each in groups.items()
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\nBy format, files a CPU second: threatexchange, ours, decoding alone\n")
    _by_format(made)
    return {
        "jpeg_times_threatexchange": round(slowest["JPEG"] / medians["ours"]["JPEG"], 1),
        "all_times_threatexchange": round(slowest["all"] / medians["ours"]["all"], 1),
        "jpeg_share_of_decoding": round(medians["decoding alone, same scale"]["JPEG"] / medians["ours"]["JPEG"], 3),
        "all_share_of_decoding": round(medians["decoding alone, same scale"]["all"] / medians["ours"]["all"], 3),
        "sandbox_share_of_ours": round(medians["ours"]["all"] / medians["ours, in the sandbox"]["all"], 3),
    }


def _by_format(made: list[Made]) -> None:
    print(
        "| format | files | threatexchange | ours | decoding | times | share of decoding |\n|---|---|---|---|---|---|---|"
    )
    for form in pictures.SHARES:
        group = [each for each in made if each.form == form]
        if not group:
            continue
        theirs, own, limit = (
            _cpu_seconds(ROUTES[name], group) for name in ("threatexchange", "ours", "decoding alone, same scale")
        )
        rates = " | ".join(f"{len(group) / spent:.1f}" for spent in (theirs, own, limit))
        print(f"| {form} | {len(group)} | {rates} | {theirs / own:.1f} | {limit / own:.2f} |")
    print()


def _cpu_seconds(route: Callable[[Path], object], made: list[Made]) -> float:
    before = time.process_time() + _children_seconds()
    for each in made:
        route(each.path)
    return time.process_time() + _children_seconds() - before


def _children_seconds() -> float:
    """What this process's children have used: the sandbox's. Where the system doesn't tell (macOS), what has ended."""
    ended = os.times()
    total = ended.children_user + ended.children_system
    if not Path("/proc/self/stat").exists():
        return total
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _megabytes(made: list[Made]) -> float:
    return sum(each.path.stat().st_size for each in made) / 1e6


def drift(made: list[Made]) -> dict[str, float]:
    """Bits between our fingerprint and the reference, by format; files too plain to compare apart."""
    rows: dict[str, list[tuple[int, int]]] = {}
    states = plain = 0
    for each in made:
        looks, quality, state = ours(each.path.read_bytes())
        reference, reference_quality = published(each.path)
        states += (state == "examined") != (reference_quality >= QUALITY_FLOOR)
        if reference_quality < QUALITY_FLOOR:
            plain += 1
            continue
        rows.setdefault(each.form, []).append(((looks[0] ^ reference).bit_count(), abs(quality - reference_quality)))
    print("| drift in bits | files | median | p99 | max | quality, max |\n|---|---|---|---|---|---|")
    everything = [bits for group in rows.values() for bits, _ in group]
    rows["all"] = [pair for group in rows.values() for pair in group]
    for form, group in rows.items():
        bits = [pair[0] for pair in group]
        print(
            f"| {form} | {len(bits)} | {statistics.median(bits):.0f} | {np.quantile(bits, 0.99):.0f} | {max(bits)} "
            f"| {max(pair[1] for pair in group)} |"
        )
    print(f"\n{plain} too plain in the reference; state differs for {states}.\n")
    return {
        "drift_median": statistics.median(everything),
        "drift_p99": float(np.quantile(everything, 0.99)),
        "drift_max": max(everything),
        "states_differ": states,
    }


def frames(repeats: int) -> dict[str, float]:
    """A decoder's brightness against the published binding on RGB, in batches of eight frames."""
    generator = np.random.default_rng(7)
    print("| frame | published binding on RGB | ours on luma | times |\n|---|---|---|---|")
    times = 0.0
    for height, width in ((720, 1280), (1080, 1920)):
        lumas = [np.asarray(pictures.drawn(height, width, generator).convert("L")) for _ in range(8)]
        colours = [np.repeat(luma[:, :, None], 3, axis=2) for luma in lumas]
        theirs, own = [], []
        for _ in range(max(3, repeats)):
            theirs.append(_frame_seconds(pdqhash.compute, colours))
            own.append(_frame_seconds(pdq, lumas))
        their_ms, own_ms = statistics.median(theirs) * 1e3, statistics.median(own) * 1e3
        times = their_ms / own_ms
        print(f"| {width} x {height} | {their_ms:.1f} ms | {own_ms:.2f} ms | {times:.0f} |")
    print()
    return {"frame_times_published": round(times, 1)}


def _frame_seconds(route: Callable[[Any], object], planes: list[np.ndarray]) -> float:
    started = time.process_time()
    for plane in planes:
        route(plane)
    return (time.process_time() - started) / len(planes)


def recall(copies: int, listed: int, seed: int) -> dict[str, float]:
    """Copies found within 31 bits of their own picture's reference fingerprint, and hits on anything else."""
    generator = np.random.default_rng(seed + 1)
    found: dict[str, list[tuple[bool, bool]]] = {name: [] for name in pictures.COPIES}
    originals, looks_seen, owners = [], [], []
    for number in range(copies):
        height, width = (int(side) for side in generator.integers(500, 1_400, 2))
        image = pictures.drawn(height, width, generator)
        original, quality = _published(image)
        if quality < QUALITY_FLOOR:
            continue
        originals.append((number, original))
        for name, make in pictures.COPIES.items():
            data = make(image)
            looks, _, state = ours(data)
            compared = looks if state == "examined" else looks[8:]
            reference, _ = _published(Image.open(io.BytesIO(data)))
            own = any((look ^ original).bit_count() <= WITHIN_BITS for look in compared)
            found[name].append((own, (reference ^ original).bit_count() <= WITHIN_BITS))
            looks_seen += compared
            owners += [number] * len(compared)
    _print_recall(found)
    hits, pairs = _false_hits(originals, looks_seen, owners, listed, generator)
    print(f"False hits: {hits} of {pairs:.3g} pairs of a copy's look and another picture's or a random fingerprint.\n")

    def share(words: tuple[str, ...], of: int) -> float:
        chosen = [pair[of] for name, pairs in found.items() if any(word in name for word in words) for pair in pairs]
        return round(sum(chosen) / len(chosen), 3)

    return {
        "recall": share(("",), 0),
        "recall_of_reference": share(("",), 1),
        "recall_gain": round(share(("",), 0) - share(("",), 1), 3),
        "boxed": share(("box", "framed"), 0),
        "mirrored": share(("mirrored", "upside", "rotated"), 0),
        "false_hits": hits,
    }


def _print_recall(found: dict[str, list[tuple[bool, bool]]]) -> None:
    print("| copy | pictures | ours finds | the reference finds |\n|---|---|---|---|")
    everything = [pair for pairs in found.values() for pair in pairs]
    for name, pairs in (found | {"all": everything}).items():
        own, reference = (sum(pair[place] for pair in pairs) / len(pairs) for place in (0, 1))
        print(f"| {name} | {len(pairs)} | {own:.0%} | {reference:.0%} |")
    print()


def _false_hits(
    originals: list[tuple[int, int]], looks: list[int], owners: list[int], listed: int, generator: np.random.Generator
) -> tuple[int, float]:
    known = np.concatenate([_rows([original for _, original in originals]), _random_rows(listed, generator)])
    query_row, entry, _ = HashIndex(known).search(_rows(looks), WITHIN_BITS)
    of_list = [number for number, _ in originals]
    own = sum(hit < len(of_list) and of_list[hit] == owners[query] for query, hit in zip(query_row, entry, strict=True))
    return len(entry) - own, float(len(looks)) * len(known)


def _rows(numbers: list[int]) -> np.ndarray:
    return (
        np.frombuffer(b"".join(number.to_bytes(32, "big") for number in numbers), ">u8")
        .reshape(-1, 4)
        .astype(np.uint64)
    )


def _random_rows(count: int, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 1 << 64, (count, 4), dtype=np.uint64)


def _goals(result: dict[str, Any]) -> None:
    print("| goal | wanted | seen | |\n|---|---|---|---|")
    for words, name, sign, wanted in GOALS:
        met = result[name] >= wanted if sign == ">=" else result[name] <= wanted
        print(f"| {words} | {sign} {wanted} | {result[name]} | {'met' if met else '**missed**'} |")
    print()


if __name__ == "__main__":
    raise SystemExit(main())
