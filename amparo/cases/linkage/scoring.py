"""Pairs compared and scored by splink, on DuckDB or on Spark: the same model, the same pairs, the same numbers.

Splink is given our own candidate pairs and our own weights (`weighing`); it makes the comparisons and the waterfall.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from amparo.cases.linkage.model import FIELDS, Field, level_sql
from amparo.cases.linkage.weighing import Weights
from amparo.cases.tables.store import Store

BACKENDS = ("duckdb", "spark")


def gamma(field: Field) -> str:
    """The column that says which level of this field a pair has: -1 nothing stated, 0 none agrees, then the weakest level."""
    return f"gamma_{field.name}"


def splink_settings(fields: tuple[Field, ...], dialect: str, weights: Weights | None = None) -> dict[str, Any]:
    """The model as splink reads it. Without weights: what model.py begins with."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "probability_two_random_records_match": weights.same_share if weights else 1e-6,
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [_comparison(field, dialect, weights) for field in fields],
        "retain_matching_columns": True,  # else it leaves out which level each pair has
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(field: Field, dialect: str, weights: Weights | None) -> dict[str, Any]:
    levels: list[dict[str, Any]] = []
    if field.missing:
        levels.append({"sql_condition": field.missing, "label_for_charts": "not stated", "is_null_level": True})
    levels += [
        {
            "sql_condition": level_sql(level, dialect),
            "label_for_charts": level.words,
            "m_probability": weights.same[field.name][level.name] if weights else level.same,
            "u_probability": weights.chance[field.name][level.name] if weights else level.chance,
        }
        for level in field.levels
    ]
    levels.append(
        {
            "sql_condition": "ELSE",
            "label_for_charts": "no agreement",
            "m_probability": weights.same[field.name][""] if weights else 1 - sum(each.same for each in field.levels),
            "u_probability": weights.chance[field.name][""]
            if weights
            else 1 - sum(each.chance for each in field.levels),
        }
    )
    return {"output_column_name": field.name, "comparison_levels": levels}


def score(
    store: Store, pairs: str, into: str, *, weights: Weights | None = None, backend: str = "duckdb", address: str = ""
) -> None:
    """Makes the table `into`: a, b, for each field gamma_x and mw_x (bits), and match_weight (their sum with the prior's).

    pairs: a table with the columns a and b.
    """
    # It would warn of each field in which nothing can be missing, on the officer's screen.
    logging.getLogger("splink").setLevel(logging.ERROR)
    if backend == "spark":
        from amparo.cases.linkage.spark import scored_by_spark

        scored_by_spark(store, pairs, into, splink_settings(FIELDS, "spark", weights), address)
        return
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=store.con)
    store.run(
        f"CREATE OR REPLACE VIEW blocked AS SELECT '0' AS match_key, a AS join_key_l, b AS join_key_r FROM {pairs}"
    )
    linker = Linker(api.register("records"), splink_settings(FIELDS, "duckdb", weights), log_level=None)
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
    found = linker.inference.predict(warning_mode="never").physical_name
    store.run(f"CREATE OR REPLACE TABLE {into} AS SELECT {scored_columns()} FROM {found}")
    linker.table_management.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    store.run("DROP VIEW blocked")


def scored_columns() -> str:
    """What is kept of splink's result, rounded where a sum's last bits may differ."""
    fields = ", ".join(
        f"CAST({gamma(each)} AS INTEGER) AS {gamma(each)}, round(mw_{each.name}, 6) AS mw_{each.name}"
        for each in FIELDS
    )
    return f"least(n_l, n_r) AS a, greatest(n_l, n_r) AS b, {fields}, round(match_weight, 6) AS match_weight"


def patterns_of(store: Store, table: str) -> tuple[np.ndarray, np.ndarray]:
    """The different patterns of agreement, in order (patterns, fields), and how many pairs have each."""
    columns = ", ".join(gamma(each) for each in FIELDS)
    found = store.rows(f"SELECT {columns}, count(*) FROM {table} GROUP BY ALL ORDER BY ALL")
    cells = np.array(found, np.int64).reshape(-1, len(FIELDS) + 1)
    return cells[:, :-1].astype(np.int8), cells[:, -1].astype(np.float64)
