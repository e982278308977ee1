"""The indexes that benchmarks.search lays side by side, each behind the same few words."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from amparo.matching.engine import HashIndex
from amparo.matching.engine.backend import kernels

WITHIN_BITS = 31
Pairs = tuple[np.ndarray, np.ndarray]


class Peer(Protocol):
    """An index over rows, uint64 of shape (n, 4)."""

    def __init__(self, rows: np.ndarray) -> None: ...

    def asked(self, rows: np.ndarray) -> Any:
        """The queries in the form that this index takes, made before the clock starts."""

    def search(self, asked: Any, threads: int = 1) -> Any:
        """Every pair within 31 bits, or what this index takes for it, as it hands it out."""

    def pairs(self, found: Any) -> Pairs:
        """(query_row, entry) of what `search` gave."""

    def add(self, row: np.ndarray) -> None: ...


class Amparo:
    def __init__(self, rows: np.ndarray) -> None:
        self.index = HashIndex(rows)

    def asked(self, rows: np.ndarray) -> Any:
        return rows

    def search(self, asked: Any, threads: int = 1) -> Any:
        return self.index.search(asked, WITHIN_BITS, threads)

    def pairs(self, found: Any) -> Pairs:
        return found[0], found[1]

    def add(self, row: np.ndarray) -> None:
        self.index.add(row)


class AmparoScan(Amparo):
    """Every row looked at: what a query costs at worst, and what any index has to beat."""

    def search(self, asked: Any, threads: int = 1) -> Any:
        state = self.index._state  # noqa: SLF001 - no door asks for a scan where bands are cheaper
        parts = [kernels().near_by_scan(each, asked, WITHIN_BITS, state.gone) for each in (*state.segments, state.tail)]
        return tuple(map(np.concatenate, zip(*parts, strict=True)))


class PDQIndex:
    """threatexchange's, which HMA uses: hexadecimal strings in, matches with their entry out."""

    def __init__(self, rows: np.ndarray) -> None:
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex as Theirs

        self.index: Any = Theirs((each, number) for number, each in enumerate(self.asked(rows)))
        self.count = len(rows)

    def asked(self, rows: np.ndarray) -> Any:
        raw = rows.astype(">u8").tobytes().hex()
        return [raw[start : start + 64] for start in range(0, len(raw), 64)]

    def search(self, asked: Any, threads: int = 1) -> Any:
        _openmp(threads)
        if len(asked) == 1:
            return [self.index.query(asked[0])]
        found = self.index.index.search_with_distance_in_result(asked, WITHIN_BITS)
        return [found[each] for each in asked]

    def pairs(self, found: Any) -> Pairs:
        queries = np.repeat(np.arange(len(found)), [len(each) for each in found])
        entries = [match.metadata if hasattr(match, "metadata") else match[0] for each in found for match in each]
        return queries, np.array(entries, dtype=np.int64)

    def add(self, row: np.ndarray) -> None:
        self.index.add(self.asked(row)[0], self.count)
        self.count += 1


class Faiss:
    """One of faiss's binary indexes; range_search counts distances below its radius."""

    make: Callable[[int], Any]

    def __init__(self, rows: np.ndarray) -> None:
        _openmp(1)
        self.index = type(self).make(len(rows))
        raw = self.asked(rows)
        if not self.index.is_trained:
            self.index.train(raw[:100_000])
        self.index.add(raw)

    def asked(self, rows: np.ndarray) -> Any:
        return np.ascontiguousarray(rows).view(np.uint8)

    def search(self, asked: Any, threads: int = 1) -> Any:
        _openmp(threads)
        return self.index.range_search(asked, WITHIN_BITS + 1)

    def pairs(self, found: Any) -> Pairs:
        limits, _, entries = found
        return np.repeat(np.arange(len(limits) - 1), np.diff(limits.astype(np.int64))), entries

    def add(self, row: np.ndarray) -> None:
        self.index.add(self.asked(row))


def _flat(rows: int) -> Any:
    import faiss

    return faiss.IndexBinaryFlat(256)


def _multi_hash(rows: int) -> Any:
    """What PDQIndex wraps: 16 bands of 16 bits, one flip each."""
    import faiss

    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = WITHIN_BITS // 16
    return index


def _hash(rows: int) -> Any:
    import faiss

    index = faiss.IndexBinaryHash(256, 24)
    index.nflip = 3
    return index


def _ivf(rows: int) -> Any:
    import faiss

    index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(256), 256, 4096)
    index.nprobe = 64
    index.cp.niter = 5  # of clustering: more finds no more
    return index


class Flat(Faiss):
    make = staticmethod(_flat)


class MultiHash(Faiss):
    make = staticmethod(_multi_hash)


class Hash(Faiss):
    make = staticmethod(_hash)


class Inverted(Faiss):
    make = staticmethod(_ivf)


class USearch:
    """A graph of neighbours: gives the nearest, of which those within 31 bits count."""

    def __init__(self, rows: np.ndarray) -> None:
        from usearch.index import Index

        self.index: Any = Index(ndim=256, metric="hamming", dtype="b1")
        self.index.add(np.arange(len(rows)), self.asked(rows), threads=1)

    def asked(self, rows: np.ndarray) -> Any:
        return np.ascontiguousarray(rows).view(np.uint8)

    def search(self, asked: Any, threads: int = 1) -> Any:
        return self.index.search(asked, 10, threads=threads)

    def pairs(self, found: Any) -> Pairs:
        keys, distances = np.atleast_2d(found.keys), np.atleast_2d(found.distances)
        queries, places = np.nonzero(distances <= WITHIN_BITS)
        return queries, keys[queries, places].astype(np.int64)

    def add(self, row: np.ndarray) -> None:
        self.index.add(len(self.index), self.asked(row)[0])


# name: (class, bytes a row while building, seconds of building a million rows, most rows that are tried without --slow)
PEERS: dict[str, tuple[type[Any], int, float, int]] = {
    "Amparo": (Amparo, 240, 0.3, 10**9),
    "threatexchange PDQIndex": (PDQIndex, 1200, 9, 2_000_000),
    "faiss BinaryMultiHash 16 x 16": (MultiHash, 200, 7.5, 20_000_000),
    "faiss BinaryFlat": (Flat, 64, 0.1, 10**9),
    "faiss BinaryIVF 4096, 64 probes": (Inverted, 120, 19, 20_000_000),
    "faiss BinaryHash 24, 3 flips": (Hash, 160, 1, 20_000_000),
    "usearch": (USearch, 400, 370, 100_000),
}


def obstacle(name: str, rows: int, slow: bool) -> str:
    """Why this one isn't run on so many rows; empty if it is."""
    _, row_bytes, seconds, most = PEERS[name]
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if row_bytes * rows > 0.8 * free:
        return f"needs about {row_bytes * rows / 2**30:.0f} GiB, {free / 2**30:.0f} are free"
    if rows > most and not slow:
        return f"builds for about {seconds * rows / 1e6 / 60:.0f} minutes; --slow runs it"
    return ""


def _openmp(threads: int) -> None:
    import faiss

    faiss.omp_set_num_threads(threads)
