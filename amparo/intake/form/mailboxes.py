"""Answers to reporters who hold a code: letters sealed to them, in a folder of `talk/` for each mailbox. No Django.

Whoever writes one can't read it again; the form reads one only while the code is there that opens it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from amparo.foundation.durable import sync_folder, write_whole
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.intake.form.codes import Mailbox
from amparo.vault import envelope
from amparo.vault.envelope import Binding

log = logging.getLogger("amparo.form")
MOST = 200  # letters of one mailbox that are shown, the newest


@dataclass(frozen=True)
class Answer:
    """What the line wrote to a reporter."""

    uuid: UUID
    at: datetime
    language: str
    text: str = field(repr=False)


def lay(home: Home, mailbox: UUID, public: bytes, answer: Answer) -> None:
    """The answer lies in the mailbox, sealed. Done twice it lies there once. OSError where the disk refuses."""
    said = {"at": answer.at.isoformat(), "language": answer.language, "text": answer.text}
    letter = envelope.seal_letter(json.dumps(said).encode(), public, Binding(answer.uuid, mailbox))
    folder = home.talk / str(mailbox)
    new = not folder.is_dir()
    write_whole(folder / f"{answer.uuid}.letter", letter)
    if new:
        sync_folder(home.talk)


def read(home: Home, mailbox: Mailbox) -> tuple[Answer, ...]:
    """What lies there, oldest first; none where there is no such mailbox. A letter that doesn't open is left out, and logged."""
    found = []
    # Names sort by time: they are identifiers of version 7.
    for path in sorted((home.talk / str(mailbox.uuid)).glob("*.letter"))[-MOST:]:
        try:
            uuid = UUID(path.stem)
            said = json.loads(envelope.open_letter(path.read_bytes(), mailbox.private, Binding(uuid, mailbox.uuid)))
            found.append(Answer(uuid, datetime.fromisoformat(said["at"]), str(said["language"]), str(said["text"])))
        except (Broken, OSError, KeyError, TypeError, ValueError) as fault:
            log.critical("integrity: an answer in a mailbox does not open: %s", type(fault).__name__)
    return tuple(found)
