"""What all pages of a case share: the look that is recorded, the facts around the part, and how a refusal is said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from amparo.access.acts import Actor
from amparo.cases import actions, queries
from amparo.foundation.errors import Refused

PAGE = 100


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def hidden_from(request: HttpRequest) -> tuple[str, ...]:
    """Beginnings of kinds of acts that this officer has no power to learn of: that a child's series exists is one."""
    return () if actor_of(request).can("victims.read") else ("series.",)


def page_asked(request: HttpRequest) -> int:
    """The page of a list that is paged by the database, from 1."""
    asked = request.GET.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1


def say(request: HttpRequest, error: Refused) -> None:
    for obstacle in error.obstacles:
        messages.error(request, obstacle)


def say_form(request: HttpRequest, form: Form) -> None:
    for field, errors in form.errors.items():
        label = form.fields[field].label or field if field in form.fields else ""
        for error in errors:
            messages.error(request, f"{label}: {error}" if label else str(error))


def frame_of(request: HttpRequest, case: UUID, part: str, about: UUID | None = None) -> dict[str, Any]:
    """What every page of a case shows around its part, once the look was recorded."""
    actions.read_case(actor_of(request).with_purpose("case"), case, part, about)
    facts = queries.case(case)
    return {
        "case": facts,
        "title": facts.title,
        "groups": SimpleLazyObject(lambda: queries.groups(case)),  # thousands, which most parts never ask for
        "report": facts.reports[0] if facts.reports else None,
        "may_edit": actor_of(request).can("cases.edit") and facts.state == "open",
    }
