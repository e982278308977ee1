"""Exact search within 31 bits beside the indexes in use: queries a second, CPU a query, building, memory, recall, change.

    .venv/bin/python -m benchmarks.search [--sizes 1M,10M,50M] [--peers Amparo,PDQ] [--million] [--slow]

Random rows, queries that are known rows with 0 to 31 bits turned; then families of near copies, heavy bits and plain pictures. All
indexes answer in one process, in turns; CPU time, medians, on one core unless it says two. Ratios are the result. Recall is
against faiss's flat scan, and for some queries against the definition in NumPy. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from amparo.matching.engine import HashIndex, plain
from amparo.matching.engine.cut import TAGS_A_LINE, layout, plan
from amparo.matching.engine.rows import distances
from benchmarks.search_peers import PEERS, WITHIN_BITS, Amparo, AmparoScan, Flat, MultiHash, obstacle

LINE = 64


@dataclass
class Seen:
    """One index at one size. Times in seconds a query."""

    name: str
    build_s: float = 0.0
    bytes_a_hash: float = 0.0
    recall: float = 0.0
    single: list[float] = field(default_factory=list)
    batch: list[float] = field(default_factory=list)
    wall: dict[int, list[float]] = field(default_factory=lambda: {1: [], 2: []})
    counts_s: float | None = None


def main() -> int:
    asked = _arguments()
    generator = np.random.default_rng(20)
    warm = HashIndex(random_rows(40_000, generator))  # Numba's kernels are loaded before any clock runs
    warm.search(random_rows(1, generator))
    result: dict[str, Any] = {"benchmark": "search", "machine": platform.machine(), "python": platform.python_version()}
    result["stream_gb_s"] = round(stream_bytes_a_second() / 1e9, 1)
    print(f"One core reads {result['stream_gb_s']} GB/s in a row.\n")
    for rows in asked.sizes:
        result[str(rows)] = _size(rows, asked, generator, result["stream_gb_s"] * 1e9)
    if asked.sets:
        result["sets"] = _sets(asked.set_size, generator)
    print(json.dumps(result))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1M", type=lambda text: [_number(each) for each in text.split(",")])
    parser.add_argument("--peers", default="", help="parts of names; all if empty")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="also a million queries at once, of ours")
    parser.add_argument("--slow", action="store_true", help="also what builds for many minutes")
    parser.add_argument("--set-size", default="200k", type=_number, help="rows of the lists that aren't uniform")
    parser.add_argument("--no-sets", dest="sets", action="store_false", help="random rows only")
    return parser.parse_args()


def _number(text: str) -> int:
    return int(float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1))


def random_rows(count: int, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 2**64, size=(count, 4), dtype=np.uint64)


def turned(rows: np.ndarray, most: int, generator: np.random.Generator) -> np.ndarray:
    """Copies with 0 to `most` bits of each turned."""
    copies = np.empty_like(rows)
    for start in range(0, len(rows), 50_000):
        some = rows[start : start + 50_000]
        order = generator.random((len(some), 256), dtype=np.float32).argsort(axis=1).argsort(axis=1)
        flips = order < generator.integers(0, most + 1, len(some))[:, None]
        copies[start : start + 50_000] = some ^ np.packbits(flips, axis=1).view(np.uint64)
    return copies


def stream_bytes_a_second() -> float:
    """What one core reads in a row, best of some: the limit of everything that reads memory."""
    words = np.ones(50_000_000, dtype=np.uint64)
    return words.nbytes / min(_cpu(words.max) for _ in range(7))


def _cpu(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def _wall(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 if Path("/proc/self/statm").exists() else 0


def _size(rows: int, asked: argparse.Namespace, generator: np.random.Generator, stream: float) -> dict[str, Any]:
    print(f"## {rows:,} random hashes\n")
    known = random_rows(rows, generator)
    queries = turned(known[generator.integers(0, rows, asked.queries)], WITHIN_BITS, generator)
    peers: dict[str, Any] = {}
    seen: dict[str, Seen] = {}
    for name, (kind, *_) in PEERS.items():
        if not any(part.lower() in name.lower() for part in asked.peers.split(",")):
            continue
        if why := obstacle(name, rows, asked.slow):
            print(f"{name} is left out: {why}.")
            continue
        before, seen[name] = _resident(), Seen(name)
        started = time.process_time()
        peers[name] = kind(known)
        seen[name].build_s = time.process_time() - started
        seen[name].bytes_a_hash = (_resident() - before) / rows
    if "Amparo" in peers:
        peers["Amparo, every row scanned"] = AmparoScan.__new__(AmparoScan)
        peers["Amparo, every row scanned"].index = peers["Amparo"].index
        seen["Amparo, every row scanned"] = Seen("Amparo, every row scanned")
        seen["Amparo"].bytes_a_hash = peers["Amparo"].index.nbytes / rows
    _recall(peers, seen, known, queries)
    _in_turns(peers, seen, queries, asked.repeats)
    figures = _table(seen, rows)
    if "Amparo" in peers:
        figures["ours"] = _ours(peers["Amparo"].index, queries, seen["Amparo"], stream, asked, generator)
    if "threatexchange PDQIndex" in peers:
        row = random_rows(1, generator)
        peer = peers["threatexchange PDQIndex"]
        counts = _wall(lambda: (peer.add(row), peer.search(peer.asked(row))))
        print(f"A hash added to PDQIndex counts after {counts:.1f} s.\n")
        figures["pdqindex_added_counts_s"] = round(counts, 2)
    return figures


def _recall(peers: dict[str, Any], seen: dict[str, Seen], known: np.ndarray, queries: np.ndarray) -> None:
    """Against a scan by another's code where that is there, and against the definition for a few queries."""
    some = queries[: 200 if len(known) <= 2_000_000 else 40]
    referee = peers.get("faiss BinaryFlat") or peers["Amparo, every row scanned"]
    true = _set(referee, some)
    for place, query in enumerate(some[:5]):
        expected = {(place, int(entry)) for entry in np.flatnonzero(distances(query, known) <= WITHIN_BITS)}
        assert expected == {pair for pair in true if pair[0] == place}, "the referee is wrong"
    for name, peer in peers.items():
        found = _set(peer, some)
        assert found <= true or name == "usearch", f"{name} found what is not there"
        seen[name].recall = len(found & true) / len(true)


def _set(peer: Any, queries: np.ndarray) -> set[tuple[int, int]]:
    found = peer.pairs(peer.search(peer.asked(queries)))
    return set(zip(*(each.tolist() for each in found), strict=True))


def _in_turns(peers: dict[str, Any], seen: dict[str, Seen], queries: np.ndarray, repeats: int) -> None:
    """Every index in each round: what slows the machine for a while slows them all."""
    singles, batches, cost = {}, {}, {}
    for name, peer in peers.items():
        singles[name] = [peer.asked(queries[place : place + 1]) for place in range(min(300, len(queries)))]
        cost[name] = max(1e-6, _cpu(lambda name=name, peer=peer: [peer.search(each) for each in singles[name][:5]]) / 5)
        batches[name] = peer.asked(queries[: max(10, min(len(queries), int(10 / cost[name])))])
    for _ in range(repeats):
        for name, peer in peers.items():
            few = singles[name][: max(5, min(300, int(0.5 / cost[name])))]
            seen[name].single.append(_cpu(lambda few=few, peer=peer: [peer.search(each) for each in few]) / len(few))
            many = batches[name]
            seen[name].batch.append(_cpu(lambda many=many, peer=peer: peer.search(many)) / len(many))
            for threads in (1, 2):
                took = _wall(lambda many=many, peer=peer, threads=threads: peer.search(many, threads))
                seen[name].wall[threads].append(took / len(many))


def _table(seen: dict[str, Seen], rows: int) -> dict[str, Any]:
    base = next((each for each in seen.values() if "PDQIndex" in each.name), None)
    base = base or next((each for each in seen.values() if "MultiHash" in each.name), None)
    columns = "one query, ratio | 1,000 queries, ratio | one query | 1,000 at once | two threads | built in"
    print(f"\n| index | {columns} | bytes a hash | recall |\n|---|---|---|---|---|---|---|---|---|")
    figures = {}
    for name, each in seen.items():
        single, batch = statistics.median(each.single), statistics.median(each.batch)
        ratios = ["", ""]
        if base:
            ratios = [
                f"{statistics.median(theirs / ours for theirs, ours in zip(base.single, each.single, strict=True)):.1f}",
                f"{statistics.median(theirs / ours for theirs, ours in zip(base.batch, each.batch, strict=True)):.1f}",
            ]
        two = statistics.median(one / two for one, two in zip(each.wall[1], each.wall[2], strict=True))
        print(
            f"| {name} | {ratios[0]} | {ratios[1]} | {single * 1e6:,.0f} us | {1 / batch:,.0f}/s | x {two:.2f} "
            f"| {each.build_s:.2f} s | {each.bytes_a_hash:.0f} | {each.recall:.3f} |"
        )
        figures[name] = {
            "single_us": round(single * 1e6, 1), "batch_us": round(batch * 1e6, 2), "two_threads": round(two, 2),
            "build_s": round(each.build_s, 2), "bytes_a_hash": round(each.bytes_a_hash, 1),
            "recall": round(each.recall, 4), "ratios": ratios,
        }  # fmt: skip
    if base:
        print(f"\nRatios are to {base.name}" + ("" if "PDQ" in base.name else ", which PDQIndex wraps") + ".")
    return figures


def _ours(
    index: HashIndex,
    queries: np.ndarray,
    seen: Seen,
    stream: float,
    asked: argparse.Namespace,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """What only concerns our own: share of the memory's limit, change, opening, a million queries."""
    touched = touched_bytes(index, queries[:50])
    share = touched / statistics.median(seen.batch) / stream
    print(f"\nA query touches {touched / 1024:.0f} KiB: {share:.0%} of what one core reads in a row, in 1,000 at once;")
    print(f"reading half of every row once would take {16 * len(index) / stream * 1e6:,.0f} us.")
    figures = {"touched_kib": round(touched / 1024, 1), "share_of_stream": round(share, 3)}
    figures |= _saved(index, queries)
    added = random_rows(2_000, generator)
    waits = [_wall(lambda row=row: (index.add(row[None]), index.search(row[None], 0))) for row in added]
    middle, worst = statistics.median(waits) * 1e3, max(waits) * 1e3
    print(f"An added hash counts after {middle:.2f} ms, at most {worst:.0f} ms of 2,000.")
    figures |= {"added_counts_ms": round(middle, 3), "added_counts_worst_ms": round(worst, 1)}
    if asked.million:
        many = queries[generator.integers(0, len(queries), 1_000_000)] ^ (
            np.uint64(1) << random_rows(1_000_000, generator) % 64
        )
        before = _resident()
        took = _cpu(lambda: index.search(many))
        figures["million_us"] = round(took, 2)
        print(f"A million queries at once: {took:.2f} us each; {(_resident() - before) / 2**20:.0f} MiB kept.")
    print()
    return figures


def _saved(index: HashIndex, queries: np.ndarray) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=".", prefix="benchmark-") as folder:
        path = Path(folder) / "an.index"
        saved = _wall(lambda: index.save(path))
        opening = statistics.median(_wall(lambda: HashIndex.open(path)) for _ in range(5)) * 1e3
        opened = HashIndex.open(path)
        first = _wall(lambda: opened.search(queries[:1])) * 1e3
        mapped = _cpu(lambda: [opened.search(queries[place : place + 1]) for place in range(300)]) / 300 * 1e6
    print(
        f"Saved in {saved:.1f} s, opened in {opening:.1f} ms; the first search then {first:.1f} ms, later ones {mapped:.0f} us."
    )
    return {"opened_ms": round(opening, 2), "mapped_single_us": round(mapped, 1)}


def touched_bytes(index: HashIndex, queries: np.ndarray) -> float:
    """Lines of memory that a query reads, by what the bands hold: bucket starts, tags, and of each entry whose tag passes its id
    and the first half of its row."""
    total = 0.0
    for segment in index._state.segments:  # noqa: SLF001 - what a query reads shows nowhere else
        widths, way = segment.bands.widths, plan(segment.bands.widths, len(segment), WITHIN_BITS)
        for query in queries:
            passing = plain._near_tags(segment, query, way.radii[0], np.arange(len(widths)), 1 << 60)  # noqa: SLF001
            total += 2 * LINE * len(passing) / len(queries)
        for band, width in enumerate(widths):
            probes = layout(widths).probes[band, way.radii[0, band] + 1]
            total += probes * LINE * (1 + 1 + len(segment) / 2.0**width / TAGS_A_LINE)
    return total


def _sets(rows: int, generator: np.random.Generator) -> dict[str, Any]:
    """Lists that aren't uniform: ours, the scan that bounds it, and what PDQIndex wraps."""
    print(f"## {rows:,} hashes that aren't uniform\n")
    print("| rows | hits a query | Amparo | every row scanned | faiss BinaryMultiHash | ratio | recall |")
    print("|---|---|---|---|---|---|---|")
    figures = {}
    for name, known in _uneven(rows, generator):
        queries = turned(known[generator.integers(0, rows, 100)], WITHIN_BITS, generator)
        ours, theirs, scan = Amparo(known), MultiHash(known), AmparoScan.__new__(AmparoScan)
        scan.index = ours.index
        times: dict[Any, list[float]] = {ours: [], scan: [], theirs: []}
        for _ in range(3):
            for peer, took in times.items():
                asked = peer.asked(queries[:20] if peer is theirs else queries)
                took.append(_cpu(lambda peer=peer, asked=asked: peer.search(asked)) / len(asked))
        one, all_rows, other = (statistics.median(took) * 1e6 for took in times.values())
        ratio = statistics.median(b / a for a, b in zip(times[ours], times[theirs], strict=True))
        true, found = _set(Flat(known), queries[:20]), _set(ours, queries[:20])
        recall, hits = len(found & true) / len(true), len(ours.search(queries)[0]) / len(queries)
        assert found <= true
        timed = " | ".join(f"{each:,.0f} us" for each in (one, all_rows, other))
        print(f"| {name} | {hits:,.1f} | {timed} | {ratio:.1f} | {recall:.3f} |")
        figures[name] = {"us": round(one, 1), "scan_us": round(all_rows, 1), "ratio": round(ratio, 1), "recall": recall}
    print()
    return figures


def _uneven(rows: int, generator: np.random.Generator) -> Any:
    families = random_rows(rows // 20 + 1, generator)[generator.integers(0, rows // 20 + 1, rows)]
    yield "families of 20 near copies", turned(families, 40, generator)
    large = random_rows(rows // 1000 + 1, generator)[generator.integers(0, rows // 1000 + 1, rows)]
    yield "families of 1,000", turned(large, 40, generator)
    heavy = np.empty((rows, 4), np.uint64)
    for start in range(0, rows, 100_000):
        some = generator.random((min(100_000, rows - start), 256), dtype=np.float32) < 0.7
        heavy[start : start + 100_000] = np.packbits(some, axis=1).view(np.uint64)
    yield "heavy bits (each set in 70 %)", heavy
    plain_rows = random_rows(rows, generator)
    plain_rows[::2, 2:] = plain_rows[0, 2:]
    plain_rows[::2] = turned(plain_rows[::2], 3, generator)
    yield "half of them alike in half of their bits", plain_rows
    same = random_rows(rows, generator)
    same[: rows // 10] = same[0]
    yield "a tenth one and the same", same


if __name__ == "__main__":
    raise SystemExit(main())
