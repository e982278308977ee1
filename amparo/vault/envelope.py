"""Sealing and opening bytes: the only place of the house that touches the cryptography library (docs/formats/envelope.md).

Four things can be sealed: a file (in chunks, any size, constant memory, read at random), a letter (one blob that carries
its own wrapped key), a key (wrapped to a public key) and a secret (under a passphrase or another secret). Whatever was
changed, cut, swapped or sealed for something else raises Broken; its field `reason` is "malformed", "not_authentic" or
"another_binding".
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from amparo.foundation.errors import Broken, Refused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 64 * 1024  # 3.2 GB/s measured; 1 MiB chunks are three times slower (page faults)
TAG_BYTES = 16
KEY_BYTES = 32
FILE_MAGIC = b"amparoF1"
LETTER_MAGIC = b"amparoL1"
LOCK_MAGIC = b"amparoK1"
SECRET_MAGIC = b"amparoS1"
PREFIX_BYTES = 7
FILE_HEADER_BYTES = len(FILE_MAGIC) + PREFIX_BYTES
PUBLIC_KEY_BYTES = 1184 + 32  # ML-KEM-768 then X25519 (X-Wing)
WRAPPED_KEY_BYTES = 1120 + KEY_BYTES + TAG_BYTES
LETTER_HEADER_BYTES = len(LETTER_MAGIC) + 16 + 16 + WRAPPED_KEY_BYTES
LARGEST_CHUNK_COUNT = 2**32
ARGON2ID_MEMORY_KIB, ARGON2ID_PASSES, ARGON2ID_LANES = 64 * 1024, 3, 4  # RFC 9106's second recommended option; 0.28 s

# OpenSSL's Argon2 shares one pool of threads in a process: two derivations at once wait for each other for ever, or fail for
# want of memory (seen with cryptography 50 and OpenSSL 4.0). Fixed by patience: each takes all lanes anyway.
_STRETCHING = Lock()
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Binding(NamedTuple):
    """What sealed bytes belong to; they do not open as anything else's."""

    item: UUID
    compartment: UUID

    def as_bytes(self) -> bytes:
        """The two identifiers, 16 bytes each."""
        return self.item.bytes + self.compartment.bytes


@dataclass(frozen=True)
class SealedFacts:
    """What one pass of sealing learned. Digests are lower-case hex; md5, sha1 and sha256 are the plaintext's."""

    size_bytes: int
    md5: str
    sha1: str
    sha256: str
    sealed_size_bytes: int
    sealed_sha256: str


def _malformed(what: str) -> Broken:
    return Broken(f"These sealed bytes are not whole: {what}. Restore them from a backup.", reason="malformed")


def _not_authentic() -> Broken:
    return Broken(
        "These sealed bytes were changed, or belong to another key or another item. Restore them from a backup.",
        reason="not_authentic",
    )


# --- Key pairs -----------------------------------------------------------------------------------------------------------


class KeyPair(NamedTuple):
    """An X-Wing key pair (draft-connolly-cfrg-xwing-kem): a 32-byte seed, and 1 216 bytes that anyone may have."""

    private: bytes
    public: bytes


def new_key_pair() -> KeyPair:
    """A fresh key pair from the system's randomness."""
    private = os.urandom(KEY_BYTES)
    return KeyPair(private, public_key_of(private))


def new_data_key() -> bytes:
    """A fresh AES-256 key, for one item only."""
    return os.urandom(KEY_BYTES)


def public_key_of(private: bytes) -> bytes:
    """The public half of a private seed."""
    mlkem, x25519 = _halves(private)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def _halves(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    if len(private) != KEY_BYTES:
        raise _malformed("a private key has 32 bytes")
    expanded = hashlib.shake_256(private).digest(96)  # X-Wing's expandDecapsulationKey
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])


def wrap_key(key: bytes, public: bytes, info: bytes) -> bytes:
    """`key` for the holder of `public` alone, usable only with the same `info`. 32 bytes become 1 168."""
    if len(public) != PUBLIC_KEY_BYTES:
        raise _malformed("a public key has 1216 bytes")
    try:
        mlkem, x25519 = (
            MLKEM768PublicKey.from_public_bytes(public[:1184]),
            X25519PublicKey.from_public_bytes(public[1184:]),
        )
    except ValueError as error:
        raise _malformed("a public key is no point of its curve") from error
    return _SUITE.encrypt(key, MLKEM768X25519PublicKey(mlkem, x25519), info=info)


def unwrap_key(wrapped: bytes, private: bytes, info: bytes) -> bytes:
    """What `wrap_key` was given. Raises Broken."""
    try:
        return _SUITE.decrypt(wrapped, MLKEM768X25519PrivateKey(*_halves(private)), info=info)
    except (InvalidTag, ValueError) as error:
        raise _not_authentic() from error


def item_key_info(binding: Binding) -> bytes:
    """HPKE info for an item's data key: the item, and the compartment that may open it now."""
    return b"amparo item key 1\0" + binding.as_bytes()


def letter_key_info(binding: Binding) -> bytes:
    """HPKE info for the key inside a letter."""
    return b"amparo letter key 1\0" + binding.as_bytes()


def holding_info(compartment: UUID, holder: str) -> bytes:
    """HPKE info for a compartment's private key in one holder's hands (an officer's uuid or a process's name)."""
    return b"amparo holding 1\0" + compartment.bytes + holder.encode()


# --- Files ---------------------------------------------------------------------------------------------------------------


def seal(source: BinaryIO, sink: BinaryIO, data_key: bytes, binding: Binding) -> SealedFacts:
    """Reads `source` to its end and writes it sealed to `sink`, in one pass and constant memory.

    A data key seals one file only. Flushing and syncing `sink` is the caller's.
    """
    return _seal(source, sink, data_key, binding, os.urandom(PREFIX_BYTES))


def _seal(source: BinaryIO, sink: BinaryIO, data_key: bytes, binding: Binding, prefix: bytes) -> SealedFacts:
    md5 = hashlib.md5(usedforsecurity=False)  # hash lists and platforms still speak MD5 and SHA-1
    sha1 = hashlib.sha1(usedforsecurity=False)
    sha256, sealed_sha256 = hashlib.sha256(), hashlib.sha256()
    size = sealed_size = 0
    for chunk, piece in _sealed_pieces(source, data_key, FILE_MAGIC, binding, prefix):
        for digest in (md5, sha1, sha256):
            digest.update(chunk)
        sealed_sha256.update(piece)
        size += len(chunk)
        sealed_size += len(piece)
        sink.write(piece)
    return SealedFacts(
        size, md5.hexdigest(), sha1.hexdigest(), sha256.hexdigest(), sealed_size, sealed_sha256.hexdigest()
    )


def _sealed_pieces(
    source: BinaryIO, data_key: bytes, magic: bytes, binding: Binding, prefix: bytes
) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of a plaintext chunk and the bytes that stand for it; first an empty chunk with the header."""
    aes, associated = AESGCM(data_key), magic + binding.as_bytes()
    yield b"", (magic if magic == FILE_MAGIC else b"") + prefix
    for number, (chunk, last) in enumerate(_chunks(source)):
        if number >= LARGEST_CHUNK_COUNT:
            raise Refused("A file of more than 256 TiB cannot be sealed; split it.")
        yield chunk, aes.encrypt(_nonce(prefix, number, last), chunk, associated)


def _chunks(source: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Full chunks and whether each is the last; an empty source has one empty chunk."""
    chunk = _read_fully(source, CHUNK_BYTES)
    while True:
        following = _read_fully(source, CHUNK_BYTES) if len(chunk) == CHUNK_BYTES else b""
        yield chunk, not following
        if not following:
            return
        chunk = following


def _read_fully(source: BinaryIO, size: int) -> bytes:
    """`size` bytes, fewer only at the end; pipes and sockets give less per read."""
    piece = source.read(size) or b""
    if len(piece) in (0, size):
        return piece
    pieces, have = [piece], len(piece)
    while have < size and (piece := source.read(size - have)):
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    """STREAM (Hoang, Reyhanitabar, Rogaway, Vizar 2015): order and end are part of what is authenticated."""
    return prefix + struct.pack(">IB", number, last)


class SealedReader(io.RawIOBase):
    """The plaintext of a sealed file, seekable; every chunk is authenticated before a byte of it is given out.

    The last chunk is opened at once, so that a cut file is refused before anything of it was used. Wrap in
    io.BufferedReader for small reads. Raises Broken from the constructor and from any read.
    """

    def __init__(self, sealed: BinaryIO, data_key: bytes, binding: Binding) -> None:
        super().__init__()
        sealed.seek(0)
        header = sealed.read(FILE_HEADER_BYTES)
        if len(header) != FILE_HEADER_BYTES or not header.startswith(FILE_MAGIC):
            raise _malformed("the header is missing")
        self._begin(sealed, FILE_HEADER_BYTES, data_key, FILE_MAGIC, binding, header[len(FILE_MAGIC) :])

    def _begin(
        self, sealed: BinaryIO, offset: int, data_key: bytes, magic: bytes, binding: Binding, prefix: bytes
    ) -> None:
        self._sealed, self._offset, self._prefix = sealed, offset, prefix
        self._aes, self._associated = AESGCM(data_key), magic + binding.as_bytes()
        body_bytes = sealed.seek(0, os.SEEK_END) - offset
        self.chunk_count = -(-body_bytes // (CHUNK_BYTES + TAG_BYTES))
        self.size_bytes = body_bytes - self.chunk_count * TAG_BYTES
        self._position, self._number, self._chunk = 0, -1, b""
        before_last = (self.chunk_count - 1) * CHUNK_BYTES
        if body_bytes < TAG_BYTES or (self.size_bytes <= before_last and self.chunk_count > 1):
            raise _malformed("its length is not one that sealing gives")
        self.chunk(self.chunk_count - 1)

    def chunk(self, number: int) -> bytes:
        """The plaintext of one chunk, 0 to chunk_count - 1."""
        if number == self._number:
            return self._chunk
        if not 0 <= number < self.chunk_count:
            raise IndexError(number)
        self._sealed.seek(self._offset + number * (CHUNK_BYTES + TAG_BYTES))
        piece = _read_fully(self._sealed, CHUNK_BYTES + TAG_BYTES)
        nonce = _nonce(self._prefix, number, number == self.chunk_count - 1)
        try:
            chunk = self._aes.decrypt(nonce, piece, self._associated)
        except InvalidTag as error:
            raise _not_authentic() from error
        self._number, self._chunk = number, chunk
        return chunk

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._position >= self.size_bytes:
            return 0
        number, within = divmod(self._position, CHUNK_BYTES)
        room = memoryview(buffer).cast("B")
        piece = self.chunk(number)[within : within + len(room)]
        room[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_sealed"):
            self._sealed.close()
        super().close()


class _LetterReader(SealedReader):
    """The body of a letter: the same chunks, under the letter's own magic."""

    def __init__(self, sealed: BinaryIO, data_key: bytes, binding: Binding) -> None:
        io.RawIOBase.__init__(self)
        sealed.seek(LETTER_HEADER_BYTES)
        prefix = sealed.read(PREFIX_BYTES)
        self._begin(sealed, LETTER_HEADER_BYTES + PREFIX_BYTES, data_key, LETTER_MAGIC, binding, prefix)


# --- Letters -------------------------------------------------------------------------------------------------------------


def seal_letter(plaintext: bytes, public: bytes, binding: Binding) -> bytes:
    """One blob that whoever has the private half of `public` can open, with nothing but the blob."""
    return b"".join(letter_pieces(plaintext, public, binding))


def letter_pieces(plaintext: bytes, public: bytes, binding: Binding) -> Iterator[bytes]:
    """The same letter piece by piece, for large ones that go straight to a file."""
    data_key = new_data_key()
    yield LETTER_MAGIC + binding.as_bytes() + wrap_key(data_key, public, letter_key_info(binding))
    for _, piece in _sealed_pieces(io.BytesIO(plaintext), data_key, LETTER_MAGIC, binding, os.urandom(PREFIX_BYTES)):
        yield piece


def letter_binding(letter: bytes) -> Binding:
    """What a letter says it belongs to. Only opening it proves that."""
    if len(letter) < LETTER_HEADER_BYTES + PREFIX_BYTES or not letter.startswith(LETTER_MAGIC):
        raise _malformed("the header is missing")
    return Binding(UUID(bytes=letter[8:24]), UUID(bytes=letter[24:40]))


def open_letter(letter: bytes, private: bytes, binding: Binding) -> bytes:
    """What `seal_letter` was given. Raises Broken, also for an honest letter that belongs to another binding."""
    if letter_binding(letter) != binding:
        raise Broken("This letter belongs to something else. Look for the right one.", reason="another_binding")
    wrapped = letter[LETTER_HEADER_BYTES - WRAPPED_KEY_BYTES : LETTER_HEADER_BYTES]
    data_key = unwrap_key(wrapped, private, letter_key_info(binding))
    if len(data_key) != KEY_BYTES:
        raise _malformed("its key has another length")
    return _LetterReader(io.BytesIO(letter), data_key, binding).readall() or b""


# --- Secrets -------------------------------------------------------------------------------------------------------------


def seal_under(secret: bytes, plaintext: bytes, context: bytes) -> bytes:
    """`plaintext` under a 32-byte secret, for `context` only. For small values such as a private key in a session."""
    nonce = os.urandom(12)
    return SECRET_MAGIC + nonce + AESGCM(secret).encrypt(nonce, plaintext, SECRET_MAGIC + context)


def open_under(secret: bytes, sealed: bytes, context: bytes) -> bytes:
    """What `seal_under` was given. Raises Broken."""
    if len(sealed) < 20 + TAG_BYTES or not sealed.startswith(SECRET_MAGIC) or len(secret) != KEY_BYTES:
        raise _malformed("the header is missing")
    try:
        return AESGCM(secret).decrypt(sealed[8:20], sealed[20:], SECRET_MAGIC + context)
    except InvalidTag as error:
        raise _not_authentic() from error


def lock(private: bytes, passphrase: str, context: bytes) -> bytes:
    """A private key that only `passphrase` opens (Argon2id: 64 MiB, 3 passes, 4 lanes), for `context` only."""
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(stretched(passphrase, salt)).encrypt(nonce, private, LOCK_MAGIC + salt + context)
    return LOCK_MAGIC + salt + nonce + sealed


def unlock(locked: bytes, passphrase: str, context: bytes) -> bytes:
    """What `lock` was given. Raises Refused for a wrong passphrase: it cannot be told from changed bytes."""
    if len(locked) < 36 + TAG_BYTES or not locked.startswith(LOCK_MAGIC):
        raise _malformed("the header is missing")
    salt, nonce = locked[8:24], locked[24:36]
    try:
        return AESGCM(stretched(passphrase, salt)).decrypt(nonce, locked[36:], LOCK_MAGIC + salt + context)
    except InvalidTag as error:
        raise Refused("The password does not open this key.") from error


def stretched(passphrase: str, salt: bytes) -> bytes:
    """32 bytes of a passphrase or code, made slow to guess (Argon2id: 64 MiB, 3 passes, 4 lanes). One at a time in a process."""
    derivation = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=ARGON2ID_PASSES, lanes=ARGON2ID_LANES, memory_cost=ARGON2ID_MEMORY_KIB
    )
    with _STRETCHING:
        return derivation.derive(passphrase.encode())


# --- Signatures ----------------------------------------------------------------------------------------------------------


def new_signing_key() -> tuple[bytes, bytes]:
    """A fresh Ed25519 pair as PEM (PKCS 8, SubjectPublicKeyInfo), so that openssl alone can check what it signed."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sign(message: bytes, private_pem: bytes) -> bytes:
    """64 bytes. ValueError where the PEM is no Ed25519 key."""
    key = load_pem_private_key(private_pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key.sign(message)


def is_signed(message: bytes, signature: bytes, public_pem: bytes) -> bool:
    """Whether the holder of this key signed exactly this message. ValueError where the PEM is no Ed25519 key."""
    key = load_pem_public_key(public_pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def fingerprint(public: bytes) -> str:
    """A public key's name for people and tables: the first 16 bytes of its SHA-256 in base32, without padding."""
    return base64.b32encode(hashlib.sha256(public).digest()[:16]).decode().rstrip("=").lower()
