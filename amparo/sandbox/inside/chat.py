"""A chat export as the one reading that all chat formats share (chats/__init__.py), whichever reader fits."""

from __future__ import annotations

from collections.abc import Mapping

from amparo.sandbox.inside.chats import whatsapp, wordings
from amparo.sandbox.inside.decoding import text_of
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

MEDIA_TYPE = "application/vnd.amparo.chat+json"


def warm() -> None:
    """Afterwards the tables of wordings are read: their files can't be opened later."""
    wordings.known()


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """Counts as facts and the whole reading as one JSON blob. Raises Unreadable where no reader knows the format."""
    text, charset = text_of(data)
    if not whatsapp.looks_like_export(text):
        raise Unreadable("malformed", "This text does not look like a chat export that Amparo can read.")
    return {**whatsapp.read(text, sink, MEDIA_TYPE), "charset": charset}
