"""Which message carried which item, and who put each item into the group first, by its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from amparo.cases.groups.reading import ChatReading, Message


@dataclass(frozen=True)
class Filed:
    """A sealed file of the export: its item and the SHA-256 of its bytes."""

    item: UUID
    sha256: str


@dataclass(frozen=True)
class Posted:
    """A message and the sealed file that it carried. first: no earlier line carried the same bytes."""

    message: Message
    filed: Filed | None
    first: bool


def posts(reading: ChatReading, files: Mapping[str, Filed]) -> tuple[Posted, ...]:
    """Every message, in the file's order; none is left out. files: by name inside the export, without folders."""
    return tuple(each_post(sorted(reading.messages, key=lambda each: each.line), files, set()))


def each_post(messages: Iterable[Message], files: Mapping[str, Filed], seen: set[str]) -> Iterator[Posted]:
    """The same of messages in the order of their lines. seen: digests that earlier lines carried; later ones are added to it."""
    for message in messages:
        filed = files.get(base_name(message.media.name)) if message.media and message.media.name else None
        first = filed is not None and filed.sha256 not in seen
        if filed:
            seen.add(filed.sha256)
        yield Posted(message, filed, first)


def base_name(name: str) -> str:
    """A name without its folders, whichever slash wrote them."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def is_sticker(message: Message) -> bool:
    """Stickers are items like any other; the mark only says how they were sent."""
    if not message.media:
        return False
    name = base_name(message.media.name).casefold()
    return message.media.type == "sticker" or "sticker" in name or (name.endswith(".webp") and name.startswith("stk"))
