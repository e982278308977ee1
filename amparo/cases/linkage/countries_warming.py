"""Compiles the hot loops of countries, so that a process may afterwards lose the right to write beside its code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from amparo.cases.linkage.calibration import load_calibration
from amparo.cases.linkage.countries_events import COLUMNS, Events, Gathered, agreement, holders, hours, seen, year
from amparo.cases.linkage.countries_finding import Addresses, Found, _evidence, _rows
from amparo.cases.linkage.countries_marks import found_by, read_marked, table_of
from amparo.cases.linkage.countries_named import codes
from amparo.cases.linkage.countries_results import answered, noted_of
from amparo.cases.linkage.countries_weighing import no_clocks, weigh


def warm() -> None:
    """All steps of `countries` on one event of one of two accounts. What was compiled before is only found again."""
    calibration, places = load_calibration(), len(codes())
    marks, family, number = np.ones(1, np.uint64), np.zeros(1, np.int8), np.zeros((3, 1), np.int64)
    read_marked(np.frombuffer(b"1 192.0.2.1", np.uint8), marks, family, marks.copy(), number[0], number[1])
    table, _ = table_of(marks, 16)
    gathered = Gathered(2)
    address = found_by(marks, table, marks, np.zeros(1, np.int32))
    event = {name: np.zeros(1, kind) for name, kind in COLUMNS.items()}
    gathered.take(event | {"address": address, "account": np.zeros(1, np.int32)})
    part = Events(0, *gathered.in_order())
    located: Any = SimpleNamespace(networks=SimpleNamespace(place=np.zeros(1, np.int16)), parts=lambda: [part])
    holders(located), hours(located), year(located)
    rows = _rows(calibration, {}, seen(located, np.zeros(1, np.int8)), 2)
    evidence = _evidence(rows, 2)
    weighed = weigh(evidence, calibration, places, no_clocks(2, places))
    agreement(located, np.ones(1, np.bool_), evidence.start, evidence.place, weighed.post, 0.5)
    found = Found(2, rows, weighed.row, weighed, Addresses(*[0] * 7), 0, 0.0)
    noted_of(rows, found.weight, answered(found, calibration)["best"])
