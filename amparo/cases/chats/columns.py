"""Numbers of many rows at once, without an object kept for each: a large case has a million stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet

FETCH = 50_000


def fetched(rows: QuerySet[Any, Any], columns: int) -> np.ndarray:
    """What a `values_list` of whole numbers gives, as int64 (rows, columns); of one column flat."""
    sql, values = rows.query.sql_with_params()
    parts = [np.empty((0, columns), np.int64)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        while some := cursor.fetchmany(FETCH):
            parts.append(np.array(some, np.int64))
    found = np.concatenate(parts)
    return found[:, 0] if columns == 1 else found
