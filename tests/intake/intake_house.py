"""A small house for intake's tests: keys, mails put into the spool as the receiver does, a worker that works until all is done."""

from __future__ import annotations

import io
import time
import zipfile
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.foundation.clock import now
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import collector, queries, queue_queries
from amparo.intake.queries import ReportFacts
from amparo.intake.queue_queries import QueueFilter
from amparo.intake.spool import Mail, Spool
from amparo.jobs import followers, queries as jobs
from amparo.jobs.worker import Worker
from amparo.vault import actions as vault, keys, queries as vault_queries
from amparo.vault.keys import OfficerKeys
from amparo.wiring import followers as wired
from amparo.wiring.seals import seal_record

# The house up to this room: later rooms follow the same acts and have tests of their own.
TABLE = tuple(
    each for each in wired.TABLE if each.job.startswith(("amparo.sandbox.", "amparo.matching.", "amparo.intake."))
)

CLI = Actor.of_process("cli")
PASSWORD = "six quiet words on a line"
CHAT = """[4/5/19, 21:00:00] Grupo: Los mensajes y las llamadas están cifrados de extremo a extremo.
[4/5/19, 21:00:10] +34 600 000 001: nos vemos a las 21:00
[4/5/19, 21:00:20] +34 600 000 002: imagen omitida
[5/5/19, 08:15:00] +598 99 000 003: hola
"""


def new_house(path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(path / "home"))
    monkeypatch.setattr(settings, "FOLLOWERS", f"{__name__}.TABLE")
    home = Home.from_env()
    keys.make_keys(home)
    vault.lay_compartments(CLI, home)
    return home


def put(home: Home, raw: bytes, *recipients: str, sender: str = "reporter@example.org") -> UUID:
    """The arrival's id: the mail lies sealed in the spool, as the receiver leaves it."""
    mail = Mail(raw, sender, recipients or ("report@report.example.org",), now())
    return Spool.of_process(home, "receiver").put(mail)


def work(home: Home, seconds: float = 30.0) -> None:
    """The worker's and the courier's rounds until nothing is left to do; fails the test when that takes too long."""
    duties = (partial(collector.collect, home), partial(seal_record, home), followers.step)
    worker, courier = Worker("test", duties), Worker("test courier", (), queue="courier")
    until, quiet = time.monotonic() + seconds, 0
    while quiet < 3:
        quiet = 0 if worker.step() + courier.step() or jobs.unfinished() else quiet + 1
        assert time.monotonic() < until, [(each.task, each.reason) for each in jobs.quarantined()] or jobs.counts()
        if jobs.unfinished():
            time.sleep(0.02)
    assert jobs.quarantined() == ()


def arrived(home: Home, raw: bytes, *recipients: str) -> ReportFacts:
    """The report that this mail became."""
    arrival = put(home, raw, *recipients)
    work(home)
    return queries.report(queries.arrival(arrival).report)


def kinds(report: ReportFacts) -> list[str]:
    return sorted(each.kind for each in report.work_items)


def on_the_queue(report: ReportFacts) -> bool:
    return any(row.uuid == report.uuid for row in queue_queries.rows(queue_queries.queue(QueueFilter())))


def officer(home: Home, *roles: str) -> tuple[Actor, OfficerKeys]:
    """An officer who holds the compartments that their roles allow."""
    username = f"o{new_id().hex[-16:]}"
    added = access.add_officer(CLI, username, "Inés Duarte", "Unit 3", roles, PASSWORD)
    vault.make_member_key(CLI, added.officer, PASSWORD)
    recovery = keys.ProcessKeys(home, "recovery")
    giver = Actor("process", "test", None, frozenset({"keys.grant"}))
    vault.grant(giver, vault_queries.compartment_named("content").uuid, added.officer, recovery)
    if "reports.identity" in powers_of(roles):
        vault.grant(giver, vault_queries.compartment_named("identity").uuid, added.officer, recovery)
    unlocked = OfficerKeys.from_session(*vault.unlock_for_session(added.officer, PASSWORD))
    return Actor("officer", username, added.officer, powers_of(roles)), unlocked


def mail(text: str = "Les escribo por un grupo.", subject: str = "Aviso", **attached: tuple[str, bytes]) -> bytes:
    """A mail with attachments: keyword -> (file name, bytes)."""
    message = EmailMessage()
    message["From"] = "Persona de Prueba <reporter@example.org>"
    message["To"] = "report@report.example.org"
    message["Subject"] = subject
    message["Date"] = "Tue, 03 Nov 2026 21:00:00 +0100"
    message.set_content(text)
    for name, content in attached.values():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def picture(seed: int = 1, size: int = 160) -> bytes:
    """An abstract picture: soft noise from a seed."""
    draw = np.random.default_rng(seed)
    small = draw.integers(0, 255, (12, 12, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def zipped(**files: bytes) -> bytes:
    """A zip; keyword names have "__" for "."."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "."), content)
    return file.getvalue()


def locked_zip() -> bytes:
    """A zip whose member says that it is encrypted: the flag alone decides, as no key will ever be tried."""
    plain = bytearray(zipped(a__txt=b"item shared"))
    for signature, flag_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + flag_at] |= 1
    return bytes(plain)
