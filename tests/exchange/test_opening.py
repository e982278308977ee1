"""Mail that was encrypted to the line's published keys by the programs that people have is opened; all other stays closed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import Certificate
from hypothesis import given, settings, strategies as st

from amparo.exchange import mail_keys, opening
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.sandbox.inside import cms
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.readings import CmsReading, reading_of
from amparo.sandbox.warden import Warden
from tests.sandbox.collected import Collected

GPG, OPENSSL = shutil.which("gpg") or "gpg", shutil.which("openssl") or "openssl"
NOTHING = os.environ.get("AMPARO_SKIP_NOTHING") == "1"
needs_gpg = pytest.mark.skipif(not shutil.which("gpg") and not NOTHING, reason="apt install gnupg")
needs_openssl = pytest.mark.skipif(not shutil.which("openssl") and not NOTHING, reason="apt install openssl")

LINE = "report@report.example.org"
CONTENT = "Content-Type: text/plain; charset=utf-8\r\n\r\nmañana a las 21:00, item shared\r\n".encode()
Take = Callable[[bytes], CmsReading]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("opening") / "home")
    made.make()
    mail_keys.make_mail_keys(made, "Report line", LINE)
    return made


@pytest.fixture(scope="module")
def taken_apart() -> Iterator[Take]:
    pool, boundary = Warden(1), uuid4()

    def read(envelope: bytes) -> CmsReading:
        with pool.boundary(boundary) as box:
            return cast("CmsReading", box.examine("cms", envelope))

    yield read
    pool.close()


def run(*command: str, given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def gpg(home: Home, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of a reporter's GnuPG that knows the line's published key and has one of its own."""
    ring = tmp_path_factory.mktemp("ring")
    base = [GPG, "--homedir", str(ring), "--batch", "--trust-model", "always", "--passphrase", ""]
    run(*base, "--import", given=mail_keys.public_mail_keys(home).openpgp.encode())
    run(*base, "--quick-generate-key", "a.reporter@example.org", "future-default", "default", "never")
    return base


@needs_gpg
@pytest.mark.parametrize("option", ["--armor", "--compress-algo=zlib", "--throw-keyids", "--sign", "--no-mdc-warning"])
def test_what_stock_gpg_encrypts_to_the_published_key_is_opened(home: Home, gpg: list[str], option: str) -> None:
    sealed = run(*gpg, option, "--encrypt", "--recipient", LINE, given=CONTENT)
    assert opening.open_openpgp(home, sealed) == CONTENT


@needs_gpg
def test_a_message_that_unpacks_to_gigabytes_is_refused(home: Home, gpg: list[str], tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    with bomb.open("wb") as file:
        file.truncate(opening.CONTENT_BYTES + 1)
    run(*gpg, "-z", "1", "--encrypt", "--recipient", LINE, "--output", str(tmp_path / "sealed"), str(bomb))
    with pytest.raises(Refused, match="more than Amparo reads"):
        opening.open_openpgp(home, (tmp_path / "sealed").read_bytes())


@needs_gpg
def test_a_message_to_somebody_else_and_a_damaged_one_are_refused_with_a_sentence(home: Home, gpg: list[str]) -> None:
    other = run(*gpg, "--encrypt", "--recipient", "a.reporter@example.org", given=CONTENT)
    ours = run(*gpg, "--encrypt", "--recipient", LINE, given=CONTENT)
    for sealed in (other, ours[:-9], b"", b"no message"):
        with pytest.raises(Refused, match="does not open with the line's key"):
            opening.open_openpgp(home, sealed)


@needs_openssl
@pytest.mark.parametrize("tool", ["cms", "smime"])
@pytest.mark.parametrize("cipher", ["", "-des3", "-aes128", "-aes192", "-aes256", "-aes-128-gcm", "-aes-256-gcm"])
@pytest.mark.parametrize("form", ["", "-stream"])
def test_what_stock_openssl_encrypts_to_the_published_certificate_is_opened(
    home: Home, taken_apart: Take, tool: str, cipher: str, form: str
) -> None:
    if tool == "smime" and "gcm" in cipher:
        return  # the older tool has no such cipher
    options = [each for each in (cipher, form) if each]
    certificate = str(mail_keys.public_path(home, "smime"))
    sealed = run(OPENSSL, tool, "-encrypt", "-binary", "-outform", "DER", *options, certificate, given=CONTENT)
    assert opening.open_smime(home, taken_apart(sealed)) == CONTENT


OAEP = ["-keyopt", "rsa_padding_mode:oaep"]


@pytest.fixture(scope="module")
def somebody_else(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("other")
    certificate, key = str(path / "other.pem"), str(path / "other.key")
    run(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=x")
    return certificate


@needs_openssl
@pytest.mark.parametrize("how", [["-keyid"], OAEP, [*OAEP, "-keyopt", "rsa_oaep_md:sha256"]])
def test_other_ways_to_name_the_key_and_to_pad_it_are_opened(
    home: Home, taken_apart: Take, how: list[str], somebody_else: str
) -> None:
    named, options = (how, []) if how == ["-keyid"] else ([], how)
    command = [OPENSSL, "cms", "-encrypt", "-binary", "-outform", "DER", "-aes256", *named, "-recip", somebody_else]
    sealed = run(*command, "-recip", str(mail_keys.public_path(home, "smime")), *options, given=CONTENT)
    assert opening.open_smime(home, taken_apart(sealed)) == CONTENT


@needs_openssl
def test_an_envelope_for_somebody_else_is_refused_and_a_damaged_one_too(
    home: Home, taken_apart: Take, somebody_else: str
) -> None:
    encrypt = [OPENSSL, "cms", "-encrypt", "-binary", "-outform", "DER", "-aes-256-gcm"]
    with pytest.raises(Refused, match="not to the line's key"):
        opening.open_smime(home, taken_apart(run(*encrypt, somebody_else, given=CONTENT)))
    ours = run(*encrypt, str(mail_keys.public_path(home, "smime")), given=CONTENT)
    at = len(ours) - 40
    with pytest.raises(Refused, match="does not open"):
        opening.open_smime(home, taken_apart(ours[:at] + bytes([ours[at] ^ 1]) + ours[at + 1 :]))


@pytest.fixture(scope="module")
def envelope(home: Home) -> bytes:
    encrypt = [OPENSSL, "cms", "-encrypt", "-binary", "-outform", "DER", "-stream", "-aes-256-gcm"]
    return run(*encrypt, str(mail_keys.public_path(home, "smime")), given=CONTENT)


@pytest.fixture(scope="module")
def key(home: Home) -> tuple[RSAPrivateKey, Certificate]:
    return mail_keys.smime_secret(home)


@needs_openssl
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_change_of_an_envelope_gives_anything_but_a_refusal(
    key: tuple[RSAPrivateKey, Certificate], envelope: bytes, data: st.DataObject
) -> None:
    changed = bytearray(envelope)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    sink = Collected()
    try:
        facts = cms.read(bytes(changed), {}, sink)
        reading = reading_of("cms", facts, [(about, bytes(content)) for about, content in sink.blobs])
        content = opening.opened_with(*key, cast("CmsReading", reading))
    except (Refused, Unreadable):
        return
    assert content == CONTENT  # a byte that says nothing, such as the issuer's name


def test_keys_are_made_once_kept_and_published_and_only_their_owner_reads_the_secret_ones(home: Home) -> None:
    before = mail_keys.public_mail_keys(home)
    mail_keys.make_mail_keys(home, "Another name", "other@report.example.org")
    assert mail_keys.public_mail_keys(home) == before
    assert "PRIVATE" not in before.openpgp + before.smime
    for kind in ("openpgp", "smime"):
        assert mail_keys.secret_path(home, kind).stat().st_mode & 0o777 == 0o600
    lines = "\n".join(mail_keys.describe_mail_keys(home))
    assert before.openpgp_fingerprint in lines
    assert before.smime_fingerprint in lines


def test_a_house_without_keys_says_what_makes_them_and_a_damaged_key_is_an_alarm(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    for ask in (mail_keys.public_mail_keys, mail_keys.smime_secret, lambda home: opening.open_openpgp(home, b"x")):
        with pytest.raises(Missing, match="amparo up"):
            ask(home)
    assert mail_keys.describe_mail_keys(home)
    mail_keys.secret_path(home, "smime").parent.mkdir()
    mail_keys.secret_path(home, "smime").write_bytes(b"no key")
    with pytest.raises(Broken):
        mail_keys.smime_secret(home)
