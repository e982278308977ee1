"""Writes vectors.json beside this file from the published binding, pdqhash. Run: python -m tests.vectors.pdq.make_vectors

LA.png and rgb.jpeg (noise) and their fingerprints are ThreatExchange's own test vectors
(python-threatexchange/threatexchange/tests/hashing/test_pdq_hasher.py; licence: LICENSE.ThreatExchange).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pdqhash

from tests.sandbox import patterns

# Only integer arithmetic in these, so that each machine draws the same picture.
PICTURES = [
    (kind, height, width, seed)
    for kind in ("blocks", "folded", "stripes", "ramp", "flat", "noise")
    for height, width, seed in ((5, 5, 1), (64, 64, 2), (97, 331, 3), (480, 640, 4), (601, 350, 5))
]


def main() -> None:
    vectors = []
    for kind, height, width, seed in PICTURES:
        luma = getattr(patterns, kind)(height, width, seed)
        turns, quality = pdqhash.compute_dihedral(np.repeat(luma[:, :, None], 3, axis=2))
        hexes = [np.packbits(turn.astype(bool)).tobytes().hex() for turn in turns]
        vectors.append({"picture": f"{kind}-{height}-{width}-{seed}", "quality": int(quality), "turns": hexes})
    Path(__file__).with_name("vectors.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
