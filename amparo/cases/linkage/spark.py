"""Pairs scored by splink's Spark backend, beyond what one machine holds: the same records, pairs and model as on DuckDB.

Nothing here is imported unless the Spark backend is asked for. Spark reads and writes Parquet in the store's work folder; of its
session nothing leaves this machine unless `address` names another master, which then must reach that folder.
"""

# mypy: ignore-errors

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from amparo.cases.tables.store import Store, literal
from amparo.foundation.errors import Refused

LOCAL = "local[2]"


def java_is_there() -> bool:
    """Whether Spark can start here: it needs Java."""
    home = os.environ.get("JAVA_HOME")
    return bool(shutil.which("java") or (home and (Path(home) / "bin" / "java").exists()))


def scored_by_spark(store: Store, pairs: str, into: str, settings: dict[str, Any], address: str) -> None:
    """Makes the table `into` as scoring.score does. Refused where Spark or Java is missing."""
    try:
        from pyspark.sql import SparkSession
        from splink import Linker, SparkAPI
    except ImportError as error:
        raise Refused(
            "Spark is not installed: install amparo with its extra spark, or leave --spark out and DuckDB scores the pairs."
        ) from error
    from amparo.cases.linkage.scoring import scored_columns

    if not java_is_there():
        raise Refused("Spark needs Java 17: install it, or leave --spark out and DuckDB scores the pairs.")
    place = store.work / "spark"
    place.mkdir()
    rows, blocked, result = (str(place / f"{name}.parquet") for name in ("records", "pairs", "scored"))
    store.run(f"COPY records TO {literal(rows)} (FORMAT parquet)")
    store.run(
        f"COPY (SELECT '0' AS match_key, a AS join_key_l, b AS join_key_r FROM {pairs}) TO {literal(blocked)} (FORMAT parquet)"
    )
    session = _session(SparkSession, address or LOCAL, place)
    try:
        # Splink's own jar of string functions is not needed: lists, numbers and equal texts are compared.
        api = SparkAPI(spark_session=session, register_udfs_automatically=False, break_lineage_method="persist")
        linker = Linker(api.register(session.read.parquet(rows)), settings, log_level=None)
        linker.table_management.register_blocked_pairs_for_predict(api.register(session.read.parquet(blocked)))
        found = linker.inference.predict(warning_mode="never").as_spark_dataframe()
        found.selectExpr(*_split(scored_columns())).write.parquet(result)
    finally:
        session.stop()
    store.run(f"CREATE OR REPLACE TABLE {into} AS SELECT * FROM read_parquet({literal(result + '/*.parquet')})")
    shutil.rmtree(place)


def _session(factory: Any, address: str, place: Any) -> Any:
    """A session that serves no page, listens to nobody but itself, and keeps what it spills in the work folder."""
    return (
        factory.builder.master(address)
        .appName("amparo-links")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.local.dir", str(place / "spilled"))
        .config("spark.sql.warehouse.dir", str(place / "warehouse"))
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )


def _split(columns: str) -> list[str]:
    """The columns of a SELECT, at the commas that stand in no bracket."""
    found, depth = [""], 0
    for sign in columns:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return [each.strip() for each in found]
