"""PDQ of files and frames beside threatexchange and the published binding: files a second, drift, recall of copies.

    .venv/bin/python -m benchmarks.hashing [--files 60] [--repeats 3] [--copies 30] [--listed 1000000]

Generated abstract pictures of 0.3 to 12 megapixels, 70 % JPEG. All routes take each file in turns, on one core; CPU seconds,
children's included; the median of the repeats. Read the ratios. The reference is the published binding on the picture decoded
whole, as RGB.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

# One core, whatever the mathematics library would take.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pdqhash
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

from amparo.matching import pdq, pdq_of_file
from amparo.sandbox.inside import decoders, picture
from amparo.sandbox.inside.pdq import QUALITY_FLOOR
from benchmarks import copies, pictures
from benchmarks.copies import ours
from benchmarks.pictures import Made

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
        made = list(pictures.files(Path(folder), asked.files, asked.seed, asked.noise))
        print(f"{len(made)} files, {sum(each.megapixels for each in made):.0f} megapixels, {_megabytes(made):.0f} MB\n")
        result |= speed(made, asked.repeats)
        result |= drift(made)
    result |= frames(asked.repeats)
    result |= copies.recall(asked.copies, asked.listed, asked.seed)
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
    parser.add_argument(
        "--noise", type=float, default=pictures.NOISE, help="of the sensor: what a JPEG's decoding costs"
    )
    return parser.parse_args()


def decode_alone(path: Path) -> None:
    """What our route decodes of a file, and nothing more."""
    with Image.open(path) as opened:
        if decoders.is_jpeg(opened) and min(opened.size) >= 2 * picture.SHORTEST_DECODED:
            opened.draft("L", (picture.SHORTEST_DECODED,) * 2)
        opened.load()


THEIRS, PUBLISHED, OURS = "threatexchange", "published binding, whole decode", "ours"
DECODING, SANDBOX = "decoding alone, same scale", "ours, in the sandbox"
IN_TURNS: dict[str, Callable[[Path], object]] = {
    THEIRS: PdqSignal.hash_from_file,
    PUBLISHED: copies.published_of_file,
    OURS: lambda path: ours(path.read_bytes()),
    DECODING: decode_alone,
}


def speed(made: list[Made], repeats: int) -> dict[str, float]:
    """Prints the tables; the ratios of the goals."""
    by_form: dict[str, list[Made]] = {}
    for each in made:
        by_form.setdefault(each.form, []).append(each)
    runs: dict[str, dict[str, list[float]]] = {name: {form: [] for form in by_form} for name in (*IN_TURNS, SANDBOX)}
    for route in (*IN_TURNS.values(), pdq_of_file):
        route(made[0].path)
    for turn in range(repeats):
        for form, group in by_form.items():
            for name, spent in _in_turns(group, turn).items():
                runs[name][form].append(spent)
            runs[SANDBOX][form].append(_with_children(group))
    seconds = {name: {form: statistics.median(each) for form, each in parts.items()} for name, parts in runs.items()}
    groups = {"JPEG": by_form["JPEG"], "all": made}
    for parts in seconds.values():
        parts["all"] = sum(parts.values())
    print("| route | JPEG files/s | MB/s | times | all files/s | MB/s | times |\n|---|---|---|---|---|---|---|")
    for name, parts in seconds.items():
        cells = [
            f"{len(each) / parts[group]:.1f} | {_megabytes(each) / parts[group]:.1f} "
            f"| {seconds[THEIRS][group] / parts[group]:.1f}"
            for group, each in groups.items()
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    _print_by_form(by_form, seconds)

    def times(one: str, other: str, group: str) -> float:
        return round(seconds[one][group] / seconds[other][group], 3)

    return {
        "jpeg_times_threatexchange": times(THEIRS, OURS, "JPEG"),
        "all_times_threatexchange": times(THEIRS, OURS, "all"),
        "jpeg_share_of_decoding": times(DECODING, OURS, "JPEG"),
        "all_share_of_decoding": times(DECODING, OURS, "all"),
        "jpeg_times_threatexchange_in_sandbox": times(THEIRS, SANDBOX, "JPEG"),
    }


def _print_by_form(by_form: dict[str, list[Made]], seconds: dict[str, dict[str, float]]) -> None:
    print("\nFiles a CPU second, by format:\n")
    print(
        "| format | files | threatexchange | ours | decoding | times | share of decoding |\n|---|---|---|---|---|---|---|"
    )
    for form, group in by_form.items():
        theirs, own, limit = (seconds[name][form] for name in (THEIRS, OURS, DECODING))
        rates = " | ".join(f"{len(group) / spent:.1f}" for spent in (theirs, own, limit))
        print(f"| {form} | {len(group)} | {rates} | {theirs / own:.1f} | {limit / own:.2f} |")
    print()


def _in_turns(group: list[Made], turn: int) -> dict[str, float]:
    """CPU seconds of each route in this process, file by file in all orders of the routes: what else runs here, and what the
    one before left in the caches, meets all of them alike."""
    spent, orders = dict.fromkeys(IN_TURNS, 0.0), list(permutations(IN_TURNS))
    for number, each in enumerate(group):
        for name in orders[(7 * number + 11 * turn) % len(orders)]:
            started = time.process_time()
            IN_TURNS[name](each.path)
            spent[name] += time.process_time() - started
    return spent


def _with_children(group: list[Made]) -> float:
    """CPU seconds of the route through the sandbox, in this process and in all that it started."""
    before = time.process_time() + _children_seconds()
    for each in group:
        pdq_of_file(each.path)
    return time.process_time() + _children_seconds() - before


def _children_seconds() -> float:
    """What the processes below this one have used. Where the system doesn't tell (macOS), only what has ended."""
    ended = os.times()
    total = ended.children_user + ended.children_system
    used: dict[int, float] = {}
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        used[int(stat.parent.name)] = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    waiting = below.get(os.getpid(), [])
    while waiting:
        process = waiting.pop()
        total += used[process]
        waiting += below.get(process, [])
    return total


def _megabytes(made: list[Made]) -> float:
    return sum(each.path.stat().st_size for each in made) / 1e6


def drift(made: list[Made]) -> dict[str, float]:
    """Bits between our fingerprint and the reference, by format; files too plain to compare apart."""
    rows: dict[str, list[tuple[int, int]]] = {}
    states = plain = 0
    for each in made:
        looks, quality, state = ours(each.path.read_bytes())
        reference, reference_quality = copies.published_of_file(each.path)
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
        for _ in range(160):
            pdq(lumas[0])  # as in a stream: long under way
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


def _goals(result: dict[str, Any]) -> None:
    print("| goal | wanted | seen | |\n|---|---|---|---|")
    for words, name, sign, wanted in GOALS:
        met = result[name] >= wanted if sign == ">=" else result[name] <= wanted
        print(f"| {words} | {sign} {wanted} | {result[name]} | {'met' if met else '**missed**'} |")
    print()


if __name__ == "__main__":
    raise SystemExit(main())
