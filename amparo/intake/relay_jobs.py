"""The courier sends what waits to be sent to reporters; the worker asks for receipts, and reads again what was set apart."""

from __future__ import annotations

import logging
import os
from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.exchange import submission
from amparo.foundation.clock import now
from amparo.foundation.errors import Broken, Missing, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.intake import jobs, queries, relay, relay_queries, relay_rules as rules, spool
from amparo.intake.form import mailboxes
from amparo.intake.form.mailboxes import Answer
from amparo.intake.mailbox_queries import MailboxFacts
from amparo.intake.postmarks import ReturnAddress, message_digests
from amparo.intake.relay_letters import Line, addresses_of, compose, words
from amparo.intake.relay_queries import Outgoing
from amparo.jobs.leases import finishing
from amparo.vault.keys import RELAY, ProcessKeys

log = logging.getLogger("amparo.intake")

NO_ADDRESS = "The mail names no single address to answer to."


def _courier() -> Actor:
    return Actor.of_process("courier")


@task(queue_name="courier")
def deliver(act: str, about: dict[str, Any]) -> None:
    """Follows answer.written and receipt.asked: it is sent, or will be tried again, or an officer learns that it can't be."""
    _deliver(UUID(about["message"]))


@task(queue_name="courier")
def deliver_again(message: str) -> None:
    """A message that its mail server did not take before."""
    _deliver(UUID(message))


def _deliver(message: UUID) -> None:
    waiting = relay_queries.outgoing(message)
    if waiting is None:
        return
    try:
        if waiting.mailbox:
            _leave(waiting, waiting.mailbox)
        else:
            _send(waiting)
    except Unreachable as fault:
        _try_later(waiting, fault.sentence)
    except (Refused, Broken, Missing) as fault:
        if isinstance(fault, Broken):
            log.critical("integrity: the return letter of arrival %s does not open", waiting.arrival)
        with finishing():
            relay.record_failed(_courier(), message, fault.sentence)
    else:
        with finishing():
            relay.record_sent(_courier(), message)


def _send(waiting: Outgoing) -> None:
    """A courier killed after this and before the record sends the same mail again: same Message-ID, same addresses."""
    keys, line = ProcessKeys(Home.from_env(), "courier"), Line.from_env()
    secret = keys.private_key(keys.compartment(RELAY))
    back = _return_address(waiting, secret)
    if not back.address:
        raise Refused(NO_ADDRESS)
    if back.address.rpartition("@")[2].lower() == line.domain:
        raise Refused("The mail names an address of this line itself: an answer would come back here.")
    addresses = addresses_of(secret, line, waiting.report, waiting.message)
    (message_digest,) = message_digests(addresses.message_id)
    relay.prepare(waiting.message, addresses.relay_digest, addresses.back_digest, message_digest)
    letter = compose(
        line,
        addresses,
        back,
        waiting.language,
        waiting.text,
        waiting.written_at,
        by_machine=waiting.kind == rules.RECEIPT,
    )
    submission.submit(letter, called="the reporter", sender=addresses.back, recipient=back.address)


def _leave(waiting: Outgoing, mailbox: MailboxFacts) -> None:
    """The answer lies sealed where the reporter's code opens it. Left twice it lies there once."""
    answer = Answer(waiting.message, waiting.written_at, waiting.language, waiting.text)
    try:
        mailboxes.lay(Home.from_env(), mailbox.mailbox, mailbox.public, answer)
    except OSError as error:
        raise Unreachable(f"The answer could not be left in the reporter's mailbox: {error.strerror}.") from error


def _return_address(waiting: Outgoing, secret: bytes) -> ReturnAddress:
    if not waiting.return_letter:
        raise Refused(NO_ADDRESS)
    return spool.open_return(waiting.return_letter, secret, waiting.arrival)


def _try_later(waiting: Outgoing, sentence: str) -> None:
    due = rules.next_try(waiting.tries + 1, waiting.written_at, now())
    with finishing():
        if due is None:
            relay.record_failed(_courier(), waiting.message, f"{sentence} It was tried for days.")
        else:
            deliver_again.using(run_after=due).enqueue(message=str(waiting.message))


def receipts_are_on() -> bool:
    """AMPARO_CONFIRM_RECEIPT=1. Off by default: a forged sender would get a mail that he never asked for."""
    return os.environ.get("AMPARO_CONFIRM_RECEIPT", "") == "1"


@task()
def confirm_receipt(act: str, about: dict[str, Any]) -> None:
    """Follows report.read_out: where the house wants it, the reporter is told that the mail arrived, in the report's language."""
    report = UUID(about["report"])
    if not receipts_are_on() or not submission.is_configured() or not relay_queries.is_a_report(report):
        return
    facts = queries.report(report)
    mail = relay_queries.mail_of(facts.arrival.uuid)
    reachable = relay_queries.reachable(report)
    if mail is None or not reachable or not rules.may_be_receipted(mail.signs):
        return
    if relay_queries.had_receipt(facts.arrival.uuid, now()):
        return
    said = words(facts.language)
    with finishing():
        relay.ask_receipt(Actor.of_process("worker"), report, said.receipt, said.language)


@task()
def read_apart(act: str, about: dict[str, Any]) -> None:
    """Follows message.set_apart: the mail is read once more, as the report of its own that it is."""
    with finishing():
        jobs.examine_arrival.enqueue(arrival=str(about["arrival"]))
