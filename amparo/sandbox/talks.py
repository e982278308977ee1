"""An export of many chats as a reading for each, so that what people said in one never stands beside another's members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from amparo.sandbox.readings import ExaminationFailed

# An account has some hundred chats.
MOST = 5_000


def talks(document: bytes) -> Iterator[tuple[str, bytes]]:
    """(name of the chat, its reading) for each chat that says anything; ("", the document) where it holds no more than one.

    Raises ExaminationFailed for a document that is none of the readers' (inside/chats/__init__.py), or of too many chats.
    """
    opening, _, rest = document.partition(b"\n")
    body, _, last = rest.rstrip(b"\n").rpartition(b"\n")
    closing = _object(b"{" + last)
    chats = closing.get("chats")
    if not isinstance(chats, list) or len(chats) < 2:
        yield "", document
        return
    if len(chats) > MOST:
        raise ExaminationFailed("too_big")
    del document, rest
    begun = _object(opening.rstrip(b",") + b"}")
    by_chat: dict[int, list[bytes]] = {}
    for line in body.split(b"\n")[1:-1]:
        number = _object(line.rstrip(b",")).get("chat")
        # What belongs to no chat, such as what is left of a file that breaks off, stays with the first.
        by_chat.setdefault(number if isinstance(number, int) else 0, []).append(line.rstrip(b","))
    for number, about in enumerate(chats):
        if isinstance(about, dict) and number in by_chat:
            head = {**begun, **closing, "chats": [about], "members": about.get("members") or []}
            if number:
                head["unsupported"] = {"count": 0, "lines": []}
            yield (
                str(about.get("name") or ""),
                json.dumps(head, ensure_ascii=False).encode("utf-8", "replace")[:-1]
                + b',\n"items":[\n' + b",\n".join(by_chat.pop(number)) + b"\n]}\n",
            )  # fmt: skip


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExaminationFailed("crashed") from error
    if not isinstance(found, dict):
        raise ExaminationFailed("crashed")
    return found
