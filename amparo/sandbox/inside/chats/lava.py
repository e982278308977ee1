"""LAVA, what iLEAPP, ALEAPP and their kin write: the talks among the tables of `_lava_artifacts.db`.

Which tables are talks, and what their columns mean, stands in `_lava_data.lava` beside it (`data_views`). Where only the tables
were handed over, those are read whose columns' names say it, and the reading says so. Times are UTC, as LAVA keeps them.
"""

from __future__ import annotations

# Python's own SQLite, whatever a house's database uses in its place: it alone reads tables from memory.
import _sqlite3 as sqlite3
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.media import declared_type_of
from amparo.sandbox.inside.chats.writing import Writer
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

_MAGIC = b"SQLite format 3\0"
_NAMES = ("_lava_media_items", "_artifact_search_patterns")
_OWN = tuple(name.encode(charset) for name in _NAMES for charset in ("ascii", "utf-16-le", "utf-16-be"))
# Where the header says how the file is written: by a log beside it, which tables in memory can't have.
_JOURNAL = slice(18, 20)
_ROW_NUMBERS = ("rowid", "_rowid_", "oid")
_MANIFEST = "_lava_data.lava"
# Python's SQLite reads tables from a file by its name or from memory, and there are no names here.
_TABLES_BYTES, _MANIFEST_BYTES = 400 << 20, 32 << 20
_PARTS = {
    "chat": "conversationDiscriminatorColumn", "label": "conversationLabelColumn", "text": "textColumn", "time": "timeColumn",
    "direction": "directionColumn", "sender": "senderColumn", "media": "mediaColumn", "owner": "sentMessageLabelColumn",
}  # fmt: skip
_OLD_NAMES = {
    "conversationDiscriminatorColumn": "threadDiscriminatorColumn",
    "conversationLabelColumn": "threadLabelColumn",
}
_USUAL = {
    "time": ("timestamp", "message_timestamp", "message_time", "sent_time", "date", "time", "created"),
    "text": ("message", "message_text", "body", "text", "content", "message_content"),
    "sender": ("sender", "sender_name", "author", "from", "from_id", "message_sender", "sender_id"),
    "chat": ("thread_id", "chat_id", "conversation_id", "thread", "chat", "group_id", "conversation"),
    "label": ("conversation_with", "conversation_name", "chat_name", "group_name", "conversation"),
    "direction": ("direction", "message_direction", "from_me"),
    "media": ("attachments", "attachment", "media", "attachment_file"),
}  # fmt: skip
_SENT = {"outgoing", "sent", "1", "true", "yes", "from me"}
_LOCAL = "Local User"


@dataclass(frozen=True)
class _View:
    """A table that is a talk. columns: by part, see _PARTS; others: the rest.

    sent: the direction's value for what the device's owner wrote.
    """

    table: str
    name: str
    columns: Mapping[str, str]
    sent: str = ""
    owner: str = ""
    others: tuple[str, ...] = ()


def begins(head: bytes) -> bool:
    """Whether the first page of tables names LAVA's own."""
    return head.startswith(_MAGIC) and any(name in head for name in _OWN)


def read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    """Writes the reading (chats/__init__.py) and gives its counts. Raises Unreadable for tables that can't be opened."""
    content = data.read(_TABLES_BYTES + 1)
    if len(content) > _TABLES_BYTES:
        raise Unreadable(
            "too_big", f"These tables are larger than the {_TABLES_BYTES >> 20} MB that Amparo reads of them."
        )
    writer = Writer(
        sink, FORMAT.name, {"date_order": "ymd", "alternatives": [], "date_order_evidence": [times.EVIDENCE]}
    )
    try:
        with closing(sqlite3.connect(":memory:")) as tables:
            tables.deserialize(content[: _JOURNAL.start] + b"\x01\x01" + content[_JOURNAL.stop :])
            del content
            tables.text_factory = _as_text
            tables.execute("PRAGMA trusted_schema = OFF")
            views, said = _views(tables, _manifest(beside(_MANIFEST)))
            reader = _Reader(writer, tables)
            for view in views:
                try:
                    reader.table(view)
                except (sqlite3.Error, OverflowError) as error:
                    # The others may be whole.
                    writer.unsupported(f"Here the table {view.table} is damaged: {error}", writer.lines)
    except (sqlite3.Error, OverflowError) as error:
        if not writer.lines:
            raise Unreadable("malformed", "These tables are damaged.") from error
        writer.unsupported(f"Here the tables are damaged: {error}", writer.lines)
    return writer.close(views=[view.name for view in views], views_from=said)


def _as_text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _manifest(file: BinaryIO | None) -> Mapping[str, Any]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read(_MANIFEST_BYTES))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _views(tables: sqlite3.Connection, manifest: Mapping[str, Any]) -> tuple[list[_View], str]:
    """The tables that are talks, and where that is known from."""
    rows = tables.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
    there = {name: _columns(tables, name) for (name,) in rows.fetchall() if not name.startswith(("_", "sqlite_"))}
    declared = [view for each in _artifacts(manifest) if (view := _declared(each, there))]
    if declared:
        # Two artifacts may show one table.
        return list({view.table: view for view in reversed(declared)}.values())[::-1], "data_views"
    guessed = [view for name, columns in there.items() if (view := _guessed(name, columns))]
    return guessed, "the names of columns"


def _columns(tables: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in tables.execute(f"PRAGMA table_info({_name(table)})")]


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _artifacts(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    categories = manifest.get("artifacts")
    for entries in categories.values() if isinstance(categories, dict) else (categories,):
        yield from (each for each in entries if isinstance(each, dict)) if isinstance(entries, list) else ()


def _declared(artifact: Mapping[str, Any], there: Mapping[str, list[str]]) -> _View | None:
    views, table = artifact.get("data_views"), artifact.get("tablename")
    view = (views.get("conversation") or views.get("chat")) if isinstance(views, dict) else None
    if not isinstance(view, dict) or not isinstance(table, str) or table not in there:
        return None
    columns: dict[str, str] = {}
    for part, key in _PARTS.items():
        wished = view.get(key) or view.get(_OLD_NAMES.get(key, ""))
        # Old manifests name columns as people read them, not as the table does.
        if column := next(
            (each for each in there[table] if isinstance(wished, str) and each in (wished, _plain(wished))), ""
        ):
            columns[part] = column
    if "text" not in columns and "media" not in columns:
        return None
    sent, owner = view.get("directionSentValue"), view.get("sentMessageStaticLabel")
    name = str(artifact.get("name") or table)
    sent = int(sent) if isinstance(sent, bool) else sent
    return _View(
        table, name, columns, "" if sent is None else str(sent), str(owner or ""), _others(there[table], columns)
    )


def _plain(name: str) -> str:
    """A column's name as people read it, as the table has it."""
    return re.sub(r"\s+", "_", re.sub(r"[^\w\s]", "", name)).lower()


def _others(there: list[str], columns: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in there if name not in columns.values())


def _guessed(table: str, there: list[str]) -> _View | None:
    plain = {_plain(name): name for name in reversed(there)}
    columns = {
        part: plain[found]
        for part, names in _USUAL.items()
        if (found := next((name for name in names if name in plain), ""))
    }
    if {"text", "time"} <= set(columns) and ({"sender", "direction"} & set(columns)):
        return _View(table, table, columns, others=_others(there, columns))
    return None


class _Reader:
    def __init__(self, writer: Writer, tables: sqlite3.Connection) -> None:
        self._writer, self._tables = writer, tables

    def table(self, view: _View) -> None:
        """Its rows in their order, each a message."""
        wished = ", ".join(_name(column) for column in (*view.columns.values(), *view.others))
        taken = {name.lower() for name in (*view.columns.values(), *view.others)}
        number = next((name for name in _ROW_NUMBERS if name not in taken), "")
        order = f" ORDER BY {number}" if number and self._has(view.table, number) else ""
        for row in self._tables.execute(f"SELECT {wished} FROM {_name(view.table)}{order}"):  # noqa: S608 - quoted
            self._writer.lines += 1
            others = zip(view.others, row[len(view.columns) :], strict=True)
            self._row(
                view,
                dict(zip(view.columns, row, strict=False)),
                {name: said for name, each in others if (said := _text(each))},
            )

    def _has(self, table: str, number: str) -> bool:
        """Whether its rows are numbered: those of tables made without are in the order of their keys."""
        try:
            self._tables.execute(f"SELECT {number} FROM {_name(table)} LIMIT 0")  # noqa: S608 - quoted
        except sqlite3.OperationalError:
            return False
        return True

    def _row(self, view: _View, row: dict[str, Any], other: dict[str, str]) -> None:
        writer = self._writer
        raw = _text(row.get("time"))
        # Nothing is said in 1970: 0 stands for a moment that nobody knows.
        ts = times.of_number(raw) if raw.strip("0.") else None
        offset = "+00:00" if ts else ""
        if raw and not ts:
            ts, offset = times.wall_clock(raw)
        if offset:
            writer.offset(offset)
        chat, label = _text(row.get("chat")), _text(row.get("label"))
        writer.in_chat(f"{view.table}\n{chat}", chat, label or chat, view.name)
        direction = _text(row.get("direction"))
        sent = direction == view.sent if view.sent else direction.lower() in _SENT
        sender = _text(row.get("sender"))
        if sent:
            sender = view.owner or _text(row.get("owner")) or sender or _LOCAL
        files = [self._file(each) for each in _references(_text(row.get("media")))]
        writer.message(
            ts, sender or label or chat, "media" if files else "text", _text(row.get("text")), files[0] if files else None,
            raw=raw, place=writer.lines, offset=offset, files=files if len(files) > 1 else None, direction=direction, other=other,
        )  # fmt: skip

    def _file(self, reference: str) -> dict[str, object]:
        try:
            found = self._tables.execute(
                "SELECT r.name, i.extraction_path, i.type, i.source_path FROM _lava_media_references r"
                " LEFT JOIN _lava_media_items i ON r.media_item_id = i.id WHERE r.id = ?",
                (reference,),
            ).fetchone()
        except sqlite3.Error:
            found = None
        shown, path, declared, source = map(_text, found or ("", "", "", ""))
        name = shown or (path or source or reference).replace("\\", "/").rpartition("/")[2]
        return {"name": name, "type": declared_type_of(declared, name), "omitted": not path}


def _references(value: str) -> list[str]:
    """One reference, or a JSON list of them."""
    if value.startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
        return [_text(each) for each in found if each] if isinstance(found, list) else [value]
    return [value] if value else []


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else "" if value is None else str(value)


FORMAT = Format("lava", begins, read)
