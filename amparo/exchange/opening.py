"""An encrypted mail is opened with the line's key, and gives bytes from outside: still to be read in the sandbox.

OpenPGP messages may unpack to any size, so they are opened in a process of their own with little memory, which sees the one key and
writes to a pipe that is read up to a limit. An S/MIME envelope was taken apart in the sandbox (kind "cms"); here are only its key
and its cipher.

    python -m amparo.exchange.opening KEY < message > content
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import Certificate, ExtensionNotFound, SubjectKeyIdentifier

from amparo.exchange import mail_keys
from amparo.foundation.confinement import code_folders, confine
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.sandbox.readings import CmsReading, CmsRecipient

CONTENT_BYTES = 128 << 20
MEMORY_BYTES = 2 << 30
SECONDS = 60
SEALED, CONTENT_TOO_BIG, NO_KEY = 3, 4, 5

NOT_OURS = "This mail is encrypted, but not to the line's key: ask the sender to encrypt it to the published one."
DAMAGED = "This mail is encrypted and does not open with the line's key: it is damaged, or was encrypted to another."
TOO_BIG = "This mail is encrypted and holds more than Amparo reads."

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_KEY_BYTES = {"3des": 24, "aes128": 16, "aes192": 24, "aes256": 32}


def open_openpgp(home: Home, message: bytes) -> bytes:
    """What was encrypted to the line's OpenPGP key. Raises Refused with the sentence for the officer, Missing without a key."""
    key = mail_keys.secret_path(home, "openpgp")
    if not key.exists():
        raise Missing("The line has no OpenPGP key: `amparo up` makes one.")
    command = [sys.executable, "-m", "amparo.exchange.opening", str(key)]
    try:
        done = subprocess.run(command, input=message, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603  # our own program
    except subprocess.TimeoutExpired:
        raise Refused(TOO_BIG) from None
    if done.returncode == 0:
        return done.stdout
    # Killed for its memory (Rust aborts) or its time, it was about to hold more than it may.
    raise Refused(TOO_BIG if done.returncode in (CONTENT_TOO_BIG, -6, -9, -24) else DAMAGED)


def open_smime(home: Home, envelope: CmsReading) -> bytes:
    """What was encrypted to the line's S/MIME certificate. Raises Refused with the sentence for the officer, Missing, Broken."""
    return opened_with(*mail_keys.smime_secret(home), envelope)


def opened_with(private: RSAPrivateKey, certificate: Certificate, envelope: CmsReading) -> bytes:
    """As `open_smime`, with the key in hand."""
    serial = certificate.serial_number
    try:
        key_id = certificate.extensions.get_extension_for_class(SubjectKeyIdentifier).value.digest
    except ExtensionNotFound:
        key_id = b""
    ours = [each for each in envelope.recipients if _is_for(each, serial, key_id)]
    if not ours:
        raise Refused(NOT_OURS)
    for recipient in ours[:5]:
        try:
            return _decrypted(envelope, _content_key(private, recipient))
        except (ValueError, InvalidTag):
            continue
    raise Refused(DAMAGED)


def _is_for(recipient: CmsRecipient, serial: int, key_id: bytes) -> bool:
    if recipient.key_id:
        return recipient.key_id == key_id
    return bool(recipient.serial) and int.from_bytes(recipient.serial, signed=True) == serial


def _content_key(private: RSAPrivateKey, recipient: CmsRecipient) -> bytes:
    """Raises ValueError for a key that doesn't open; one in the old padding gives random bytes then, which open nothing."""
    if recipient.scheme == "rsa":
        return private.decrypt(recipient.key, padding.PKCS1v15())
    _, _, digest, mask = recipient.scheme.split("-")
    oaep = padding.OAEP(padding.MGF1(_HASHES[mask]()), _HASHES[digest](), None)
    return private.decrypt(recipient.key, oaep)


def _decrypted(envelope: CmsReading, key: bytes) -> bytes:
    name, _, mode = envelope.cipher.partition("-")
    if len(key) != _KEY_BYTES[name]:
        raise ValueError("a key of another length")
    if mode == "gcm":
        return AESGCM(key).decrypt(envelope.iv, envelope.content + envelope.tag, envelope.attributes or None)
    algorithm = TripleDES(key) if name == "3des" else AES(key)
    decryptor = Cipher(algorithm, CBC(envelope.iv)).decryptor()
    padded = decryptor.update(envelope.content) + decryptor.finalize()
    unpadder = PKCS7(algorithm.block_size).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


# --- The process that opens OpenPGP ---------------------------------------------------------------------------------------


def main(key: Path) -> int:
    """Standard input's message, opened, on standard output. 0; or SEALED, CONTENT_TOO_BIG, NO_KEY."""
    import pysequoia
    from pysequoia import Tsk

    message = sys.stdin.buffer.read()
    try:
        decryptor = Tsk.from_bytes(key.read_bytes()).decryptor()
    except Exception:
        return NO_KEY
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    confine(readable=code_folders(), writable=())
    try:
        content = pysequoia.decrypt(message, decryptor=decryptor).bytes or b""
    except MemoryError:
        return CONTENT_TOO_BIG
    except Exception:
        return SEALED
    if len(content) > CONTENT_BYTES:
        return CONTENT_TOO_BIG
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
