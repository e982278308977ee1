"""The Spark backend scores the same pairs alike: the links, and all files, are those of DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from amparo.cases.linkage import write_links
from amparo.cases.linkage.spark import java_is_there
from tests.cases.links_platform import groups, opened
from tests.cases.test_links import town


@pytest.mark.skipif(not java_is_there(), reason="Spark needs Java, which is not installed here")
def test_spark_and_duckdb_find_the_same_links_with_the_same_bits(tmp_path: Path) -> None:
    written = {}
    for backend in ("duckdb", "spark"):
        out = tmp_path / backend / "o.parquet"
        with opened(tmp_path / "platform", town()) as base:
            write_links(base, out, backend=backend, address="local[2]")
        written[backend] = out
    assert groups(written["spark"]) == groups(written["duckdb"]) != set()
    for name in ("o.parquet", "o.evidence.parquet", "o.bridges.parquet", "o.questions.parquet", "o.held-back.parquet"):
        assert written["spark"].with_name(name).read_bytes() == written["duckdb"].with_name(name).read_bytes(), name
