"""The talk with the reporter on a report's page: what was said, an answer to write, and what a mail's wrapping tells."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from amparo.access import queries as access
from amparo.access.doors import page
from amparo.exchange import submission
from amparo.foundation.errors import Missing, Refused
from amparo.intake import mailbox_queries, relay, relay_queries, relay_rules as rules, wording
from amparo.intake.queries import ReportFacts
from amparo.intake.relay_letters import FALLBACK, languages, words
from amparo.intake.relay_queries import MessageFacts, Reachable
from amparo.intake.views import actor_of

STATES = {
    rules.WAITING: (gettext_lazy("Waits to be sent"), "info"),
    rules.SENT: (gettext_lazy("Sent"), "good"),
    rules.FAILED: (gettext_lazy("Not sent"), "danger"),
    rules.RETURNED: (gettext_lazy("Came back"), "danger"),
}
KINDS = {
    rules.PERSON: gettext_lazy("The reporter"),
    rules.AUTO_REPLY: gettext_lazy("Automatic reply"),
    rules.BOUNCE: gettext_lazy("Delivery report"),
    rules.LOOP: gettext_lazy("A mail of ours that came back"),
    rules.RECEIPT: gettext_lazy("Receipt, written by the house"),
}
JOINED = {
    "token": gettext_lazy("by the report’s address"),
    "reference": gettext_lazy("by the mail that it answers"),
    "mailbox": gettext_lazy("by the reporter’s code"),
}
OPENED = {
    "openpgp": gettext_lazy("It was encrypted, and opened with the line’s OpenPGP key."),
    "smime": gettext_lazy("It was encrypted, and opened with the line’s S/MIME key."),
    "closed": gettext_lazy("It is encrypted, and did not open."),
}
SIGNED = {
    "openpgp": gettext_lazy("It is signed with OpenPGP; the signature was not checked."),
    "smime": gettext_lazy("It is signed with S/MIME; the signature was not checked."),
}


def part_of(facts: ReportFacts, request: HttpRequest) -> dict[str, Any]:
    """What the page of this report says of its talk. ?draft and ?in choose the text that an answer begins with."""
    actor = actor_of(request)
    reachable = relay_queries.reachable(facts.uuid)
    said = relay_queries.talk(facts.uuid)
    language = _language(request.GET.get("in", ""), facts, said)
    draft = words(language).answers.get(request.GET.get("draft", ""), ("", ""))[1]
    mail = relay_queries.mail_of(facts.arrival.uuid)
    obstacles = rules.obstacles_to_answering("-", state=facts.state, reachable=bool(reachable))
    by_code = mailbox_queries.mailbox_of(facts.uuid) is not None
    if not by_code and not submission.is_configured() and not obstacles:
        obstacles = (_("No mail server is set, so that nothing can be sent: an administrator sets AMPARO_SMARTHOST."),)
    shown = bool(said) or (bool(reachable) and actor.can("reports.answer"))
    return {
        "talk": {
            "shown": shown,
            "messages": [_shown(each) for each in said],
            "more": relay_queries.messages_in_all(facts.uuid) - len(said),
            "may_answer": actor.can("reports.answer") and not obstacles,
            "obstacles": obstacles if shown and actor.can("reports.answer") else (),
            "may_set_apart": actor.can("reports.triage"),
            "choices": [_choice(each) for each in reachable],
            "languages": [(code, wording.LANGUAGES.get(code, code)) for code in languages()],
            "language": language,
            "drafts": [(code, title) for code, (title, _text) in words(language).answers.items()],
            "drafted": request.GET.get("draft", ""),
            "draft": draft,
            "foot": "" if by_code else words(language).foot,
            "by_code": by_code,
        },
        "mail": mail,
        "mail_notes": []
        if mail is None
        else [each for each in (OPENED.get(mail.opened), SIGNED.get(mail.signed)) if each],
    }


def _language(asked: str, facts: ReportFacts, said: tuple[MessageFacts, ...]) -> str:
    """The one asked for, else the reporter's last, else the report's; English where there are no texts in it."""
    spoken = [each.language for each in reversed(said) if each.kind == rules.PERSON]
    return next((each for each in (asked, *spoken, facts.language) if each in languages()), FALLBACK)


def _shown(each: MessageFacts) -> dict[str, Any]:
    state, tone = STATES.get(each.state, ("", "neutral"))
    return {
        "each": each,
        "outgoing": each.outgoing,
        "who": _name(each.author) if each.kind == rules.ANSWER else KINDS.get(each.kind, each.kind),
        "person": each.kind == rules.PERSON,
        "state": state,
        "tone": tone,
        "joined": JOINED.get(each.joined_by, JOINED["reference"]),
        "by_mail": each.joined_by != "mailbox",
        "files": len(each.items),
    }


def _name(officer: UUID | None) -> str:
    try:
        return access.officer(officer).name if officer else ""
    except Missing:
        return ""


def _choice(each: Reachable) -> dict[str, Any]:
    """An address to answer to, told by what came from it."""
    label = _("Whoever sent the report") if each.is_report else _("Whoever wrote")
    return {"arrival": each.arrival, "label": label, "at": each.at, "other": each.other_sender is True}


@page("reports.answer")
@require_POST
def answer(request: HttpRequest, report: UUID) -> HttpResponse:
    """The posted words go out through the relay; a refusal says what to change."""
    given = request.POST
    language = given.get("language", "")
    try:
        to = UUID(given.get("to", "")) if given.get("to") else None
    except ValueError as error:
        raise Refused("Choose to whom the answer goes.") from error
    relay.answer(
        actor_of(request), report, given.get("words", ""), language if language in languages() else FALLBACK, to
    )
    if mailbox_queries.mailbox_of(report):
        messages.success(
            request, _("The answer will be read with the reporter’s code. It bears the line’s name, not yours.")
        )
    else:
        messages.success(request, _("The answer is on its way. It bears the line’s name, not yours."))
    return redirect("intake:report", report)


@page("reports.triage")
@require_POST
def set_apart(request: HttpRequest, message: UUID) -> HttpResponse:
    done = relay.set_apart(actor_of(request), message)
    messages.success(request, _("It is read again as a report of its own, and will stand in the queue."))
    return redirect("intake:report", done.report)
