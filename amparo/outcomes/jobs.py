"""A reply that arrived is read in the sandbox, laid beside its package, and taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.acts import Actor
from amparo.exchange import sealing
from amparo.foundation import clock
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.intake import actions as intake, queries as arrivals
from amparo.jobs.leases import finishing
from amparo.outcomes import actions
from amparo.outcomes.actions import Answer
from amparo.outcomes.rules import Fault, Row
from amparo.referrals import queries as packages
from amparo.sandbox.readings import ExaminationFailed, ReplyReading
from amparo.sandbox.warden import the_warden
from amparo.vault import actions as vault
from amparo.vault.keys import ProcessKeys

UNKNOWN = "This mail looks like a reply, but no package of ours carries its token: read it and decide whose it is."
NO_FORM = "This mail answers a package, but no filled reply form is attached: read it and record what it says."


@dataclass(frozen=True)
class Form:
    """A reply form as the sandbox read it, and the sealed item it is."""

    item: UUID
    reading: ReplyReading


@task()
def take_reply(act: str, about: dict[str, Any]) -> None:
    """Follows reply.arrived. Nothing is lost: what is no form, or nobody's, goes back to the queue with a work item."""
    worker, report = Actor.of_process("worker"), UUID(about["report"])
    forms = _forms(worker, report, [UUID(item) for item in about["items"]])
    by_mail = packages.package_by_token_digest(about["token_digest"])
    received_at = arrivals.report(report).received_at
    arrival = UUID(about["arrival"])
    answers = [_answer(form, by_mail, arrival, received_at) for form in forms]
    with finishing():
        for answer in answers:
            actions.take_reply(worker, answer)
        if not answers:
            intake.return_reply(worker, report, NO_FORM if by_mail else UNKNOWN)
        elif any(answer.package is None for answer in answers):
            intake.return_reply(worker, report, UNKNOWN)


def _forms(worker: Actor, report: UUID, items: list[UUID]) -> list[Form]:
    """The attachments that are reply forms; a mail may carry other things beside them."""
    forms = []
    keys = ProcessKeys(Home.from_env(), "worker")
    with the_warden().boundary(report) as box:
        for item in items:
            with vault.open_item(worker, item, f"reply:{report}", keys) as opened:
                data, name = opened.read(), opened.facts.name
            try:
                reading = box.examine("reply", _unsealed(name, data))
            except (ExaminationFailed, Broken):
                continue
            if isinstance(reading, ReplyReading):
                forms.append(Form(item, reading))
    return forms


def _unsealed(name: str, data: bytes) -> bytes:
    """The form itself, where a partner sealed it to our certificate; other bytes as they are."""
    sealed = name.lower().endswith((".gpg", ".pgp", ".asc")) or data.startswith(b"-----BEGIN PGP MESSAGE")
    return sealing.open_reply(Home.from_env(), data) if sealed else data


def _answer(form: Form, by_mail: packages.PackageFacts | None, arrival: UUID, received_at: Any) -> Answer:
    """What one form says. Its package is the one whose token stands in its rows, else the one the mail was addressed to."""
    tokens = {row.cells.get("reply_token", "").strip() for row in form.reading.rows} - {""}
    known = {token: package for token in tokens if (package := packages.package_by_token(token))}
    package = next(iter(known.values()), None) or (by_mail if not tokens else None)
    if package is None:
        fault = Fault(0, "No package of ours carries the token in this reply.")
        return Answer(form.item, arrival, received_at, None, (), (fault,))
    rows, faults = [], [Fault(each.line, f"The row can't be read: {each.problem}.") for each in form.reading.problems]
    for row in form.reading.rows:
        token = row.cells.get("reply_token", "").strip()
        if (token and known.get(token, package).reference != package.reference) or (token and token not in known):
            faults.append(Fault(row.line, "The row's token is not this package's."))
        else:
            rows.append(Row(row.line, row.cells))
    verdict = actions.judged(rows, package, clock.now())
    return Answer(
        form.item,
        arrival,
        received_at,
        package.uuid,
        verdict.said,
        tuple(sorted((*faults, *verdict.faults), key=_line)),
    )


def _line(fault: Fault) -> int:
    return fault.line
