"""The key files: who holds which, in which folder, and why a process refuses to start with one that others can read.

No Django and no database here: the receiver uses this module too. Where a private key of a compartment is needed, it is
found wrapped to its holder, in a file (the house's own two compartments) or in a row that the caller hands in.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from amparo.foundation.durable import sync_folder
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.vault import envelope

CONTENT, IDENTITY, RELAY = "content", "identity", "relay"
COMPARTMENTS = (CONTENT, IDENTITY)  # of items and officers; what is sealed to the relay, the courier alone opens
CODE_KEY = "code.key"  # makes codes for reporters of their forms' numbers; opens nothing that the house sealed
SENDER_KEY = "sender.key"  # makes tags of senders' addresses; opens nothing

# What each process holds, and nothing else of the house's keys. The receiver can seal and cannot open: it has no private
# key at all. The courier opens the addresses that answers go to. The house has none: officers bring their own.
FOLDERS: dict[str, tuple[str, ...]] = {
    "receiver": ("content.pub", "identity.pub", "relay.pub", SENDER_KEY),
    "worker": (
        "content.pub",
        "identity.pub",
        "worker.pub",
        "worker.key",
        "content.holding",
        "checkpoint.pub",
        "checkpoint.key",
    ),
    "house": ("content.pub", "identity.pub", "checkpoint.pub", "session.key"),
    "courier": ("relay.pub", "courier.pub", "courier.key", "relay.holding"),
    # The public form seals and signs receipts. Whoever breaks in there learns what is sent from then on.
    "form": ("content.pub", "identity.pub", "receipt.pub", "receipt.key", CODE_KEY),
    "recovery": (
        "content.pub",
        "identity.pub",
        "relay.pub",
        "recovery.pub",
        "recovery.key",
        "content.holding",
        "identity.holding",
        "relay.holding",
    ),
}
SIGNING_KEY = "house/signing.asc"  # the house's OpenPGP key; the exchange room makes it
COOKIE, SESSION_FIELD = "amparo_key", "vault_key"  # set by the way in (wiring/login.py)
ADVICE = """This folder opens everything this house has sealed, if its officers' keys are lost.
Copy it to two media, keep them in two safes, try one of them, then delete recovery.key here.
Adding officers to the compartment of reporters' identities needs it back, or an officer who holds that compartment.
"""


@dataclass(frozen=True)
class PublicKey:
    """A compartment's public key as a file tells it."""

    name: str
    compartment: UUID
    public: bytes

    def text(self) -> str:
        return f"amparo public key 1\nname {self.name}\ncompartment {self.compartment}\nkey {_text(self.public)}\n"


class Unlock(Protocol):
    """Whoever can bring a compartment's private key."""

    @property
    def holder(self) -> str:
        """An officer's uuid or a process's name: whose holding to hand in."""

    def private_key(self, compartment: UUID, wrapped: bytes | None = None) -> bytes:
        """The compartment's private key. wrapped: this holder's holding. Refused without one, Broken for a changed one."""


class ProcessKeys:
    """The keys of one of the house's processes, from its own folder."""

    def __init__(self, home: Home, name: str) -> None:
        self._home, self._folder = home, home.keys / name
        self.holder = name

    def compartment(self, name: str) -> UUID:
        """Which one the house's compartment "content" or "identity" is, as this process's folder says."""
        return public_key(self._home, self.holder, name).compartment

    def private_key(self, compartment: UUID, wrapped: bytes | None = None) -> bytes:
        holding = wrapped if wrapped is not None else self._holding(compartment)
        if holding is None:
            raise Refused(f"The process {self.holder} doesn't hold this compartment: an officer who does can grant it.")
        own = _bytes(_read(self._folder / f"{self.holder}.key"))
        return envelope.unwrap_key(holding, own, envelope.holding_info(compartment, self.holder))

    def _holding(self, compartment: UUID) -> bytes | None:
        for path in sorted(self._folder.glob("*.holding")):
            named, holding = read_holding(path)
            if named == compartment:
                return holding
        return None


@dataclass(frozen=True)
class OfficerKeys:
    """An officer's private key for as long as their session lasts; made by `from_request` or right after log-in."""

    holder: str
    private: bytes

    @classmethod
    def from_request(cls, request: Any) -> OfficerKeys:
        """Joins the session's sealed key and the cookie's secret. Refused where either is missing or they don't fit."""
        sealed, secret = request.session.get(SESSION_FIELD), request.COOKIES.get(COOKIE)
        if not sealed or not secret:
            raise Refused("Your keys are locked. Log out and in again with your password to open sealed content.")
        return cls.from_session(sealed, secret)

    @classmethod
    def from_session(cls, sealed: str, secret: str) -> OfficerKeys:
        """The other way round than `for_session`. Refused where the two don't belong together."""
        officer, _, blob = sealed.partition(".")
        try:
            return cls(officer, envelope.open_under(_bytes(secret), _bytes(blob), b"session" + officer.encode()))
        except Broken as error:
            raise Refused("Your keys don't open in this session. Log out and in again with your password.") from error

    def for_session(self) -> tuple[str, str]:
        """(text for the session, secret for the cookie): neither opens anything without the other."""
        secret = secrets.token_bytes(envelope.KEY_BYTES)
        sealed = envelope.seal_under(secret, self.private, b"session" + self.holder.encode())
        return f"{self.holder}.{_text(sealed)}", _text(secret)

    def private_key(self, compartment: UUID, wrapped: bytes | None = None) -> bytes:
        if wrapped is None:
            raise Refused("You don't hold the key for this. An officer who holds it can grant it to you.")
        return envelope.unwrap_key(wrapped, self.private, envelope.holding_info(compartment, self.holder))


# --- Making --------------------------------------------------------------------------------------------------------------


def make_keys(home: Home) -> bool:
    """Afterwards every process has its keys. False when there were keys already: they are never replaced, only completed.

    All or nothing: they are made in a folder beside and renamed, so that a crash leaves no half set.
    """
    home.make()
    if any(home.keys.iterdir()):
        _complete(home)
        return False
    fresh = home.path / f"keys.new-{secrets.token_hex(8)}"
    try:
        _make_all(fresh)
        fresh.rename(home.keys)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if any(home.keys.iterdir()):  # another process was faster
            return False
        raise
    sync_folder(home.path)
    return True


def _make_all(fresh: Path) -> None:
    for name in FOLDERS:
        if name != "form":
            (fresh / name).mkdir(mode=0o700, parents=True)
    fresh.chmod(0o700)
    pairs = {name: envelope.new_key_pair() for name in (*COMPARTMENTS, "worker", "recovery")}
    holders = {CONTENT: ("worker", "recovery"), IDENTITY: ("recovery",)}
    for name in COMPARTMENTS:
        compartment = new_id()
        text = PublicKey(name, compartment, pairs[name].public).text()
        for process in ("receiver", "worker", "house", "recovery"):
            _write(fresh / process / f"{name}.pub", text)
        for holder in holders[name]:
            wrapped = _wrapped(pairs[name].private, pairs[holder].public, compartment, holder)
            _write(fresh / holder / f"{name}.holding", wrapped)
    _make_relay(fresh, pairs["recovery"].public)
    _make_form(fresh)
    for holder in ("worker", "recovery"):
        _write(fresh / holder / f"{holder}.key", _text(pairs[holder].private) + "\n")
        _write(fresh / holder / f"{holder}.pub", _text(pairs[holder].public) + "\n")
    private, public = envelope.new_signing_key()
    _write(fresh / "worker" / "checkpoint.key", private.decode())
    for process in ("worker", "house"):
        _write(fresh / process / "checkpoint.pub", public.decode())
    _write(fresh / "house" / "session.key", secrets.token_urlsafe(48) + "\n")
    _write(fresh / "recovery" / "README.txt", ADVICE)
    for name in FOLDERS:
        sync_folder(fresh / name)


def _wrapped(private: bytes, public: bytes, compartment: UUID, holder: str) -> str:
    """The text of a holding: the compartment's private key for the holder of `public` alone."""
    wrapped = envelope.wrap_key(private, public, envelope.holding_info(compartment, holder))
    return f"amparo holding 1\ncompartment {compartment}\nkey {_text(wrapped)}\n"


def _make_relay(keys: Path, recovery: bytes | None) -> None:
    """The compartment of addresses for answers, and the receiver's key for tags. Written last: what says that all is there."""
    relay, courier, compartment = envelope.new_key_pair(), envelope.new_key_pair(), new_id()
    text = PublicKey(RELAY, compartment, relay.public).text()
    _write(keys / "courier" / "courier.key", _text(courier.private) + "\n")
    _write(keys / "courier" / "courier.pub", _text(courier.public) + "\n")
    _write(keys / "courier" / "relay.holding", _wrapped(relay.private, courier.public, compartment, "courier"))
    _write(keys / "courier" / "relay.pub", text)
    if recovery:
        _write(keys / "recovery" / "relay.holding", _wrapped(relay.private, recovery, compartment, "recovery"))
        _write(keys / "recovery" / "relay.pub", text)
    _write(keys / "receiver" / SENDER_KEY, secrets.token_hex(32) + "\n")
    _write(keys / "receiver" / "relay.pub", text)


def _make_form(keys: Path) -> None:
    """What the public form holds: the folder is there whole or not at all."""
    fresh = keys / "form.new"
    shutil.rmtree(fresh, ignore_errors=True)  # of a start that was cut short
    fresh.mkdir(mode=0o700)
    for name in COMPARTMENTS:
        _write(fresh / f"{name}.pub", (keys / "house" / f"{name}.pub").read_text())
    private, public = envelope.new_signing_key()
    _write(fresh / "receipt.pub", public.decode())
    _write(fresh / "receipt.key", private.decode())
    _write(fresh / CODE_KEY, secrets.token_hex(32) + "\n")
    sync_folder(fresh)
    fresh.rename(keys / "form")
    sync_folder(keys)


def _complete(home: Home) -> None:
    """A house whose keys are older than a process gets that process's keys; those that it has are not touched."""
    with (home.run / "keys.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home.keys / "receiver").is_dir():
            return
        if not (home.keys / "receiver" / "relay.pub").exists():
            _complete_relay(home)
        if not (home.keys / "form").is_dir():
            _make_form(home.keys)


def _complete_relay(home: Home) -> None:
    made = ("courier/courier.*", "*/relay.*", f"receiver/{SENDER_KEY}")
    for path in (path for pattern in made for path in home.keys.glob(pattern)):
        path.unlink()  # of a start that was cut short: nothing was sealed to it yet
    (home.keys / "courier").mkdir(mode=0o700, exist_ok=True)
    offline = not (home.keys / "recovery" / "recovery.pub").exists()
    _make_relay(home.keys, None if offline else holder_public_key(home, "recovery"))
    for name in ("courier", "recovery", "receiver"):
        if (home.keys / name).is_dir():
            sync_folder(home.keys / name)


# --- Checking ------------------------------------------------------------------------------------------------------------


def check_keys(home: Home, process: str) -> None:
    """Raises Refused, naming file, mode and the command that mends it, unless `process` may start with these keys."""
    folder = home.keys / process
    if process == "recovery" and not folder.exists():
        return  # offline altogether: as it should be
    if not folder.is_dir():
        raise Refused(
            f"{folder} is missing: `amparo up` makes the keys on the first start, else restore it from a backup."
        )
    # With one system user for each process, the folder of folders is root's and can be passed through (0711), not read.
    obstacles = _exposed(home.keys, 0o066, owned=False) + _exposed(folder)
    for name in FOLDERS[process]:
        if not (folder / name).is_file() and name != "recovery.key":  # that one belongs offline
            obstacles.append(f"The key {folder / name} is missing: restore it from the backup of {home.keys}.")
    for path in sorted(folder.iterdir()):
        obstacles += _exposed(path)
        if process == "receiver" and path.suffix != ".pub" and path.name != SENDER_KEY:
            obstacles.append(f"The receiver must not be able to open anything: move {path} out of {folder}.")
    if not obstacles:
        obstacles = _equal(sorted(folder.iterdir()))
    if obstacles:
        raise Refused(*obstacles)


def check_all_keys(home: Home) -> None:
    """As `check_keys` for every process, and that no two of them share a private key. For whoever starts them all.

    A process checks its own folder only: it has no business reading another's, not even to compare.
    """
    for process in FOLDERS:
        check_keys(home, process)
    if obstacles := _equal(sorted(home.keys.glob("*/*.key"))):
        raise Refused(*obstacles)


def _exposed(path: Path, closed: int = 0o077, *, owned: bool = True) -> list[str]:
    facts = path.stat()
    mode, wanted = stat.S_IMODE(facts.st_mode), "700" if path.is_dir() else "600"
    found = []
    if mode & closed:
        found.append(f"Others can reach {path} (mode {mode:04o}). Run: chmod {wanted} {path}")
    if owned and facts.st_uid != os.geteuid():
        found.append(f"{path} belongs to user {facts.st_uid}. Run: chown {os.geteuid()} {path}")
    return found


def _equal(paths: list[Path]) -> list[str]:
    """Two names for one key mean that a break-in at one door is one everywhere."""
    seen: dict[bytes, Path] = {}
    found = []
    for path in paths:
        key = _key_in(path)
        if key and (other := seen.setdefault(key, path)) != path:
            found.append(f"{other} and {path} hold the same key: each must have its own. Restore them from a backup.")
    return found


def _key_in(path: Path) -> bytes:
    if path.suffix not in (".key", ".pub", ".holding"):
        return b""
    text = path.read_bytes().strip()
    return text.rpartition(b"\nkey ")[2] if text.startswith(b"amparo ") else text


def describe_keys(home: Home) -> list[str]:
    """Lines for a person: where the keys lie, who holds what, how to back them up."""
    recovery = home.keys / "recovery" / "recovery.key"
    return [
        f"Keys lie in {home.keys}, one folder for each process; only its user may read it.",
        f"  {home.keys / 'receiver'}  public keys and a key for tags of senders: the receiver seals and cannot open",
        f"  {home.keys / 'worker'}  opens content for examination, never reporters' identities; signs checkpoints",
        f"  {home.keys / 'house'}  signs sessions; officers' own keys lie locked by their passwords in the database",
        f"  {home.keys / 'form'}  public keys, the key that signs receipts and the one that makes reporters' codes",
        f"  {home.keys / 'courier'}  opens the addresses that answers to reporters go to, and nothing else",
        f"  {home.keys / 'recovery'}  opens everything"
        + (
            ": MOVE IT OFFLINE (README.txt there says how)" if recovery.exists() else " (recovery.key is offline: good)"
        ),
        f"Back up: tar -C {home.path} -cf - keys | age -p > keys.tar.age   (then keep it away from the data's backup)",
    ]


# --- Reading -------------------------------------------------------------------------------------------------------------


def public_key(home: Home, process: str, name: str) -> PublicKey:
    """The compartment `name` as the folder of `process` knows it. Missing or Broken."""
    path = home.keys / process / f"{name}.pub"
    fields = _fields(path, "amparo public key 1")
    return PublicKey(fields["name"], UUID(fields["compartment"]), _bytes(fields["key"]))


def read_holding(path: Path) -> tuple[UUID, bytes]:
    """(compartment, its private key wrapped to the folder's owner). Missing or Broken."""
    fields = _fields(path, "amparo holding 1")
    return UUID(fields["compartment"]), _bytes(fields["key"])


def sender_key(home: Home) -> bytes:
    """The receiver's 32 bytes by which it makes tags of senders' addresses. Missing or Broken."""
    try:
        return bytes.fromhex(_read(home.keys / "receiver" / SENDER_KEY).strip())
    except ValueError as error:
        raise Broken("The receiver's key for tags is damaged: restore it from a backup.", reason="malformed") from error


def code_key(home: Home) -> bytes:
    """The form's 32 bytes by which it makes reporters' codes. Without them no code opens its mailbox again. Missing or Broken."""
    try:
        return bytes.fromhex(_read(home.keys / "form" / CODE_KEY).strip())
    except ValueError as error:
        raise Broken("The form's key for codes is damaged: restore it from a backup.", reason="malformed") from error


def receipt_keys(home: Home) -> tuple[bytes, bytes]:
    """(private, public) of the form's Ed25519 key for receipts, as PEM. Missing."""
    folder = home.keys / "form"
    return _read(folder / "receipt.key").encode(), _read(folder / "receipt.pub").encode()


def holder_public_key(home: Home, name: str) -> bytes:
    """The public key to which a process's holdings are wrapped ("worker", "recovery")."""
    return _bytes(_read(home.keys / name / f"{name}.pub"))


def checkpoint_signer(home: Home) -> Callable[[bytes], bytes]:
    """Signs the record's checkpoints with the house's Ed25519 key."""
    private = _read(home.keys / "worker" / "checkpoint.key").encode()
    return lambda message: envelope.sign(message, private)


def checkpoint_verifier(home: Home) -> Callable[[bytes, bytes], bool]:
    """Says whether the house signed a message: (message, signature) -> bool."""
    public = _read(home.keys / "house" / "checkpoint.pub").encode()
    return lambda message, signature: envelope.is_signed(message, signature, public)


def session_secret(home: Home) -> str:
    """The secret with which the house signs sessions and forms."""
    return _read(home.keys / "house" / "session.key").strip()


def _fields(path: Path, first_line: str) -> dict[str, str]:
    first, *lines = _read(path).strip().split("\n")
    if first != first_line:
        raise Broken(f"{path} is no key file of ours: restore it from a backup.", reason="malformed")
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError as error:
        raise Missing(f"The key {path} is missing: restore it from a backup.") from error


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise Broken("A stored key is not what was written: restore it from a backup.", reason="malformed") from error
