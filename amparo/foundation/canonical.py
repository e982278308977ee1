"""One value, one row of bytes: what is hashed and signed is written in the JSON Canonicalization Scheme (RFC 8785).

Only the part of RFC 8785 that we use: objects with ASCII keys, arrays, strings, integers, booleans and null. Floats are
refused, because their text differs between languages and nothing in a record needs them.
"""

from __future__ import annotations

import json
from typing import Any

LARGEST_INTEGER = 2**53 - 1  # beyond it JSON readers may round (RFC 8785, 3.2.2.3)


def canonical_bytes(value: Any) -> bytes:
    """The canonical UTF-8 bytes of `value`. Raises ValueError for floats, huge integers, other types and odd keys."""
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _check(value: Any) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"an integer of more than 53 bits has no canonical form: {value}")
    elif isinstance(value, list):
        for each in value:
            _check(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"a key must be ASCII text: {key!r}")
            _check(each)
    else:
        raise ValueError(f"{type(value).__name__} has no canonical form")
