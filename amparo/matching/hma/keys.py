"""The keys by which systems ask. A key is shown once, when it is made; afterwards only its digest is here.

amparo_7_<43 characters>        the client's number, and 256 bits by chance
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets

from amparo.matching.hma.models import Client

_KEY = re.compile(r"amparo_(\d{1,9})_([\w-]{43})", re.ASCII)
_NOBODY = bytes(32)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def key_of(client: int, secret: str) -> str:
    return f"amparo_{client}_{secret}"


def digest_of(secret: str) -> bytes:
    """What is kept. The secret is long and made by chance, so a plain digest can't be searched for it."""
    return hashlib.sha256(f"amparo client key 1\0{secret}".encode()).digest()


def client_of(authorization: str, header: str = "") -> Client | None:
    """Whose key this is; None for nobody's, and for a revoked one.

    authorization: that header, as "Bearer KEY" or "Basic ..." with the key for user or password. header: X-API-Key.
    """
    for said in (header, *_in_authorization(authorization)):
        match = _KEY.fullmatch(said.strip())
        if match:
            client = Client.objects.filter(id=int(match[1])).first()
            # Compared in any case, and in the same time whatever differs.
            same = hmac.compare_digest(bytes(client.key_sha256) if client else _NOBODY, digest_of(match[2]))
            return client if client and same and client.revoked_at is None else None
    return None


def _in_authorization(authorization: str) -> list[str]:
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return [rest]
    if scheme.lower() != "basic":
        return []
    try:
        user, _, password = base64.b64decode(rest.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [password, user]
