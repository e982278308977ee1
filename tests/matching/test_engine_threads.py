"""Threads that search while others change the index, forks, and what a process pays at its start."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from amparo.matching.engine import HashIndex, growth
from tests.matching.test_engine import by_brute_force, flipped, loops, rows_like, triples  # noqa: F401 - a fixture


@pytest.mark.usefixtures("loops")
def test_a_search_sees_every_change_that_returned_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers note what was done before they search: all of that they find, and nothing that was never there."""
    monkeypatch.setattr(growth, "TAIL_ROWS", 128)
    rows = rows_like("unrelated", 6_000, np.random.default_rng(1))
    index = HashIndex(rows[:1_000])
    added, removed, done = [1_000], [0], threading.Event()

    def write() -> None:
        try:
            for start in range(1_000, 6_000, 40):
                index.add(rows[start : start + 40])
                added[0] = start + 40
                index.remove(np.arange(removed[0], removed[0] + 10))
                removed[0] += 10
        finally:
            done.set()

    def read(seed: int) -> int:
        generator, searches = np.random.default_rng(seed), 0
        while not done.is_set() or searches < 3:
            least, gone = added[0], removed[0]
            wanted = generator.integers(0, least, 20)
            found = index.search(rows[wanted], 0, threads=1 + seed % 2)
            queries, entries = found[0], found[1]
            assert (entries == wanted[queries]).all()
            missed = np.setdiff1d(np.arange(20), queries)
            assert (wanted[missed] < removed[0] + 10).all()  # one removal may be under way
            assert not (entries < gone).any()
            searches += 1
        return searches

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, seed) for seed in range(3)]
        pool.submit(write).result(timeout=120)
        assert all(reader.result(timeout=120) >= 3 for reader in readers)
    assert len(index) == 6_000 - removed[0]
    assert triples(index, rows[5_000:5_020], 31) == by_brute_force(rows, rows[5_000:5_020], 31)


def test_writers_in_many_threads_get_entries_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "TAIL_ROWS", 64)
    rows = rows_like("unrelated", 2_000, np.random.default_rng(1))
    index = HashIndex(rows[:0])
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda start: index.add(rows[start : start + 7]), range(0, 2_000, 7)))
    entries = np.concatenate(given)
    assert sorted(entries.tolist()) == list(range(2_000))
    assert np.array_equal(index.rows(entries), rows)


@pytest.mark.parametrize("kind", ["families", "plain"])
def test_more_threads_answer_alike(loops: str, kind: str) -> None:  # noqa: F811
    generator = np.random.default_rng(6)
    rows = rows_like(kind, 18_000, generator)
    index, asked = HashIndex(rows), flipped(rows[-100::3], 0, 40, generator)
    asked = np.concatenate([asked, rows[9_000:9_010], rows[:1]])
    alone = index.search(asked)
    for threads in (2, 3, 64):
        assert all(
            np.array_equal(one, other) for one, other in zip(alone, index.search(asked, 31, threads), strict=True)
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_can_add_also_if_another_thread_was_adding(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_like("unrelated", 20_000, np.random.default_rng(1))
    index = HashIndex(rows)
    with index._lock:  # what a thread that the child doesn't have may hold
        child = os.fork()
        if child == 0:
            try:
                right = index.add(rows[:1]).tolist() == [20_000] and len(index.search(rows[:1], 0)[1]) == 2
                index.settle()
                os._exit(0 if right else 1)
            finally:
                os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def in_a_process(code: str, **environment: str) -> str:
    told = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


SEARCH = (
    "import sys, numpy as np; from amparo.matching.engine import HashIndex;"
    "rows = np.random.default_rng(1).integers(0, 2**64, ({rows}, 4), dtype=np.uint64); index = HashIndex(rows[:-1]);"
    "index.add(rows[-1:]); found = index.search(rows[-3:]);"
    "print(found[1].tolist(), 'numba' in sys.modules, 'django' in sys.modules)"
)


def test_a_small_index_never_imports_numba_and_none_imports_django() -> None:
    assert in_a_process(SEARCH.format(rows=2_000)) == "[1997, 1998, 1999] False False"
    assert in_a_process(SEARCH.format(rows=40_000)) == "[39997, 39998, 39999] True False"


def test_without_numba_it_answers_all_the_same() -> None:
    without = "import sys; sys.modules['numba'] = None; sys.modules['llvmlite'] = None;"
    assert in_a_process(without + SEARCH.format(rows=40_000)).startswith("[39997, 39998, 39999]")
    asked_for = without + "from amparo.matching.engine.backend import kernels; kernels()"
    with pytest.raises(subprocess.CalledProcessError):
        in_a_process(asked_for, AMPARO_ENGINE="numba")


def test_it_works_where_no_cache_can_be_written() -> None:
    """An install and a home that can only be read: what Numba compiles is kept for the process alone."""
    code = (
        "import numba.core.caching as caching; from amparo.matching.engine.kernels import compiled\n"
        "def none(*_): return None\n"
        "for each in caching.CacheImpl._locator_classes: each.from_function = none\n"
        "def double(number): return 2 * number\n"
        "print(compiled('int64(int64)')(double)(21))"
    )
    assert in_a_process(code) == "42"
