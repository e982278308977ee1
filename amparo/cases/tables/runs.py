"""What every engine leaves beside its result: further tables, and the JSON that tells the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from amparo.foundation.durable import write_whole


def beside(out: Path, what: str) -> Path:
    """The file of another table of the same run: trace.parquet, trace.gaps.parquet."""
    return out.with_name(f"{out.stem}.{what}")


def as_json(told: Any) -> bytes:
    """The same bytes for the same values, to be read by people too. Days and moments as their own text."""
    return (json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True, default=str) + "\n").encode()


def write_run(out: Path, run: dict[str, Any]) -> dict[str, Any]:
    """The run, written beside its result, whole or not at all."""
    write_whole(beside(out, "run.json"), as_json(run))
    return run
