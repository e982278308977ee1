"""What a worker does with a file that came in parts: compares its digest, and makes an item of it for its report."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F
from django_tasks import task

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.intake import actions
from amparo.intake.models import ApiUpload, Report
from amparo.intake.rules import Finding
from amparo.jobs.leases import finishing
from amparo.vault import actions as vault_actions, envelope, queries as vault
from amparo.vault.envelope import Binding
from amparo.vault.keys import CONTENT, ProcessKeys

LONG_BYTES = 256 << 20
DIFFERS = (
    "A file that the platform sent is not the one it announced: its digest differs. It was asked to send it again."
)


def _worker() -> Actor:
    return Actor.of_process("worker")


def task_for(size_bytes: int) -> Any:
    """The job that looks after a file of this size."""
    return look_after.using(queue_name="long") if size_bytes > LONG_BYTES else look_after


@task()
def look_after(upload: str) -> None:
    """The file's digest is compared; a whole one becomes an item of its report, if it has one. Done again, it doubles nothing."""
    from amparo.intake.api import uploads

    row = ApiUpload.objects.select_related("report__report").get(uuid=UUID(upload))
    home = Home.from_env()
    if row.state == uploads.CHECKING:
        agrees = _agrees(home, row)
        with finishing():
            _compared(row.uuid, agrees)
        if not agrees:
            uploads.forget_parts(home, row.uuid)
        return
    if row.state != uploads.WHOLE or row.report is None:
        return
    if row.report.report is None:  # a test's: it was compared, and that was all
        with finishing():
            ApiUpload.objects.filter(id=row.id).update(state=uploads.IN_REPORT, changed_at=clock.now())
    else:
        item = vault_actions.seal_item(
            _worker(),
            compartment=vault.compartment_named(CONTENT).uuid,
            stream=io.BufferedReader(_parts(home, row), 1 << 20),
            name=row.name,
            origin=row.report.report.uuid,
            media_type=row.media_type,
        ).item
        with finishing():
            add_file(_worker(), row.report.report.uuid, row.uuid, item)
    uploads.forget_parts(home, row.uuid)


def _parts(home: Home, row: ApiUpload) -> Any:
    from amparo.intake.api import uploads

    keys = ProcessKeys(home, "worker")
    compartment = keys.compartment(CONTENT)
    private = keys.private_key(compartment)
    return uploads.Parts(
        home,
        row.uuid,
        row.size_bytes,
        lambda letter, part: envelope.open_letter(letter, private, Binding(part, compartment)),
    )


def _agrees(home: Home, row: ApiUpload) -> bool:
    digest, stream = hashlib.sha256(), io.BufferedReader(_parts(home, row), 1 << 20)
    try:
        while block := stream.read(1 << 20):
            digest.update(block)
    except Broken:
        return False
    return digest.hexdigest() == row.sha256


def _compared(upload: UUID, agrees: bool) -> None:
    """The row says so. A report may have named the file meanwhile: then it becomes an item, or somebody is told that it can't."""
    row = ApiUpload.objects.select_for_update(of=("self",)).select_related("report__report").get(uuid=upload)
    row.state, row.changed_at = ("whole" if agrees else "differs"), clock.now()
    row.save(update_fields=["state", "changed_at"])
    if row.report is None:
        return
    if agrees:
        task_for(row.size_bytes).enqueue(upload=str(upload))
    elif row.report.report is not None:
        actions.open_work_item(_worker(), row.report.report.uuid, Finding("file_differs", DIFFERS))


@dataclass(frozen=True)
class ReportFileAdded:
    report: UUID
    upload: UUID
    items: tuple[UUID, ...]


@act("report.file_added", power="reports.examine")
def add_file(by: Actor, report: UUID, upload: UUID, item: UUID) -> ReportFileAdded:
    """A file that the platform sent is an item of its report, and is examined like any other."""
    if ApiUpload.objects.filter(uuid=upload, item=None).update(item=item, state="in_report", changed_at=clock.now()):
        Report.objects.filter(uuid=report).update(attachments=F("attachments") + 1)
    return ReportFileAdded(report, upload, (item,))
