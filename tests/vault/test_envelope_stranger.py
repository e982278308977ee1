"""A program written from docs/formats/envelope.md alone, with none of our code, opens what we sealed."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "envelope" / "vectors.json").read_text())
SUITE = b"HPKE" + struct.pack(">HHH", 0x647A, 0x0001, 0x0002)


def extract(salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + SUITE + label + material, "sha256")


def expand(key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(key, struct.pack(">H", length) + b"HPKE-v1" + SUITE + label + info + b"\1", "sha256")[:length]


def unwrap(wrapped: bytes, seed: bytes, info: bytes) -> bytes:
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem, x25519 = (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )
    mlkem_part, x25519_part = wrapped[:1088], wrapped[1088:1120]
    secrets = mlkem.decapsulate(mlkem_part) + x25519.exchange(X25519PublicKey.from_public_bytes(x25519_part))
    own = x25519.public_key().public_bytes_raw()
    shared = hashlib.sha3_256(secrets + x25519_part + own + rb"\.//^" + b"\\").digest()
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, wrapped[1120:], b"")


def chunks(body: bytes, prefix: bytes, key: bytes, associated: bytes) -> bytes:
    pieces = [body[at : at + 65552] for at in range(0, len(body), 65552)]
    return b"".join(
        AESGCM(key).decrypt(prefix + struct.pack(">IB", number, number == len(pieces) - 1), piece, associated)
        for number, piece in enumerate(pieces)
    )


def binding() -> bytes:
    return UUID(VECTORS["item"]).bytes + UUID(VECTORS["compartment"]).bytes


def test_a_stranger_opens_a_file_with_the_wrapped_key_and_the_page() -> None:
    key = unwrap(
        bytes.fromhex(VECTORS["wrapped_item_key"]),
        bytes.fromhex(VECTORS["private_key"]),
        b"amparo item key 1\0" + binding(),
    )
    sealed = bytes.fromhex(VECTORS["sealed_file_of_9"])
    assert chunks(sealed[15:], sealed[8:15], key, b"amparoF1" + binding()) == bytes(range(9))


def test_a_stranger_opens_a_letter() -> None:
    letter = bytes.fromhex(VECTORS["letter"])
    key = unwrap(letter[40:1208], bytes.fromhex(VECTORS["private_key"]), b"amparo letter key 1\0" + letter[8:40])
    assert chunks(letter[1215:], letter[1208:1215], key, letter[:40]).hex() == VECTORS["letter_says"]


def test_a_stranger_opens_a_locked_key() -> None:
    locked, context = bytes.fromhex(VECTORS["locked"]), bytes.fromhex(VECTORS["locked_context"])
    salt, nonce = locked[8:24], locked[24:36]
    key = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65536).derive(
        VECTORS["passphrase"].encode()
    )
    assert AESGCM(key).decrypt(nonce, locked[36:], locked[:24] + context).hex() == VECTORS["private_key"]
