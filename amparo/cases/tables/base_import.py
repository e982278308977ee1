"""A platform's files, once read, kept as Parquet: each input one part, by its digest, so that a new file costs its own reading.

An import may be killed at any moment and begun again: what is finished is kept, base.json is written last. Same files, same
mapping: same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from amparo.cases.tables import reading
from amparo.cases.tables.base import check_age, open_base, unit_tables, write_bad_rows
from amparo.cases.tables.base_mapping import BaseMapping, BaseSource
from amparo.cases.tables.base_record import PARTS, RECORD, VERSION
from amparo.cases.tables.networks import said
from amparo.cases.tables.parts import in_time, make_part, newest_day
from amparo.cases.tables.shapes import TABLES
from amparo.cases.tables.store import MEMORY, PACKED, Progress, Store, keep, opened, silent
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import Refused

BAD = "bad-rows.parquet"


def import_base(
    place: Path | reading.Folder,
    mapping: BaseMapping,
    out: Path,
    *,
    progress: Progress = silent,
    memory: str = MEMORY,
    spill: Path | None = None,
) -> dict[str, Any]:
    """Leaves the base in the folder `out`, which open_base opens; returns what base.json holds."""
    found = place if isinstance(place, reading.Folder) else reading.folder(place, mapping)
    with _opened(found, mapping, out, memory, spill) as store:
        files = _parts(store, out, mapping, found.files, progress)
        units = _units(store, out, mapping, files)
    record = {
        "version": VERSION,
        "platform": mapping.platform,
        "mapping": {"name": f"{mapping.platform}.toml", "sha256": mapping.digest, "text": mapping.text},
        "files": files,
        "left_out": [{"name": name, "why": why} for name, why in found.left_out],
        "rows": _sums(files),
        "units": units,
    }
    write_whole(out / RECORD, (json.dumps(record, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode())
    _write_bad(out, files, memory)
    _tidy(out, {each["part"] for each in (*files, *units.values())})
    return record


def import_share(
    place: Path | reading.Folder,
    mapping: BaseMapping,
    out: Path,
    share: tuple[int, int],
    *,
    progress: Progress = silent,
    memory: str = MEMORY,
    spill: Path | None = None,
) -> dict[str, Any]:
    """Reads one share of the files, (which, of how many) from 1, into the folder `out`, which several machines may write at once.

    Returns the files that it read. `import_base` afterwards finds every part there and finishes the base.
    """
    which, many = share
    if not 1 <= which <= many:
        raise Refused(f"There is no share {which} of {many}: give --share 1/{many} to {many}/{many}.")
    found = place if isinstance(place, reading.Folder) else reading.folder(place, mapping)
    with _opened(found, mapping, out, memory, spill) as store:
        files = _parts(store, out, mapping, found.files[which - 1 :: many], progress)
    return {
        "platform": mapping.platform,
        "share": [which, many],
        "of_files": len(found.files),
        "files": files,
        "rows": _sums(files),
    }


@contextmanager
def _opened(found: reading.Folder, mapping: BaseMapping, out: Path, memory: str, spill: Path | None) -> Iterator[Store]:
    _check_out(out)
    (out / PARTS).mkdir(parents=True, exist_ok=True)
    unit = [each.file for each in (mapping.addresses, mapping.issuers) if each]
    with opened([*(file.read_from for file in found.files), *unit], spill, memory=memory) as store:
        yield store


def _parts(
    store: Store, out: Path, mapping: BaseMapping, files: Sequence[reading.SourceFile], progress: Progress
) -> list[dict[str, Any]]:
    """Each file with its part, made now or by an earlier import."""
    made, rows = [], 0
    for file in files:
        source = mapping.sources[file.source]
        told = _kept(out, file, source) or _made(store, out, file, source)
        made.append({"name": file.name, "size_bytes": file.size_bytes, "source": file.source + 1, **told})
        rows += told["rows"]
        progress(f"imported {file.name}", rows)
    return made


def _write_bad(out: Path, files: list[dict[str, Any]], memory: str) -> None:
    (out / BAD).unlink(missing_ok=True)
    if any(each["lost"] or each["doubts"] or each["unread"] for each in files):
        with open_base(out, None, tables=tuple(TABLES), memory=memory) as base:
            write_bad_rows(base, out / BAD)


def _check_out(out: Path) -> None:
    if out.exists() and (not out.is_dir() or {each.name for each in out.iterdir()} - {RECORD, PARTS, BAD}):
        raise Refused(
            f"{out} holds something else. Give a new folder, or one that an earlier import made: --out FOLDER."
        )


def _key(file: reading.SourceFile, source: BaseSource) -> str:
    return hashlib.sha256(f"{VERSION} {file.sha256} {source.digest}".encode()).hexdigest()[:24]


def _kept(out: Path, file: reading.SourceFile, source: BaseSource) -> dict[str, Any] | None:
    """What an earlier import says of this file, if it finished it by the same source and the part is there."""
    told = out / PARTS / f"{source.table}-{_key(file, source)}.json"
    try:
        found: dict[str, Any] = json.loads(told.read_bytes())
        part = out / PARTS / found["part"]
        unread = part.with_suffix(".unread.parquet")
        whole = part.stat().st_size == found["part_bytes"] and unread.is_file() >= found["unread"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if whole else None


def _made(store: Store, out: Path, file: reading.SourceFile, source: BaseSource) -> dict[str, Any]:
    """Reads the file into its part; the small JSON beside it is written last and says that it is whole."""
    table, name = source.table, f"{source.table}-{_key(file, source)}.parquet"
    part = make_part(store, file, source, store.work / name, PACKED)
    if table == "events":
        part = in_time(store, part, table, store.work / f"sorted-{name}")
    if part.unread:
        keep(part.unread, (out / PARTS / name).with_suffix(".unread.parquet"))
    day = newest_day(store, part) if table == "events" else None
    kept = out / PARTS / name
    keep(part.place, kept)
    told = {
        "table": table,
        "part": name,
        "part_bytes": kept.stat().st_size,
        "sha256": file.sha256,
        "numbered": part.numbered,
        "rows": part.rows,
        "lost": part.lost,
        "doubts": part.doubts,
        "unread": part.unread is not None,
        "newest": day.isoformat() if day else None,
    }
    write_whole(kept.with_suffix(".json"), (json.dumps(told, sort_keys=True) + "\n").encode())
    return told


def _units(store: Store, out: Path, mapping: BaseMapping, files: list[dict[str, Any]]) -> dict[str, Any]:
    """Keeps the unit's tables with the base, so that what was said by them can be looked at again."""
    days = [date.fromisoformat(each["newest"]) for each in files if each["newest"]]
    if mapping.addresses:
        check_age(mapping.addresses, max(days, default=None))
    given = (("networks", mapping.addresses, "[addresses]"), ("issuers", mapping.issuers, "[issuers]"))
    names = {table: f"{table}-{_unit_key(said(unit, where))}.parquet" for table, unit, where in given if unit}
    units = {table: kept for table, name in names.items() if (kept := _kept_unit(out / PARTS / name))}
    if missing := [table for table in names if table not in units]:
        for table, told in unit_tables(store, mapping, missing, None).items():
            place = out / PARTS / names[table]
            store.parquet(f'SELECT * FROM {table} ORDER BY "row"', place)
            units[table] = {"part": place.name, "told": told}
            whole = {"part_bytes": place.stat().st_size, "told": told}
            write_whole(place.with_suffix(".json"), (json.dumps(whole, sort_keys=True) + "\n").encode())
    return units


def _kept_unit(place: Path) -> dict[str, Any] | None:
    """What an earlier import says of the unit's table at `place`, if it finished it and the part is there."""
    try:
        found = json.loads(place.with_suffix(".json").read_bytes())
        whole = place.stat().st_size == found["part_bytes"]
        told = {str(key): str(value) for key, value in found["told"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return {"part": place.name, "told": told} if whole else None


def _unit_key(told: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps([VERSION, told], sort_keys=True).encode()).hexdigest()[:24]


def _sums(files: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in files:
        found[each["table"]] = found.get(each["table"], 0) + each["rows"] - each["lost"]
    return dict(sorted(found.items()))


def _tidy(out: Path, parts: set[str]) -> None:
    """Removes the parts of files that are no longer there."""
    stems = {each.removesuffix(".parquet") for each in parts}
    for each in (out / PARTS).iterdir():
        if each.name.split(".")[0] not in stems:
            each.unlink()
