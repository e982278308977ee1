"""Every hit, whatever the rows look like, whatever the radius, and whichever loops answer."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.matching.engine import HashIndex, as_rows, backend, compiled, cut, growth, plain, segment
from amparo.matching.engine.rows import distances

WORD = st.integers(0, 2**64 - 1)
# What lists of other sizes are cut into: bands over two words, wider than 16 bits, narrower than a tag.
CUTS = [(16,) * 16, (18,) * 4 + (20,) * 2 + (16,) * 9, (6,) * 4 + (13,) * 12 + (19,) * 4]


@pytest.fixture(params=["numba", "numpy"])
def loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(backend, "CHOSEN", request.param)
    return request.param


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
        bits = distances(query, known)
        found += [(query_row, int(entry), int(bits[entry])) for entry in np.flatnonzero(bits <= within_bits)]
    return found


def triples(index: HashIndex, asked: np.ndarray, within_bits: int = 31, threads: int = 1) -> list[tuple[int, int, int]]:
    hits = index.search(asked, within_bits, threads)
    assert [each.dtype for each in hits] == [np.int64] * 3
    return [tuple(map(int, each)) for each in zip(*hits, strict=True)]


def flipped(rows: np.ndarray, least: int, most: int, generator: np.random.Generator) -> np.ndarray:
    """Copies with so many bits of each turned."""
    copies = rows.copy()
    for row in copies:
        for bit in generator.choice(256, generator.integers(least, most + 1), replace=False):
            row[bit // 64] ^= np.uint64(1 << (63 - bit % 64))
    return copies


def rows_like(kind: str, count: int, generator: np.random.Generator) -> np.ndarray:
    rows = generator.integers(0, 2**64, size=(count, 4), dtype=np.uint64)
    if kind == "families":
        return flipped(rows[generator.integers(0, 1 + count // 100, count)], 0, 40, generator)
    if kind == "heavy bits":
        bits = np.packbits(generator.random((count, 256)) < 0.85, axis=1)
        return bits.view(">u8").astype(np.uint64)
    if kind == "plain":  # half of them one and the same, a quarter the same in half of their bits
        rows[: count // 2] = rows[0]
        rows[count // 2 : 3 * count // 4, 1:3] = rows[0, 1:3]
    return rows


@settings(max_examples=80, deadline=None)
@given(families(), st.integers(0, 256))
def test_the_index_finds_exactly_what_brute_force_finds(rows: tuple[np.ndarray, np.ndarray], within_bits: int) -> None:
    known, asked = rows
    assert triples(HashIndex(known), asked, within_bits) == by_brute_force(known, asked, within_bits)


@settings(max_examples=60, deadline=None)
@given(families(), st.integers(0, 255))
def test_a_wider_radius_never_loses_a_hit(rows: tuple[np.ndarray, np.ndarray], within_bits: int) -> None:
    known, asked = rows
    with mock.patch.object(growth, "TAIL_ROWS", 2), mock.patch.object(cut, "SCAN_NS", np.inf):
        index = HashIndex(known)
        assert set(triples(index, asked, within_bits)) <= set(triples(index, asked, within_bits + 1))


@pytest.mark.parametrize("widths", [None, *CUTS])
@pytest.mark.parametrize("kind", ["unrelated", "families", "heavy bits", "plain"])
def test_bands_find_exactly_what_brute_force_finds(
    kind: str, widths: tuple[int, ...] | None, loops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(7)
    known = rows_like(kind, 2000, generator)
    asked = np.concatenate([flipped(known[::250], 0, 45, generator), known[:2], ~known[:1]])
    monkeypatch.setattr(growth, "TAIL_ROWS", 100)
    if widths:
        monkeypatch.setattr(segment, "widths_for", lambda _: widths)
    index = HashIndex(known)
    for within_bits in (0, 1, 7, 16, 31, 32, 45, 64, 128, 255, 256):
        assert triples(index, asked, within_bits) == by_brute_force(known, asked, within_bits)


@pytest.mark.parametrize("within_bits", [0, 3, 15, 31, 38, 52])
@pytest.mark.parametrize("tired_after", [0, 1, 1e9])
@pytest.mark.parametrize("kind", ["unrelated", "families", "plain"])
def test_no_plan_of_a_search_loses_a_hit(
    kind: str, tired_after: float, within_bits: int, loops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bands also where a scan would be cheaper; every query planned anew, some of them, or none."""
    generator = np.random.default_rng(within_bits)
    known = rows_like(kind, 600, generator)
    asked = flipped(known[::40], 0, min(60, 2 * within_bits), generator)
    monkeypatch.setattr(growth, "TAIL_ROWS", 100)
    monkeypatch.setattr(cut, "SCAN_NS", np.inf)
    monkeypatch.setattr(cut, "TIRED_AFTER", tired_after)
    cut.plan.cache_clear()
    try:
        assert triples(HashIndex(known), asked, within_bits) == by_brute_force(known, asked, within_bits)
    finally:
        cut.plan.cache_clear()


def test_bands_built_by_numpy_and_by_numba_are_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    known = rows_like("plain", 40_000, np.random.default_rng(3))
    monkeypatch.setattr(segment, "widths_for", lambda _: CUTS[1])
    built = []
    for loops in ("numpy", "numba"):
        monkeypatch.setattr(backend, "CHOSEN", loops)
        bands = HashIndex(known)._state.segments[0].bands
        built.append([bands.offsets.tobytes(), bands.tags.tobytes(), bands.ids.tobytes()])
    assert built[0] == built[1]


def test_a_large_index_answers_as_brute_force_does(loops: str) -> None:
    generator = np.random.default_rng(11)
    known = rows_like("unrelated", 140_000, generator)
    for place, turned in ((0, 0), (16_384, 31), (65_536, 32), (131_072, 7), (139_999, 31)):
        known[place] = flipped(known[1:2], turned, turned, generator)[0]
    index = HashIndex(known)
    assert [(entry, bits) for _, entry, bits in triples(index, known[1:2])] == [
        (0, 0), (1, 0), (16_384, 31), (131_072, 7), (139_999, 31)
    ]  # fmt: skip
    asked = np.concatenate([known[:40], flipped(known[50:90], 20, 40, generator)])
    assert triples(index, asked, 40, threads=2) == by_brute_force(known, asked, 40)
    assert index.nbytes / len(index) < 140


def test_rows_that_need_four_bytes_for_their_number_are_found(loops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from 2^24 rows on."""
    for module in (segment, compiled, plain):
        monkeypatch.setattr(module, "id_bytes_for", lambda _: 4)
    generator = np.random.default_rng(13)
    known = rows_like("families", 18_000, generator)
    asked = flipped(known[:20], 0, 40, generator)
    assert triples(HashIndex(known), asked) == by_brute_force(known, asked, 31)


def test_more_hits_than_there_was_room_for_are_all_there(loops: str) -> None:
    known = np.repeat(as_rows([bytes(32), bytes([255] * 32)]), 12_000, axis=0)
    found = triples(HashIndex(known), known[[0, 12_000]])
    assert found == [(0, entry, 0) for entry in range(12_000)] + [(1, entry, 0) for entry in range(12_000, 24_000)]


def test_many_queries_are_answered_in_their_order(loops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "TAIL_ROWS", 100)
    known = rows_like("unrelated", 300, np.random.default_rng(1))
    asked = known[np.random.default_rng(2).integers(0, 300, 5_000)]
    for threads in (1, 3):
        assert triples(HashIndex(known), asked, 31, threads) == by_brute_force(known, asked, 31)


def test_a_cut_uses_every_bit_once_and_reaches_every_radius() -> None:
    for rows in (1, 300, 20_000, 10**6, 10**7, 10**8, 4 * 10**9):
        widths = cut.widths_for(rows)
        assert sum(widths) == 256
        radii, _ = cut.radii_for(widths, rows, 31)
        assert sum(radius + 1 for radius in radii) == 32
        assert min(radii) >= -1


def test_the_first_hex_digits_are_the_first_word() -> None:
    rows = as_rows([bytes.fromhex("01" + "00" * 30 + "02")])
    assert [int(word) for word in rows[0]] == [0x0100000000000000, 0, 0, 2]


def test_an_empty_index_answers_with_nothing() -> None:
    empty = HashIndex(as_rows([]))
    assert len(empty) == 0
    assert triples(empty, as_rows([bytes(32)]), 256) == []
    assert triples(HashIndex(as_rows([bytes(32)])), as_rows([])) == []


def test_what_is_no_question_is_refused() -> None:
    index = HashIndex(as_rows([bytes(32)]))
    with pytest.raises(ValueError, match="shape"):
        HashIndex(np.zeros((3, 3), dtype=np.uint64))
    with pytest.raises(ValueError, match="uint64"):
        HashIndex(np.zeros((3, 4), dtype=np.int64))
    with pytest.raises(ValueError, match="list"):
        HashIndex([[1, 2, 3, 4]])
    with pytest.raises(ValueError, match="32 bytes"):
        as_rows([b"short"])
    for within_bits in (-1, 257):
        with pytest.raises(ValueError, match="0 to 256"):
            index.search(as_rows([bytes(32)]), within_bits)
    with pytest.raises(ValueError, match="one thread"):
        index.search(as_rows([bytes(32)]), threads=0)
