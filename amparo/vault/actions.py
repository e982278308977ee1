"""What can be done with the vault: seal, open, pass on; make compartments and give their keys.

Slow work (sealing, checking a digest, stretching a password) is done before the act begins, so that no transaction waits for it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.access.rules import powers_of
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.foundation.errors import AmparoError, Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.vault import envelope, files, queries, rules
from amparo.vault.envelope import Binding, SealedFacts, SealedReader
from amparo.vault.keys import COMPARTMENTS, OfficerKeys, Unlock, holder_public_key, public_key, read_holding
from amparo.vault.models import Compartment, Item, KeyHolding, MemberKey
from amparo.vault.queries import CompartmentFacts, ItemFacts

HOUSE = Actor.of_process("house")
RECOVERY = "recovery"

F = TypeVar("F", bound=Callable[..., Any])


def prepares(kind: str) -> Callable[[F], F]:
    """Heads a function that does slow work first and then performs the act `kind`, which is what the record shows."""

    def head(action: F) -> F:
        action.act_kind = kind  # type: ignore[attr-defined]
        return action

    return head


# --- Items ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemSealed:
    item: UUID
    origin: UUID
    sha256: str
    size_bytes: int
    sealed_sha256: str
    row: str


@dataclass(frozen=True)
class Unentered:
    """A file that lies sealed on the disk and has no row yet: `enter_item` makes it an item, else `sweep` finds it."""

    binding: Binding
    within: CompartmentFacts
    facts: SealedFacts
    wrapped_key: bytes
    name: str
    media_type: str
    origin: UUID
    parent: UUID | None
    derived: bool


def seal_file(
    within: CompartmentFacts,
    stream: BinaryIO,
    *,
    name: str,
    origin: UUID,
    parent: UUID | None = None,
    derived: bool = False,
    media_type: str = "",
) -> Unentered:
    """The slow part of sealing, before any transaction: the file is sealed and on the disk. OSError where the disk refuses."""
    binding, data_key = Binding(new_id(), within.uuid), envelope.new_data_key()
    facts = files.seal_to(Home.from_env(), stream, data_key, binding)
    wrapped = envelope.wrap_key(data_key, within.public_key, envelope.item_key_info(binding))
    return Unentered(
        binding, within, facts, wrapped, rules.stored_name(name), media_type[:127], origin, parent, derived
    )


@prepares("item.sealed")
def enter_item(by: Actor, file: Unentered) -> ItemSealed:
    """The file is an item and in the record, with the caller's transaction or not at all.

    The same bytes of the same origin, parent and name are one item: the one that is there already, and the new file is removed. It
    is not removed for an error, since a commit that seems to have failed may have reached the disk: `sweep` knows.
    """
    if known := _known(file):
        if known.item != file.binding.item:
            transaction.on_commit(lambda: forget_file(file), robust=True)
        return known
    return _enter(by, file=file, origin=file.origin)


@prepares("item.sealed")
def seal_item(
    by: Actor,
    *,
    compartment: UUID,
    stream: BinaryIO,
    name: str,
    origin: UUID,
    parent: UUID | None = None,
    derived: bool = False,
    media_type: str = "",
) -> ItemSealed:
    """The file is sealed, on the disk and in the record. The same bytes of the same origin, parent and name are one item.

    derived: made by us from the parent (a reading), not found in it. OSError where the disk refuses.
    """
    within = queries.compartment(compartment)
    file = seal_file(within, stream, name=name, origin=origin, parent=parent, derived=derived, media_type=media_type)
    try:
        return enter_item(by, file)
    except IntegrityError:  # another worker sealed the same at the same time
        forget_file(file)
        if known := _known(file):
            return known
        raise
    except AmparoError:
        forget_file(file)
        raise


def forget_file(file: Unentered) -> None:
    """The sealed file is gone from the disk: it did not become an item."""
    files.forget(Home.from_env(), file.binding.item)


def _known(file: Unentered) -> ItemSealed | None:
    alike: dict[str, Any] = {"origin": file.origin, "sha256": file.facts.sha256, "name": file.name}
    if file.parent:
        row = Item.objects.filter(parent__uuid=file.parent, **alike).first()
    else:
        row = prepared.find(Item, parent=None, **alike)
    return _sealed(row) if row else None


def _sealed(row: Item) -> ItemSealed:
    return ItemSealed(row.uuid, row.origin, row.sha256, row.size_bytes, row.sealed_sha256, queries.row_digest_of(row))


@act("item.sealed", power="items.seal", savepoint=False)
def _enter(by: Actor, *, file: Unentered, origin: UUID) -> ItemSealed:
    """A file was sealed, with its digests taken in the same pass."""
    parent = None
    if file.parent and not (parent := Item.objects.filter(uuid=file.parent).first()):
        raise Missing("There is no such item to have found this in.", item=file.parent)
    facts = file.facts
    row = prepared.write(
        Item(
            uuid=file.binding.item,
            name=file.name,
            media_type=file.media_type,
            size_bytes=facts.size_bytes,
            md5=facts.md5,
            sha1=facts.sha1,
            sha256=facts.sha256,
            origin=origin,
            parent=parent,
            derived=file.derived,
            compartment_id=file.within.row,
            sealed_for_id=file.within.row,
            wrapped_key=file.wrapped_key,
            sealed_size_bytes=facts.sealed_size_bytes,
            sealed_sha256=facts.sealed_sha256,
        )
    )
    return _sealed(row)


@dataclass(frozen=True)
class ItemOpened:
    item: UUID
    origin: UUID
    compartment: UUID


@dataclass(frozen=True)
class Opened:
    """An open item: use as a context, or call `close`. `stream` is seekable and authenticates what it gives out.

    again: one more stream over the same item, with a position of its own; whoever asks for it closes it.
    """

    facts: ItemFacts
    stream: io.BufferedReader
    again: Callable[[], io.BufferedReader] = field(repr=False)

    def read(self) -> bytes:
        """All of it, in memory."""
        self.stream.seek(0)
        return self.stream.read()

    def close(self) -> None:
        self.stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@prepares("item.opened")
def open_item(by: Actor, item: UUID, purpose: str, unlock: Unlock, *, in_parts: bool = False) -> Opened:
    """The item's bytes, for a purpose that stands in the record.

    in_parts: few bytes of a large file are wanted, so its digest isn't taken first. Each chunk is authentic all the same, and the
    file as long as it was sealed; Broken is then raised by the read that meets a changed byte.

    Refused without power, purpose or key; Missing; Broken when a byte of the file isn't what was sealed. Each is recorded.
    """
    opened: Opened | None = None
    problem: AmparoError | None = None
    if by.can("items.open"):
        try:
            opened = _opened(item, purpose, unlock, in_parts)
        except AmparoError as error:
            problem = error
    try:
        _record_opening(by.with_purpose(purpose) if opened else by, item, problem)
    except BaseException:
        if opened:
            opened.close()
        raise
    assert opened
    return opened


@act("item.opened", power="items.open")
def _record_opening(by: Actor, item: UUID, problem: AmparoError | None) -> ItemOpened:
    """A sealed item was opened, for the purpose stated."""
    if problem:
        raise problem
    facts = queries.item(item)
    return ItemOpened(item, facts.origin, facts.compartment)


def _opened(item: UUID, purpose: str, unlock: Unlock, in_parts: bool) -> Opened:
    if obstacles := rules.obstacles_to_purpose(purpose):
        raise Refused(*obstacles, item=item)
    facts = queries.item(item)
    row = Item.objects.select_related("sealed_for").get(uuid=item)
    data_key = _data_key(row, facts.compartment, unlock)
    path = files.path_of(Home.from_env(), item)
    try:
        intact = path.stat().st_size == row.sealed_size_bytes
        intact = intact and (in_parts or files.sealed_sha256(path) == row.sealed_sha256)
    except FileNotFoundError as error:
        raise Broken(f"The sealed file of {facts.reference} is gone: restore it from a backup.", item=item) from error
    if not intact:
        raise Broken(f"The sealed file of {facts.reference} was changed: restore it from a backup.", item=item)
    binding = Binding(item, row.sealed_for.uuid)

    def stream() -> io.BufferedReader:
        return io.BufferedReader(SealedReader(path.open("rb"), data_key, binding), envelope.CHUNK_BYTES)

    return Opened(facts, stream(), stream)


def _data_key(row: Item, compartment: UUID, unlock: Unlock) -> bytes:
    private = queries.private_key(compartment, unlock)
    return envelope.unwrap_key(bytes(row.wrapped_key), private, envelope.item_key_info(Binding(row.uuid, compartment)))


@dataclass(frozen=True)
class ItemsRewrapped:
    items: tuple[UUID, ...]
    compartment: UUID


@act("items.rewrapped", power="items.open")
def rewrap_items(by: Actor, items: Iterable[UUID], to_compartment: UUID, unlock: Unlock) -> ItemsRewrapped:
    """From now on the holders of another compartment open these items, and nobody else. No file is touched."""
    to = queries.compartment(to_compartment)
    target = Compartment.objects.get(uuid=to_compartment)
    done = []
    for row in Item.objects.select_related("compartment").filter(uuid__in=list(items)).order_by("id"):
        data_key = _data_key(row, row.compartment.uuid, unlock)
        row.wrapped_key = envelope.wrap_key(
            data_key, to.public_key, envelope.item_key_info(Binding(row.uuid, to_compartment))
        )
        row.compartment = target
        row.save(update_fields=["wrapped_key", "compartment"])
        done.append(row.uuid)
    return ItemsRewrapped(tuple(done), to_compartment)


def sweep(home: Home, age: timedelta = timedelta(hours=1)) -> int:
    """Moves sealed files that no row names out of the way (a crash between file and row) and says how many.

    Only files older than `age`, since a younger one's row may be about to be committed.
    """
    swept = 0
    for item, path in files.lying(home, clock.now() - age):
        if path.suffix == ".part" or not Item.objects.filter(uuid=item).exists():
            with suppress(FileNotFoundError):
                files.set_aside(home, path)
                swept += 1
    return swept


# --- Compartments --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompartmentMade:
    compartment: UUID
    holders: tuple[str, ...]


@act("compartment.made", power="compartments.make")
def create_compartment(by: Actor, name: str, holders: tuple[UUID | str, ...]) -> CompartmentMade:
    """A compartment that exactly these holders can open (officers' uuids, "worker"), and the recovery key.

    Its private key exists in the clear only while this runs. Refused for a holder who has no key yet.
    """
    named = tuple(dict.fromkeys(str(holder) for holder in (*holders, RECOVERY)))
    pair, made = envelope.new_key_pair(), Compartment(name=name[:80])
    made.public_key = pair.public
    made.save()
    for holder in named:
        _give(made, holder, pair.private)
    return CompartmentMade(made.uuid, named)


def _give(compartment: Compartment, holder: str, private: bytes) -> None:
    member = MemberKey.objects.filter(holder=holder).first()
    if not member:
        raise Refused("One of the holders has no key yet. Officers get theirs when they are added or first log in.")
    info = envelope.holding_info(compartment.uuid, holder)
    KeyHolding.objects.update_or_create(
        compartment=compartment,
        holder=holder,
        defaults={"wrapped_private_key": envelope.wrap_key(private, bytes(member.public_key), info)},
    )


@dataclass(frozen=True)
class KeyGranted:
    compartment: UUID
    officer: UUID


@act("key.granted", power="keys.grant")
def grant(by: Actor, compartment: UUID, officer: UUID, unlock: Unlock) -> KeyGranted:
    """The officer holds the compartment's key too. Only who holds it can give it (`unlock`)."""
    row = Compartment.objects.filter(uuid=compartment).first()
    if not row:
        raise Missing("There is no such compartment.", compartment=compartment)
    if row.name in COMPARTMENTS:
        powers = powers_of(access.officer(officer).roles)
        if obstacles := rules.obstacles_to_holding(row.name, powers):
            raise Refused(*obstacles)
    _give(row, str(officer), queries.private_key(compartment, unlock))
    return KeyGranted(compartment, officer)


@dataclass(frozen=True)
class KeyRevoked:
    compartment: UUID
    officer: UUID


@act("key.revoked", power="keys.grant")
def revoke(by: Actor, compartment: UUID, officer: UUID) -> KeyRevoked:
    """The officer no longer holds the key. Whoever kept a copy of it could open old items; new ones need a new compartment."""
    if not KeyHolding.objects.filter(compartment__uuid=compartment, holder=str(officer)).delete()[0]:
        raise Missing("This officer doesn't hold this compartment.", officer=officer)
    return KeyRevoked(compartment, officer)


@dataclass(frozen=True)
class CompartmentsLaid:
    compartments: tuple[UUID, ...]


@prepares("compartments.laid")
def lay_compartments(by: Actor, home: Home) -> None:
    """The house's own compartments and processes' public keys stand in the database as in the key files."""
    if Compartment.objects.filter(name__in=COMPARTMENTS).count() < len(COMPARTMENTS):
        _lay(by, home)


@act("compartments.laid", power="compartments.make")
def _lay(by: Actor, home: Home) -> CompartmentsLaid:
    """The two compartments of the key files stand in the database."""
    for name in ("worker", RECOVERY):
        MemberKey.objects.get_or_create(holder=name, defaults={"public_key": holder_public_key(home, name)})
    laid = []
    for name in COMPARTMENTS:
        key = public_key(home, "worker", name)
        row, _ = Compartment.objects.get_or_create(
            uuid=key.compartment, defaults={"name": name, "public_key": key.public}
        )
        for holder in ("worker", RECOVERY):
            path = home.keys / holder / f"{name}.holding"
            if path.exists():
                wrapped = read_holding(path)[1]
                KeyHolding.objects.get_or_create(
                    compartment=row, holder=holder, defaults={"wrapped_private_key": wrapped}
                )
        laid.append(row.uuid)
    return CompartmentsLaid(tuple(laid))


# --- Officers' keys ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MemberKeyMade:
    officer: UUID
    fingerprint: str


@prepares("key.made")
def make_member_key(by: Actor, officer: UUID, password: str) -> MemberKeyMade:
    """The officer has a key pair, the private half locked by their password. Refused where they have one already."""
    pair = envelope.new_key_pair()
    locked = envelope.lock(pair.private, password, _context(officer))
    return _store_key(by, officer, pair.public, locked)


@act("key.made", power="keys.make")
def _store_key(by: Actor, officer: UUID, public: bytes, locked: bytes) -> MemberKeyMade:
    """An officer got a key pair of their own."""
    if MemberKey.objects.filter(holder=str(officer)).exists():
        raise Refused("This officer has a key already.")
    MemberKey.objects.create(holder=str(officer), public_key=public, locked_private_key=locked)
    return MemberKeyMade(officer, envelope.fingerprint(public))


def unlock_for_session(officer: UUID, password: str) -> tuple[str, str]:
    """(text for the session, secret for an HttpOnly cookie) that together open the officer's private key.

    An officer without a key gets one. One whose password was set anew by somebody else gets a fresh one too, and must be
    granted their compartments again: the old one is locked by a password that nobody has any more.
    """
    member = MemberKey.objects.filter(holder=str(officer)).first()
    try:
        if member:
            private = envelope.unlock(bytes(member.locked_private_key), password, _context(officer))
            return OfficerKeys(str(officer), private).for_session()
    except Refused:
        pass  # the way in has checked the password already: it is the key's that is another
    pair = envelope.new_key_pair()
    _renew_key(HOUSE, officer, pair.public, envelope.lock(pair.private, password, _context(officer)))
    return OfficerKeys(str(officer), pair.private).for_session()


@act("key.renewed", power="officers.log_in")
def _renew_key(by: Actor, officer: UUID, public: bytes, locked: bytes) -> MemberKeyMade:
    """An officer got a fresh key pair at log-in; what they held before must be granted again."""
    KeyHolding.objects.filter(holder=str(officer)).delete()
    MemberKey.objects.update_or_create(
        holder=str(officer), defaults={"public_key": public, "locked_private_key": locked}
    )
    return MemberKeyMade(officer, envelope.fingerprint(public))


@dataclass(frozen=True)
class MemberKeyRelocked:
    officer: UUID


@prepares("key.relocked")
def change_password(by: Actor, officer: UUID, old: str, new: str) -> MemberKeyRelocked:
    """The officer's own key opens with the new password and no longer with the old one. Refused for a wrong old one."""
    member = MemberKey.objects.filter(holder=str(officer)).first()
    if not member:
        raise Missing("This officer has no key yet.", officer=officer)
    private = envelope.unlock(bytes(member.locked_private_key), old, _context(officer))
    return _relock(by, officer, envelope.lock(private, new, _context(officer)))


@act("key.relocked", power="own.read")
def _relock(by: Actor, officer: UUID, locked: bytes) -> MemberKeyRelocked:
    """An officer's key is locked by another password."""
    if by.uuid != officer:
        raise Refused("An officer's password is changed by that officer.")
    MemberKey.objects.filter(holder=str(officer)).update(locked_private_key=locked)
    return MemberKeyRelocked(officer)


def _context(officer: UUID) -> bytes:
    return b"member" + officer.bytes
