from __future__ import annotations

import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.access.rules import ROLES
from amparo.custody import queries as custody
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.vault import actions, files, keys, queries
from amparo.vault.envelope import CHUNK_BYTES
from amparo.vault.keys import OfficerKeys, ProcessKeys

pytestmark = pytest.mark.django_db(transaction=True)

WORKER, CLI = Actor.of_process("worker"), Actor.of_process("cli")
PASSWORD = "six quiet words on a line"
ORIGIN = UUID(int=0x0192DDDD << 96)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    home = Home.from_env()
    keys.make_keys(home)
    actions.lay_compartments(CLI, home)
    return home


@pytest.fixture
def worker(home: Home) -> ProcessKeys:
    return ProcessKeys(home, "worker")


def content() -> UUID:
    return queries.compartment_named("content").uuid


def seal(what: bytes = b"item shared", name: str = "IMG-1.jpg", parent: UUID | None = None) -> UUID:
    sealed = actions.seal_item(
        WORKER, compartment=content(), stream=io.BytesIO(what), name=name, origin=ORIGIN, parent=parent
    )
    return sealed.item


def officer(*roles: str) -> tuple[Actor, OfficerKeys]:
    username = f"o{new_id().hex[-20:]}"
    added = access.add_officer(CLI, username, "An Officer", "", roles or ("investigator",), PASSWORD)
    actions.make_member_key(CLI, added.officer, PASSWORD)
    powers = frozenset().union(*(ROLES[role] for role in roles or ("investigator",)))
    return Actor("officer", username, added.officer, powers), unlocked(added.officer)


def unlocked(uuid: UUID, password: str = PASSWORD) -> OfficerKeys:
    return OfficerKeys.from_session(*actions.unlock_for_session(uuid, password))


def story(about: UUID) -> list[tuple[str, str]]:
    return [(line.kind, line.ended) for line in custody.story(about)]


# --- Sealing and opening


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7])
def test_an_item_opens_as_what_was_sealed_and_both_stand_in_the_record(worker: ProcessKeys, size: int) -> None:
    what = os.urandom(size)
    item = seal(what)
    with actions.open_item(WORKER, item, "examination", worker) as opened:
        assert opened.read() == what
        opened.stream.seek(size // 2)
        assert opened.stream.read(10) == what[size // 2 : size // 2 + 10]
    assert story(item) == [("item.sealed", "done"), ("item.opened", "done")]
    assert custody.story(item)[-1].purpose == "examination"


def test_what_is_known_of_an_item_was_learnt_in_sealing(home: Home, worker: ProcessKeys) -> None:
    item = seal(b"item shared", "ficha \x00 \udcff de niño.jpg")
    facts = queries.item(item)
    assert facts.name == "ficha \ufffd \ufffd de niño.jpg"
    assert (facts.size_bytes, facts.md5) == (11, hashlib.md5(b"item shared").hexdigest())
    assert facts.sha256 == hashlib.sha256(b"item shared").hexdigest()
    assert queries.items_of_origin(ORIGIN) == (facts,)
    assert queries.items([item, new_id()]) == {item: facts}
    assert facts.reference.startswith("I-")


def test_nothing_of_an_item_lies_on_the_disk_in_the_clear(home: Home, worker: ProcessKeys) -> None:
    item = seal(b"item shared")
    path = files.path_of(home, item)
    assert b"item shared" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_file_of_the_same_origin_parent_and_name_is_one_item(home: Home, worker: ProcessKeys) -> None:
    item = seal()
    assert seal() == item
    assert seal(name="IMG-2.jpg") != item
    child = seal(parent=item)
    assert child != item
    assert seal(parent=item) == child
    assert [facts.uuid for facts in queries.children(item)] == [child]
    assert len(list(home.vault.glob("??/*"))) == 3
    assert story(item) == [("item.sealed", "done")]


def test_one_changed_byte_of_a_sealed_file_is_broken_and_recorded(home: Home, worker: ProcessKeys) -> None:
    item = seal(os.urandom(2 * CHUNK_BYTES))
    path = files.path_of(home, item)
    stored = bytearray(path.read_bytes())
    for at in (0, 10, 20, CHUNK_BYTES + 100, len(stored) - 1):
        changed = bytearray(stored)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises(Broken, match="was changed"):
            actions.open_item(WORKER, item, "examination", worker)
    assert story(item)[1:] == [("item.opened", "failed")] * 5
    path.write_bytes(stored)
    actions.open_item(WORKER, item, "examination", worker).close()


def test_a_missing_sealed_file_is_broken(home: Home, worker: ProcessKeys) -> None:
    item = seal()
    files.path_of(home, item).unlink()
    with pytest.raises(Broken, match="is gone"):
        actions.open_item(WORKER, item, "examination", worker)


def test_one_items_file_does_not_open_as_anothers(home: Home, worker: ProcessKeys) -> None:
    from amparo.vault.models import Item

    one, other = seal(b"one"), seal(b"other", "IMG-2.jpg")
    files.path_of(home, other).write_bytes(files.path_of(home, one).read_bytes())
    rows = {row.uuid: row for row in Item.objects.all()}
    Item.objects.filter(uuid=other).update(  # somebody with the database and the disk, and without a key
        sealed_sha256=rows[one].sealed_sha256, wrapped_key=rows[one].wrapped_key
    )
    with pytest.raises(Broken):
        actions.open_item(WORKER, other, "examination", worker)


def test_no_item_opens_without_a_purpose(worker: ProcessKeys) -> None:
    item = seal()
    for purpose in ("", "because I want to", "x"):
        with pytest.raises(Refused, match=r"State what|short code"):
            actions.open_item(WORKER, item, purpose, worker)
    assert story(item)[1:] == [("item.opened", "refused")] * 3


def test_without_the_power_nothing_opens_and_nothing_is_sealed(home: Home, worker: ProcessKeys) -> None:
    item = seal()
    courier = Actor.of_process("courier")
    with pytest.raises(Refused):
        actions.open_item(courier, item, "examination", worker)
    with pytest.raises(Refused):
        actions.seal_item(courier, compartment=content(), stream=io.BytesIO(b"x"), name="x", origin=ORIGIN)
    assert [path for path in home.vault.rglob("*") if path.is_file()] == [files.path_of(home, item)]
    assert (story(item)[-1], story(ORIGIN)[-1]) == (("item.opened", "refused"), ("item.sealed", "refused"))


def test_an_unknown_item_or_compartment_is_missing(home: Home, worker: ProcessKeys) -> None:
    with pytest.raises(Missing):
        actions.open_item(WORKER, new_id(), "examination", worker)
    with pytest.raises(Missing):
        actions.seal_item(WORKER, compartment=new_id(), stream=io.BytesIO(b""), name="x", origin=ORIGIN)
    with pytest.raises(Missing):
        seal(parent=new_id())
    assert not list(home.vault.glob("??/*"))


def test_a_source_that_fails_half_way_leaves_no_file(home: Home, worker: ProcessKeys) -> None:
    class Failing(io.RawIOBase):
        reads = 0

        def read(self, size: int = -1) -> bytes:
            self.reads += 1
            if self.reads > 2:
                raise OSError(5, "Input/output error")
            return bytes(size)

    with pytest.raises(OSError, match="Input/output"):
        actions.seal_item(WORKER, compartment=content(), stream=Failing(), name="x", origin=ORIGIN)  # type: ignore[arg-type]
    assert not [path for path in home.vault.rglob("*") if path.is_file()]


def test_files_without_a_row_are_set_aside_once_they_are_old_and_known_ones_stay(
    home: Home, worker: ProcessKeys
) -> None:
    item = seal()
    orphan = files.path_of(home, UUID(int=9))
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"sealed")
    (home.vault / "tmp" / f"{UUID(int=8)}.part").write_bytes(b"half")
    assert actions.sweep(home) == 0
    assert actions.sweep(home, age=timedelta(seconds=-5)) == 2
    assert (orphan.exists(), files.path_of(home, item).exists()) == (False, True)
    assert (home.vault / "aside" / str(UUID(int=9))).read_bytes() == b"sealed"


def test_a_sealed_file_is_an_item_only_with_the_transaction_that_enters_it(home: Home, worker: ProcessKeys) -> None:
    sealed = actions.seal_file(queries.compartment_named("content"), io.BytesIO(b"item"), name="a", origin=ORIGIN)
    place = files.path_of(home, sealed.binding.item)
    before = custody.acts().total
    with transaction.atomic():
        actions.enter_item(WORKER, sealed)
        transaction.set_rollback(True)  # something else did not hold
    assert place.exists() and not queries.items_of_origin(ORIGIN) and custody.acts().total == before
    with transaction.atomic():
        item = actions.enter_item(WORKER, sealed).item
    assert item == sealed.binding.item and story(item) == [("item.sealed", "done")]
    with actions.open_item(WORKER, item, "test", worker) as opened:
        assert opened.read() == b"item"


def test_the_same_entered_twice_is_the_first_item_and_the_second_file_goes_with_the_commit(
    home: Home, worker: ProcessKeys
) -> None:
    first, second = (
        actions.seal_file(queries.compartment_named("content"), io.BytesIO(b"item"), name="a", origin=ORIGIN)
        for _ in range(2)
    )
    with transaction.atomic():
        item = actions.enter_item(WORKER, first).item
        assert actions.enter_item(WORKER, second).item == item
        assert files.path_of(home, second.binding.item).exists()
    assert not files.path_of(home, second.binding.item).exists() and files.path_of(home, item).exists()
    assert actions.enter_item(WORKER, first).item == item  # whoever doesn't know whether it was committed does it again
    assert files.path_of(home, item).exists() and story(item) == [("item.sealed", "done")]


def test_sealed_files_are_listed_for_a_check_offline(home: Home, worker: ProcessKeys) -> None:
    item = seal()
    (file,) = queries.sealed_files(home)
    assert (file.item, files.sealed_sha256(file.path)) == (item, file.sealed_sha256)


def test_a_row_that_was_changed_removed_or_added_is_named(home: Home, worker: ProcessKeys) -> None:
    from amparo.vault.models import Item

    one, other = seal(b"one"), seal(b"other", "IMG-2.jpg")
    assert list(queries.altered_items()) == []
    Item.objects.filter(uuid=one).update(sealed_sha256="0" * 64)
    (found,) = queries.altered_items()
    assert (found.item, "was changed" in found.sentence) == (one, True)
    assert "0" * 64 not in {file.sealed_sha256 for file in queries.sealed_files(home)}
    row = Item.objects.get(uuid=other)
    row.delete()
    assert [found.sentence for found in queries.altered_items() if found.item == other] == [
        f"The row of item {other} was removed."
    ]
    row.uuid, row.pk = new_id(), None
    row.save()
    assert "was added" in [found.sentence for found in queries.altered_items()][-1]


# --- Who holds what


def test_an_officer_opens_only_what_they_were_granted(worker: ProcessKeys) -> None:
    item = seal()
    by, own = officer()
    with pytest.raises(Refused, match="hold the key"):
        actions.open_item(by, item, "case:AMP-2026-1", own)
    actions.grant(CLI, content(), by.uuid, worker)
    assert actions.open_item(by, item, "case:AMP-2026-1", own).read() == b"item shared"
    actions.revoke(CLI, content(), by.uuid)
    with pytest.raises(Refused, match="hold the key"):
        actions.open_item(by, item, "case:AMP-2026-1", own)
    assert [ended for kind, ended in story(item) if kind == "item.opened"] == ["refused", "done", "refused"]


def test_nobody_grants_a_key_that_they_do_not_hold(worker: ProcessKeys) -> None:
    (by, own), (other, _) = officer(), officer()
    with pytest.raises(Refused, match="hold the key"):
        actions.grant(by, content(), other.uuid, own)
    assert story(other.uuid)[-1] == ("key.granted", "refused")


def test_a_cases_compartment_opens_to_its_holders_and_to_the_recovery_key(home: Home, worker: ProcessKeys) -> None:
    (by, own), (other, others) = officer(), officer()
    made = actions.create_compartment(CLI, "case:AMP-2026-1", (by.uuid,))
    assert queries.holders(made.compartment) == (str(by.uuid), "recovery")
    item = seal()
    actions.grant(CLI, content(), by.uuid, worker)
    before = files.path_of(home, item).read_bytes()
    actions.rewrap_items(by, [item], made.compartment, own)
    assert files.path_of(home, item).read_bytes() == before
    assert actions.open_item(by, item, "case:AMP-2026-1", own).read() == b"item shared"
    recovery = ProcessKeys(home, "recovery")
    assert actions.open_item(WORKER, item, "recovery", recovery).read() == b"item shared"
    for actor, unlock in ((WORKER, worker), (other, others)):
        with pytest.raises(Refused):
            actions.open_item(actor, item, "case:AMP-2026-1", unlock)
    actions.grant(by, made.compartment, other.uuid, own)
    assert actions.open_item(other, item, "case:AMP-2026-1", others).read() == b"item shared"


def test_reporters_identities_are_granted_only_to_roles_that_include_them(home: Home, worker: ProcessKeys) -> None:
    identity, recovery = queries.compartment_named("identity").uuid, ProcessKeys(home, "recovery")
    (investigator, _), (supervisor, own) = officer("investigator"), officer("supervisor")
    with pytest.raises(Refused, match="identities"):
        actions.grant(CLI, identity, investigator.uuid, recovery)
    with pytest.raises(Refused):
        actions.grant(CLI, identity, supervisor.uuid, worker)  # the worker doesn't hold it
    actions.grant(CLI, identity, supervisor.uuid, recovery)
    assert queries.private_key(identity, own)
    with pytest.raises(Refused):
        queries.private_key(identity, worker)


def test_a_compartment_is_not_made_for_someone_without_a_key(home: Home) -> None:
    with pytest.raises(Refused, match="no key yet"):
        actions.create_compartment(CLI, "case:AMP-2026-1", (new_id(),))
    with pytest.raises(Missing):
        queries.compartment_named("case:AMP-2026-1")


def test_laying_the_compartments_twice_changes_nothing(home: Home) -> None:
    before = (queries.compartment_named("content"), queries.holders(content()))
    actions.lay_compartments(CLI, home)
    assert (queries.compartment_named("content"), queries.holders(content())) == before
    assert before[1] == ("worker", "recovery")
    assert queries.holders(queries.compartment_named("identity").uuid) == ("recovery",)


# --- Officers' keys


def test_neither_the_database_nor_the_session_nor_the_cookie_opens_an_officers_key_alone(home: Home) -> None:
    by, own = officer()
    session, secret = actions.unlock_for_session(by.uuid, PASSWORD)
    assert OfficerKeys.from_session(session, secret) == own
    assert own.private.hex() not in session
    another, _ = officer()
    other_session, other_secret = actions.unlock_for_session(another.uuid, PASSWORD)
    for pair in ((session, other_secret), (other_session, secret)):
        with pytest.raises(Refused):
            OfficerKeys.from_session(*pair)


def test_a_changed_password_keeps_the_key_and_what_it_opens(worker: ProcessKeys) -> None:
    by, own = officer()
    actions.grant(CLI, content(), by.uuid, worker)
    with pytest.raises(Refused):
        actions.change_password(by, by.uuid, "not this one", "another long password")
    other, _ = officer()
    with pytest.raises(Refused, match="by that officer"):
        actions.change_password(other, by.uuid, PASSWORD, "another long password")
    actions.change_password(by, by.uuid, PASSWORD, "another long password")
    assert unlocked(by.uuid, "another long password") == own
    assert str(by.uuid) in queries.holders(content())


def test_a_password_set_by_somebody_else_gives_a_fresh_key_that_opens_nothing_old(worker: ProcessKeys) -> None:
    by, own = officer()
    actions.grant(CLI, content(), by.uuid, worker)
    fresh = unlocked(by.uuid, "a password that a supervisor set")
    assert fresh.private != own.private
    assert str(by.uuid) not in queries.holders(content())
    assert story(by.uuid)[-1] == ("key.renewed", "done")


def test_an_officer_without_a_key_gets_one_at_log_in_and_nobody_gets_two(home: Home) -> None:
    uuid = new_id()
    own = unlocked(uuid)
    assert unlocked(uuid) == own
    with pytest.raises(Refused, match="already"):
        actions.make_member_key(CLI, uuid, PASSWORD)
