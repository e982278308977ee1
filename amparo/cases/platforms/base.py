"""The seam between a case and the engines: raw files to sealed tables, and sealed tables as the base that an engine reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from amparo.access.acts import Actor
from amparo.cases.models import Platform, PlatformStep
from amparo.cases.sealed_tables import SealedStore, write_tables
from amparo.cases.tables import reading
from amparo.cases.tables.base import Base, open_base
from amparo.cases.tables.base_mapping import BaseMapping, parse_base_mapping
from amparo.cases.tables.store import ROW_GROUP, literal
from amparo.cases.tables.work_folder import work_folder

_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux' memory as a folder; a private one is made in it


def mapping_of(platform: Platform) -> BaseMapping:
    """The platform's mapping; the unit's own tables lie beside the files. Refused where it can't be read."""
    return parse_base_mapping(platform.mapping.encode(), f"of {platform.name}", Path(platform.folder))


def files_of(platform: Platform) -> tuple[BaseMapping, reading.Folder]:
    """The mapping, and the files that it reads with their digests. Refused or Missing."""
    mapping = mapping_of(platform)
    return mapping, reading.folder(Path(platform.folder), mapping)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for a step's plaintext that is gone afterwards: in memory on Linux, else the home's own `run`, this user's alone."""
    with work_folder(_MEMORY if _MEMORY.is_dir() else settings.HOME.run) as made:
        yield made


@dataclass(frozen=True)
class Imported:
    """Tables that are sealed now: items and rows by name. bad: records with a problem, which stand in a table of their own."""

    items: dict[str, UUID]
    rows: dict[str, int]
    bad: int
    lost: int
    units: dict[str, dict[str, str]]


def import_group(
    by: Actor,
    platform: Platform,
    mapping: BaseMapping,
    found: reading.Folder,
    group: tuple[str, ...],
    progress: Callable[[str, int], None],
) -> Imported:
    """These tables of the platform, from its files to sealed items of the case. Plaintext lies in `scratch` alone, and is gone."""
    with (
        scratch() as place,
        open_base(found, mapping, tables=group, memory=settings.TABLES_MEMORY, spill=place, progress=progress) as base,
    ):
        rows = {table: base.counts.get(table, 0) for table in group}
        wanted = {table: table for table, count in rows.items() if count}
        if base.bad:
            wanted[f"bad_{group[0]}"] = "bad"
        items: dict[str, UUID] = {}
        for name, table in wanted.items():
            progress(f"sealing {name}", rows.get(name, base.bad))
            out = base.store.work / f"sealing-{name}.parquet"
            order = "first" if table == "networks" else "prefix" if table == "issuers" else 'file, "row"'
            base.store.run(
                f"COPY (SELECT * FROM {table} ORDER BY {order}) TO {literal(str(out))} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
            )
            items |= write_tables(by, platform.case.uuid, {name: out}, origin=platform.uuid)
            out.unlink()
        return Imported(items, rows, base.bad, base.lost, base.units)


def sealed_base(platform: Platform, store: SealedStore, step: PlatformStep) -> Base:
    """The platform as engines read it: views over the sealed tables, an empty table where the platform has none."""
    from amparo.cases.tables.shapes import TABLES, UNIT_TABLES, columns_of

    for table in (*TABLES, *UNIT_TABLES):
        if table not in step.tables:
            kinds = (
                ", ".join(f'"{name}" {kind}' for name, kind in columns_of(table))
                if table in TABLES
                else UNIT_TABLES[table]
            )
            store.run(f'CREATE TABLE {table} ({kinds}, file INTEGER, "row" BIGINT)')
    files = tuple(
        reading.SourceFile(
            each["name"], Path(platform.folder) / each["name"], each["sha256"], each["size_bytes"], each["source"]
        )
        for each in platform.files
    )
    figures: dict[str, Any] = step.figures
    return Base(
        store,
        mapping_of(platform),
        files,
        tuple((each["name"], each["why"]) for each in platform.left_out),
        {table: int(step.counts_out.get(table, 0)) for table in (*TABLES, *UNIT_TABLES)},
        int(figures.get("bad", 0)),
        int(figures.get("lost", 0)),
        figures.get("units", {}),
    )
