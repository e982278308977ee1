"""From the form's letters to the ledger: each is taken in once, as a report, or as a part of the talk that its code belongs to.

A crash between any two steps is safe: what was sealed and not entered is swept, the ledger knows the arrival, removing twice does
no harm.
"""

from __future__ import annotations

import io
import logging
import re
from typing import Any

from django.db import transaction

from amparo.access.actors import Actor
from amparo.foundation import clock
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.intake import actions, mailbox_queries, queries, relay, relay_rules, spool, statements
from amparo.intake.actions import Letter, Text
from amparo.intake.desk import first_words
from amparo.intake.form import letters
from amparo.intake.form.fields import merged
from amparo.intake.form.letters import FormLetter
from amparo.intake.models import ArrivalState, Report, ReporterMailbox
from amparo.intake.relay_queries import Thread
from amparo.intake.rules import Finding
from amparo.intake.statements import Attached, Sealed, Statement
from amparo.vault.keys import ProcessKeys

log = logging.getLogger("amparo.intake")

# What no text of a report needs: other control characters, and those that turn the reading direction (Trojan Source). The sealed
# original keeps them.
_UNWRITTEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def collect(home: Home, keys: ProcessKeys, most: int) -> int:
    """How many of the form's letters were taken in. For the one collector of this machine."""
    taken = 0
    for arrival in letters.waiting(home)[:most]:
        try:
            _take_in(letters.read(arrival, keys))
        except Broken:
            _set_aside(arrival)
        except FileNotFoundError:  # a worker of another machine was faster
            continue
        else:
            spool.remove(arrival)
        taken += 1
    return taken


def _take_in(letter: FormLetter) -> None:
    worker, report = Actor.of_process("worker"), mailbox_queries.report_of(letter.mailbox)
    if queries.arrival_known(letter.arrival, ""):
        return
    sealed = statements.seal(
        _statement(letter),
        [Attached(each.name, each.media_type, io.BytesIO(each.content)) for each in letter.files],
        arrival=letter.arrival,
        identity_letter=letter.identity_letter,
        origin=report,
    )
    with transaction.atomic():
        if report is None:
            taken = statements.enter(worker, sealed)
            if not taken.repeated:
                ReporterMailbox.objects.create(
                    report=Report.objects.get(uuid=taken.report),
                    mailbox=letter.mailbox,
                    public=letter.public,
                    made_at=clock.now(),
                )
        else:
            _join(worker, sealed, Thread(report, "mailbox", relay_rules.PERSON))


def _join(worker: Actor, sealed: Sealed, thread: Thread) -> None:
    """The words are part of that report's talk, with a line of their own in the ledger."""
    content, items = sealed.entered(worker)
    taken = actions.take_in(worker, sealed.letter, content)
    if not taken.repeated:
        said = sealed.statement
        text = Text(said.subject, said.body, "stated", said.language, said.sent_raw, said.fields)
        report = Report.objects.select_for_update().get(uuid=thread.report)
        report.fields = merged(report.fields, said.fields)
        report.save(update_fields=["fields"])
        relay.add_follow_up(worker, taken.arrival, thread, text, items, ())


def _statement(letter: FormLetter) -> Statement:
    said = letter.said
    text = written(str(said["text"]))
    return Statement(
        channel="form",
        received_at=letter.received_at,
        subject=first_words(text),
        body=text,
        language=str(said["language"]),
        fields=_written_all(said["fields"]),
        original=letter.document,
    )


def written(text: str) -> str:
    """The text as it is shown and searched."""
    return _UNWRITTEN.sub("", text.replace("\r\n", "\n"))


def _written_all(value: Any) -> Any:
    if isinstance(value, str):
        return written(value)
    if isinstance(value, dict):
        return {key: _written_all(each) for key, each in value.items()}
    return [_written_all(each) for each in value] if isinstance(value, list) else value


def _set_aside(arrival: spool.Arrival) -> None:
    """A file that doesn't open was changed on disk: an alarm, and a report that says so, with the file kept aside."""
    log.critical("integrity: the arrival %s was changed in the spool", arrival.uuid)
    worker = Actor.of_process("worker")
    sentence = (
        "What came by the form was changed on disk after it was received and does not open. Its file is in spool/aside."
    )
    with transaction.atomic():
        facts = Letter(arrival.uuid, "form", clock.now(), None, arrival.path.stat().st_size, 0, "", b"")
        if not actions.take_in(worker, facts, None).repeated:
            finding = Finding("changed_on_disk", sentence)
            actions.record_reading(worker, arrival.uuid, Text(), (), (finding,), ArrivalState.SET_ASIDE)
    spool.set_aside(arrival)
