"""The JSON that tells a run of an engine over a platform's groups."""

from __future__ import annotations

import platform
from typing import Any

import duckdb
import numpy as np


def told(base: Any, engine: str, version: int, parameters: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    """What every run says: the inputs by digest, the parameters and tools, how many rows came in and went out."""
    facts = base.facts()
    tools = {**facts.get("tools", {}), "python": platform.python_version(), "numpy": np.__version__}
    run = {"engine": engine, "version": version, "parameters": parameters, "written": counts}
    return {**facts, **run, "tools": {**tools, "duckdb": duckdb.__version__}}
