from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.matching.engine import HashIndex, as_rows
from amparo.matching.engine.index import distances

WORD = st.integers(0, 2**64 - 1)


@st.composite
def families(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Known rows and queries that are near copies of one another, of heavy and of light ones: what real lists hold."""
    seeds = draw(st.lists(st.tuples(WORD, WORD, WORD, WORD), min_size=1, max_size=3))
    flips = st.lists(st.integers(0, 255), max_size=45)

    def copy(seed: tuple[int, ...]) -> bytes:
        value = int.from_bytes(b"".join(word.to_bytes(8, "big") for word in seed), "big")
        for bit in draw(flips):
            value ^= 1 << bit
        return value.to_bytes(32, "big")

    known = [copy(draw(st.sampled_from(seeds))) for _ in range(draw(st.integers(0, 12)))]
    asked = [copy(draw(st.sampled_from(seeds))) for _ in range(draw(st.integers(0, 6)))]
    return as_rows(known), as_rows(asked)


def by_brute_force(known: np.ndarray, asked: np.ndarray, within_bits: int) -> list[tuple[int, int, int]]:
    found = []
    for query_row, query in enumerate(asked):
        for entry, row in enumerate(known):
            bits = sum((int(a) ^ int(b)).bit_count() for a, b in zip(query, row, strict=True))
            if bits <= within_bits:
                found.append((query_row, entry, bits))
    return sorted(found)


def triples(index: HashIndex, asked: np.ndarray, within_bits: int = 31) -> list[tuple[int, int, int]]:
    return [tuple(map(int, each)) for each in zip(*index.search(asked, within_bits), strict=True)]


@settings(max_examples=120, deadline=None)
@given(families(), st.integers(0, 256))
def test_the_index_finds_exactly_what_brute_force_finds(rows: tuple[np.ndarray, np.ndarray], within_bits: int) -> None:
    known, asked = rows
    assert triples(HashIndex(known), asked, within_bits) == by_brute_force(known, asked, within_bits)


@settings(max_examples=60, deadline=None)
@given(families(), st.integers(0, 255))
def test_a_wider_radius_never_loses_a_hit(rows: tuple[np.ndarray, np.ndarray], within_bits: int) -> None:
    known, asked = rows
    index = HashIndex(known)
    assert set(triples(index, asked, within_bits)) <= set(triples(index, asked, within_bits + 1))


def test_blocks_lose_no_hit_at_their_edges() -> None:
    generator = np.random.default_rng(11)
    known = generator.integers(0, 2**64, size=(140_000, 4), dtype=np.uint64)
    for place, flipped in ((0, 0), (65_535, 31), (65_536, 32), (131_072, 7), (139_999, 31)):
        known[place] = known[1]
        for bit in range(flipped):
            known[place, 3 - bit // 16] ^= np.uint64(1 << (bit % 16))
    found = triples(HashIndex(known), known[1:2])
    assert [(entry, bits) for _, entry, bits in found] == [(0, 0), (1, 0), (65_535, 31), (131_072, 7), (139_999, 31)]
    assert sorted(np.flatnonzero(distances(known[1], known) <= 31)) == [entry for _, entry, _ in found]


def test_the_first_hex_digits_are_the_first_word() -> None:
    rows = as_rows([bytes.fromhex("01" + "00" * 30 + "02")])
    assert [int(word) for word in rows[0]] == [0x0100000000000000, 0, 0, 2]


def test_an_empty_index_answers_with_nothing() -> None:
    empty = HashIndex(as_rows([]))
    assert len(empty) == 0
    assert triples(empty, as_rows([bytes(32)])) == []
    assert triples(HashIndex(as_rows([bytes(32)])), as_rows([])) == []


def test_rows_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        HashIndex(np.zeros((3, 3), dtype=np.uint64))
    with pytest.raises(ValueError, match="uint64"):
        HashIndex(np.zeros((3, 4), dtype=np.int64))
    with pytest.raises(ValueError, match="32 bytes"):
        as_rows([b"short"])
    with pytest.raises(ValueError, match="0 to 256"):
        HashIndex(as_rows([bytes(32)])).search(as_rows([bytes(32)]), 257)
