"""What is written, by a browser or by DuckDB, sealed as it comes: the vault reads a stream, and they write one."""

from __future__ import annotations

import io
import os
import threading
from contextlib import suppress
from typing import BinaryIO, cast
from uuid import UUID

from amparo.vault import actions as vault
from amparo.vault.actions import Unentered
from amparo.vault.queries import CompartmentFacts


class Sealing:
    """A stream that is written to and becomes a sealed file as it comes: a pipe and a thread, so that memory doesn't grow with it.

    What nobody said was the whole, by `finish`, is never sealed as if it were.
    """

    def __init__(
        self, within: CompartmentFacts, name: str, origin: UUID, *, derived: bool = False, media_type: str = ""
    ) -> None:
        reading, writing = os.pipe()
        self._out = os.fdopen(writing, "wb", buffering=1 << 16)
        self._file: Unentered | None = None
        self._problem: BaseException | None = None
        self._source = _Whole(os.fdopen(reading, "rb"))

        def seal() -> None:
            try:
                self._file = vault.seal_file(
                    within,
                    cast("BinaryIO", self._source),
                    name=name,
                    origin=origin,
                    derived=derived,
                    media_type=media_type,
                )
            except BaseException as error:  # told by `finish`, in the thread that writes
                self._problem = error
            finally:
                self._source.close()

        self._thread = threading.Thread(target=seal, name=f"sealing {name}", daemon=True)
        self._thread.start()

    def write(self, piece: bytes) -> int:
        try:
            return self._out.write(piece)
        except OSError as error:  # the reading end is gone: what stopped it says more
            raise (self._problem or error) from error

    def flush(self) -> None:
        with suppress(ValueError):
            self._out.flush()

    def tell(self) -> int:
        return self._out.tell()

    def finish(self) -> Unentered:
        """The sealed file, whole on the disk. OSError where the disk refuses."""
        self._source.whole = True
        with suppress(OSError):
            self._out.close()
        self._thread.join()
        if self._problem or self._file is None:
            raise self._problem or OSError("the sealed file was not written")
        return self._file

    def abandon(self) -> None:
        """Nothing of it stays on the disk."""
        with suppress(OSError):
            self._out.close()
        self._thread.join()
        if self._file:
            vault.forget_file(self._file)


class _Whole(io.RawIOBase):
    """The reading end of a pipe, which fails at its end unless somebody said that all was written."""

    def __init__(self, pipe: BinaryIO) -> None:
        super().__init__()
        self._pipe, self.whole = pipe, False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._pipe.read(size)
        if (size < 0 or len(piece) < size) and not self.whole:
            raise OSError("what was to be sealed is not whole")
        return piece

    def close(self) -> None:
        self._pipe.close()
        super().close()
