"""OpenPGP keys that stock GnuPG can use, and which message format a certificate asks for.

Sequoia's own keys announce that they read RFC 9580's messages (SEIPD version 2), whatever profile they were made with, and
whoever seals to them then writes those; GnuPG 2.2 and 2.4 answer "packet(1) with unknown version 6". A key that says
nothing is taken to read them as well. So a key of ours says in its own signature that it reads RFC 4880's.
"""

from __future__ import annotations

import hashlib
import struct
import time

import pysequoia
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pysequoia import Cert, Profile, Tsk
from pysequoia.packet import Packet, PacketPile, SignatureType, Tag

SECRET_KEY, USER_ID, SIGNATURE, SECRET_SUBKEY = 5, 13, 2, 7
EDDSA, SHA512, POSITIVE_CERTIFICATION = 22, 10, 0x13
# Subpackets of the self-signature (RFC 4880, 5.2.3): AES-256, -192, -128; SHA-512, -384, -256; no compression; integrity
# protection of 4880 and nothing newer; may certify; primary name.
PREFERENCES = {
    11: bytes([9, 8, 7]),
    21: bytes([10, 9, 8]),
    22: bytes([0]),
    30: bytes([1]),
    27: bytes([1]),
    25: bytes([1]),
}


def new_key(name: str) -> Tsk:
    """A new Ed25519 signing and X25519 encryption key under `name`, which GnuPG 2.2 and everything since can use."""
    packets = list(PacketPile.from_bytes(bytes(Tsk.generate(user_id=name, profile=Profile.RFC4880))))
    primary, rest = packets[0], packets[1:]
    bound = [each for each in rest if each.tag == Tag.SecretSubkey or _binds_subkey(each)]
    user_id = name.encode("utf-8")
    signature = _self_signature(bytes(primary.body), user_id)
    parts = [(SECRET_KEY, bytes(primary.body)), (USER_ID, user_id), (SIGNATURE, signature)]
    parts += [(SIGNATURE if each.tag == Tag.Signature else SECRET_SUBKEY, bytes(each.body)) for each in bound]
    return Tsk.from_bytes(b"".join(_packet(tag, body) for tag, body in parts))


def opens_with_gnupg(certificate: Cert) -> bool:
    """Whether GnuPG can open what is sealed to this certificate: tried with one byte. Raises as `pysequoia.encrypt` does."""
    sealed = pysequoia.encrypt(b"\0", recipients=[certificate], armor=False)
    first = next(iter(PacketPile.from_bytes(sealed)))
    return bytes(first.body)[0] == 3  # PKESK version 3; GnuPG knows no version 6


def _binds_subkey(packet: Packet) -> bool:
    return packet.tag == Tag.Signature and packet.signature_type == SignatureType.SubkeyBinding


def _packet(tag: int, body: bytes) -> bytes:
    """New-format packet with a five-octet length (RFC 4880, 4.2.2.3)."""
    return bytes([0xC0 | tag, 0xFF]) + struct.pack(">I", len(body)) + body


def _self_signature(secret_body: bytes, user_id: bytes) -> bytes:
    """The primary key's version 4 certification of its own name (RFC 4880, 5.2.3 and 5.2.4), with PREFERENCES."""
    # Version, time, algorithm, curve, then the point as an MPI of 263 bits: the public part of the packet.
    point_at = 7 + secret_body[6]
    public_end = point_at + 2 + (int.from_bytes(secret_body[point_at : point_at + 2]) + 7) // 8
    public = secret_body[:public_end]
    hashed_key = b"\x99" + struct.pack(">H", len(public)) + public
    fingerprint = hashlib.sha1(hashed_key, usedforsecurity=False).digest()
    subpackets = {0x80 | 2: struct.pack(">I", int(time.time())), 33: b"\x04" + fingerprint, **PREFERENCES}
    hashed = b"".join(bytes([len(body) + 1, kind]) + body for kind, body in subpackets.items())
    head = bytes([4, POSITIVE_CERTIFICATION, EDDSA, SHA512]) + struct.pack(">H", len(hashed)) + hashed
    message = hashed_key + b"\xb4" + struct.pack(">I", len(user_id)) + user_id + head
    digest = hashlib.sha512(message + b"\x04\xff" + struct.pack(">I", len(head))).digest()
    unhashed = bytes([9, 16]) + fingerprint[-8:]
    raw = _signer(secret_body[public_end:]).sign(digest)
    return head + struct.pack(">H", len(unhashed)) + unhashed + digest[:2] + _mpi(raw[:32]) + _mpi(raw[32:])


def _signer(secret: bytes) -> Ed25519PrivateKey:
    """From the packet's secret part: 0 for "not protected", then the seed as an MPI without its leading zeros."""
    length = (int.from_bytes(secret[1:3]) + 7) // 8
    return Ed25519PrivateKey.from_private_bytes(secret[3 : 3 + length].rjust(32, b"\0"))


def _mpi(number: bytes) -> bytes:
    bare = number.lstrip(b"\0")
    bits = int.from_bytes(bare).bit_length()
    return struct.pack(">H", bits) + bare
