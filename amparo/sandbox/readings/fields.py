"""A child's facts, read field by field: each with a type, a cap and a fall-back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amparo.foundation.errors import AmparoError

REASONS = ("timed_out", "out_of_memory", "forbidden_call", "crashed", "too_big", "malformed")
_SENTENCES = {
    "timed_out": "Examining this file took too long and was stopped. The sealed original is unchanged.",
    "out_of_memory": "Examining this file needed more memory than is allowed. The sealed original is unchanged.",
    "forbidden_call": "While this file was examined, something in it tried a forbidden step and was stopped at once.",
    "crashed": "The reader failed on this file. The sealed original is unchanged.",
    "too_big": "This file is larger than Amparo examines. The sealed original is unchanged.",
    "malformed": "This file is damaged or not what it claims to be. The sealed original is unchanged.",
}


class ExaminationFailed(AmparoError):
    """One examination failed; the pool goes on. `reason` is one of REASONS, `sentence` tells the officer."""

    def __init__(self, reason: str, sentence: str = "", **fields: object) -> None:
        self.reason = reason if reason in REASONS else "crashed"
        super().__init__(sentence or _SENTENCES[self.reason], reason=self.reason, **fields)


@dataclass(frozen=True)
class Blob:
    """Bytes found inside others, with the name and type that the sender gave them; neither is to be believed."""

    name: str
    media_type: str
    data: bytes


Blobs = list[tuple[dict[str, object], bytes]]


class Fields:
    """A child's facts, read field by field."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        self._facts = facts

    def text(self, name: str, cap: int = 1_000) -> str:
        return plain_text(self._facts.get(name, ""), cap)

    def code(self, name: str, *allowed: str) -> str:
        value = self._facts.get(name, "")
        if not isinstance(value, str) or (
            value not in allowed if allowed else not re.fullmatch(r"[\w.+/ -]{0,120}", value)
        ):
            raise untrue(name)
        return value

    def hex(self, name: str, most: int) -> bytes:
        """At most so many bytes, from hexadecimal digits."""
        value = self._facts.get(name, "")
        if not isinstance(value, str) or len(value) > most * 2 or not re.fullmatch(r"(?:[0-9a-f]{2})*", value):
            raise untrue(name)
        return bytes.fromhex(value)

    def number(self, name: str, highest: int = 1 << 40) -> int:
        value = self._facts.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest:
            raise untrue(name)
        return value

    def truth(self, name: str) -> bool:
        return self._facts.get(name) is True

    def texts(self, name: str, cap: int, most: int) -> tuple[str, ...]:
        return tuple(plain_text(value, cap) for value in self._list(name, most))

    def entries(self, name: str, most: int) -> Iterator[Fields]:
        for value in self._list(name, most):
            if not isinstance(value, dict):
                raise untrue(name)
            yield Fields(value)

    def looks(self) -> list[str]:
        """Fingerprints in all turns of a picture, of the whole and perhaps of what is within its borders."""
        found = [
            look for look in self._list("looks", 16) if isinstance(look, str) and re.fullmatch(r"[0-9a-f]{64}", look)
        ]
        if len(found) not in (8, 16) or len(found) != len(self._list("looks", 16)):
            raise untrue("looks")
        return found

    def table(self, name: str) -> dict[str, str]:
        value = self._facts.get(name)
        if not isinstance(value, dict) or len(value) > 100:
            raise untrue(name)
        return {plain_text(column, 100): plain_text(cell, 20_000) for column, cell in value.items()}

    def pairs(self, name: str, cap: int, most: int) -> tuple[tuple[str, str], ...]:
        found = self._list(name, most)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in found):
            raise untrue(name)
        return tuple((plain_text(pair[0], cap), plain_text(pair[1], cap)) for pair in found)  # type: ignore[index]

    def counts(self, name: str, most: int) -> dict[str, int]:
        value = self._facts.get(name, {})
        if not isinstance(value, dict) or len(value) > most:
            raise untrue(name)
        return {plain_text(kind, 80): Fields(value).number(kind) for kind in value}

    def _list(self, name: str, most: int) -> list[object]:
        value = self._facts.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise untrue(name)
        return value


def plain_text(value: object, cap: int) -> str:
    """Text that any database and page can take: no NUL, no half surrogate, at most `cap` characters."""
    if not isinstance(value, str):
        raise untrue("text")
    return value[:cap].replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def untrue(name: str) -> ExaminationFailed:
    return ExaminationFailed("crashed", field=name)


def blob_of(about: Mapping[str, object], data: bytes) -> Blob:
    fields = Fields(about)
    return Blob(fields.text("name", 200) or "unnamed", fields.text("type", 100), data)


def only_blob(blobs: Blobs) -> bytes:
    if len(blobs) != 1:
        raise untrue("blobs")
    return blobs[0][1]
