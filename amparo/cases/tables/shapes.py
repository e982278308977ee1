"""The tables of a platform's base: which fields each has, what kind they are, which a record must have."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_NAME = 1000
KINDS = ("email", "phone", "device", "token", "handle", "external")  # of further identifiers


@dataclass(frozen=True)
class Field:
    """kind: text, word (translated by [source.kinds]), time, integer, amount, boolean, country or address."""

    name: str
    kind: str = "text"
    needed: bool = False

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The columns that it becomes, with their types."""
        if self.kind == "time":
            return (f"{self.name}_utc", "TIMESTAMP"), (f"{self.name}_wall", "TIMESTAMP")
        if self.kind == "amount":
            return ((f"{self.name}_minor", "BIGINT"),)
        return ((self.name, {"integer": "BIGINT", "port": "INTEGER", "boolean": "BOOLEAN"}.get(self.kind, "VARCHAR")),)


_ACCOUNT = Field("account", needed=True)
TABLES: dict[str, tuple[Field, ...]] = {
    "accounts": (
        _ACCOUNT,
        Field("created", "time"),
        *(Field(name) for name in ("handle", "name", "email", "phone", "locale", "zone")),
        Field("country", "country"),
        Field("stated_person"),
    ),
    "identifiers": (
        _ACCOUNT,
        Field("kind", "word", needed=True),
        Field("value", needed=True),
        Field("first", "time"),
        Field("last", "time"),
    ),
    "events": (
        _ACCOUNT,
        Field("at", "time", needed=True),
        Field("kind", "word"),
        Field("address", "address"),
        Field("port", "port"),
        Field("device"),
        Field("item"),
        Field("country", "country"),
    ),
    "payments": (
        _ACCOUNT,
        Field("at", "time"),
        Field("token"),
        Field("issuer_country", "country"),
        Field("issuer"),
        Field("amount", "amount"),
        Field("currency"),
        Field("reference"),
        Field("address", "address"),
        Field("kind", "word"),
    ),
    "items": (
        Field("item", needed=True),
        Field("account"),
        Field("at", "time"),
        Field("duration_s", "integer"),
        Field("kind", "word"),
    ),
    "memberships": (
        _ACCOUNT,
        Field("group", needed=True),
        Field("since", "time"),
        Field("until", "time"),
        Field("role", "word"),
        Field("added_by"),
    ),
    "posts": (
        _ACCOUNT,
        Field("group", needed=True),
        Field("at", "time"),
        Field("item"),
        Field("forwarded", "boolean"),
    ),
}
UNIT_TABLES = {
    "networks": "first UHUGEINT, last UHUGEINT, country VARCHAR",
    "issuers": "prefix VARCHAR, country VARCHAR",
}
EVERY = (*TABLES, *UNIT_TABLES)


def columns_of(table: str) -> tuple[tuple[str, str], ...]:
    """A table's columns and their types, without file and row."""
    return tuple(column for field in TABLES[table] for column in field.columns)
