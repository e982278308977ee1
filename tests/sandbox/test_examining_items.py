"""The worker examines items: states and reasons recorded, what is inside sealed, limits held over a whole report."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.jobs import queries as jobs
from amparo.jobs.worker import Worker
from amparo.sandbox import actions, jobs as sandbox_jobs, queries, rules
from amparo.sandbox.jobs import CHAT_MEDIA_TYPE, FRAMES_MEDIA_TYPE, examine_item, examine_items
from amparo.vault import actions as vault_actions, keys, queries as vault
from amparo.vault.keys import ProcessKeys
from tests.sandbox.test_hostile_archives import encrypted, zipped
from tests.sandbox.test_hostile_mail import report
from tests.sandbox.test_hostile_pictures import bomb, pattern, saved
from tests.sandbox.test_hostile_videos import moving
from tests.sandbox.videos import covered

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
CHAT = """\
04/05/19, 21:00 - Ana creó el grupo "Encuentro"
04/05/19, 21:01 - Ana añadió a +34 600 000 001
13/05/19, 21:02 - Ana: IMG-20190513-WA0001.jpg (archivo adjunto)
13/05/19, 21:03 - +34 600 000 001: nos vemos a las 21:00
31/02/19, 21:04 - Ana: una fecha que no existe
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    home = Home.from_env()
    keys.make_keys(home)
    vault_actions.lay_compartments(Actor.of_process("cli"), home)
    return home


def seal(data: bytes, name: str = "file", origin: UUID | None = None, parent: UUID | None = None) -> UUID:
    content = vault.compartment_named("content").uuid
    return vault_actions.seal_item(
        WORKER, compartment=content, stream=io.BytesIO(data), name=name, origin=origin or new_id(), parent=parent
    ).item


def work() -> None:
    worker = Worker("test")
    while worker.step():
        pass
    assert jobs.quarantined() == ()


def examined(data: bytes, name: str = "file") -> queries.ExaminationFacts:
    item = seal(data, name)
    examine_item.call(item=str(item))
    work()
    return queries.examination(item)


def acts(kind: str) -> list[dict[str, object]]:
    return [line.about for line in custody.acts(kind=kind).lines]


def opened(item: UUID, home: Home) -> bytes:
    with vault_actions.open_item(WORKER, item, "test", ProcessKeys(home, "worker")) as content:
        return content.read()


def test_a_picture_is_examined_and_its_fingerprint_kept() -> None:
    found = examined(saved(pattern(), "JPEG"))
    assert (found.state, found.kind, found.facts["width"]) == ("examined", "picture", 640)
    assert len(found.facts["pdq_hex"]) == 64


def test_a_plain_picture_is_too_plain() -> None:
    from PIL import Image

    assert examined(saved(Image.new("RGB", (200, 200)), "PNG")).state == "too_plain"


def test_a_whatsapp_export_becomes_items_and_a_chat_reading(home: Home) -> None:
    picture = saved(pattern(), "JPEG")
    item = seal(zipped(("_chat.txt", CHAT.encode()), ("IMG-20190513-WA0001.jpg", picture)), "Chat.zip")
    examine_items.call(act="", about={"items": [str(item)]})
    work()
    chat, image = vault.children(item)
    assert (chat.name, image.name) == ("_chat.txt", "IMG-20190513-WA0001.jpg")
    assert queries.examination(image.uuid).state == "examined"
    facts = queries.examination(chat.uuid).facts
    assert (facts["messages"], facts["events"], facts["unsupported"], facts["date_order"]) == (2, 2, 1, "dmy")
    (reading,) = vault.children(chat.uuid)
    assert (reading.derived, reading.media_type) == (True, CHAT_MEDIA_TYPE)
    document = json.loads(opened(reading.uuid, home))
    assert [each.get("text") for each in document["items"] if each["item"] == "message"] == [
        "",
        "nos vemos a las 21:00",
    ]


def test_nothing_of_a_files_words_stands_in_its_row_or_in_the_record() -> None:
    message = report()
    found = examined(b"Received: x\r\n" + message.as_bytes(), "forwarded.eml")
    assert found.kind == "mail"
    assert "exportación" not in json.dumps(found.facts) and "example.org" not in json.dumps(found.facts)


def test_a_mail_inside_gives_its_attachments_as_items_and_its_words_as_a_sealed_text(home: Home) -> None:
    message = report()
    message.add_attachment(saved(pattern(), "PNG"), maintype="image", subtype="png", filename="a.png")
    item = seal(message.as_bytes(), "forwarded.eml")
    examine_item.call(item=str(item))
    work()
    words, picture = vault.children(item)
    assert words.derived and "Buenos días" in opened(words.uuid, home).decode()
    assert queries.examination(picture.uuid).kind == "picture"


def test_a_videos_frames_are_sealed_as_a_derived_document_and_the_row_says_what_they_stand_for(
    home: Home, made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_jobs, "IN_ONE_PIECE_BYTES", 1000)
    item = seal(made("mkv").read_bytes(), "VID-0001.mkv")
    examine_item.call(item=str(item))
    work()
    found = queries.examination(item)
    assert (found.state, found.kind, found.reason, found.sentence) == ("examined", "video", "", "")
    assert (found.facts["codec"], found.facts["frames"], found.facts["ended"]) == ("h264", 4, "whole")
    assert "document" not in found.facts
    (derived,) = vault.children(item)
    assert (derived.derived, derived.name, derived.media_type) == (True, "frames.json", FRAMES_MEDIA_TYPE)
    frames = json.loads(opened(derived.uuid, home))["frames"]
    assert [frame["at_ms"] for frame in frames] == [0, 1000, 2000, 3000]
    assert all(len(frame["looks"]) in (8, 16) for frame in frames)


def test_the_later_frames_of_a_picture_that_moves_are_kept_too(home: Home) -> None:
    item = seal(moving(), "sticker.gif")
    examine_item.call(item=str(item))
    work()
    found = queries.examination(item)
    assert (found.state, found.kind, found.facts["frames"]) == ("examined", "picture", 3)
    (derived,) = vault.children(item)
    assert derived.media_type == FRAMES_MEDIA_TYPE
    assert len(json.loads(opened(derived.uuid, home))["frames"]) == 3


def test_a_video_that_was_cut_off_is_examined_and_says_how_far(made: Callable[[str], Path]) -> None:
    data = made("mp4 with its index first").read_bytes()
    found = examined(data[: len(data) // 3])
    assert (found.state, found.reason) == ("examined", "cut_off")
    assert "0:00:01" in found.sentence or "0:00:00" in found.sentence


def test_a_video_of_sound_alone_is_not_examined_by_its_look(tmp_path: Path) -> None:
    found = examined(covered(tmp_path / "song").read_bytes())
    assert (found.state, found.reason) == ("not_examined", "no_picture")
    assert found.sentence


FAILING = {
    "pixel bomb": (bomb(20_000, 20_000), "too_big"),
    "zip bomb": (zipped(("zeros", b"\0" * (80 << 20))), "too_big"),
    "cut picture": (saved(pattern(), "PNG")[:3000], "malformed"),
}


@pytest.mark.parametrize("kind", FAILING)
def test_a_bomb_or_a_cut_file_is_recorded_as_failed_with_its_reason(kind: str) -> None:
    data, reason = FAILING[kind]
    found = examined(data)
    assert (found.state, found.reason) == ("failed", reason)
    assert found.sentence
    assert [about["reason"] for about in acts("item.examination_failed")] == [reason]


def test_an_encrypted_member_is_named_in_the_facts() -> None:
    assert examined(encrypted()).facts["unreadable"] == [{"name": "secret.txt", "reason": "encrypted"}]


@pytest.mark.parametrize("data", [b"%PDF-1.7 anything", b"fLaC" + b"\0" * 40, b"7z\xbc\xaf\x27\x1c", b"\0\1\2\3" * 99])
def test_a_kind_without_a_reader_is_not_examined_and_says_why(data: bytes) -> None:
    found = examined(data)
    assert (found.state, found.reason) == ("not_examined", "no_reader")
    assert found.sentence


def test_archives_are_unpacked_three_levels_deep_and_the_next_is_not_examined() -> None:
    data = zipped(("deepest.txt", b"item shared"))
    for level in range(4):
        data = zipped((f"{level}.zip", data))
    item = seal(data)
    examine_item.call(item=str(item))
    work()
    states = []
    while children := vault.children(item):
        item = children[0].uuid
        states.append(queries.examination(item).state)
    assert states == ["examined", "examined", "not_examined"]
    assert queries.examination(item).reason == "too_deep"


def test_members_are_counted_over_a_whole_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MEMBERS", 3)
    origin = new_id()
    first, second, third = (
        seal(zipped(*((f"{n}{m}", b"x%d%d" % (n, m)) for m in range(count))), f"{n}", origin)
        for n, count in enumerate((2, 2, 1))
    )
    for item in (first, second, third):
        examine_item.call(item=str(item))
    work()
    assert queries.examination(first).state == "examined"
    assert (queries.examination(second).state, queries.examination(second).reason) == ("failed", "too_big")
    assert queries.examination(third).state == "examined"


def test_examining_twice_changes_nothing() -> None:
    item = seal(zipped(("a.txt", b"item shared")))
    for _ in range(2):
        examine_item.call(item=str(item))
        work()
    assert len(vault.children(item)) == 1
    assert len([about for about in acts("item.examined") if about["item"] == str(item)]) == 1


def test_an_item_not_examined_yet_says_so() -> None:
    found = queries.examination(new_id())
    assert (found.state, found.reason) == ("not_examined", "waiting")


def test_an_item_whose_key_the_worker_does_not_hold_is_not_examined() -> None:
    closed = vault_actions.create_compartment(
        Actor("process", "test", None, frozenset({"compartments.make"})), "members only", ()
    ).compartment
    item = vault_actions.seal_item(
        WORKER, compartment=closed, stream=io.BytesIO(b"item shared"), name="a", origin=new_id()
    ).item
    examine_item.call(item=str(item))
    assert (queries.examination(item).state, queries.examination(item).reason) == ("not_examined", "closed")


def test_only_the_worker_records_examinations() -> None:
    with pytest.raises(Refused):
        actions.record_examination(Actor.of_process("courier"), new_id(), new_id(), kind="picture")


def test_zip_members_of_one_name_are_both_kept() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a/x.txt", b"one")
        made.writestr("b/x.txt", b"two")
    item = seal(file.getvalue())
    examine_item.call(item=str(item))
    work()
    assert [child.name for child in vault.children(item)] == ["x.txt", "x.txt"]
