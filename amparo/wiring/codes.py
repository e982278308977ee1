"""The second factor's digits, computed as an authenticator app does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time

PERIOD_SECONDS = 30


def code_now(totp_secret: str, at: float | None = None) -> str:
    """The six digits of the half minute of `at` (Unix seconds; now by default). RFC 6238 with SHA-1, over RFC 4226."""
    counter = int(time.time() if at is None else at) // PERIOD_SECONDS
    mac = hmac.new(base64.b32decode(totp_secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = mac[-1] & 0x0F
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
