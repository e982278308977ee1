"""The JSON that tells a run of an engine over a platform's groups, and the names of the files beside its result."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from amparo.foundation.durable import write_whole


def beside(out: Path, what: str) -> Path:
    """The file of another table of the same run: circles.parquet, circles.ties.parquet."""
    return out.with_name(f"{out.stem}.{what}")


def told(base: Any, engine: str, version: int, parameters: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    """What every run says: the inputs by digest, the parameters and tools, how many rows came in and went out."""
    facts = base.facts()
    tools = {**facts.get("tools", {}), "python": platform.python_version(), "numpy": np.__version__}
    run = {"engine": engine, "version": version, "parameters": parameters, "written": counts}
    return {**facts, **run, "tools": {**tools, "duckdb": duckdb.__version__}}


def write_run(out: Path, run: dict[str, Any]) -> Path:
    """Writes the run beside its result, whole or not at all."""
    place = beside(out, "run.json")
    write_whole(place, (json.dumps(run, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode())
    return place
