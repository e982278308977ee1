"""An arrived mail is read in the sandbox; what in it is encrypted to the line's key is opened here and read there, too."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from amparo.exchange import opening
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.intake import rules
from amparo.intake.actions import Text
from amparo.intake.rules import Finding
from amparo.sandbox.readings import Blob, CmsReading, ExaminationFailed, MailReading, SealedPart
from amparo.sandbox.warden import Box

log = logging.getLogger("amparo.intake")

# A signed mail in an encrypted one in a signed one is real; more is built to cost time.
SEALED_PARTS, DEPTH = 10, 3
# What mail programs write where the true subject is encrypted with the rest.
_NO_SUBJECTS = frozenset({"", "...", "…", "encrypted message"})


@dataclass
class Read:
    """A mail's text, files and claims, whatever it was wrapped in. opened: "openpgp", "smime", "closed" or ""."""

    subject: str = ""
    texts: list[str] = field(default_factory=list)
    source: str = "none"
    language: str = "unknown"
    date_raw: str = ""
    files: list[Blob] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    forwarded: list[dict[str, Any]] = field(default_factory=list)
    signed: str = ""
    opened: str = ""
    closed: list[str] = field(default_factory=list)

    @property
    def text(self) -> Text:
        body = "\n\n".join(each for each in self.texts if each.strip())
        return Text(self.subject, body, self.source, self.language, self.date_raw)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What of the mail waits for a person."""
        sealed = tuple(Finding("sealed_mail", sentence) for sentence in dict.fromkeys(self.closed))
        found = rules.findings_of_mail(self.text.body, dict.fromkeys(self.defects))
        return sealed + tuple(each for each in found if not (sealed and each.kind == "no_text"))

    def note(self) -> dict[str, Any]:
        """What `relay.note_reading` keeps."""
        opened = "closed" if self.closed and not self.opened else self.opened
        return {
            "opened": opened,
            "signed": self.signed,
            "forwarded": self.forwarded[:20],
            "remarks": _some(self.remarks),
        }


def _some(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))[:20]


def read_mail(box: Box, message: bytes, home: Home) -> Read:
    """Raises ExaminationFailed where the mail itself can't be read; a part that doesn't open is a file and a finding."""
    read = Read()
    waiting = [(message, 0, "")]
    sealed = 0
    while waiting:
        data, depth, how = waiting.pop(0)
        try:
            reading = cast("MailReading", box.examine("mail", data))
        except ExaminationFailed as failure:
            if not depth:
                raise
            read.closed.append(failure.sentence)
            continue
        _add(read, reading, depth, how)
        for part in reading.sealed:
            sealed += 1
            try:
                if depth >= DEPTH or sealed > SEALED_PARTS:
                    raise Refused("More is encrypted in this mail than Amparo opens.")
                waiting.append((_opened(box, part, home), depth + 1, part.how))
            except (Refused, Missing, Broken, ExaminationFailed) as fault:
                if isinstance(fault, Broken):
                    log.critical("integrity: the line's mail key does not open")
                read.closed.append(fault.sentence)
                read.files.append(part.file)
    return read


def _add(read: Read, reading: MailReading, depth: int, how: str) -> None:
    if not depth or read.subject.strip().lower() in _NO_SUBJECTS:
        read.subject = reading.subject or read.subject
    read.date_raw = read.date_raw or reading.date_raw
    read.texts.append(reading.text)
    if reading.text.strip() and (read.source == "none" or depth):
        read.source = reading.text_source
    read.language = reading.language if reading.language != "unknown" else read.language
    read.files += reading.attachments
    read.defects += reading.defects
    read.remarks += reading.remarks
    read.forwarded += [asdict(each) for each in reading.forwarded]
    read.signed = read.signed or reading.signed
    if depth:
        read.opened = "smime" if how == "smime" else "openpgp"


def _opened(box: Box, part: SealedPart, home: Home) -> bytes:
    """A mail again: what was encrypted in the part. A text's message is text, whatever it looks like."""
    if part.how == "smime":
        return opening.open_smime(home, cast("CmsReading", box.examine("cms", part.file.data)))
    content = opening.open_openpgp(home, part.file.data)
    return content if part.how == "openpgp" else b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + content
