"""A chat export as the one reading that all chat formats share (chats/__init__.py), whichever reader fits."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import BinaryIO

from amparo.sandbox.inside.chats import discord, lava, packed, signal, telegram, ufed, whatsapp, wordings
from amparo.sandbox.inside.chats.formats import Beside, Format
from amparo.sandbox.inside.chats.writing import MEDIA_TYPE
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

__all__ = ["FORMATS", "HEAD_BYTES", "MEDIA_TYPE", "read", "recognised", "warm"]

# Asked in this order. A new format is a file in chats/ and its name here (docs/formats/chats.md).
FORMATS: tuple[Format, ...] = (
    telegram.FORMAT,
    discord.FORMAT,
    signal.FORMAT,
    ufed.FORMAT,
    lava.FORMAT,
    whatsapp.FORMAT,
)
HEAD_BYTES = 65_536


def warm() -> None:
    """Afterwards the tables of wordings are read, and all that readers need is loaded: nothing can be opened later."""
    wordings.known()
    packed.warm()


def recognised(head: bytes) -> str:
    """The name of the format that a file's first HEAD_BYTES are the beginning of; "" where no reader knows them."""
    return next((each.name for each in FORMATS if each.begins(head)), "")


def read(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """Counts as facts and the whole reading as one JSON blob. Raises Unreadable where no reader knows the format."""
    data.seek(0)
    if packed.begins(data.read(HEAD_BYTES)):
        return packed.read(data, sink, recognised, _read)
    return _read(data, sink, _beside(options))


def _beside(options: Mapping[str, object]) -> Beside:
    """What was handed over with the file: the option `beside`, texts by name."""
    texts = options.get("beside")

    def beside(name: str) -> BinaryIO | None:
        text = texts.get(name) if isinstance(texts, Mapping) else None
        return io.BytesIO(text.encode("utf-8", "replace")) if isinstance(text, str) else None

    return beside


def _read(data: BinaryIO, sink: Sink, beside: Beside) -> Facts:
    data.seek(0)
    head = data.read(HEAD_BYTES)
    for each in FORMATS:
        if each.begins(head):
            data.seek(0)
            return each.read(data, sink, beside)
    raise Unreadable("malformed", "This does not look like a chat export that Amparo can read.")
