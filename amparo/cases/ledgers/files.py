"""Ledger files as a browser sends them: sealed as they come, never whole in memory and never in the clear on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

from amparo.access.acts import Actor
from amparo.cases.sealing import Sealing
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.vault import actions as vault
from amparo.vault.actions import Unentered
from amparo.vault.keys import Unlock
from amparo.vault.queries import CompartmentFacts

ENDINGS = ("csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet", "xlsx")


def largest_bytes() -> int:
    """The size of the largest ledger file that is taken (AMPARO_LEDGER_MIB, 1,024)."""
    return int(settings.LEDGER_MIB) << 20


class SealedUpload(UploadedFile):  # type: ignore[type-arg]
    """An upload that lies sealed and is no item yet. Closed without having been kept, nothing of it is left."""

    def __init__(self, file: Unentered, name: str) -> None:
        super().__init__(file=None, name=name, size=file.facts.size_bytes)
        self.sealed, self._kept = file, False

    def keep(self) -> None:
        """Whoever keeps it answers for it from now on."""
        self._kept = True

    def close(self) -> None:
        if not self._kept:
            vault.forget_file(self.sealed)


class LedgerUploadHandler(FileUploadHandler):
    """Seals the files of a form into a compartment. `refused` says why one was not taken."""

    chunk_size = 1 << 20

    def __init__(self, request: Any, within: CompartmentFacts, origin: UUID) -> None:
        super().__init__(request)
        self._within, self._origin, self.refused = within, origin, ""
        self._sealing: Sealing | None = None
        self._taken = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if shutil.disk_usage(Home.from_env().vault).free < largest_bytes() >> 4:
            self.refused = "There is not enough room on the disk for this file."
            raise SkipFile
        self._taken = 0
        self._sealing = Sealing(self._within, self.file_name or "ledger", self._origin)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._sealing
        self._taken += len(raw_data)
        if self._taken > largest_bytes():
            self.refused = f"A ledger file may have at most {settings.LEDGER_MIB:,} MiB (AMPARO_LEDGER_MIB). Split it."
            self._give_up()
            raise StopUpload(connection_reset=True)
        self._sealing.write(raw_data)

    def file_complete(self, file_size: int) -> SealedUpload:
        assert self._sealing
        sealing, self._sealing = self._sealing, None
        return SealedUpload(sealing.finish(), self.file_name or "ledger")

    def upload_interrupted(self) -> None:
        self._give_up()

    def _give_up(self) -> None:
        if self._sealing:
            self._sealing.abandon()
            self._sealing = None


@contextmanager
def opened_in_memory(by: Actor, item: UUID, purpose: str, unlock: Unlock) -> Iterator[tuple[Path, BinaryIO]]:
    """A sealed item as a file that has a path and lies in memory alone. Refused where this system has no such files."""
    if not hasattr(os, "memfd_create"):
        raise Refused("Ledgers of a case are read on Linux only: elsewhere they would lie on the disk in the clear.")
    with os.fdopen(os.memfd_create("ledger"), "w+b") as file:
        with vault.open_item(by, item, purpose, unlock) as opened:
            shutil.copyfileobj(opened.stream, file, 1 << 20)
        file.flush()
        file.seek(0)
        yield Path(f"/proc/self/fd/{file.fileno()}"), cast("BinaryIO", file)
