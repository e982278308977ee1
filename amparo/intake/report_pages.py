"""The pages of one report: its text first, its items hidden, who sent it sealed. Views, split off for length."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.custody import queries as custody
from amparo.custody.queries import ActLine
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import (
    actions,
    asks,
    bundles,
    identities,
    moment_pages,
    past,
    queries,
    relay_pages,
    rules,
    second_look,
    stated_pages,
    wording,
)
from amparo.intake.queries import ReportFacts
from amparo.intake.triage import AXES
from amparo.intake.views import actor_of, reason_of
from amparo.matching import queries as matching
from amparo.sandbox import queries as sandbox
from amparo.sandbox.pixels import png
from amparo.sandbox.readings import ExaminationFailed, Pixels
from amparo.sandbox.warden import the_warden
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import OfficerKeys
from amparo.vault.queries import ItemFacts
from amparo.viewing import actions as viewing, queries as exposures
from amparo.viewing.rules import REASONS, RevealAsked, obstacles_to_reveal

# What a tile says an item is: what it was found to be, since a declared type is never believed.
MEDIA_OF_KIND = {
    "picture": "image/*",
    "closed_picture": "image/*",
    "video": "video/*",
    "audio": "audio/*",
    "archive": "application/zip",
    "closed_archive": "application/zip",
    "chat": "application/vnd.amparo.chat",
    "mail": "message/rfc822",
    "text": "text/plain",
    "document": "application/pdf",
}
LONGEST_SIDE = 1024
STORY_LINES = 40


@page("reports.read")
@require_safe
def report(request: HttpRequest, report: UUID) -> HttpResponse:
    """One report. That it is read is recorded, and the first reading stops its clock."""
    actor = actor_of(request)
    actions.read_report(actor, report)
    facts = queries.report(report)
    items = vault.items_of_origin(report)
    waiting = facts.open_work_items
    closing = rules.obstacles_to_closing(facts.state, waiting)
    context = {
        "title": facts.subject or _("Report without a subject"),
        "report": facts,
        "state": wording.STATES.get(facts.state, facts.state),
        "tone": wording.STATE_TONES.get(facts.state, "neutral"),
        "channel": wording.CHANNELS.get(facts.channel, facts.channel),
        "language": wording.LANGUAGES.get(facts.language, facts.language),
        "axes": _axes(facts),
        "tiles": _tiles(items, [each for each in items if not each.derived]),
        "work_items": _work_items(facts),
        "settling": rules.SETTLING.items(),
        "closing": rules.CLOSING.items(),
        "closing_obstacles": closing if facts.state == "new" else (),
        "closed_because": rules.CLOSING.get(facts.closed_reason, ""),
        "may_close": actor.can("reports.close"),
        "may_settle": actor.can("reports.triage"),
        "read_first_by": _name(facts.first_read_by),
        "closed_by": _name(facts.closed_by),
        "identity": _identity(request, facts),
        "story": _story(facts, items),
        "past": past.of_report(report),
        "bundle": bundles.of_report(report),
        "owner": _name(facts.owner),
        "escalated_to": _name(facts.escalated_to),
        "raised_by": _name(facts.raised_by),
        **_second_look(actor, facts.uuid),
        **moment_pages.part_of(facts, actor),
        "asks": asks.ready(facts),
        "may_answer": actor.can("reports.answer"),
        "unfolding": rules.UNFOLDING.items(),
        **relay_pages.part_of(facts, request),
        **stated_pages.part_of(facts),
    }
    return render(request, "intake/report.html", context)


def _second_look(actor: Actor, report: UUID) -> dict[str, Any]:
    look = second_look.of_report(report)
    if look is None:
        return {}
    return {
        "second_look": look,
        "second_look_found": second_look.FOUND.get(look.found, ""),
        "second_look_choices": second_look.FOUND.items(),
        "second_look_obstacles": second_look.obstacles_to_look(look.first_by, actor.uuid, look.read_at),
        "second_reader": _name(look.read_by),
    }


def _name(officer: UUID | None) -> str:
    try:
        return access.officer(officer).name if officer else ""
    except Missing:
        return ""


def _axes(facts: ReportFacts) -> list[dict[str, Any]]:
    if not facts.ranking:
        return []
    return [
        {"name": name, "label": wording.AXES[name][0], "asks": wording.AXES[name][1], "axis": facts.ranking.axes[name]}
        for name in AXES
    ]


def _tiles(items: tuple[ItemFacts, ...], shown: list[ItemFacts]) -> list[dict[str, Any]]:
    """The items as they came, by what they were found to be; a chat's reading is no item of its own here."""
    verdicts = matching.verdicts(each.uuid for each in shown)
    examined = sandbox.examinations(each.uuid for each in shown)
    names = {each.uuid: each.name for each in items}
    return [
        {
            "uuid": each.uuid,
            "item": replace(each, media_type=MEDIA_OF_KIND.get(_kind(examined.get(each.uuid)), each.media_type)),
            "verdict": verdicts[each.uuid],
            "note": _("in {}").format(names[each.parent]) if each.parent in names else "",
        }
        for each in shown
    ]


def _kind(examined: sandbox.ExaminationFacts | None) -> str:
    return examined.kind if examined else ""


def _work_items(facts: ReportFacts) -> list[dict[str, Any]]:
    return [
        {
            "each": each,
            "kind": rules.WORK_ITEMS.get(each.kind, each.kind),
            "how": rules.SETTLING.get(each.settled_reason, ""),
            "by": _name(each.settled_by),
        }
        for each in sorted(facts.work_items, key=lambda each: each.settled_at is not None)
    ]


def _story(facts: ReportFacts, items: tuple[ItemFacts, ...]) -> list[dict[str, Any]]:
    """What the record says of this report, newest first. What machines did to its items is one line a kind; the record has each."""
    names = {str(each.uuid): each.name for each in items}
    lines: dict[object, list[ActLine]] = {}
    for line in custody.story(facts.uuid, facts.arrival.uuid, newest_first=True):
        machine = line.actor_kind == "process" and line.kind.startswith("item.")
        again = line.kind in ("report.read", "report.ranked")
        lines.setdefault((line.kind, line.ended, line.actor_name) if machine or again else line.uuid, []).append(line)
    return [_event(group, names) for group in list(lines.values())[:STORY_LINES]]


def _event(group: list[ActLine], names: dict[str, str]) -> dict[str, Any]:
    newest = group[0]
    words, icon, tone = wording.ACTS.get(newest.kind, (newest.kind, "record", ""))
    if newest.ended != "done":
        words, tone = f"{words}: {_('refused') if newest.ended == 'refused' else _('failed')}", "warn"
    about = list(dict.fromkeys(names.get(str(line.about.get("item", "")), "") for line in reversed(group)))
    named = [name for name in about if name]
    more = f", +{len(named) - 3}" if len(named) > 3 else ""
    times = f" × {len(group)}" if len(group) > 1 else ""
    return {
        "when": newest.at,
        "title": f"{words}{times}",
        "text": ", ".join(named[:3]) + more,
        "by": newest.actor_name,
        "icon": icon,
        "tone": tone,
    }


# --- Course --------------------------------------------------------------------------------------------------------------


@page("reports.close")
@require_POST
def close(request: HttpRequest, report: UUID) -> HttpResponse:
    code, words = reason_of(request)
    actions.close_report(actor_of(request), report, code, words)
    messages.success(request, _("The report is closed. It can be opened again."))
    return redirect("intake:report", report)


@page("reports.close")
@require_POST
def reopen(request: HttpRequest, report: UUID) -> HttpResponse:
    actions.reopen_report(actor_of(request), report)
    messages.success(request, _("The report is in the queue again."))
    return redirect("intake:report", report)


# --- One item -------------------------------------------------------------------------------------------------------------


def _item(report: UUID, item: UUID) -> ItemFacts:
    facts = vault.item(item)
    if facts.origin != report:
        raise Missing("There is no such item in this report.", item=str(item))
    return facts


def _item_context(request: HttpRequest, report: UUID, item: UUID) -> dict[str, Any]:
    facts = _item(report, item)
    examined = sandbox.examination(item)
    picture = examined.kind == "picture" and examined.state in ("examined", "too_plain")
    return {
        "title": facts.name,
        "report": queries.report(report),
        "item": facts,
        "verdict": matching.verdicts([item])[item],
        "examined": examined,
        "members": _tiles((), [each for each in vault.children(item) if not each.derived]),
        "seen": exposures.times_seen(item),
        "reasons": REASONS.items(),
        "is_picture": picture,
        "may_reveal": actor_of(request).can("items.reveal"),
    }


@page("reports.read")
@require_safe
def item(request: HttpRequest, report: UUID, item: UUID) -> HttpResponse:
    """What is known of an item without looking at it."""
    actions.read_report(actor_of(request), report)
    return render(request, "intake/item.html", _item_context(request, report, item))


@page("items.reveal")
@require_POST
def reveal(request: HttpRequest, report: UUID, item: UUID) -> HttpResponse:
    """The picture, this once: decoded in the sandbox, encoded anew, grey and blurred until asked otherwise; the look is counted."""
    code, words = reason_of(request)
    actor = actor_of(request)
    context = _item_context(request, report, item)
    if not context["is_picture"]:
        raise Refused("Only a picture that was examined can be shown here.")
    exact = any(hit.kind.value == "exact" for hit in context["verdict"].hits)
    # A later room knows the children; wiring says which question of its door answers this.
    identified = import_string(settings.CHILD_IS_IDENTIFIED)(item)
    asked = RevealAsked(code, words, known=exact, child_identified=identified)
    if obstacles := obstacles_to_reveal(asked):
        raise Refused(*obstacles)
    with vault_actions.open_item(actor, item, f"reveal:{report}", OfficerKeys.from_request(request)) as opened:
        data = opened.read()
    try:
        with the_warden().boundary(report) as box:
            pixels = cast("Pixels", box.examine("render", data, longest_side=LONGEST_SIDE))
    except ExaminationFailed as failure:
        raise Refused(failure.sentence) from failure
    # Only what is about to be shown is counted, and nothing is shown that isn't.
    viewing.record_exposure(actor, item=item, origin=report, asked=asked)
    picture = base64.b64encode(png(pixels.width, pixels.height, pixels.rgb)).decode()
    context |= {
        "picture": f"data:image/png;base64,{picture}",
        "width": pixels.width,
        "height": pixels.height,
        "seen": context["seen"] + 1,
    }
    return _kept_nowhere(render(request, "intake/item.html", context))


def _kept_nowhere(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    return answer


# --- Who reported -----------------------------------------------------------------------------------------------------------


def _identity(request: HttpRequest, facts: ReportFacts) -> dict[str, Any]:
    """The sealed box, and for those who hold the power what may be done with it, from the rules that would refuse it."""
    actor = actor_of(request)
    may = actor.can("reports.identity")
    requests = queries.identity_requests(facts.uuid) if may else ()
    return {
        "sealed": facts.arrival.has_identity,
        "may_ask": may,
        "reasons": rules.IDENTITY.items(),
        "requests": [
            {
                "each": each,
                "reason": rules.IDENTITY.get(each.reason_code, each.reason_code),
                "asked_by": _name(each.asked_by),
                "agreed_by": _name(each.agreed_by),
                "may_agree": not rules.obstacles_to_agreeing(each.asked_by, actor.uuid, each.agreed_at),
                "may_open": not rules.obstacles_to_opening(
                    each.asked_by, actor.uuid, each.agreed_at, each.opened_at, clock.now()
                ),
            }
            for each in requests
        ],
    }


@page("reports.identity")
@require_POST
def ask_identity(request: HttpRequest, report: UUID) -> HttpResponse:
    code, words = reason_of(request)
    identities.ask_for_identity(actor_of(request), report, code, words)
    messages.success(request, _("A second officer who holds this power has to agree on this page."))
    return redirect("intake:report", report)


@page("reports.identity")
@require_POST
def agree_identity(request: HttpRequest, request_uuid: UUID) -> HttpResponse:
    done = identities.agree_to_identity(actor_of(request), request_uuid)
    messages.success(request, _("Agreed. Whoever asked can open the identity within a day."))
    return redirect("intake:report", done.report)


@page("reports.identity")
@require_POST
def open_identity(request: HttpRequest, request_uuid: UUID) -> HttpResponse:
    """The identity letter, this once."""
    done = identities.open_identity(actor_of(request), request_uuid, OfficerKeys.from_request(request))
    headers = done.letter.header_block.decode("utf-8", "replace")
    context = {
        "title": _("Who sent this report"),
        "report": queries.report(done.report),
        "sender": done.letter.sender,
        "headers": headers,
        "agreed_by": _name(done.agreed_by),
    }
    return _kept_nowhere(render(request, "intake/identity.html", context))
