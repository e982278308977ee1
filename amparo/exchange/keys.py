"""The house's signing key and the partners' public keys: made, read and refused here and nowhere else.

The house signs with an OpenPGP key that lies in `keys/house/`, readable by its owner alone. Partners give a certificate
(OpenPGP) or a recipient (age); a secret key that a partner sends by mistake is refused, never stored.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyrage
from pysequoia import Cert, Tsk

from amparo.exchange import openpgp
from amparo.foundation import clock
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home


@dataclass(frozen=True)
class CertificateFacts:
    """fingerprint: hexadecimal capitals. expires_at: None when never.

    opens_with_gnupg: false for a certificate that asks for RFC 9580's messages: its owner needs sq or another newer program.
    """

    fingerprint: str
    names: tuple[str, ...]
    expires_at: datetime | None
    opens_with_gnupg: bool


@dataclass(frozen=True)
class HouseKey:
    """What others may know of the house's key: its fingerprint and the armoured certificate that goes into packages."""

    fingerprint: str
    certificate: bytes


def signing_key_path(home: Home) -> Path:
    return home.keys / "house" / "signing.asc"


def make_house_key(home: Home, name: str = "Amparo house") -> HouseKey:
    """Afterwards the house has a signing key (0600); one that is there already stays. name: shown by the partner's gpg."""
    path = signing_key_path(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # O_EXCL: of two processes that start together one makes the key, and both then use that one.
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(str(openpgp.new_key(name)).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return house_key(home)


def secret_key(home: Home) -> Tsk:
    """The house's key with its secret part. Raises Missing without one, Refused when others can read it."""
    path = signing_key_path(home)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise Missing("The house has no signing key yet: start Amparo once with `amparo up`.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(f"Others can read the house's signing key: run `chmod 600 {path}` first.")
    try:
        return Tsk.from_bytes(path.read_bytes())
    except Exception as fault:
        raise Broken("The house's signing key can't be read: restore it from your backup.") from fault


def house_key(home: Home) -> HouseKey:
    """The public side of the house's key. Raises as `secret_key` does."""
    certificate = secret_key(home).extract_certificate()
    return HouseKey(certificate.fingerprint.upper(), str(certificate).encode())


def read_certificate(text: str | bytes) -> CertificateFacts:
    """What an OpenPGP certificate says. Raises Refused for anything that can't be sealed to today."""
    certificate = usable_certificate(text)
    try:
        opens_with_gnupg = openpgp.opens_with_gnupg(certificate)
    except Exception:
        raise Refused("This certificate has no key for encryption: ask the partner for one that has.") from None
    names = tuple(str(name) for name in certificate.user_ids)
    return CertificateFacts(certificate.fingerprint.upper(), names, certificate.expiration, opens_with_gnupg)


def usable_certificate(text: str | bytes) -> Cert:
    """The certificate, when a package may be sealed to it now. Raises Refused with the reason otherwise."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    if _holds_secret(data):
        raise Refused(
            "This file holds the partner's secret key. Delete it, tell the partner, and ask for the public key of a new pair."
        )
    try:
        certificate = Cert.from_bytes(data)
    except Exception:
        raise Refused("This is no OpenPGP certificate: ask the partner for its public key as an .asc file.") from None
    if certificate.is_revoked:
        raise Refused("The partner has revoked this certificate: ask for the new one.")
    if certificate.expiration and certificate.expiration <= clock.now():
        raise Refused(
            f"This certificate expired on {certificate.expiration:%d %B %Y}: ask the partner for the new one."
        )
    return certificate


def _holds_secret(data: bytes) -> bool:
    try:
        return "PRIVATE KEY" in str(Tsk.from_bytes(data)).partition("\n")[0]
    except Exception:
        return False


def usable_recipient(text: str) -> pyrage.x25519.Recipient:
    """The age recipient (`age1...`). Raises Refused for anything else, a secret identity above all."""
    text = text.strip()
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise Refused(
            "This is the partner's secret age key. Delete it, tell the partner, and ask for the recipient of a new pair."
        )
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except Exception:
        raise Refused('This is no age recipient: it begins with "age1" and has 62 characters.') from None
