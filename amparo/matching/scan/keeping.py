"""The plan, who looks at which content, and the end state of every file: what stands in the scan's file between two runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from amparo.matching.rules import Found
from amparo.matching.scan.facts import Read, Row, Wanted
from amparo.matching.scan.outcomes import MEDIA
from amparo.matching.scan.planning import CHUNK_BYTES, chunks_of
from amparo.matching.scan.store import Store
from amparo.matching.scan.tally import WAITING, Kept


def plan(store: Store) -> None:
    """Every file that waits to be examined is in a chunk. The first time that is all of them; doing it again changes nothing.

    Afterwards it is known too which sizes several files share: only those can be copies of each other.
    """
    with store.writing() as connection:
        if store.about("planned"):
            return
        connection.execute(
            "INSERT INTO shared_sizes SELECT size_bytes FROM files WHERE type = 'file' AND size_bytes > 0 "
            "GROUP BY size_bytes HAVING count(*) > 1"
        )
        _cut(connection)
        store.say(planned=True)
    store.commit()


def _cut(connection: sqlite3.Connection) -> int:
    """How many chunks were made of the files that wait and are in none yet."""
    last = connection.execute("SELECT coalesce(max(last_file), 0) FROM chunks WHERE NOT done").fetchone()[0]
    waiting = connection.execute(
        "SELECT files.id, size_bytes FROM files LEFT JOIN results ON results.file = files.id "
        "WHERE files.id > ? AND results.file IS NULL ORDER BY files.id",
        (last,),
    )
    chunks = [(each.first, each.last, each.files, each.size_bytes) for each in chunks_of(waiting)]
    connection.executemany("INSERT INTO chunks (first_file, last_file, files, size_bytes) VALUES (?, ?, ?, ?)", chunks)
    return len(chunks)


def chunks_left(store: Store) -> list[int]:
    """The chunks that are not done, those of one huge file first: begun last, it would keep a single core busy at the end."""
    return [
        number
        for (number,) in store.rows(
            "SELECT id FROM chunks WHERE NOT done ORDER BY files = 1 AND size_bytes > ? DESC, id", CHUNK_BYTES
        )
    ]


def wanted(store: Store, chunk: int) -> list[Wanted]:
    """The chunk's files that have no outcome yet, in the order of their numbers."""
    found = store.rows(
        "SELECT files.id, folders.device, folders.path, files.name, files.size_bytes, files.modified_us, "
        "shared_sizes.size_bytes IS NOT NULL "
        "FROM chunks JOIN files ON files.id BETWEEN chunks.first_file AND chunks.last_file "
        "JOIN folders ON folders.id = files.folder "
        "LEFT JOIN shared_sizes ON shared_sizes.size_bytes = files.size_bytes "
        "LEFT JOIN results ON results.file = files.id "
        "WHERE chunks.id = ? AND results.file IS NULL ORDER BY files.id",
        chunk,
    )
    return [
        Wanted(file, device, path, name, size_bytes, modified, bool(shared))
        for file, device, path, name, size_bytes, modified, shared in found
    ]


def first_with(store: Store, reads: Iterable[Read]) -> dict[int, int]:
    """For each file that was read: the file that is looked at for these bytes. The first to ask is that file, for good."""
    with store.writing() as connection:
        return {
            each.file: connection.execute(
                "INSERT INTO contents VALUES (?, ?) ON CONFLICT DO UPDATE SET file = file RETURNING file",
                (each.sha256, each.file),
            ).fetchone()[0]
            for each in reads
        }


def keep(store: Store, rows: Sequence[Row], devices: Mapping[int, int], done: int | None = None) -> None:
    """These files have ended. devices: file -> its device. done: the chunk that has ended with them."""
    with store.writing() as connection:
        for row in rows:
            settled = _settled_like_its_first(connection, row)
            if _entered(connection, row, settled):
                outcome, reason, kind = settled[:3]
                what = Kept(devices[row.read.file], outcome, reason, kind in MEDIA, bool(row.copy_of))
                store.tally.add(what, 1, row.read.size_bytes)
        if done is not None:
            connection.execute("UPDATE chunks SET done = 1 WHERE id = ?", (done,))


# Outcome, reason, kind, media type, look.
_Settled = tuple[str, str, str, str, bytes | None]


def _settled_like_its_first(connection: sqlite3.Connection, row: Row) -> _Settled:
    """The row's own end state; for a copy that of the file looked at in its place, if that one has ended well."""
    if row.outcome is not None:
        return row.outcome.value, row.reason, row.kind, row.media_type, row.look or None
    first = connection.execute(
        "SELECT outcome, reason, kind, media_type, look FROM results WHERE file = ? AND sha256 = ? AND outcome <> ?",
        (row.copy_of, row.read.sha256, WAITING),
    ).fetchone()
    return first or (WAITING, "", "", "", None)


def _entered(connection: sqlite3.Connection, row: Row, settled: _Settled) -> bool:
    """Whether this is the file's first end: what was worked on twice counts once."""
    read = row.read
    outcome, reason, kind, media_type, look = settled
    digests = (read.md5 or None, read.sha1 or None, read.sha256 or None)
    new = connection.execute(
        "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (read.file, outcome, reason, kind, media_type, *digests, look, row.copy_of or None),
    ).rowcount
    if not new:
        return False
    if read.sha256:
        # Between the walk and the reading the file may have become another: the line says what was read.
        connection.execute(
            "UPDATE files SET size_bytes = ?1, modified_us = ?2 WHERE id = ?3 AND (size_bytes, modified_us) IS NOT (?1, ?2)",
            (read.size_bytes, read.modified_us, read.file),
        )
    for hit in row.hits:
        connection.execute(
            "INSERT INTO hits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (read.file, *_as_kept(hit)),
        )
    return True


def _as_kept(hit: Found) -> tuple[object, ...]:
    how = (hit.kind.value, hit.digest, hit.distance_bits, hit.framing, hit.turn, hit.at_ms, hit.frames)
    return (str(hit.list), hit.row, *how, hit.scheme, hit.code)


def end(store: Store) -> bool:
    """Whether every file has its outcome; False where there are chunks to do. To be asked when no chunk is left.

    Copies get the outcome of the file that was looked at for them. Where that one could not be opened any more, or had become
    another, the next copy is looked at in its place.
    """
    with store.writing() as connection:
        connection.execute(
            "UPDATE results SET outcome = first.outcome, reason = first.reason, kind = first.kind, "
            "media_type = first.media_type, look = first.look FROM results AS first "
            "WHERE results.outcome = ? AND first.file = results.copy_of AND first.sha256 = results.sha256 AND first.outcome <> ?",
            (WAITING, WAITING),
        )
        connection.execute(
            "DELETE FROM contents WHERE file IN (SELECT copy_of FROM results WHERE outcome = ?)", (WAITING,)
        )
        connection.execute("DELETE FROM results WHERE outcome = ?", (WAITING,))
        made = _cut(connection)
        _count_again(store, connection)
    store.commit()
    return not made


def _count_again(store: Store, connection: sqlite3.Connection) -> None:
    """The tally from the rows themselves: what was counted as it went is now what stands there."""
    media = ", ".join(f"'{each}'" for each in sorted(MEDIA))
    connection.execute("DELETE FROM tally WHERE outcome <> 'found'")
    connection.execute(
        "INSERT INTO tally SELECT device, outcome, reason, kind IN (" + media + "), copy_of IS NOT NULL, count(*), "
        "sum(CASE type WHEN 'file' THEN size_bytes ELSE 0 END) "
        "FROM results JOIN files ON files.id = results.file JOIN folders ON folders.id = files.folder GROUP BY 1, 2, 3, 4, 5"
    )
    store.count_again()
