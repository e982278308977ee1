"""The line's own keys, to which anybody may encrypt a mail to it: one for OpenPGP, one for S/MIME.

The secret halves lie in `keys/worker/`: the worker opens what arrives, and hands what was inside to the sandbox. The public halves
lie in `keys/house/`, which shows them on a page. A certificate of a public authority may take the place of the one made here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pysequoia import Cert, Tsk

from amparo.exchange import openpgp
from amparo.foundation import clock
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import Broken, Missing
from amparo.foundation.home import Home

RSA_BITS = 3072
VALID_FOR = timedelta(days=3650)


@dataclass(frozen=True)
class PublicMailKeys:
    """What is published: an armoured OpenPGP certificate and an X.509 one in PEM, each with its fingerprint in hexadecimal."""

    openpgp: str
    openpgp_fingerprint: str
    smime: str
    smime_fingerprint: str


def secret_path(home: Home, kind: str) -> Path:
    """kind: "openpgp" or "smime"."""
    return home.keys / "worker" / {"openpgp": "mail-openpgp.asc", "smime": "mail-smime.pem"}[kind]


def public_path(home: Home, kind: str) -> Path:
    return home.keys / "house" / {"openpgp": "mail-openpgp.asc", "smime": "mail-smime.pem"}[kind]


def make_mail_keys(home: Home, name: str, address: str) -> None:
    """Afterwards the line has both keys; those that are there stay, with what was encrypted to them."""
    if not secret_path(home, "openpgp").exists():
        secret = openpgp.new_key(f"{name} <{address}>")
        _write(secret_path(home, "openpgp"), str(secret).encode())
    if not secret_path(home, "smime").exists():
        key = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        certificate = _certificate(key, name, address)
        secret_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(secret_path(home, "smime"), secret_pem + certificate.public_bytes(Encoding.PEM))
    # Public halves are copied from the secret ones at each start: a key that was replaced is published as replaced.
    _write(public_path(home, "openpgp"), str(openpgp_secret(home).extract_certificate()).encode())
    _write(public_path(home, "smime"), smime_secret(home)[1].public_bytes(Encoding.PEM))


def _write(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        write_whole(path, data)


def _certificate(key: RSAPrivateKey, name: str, address: str) -> x509.Certificate:
    """Self-signed, for encryption to this address alone: it signs nothing and vouches for nobody."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = clock.now()
    usage = x509.KeyUsage(
        key_encipherment=True,
        digital_signature=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def openpgp_secret(home: Home) -> Tsk:
    """The line's OpenPGP key. Raises Missing or Broken."""
    try:
        return Tsk.from_bytes(_read(secret_path(home, "openpgp")))
    except (Missing, OSError):
        raise
    except Exception as fault:
        raise Broken("The line's OpenPGP key can't be read: restore it from your backup.") from fault


def smime_secret(home: Home) -> tuple[RSAPrivateKey, x509.Certificate]:
    """The line's S/MIME key and its certificate. Raises Missing or Broken."""
    pem = _read(secret_path(home, "smime"))
    try:
        key, certificate = load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
    except ValueError as fault:
        raise Broken("The line's S/MIME key can't be read: restore it from your backup.") from fault
    if not isinstance(key, RSAPrivateKey):
        raise Broken("The line's S/MIME key is none for RSA: mail programs need one.")
    return key, certificate


def public_mail_keys(home: Home) -> PublicMailKeys:
    """What the house publishes. Raises Missing or Broken."""
    armoured, pem = _read(public_path(home, "openpgp")).decode(), _read(public_path(home, "smime")).decode()
    try:
        certificate, smime = Cert.from_bytes(armoured.encode()), x509.load_pem_x509_certificate(pem.encode())
    except Exception as fault:
        raise Broken("A published mail key can't be read: start Amparo again, which writes it anew.") from fault
    return PublicMailKeys(
        armoured, certificate.fingerprint.upper(), pem, smime.fingerprint(hashes.SHA256()).hex().upper()
    )


def describe_mail_keys(home: Home) -> list[str]:
    """Lines for a person: where the line's mail keys lie, and what is published."""
    try:
        public = public_mail_keys(home)
    except Missing:
        return ["The line has no mail keys yet: `amparo up` makes them."]
    return [
        "Mail to the line may be encrypted; the worker opens it:",
        f"  with {secret_path(home, 'openpgp')} (OpenPGP) and {secret_path(home, 'smime')} (S/MIME)",
        f"  OpenPGP fingerprint  {public.openpgp_fingerprint}",
        f"  S/MIME SHA-256       {public.smime_fingerprint}",
        "  Published at /mail-key/; `amparo keys --mail` prints both.",
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Missing(f"The mail key {os.fspath(path)} is missing: `amparo up` makes the first one.") from None
