"""Spreadsheets among an analysis' files: their rows are taken out inside the sandbox before anything else reads the folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from amparo.cases.tables.reading import Folder, SourceFile, Sources
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id


def with_sheets(found: Folder, mapping: Sources, work: Path, decimal: str = ".") -> Folder:
    """The same files, those of XLSX with their rows beside them in `work`. The sandbox's children have ended afterwards."""
    books = [each for each in found.files if mapping.sources[each.source].format == "xlsx"]
    if not books:
        return found
    from amparo.cases.sheets import taken_out
    from amparo.sandbox.warden import Warden

    warden = Warden(1)
    try:
        with warden.boundary(new_id()) as box:

            def read(file: SourceFile) -> SourceFile:
                source = mapping.sources[file.source]
                try:
                    with file.path.open("rb") as data:
                        to = work / f"{file.sha256}.csv"
                        return replace(
                            file, sheet=taken_out(box, data, file.name, to, sheet=source.sheet, decimal=decimal)
                        )
                except OSError as error:
                    raise Refused(f"{file.name} can't be read ({error.strerror}).") from error

            files = tuple(read(each) if each in books else each for each in found.files)
    finally:
        warden.close()
    return Folder(files, found.left_out)
