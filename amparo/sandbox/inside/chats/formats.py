"""What a reader of one chat format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from amparo.sandbox.inside.frames import Facts, Sink

# The file of this name that lies beside the one being read, in the same archive; None where there is none.
Beside = Callable[[str], "BinaryIO | None"]


@dataclass(frozen=True)
class Format:
    """begins: whether a file's first 64 KiB are this format's, by structure alone. read: writes the reading, gives its counts.

    `read` gets the file open at its first byte, for reading and seeking, and holds no more of it than a piece at a time.
    """

    name: str
    begins: Callable[[bytes], bool]
    read: Callable[[BinaryIO, Sink, Beside], Facts]
