"""A report that a platform opens in NCMEC's form, from submit to its end. Nothing that was taken is lost, finished or not.

submit, upload and fileinfo are each sealed on the disk before they are answered; finish puts the report on the queue with its
files. NCMEC deletes what isn't finished in time. Here, when nothing more came for an hour (ten minutes where the platform asks for
a quick look), the report stands on the queue as it is, marked; what the platform still sends is added to it.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.errors import AmparoError
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import actions, spool
from amparo.intake.api import accepting, completeness, following, keys, stating, upload_jobs
from amparo.intake.api.completeness import Completeness
from amparo.intake.api.keys import KeyFacts
from amparo.intake.api.submission import Submission
from amparo.intake.cybertipline import answers, xml_report
from amparo.intake.models import (
    ApiKey,
    ApiUpload,
    Arrival,
    CyberTip,
    CyberTipFile,
    Report,
    SealedIdentity,
)
from amparo.intake.rules import Finding
from amparo.intake.statements import Reporter
from amparo.sandbox.readings import CybertipReading, Element, ExaminationFailed
from amparo.sandbox.warden import the_warden
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import CONTENT, IDENTITY, PublicKey

API = accepting.API
WORKER = Actor.of_process("worker")
XML = "application/xml"
MANIFEST = "application/vnd.amparo.cybertipline+json"
OPEN, FINISHED, RETRACTED, UNFINISHED, SENT_AGAIN = "open", "finished", "retracted", "unfinished", "sent_again"
ENDED = (FINISHED, RETRACTED)
WAITS, URGENT_WAITS = timedelta(hours=1), timedelta(minutes=10)
LARGEST_XML_BYTES = 16 << 20
MOST_FILES = 5_000
MOST_AT_ONCE = 20
TRIES = 5
NOT_FINISHED = "The platform opened this report and never finished it: files or details may be missing."


class _MoreCame(Exception):
    """A file came while the report was being put on the queue."""


class Coded(AmparoError):
    """Why something isn't taken, as NCMEC's code and a sentence."""

    def __init__(self, code: int, sentence: str = "", number: int | None = None) -> None:
        super().__init__(sentence or answers.SENTENCES[code])
        self.code, self.number = code, number


# --- Reading -----------------------------------------------------------------------------------------------------------------


def read_xml(data: bytes, form: str, key: KeyFacts) -> Element:
    """The document's tree, read in the sandbox. Raises Coded for what is no such document; Unreachable without a sandbox.

    The boundary is the platform's key: a child that its document took over reads no other platform's, and isn't new each time.
    """
    if len(data) > LARGEST_XML_BYTES:
        raise Coded(answers.MALFORMED_XML, f"An XML document may have up to {LARGEST_XML_BYTES >> 20} MB.")
    try:
        with the_warden().boundary(key.uuid) as box:
            reading = cast("CybertipReading", box.examine("cybertip", data))
        if reading.form != form:
            needed = "report" if form == "report" else "fileDetails"
            raise Coded(answers.INVALID_REPORT, f"The root of this document must be <{needed}>.")
        return reading.root()
    except ExaminationFailed as failure:
        raise Coded(answers.MALFORMED_XML, failure.sentence) from failure


def _of(key: KeyFacts, number: int, *, lock: bool = False) -> CyberTip:
    """The platform's report of this number, not retracted and not finished. Raises Coded."""
    rows = CyberTip.objects.select_for_update(of=("self",)) if lock else CyberTip.objects
    row = rows.select_related("key__sender").filter(number=number, key__sender__tag=key.sender).first()
    if row is None:
        raise Coded(answers.NO_REPORT, number=number)
    if row.state in ENDED:
        raise Coded(answers.FINISHED if row.state == FINISHED else answers.RETRACTED, number=number)
    return row


def report_of(tip: CyberTip) -> UUID:
    """The uuid that its report has, or will have (statements.seal); of a test, under which its answer is kept."""
    return tip.uuid if tip.key.test else uuid5(tip.uuid, "report")


def graded(home: Home, said: dict[str, Any]) -> Completeness:
    return completeness.graded(Submission.model_validate(said), accepting.table_of(home))


# --- submit ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """number: the platform's reportId."""

    number: int
    graded: Completeness


def open_tip(home: Home, key: KeyFacts, data: bytes, allow: Callable[[bool], None]) -> Opened:
    """The report is kept from now on, finished or not. Raises Coded; OSError where the disk refuses.

    allow: told whether it asks for a quick look, raises where this key sends too many; before anything is kept.
    """
    uuid = new_id()
    said = xml_report.submission_of(read_xml(data, "report", key))
    if not set(said) - {"format", "sent_by", "unknown_elements"}:
        raise Coded(answers.INVALID_REPORT)
    moderator = said.pop("moderator", {})
    grades = graded(home, said)
    urgent = said.get("incident", {}).get("danger_now") == "yes"
    allow(urgent)
    document = None if key.test else _sealed_document(uuid, data, "report.xml")
    row = CyberTip(
        uuid=uuid,
        number=_free_number(),
        urgent=urgent,
        digest=hashlib.sha256(data).hexdigest(),
        document=document,
        said=said,
        identity=_sealed_name(uuid, moderator),
    )
    _open(API, key, row)
    return Opened(row.number, grades)


def _free_number() -> int:
    """12 digits by chance: nobody learns from it how many there are, and any client can hold it."""
    while CyberTip.objects.filter(number=(found := 10**11 + secrets.randbelow(9 * 10**11))).exists():
        pass
    return found


def _sealed_document(tip: UUID, data: bytes, name: str) -> UUID:
    """The XML, byte for byte, where reporters' identities are: it names whoever wrote it."""
    return vault_actions.seal_item(
        API,
        compartment=vault.compartment_named(IDENTITY).uuid,
        stream=io.BytesIO(data),
        name=name,
        origin=tip,
        media_type=XML,
    ).item


def _sealed_name(tip: UUID, moderator: dict[str, str]) -> bytes:
    lines = Reporter(moderator.get("name", ""), moderator.get("contact", "")).lines
    identity = vault.compartment_named(IDENTITY)
    public = PublicKey(IDENTITY, identity.uuid, identity.public_key)
    return spool.sealed_identity(tip, "", "api", "", lines, public) if lines else b""


@dataclass(frozen=True)
class CyberTipOpened:
    tip: UUID
    key: UUID
    urgent: bool
    test: bool


@act("cybertip.opened", power="arrivals.take")
def _open(by: Actor, key: KeyFacts, row: CyberTip) -> CyberTipOpened:
    """A platform opened a report in NCMEC's form; it is not on the queue yet."""
    row.key = ApiKey.objects.get(uuid=key.uuid)
    row.opened_at = row.changed_at = clock.now()
    row.save()
    return CyberTipOpened(row.uuid, key.uuid, row.urgent, key.test)


# --- upload ------------------------------------------------------------------------------------------------------------------


class _Counted(io.RawIOBase):
    """A stream that is counted and digested as it is read, and refused beyond `most` bytes."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        super().__init__()
        self._stream, self._most = stream, most
        self.size_bytes = 0
        self.md5, self.sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        self.size_bytes += len(block)
        if self.size_bytes > self._most:
            raise Coded(answers.MALFORMED_FILE, f"A file may have up to {self._most >> 30} GiB.")
        self.md5.update(block)
        self.sha256.update(block)
        buffer[: len(block)] = block
        return len(block)


@dataclass(frozen=True)
class FileTaken:
    code: str
    md5: str


def add_file(key: KeyFacts, number: int, name: str, media_type: str, stream: BinaryIO, most: int) -> FileTaken:
    """The file is sealed on the disk as it came, and the report's. Raises Coded; OSError where the disk refuses."""
    tip = _of(key, number)
    if tip.files.count() >= MOST_FILES:
        raise Coded(answers.MALFORMED_FILE, f"A report may have up to {MOST_FILES:,} files.", number)
    counted = _Counted(stream, most)
    with io.BufferedReader(counted, 1 << 20) as file:
        item = None
        if tip.key.test:
            while file.read(1 << 20):
                pass
        else:
            item = vault_actions.seal_item(
                API,
                compartment=vault.compartment_named(CONTENT).uuid,
                stream=file,
                name=name or "file",
                origin=report_of(tip),
                media_type=media_type,
            ).item
    uuid = new_id()
    row = CyberTipFile(
        uuid=uuid,
        # A letter first, so that nobody's parser takes it for a number.
        code=secrets.choice("abcdef") + secrets.token_hex(16)[1:],
        name=(name or "file")[:255],
        media_type=media_type[:127],
        size_bytes=counted.size_bytes,
        md5=counted.md5.hexdigest(),
        sha256=counted.sha256.hexdigest(),
        item=item,
    )
    _add(API, key, number, row)
    return FileTaken(row.code, row.md5)


@dataclass(frozen=True)
class CyberTipFileAdded:
    tip: UUID
    upload: UUID
    size_bytes: int


@act("cybertip.file_added", power="arrivals.take")
def _add(by: Actor, key: KeyFacts, number: int, row: CyberTipFile) -> CyberTipFileAdded:
    """A file that a platform sent to its opened report is sealed, and that report's."""
    row.tip, row.at = _of(key, number, lock=True), clock.now()
    row.save()
    ApiUpload.objects.create(
        uuid=row.uuid,
        key=row.tip.key,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        offset=row.size_bytes,
        state="in_report",
        made_at=row.at,
        changed_at=row.at,
    )
    _touch(row.tip, row.at)
    return CyberTipFileAdded(row.tip.uuid, row.uuid, row.size_bytes)


def _touch(tip: CyberTip, at: datetime) -> None:
    CyberTip.objects.filter(id=tip.id).update(changed_at=at)


# --- fileinfo ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Described:
    number: int
    graded: Completeness


def describe(home: Home, key: KeyFacts, data: bytes) -> Described:
    """What the platform tells of a file is kept with it; told again, the newest counts and each stays. Raises Coded."""
    report, code, said = xml_report.file_of(read_xml(data, "file_details", key))
    number = number_of(report)
    tip = _of(key, number)
    file = tip.files.filter(code=code.strip()).first()
    if file is None:
        raise Coded(answers.NO_FILE, number=number)
    grades = graded(home, {"files": [_file({**said}, file)]})
    document = None if tip.key.test else _sealed_document(tip.uuid, data, f"file-{file.code}.xml")
    _describe(API, key, number, file.code, said, document)
    return Described(number, grades)


def number_of(text: str) -> int:
    """A reportId. Raises Coded."""
    found = text.strip()
    if not (found.isascii() and found.isdecimal() and len(found) <= 18):
        raise Coded(answers.INVALID, "Name the report by its number: id in a form, reportId in XML.")
    return int(found)


@dataclass(frozen=True)
class CyberTipFileDescribed:
    tip: UUID
    upload: UUID


@act("cybertip.file_described", power="arrivals.take")
def _describe(
    by: Actor, key: KeyFacts, number: int, code: str, said: dict[str, Any], document: UUID | None
) -> CyberTipFileDescribed:
    """A platform told who looked at a file, where it lay, and what it is called."""
    tip = _of(key, number, lock=True)
    file = tip.files.get(code=code)
    file.said = said
    file.documents = [*file.documents, *([str(document)] if document else [])]
    file.save(update_fields=["said", "documents"])
    _touch(tip, clock.now())
    return CyberTipFileDescribed(tip.uuid, file.uuid)


# --- finish, retract, and the clock --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finished:
    """report: by which it is asked for at /api/v1/reports. files: the platform's fileIds, in their order."""

    report: UUID
    files: tuple[str, ...]


def finish(home: Home, key: KeyFacts, number: int) -> Finished:
    """The report stands on the queue with its files; from here on it is changed by supplements. Raises Coded."""
    tip = _of(key, number)
    for _again in range(TRIES):
        try:
            report = _enter(home, API, key, tip, FINISHED)
        except _MoreCame:
            continue
        return Finished(report, tuple(tip.files.values_list("code", flat=True)))
    raise Coded(answers.SERVER_ERROR, "Files are still coming: finish it when they are all here.", number)


def retract(key: KeyFacts, number: int) -> None:
    """The platform takes back what it didn't finish. It is kept, off the queue; one that is there already stays, and says so."""
    tip = _of(key, number)
    with transaction.atomic():
        if tip.state == UNFINISHED:
            following.retract(API, key, report_of(tip), "other", "It was never finished.")
        _end(API, key, number, RETRACTED)


@dataclass(frozen=True)
class CyberTipEnded:
    """state: finished, retracted, unfinished or sent_again."""

    tip: UUID
    state: str


@act("cybertip.ended", power="arrivals.take")
def _end(by: Actor, key: KeyFacts, number: int, state: str) -> CyberTipEnded:
    """An opened report came to an end, by the platform or by the clock."""
    tip = _of(key, number, lock=True)
    tip.state, tip.ended_at = state, clock.now()
    if tip.key.test:  # it was checked, and that was all
        tip.said, tip.identity = {}, b""
        tip.files.update(said={})
    tip.save(update_fields=["state", "ended_at", "said", "identity"])
    return CyberTipEnded(tip.uuid, state)


def _enter(home: Home, by: Actor, key: KeyFacts, tip: CyberTip, state: str) -> UUID:
    """On the queue, or added to what stands there already."""
    files = list(tip.files.all())
    on_queue = tip.state == UNFINISHED
    fresh = set(
        ApiUpload.objects.filter(uuid__in=[each.uuid for each in files], item=None).values_list("uuid", flat=True)
    )
    said = {**tip.said, "reference": str(tip.number), "files": [_file(each.said, each) for each in files]}
    report = report_of(tip)

    def also(_told: object) -> None:
        if tip.files.count() != len(files):
            raise _MoreCame
        for each in files:
            if each.item and each.uuid in fresh:
                upload_jobs.add_file(by, report, each.uuid, each.item)
        if tip.identity and not tip.key.test:
            arrival = Arrival.objects.get(uuid=tip.uuid)
            SealedIdentity.objects.get_or_create(arrival=arrival, defaults={"letter": tip.identity})
        if on_queue and files:
            _newest_files(report)
        if state == UNFINISHED:
            actions.open_work_item(by, report, Finding("unfinished", NOT_FINISHED))
        _end(by, key, tip.number, state)

    manifest = _manifest(tip, files, state)
    if on_queue:
        more = Submission.model_validate({"files": said["files"]})
        following.supplement(home, key, report, more, manifest, by=by, also=also)
        return report
    return accepting.accept(home, key, said, manifest, media_type=MANIFEST, arrival=tip.uuid, by=by, also=also).report


def _file(said: dict[str, Any], file: CyberTipFile) -> dict[str, Any]:
    received = {"kind": "md5", "value": file.md5, "source": "received"}
    return {
        **said,
        "name": said.get("name") or file.name,
        "media_type": " ".join(file.media_type.split())[:100],
        "upload": str(file.uuid),
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "hashes": [*said.get("hashes", []), received][:1_000],
        "held": "yes",
    }


def _manifest(tip: CyberTip, files: list[CyberTipFile], state: str) -> bytes:
    """What came, as the report's original: the XML documents and files lie sealed by themselves, each byte for byte."""
    return canonical_bytes(
        {
            "format": "ncmec_cybertipline",
            "number": tip.number,
            "opened_at": tip.opened_at.isoformat(),
            "state": state,
            "report": {"item": str(tip.document or ""), "sha256": tip.digest},
            "files": [
                {
                    "file_id": each.code,
                    "item": str(each.item or ""),
                    "sha256": each.sha256,
                    "size_bytes": each.size_bytes,
                    "documents": each.documents,
                }
                for each in files
            ],
        }
    )


def _newest_files(report: UUID) -> None:
    """Of a file that was told of twice, the newest telling counts for triage; a supplement's older one is kept beside it."""
    row = Report.objects.select_for_update().get(uuid=report)
    whole = dict(row.fields.get("submission") or {})
    by_upload = {each.get("upload") or str(place): each for place, each in enumerate(whole.get("files", []))}
    whole["files"] = list(by_upload.values())
    row.fields = {
        **row.fields,
        **stating.fields_of(Submission.model_validate({**whole, "text": ""})),
        "submission": whole,
    }
    row.save(update_fields=["fields"])


def lapse(home: Home, at: datetime) -> int:
    """Reports that were opened and left stand on the queue as they are; how many. One that came whole meanwhile stays off it."""
    late = Q(changed_at__lt=at - WAITS) | Q(urgent=True, changed_at__lt=at - URGENT_WAITS)
    done = 0
    for tip in CyberTip.objects.select_related("key__sender").filter(late, state=OPEN)[:MOST_AT_ONCE]:
        key = keys.facts_of(tip.key)
        try:
            if tip.key.test or _came_whole(tip):
                _end(WORKER, key, tip.number, SENT_AGAIN if not tip.key.test else UNFINISHED)
            else:
                _enter(home, WORKER, key, tip, UNFINISHED)
            done += 1
        except (Coded, _MoreCame):  # the platform went on with it just now
            continue
    return done


def _came_whole(tip: CyberTip) -> bool:
    return CyberTip.objects.filter(key__sender=tip.key.sender, digest=tip.digest, state=FINISHED).exists()


def waiting() -> int:
    """How many reports are opened and not finished yet."""
    return CyberTip.objects.filter(state=OPEN, key__test=False).count()


__all__ = ["Coded", "add_file", "describe", "finish", "lapse", "open_tip", "retract", "waiting"]
