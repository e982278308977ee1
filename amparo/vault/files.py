"""Where sealed files lie, and how one gets there so that a power cut leaves it whole or absent. Knows no database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from amparo.foundation.durable import sync_folder
from amparo.foundation.home import Home
from amparo.vault import envelope
from amparo.vault.envelope import Binding, SealedFacts

BLOCK_BYTES = 1024 * 1024


def path_of(home: Home, item: UUID) -> Path:
    """vault/ab/<item>, ab being the identifier's last two digits (its first ones are the time)."""
    return home.vault / item.hex[-2:] / str(item)


def seal_to(home: Home, stream: BinaryIO, data_key: bytes, binding: Binding) -> SealedFacts:
    """Reads `stream` to its end; afterwards its sealed file is on the disk under the item's name. OSError, else whole."""
    place = path_of(home, binding.item)
    part = home.vault / "tmp" / f"{binding.item}.part"
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not place.parent.exists():
        place.parent.mkdir(mode=0o700, exist_ok=True)
        sync_folder(home.vault)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            facts = envelope.seal(stream, file, data_key, binding)
            file.flush()
            os.fsync(descriptor)
        part.rename(place)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)
    return facts


def forget(home: Home, item: UUID) -> None:
    """Removes a sealed file that no row names."""
    path_of(home, item).unlink(missing_ok=True)


def sealed_sha256(path: Path) -> str:
    """The digest of a file as it lies there. FileNotFoundError where it does not."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def lying(home: Home, before: datetime) -> Iterator[tuple[UUID, Path]]:
    """Sealed files last written before a moment, and unfinished ones."""
    for path in (*home.vault.glob("??/*"), *home.vault.glob("tmp/*.part")):
        with suppress(FileNotFoundError, ValueError):
            if path.stat().st_mtime < before.timestamp():
                yield UUID(path.name.removesuffix(".part")), path


def set_aside(home: Home, path: Path) -> None:
    """Moves a file out of the way and keeps it: after a restore an older database may not know it yet."""
    aside = home.vault / "aside"
    aside.mkdir(mode=0o700, exist_ok=True)
    path.rename(aside / path.name)
