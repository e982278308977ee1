"""From the spool to the ledger: each sealed mail is taken in once, and its file removed only when that holds.

A crash between any two steps is safe: the letter is sealed again (the file of the first time is nobody's and swept), the ledger
knows the arrival and its original's digest, and removing twice does no harm.
"""

from __future__ import annotations

import fcntl
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from amparo.access.actors import Actor
from amparo.foundation.clock import now
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.intake import actions, form_collector, jobs, lanes, queries, relay, rules, spool
from amparo.intake.actions import Letter
from amparo.intake.models import ArrivalState
from amparo.intake.postmarks import relay_token, token_digest
from amparo.intake.rules import Finding
from amparo.intake.spool import Arrival, ContentLetter
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import CONTENT, ProcessKeys

log = logging.getLogger("amparo.intake")

# One round's share: other duties and jobs come between two rounds.
BATCH = 20


def collect(home: Home) -> int:
    """How many arrivals were taken in from the spool this round, and how many reports' clocks moved."""
    taken = 0
    keys = ProcessKeys(home, "worker")
    with _alone(home) as alone:
        for arrival in _first(home) if alone else ():
            try:
                _take_in(arrival, spool.read_letter(arrival, keys), keys)
            except Broken:
                _set_aside(arrival)
            except FileNotFoundError:  # a worker of another machine was faster
                continue
            taken += 1
        taken += form_collector.collect(home, keys, BATCH) if alone else 0
    return taken + _move_clocks()


@contextmanager
def _alone(home: Home) -> Iterator[bool]:
    """Whether this is the only collector of this machine now. Two would seal each letter twice, for one to be forgotten."""
    home.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(home.run / "collector.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _first(home: Home) -> list[Arrival]:
    return [arrival for arrival, _ in zip(spool.arrivals(home), range(BATCH), strict=False)]


def _take_in(arrival: Arrival, letter: ContentLetter, keys: ProcessKeys) -> None:
    worker = Actor.of_process("worker")
    known = queries.arrival_known(arrival.uuid, letter.raw_sha256)
    sealed = None
    if not known:
        sealed = vault.seal_file(
            vault_queries.compartment(keys.compartment(CONTENT)),
            io.BytesIO(letter.message),
            name="mail.eml",
            origin=arrival.uuid,
            media_type="message/rfc822",
        )
    facts = Letter(
        arrival=arrival.uuid,
        channel="mail",
        received_at=letter.received_at,
        digest=letter.raw_sha256,
        size_bytes=letter.raw_size_bytes,
        header_bytes=len(letter.headers),
        reply_token_digest=rules.reply_token_digest(letter.recipients),
        identity_letter=letter.identity_letter,
        sender=letter.postmarks.sender,
    )
    tokens = [token for each in letter.recipients if (token := relay_token(each))]
    with transaction.atomic():
        content = vault.enter_item(worker, sealed).item if sealed else None
        taken = actions.take_in(worker, facts, content)
        if not taken.repeated:
            digests = [token_digest(token) for token in dict.fromkeys(tokens)]
            relay.note_mail(taken.arrival, letter.postmarks, digests, letter.return_letter)
            priority = lanes.ASIDE if taken.aside else 0
            jobs.examine_arrival.using(priority=priority).enqueue(arrival=str(taken.arrival))
    spool.remove(arrival)


def _set_aside(arrival: Arrival) -> None:
    """A spool file that doesn't open was changed on disk: an alarm, and a report that says so, with the file kept aside."""
    log.critical("integrity: the arrival %s was changed in the spool", arrival.uuid)
    worker = Actor.of_process("worker")
    size_bytes = arrival.path.stat().st_size
    sentence = "This mail was changed on disk after it was received and does not open. Its file is kept in spool/aside."
    with transaction.atomic():
        facts = Letter(arrival.uuid, "mail", now(), None, size_bytes, 0, "", b"")
        if not actions.take_in(worker, facts, None).repeated:
            finding = Finding("changed_on_disk", sentence)
            actions.record_reading(worker, arrival.uuid, actions.Text(), (), (finding,), ArrivalState.SET_ASIDE)
    spool.set_aside(arrival)


def _move_clocks() -> int:
    """Reports whose clock has moved are ranked again, each by a job; a second worker finds them not due any more."""
    due = queries.due_for_ranking(now())
    if due:
        with transaction.atomic():
            for report in actions.clocks_moved(Actor.of_process("worker"), due).reports:
                jobs.rank_report_again.using(priority=-1).enqueue(report=str(report))
    return len(due)
