"""One package: signed by the house, then sealed to one partner. And the way back, for whoever receives one of ours.

Sign first, then seal: the signature travels inside, so nobody on the way learns who sent it, and the receiver can still
show it to a court after opening. What is signed is the bag's tag manifest, which covers every file by two steps of digests.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pyrage
import pysequoia
from pysequoia import Cert, Sig, SignatureMode, Tsk

from amparo.exchange import keys
from amparo.exchange.formats import bagit
from amparo.exchange.formats.archive import archive, unarchive
from amparo.exchange.formats.contents import PackageContents
from amparo.exchange.formats.package import CERTIFICATE, package_files
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.sandbox.readings import ArchiveReading, ExaminationFailed
from amparo.sandbox.warden import the_warden

SUFFIXES = {"openpgp": ".zip.gpg", "age": ".zip.age"}


@dataclass(frozen=True)
class RecipientKeys:
    """What the partner can open: an armoured OpenPGP certificate, an age recipient, or both. Empty where it has none."""

    openpgp: str = ""
    age: str = ""


@dataclass(frozen=True)
class SealedFile:
    """One sealed form of the package. method: "openpgp" or "age". sha256: of the sealed file, hexadecimal."""

    path: Path
    method: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class SealedPackage:
    """manifest_sha256: of the signed tag manifest; it names the package's whole content, in whatever form it was sealed."""

    reference: str
    version: int
    manifest_sha256: str
    signed_by: str
    files: tuple[SealedFile, ...]


@dataclass(frozen=True)
class OpenedPackage:
    """A package that stood every step. files: by path inside its folder. steps: what was checked, in order, in words.

    pinned: whether the signer is a house that the caller named; otherwise only the package itself vouches for it.
    """

    folder: str
    files: dict[str, bytes]
    signed_by: str
    pinned: bool
    steps: tuple[str, ...]


def build(contents: PackageContents, home: Home) -> dict[str, bytes]:
    """The signed bag's files by path. Its cover names the key that signs. Raises Refused for unfit contents."""
    secret = keys.secret_key(home)
    house = keys.house_key(home)
    claimed = contents.sender.signing_fingerprint.replace(" ", "").upper()
    if claimed and claimed != house.fingerprint:
        raise Refused("The cover names another signing key than the house's: build the package anew.")
    contents = replace(contents, sender=replace(contents.sender, signing_fingerprint=house.fingerprint))
    files = package_files(contents, house.certificate)
    signature = pysequoia.sign(secret.signer(), files[bagit.SIGNED], mode=SignatureMode.DETACHED)
    return files | {bagit.SIGNATURE: signature}


def seal(contents: PackageContents, home: Home, recipient: RecipientKeys, into: Path) -> SealedPackage:
    """Afterwards the folder `into` holds the package, sealed once for each key the partner has, and nothing unsealed.

    Raises Refused when the partner has no usable key, or the contents are unfit.
    """
    if not (recipient.openpgp or recipient.age):
        raise Refused("The partner has no key to seal to: register its OpenPGP certificate or age recipient first.")
    certificate = keys.usable_certificate(recipient.openpgp) if recipient.openpgp else None
    age_recipient = keys.usable_recipient(recipient.age) if recipient.age else None
    files = build(contents, home)
    plain = archive({f"{contents.folder}/{path}": content for path, content in files.items()})
    sealed: list[tuple[str, bytes]] = []
    if certificate:
        sealed.append(("openpgp", _seal_openpgp(plain, certificate)))
    if age_recipient:
        sealed.append(("age", pyrage.encrypt(plain, [age_recipient])))
    return SealedPackage(
        contents.reference,
        contents.version,
        hashlib.sha256(files[bagit.SIGNED]).hexdigest(),
        keys.house_key(home).fingerprint,
        tuple(_written(into / f"{contents.folder}{SUFFIXES[method]}", method, data) for method, data in sealed),
    )


def _seal_openpgp(plain: bytes, certificate: Cert) -> bytes:
    try:
        return pysequoia.encrypt(plain, recipients=[certificate], armor=False)
    except Exception as fault:
        raise Refused("This certificate has no key for encryption: ask the partner for one that has.") from fault


def _written(path: Path, method: str, data: bytes) -> SealedFile:
    write_whole(path, data)
    return SealedFile(path, method, hashlib.sha256(data).hexdigest(), len(data))


def open_sealed(package: Path, key: Path, into: Path | None = None, house: Path | None = None) -> tuple[str, ...]:
    """The steps that were checked, in order, as sentences; afterwards the files lie in the new folder `into`, if one is named.

    key: file with the receiver's OpenPGP secret key or age identity. house: file with the sender's certificate as known
    from elsewhere. Raises Broken in the first step that fails, Missing for a file that isn't there, Refused where `into` is taken.
    """
    if into is not None and into.exists():
        raise Refused(f"{into} is there already: name a folder that is not, so that nothing is mixed.")
    found = opened(_read(package), _read(key), _read(house) if house else None)
    if into is None:
        return found.steps
    for path, content in found.files.items():
        target = into / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    return (*found.steps, f"{len(found.files)} files were written to {into}: begin with data/cover.html.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Missing(f"{path} can't be read: check the name.") from None


def opened(sealed: bytes, key: bytes, house: bytes | None = None) -> OpenedPackage:
    """The package in a sealed file, after five checks. Raises Broken in the first that fails, naming the file that differs.

    key: the receiver's OpenPGP secret key, armoured or binary, or an age identity (`AGE-SECRET-KEY-1...`).
    house: the sender's certificate as known from elsewhere; without it the package's own is believed, and `pinned` is false.
    """
    return checked(_decrypted(sealed, key), house, ("The file was opened with your key.",))


def checked(plain: bytes, house: bytes | None = None, before: tuple[str, ...] = ()) -> OpenedPackage:
    """The package in an opened ZIP, after the checks 2 to 5 of `opened`."""
    steps = list(before)
    files = _files_in(plain)
    folders = {path.partition("/")[0] for path in files}
    if len(folders) != 1 or any("/" not in path for path in files):
        raise Broken("The package is not one folder.")
    folder = folders.pop()
    files = {path.partition("/")[2]: content for path, content in files.items()}
    steps.append(f"It holds {len(files)} plain files in one folder, and nothing beside them.")
    if faults := list(bagit.faults(files)):
        raise Broken("The package is not what was signed: " + " ".join(faults[:5]))
    steps.append("Every file is listed, and every listed file is as listed.")
    signed_by = _signer(files, files.get(CERTIFICATE, b"") if house is None else house)
    steps.append(f"The list is signed by the key {signed_by}.")
    steps.append(
        "That key is the one you named."
        if house is not None
        else "Nobody but the package vouches for that key: compare it."
    )
    return OpenedPackage(folder, files, signed_by, house is not None, tuple(steps))


def _files_in(plain: bytes) -> dict[str, bytes]:
    """The archive's files by path. Raises Broken for any archive that is not byte for byte as ours are."""
    try:
        return unarchive(plain)
    except Broken as fault:
        if differing := _faults_of_repacked(plain):
            raise Broken("The package is not what was signed: " + " ".join(differing[:5])) from fault
        raise


def _faults_of_repacked(plain: bytes) -> list[str]:
    """Which files differ in an archive that another program packed; read in the sandbox, for the sentence alone."""
    try:
        with the_warden().boundary(new_id()) as box:
            reading = cast("ArchiveReading", box.examine("archive", plain, paths=True))
    except ExaminationFailed:
        return []
    if reading.unreadable:
        return []
    return list(bagit.faults({each.name.partition("/")[2]: each.data for each in reading.files}))


def _decrypted(sealed: bytes, key: bytes) -> bytes:
    # An age identity file has comments before its one line.
    identity = next((line.strip() for line in key.splitlines() if line.startswith(b"AGE-SECRET-KEY-")), b"")
    try:
        if identity:
            return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity.decode("ascii"))]))
        plain = pysequoia.decrypt(sealed, decryptor=Tsk.from_bytes(key).decryptor())
    except Exception as fault:
        raise Broken(
            "The file doesn't open with this key: it is damaged, was changed, or was sealed for someone else."
        ) from fault
    return plain.bytes or b""


def open_reply(home: Home, sealed: bytes) -> bytes:
    """What a partner sealed to the house's certificate, such as a filled reply form: bytes from outside, still to be examined.

    Raises Broken when the house's key doesn't open it, Missing or Refused as `keys.secret_key` does.
    """
    secret = keys.secret_key(home)
    try:
        return pysequoia.decrypt(sealed, decryptor=secret.decryptor()).bytes or b""
    except Exception as fault:
        raise Broken(
            "The reply doesn't open with the house's key: ask the partner to seal it to house.asc again."
        ) from fault


def _signer(files: dict[str, bytes], certificate: bytes) -> str:
    if bagit.SIGNATURE not in files:
        raise Broken(f"The package is not signed: {bagit.SIGNATURE} is missing.")
    try:
        house = Cert.from_bytes(certificate)
        signature = Sig.from_bytes(files[bagit.SIGNATURE])
        result = pysequoia.verify(bytes=files[bagit.SIGNED], store=lambda _: [house], signature=signature)
    except Exception as fault:
        raise Broken(
            f"The signature in {bagit.SIGNATURE} is not good: the package was changed or signed by someone else."
        ) from fault
    return str(result.valid_sigs[0].certificate).upper()
