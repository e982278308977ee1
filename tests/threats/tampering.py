"""Changes one thing at a time in a stopped house and asks `amparo verify` each time.

AMPARO_HOME=... python -m tests.threats.tampering     one line of JSON for each tampering
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACT, CHECKPOINT, COPY, FILE, ITEM, SUBJECT = "act", "checkpoint", "copy", "sealed file", "item", "subject"
POSITION, NUMBER = 9, 2  # the act and the checkpoint that are tampered with

# Every column but the database's own numbers of checkpoints and subjects, which nobody is ever shown.
COLUMNS = {
    ACT: "id uuid kind at actor_kind actor_name actor power purpose ended about body digest position chain",
    CHECKPOINT: "number size root chain at frontier signature",
    ITEM: "id uuid name media_type size_bytes md5 sha1 sha256 origin parent_id derived compartment_id sealed_for_id"
    " wrapped_key sealed_size_bytes sealed_sha256 sealed_at",
    SUBJECT: "act_id uuid role",
}
TABLE = {ACT: "custody_act", CHECKPOINT: "custody_checkpoint", ITEM: "vault_item", SUBJECT: "custody_subject"}
# A row of each: in the middle of the record; with something in every column that can be empty.
ROW = {
    ACT: f"position = {POSITION}",
    CHECKPOINT: f"number = {NUMBER}",
    ITEM: "id = (SELECT max(id) FROM vault_item WHERE parent_id IS NOT NULL)",
    SUBJECT: f"id = (SELECT min(id) FROM custody_subject WHERE act_id = (SELECT id FROM custody_act WHERE position = {POSITION}))",
}
NAMED = {
    ACT: rf"Act {POSITION}\b",
    SUBJECT: r"Act \d+ ",
    CHECKPOINT: r"[Cc]heckpoint \d+",
    COPY: r"Checkpoint \d+",
    ITEM: r"item [0-9a-f-]{36}",
    FILE: r"item [0-9a-f-]{36}",
}


@dataclass(frozen=True)
class Tampering:
    """kind: what is tampered with. how: a column, or a word that `_done` knows. names: what the sentence must match."""

    kind: str
    how: str
    names: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.how}"


def _columns() -> Iterator[Tampering]:
    for kind, columns in COLUMNS.items():
        for column in columns.split():
            yield Tampering(kind, column, NAMED[kind])


# Rows removed, moved, doubled, forged, cut off the end.
STATEMENTS: dict[str, tuple[str, ...]] = {
    "act: removed": (f"DELETE FROM custody_act WHERE position = {POSITION}",),
    "act: two changed places": (
        f"UPDATE custody_act SET position = -1 WHERE position = {POSITION}",
        f"UPDATE custody_act SET position = {POSITION} WHERE position = {POSITION + 1}",
        f"UPDATE custody_act SET position = {POSITION + 1} WHERE position = -1",
    ),
    "act: doubled": (),
    "act: the last one unsealed": (
        "UPDATE custody_act SET position = NULL WHERE position = (SELECT max(position) FROM custody_act)",
    ),
    "act: the last ones and their checkpoint cut off": (
        "DELETE FROM custody_act WHERE position > (SELECT size FROM custody_checkpoint ORDER BY number DESC LIMIT 1 OFFSET 1)",
        "DELETE FROM custody_checkpoint WHERE number = (SELECT max(number) FROM custody_checkpoint)",
    ),
    "act: a digest made to fit a changed body": (),
    "checkpoint: removed": (f"DELETE FROM custody_checkpoint WHERE number = {NUMBER}",),
    "checkpoint: the last removed": (
        "DELETE FROM custody_checkpoint WHERE number = (SELECT max(number) FROM custody_checkpoint)",
    ),
    "checkpoint: two changed places": (
        f"UPDATE custody_checkpoint SET number = -1 WHERE number = {NUMBER}",
        f"UPDATE custody_checkpoint SET number = {NUMBER} WHERE number = {NUMBER + 1}",
        f"UPDATE custody_checkpoint SET number = {NUMBER + 1} WHERE number = -1",
    ),
    "checkpoint: doubled": (),
    "item: removed": ("DELETE FROM vault_item WHERE id = (SELECT max(id) FROM vault_item)",),
    "item: doubled": (),
    "subject: removed": (f"DELETE FROM custody_subject WHERE {ROW[SUBJECT]}",),
    "subject: added": (
        f"INSERT INTO custody_subject (uuid, role, act_id) SELECT uuid, 'case', act_id FROM custody_subject WHERE {ROW[SUBJECT]}",
    ),
}
# What can no longer be read at all must be named as well, not end in a traceback.
UNREADABLE = {
    "act: its fields no JSON": f"UPDATE custody_act SET about = '{{' WHERE position = {POSITION}",
    "act: its time no time": f"UPDATE custody_act SET at = 'never' WHERE position = {POSITION}",
    "act: its identifier none": f"UPDATE custody_act SET uuid = 'none' WHERE position = {POSITION}",
    "checkpoint: its time no time": f"UPDATE custody_checkpoint SET at = 'never' WHERE number = {NUMBER}",
}
COPIED = ("one byte", "a line removed", "two lines changed places", "a line doubled", "the file removed")
SEALED = ("one byte", "cut", "one byte more", "removed", "two changed places")

TAMPERINGS: tuple[Tampering, ...] = (
    *_columns(),
    *(Tampering(name.partition(": ")[0], name.partition(": ")[2], r"\d") for name in (*STATEMENTS, *UNREADABLE)),
    *(Tampering(COPY, how, NAMED[COPY]) for how in COPIED),
    *(Tampering(FILE, how, NAMED[FILE]) for how in SEALED),
)


def other(value: Any) -> Any:
    """The value with one byte, digit or letter changed to another of its kind."""
    if value is None:
        return "0" * 32
    if isinstance(value, int):
        return 1 - value if value in (0, 1) else value + 1
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    for place in reversed(range(len(value))):
        if value[place].isdigit():
            return value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]
    return f"{value[:-1]}{'x' if value[-1:] != 'x' else 'y'}" if value else "x"


def swapped(first: Path, second: Path) -> None:
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


@contextlib.contextmanager
def table_tampered(database: sqlite3.Connection, tampering: Tampering) -> Iterator[None]:
    """Inside, the table is tampered with and committed; afterwards it is as before."""
    kept = [TABLE[ACT], TABLE[CHECKPOINT], TABLE[SUBJECT], TABLE[ITEM]]
    for table in kept:
        database.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")
    try:
        _change(database, tampering)
        yield
    finally:
        for table in kept:
            database.execute(f"DELETE FROM {table}")
            database.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            database.execute(f"DROP TABLE kept_{table}")


def _change(database: sqlite3.Connection, tampering: Tampering) -> None:
    name = str(tampering)
    if name == "act: a digest made to fit a changed body":
        _forge(database)
    elif tampering.how == "doubled":
        _double(database, tampering.kind)
    elif name in STATEMENTS or name in UNREADABLE:
        for statement in STATEMENTS.get(name) or (UNREADABLE[name],):
            assert database.execute(statement).rowcount > 0, statement
    else:
        table, row, column = TABLE[tampering.kind], ROW[tampering.kind], tampering.how
        ((value,),) = database.execute(f"SELECT {column} FROM {table} WHERE {row}").fetchall()
        if column in {"id", "position", "number"}:
            value = 10_000_000  # a number that no other row has
        if column == "act_id":
            value = 0  # the first act instead, which has no such subject
        changed = database.execute(f"UPDATE {table} SET {column} = ? WHERE {row}", [other(value)])
        assert changed.rowcount == 1


def _double(database: sqlite3.Connection, kind: str) -> None:
    """The last row of the table a second time, under the next number; where rows have names, under another."""
    table = TABLE[kind]
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    last = f"id = (SELECT max(id) FROM {table})"
    values = dict(
        zip(columns, database.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE {last}").fetchone(), strict=True)
    )
    for unique in ("position", "number"):
        if unique in values:
            values[unique] += 1
    for unique in ("uuid", "name"):
        if unique in values:
            values[unique] = other(values[unique])
    marks = ", ".join("?" * len(values))
    database.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def _forge(database: sqlite3.Connection) -> None:
    """Body, column and digest of one act, as somebody would who knows how they are made."""
    from amparo.custody.proofs import digest_of

    body, name = database.execute(f"SELECT body, actor_name FROM custody_act WHERE position = {POSITION}").fetchone()
    forged = body.replace(f'"actor_name":"{name}"', '"actor_name":"somebody"')
    database.execute(
        f"UPDATE custody_act SET body = ?, actor_name = 'somebody', digest = ? WHERE position = {POSITION}",
        [forged, digest_of(forged.encode())],
    )


@contextlib.contextmanager
def file_tampered(home: Path, tampering: Tampering) -> Iterator[None]:
    """Inside, the copy of the checkpoints or a sealed file is tampered with; afterwards it is as before."""
    sealed = sorted(home.joinpath("vault").glob("??/*"))
    touched = [home / "custody" / "checkpoints.txt"] if tampering.kind == COPY else sealed[3:5]
    before = {path: path.read_bytes() for path in touched}
    path, content = touched[0], before[touched[0]]
    lines = content.splitlines(keepends=True)
    changed = {
        "one byte": other(content[:-20]) + content[-20:],
        "a line removed": b"".join(lines[:1] + lines[2:]),
        "two lines changed places": b"".join([lines[0], *lines[2:3], *lines[1:2], *lines[3:]]),
        "a line doubled": b"".join([*lines, lines[-1]]),
        "cut": content[:-1],
        "one byte more": content + b"\0",
    }
    if tampering.how.endswith("removed") and tampering.how != "a line removed":
        path.unlink()
    elif tampering.how == "two changed places":
        swapped(touched[0], touched[1])
    else:
        path.write_bytes(changed[tampering.how])
    try:
        yield
    finally:
        for each, whole in before.items():
            each.write_bytes(whole)


def verified() -> tuple[int, str]:
    """(exit status, the first broken link) of `amparo verify --json`; status -1 where it fell over."""
    from amparo.wiring.cli import main

    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            status = main(["verify", "--json"])
        return status, json.loads(told.getvalue())["first_broken"]
    except Exception as error:
        return -1, f"{type(error).__name__}: {error}"


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.wiring.settings")
    django.setup()
    home = Path(os.environ["AMPARO_HOME"])
    database = sqlite3.connect(home / "amparo.sqlite3", isolation_level=None)
    database.execute("PRAGMA ignore_check_constraints = ON")  # whoever writes to the file is not bound by them
    results = {"untouched": verified()}
    for each in TAMPERINGS:
        inside = file_tampered(home, each) if each.kind in (COPY, FILE) else table_tampered(database, each)
        with inside:
            results[str(each)] = verified()
    results["put back"] = verified()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
