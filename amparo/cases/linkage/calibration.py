"""What a chance is worth: how often statements of that chance were right on accounts whose country was known.

The file calibration.toml is fitted by `python -m benchmarks.countries --fit` and says on what, when and how. The curve is monotone
(isotonic): more evidence never makes a statement less sure. It is cautious: 0.9 and more is said only from a chance on from which
on, all in all, at least `sure` of the statements were right.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amparo.cases.linkage.countries_named import places

FILE = Path(__file__).with_name("calibration.toml")
SURE = 0.9  # what the word "sure" means in figures
UNSURE = 0.89  # the most that is said of what is not sure
HIGHEST = 0.9999
CURVES = ("one", "two", "more")


@dataclass(frozen=True)
class Calibration:
    """kinds: their names, by number. right, strength, lowest, highest, slope, families: by kind.

    curves: log-odds and confidence, for one family of evidence that names a place, for two, and for more.
    """

    kinds: tuple[str, ...]
    right: np.ndarray
    strength: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    slope: np.ndarray
    families: np.ndarray
    defaults: dict[int, tuple[int, float]]
    curves: tuple[tuple[np.ndarray, np.ndarray], ...]
    told: dict[str, Any]

    def number(self, kind: str) -> int:
        return self.kinds.index(kind)

    def of(self, chance: np.ndarray, families: np.ndarray) -> np.ndarray:
        """The confidence of each chance, by how many families of evidence name the place: between the curve's points a line
        over log-odds; 0 for 0."""
        found = np.zeros(len(chance))
        for number, (scores, said) in enumerate(self.curves, 1):
            there = (families >= number) if number == len(self.curves) else (np.maximum(families, 1) == number)
            found[there] = np.interp(log_odds(chance[there]), scores, said)
        found = np.where(chance < SURE, np.minimum(found, UNSURE), found)  # between two points the line may cross
        return np.asarray(np.where(chance > 0, np.minimum(found, HIGHEST), 0.0))


def log_odds(chance: np.ndarray) -> np.ndarray:
    """Natural log-odds, within what a 64-bit float can tell from 1."""
    held = np.clip(chance, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(held / (1 - held)))


def load_calibration(file: Path = FILE) -> Calibration:
    """The shipped weights, or another file's of the same shape."""
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    kinds = told.pop("kinds")
    families = sorted({str(each["family"]) for each in kinds.values()})

    def column(name: str) -> np.ndarray:
        return np.array([float(each[name]) for each in kinds.values()])

    curves = told.pop("curves")
    return Calibration(
        kinds=tuple(kinds),
        right=column("right"),
        strength=column("strength"),
        lowest=column("lowest"),
        highest=column("highest"),
        slope=column("slope"),
        families=np.array([families.index(str(each["family"])) for each in kinds.values()]),
        defaults={
            number: (places()[str(each["default"])], float(each["default_share"]))
            for number, each in enumerate(kinds.values())
            if "default" in each
        },
        curves=tuple(
            (np.array(curves[each]["log_odds"], float), np.array(curves[each]["confidence"], float)) for each in CURVES
        ),
        told=told,
    )


def monotone(score: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Isotonic regression by pooling adjacent violators: each step's lowest score, share right and count, by score."""
    order = np.argsort(score, kind="stable")
    values, first = np.unique(score[order], return_index=True)
    counts = np.diff([*first.tolist(), len(score)]).astype(float)
    sums = np.add.reduceat(right[order].astype(float), first)
    stack: list[tuple[float, float, float]] = []  # lowest score, right, count
    for at, total, count in zip(values.tolist(), sums.tolist(), counts.tolist(), strict=True):
        here = (at, total, count)
        while stack and stack[-1][1] * here[2] >= here[1] * stack[-1][2]:
            low, before, many = stack.pop()
            here = (low, before + here[1], many + here[2])
        stack.append(here)
    made = np.array(stack, float).reshape(-1, 3)
    return made[:, 0], made[:, 1] / made[:, 2], made[:, 2]


def reliability(confidence: np.ndarray, right: np.ndarray, bands: int = 10) -> list[dict[str, float]]:
    """By band of confidence: how many, what was said on average, what was right."""
    band = np.minimum((confidence * bands).astype(int), bands - 1)
    rows = []
    for each in range(bands):
        there = band == each
        if there.any():
            rows.append(
                {
                    "from": each / bands,
                    "count": int(there.sum()),
                    "said": float(confidence[there].mean()),
                    "right": float(right[there].mean()),
                }
            )
    return rows


def gap(confidence: np.ndarray, right: np.ndarray, bands: int = 10) -> float:
    """The expected calibration error: the mean distance of what was said from what was right, over bands of confidence."""
    rows = reliability(confidence, right, bands)
    return sum(row["count"] * abs(row["said"] - row["right"]) for row in rows) / max(1, len(confidence))
