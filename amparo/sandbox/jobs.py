"""The worker examines items: opened for this purpose, read in a locked-down child, what is inside sealed as items of its own."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, cast
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.foundation.errors import Broken, Refused
from amparo.foundation.home import Home
from amparo.jobs.leases import Hopeless, finishing
from amparo.sandbox import actions, queries, rules
from amparo.sandbox.readings import (
    ArchiveReading,
    Blob,
    ChatReading,
    ExaminationFailed,
    Identified,
    MailReading,
    PictureReading,
    VideoReading,
)
from amparo.sandbox.rules import Room, State
from amparo.sandbox.talks import talks
from amparo.sandbox.warden import Box, the_warden
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys
from amparo.vault.queries import ItemFacts

CHAT_MEDIA_TYPE = "application/vnd.amparo.chat+json"
FRAMES_MEDIA_TYPE = "application/vnd.amparo.frames+json"
# Larger items are opened into a file in memory that has no name, which a child reads without a second copy of it here.
IN_ONE_PIECE_BYTES = 64 << 20
LARGEST_BYTES = 4 << 30
VIDEO_SECONDS = 900.0

Data = bytes | BinaryIO


def _worker() -> Actor:
    return Actor.of_process("worker")


@dataclass
class _Found:
    """What an examination gave: the row's fields, and what is to be sealed."""

    kind: str
    state: State = State.EXAMINED
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    sentence: str = ""
    inside: tuple[Blob, ...] = ()
    derived: tuple[Blob, ...] = ()


@task()
def examine_items(act: str, about: dict[str, Any]) -> None:
    """Follows an act that names `items` (report.read_out, a case's seizure): each is examined by a job of its own."""
    with finishing():
        for item in about["items"]:
            examine_item.enqueue(item=str(item))


@task()
def examine_item(item: str) -> None:
    """The item is examined, or recorded as failed or not examined with the reason; what it holds becomes items, examined next."""
    facts = vault.item(UUID(item))
    if facts.derived or queries.is_examined(facts.uuid):
        return
    warden = the_warden()
    missing = warden.layers.missing()
    try:
        # One report's bytes are a boundary: no child that has seen them ever sees another report's.
        with _opened(facts) as data, warden.boundary(facts.origin) as box:
            found = _examined(box, data, facts)
    except ExaminationFailed as failure:
        kind = str(failure.fields.get("kind", ""))
        with finishing():
            actions.record_failure(
                _worker(),
                facts.uuid,
                facts.origin,
                kind=kind,
                reason=failure.reason,
                sentence=failure.sentence,
                missing_layers=missing,
            )
        return
    except Refused as refusal:
        found = _Found("", State.NOT_EXAMINED, reason="closed", sentence=refusal.sentence)
    inside = _sealed(facts, found)
    with finishing():
        actions.record_examination(
            _worker(),
            facts.uuid,
            facts.origin,
            kind=found.kind,
            state=found.state,
            facts=found.facts,
            reason=found.reason,
            sentence=found.sentence,
            found=len(inside),
            missing_layers=missing,
        )
        for each in inside:
            examine_item.enqueue(item=str(each))


@contextmanager
def _opened(facts: ItemFacts) -> Iterator[Data]:
    """The item's bytes, which never stand on a disk in the clear."""
    if facts.size_bytes > LARGEST_BYTES:
        raise ExaminationFailed("too_big")
    keys = ProcessKeys(Home.from_env(), "worker")
    in_one_piece = facts.size_bytes <= IN_ONE_PIECE_BYTES or not hasattr(os, "memfd_create")
    data: Data
    try:
        with vault_actions.open_item(_worker(), facts.uuid, f"examine:{facts.uuid}", keys) as opened:
            if in_one_piece:
                data = opened.read()
            else:
                data = os.fdopen(os.memfd_create("item"), "w+b")
                shutil.copyfileobj(opened.stream, data, 1 << 20)
                data.flush()
    except Broken as broken:
        # Trying again can't mend it: the job is quarantined at once, where somebody must look.
        raise Hopeless(broken.sentence, item=facts.uuid) from broken
    try:
        yield data
    finally:
        if not isinstance(data, bytes):
            data.close()


def _room(facts: ItemFacts) -> Room:
    """What may still be unpacked below this item. Counted over its whole origin, so that many archives are no way around."""
    depth, parent = 0, facts.parent
    while parent:
        depth, parent = depth + 1, vault.item(parent).parent
    contained = [each for each in vault.items_of_origin(facts.origin) if each.parent and not each.derived]
    return rules.room_left(depth, len(contained), sum(each.size_bytes for each in contained))


def _examined(box: Box, data: Data, facts: ItemFacts) -> _Found:
    """What the bytes are and hold. Raises ExaminationFailed, with the kind where it was known."""
    kind = "unknown"
    try:
        identified = cast("Identified", box.examine("identify", data))
        kind = identified.kind
        if kind not in rules.READ:
            return _unread(identified)
        if kind in _UNPACKERS:
            return _unpacked(box, data, kind, _room(facts))
        return _READERS[kind](box, data)
    except ExaminationFailed as failure:
        failure.fields["kind"] = kind
        raise


def _unread(identified: Identified) -> _Found:
    facts = {"media_type": identified.media_type}
    if identified.kind in rules.NOTHING_TO_READ:
        return _Found(identified.kind, facts={**facts, "lines": identified.lines})
    sentence = rules.why_unread(identified.kind)
    return _Found(identified.kind, State.NOT_EXAMINED, facts=facts, reason="no_reader", sentence=sentence)


def _unpacked(box: Box, data: Data, kind: str, room: Room) -> _Found:
    if obstacle := rules.obstacle_to_unpacking(room):
        return _Found(kind, State.NOT_EXAMINED, reason=obstacle[0], sentence=obstacle[1])
    return _UNPACKERS[kind](box, data, room)


def _picture(box: Box, data: Data) -> _Found:
    """Of a picture that moves, the frames of its seconds are sealed as a video's are."""
    facts = asdict(cast("PictureReading", box.examine("picture", data)))
    state = State(facts.pop("state"))
    if facts["format"] not in rules.MOVING_PICTURES or facts["frames"] == 1:
        return _Found("picture", state, facts)
    moving = _video(box, data)
    return _Found("picture", moving.state, facts, moving.reason, moving.sentence, derived=moving.derived)


def _video(box: Box, data: Data) -> _Found:
    """The sampled frames are sealed, as a derived document; the row says how much of the video they stand for."""
    reading = cast("VideoReading", box.examine("video", data, limit_s=VIDEO_SECONDS))
    facts = {name: value for name, value in asdict(reading).items() if name not in ("document", "state")}
    state = State(reading.state)
    if state is State.NOT_EXAMINED:
        return _Found("video", state, facts, "no_picture", rules.why_unread("sound_alone"))
    derived = Blob("frames.json", FRAMES_MEDIA_TYPE, reading.document)
    reason, sentence = rules.why_in_part(reading.ended, reading.reached_ms)
    return _Found("video", state, facts, reason, sentence, derived=(derived,))


def _archive(box: Box, data: Data, room: Room) -> _Found:
    reading = cast(
        "ArchiveReading", box.examine("archive", data, members=room.members, total_bytes=room.size_bytes, limit_s=300)
    )
    facts = {
        "format": reading.format,
        "members": reading.members,
        "unreadable": [asdict(each) for each in reading.unreadable],
        "total_bytes": reading.total_bytes,
    }
    return _Found("archive", facts=facts, inside=reading.files)


def _chat(box: Box, data: Data) -> _Found:
    reading = cast("ChatReading", box.examine("chat", data, limit_s=300))
    facts = {name: value for name, value in asdict(reading).items() if name != "document"}
    found = list(talks(reading.document))
    names = ["chat.json"] if len(found) < 2 else [f"chat-{number}.json" for number in range(1, len(found) + 1)]
    derived = tuple(Blob(name, CHAT_MEDIA_TYPE, document) for name, (_, document) in zip(names, found, strict=True))
    return _Found("chat", facts=facts, derived=derived)


def _mail(box: Box, data: Data, room: Room) -> _Found:
    """A mail inside another or on a device: its attachments become items; its words are sealed, as a derived text."""
    reading = cast("MailReading", box.examine("mail", data))
    facts = {
        "attachments": len(reading.files),
        "defects": list(reading.defects),
        "language": reading.language,
    }
    heads = {
        "From": reading.sender_raw,
        "To": ", ".join(reading.recipients),
        "Date": reading.date_raw,
        "Subject": reading.subject,
    }
    words = "\n".join(f"{name}: {value}" for name, value in heads.items()) + f"\n\n{reading.text}\n"
    derived = Blob("mail.txt", "text/plain", words.encode())
    return _Found("mail", facts=facts, inside=reading.files, derived=(derived,))


_READERS = {"picture": _picture, "video": _video, "chat": _chat}
_UNPACKERS = {"archive": _archive, "mail": _mail}


def _sealed(facts: ItemFacts, found: _Found) -> tuple[UUID, ...]:
    """The items found inside, sealed one by one before the effects are committed: doing it again finds the same items."""
    for blob in found.derived:
        _seal(facts, blob, derived=True)
    return tuple(dict.fromkeys(_seal(facts, blob, derived=False) for blob in found.inside))


def _seal(facts: ItemFacts, blob: Blob, *, derived: bool) -> UUID:
    return vault_actions.seal_item(
        _worker(),
        compartment=facts.compartment,
        stream=io.BytesIO(blob.data),
        name=blob.name,
        origin=facts.origin,
        parent=facts.uuid,
        derived=derived,
        media_type=blob.media_type,
    ).item
