"""Rows found, written and changed one at a time, each statement built once: Django builds it anew each time it is used.

For what every report, act and item goes through, where building took most of the time; everywhere else the models' own managers do.
What is done is what they would do, but for signals, which nothing here listens to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

MOST_AT_ONCE = 100  # rows in one statement: SQLite takes 32 766 values

M = TypeVar("M", bound=models.Model)
Field = models.Field[Any, Any]


class _Selection(NamedTuple):
    """names: of the columns as they come. converted: those that the database keeps in another form, by their place."""

    sql: str
    names: tuple[str, ...]
    converted: tuple[tuple[int, Any], ...]


def find(model: type[M], *only: str, **equal: Any) -> M | None:
    """The first row (by its number) whose columns equal these (None: is null); None where there is none.

    only: the columns to read, where not all are wanted.
    """
    nulls = tuple(name for name, value in equal.items() if value is None)
    database = connections[DEFAULT_DB_ALIAS]
    sought = _selection(model, only, tuple(equal), nulls, database.vendor)
    values = [_field(model, name).get_db_prep_value(equal[name], database) for name in equal if name not in nulls]
    with database.cursor() as cursor:
        cursor.execute(sought.sql, values)
        found = cursor.fetchone()
    if found is None:
        return None
    columns = list(found)
    for place, column in sought.converted:
        for convert in (*database.ops.get_db_converters(column), *column.get_db_converters(database)):
            columns[place] = convert(columns[place], column, database)
    return model.from_db(database.alias, sought.names, columns)


@cache
def _selection(
    model: type[models.Model], only: tuple[str, ...], equal: tuple[str, ...], nulls: tuple[str, ...], vendor: str
) -> _Selection:
    every = model._base_manager.order_by()
    compiler = (every.only(*only) if only else every).query.get_compiler(using=DEFAULT_DB_ALIAS)
    sql, _ = compiler.as_sql()
    columns = [expression for expression, _, _ in compiler.select]
    converted = tuple((place, columns[place]) for place in compiler.get_converters(columns))
    where = " AND ".join(f"{_column(model, name)} {'IS NULL' if name in nulls else '= %s'}" for name in equal)
    sql = f"{sql} WHERE {where} ORDER BY {_table(model)}.{_column(model, 'id')} LIMIT 1"
    return _Selection(sql, tuple(each.target.attname for each in columns), converted)


def write(row: M) -> M:
    """The new row stands in the database, and knows its number."""
    ((row.pk,),) = _insert([row], returning=True)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def write_all(rows: Sequence[models.Model]) -> None:
    """The new rows, of one model, stand in the database; they don't learn their numbers."""
    for at in range(0, len(rows), MOST_AT_ONCE):
        _insert(rows[at : at + MOST_AT_ONCE], returning=False)


def _insert(rows: Sequence[models.Model], *, returning: bool) -> list[tuple[Any, ...]]:
    database = connections[DEFAULT_DB_ALIAS]
    sql, fields = _insertion(type(rows[0]), len(rows), returning, database.vendor)
    values = [each.get_db_prep_save(each.pre_save(row, add=True), database) for row in rows for each in fields]
    with transaction.mark_for_rollback_on_error(database.alias), database.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if returning else []


@cache
def _insertion(model: type[models.Model], rows: int, returning: bool, vendor: str) -> tuple[str, tuple[Field, ...]]:
    fields = tuple(each for each in model._meta.local_concrete_fields if not each.primary_key)
    columns = ", ".join(_column(model, each.name) for each in fields)
    values = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    told = f" RETURNING {_column(model, 'id')}" if returning else ""
    return f"INSERT INTO {_table(model)} ({columns}) VALUES {values}{told}", fields


def change(row: models.Model, *names: str) -> None:
    """The row's columns of these names stand in the database as they stand in the row."""
    database = connections[DEFAULT_DB_ALIAS]
    fields = [_field(type(row), name) for name in names]
    values = [each.get_db_prep_save(each.pre_save(row, add=False), database) for each in fields]
    with transaction.mark_for_rollback_on_error(database.alias), database.cursor() as cursor:
        cursor.execute(_changing(type(row), names, ("id",), "%s", database.vendor), [*values, row.pk])


def add(model: type[models.Model], counts: Mapping[str, int], **equal: Any) -> bool:
    """The counts of the rows whose columns equal these are so much greater; False where there is no such row."""
    database = connections[DEFAULT_DB_ALIAS]
    values = [_field(model, name).get_db_prep_value(equal[name], database) for name in equal]
    sql = _changing(model, tuple(counts), tuple(equal), "{column} + %s", database.vendor)
    with transaction.mark_for_rollback_on_error(database.alias), database.cursor() as cursor:
        cursor.execute(sql, [*counts.values(), *values])
        return bool(cursor.rowcount)


@cache
def _changing(model: type[models.Model], names: tuple[str, ...], equal: tuple[str, ...], to: str, vendor: str) -> str:
    columns = ", ".join(f"{(column := _column(model, name))} = {to.format(column=column)}" for name in names)
    where = " AND ".join(f"{_column(model, name)} = %s" for name in equal)
    return f"UPDATE {_table(model)} SET {columns} WHERE {where}"


def _table(model: type[models.Model]) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(model._meta.db_table)


def _column(model: type[models.Model], name: str) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(_field(model, name).column))


def _field(model: type[models.Model], name: str) -> Field:
    return cast("Field", model._meta.get_field(name))
