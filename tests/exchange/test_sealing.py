"""Sealed packages, opened with the programs a partner has: gpg, age, unzip, sha256sum. Nothing of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import bagit as library_of_congress
import pyrage
import pytest
from pysequoia import Profile, Tsk

from amparo.exchange import keys, openpgp, sealing
from amparo.exchange.formats.archive import archive, unarchive
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from tests.exchange import samples

needs_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg (GnuPG) is not installed")
needs_age = pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")


def contents(**changes):
    sample = samples.package("es", **changes)
    return replace(sample, sender=replace(sample.sender, signing_fingerprint=""))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    made = Home(tmp_path_factory.mktemp("home"))
    keys.make_house_key(made, "Example house")
    return made


@pytest.fixture(scope="module")
def partner() -> Tsk:
    return openpgp.new_key("Partner <partner@example.org>")


@pytest.fixture(scope="module")
def identity():
    return pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def sealed(home, partner, identity, tmp_path_factory) -> sealing.SealedPackage:
    recipient = sealing.RecipientKeys(str(partner.extract_certificate()), str(identity.to_public()))
    return sealing.seal(contents(), home, recipient, tmp_path_factory.mktemp("sealed"))


@pytest.fixture(scope="module")
def plain(sealed, identity) -> bytes:
    return pyrage.decrypt(sealed.files[1].path.read_bytes(), [identity])


def run(folder: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


# With the partner's own programs


@needs_gpg
def test_stock_gpg_and_sha256sum_open_and_check_the_package(sealed, partner, home, tmp_path):
    ring = tmp_path / "ring"
    ring.mkdir(mode=0o700)
    (tmp_path / "partner.key").write_text(str(partner))
    gnupg = {"GNUPGHOME": str(ring)}
    try:
        run(tmp_path, "gpg", "--batch", "--import", "partner.key", **gnupg)
        run(tmp_path, "gpg", "--batch", "--output", "package.zip", "--decrypt", str(sealed.files[0].path), **gnupg)
        run(tmp_path, "unzip", "-q", "package.zip")
        folder = tmp_path / "AMP-2026-0007-ES-v1"
        shown = run(folder, "gpg", "--show-keys", "--with-fingerprint", "house.asc", **gnupg)
        assert keys.house_key(home).fingerprint in shown.replace(" ", "")
        run(folder, "gpg", "--batch", "--import", "house.asc", **gnupg)
        told = run(
            folder, "gpg", "--batch", "--verify", "tagmanifest-sha256.txt.asc", "tagmanifest-sha256.txt", **gnupg
        )
        assert "Good signature" in told
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **gnupg}, check=False)
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        assert "FAILED" not in run(folder, "sha256sum", "--check", "--strict", manifest)
    run(folder, "sha512sum", "--check", "--strict", "manifest-sha512.txt")
    library_of_congress.Bag(str(folder)).validate()


@needs_gpg
def test_a_key_made_by_gpg_itself_opens_the_package_and_seals_the_reply(home, tmp_path):
    ring = tmp_path / "ring"
    ring.mkdir(mode=0o700)
    gnupg = {"GNUPGHOME": str(ring)}
    try:
        run(
            tmp_path,
            "gpg",
            "--batch",
            "--passphrase",
            "",
            "--quick-gen-key",
            "unit@example.org",
            "rsa2048",
            "encr",
            "never",
            **gnupg,
        )
        theirs = run(tmp_path, "gpg", "--batch", "--armor", "--export", "unit@example.org", **gnupg)
        made = sealing.seal(contents(), home, sealing.RecipientKeys(openpgp=theirs), tmp_path / "out")
        run(tmp_path, "gpg", "--batch", "--output", "package.zip", "--decrypt", str(made.files[0].path), **gnupg)
        files = unarchive((tmp_path / "package.zip").read_bytes())
        (tmp_path / "reply.csv").write_bytes(files["AMP-2026-0007-ES-v1/data/reply/reply.csv"])
        (tmp_path / "house.asc").write_bytes(files["AMP-2026-0007-ES-v1/house.asc"])
        seal_reply = (
            "gpg",
            "--batch",
            "--output",
            "reply.gpg",
            "--recipient-file",
            "house.asc",
            "--encrypt",
            "reply.csv",
        )
        run(tmp_path, *seal_reply, **gnupg)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **gnupg}, check=False)
    assert sealing.open_reply(home, (tmp_path / "reply.gpg").read_bytes()).startswith(b"reply_token,")
    with pytest.raises(Broken, match="doesn't open with the house's key"):
        sealing.open_reply(home, made.files[0].path.read_bytes())


@needs_age
def test_stock_age_opens_the_package(sealed, identity, tmp_path):
    (tmp_path / "key.txt").write_text(f"{identity}\n")
    run(tmp_path, "age", "--decrypt", "--identity", "key.txt", "--output", "package.zip", str(sealed.files[1].path))
    run(tmp_path, "unzip", "-q", "package.zip")
    read = (tmp_path / "AMP-2026-0007-ES-v1" / "README.txt").read_text("utf-8")
    assert "PARA COMPROBAR" in read and "sha256sum --check manifest-sha256.txt" in read


# With ours


def test_the_package_opens_with_either_key_and_says_what_it_checked(sealed, partner, identity, home):
    house = keys.house_key(home)
    by_gpg = sealing.opened(sealed.files[0].path.read_bytes(), bytes(partner), house.certificate)
    by_age = sealing.opened(sealed.files[1].path.read_bytes(), str(identity).encode())
    assert by_gpg.files == by_age.files
    assert by_gpg.signed_by == house.fingerprint == sealed.signed_by
    assert by_gpg.pinned and not by_age.pinned
    assert len(by_gpg.steps) == 5


def test_amparo_open_writes_the_files_into_a_new_folder_and_tells_its_steps(sealed, identity, home, tmp_path):
    (tmp_path / "key.txt").write_text(f"# created: 2026\n# public key: age1\n{identity}\n")
    (tmp_path / "known.asc").write_bytes(keys.house_key(home).certificate)
    steps = sealing.open_sealed(sealed.files[1].path, tmp_path / "key.txt", tmp_path / "new", tmp_path / "known.asc")
    assert len(steps) == 6 and (tmp_path / "new/data/cover.html").read_bytes().startswith(b"<!doctype html>")
    with pytest.raises(Refused, match="there already"):
        sealing.open_sealed(sealed.files[1].path, tmp_path / "key.txt", tmp_path / "new")
    with pytest.raises(Missing, match="can't be read"):
        sealing.open_sealed(tmp_path / "absent", tmp_path / "key.txt")


def test_the_sealed_file_shows_nothing_of_its_content(sealed):
    for file in sealed.files:
        data = file.path.read_bytes()
        assert b"PK\3\4" not in data and b"AMP-2026" not in data and b"bagit" not in data


def test_the_sealed_file_is_its_owners_alone_and_nothing_unsealed_is_left(sealed):
    folder = sealed.files[0].path.parent
    assert {path.name for path in folder.iterdir()} == {"AMP-2026-0007-ES-v1.zip.gpg", "AMP-2026-0007-ES-v1.zip.age"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


@pytest.mark.parametrize("method", [0, 1])
def test_no_changed_byte_of_a_sealed_file_opens(sealed, method, partner, identity, home, tmp_path):
    data = sealed.files[method].path.read_bytes()
    key = [bytes(partner), str(identity).encode()][method]
    for at in [0, 10, 60, 150, *range(200, len(data), len(data) // 25), len(data) - 1]:
        changed = tmp_path / "changed"
        changed.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with suppress(Broken):
            opened = sealing.opened(changed.read_bytes(), key, keys.house_key(home).certificate)
            # A bit of the envelope outside what is authenticated (such as a packet's length form): the content is whole.
            assert opened.files == sealing.opened(sealed.files[method].path.read_bytes(), key).files


def test_another_persons_key_does_not_open_it(sealed):
    with pytest.raises(Broken, match="doesn't open with this key"):
        sealing.opened(sealed.files[1].path.read_bytes(), str(pyrage.x25519.Identity.generate()).encode())
    with pytest.raises(Broken, match="doesn't open with this key"):
        sealing.opened(sealed.files[0].path.read_bytes(), bytes(Tsk.generate(user_id="x", profile=Profile.RFC4880)))


def altered(plain: bytes, **changes: bytes | None) -> bytes:
    files = unarchive(plain)
    folder = next(iter(files)).partition("/")[0]
    for path, content in changes.items():
        files.pop(f"{folder}/{path}", None)
        if content is not None:
            files[f"{folder}/{path}"] = content
    return archive(files)


@pytest.mark.parametrize(
    "path", ["data/hashes.csv", "data/case.jsonld", "data/cover.pdf", "README.txt", "house.asc", "bag-info.txt"]
)
def test_a_changed_file_is_named(plain, path):
    with pytest.raises(Broken, match=path):
        sealing.checked(altered(plain, **{path: b"changed"}))


def test_a_changed_file_is_named_also_when_another_program_packed_it_again(plain, tmp_path):
    (tmp_path / "package.zip").write_bytes(plain)
    shutil.unpack_archive(tmp_path / "package.zip", tmp_path / "open")
    (folder,) = (tmp_path / "open").iterdir()
    with (folder / "data" / "cover.html").open("ab") as file:
        file.write(b" ")
    again = Path(shutil.make_archive(str(tmp_path / "again"), "zip", tmp_path / "open"))
    with pytest.raises(Broken, match=r"data/cover\.html"):
        sealing.checked(again.read_bytes())


def test_a_file_more_and_a_file_less_are_named(plain):
    with pytest.raises(Broken, match=r"data/more\.txt is not listed"):
        sealing.checked(altered(plain, **{"data/more.txt": b""}))
    with pytest.raises(Broken, match=r"data/custody\.csv is listed"):
        sealing.checked(altered(plain, **{"data/custody.csv": None}))
    with pytest.raises(Broken, match="not signed"):
        sealing.checked(altered(plain, **{"tagmanifest-sha256.txt.asc": None}))


def test_an_insider_who_rewrites_file_and_manifests_is_found_by_the_signature(plain):
    files = {path.partition("/")[2]: content for path, content in unarchive(plain).items()}
    payload = {path[5:]: content for path, content in files.items() if path.startswith("data/")} | {
        "hashes.csv": b"rewritten"
    }
    forged = sealing.bagit.bag(payload, {name: files[name] for name in ("README.txt", "house.asc")}, ())
    forged[sealing.bagit.SIGNATURE] = files[sealing.bagit.SIGNATURE]
    with pytest.raises(Broken, match="signature"):
        sealing.checked(archive({f"p/{path}": content for path, content in forged.items()}))


def test_a_package_signed_by_a_stranger_is_refused_when_the_house_is_known(plain):
    stranger = Tsk.generate(user_id="stranger", profile=Profile.RFC4880)
    with pytest.raises(Broken, match="signed by someone else"):
        sealing.checked(plain, str(stranger.extract_certificate()).encode())


def test_the_signature_alone_differs_between_two_builds(home):
    one, two = (sealing.build(contents(), home) for _ in range(2))
    assert {path for path in one if one[path] != two[path]} <= {sealing.bagit.SIGNATURE}


def test_unfit_contents_and_a_partner_without_key_are_refused(home, tmp_path, identity):
    with pytest.raises(Refused, match="no key to seal to"):
        sealing.seal(contents(), home, sealing.RecipientKeys(), tmp_path)
    with pytest.raises(Refused, match="Say what is asked"):
        sealing.seal(contents(asked=()), home, sealing.RecipientKeys(age=str(identity.to_public())), tmp_path)
    with pytest.raises(Refused, match="another signing key"):
        sealing.seal(samples.package(), home, sealing.RecipientKeys(age=str(identity.to_public())), tmp_path)
    assert list(tmp_path.iterdir()) == []


# Keys


def test_the_house_key_is_made_once_and_is_its_owners_alone(tmp_path):
    home = Home(tmp_path)
    first = keys.make_house_key(home)
    path = keys.signing_key_path(home)
    assert path.stat().st_mode & 0o777 == 0o600 and b"PRIVATE KEY" in path.read_bytes()
    assert keys.make_house_key(home) == first
    assert b"PRIVATE" not in first.certificate
    assert [each.name for each in path.parent.iterdir()] == ["signing.asc"]


def test_a_key_that_others_can_read_is_not_used(tmp_path):
    home = Home(tmp_path)
    keys.make_house_key(home)
    keys.signing_key_path(home).chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        keys.house_key(home)


def test_a_house_without_key_says_how_to_get_one(tmp_path):
    with pytest.raises(Missing, match="amparo up"):
        keys.house_key(Home(tmp_path))


def test_a_secret_key_sent_by_mistake_is_refused_and_not_stored(partner, identity):
    for secret in (str(partner), bytes(partner)):
        with pytest.raises(Refused, match="secret key"):
            keys.read_certificate(secret)
    with pytest.raises(Refused, match="secret age key"):
        keys.usable_recipient(str(identity))


def test_what_is_no_key_is_refused(partner):
    for text in ("", "hello", str(partner.extract_certificate())[:300]):
        with pytest.raises(Refused, match="no OpenPGP certificate"):
            keys.read_certificate(text)
    with pytest.raises(Refused, match="no age recipient"):
        keys.usable_recipient("age1xyz")


def test_a_revoked_or_expired_certificate_is_refused(partner):
    revoked = partner.extract_certificate()
    revoked = Tsk.from_bytes(bytes(partner)).extract_certificate().revoke(partner.certifier())
    merged = partner.extract_certificate().merge(
        keys.Cert.from_bytes(bytes(partner.extract_certificate()) + bytes(revoked))
    )
    with pytest.raises(Refused, match="revoked"):
        keys.read_certificate(bytes(merged))
    short = Tsk.generate(user_id="short", profile=Profile.RFC4880, validity_seconds=1)
    import time

    time.sleep(1.2)
    with pytest.raises(Refused, match="expired"):
        keys.read_certificate(str(short.extract_certificate()))


def test_the_certificate_facts_are_those_of_the_key(partner):
    facts = keys.read_certificate(str(partner.extract_certificate()))
    assert facts.fingerprint == partner.extract_certificate().fingerprint.upper()
    assert facts.names == ("Partner <partner@example.org>",) and facts.expires_at is None
    assert facts.opens_with_gnupg


def test_a_certificate_that_gnupg_cannot_serve_is_told_apart():
    newer = Tsk.generate(user_id="newer", profile=Profile.RFC9580)
    assert not keys.read_certificate(str(newer.extract_certificate())).opens_with_gnupg
