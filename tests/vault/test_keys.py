from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.vault import envelope, keys
from amparo.vault.keys import CONTENT, FOLDERS, IDENTITY, RELAY, OfficerKeys, ProcessKeys

PROCESSES = ("receiver", "worker", "house", "courier", "form")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    keys.make_keys(home)
    return home


def test_every_process_may_start_after_the_first_start_made_the_keys(home: Home) -> None:
    for process in PROCESSES:
        keys.check_keys(home, process)


def test_keys_are_never_replaced(home: Home) -> None:
    before = {path: path.read_bytes() for path in home.keys.glob("*/*")}
    assert keys.make_keys(home) is False
    assert {path: path.read_bytes() for path in home.keys.glob("*/*")} == before


def test_two_starts_at_once_make_one_set_of_keys(tmp_path: Path) -> None:
    home, made = Home(tmp_path / "home"), []
    starts = [threading.Thread(target=lambda: made.append(keys.make_keys(home))) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert sorted(made) == [False, False, False, True]
    assert not list(home.path.glob("keys.new-*"))
    for process in PROCESSES:
        keys.check_keys(home, process)


def test_folders_and_files_are_their_owners_alone(home: Home) -> None:
    assert home.keys.stat().st_mode & 0o777 == 0o700
    for path in home.keys.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_the_receiver_holds_nothing_that_opens(home: Home) -> None:
    held = sorted(path.name for path in (home.keys / "receiver").iterdir())
    assert held == ["content.pub", "identity.pub", "relay.pub", "sender.key"]
    assert len(keys.sender_key(home)) == 32


def test_the_form_holds_nothing_that_opens_and_a_house_from_before_it_gets_its_keys(home: Home) -> None:
    held = sorted(path.name for path in (home.keys / "form").iterdir())
    assert held == ["code.key", "content.pub", "identity.pub", "receipt.key", "receipt.pub"]
    for name in (CONTENT, IDENTITY):
        assert keys.public_key(home, "form", name) == keys.public_key(home, "house", name)
        with pytest.raises(Refused):
            ProcessKeys(home, "form").private_key(keys.public_key(home, "form", name).compartment)
    code = keys.code_key(home)
    assert keys.make_keys(home) is False
    assert keys.code_key(home) == code
    (home.keys / "form.new").mkdir()  # of a start that was cut short
    shutil.rmtree(home.keys / "form")
    before = {path: path.read_bytes() for path in home.keys.glob("*/*")}
    keys.make_keys(home)
    keys.check_all_keys(home)
    assert {path: path.read_bytes() for path in home.keys.glob("*/*") if path.parent.name != "form"} == before


def test_the_courier_opens_the_relay_and_nothing_else_and_nobody_else_but_recovery_does(home: Home) -> None:
    relay = keys.public_key(home, "receiver", RELAY)
    for process in ("courier", "recovery"):
        assert envelope.public_key_of(ProcessKeys(home, process).private_key(relay.compartment)) == relay.public
    for process in ("worker", "receiver", "house"):
        with pytest.raises(Refused):
            ProcessKeys(home, process).private_key(relay.compartment)
    for name in (CONTENT, IDENTITY):
        with pytest.raises(Refused):
            ProcessKeys(home, "courier").private_key(keys.public_key(home, "receiver", name).compartment)


@pytest.mark.parametrize(
    "cut_short_after", [(), ("courier/courier.key",), ("courier/courier.key", "courier/relay.pub")]
)
@pytest.mark.parametrize("offline", [False, True])
def test_a_house_of_before_the_relay_gets_its_keys_and_keeps_its_own(
    home: Home, cut_short_after: tuple[str, ...], offline: bool
) -> None:
    left = {
        path: path.read_bytes() for path in home.keys.glob("*/*") if path.name[:5] not in ("relay", "couri", "sende")
    }
    kept = {home.keys / name: b"half" for name in cut_short_after}
    for path in set(home.keys.glob("*/*")) - set(left):
        path.unlink() if path not in kept else path.write_bytes(b"half")
    if offline:
        shutil.rmtree(home.keys / "recovery")
    assert keys.make_keys(home) is False
    keys.check_all_keys(home)
    assert all(path.read_bytes() == content for path, content in left.items() if path.exists())
    relay = keys.public_key(home, "receiver", RELAY)
    assert envelope.public_key_of(ProcessKeys(home, "courier").private_key(relay.compartment)) == relay.public


@pytest.mark.parametrize(
    ("process", "name", "mode"), [("receiver", "content.pub", 0o640), ("worker", "worker.key", 0o604)]
)
def test_a_key_that_others_can_read_refuses_the_start_and_says_how_to_mend_it(
    home: Home, process: str, name: str, mode: int
) -> None:
    path = home.keys / process / name
    path.chmod(mode)
    with pytest.raises(Refused) as refusal:
        keys.check_keys(home, process)
    assert f"{path} (mode {mode:04o}). Run: chmod 600 {path}" in str(refusal.value)


def test_a_folder_that_others_can_enter_refuses_the_start(home: Home) -> None:
    (home.keys / "worker").chmod(0o750)
    with pytest.raises(Refused, match="chmod 700"):
        keys.check_keys(home, "worker")


def test_the_folder_of_all_keys_may_be_passed_through_and_not_read(home: Home) -> None:
    home.keys.chmod(0o711)
    keys.check_keys(home, "worker")
    home.keys.chmod(0o755)
    with pytest.raises(Refused, match="chmod 700"):
        keys.check_keys(home, "worker")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_refuses_the_start(home: Home) -> None:
    os.chown(home.keys / "worker" / "worker.key", 12345, -1)
    with pytest.raises(Refused, match=r"belongs to user 12345\. Run: chown 0"):
        keys.check_keys(home, "worker")


@pytest.mark.parametrize(("process", "name"), [(process, name) for process in PROCESSES for name in FOLDERS[process]])
def test_a_missing_key_refuses_the_start(home: Home, process: str, name: str) -> None:
    (home.keys / process / name).unlink()
    with pytest.raises(Refused, match=f"{name} is missing"):
        keys.check_keys(home, process)


def test_missing_keys_altogether_refuse_the_start(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is missing"):
        keys.check_keys(Home(tmp_path), "worker")


def test_a_private_key_in_the_receivers_folder_refuses_its_start(home: Home) -> None:
    shutil.copy(home.keys / "worker" / "worker.key", home.keys / "receiver" / "worker.key")
    with pytest.raises(Refused, match="must not be able to open"):
        keys.check_keys(home, "receiver")


def test_two_equal_keys_in_a_folder_refuse_the_start(home: Home) -> None:
    shutil.copy(home.keys / "receiver" / "content.pub", home.keys / "receiver" / "identity.pub")
    with pytest.raises(Refused, match="hold the same key"):
        keys.check_keys(home, "receiver")


@pytest.mark.parametrize(
    ("one", "other"), [("recovery/recovery.key", "worker/worker.key"), ("worker/worker.key", "house/worker.key")]
)
def test_one_private_key_in_two_hands_refuses_the_start_of_the_house(home: Home, one: str, other: str) -> None:
    keys.check_all_keys(home)
    shutil.copy(home.keys / one, home.keys / other)
    with pytest.raises(Refused, match="hold the same key"):
        keys.check_all_keys(home)


def test_the_start_is_allowed_once_the_recovery_key_is_offline_and_the_lines_say_so(home: Home) -> None:
    assert any("MOVE IT OFFLINE" in line for line in keys.describe_keys(home))
    (home.keys / "recovery" / "recovery.key").unlink()
    assert not any("MOVE IT OFFLINE" in line for line in keys.describe_keys(home))
    keys.check_all_keys(home)
    with pytest.raises(Missing):
        ProcessKeys(home, "recovery").private_key(keys.public_key(home, "worker", CONTENT).compartment)


def test_the_start_is_allowed_once_the_whole_recovery_folder_is_offline(home: Home) -> None:
    shutil.rmtree(home.keys / "recovery")
    keys.check_all_keys(home)


def test_the_worker_opens_content_and_never_identities(home: Home) -> None:
    content, identity = (keys.public_key(home, "receiver", name) for name in (CONTENT, IDENTITY))
    worker, recovery = ProcessKeys(home, "worker"), ProcessKeys(home, "recovery")
    assert envelope.public_key_of(worker.private_key(content.compartment)) == content.public
    assert envelope.public_key_of(recovery.private_key(identity.compartment)) == identity.public
    with pytest.raises(Refused):
        worker.private_key(identity.compartment)
    with pytest.raises(Broken):  # not with the recovery's copy either
        worker.private_key(identity.compartment, keys.read_holding(home.keys / "recovery" / "identity.holding")[1])


@pytest.mark.parametrize("process", ["receiver", "house", "courier"])
def test_receiver_house_and_courier_can_open_no_content(home: Home, process: str) -> None:
    content = keys.public_key(home, "receiver", CONTENT).compartment
    holding = keys.read_holding(home.keys / "worker" / "content.holding")[1]
    with pytest.raises(Refused):
        ProcessKeys(home, process).private_key(content)
    with pytest.raises((Missing, Broken)):
        ProcessKeys(home, process).private_key(content, holding)


def test_no_private_key_of_a_compartment_lies_anywhere_in_the_clear(home: Home) -> None:
    recovery = ProcessKeys(home, "recovery")
    for name in (CONTENT, IDENTITY):
        private = recovery.private_key(keys.public_key(home, "receiver", name).compartment)
        for path in home.keys.glob("*/*"):
            assert keys._text(private) not in path.read_text()


def test_a_session_opens_an_officers_key_only_with_its_cookie() -> None:
    pair, officer = envelope.new_key_pair(), str(uuid4())
    sealed, secret = OfficerKeys(officer, pair.private).for_session()
    joined = SimpleNamespace(session={keys.SESSION_FIELD: sealed}, COOKIES={keys.COOKIE: secret})
    assert OfficerKeys.from_request(joined) == OfficerKeys(officer, pair.private)
    _, foreign = OfficerKeys(officer, pair.private).for_session()
    other_officer = sealed.replace(officer, str(uuid4()))
    for session, cookie in ((sealed, ""), ("", secret), (sealed, foreign), (sealed, "?"), (other_officer, secret)):
        with pytest.raises(Refused):
            OfficerKeys.from_request(
                SimpleNamespace(session={keys.SESSION_FIELD: session}, COOKIES={keys.COOKIE: cookie})
            )


def test_a_checkpoint_is_signed_by_the_worker_and_checked_by_anyone(home: Home) -> None:
    signature = keys.checkpoint_signer(home)(b"checkpoint")
    assert keys.checkpoint_verifier(home)(b"checkpoint", signature)
    assert not keys.checkpoint_verifier(home)(b"checkpoint of another", signature)


def test_a_damaged_key_file_is_broken_and_says_so(home: Home) -> None:
    (home.keys / "receiver" / "content.pub").write_text("another text\n")
    with pytest.raises(Broken, match=r"content\.pub"):
        keys.public_key(home, "receiver", CONTENT)
