"""What the pages do, without a page: send, open a mailbox, write back. Codes are stretched one at a time. No Django."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from amparo.foundation.clock import now
from amparo.foundation.errors import AmparoError
from amparo.foundation.home import Home
from amparo.intake.form import codes, helplines, mailboxes, receipts
from amparo.intake.form.codes import Code, Mailbox
from amparo.intake.form.letters import FormSpool, Submission
from amparo.intake.form.mailboxes import Answer
from amparo.vault.keys import code_key, receipt_keys

MIB = 1024 * 1024
WAIT_SECONDS = 30.0
EXIT = "https://www.wikipedia.org/"


class Busy(AmparoError):
    """So many codes are being opened that this one would wait too long."""


@dataclass(frozen=True)
class Sent:
    """receipt: the signed text."""

    code: Code
    receipt: str


@dataclass(frozen=True)
class Offer:
    """What the deployer decides. files: whether the law here lets the public send any. leave: where the quick exit leads."""

    line: str
    files: bool
    leave: str

    @property
    def largest_bytes(self) -> int:
        """Of all that one post may carry."""
        return 25 * MIB if self.files else 2 * MIB

    @classmethod
    def from_env(cls) -> Offer:
        """AMPARO_LINE_NAME (else AMPARO_HOUSE_NAME), AMPARO_FORM_FILES and AMPARO_FORM_EXIT."""
        return cls(
            " ".join((os.environ.get("AMPARO_LINE_NAME") or os.environ.get("AMPARO_HOUSE_NAME", "")).split()),
            os.environ.get("AMPARO_FORM_FILES", "") == "1",
            os.environ.get("AMPARO_FORM_EXIT", "") or EXIT,
        )


class Counter:
    """All that the form's process holds. Made before it is confined: its keys and help lines are not read again."""

    def __init__(self, home: Home) -> None:
        self.home, self.offer, self.helplines = home, Offer.from_env(), helplines.load(home)
        self._spool, self._key = FormSpool(home), code_key(home)
        self._signing, self.receipt_key = receipt_keys(home)
        self._stretching = Lock()
        for language in codes.LISTS:
            codes.word_list(language)

    @property
    def readable(self) -> tuple[Path, ...]:
        return (self.home.keys / "form", self.home.talk)

    @property
    def writable(self) -> tuple[Path, ...]:
        return (self.home.spool,)

    def send(self, said: Submission) -> Sent:
        """The report is on the disk, sealed; sent again it is the same. Busy, or OSError where the disk refuses."""
        code = codes.draw(self._key, said.nonce)
        mailbox = self._mailbox(code)
        self._put(said, mailbox)
        line = self.offer.line or "Amparo"
        receipt = receipts.make(line, self._key, said.nonce, said.body, now())
        return Sent(code, receipts.text_of(receipt, self._signing))

    def open(self, code: Code) -> tuple[Answer, ...]:
        """What was answered to the holder of this code. Nothing tells a code that nobody has from one without answer."""
        return mailboxes.read(self.home, self._mailbox(code))

    def write_back(self, code: Code, said: Submission) -> tuple[Answer, ...]:
        """The words are on the disk, sealed, and will join the report. Busy or OSError as `send`."""
        mailbox = self._mailbox(code)
        self._put(said, mailbox)
        return mailboxes.read(self.home, mailbox)

    def is_ours(self, receipt: str) -> bool:
        """Whether this text is a receipt that this form signed."""
        try:
            return receipts.verify(receipt.encode("utf-8", "replace"), self.receipt_key).signed
        except AmparoError:
            return False

    def _put(self, said: Submission, mailbox: Mailbox) -> None:
        self._spool.put(replace(said, mailbox=mailbox.uuid, public=mailbox.public), now())

    def _mailbox(self, code: Code) -> Mailbox:
        with self._turn():
            return codes.mailbox_of(code, self._key)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._stretching.acquire(timeout=WAIT_SECONDS):
            raise Busy("Too many codes are being opened just now.")
        try:
            yield
        finally:
            self._stretching.release()


_open: list[Counter] = []


def open_counter(home: Home) -> Counter:
    """This process's counter, from now on. Refused or Missing where its keys or its help lines are not as they should be."""
    _open[:] = [Counter(home)]
    return _open[0]


def counter() -> Counter:
    """The counter of this process."""
    return _open[0]
