"""The door of HMA beside Amparo: keys for systems that ask, what they asked, and servers that banks are read from."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.matching.hma import address as addresses, keys
from amparo.matching.hma.models import Asked, Client, Server
from amparo.matching.versions import shelf_of

HOUSE = Actor.of_process("house")


# --- Systems that ask -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClientAdded:
    client: UUID


@dataclass(frozen=True)
class NewKey:
    """key: what the system sends from now on; nobody can read it here again."""

    client: UUID
    key: str


def make_key(by: Actor, name: str) -> NewKey:
    """A system of this name may ask the lists, with this key. Raises Refused."""
    secret = keys.new_secret()
    added = _add_client(by, name, keys.digest_of(secret))
    return NewKey(added.client, keys.key_of(Client.objects.get(uuid=added.client).id, secret))


@act("lists.client_added", power="lists.keys")
def _add_client(by: Actor, name: str, digest: bytes) -> ClientAdded:
    """A system may ask the lists from now on."""
    plain = " ".join(name.split())
    if not plain:
        raise Refused("Say which system it is for.")
    if len(plain) > 80:
        raise Refused("This name is too long: 80 characters are enough.")
    if Client.objects.filter(name=plain, revoked_at=None).exists():
        raise Refused("A system of this name has a key already: revoke that one first, or use another name.")
    client = Client.objects.create(name=plain, key_sha256=digest, made_by=by.name[:150], made_at=clock.now())
    return ClientAdded(client.uuid)


@dataclass(frozen=True)
class ClientRevoked:
    client: UUID


@act("lists.client_revoked", power="lists.keys")
def revoke(by: Actor, client: UUID) -> ClientRevoked:
    """The system's key is refused from now on, at once and everywhere."""
    if not Client.objects.filter(uuid=client, revoked_at=None).update(revoked_at=clock.now()):
        raise Missing("There is no such key, or it was revoked already.", client=str(client))
    return ClientRevoked(client)


def count(client: Client, *, questions: int, files: int, hits: int) -> None:
    """Adds a question to what this client asked in this hour; hours that are over go into the record."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    more = {
        "questions": F("questions") + questions,
        "files": F("files") + files,
        "hits": F("hits") + hits,
        "last_at": now,
    }
    with transaction.atomic():
        if Asked.objects.filter(client=client, hour=hour).update(**more):
            return
        try:
            with transaction.atomic():
                Asked.objects.create(client=client, hour=hour, questions=questions, files=files, hits=hits, last_at=now)
        except IntegrityError:  # another thread was first
            Asked.objects.filter(client=client, hour=hour).update(**more)
            return
    record_hours(hour)


@dataclass(frozen=True)
class ListsAsked:
    """How much a system asked between two times: questions, files among them, and how many listed rows it was told of."""

    client: UUID
    since: datetime
    until: datetime
    questions: int
    files: int
    hits: int


def record_hours(before: datetime) -> None:
    """Every hour that began before this one is in the record: one act for each client that asked in it."""
    for asked in Asked.objects.filter(recorded=False, hour__lt=before).select_related("client").order_by("hour", "id"):
        with transaction.atomic():
            if Asked.objects.filter(id=asked.id, recorded=False).update(recorded=True):
                asked.refresh_from_db()
                _record_hour(HOUSE, asked)


@act("lists.asked", power="lists.answer")
def _record_hour(by: Actor, asked: Asked) -> ListsAsked:
    """What a system asked in an hour that is over: how much, not what."""
    until = asked.hour + timedelta(hours=1)
    return ListsAsked(asked.client.uuid, asked.hour, until, asked.questions, asked.files, asked.hits)


# --- Servers that banks are read from ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServerAdded:
    server: UUID


@act("lists.server_added", power="lists.import")
def add_server(by: Actor, *, name: str, address: str, token: str = "") -> ServerAdded:
    """Banks can be read from this HMA from now on. token: what is sent as a bearer token, where something before it asks for one.

    Raises Refused.
    """
    plain, where = " ".join(name.split()), address.strip().rstrip("/")
    obstacles: tuple[str, ...] = (
        () if plain and len(plain) <= 80 else ("Give it a name, of at most 80 characters: the list will bear it.",)
    )
    obstacles += addresses.obstacles_to_address(where)
    if token and not (token.isascii() and token.isprintable() and len(token) <= 4_000):
        obstacles += ("This is no token: it has letters that no token has.",)
    if Server.objects.filter(name=plain).exists():
        obstacles += ("A server of this name is there already.",)
    if obstacles:
        raise Refused(*obstacles)
    server = Server.objects.create(name=plain, address=where, added_at=clock.now())
    if token:
        write_whole(token_file(Home.from_env(), server.uuid), token.encode())
    return ServerAdded(server.uuid)


def folder_of(home: Home, server: UUID) -> Path:
    """Where the courier keeps what it has read so far, and finds the server's token."""
    return shelf_of(home) / ".hma" / str(server)


def token_file(home: Home, server: UUID) -> Path:
    return folder_of(home, server) / "token"


@dataclass(frozen=True)
class ServerRemoved:
    server: UUID


@act("lists.server_removed", power="lists.import")
def remove_server(by: Actor, server: UUID) -> ServerRemoved:
    """Nothing is read from it any more; the lists that came from it stay."""
    if not Server.objects.filter(uuid=server).delete()[0]:
        raise Missing("There is no such server.", server=str(server))
    home = Home.from_env()
    transaction.on_commit(lambda: shutil.rmtree(folder_of(home, server), ignore_errors=True))
    return ServerRemoved(server)


@dataclass(frozen=True)
class ReadingAsked:
    server: UUID


@act("lists.reading_asked", power="lists.import")
def ask_reading(by: Actor, server: UUID) -> ReadingAsked:
    """The courier reads this server's banks, from the beginning; what it brings becomes a list like any other."""
    found = Server.objects.select_for_update().filter(uuid=server).first()
    if found is None:
        raise Missing("There is no such server.", server=str(server))
    if found.reading:
        raise Refused("This server is being read already.")
    Server.objects.filter(id=found.id).update(
        reading=True,
        next_content=1,
        found=0,
        misses=0,
        size_bytes=0,
        said={},
        counted={},
        failure="",
        asked_at=clock.now(),
    )
    return ReadingAsked(server)


def note_progress(server: UUID, progress: Mapping[str, object]) -> bool:
    """Writes down how far the reading is. False where the server was removed, or is not being read any more."""
    return bool(Server.objects.filter(uuid=server, reading=True).update(**progress, told_at=clock.now()))


@dataclass(frozen=True)
class ServerRead:
    """contents: how many the courier brought, as bytes with this SHA-256."""

    server: UUID
    contents: int
    size_bytes: int
    sha256: str


@act("lists.server_read", power="lists.fetch")
def finish_reading(by: Actor, server: UUID, contents: int, size_bytes: int, sha256: str) -> ServerRead:
    """Everything that the server has was brought; it is read in the sandbox and becomes a list next."""
    Server.objects.filter(uuid=server).update(reading=False, read_at=clock.now(), failure="")
    return ServerRead(server, contents, size_bytes, sha256)


@dataclass(frozen=True)
class ReadingFailed:
    server: UUID


@act("lists.reading_failed", power="lists.fetch")
def fail_reading(by: Actor, server: UUID, sentence: str) -> ReadingFailed:
    """The server was not read to its end, and nothing of it becomes a list."""
    Server.objects.filter(uuid=server).update(reading=False, failure=sentence[:300])
    return ReadingFailed(server)
