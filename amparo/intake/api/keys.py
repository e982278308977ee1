"""The keys of platforms. A key is shown once, when it is made; afterwards only its digest is here.

amparo_api_<32 hex digits>_<43 characters>        the key's uuid, and 256 bits by chance
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id
from amparo.intake import senders
from amparo.intake.models import ApiKey, Sender

# What a key may do, in words for whoever makes it.
SCOPES = {
    "reports": "Send, supplement and retract reports",
    "files": "Send files",
    "status": "Ask what became of its own reports",
}
MOST_A_SECOND = 10_000
_KEY = re.compile(r"amparo_api_([0-9a-f]{32})_([\w-]{43})", re.ASCII)
_NOBODY = bytes(32)
_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class KeyFacts:
    """Who asks, as its key says. sender: the tag of its reports (models.Sender). test: nothing it sends reaches the queue."""

    uuid: UUID
    name: str
    sender: str
    test: bool
    scopes: frozenset[str]
    reports_a_second: int = 10
    row: int = field(default=0, repr=False)


@dataclass(frozen=True)
class PlatformKeyMade:
    key: UUID
    sender: UUID
    test: bool


@dataclass(frozen=True)
class NewKey:
    """secret: what the platform sends from now on; nobody can read it here again."""

    key: UUID
    secret: str = field(repr=False)


def make_key(
    by: Actor, name: str, *, test: bool = False, scopes: frozenset[str] = frozenset(SCOPES), reports_a_second: int = 10
) -> NewKey:
    """A platform of this name may report with this key. test: everything that it sends is a trial. Raises Refused."""
    secret = secrets.token_urlsafe(32)
    made = _make(by, name, test, scopes, reports_a_second, _digest(secret))
    return NewKey(made.key, f"amparo_api_{made.key.hex}_{secret}")


@act("platform.key_made", power="platforms.keys")
def _make(
    by: Actor, name: str, test: bool, scopes: frozenset[str], reports_a_second: int, digest: bytes
) -> PlatformKeyMade:
    """A platform may report through its own door from now on. Its reports are one sender's, whichever of its keys they came by."""
    plain = " ".join(name.split())
    obstacles = []
    if not plain:
        obstacles.append("Say which platform it is for.")
    if len(plain) > 80:
        obstacles.append("This name is too long: 80 characters are enough.")
    if not scopes or scopes - set(SCOPES):
        obstacles.append("Choose what the key may do.")
    if not 1 <= reports_a_second <= MOST_A_SECOND:
        obstacles.append(f"Give from 1 to {MOST_A_SECOND:,} reports a second.")
    if ApiKey.objects.filter(name=plain, test=test, revoked_at=None).exists():
        obstacles.append("A platform of this name has such a key already: revoke that one first, or use another name.")
    if obstacles:
        raise Refused(*obstacles)
    uuid = new_id()
    earlier = ApiKey.objects.filter(name=plain, test=test).select_related("sender").first()
    sender = earlier.sender if earlier else senders.of_tag(f"api:{uuid}", "api")
    assert sender is not None
    Sender.objects.filter(id=sender.id, name="").update(name=plain if not test else f"{plain} (test)")
    ApiKey.objects.create(
        uuid=uuid,
        name=plain,
        digest=digest,
        sender=sender,
        test=test,
        scopes=sorted(scopes),
        reports_a_second=reports_a_second,
        made_at=clock.now(),
        made_by=by.uuid,
    )
    return PlatformKeyMade(uuid, sender.uuid, test)


@dataclass(frozen=True)
class PlatformKeyRevoked:
    key: UUID


@act("platform.key_revoked", power="platforms.keys")
def revoke(by: Actor, key: UUID) -> PlatformKeyRevoked:
    """The key is refused from now on, at once and everywhere. What came by it stays."""
    if not ApiKey.objects.filter(uuid=key, revoked_at=None).update(revoked_at=clock.now()):
        raise Missing("There is no such key, or it was revoked already.", key=str(key))
    return PlatformKeyRevoked(key)


def key_of(authorization: str) -> KeyFacts | None:
    """Whose key this is; None for nobody's, and for a revoked one. When it was used last is kept to the minute.

    authorization: that header, as "Bearer KEY" or "Basic ..." with the key for user or password.
    """
    for said in _in_authorization(authorization):
        match = _KEY.fullmatch(said.strip())
        if match:
            row = prepared.find(ApiKey, uuid=UUID(hex=match[1]))
            # Compared in any case, and in the same time whatever differs.
            same = hmac.compare_digest(bytes(row.digest) if row else _NOBODY, _digest(match[2]))
            if row is None or not same or row.revoked_at is not None:
                return None
            _note_use(row)
            return facts_of(row)
    return None


def facts_of(row: ApiKey) -> KeyFacts:
    sender = prepared.find(Sender, "tag", id=row.sender_id)
    return KeyFacts(
        row.uuid, row.name, sender.tag if sender else "", row.test, frozenset(row.scopes), row.reports_a_second, row.id
    )


def _note_use(row: ApiKey) -> None:
    now = clock.now()
    if row.last_used_at is None or row.last_used_at < now - _USED_EVERY:
        ApiKey.objects.filter(id=row.id).update(last_used_at=now)


def _digest(secret: str) -> bytes:
    """What is kept. The secret is long and made by chance, so a plain digest can't be searched for it."""
    return hashlib.sha256(f"amparo platform key 1\0{secret}".encode()).digest()


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
