"""An index that is added to, removed from, saved and opened stays what a plain list of rows would be."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from amparo.foundation.errors import Missing
from amparo.matching.engine import HashIndex, as_rows, backend, compiled, growth, index as indexes, segment
from tests.matching.test_engine import by_brute_force, flipped, rows_like, triples


class Changes(RuleBasedStateMachine):
    """Parts of a few rows, joined in steps of a few, so that every rule meets every stage of joining."""

    loops = "numba"

    def __init__(self) -> None:
        super().__init__()
        self.patches = [
            mock.patch.object(growth, "TAIL_ROWS", 5),
            mock.patch.object(indexes, "WORK_A_ROW", 7),
            mock.patch.object(segment, "COPIED_AT_ONCE", 3),
            mock.patch.object(compiled, "ROWS_AT_ONCE", 4),
            mock.patch.object(backend, "CHOSEN", self.loops),
        ]
        for patch in self.patches:
            patch.start()
        self.folder = Path(tempfile.mkdtemp())
        self.generator = np.random.default_rng(5)
        self.index = HashIndex(np.empty((0, 4), np.uint64))
        self.model: dict[int, np.ndarray] = {}
        self.given = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)
        for patch in self.patches:
            patch.stop()

    @rule(count=st.integers(0, 14), near=st.booleans())
    def add(self, count: int, near: bool) -> None:
        rows = rows_like("unrelated", count, self.generator)
        if near and self.model and count:
            known = np.stack(list(self.model.values()))
            rows = flipped(known[self.generator.integers(0, len(known), count)], 0, 40, self.generator)
        entries = self.index.add(rows)
        assert entries.tolist() == list(range(self.given, self.given + count))
        self.model |= dict(zip(entries.tolist(), rows, strict=True))
        self.given += count

    @precondition(lambda self: self.model)
    @rule(share=st.floats(0, 1))
    def remove(self, share: float) -> None:
        entries = [entry for entry in self.model if self.generator.random() < share]
        self.index.remove(entries)
        for entry in entries:
            del self.model[entry]

    @rule()
    def remove_what_is_not_there(self) -> None:
        with pytest.raises(Missing, match="never given, or was removed"):
            self.index.remove([*list(self.model)[:2], self.given])
        for entry in set(range(self.given)) - set(self.model):
            with pytest.raises(KeyError):
                self.index.remove(entry)

    @rule(again=st.booleans())
    def save_and_open(self, again: bool) -> None:
        path = self.folder / "an.index"
        self.index.save(path)
        opened = HashIndex.open(path, check=True)
        self.index = opened if again else self.index

    @rule()
    def settle(self) -> None:
        self.index.settle()

    @rule(within_bits=st.sampled_from([0, 10, 31, 45, 256]))
    def search(self, within_bits: int) -> None:
        known = np.stack(list(self.model.values())) if self.model else np.empty((0, 4), np.uint64)
        asked = np.concatenate([known[:: max(1, len(known) // 5)], rows_like("unrelated", 1, self.generator)])
        entries = list(self.model)
        wanted = [(query, entries[place], bits) for query, place, bits in by_brute_force(known, asked, within_bits)]
        assert triples(self.index, asked, within_bits) == wanted

    @invariant()
    def it_holds_what_was_added_and_not_removed(self) -> None:
        assert len(self.index) == len(self.model)
        if self.model:
            entries = self.generator.permutation(list(self.model))
            assert np.array_equal(self.index.rows(entries), np.stack([self.model[int(entry)] for entry in entries]))


class ChangesInPlainNumPy(Changes):
    loops = "numpy"


TestChanges = Changes.TestCase
TestChangesInPlainNumPy = ChangesInPlainNumPy.TestCase
TestChanges.settings = TestChangesInPlainNumPy.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None
)


def test_added_and_removed_it_answers_as_before() -> None:
    generator = np.random.default_rng(2)
    known = rows_like("families", 20_000, generator)
    index = HashIndex(known)
    asked = flipped(known[:50], 0, 40, generator)
    before = triples(index, asked)
    entries = index.add(flipped(known[:17_000], 0, 20, generator))
    assert len(triples(index, asked)) > len(before)
    index.remove(entries)
    assert triples(index, asked) == before
    assert index.add(known[:1]).tolist() == [37_000]


def test_an_added_row_is_found_by_the_next_search_wherever_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "TAIL_ROWS", 64)
    monkeypatch.setattr(indexes, "WORK_A_ROW", 300)
    rows = rows_like("unrelated", 3_000, np.random.default_rng(4))
    index = HashIndex(rows[:0])
    most_parts = 0
    for place, row in enumerate(rows):
        assert index.add(row[None]).tolist() == [place]
        assert triples(index, row[None]) == [(0, place, 0)]
        most_parts = max(most_parts, len(index._state.segments))
    assert most_parts <= 24
    index.settle()
    assert all(part.bands for part in index._state.segments)
    assert len(index._state.segments) <= 6


def test_what_was_added_at_once_gets_its_bands_from_searches_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "WORK_A_ROW", 0)
    rows = rows_like("unrelated", 30_000, np.random.default_rng(4))
    index = HashIndex(rows[:0])
    index.add(rows)
    assert not index._state.segments[0].bands
    for _ in range(400):
        assert triples(index, rows[7:9]) == [(0, 7, 0), (1, 8, 0)]
    assert index._state.segments[0].bands


def test_where_memory_is_short_an_addition_counts_without_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "TAIL_ROWS", 8)
    index = HashIndex(rows_like("unrelated", 20, np.random.default_rng(4)))
    rows = rows_like("unrelated", 90, np.random.default_rng(5))
    with mock.patch.object(indexes, "merged", side_effect=lambda *_: iter_that_fails()):
        entries = index.add(rows)
        assert triples(index, rows[:1]) == [(0, int(entries[0]), 0)]
    index.settle()
    assert all(part.bands for part in index._state.segments)


def iter_that_fails():
    raise MemoryError
    yield


def test_a_mostly_removed_part_gives_its_memory_back() -> None:
    index = HashIndex(rows_like("unrelated", 40_000, np.random.default_rng(4)))
    before = index.nbytes
    index.remove(np.arange(0, 40_000, 3))
    index.remove(np.arange(1, 40_000, 3))
    index.settle()
    assert index.nbytes < before / 2
    assert len(index) == 13_333
    assert triples(index, index.rows([20_000])) == [(0, 20_000, 0)]


def test_nothing_is_removed_when_one_entry_is_unknown() -> None:
    index = HashIndex(as_rows([bytes(32), bytes([255] * 32)]))
    for entries in ([0, 2], [-1], [0, 2**40], np.array([0, 2**63], np.uint64)):
        with pytest.raises(Missing):
            index.remove(entries)
    with pytest.raises(ValueError, match="whole numbers"):
        index.remove([0.0])
    assert len(index) == 2
    index.remove([])
    index.remove([1, 1])
    assert len(index) == 1
    with pytest.raises(Missing, match="entry 1 "):
        index.rows([0, 1])
    assert index.rows([]).shape == (0, 4)
