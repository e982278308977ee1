"""Which copies of a picture its fingerprints find, and what else they hit: ours beside the published binding's own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pdqhash
from PIL import Image

from amparo.matching import HashIndex
from amparo.sandbox.inside import picture
from amparo.sandbox.inside.pdq import QUALITY_FLOOR
from benchmarks import pictures

WITHIN_BITS = 31


def published_of_file(path: Path) -> tuple[int, int]:
    """The reference: fingerprint as a number, and quality."""
    with Image.open(path) as opened:
        return published(opened)


def published(opened: Image.Image) -> tuple[int, int]:
    vector, quality = pdqhash.compute(np.asarray(opened.convert("RGB")))
    return int.from_bytes(np.packbits(vector.astype(bool)).tobytes(), "big"), int(quality)


def ours(data: bytes) -> tuple[list[int], int, str]:
    """All looks as numbers, quality and state, decoded in this process."""
    facts = picture.read(data, {}, None)  # type: ignore[arg-type]  # a picture's reader writes nothing into a sink
    return [int(look, 16) for look in facts["looks"]], int(str(facts["quality"])), str(facts["state"])  # type: ignore[attr-defined]


def recall(copies: int, listed: int, seed: int) -> dict[str, float]:
    """Copies found within 31 bits of their own picture's reference fingerprint, and hits on anything else."""
    generator = np.random.default_rng(seed + 1)
    found: dict[str, list[tuple[bool, bool]]] = {name: [] for name in pictures.COPIES}
    originals, looks_seen, owners = [], [], []
    for number in range(copies):
        height, width = (int(side) for side in generator.integers(500, 1_400, 2))
        image = pictures.drawn(height, width, generator)
        original, quality = published(image)
        if quality < QUALITY_FLOOR:
            continue
        originals.append((number, original))
        for name, make in pictures.COPIES.items():
            data = make(image)
            looks, _, state = ours(data)
            compared = looks if state == "examined" else looks[8:]
            reference, _ = published(Image.open(io.BytesIO(data)))
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
