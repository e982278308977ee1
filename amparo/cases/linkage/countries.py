"""Countries: for each account of a platform the candidate countries, each with its evidence, a confidence, and "not attributed".

    with open_base(folder, mapping, tables=COUNTRY_TABLES) as base:
        write_countries(base, Path("countries.parquet"))

Confidence is of a statement about an account: how often statements of that strength were right where the truth was known. It is
no property of a person. A country is said from 0.5 on; 0.9 and more only where two independent kinds of evidence agree.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from amparo.cases.linkage import countries_results as results
from amparo.cases.linkage.calibration import Calibration, load_calibration
from amparo.cases.linkage.countries_finding import MANY, SOME, find
from amparo.cases.tables.base import Base
from amparo.cases.tables.runs import write_run
from amparo.cases.tables.store import Progress, silent

VERSION = 1  # of the written columns
COUNTRY_TABLES = ("accounts", "identifiers", "events", "payments", "networks", "issuers")


def write_countries(
    base: Base,
    out: Path,
    *,
    links: Path | None = None,
    calibration: Calibration | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Writes `out`, its evidence table and its run beside it; returns the run. Same inputs, same bytes.

    links: a links.parquet, whose persons' accounts then speak for each other, as evidence of its own name.
    """
    store, weights = base.store, calibration or load_calibration()
    found = find(base, weights, links, progress)
    told = results.write(store, found, weights, base.names(), out)
    progress("written", told["written"]["accounts"])
    progress("written evidence", told["written"]["evidence"])
    run = base.facts() | {
        "engine": "countries",
        "version": VERSION,
        "parameters": {
            "links": links.name if links else None,
            "accounts_at_an_exit": MANY,
            "accounts_at_an_office": SOME,
        },
        "numpy": np.__version__,
        "written": told["written"],
        "addresses": asdict(found.addresses),
        "coverage": told["coverage"],
        "calibration": weights.told,
        "cautions": {word.partition(":")[0]: word for word in results.WORDS.values()},
    }
    return write_run(out, run)
