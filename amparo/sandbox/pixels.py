"""Raw pixels to PNG, with zlib alone: the house encodes what the child decoded, so a browser gets no hostile byte."""

from __future__ import annotations

import struct
import zlib


def png(width: int, height: int, rgb: bytes) -> bytes:
    """An 8-bit RGB PNG of `width` x `height`. Raises ValueError unless `rgb` holds exactly 3 bytes a pixel."""
    if width < 1 or height < 1 or len(rgb) != width * height * 3:
        raise ValueError(f"{len(rgb)} bytes are not {width} x {height} pixels")
    row = width * 3
    # Filter type 0 before each row: none.
    lines = b"".join(b"\0" + rgb[start : start + row] for start in range(0, len(rgb), row))
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(lines, 3)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
