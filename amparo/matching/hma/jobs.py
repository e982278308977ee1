"""The courier reads a server's banks, a step at a time; what it brought becomes a list like any other."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.jobs.leases import finishing
from amparo.matching import actions as lists
from amparo.matching.actions import Order
from amparo.matching.hma import actions, courier
from amparo.matching.hma.models import Server
from amparo.matching.incoming import Receiving
from amparo.matching.models import HashList
from amparo.matching.rules import ListSaid, ListState

# A step holds its lease and keeps the courier from other work for about so long.
STEP_SECONDS = 10.0
CHUNK_BYTES = 1 << 20


def _courier() -> Actor:
    return Actor.of_process("courier")


@task(queue_name="courier")
def begin_reading(act: str, about: dict[str, Any]) -> None:
    """Follows lists.reading_asked: from the first content on, in steps, each a job of its own."""
    with finishing():
        read_next.enqueue(server=about["server"])


@task(queue_name="courier")
def read_next(server: str) -> None:
    """Brings the next contents, and goes on until there are none. What the disk holds beyond what was noted is read again."""
    row = Server.objects.filter(uuid=UUID(server), reading=True).first()
    if row is None:
        return
    home = Home.from_env()
    folder = actions.folder_of(home, row.uuid)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        progress, over = _read_step(row, folder)
    except Refused as refusal:
        with finishing():
            actions.fail_reading(_courier(), row.uuid, refusal.sentence)
        return
    with finishing():
        if not actions.note_progress(row.uuid, progress):
            return
        if over:
            digest = _digest(folder / "contents")
            actions.finish_reading(_courier(), row.uuid, progress["found"], progress["size_bytes"], digest)
        else:
            read_next.enqueue(server=server)


def _read_step(row: Server, folder: Path) -> tuple[dict[str, Any], bool]:
    """Appends what the server answers in the next seconds; how far it is then, and whether that is all.

    Raises Unreachable; Refused where going on makes no sense.
    """
    token = folder / "token"
    server = courier.Server(row.address, token.read_text() if token.exists() else "")
    banks, said = server.banks(), row.said or server.sizes()
    if not banks:
        raise Refused("This HMA has no banks.")
    found, misses, number, counted = row.found, row.misses, row.next_content, Counter(row.counted)
    until = time.monotonic() + STEP_SECONDS
    with os.fdopen(os.open(folder / "contents", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(row.size_bytes)
        file.seek(row.size_bytes)
        while not (over := courier.is_over(found, misses, said)):
            for answer in server.contents(banks, range(number, number + courier.STEP_CONTENTS)):
                misses = misses + 1 if answer is None else 0
                if answer is not None:
                    found += 1
                    counted.update(courier.signals_in(answer))
                    file.write(answer.rstrip() + b"\n")
            number += courier.STEP_CONTENTS
            if time.monotonic() >= until:
                over = courier.is_over(found, misses, said)
                break
        file.flush()
        os.fsync(file.fileno())
        size_bytes = file.tell()
    if over and (obstacle := courier.obstacle_to_trust(counted, said, server.sizes())):
        raise Refused(obstacle)
    progress = {"next_content": number, "found": found, "misses": misses, "size_bytes": size_bytes}
    return progress | {"said": said, "counted": counted}, over


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@task()
def bring_in(act: str, about: dict[str, Any]) -> None:
    """Follows lists.server_read: what was brought is asked for as a list, in the place of the last one from this server."""
    row = Server.objects.filter(uuid=UUID(about["server"])).first()
    if row is None:
        return
    home = Home.from_env()
    receiving = Receiving(home)
    try:
        with (actions.folder_of(home, row.uuid) / "contents").open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                receiving.write(piece)
        upload = receiving.finish()
        before = HashList.objects.filter(name=row.name, state=ListState.ACTIVE).order_by("-id").first()
        said = ListSaid(row.name, f"HMA at {row.address}"[:120], version_now(), "", "")
        order = Order(said, before.uuid if before else None, False, "contents.json", "hma", "pdq", True)
        with finishing():
            lists.ask_import(Actor.of_process("worker"), upload, order)
    except BaseException:
        receiving.give_up()
        raise
    (actions.folder_of(home, row.uuid) / "contents").unlink(missing_ok=True)


def version_now() -> str:
    """What the version that is brought in now is called."""
    return clock.now().strftime("%Y-%m-%d %H:%M:%S")
