"""The manifest: one line for everything that stood in the trees, in the order of devices, folders and names.

Made from the scan's file alone, so that the same scan gives the same bytes whenever it is asked. As JSON lines it is complete; as
CSV it has each file's strongest hit and how many there are, for a spreadsheet. The digest list is checked by `sha256sum -c` in
the folder where the device is mounted.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from amparo.matching.scan.reading import View
from amparo.matching.scan.tree import joined

Line = dict[str, Any]

MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv", "sha256": "text/plain"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 500
_FOLDERS = "SELECT path, first_file, last_file FROM folders WHERE device = ? AND last_file >= first_file ORDER BY path"
_FILES = """
SELECT files.id, name, type, size_bytes, modified_us, accessed_us, changed_us,
    outcome, reason, kind, media_type, hex(md5), hex(sha1), hex(sha256), hex(look), copy_of
FROM files LEFT JOIN results ON results.file = files.id WHERE files.id BETWEEN ? AND ? ORDER BY name, files.id
"""
_HIT = ("list", "row", "match", "digest", "distance_bits", "framing", "turn", "at_ms", "frames", "scheme", "category")
_CSV = ("device", "path", "path_hex", "type", "size_bytes", "modified_at", "accessed_at", "changed_at", "md5", "sha1", "sha256",
        "outcome", "reason", "kind", "media_type", "pdq", "copy_of_device", "copy_of", "hits", "list_name", "list_version",
        *_HIT)  # fmt: skip


def lines(view: View) -> Iterator[Line]:
    """Every line as a mapping; what is empty or unknown is left out of it. A file that has not ended has outcome "open"."""
    labels = {each.id: each.label for each in view.devices()}
    lists = {each["uuid"]: each for each in view.about("lists") or ()}
    for device, label in labels.items():
        files = (
            (joined(path, row[1]), *row)
            for path, first, last in view.rows(_FOLDERS, device)
            for row in view.rows(_FILES, first, last)
        )
        while batch := list(islice(files, _BATCH)):
            firsts = [row[-1] for row in batch if row[-1]]
            places = view.places_of(firsts)
            hits = view.hits_of([*(row[1] for row in batch), *firsts])
            for row in batch:
                yield _line(label, row, hits.get(row[-1] or row[1], []), lists, labels, places)


def _line(
    label: str,
    row: tuple[Any, ...],
    hits: list[tuple[Any, ...]],
    lists: Mapping[str, Mapping[str, str]],
    labels: Mapping[int, str],
    places: Mapping[int, tuple[int, bytes]],
) -> Line:
    path, _, _, type_, size_bytes, modified, accessed, changed, outcome, *rest = row
    reason, kind, media_type, md5, sha1, sha256, look, copy_of = rest
    line = {"device": label, **_path(path), "type": type_, "size_bytes": size_bytes if type_ == "file" else None}
    line |= {"modified_at": _moment(modified), "accessed_at": _moment(accessed), "changed_at": _moment(changed)}
    line |= {"md5": md5.lower(), "sha1": sha1.lower(), "sha256": sha256.lower()}
    line |= {
        "outcome": outcome or "open",
        "reason": reason,
        "kind": kind,
        "media_type": media_type,
        "pdq": look.lower(),
    }
    if copy_of:
        device, first = places[copy_of]
        line |= {"copy_of_device": labels[device], "copy_of": _path(first)["path"]}
    if hits:
        line["hits"] = [_hit(hit, lists) for hit in hits]
    return {name: value for name, value in line.items() if value not in (None, "")}


def _path(path: bytes) -> Line:
    """Relative to the device's root, and beginning with "./": no name is taken for an option or a spreadsheet's formula."""
    whole = b"./" + path if path else b"."
    try:
        return {"path": whole.decode()}
    except UnicodeDecodeError:
        return {"path": whole.decode("utf-8", "replace"), "path_hex": whole.hex()}


def _hit(hit: tuple[Any, ...], lists: Mapping[str, Mapping[str, str]]) -> Line:
    said = dict(zip(_HIT, hit, strict=True))
    of = lists.get(said["list"], {})
    named = {"list_name": of.get("name", ""), "list_version": of.get("version", "")}
    return {name: value for name, value in {**named, **said}.items() if value not in (None, "")}


def _moment(microseconds: int | None) -> str | None:
    """RFC 3339; a year that has no four digits as seconds since 1970."""
    if microseconds is None:
        return None
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds // 1_000_000} s"
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def as_json_lines(view: View) -> Iterator[bytes]:
    """First an object that says what was scanned and with which lists, then an object a line."""
    devices = [{"device": each.label, "root": _root(each.root)} for each in view.devices()]
    head = {
        "scan": view.about("scan"),
        "amparo": view.about("amparo"),
        "devices": devices,
        "lists": view.about("lists"),
    }
    yield _json(head)
    yield from map(_json, lines(view))


def sha256(view: View) -> str:
    """The digest of the manifest as JSON lines, in hexadecimal: what the record says of it."""
    digest = hashlib.sha256()
    for line in as_json_lines(view):
        digest.update(line)
    return digest.hexdigest()


def _root(root: bytes) -> str:
    return root.decode("utf-8", "backslashreplace")


def _json(value: Line) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def as_csv(view: View) -> Iterator[bytes]:
    """RFC 4180, UTF-8, one line for each; of several hits the strongest, and how many there are."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _CSV, restval="", lineterminator="\r\n")
    writer.writeheader()
    for line in lines(view):
        hits = line.pop("hits", [])
        cells = {
            name: value if name == "path" else _neutral(value) for name, value in (line | (hits or [{}])[0]).items()
        }
        writer.writerow({**cells, "hits": len(hits)})
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _neutral(value: Any) -> Any:
    # A spreadsheet runs a cell that begins so (OWASP, "CSV Injection"); labels and categories are written by others.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def as_digest_list(view: View, device: int) -> Iterator[bytes]:
    """SHA-256 and path of every file that was read, as `sha256sum` writes and checks them; names as the disk has them."""
    for path, first, last in view.rows(_FOLDERS, device):
        for row in view.rows(_FILES, first, last):
            if row[13]:
                yield _digest_line(row[13].lower().encode(), b"./" + joined(path, row[1]))


def _digest_line(digest: bytes, path: bytes) -> bytes:
    escaped = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if escaped != path else b"") + digest + b"  " + escaped + b"\n"


class Stream(io.RawIOBase):
    """A manifest to be read like a file, made as it is read: it never lies anywhere in the clear."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
