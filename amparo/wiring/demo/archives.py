"""Zip archives with the same bytes every time: fixed dates, fixed order; one of them encrypted, one of them a bomb."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

_DATED = (2026, 6, 14, 20, 0, 0)
BOMB_MIB = 64


def zipped(files: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The files in the order given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, _DATED)
            entry.external_attr = 0o644 << 16
            entry.compress_type = compression
            archive.writestr(entry, data)
    return out.getvalue()


def small_bomb() -> bytes:
    """A few dozen KiB that want to become 64 MiB of zeros: enough for a limit to refuse, harmless where none is."""
    return zipped([("datos.bin", bytes(BOMB_MIB << 20))])


class _TraditionalCipher:
    """PKWARE's traditional encryption (APPNOTE.TXT 6.1), weak and still what many tools write."""

    def __init__(self, password: bytes) -> None:
        self._keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self._update(byte)

    @staticmethod
    def _crc(value: int, byte: int) -> int:
        return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def _update(self, byte: int) -> None:
        keys = self._keys
        keys[0] = self._crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = self._crc(keys[2], keys[1] >> 24)

    def encrypt(self, plain: bytes) -> bytes:
        out = bytearray()
        for byte in plain:
            mask = self._keys[2] | 2
            out.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
            self._update(byte)
        return bytes(out)


def encrypted(name: str, data: bytes, password: bytes, seed: int) -> bytes:
    """A zip of one stored file that opens only with the password; the standard library can read but not write one."""
    checksum = zlib.crc32(data)
    header = random.Random(f"{seed}:encrypted").randbytes(11) + bytes([checksum >> 24])  # noqa: S311 - invented data, no secret
    body = _TraditionalCipher(password).encrypt(header + data)
    dated = ((_DATED[0] - 1980) << 9 | _DATED[1] << 5 | _DATED[2], _DATED[3] << 11)
    fields = (20, 1, 0, dated[1], dated[0], checksum, len(body), len(data), len(name), 0)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, *fields) + name.encode("ascii") + body
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, *fields, 0, 0, 0, 0, 0) + name.encode("ascii")
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end
