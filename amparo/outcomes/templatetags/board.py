"""Stages, kinds and figures as the board shows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from amparo.outcomes import showing
from amparo.outcomes.figures import Figure
from amparo.viewing import pieces
from amparo.viewing.marks import badge

register = template.Library()


@register.simple_tag
def stage(row: Any) -> SafeString:
    words, tone = showing.STAGES.get(row.stage, (row.stage, "neutral"))
    late = badge(row.overdue, "danger", "clock") if row.overdue else ""
    return format_html("<span>{} {}</span>", badge(words, tone), late)


@register.simple_tag
def outcome_kind(kind: str) -> SafeString:
    return badge(showing.KINDS.get(kind, kind), showing.TONES.get(kind, "neutral"))


@register.simple_tag
def reply_state(reply: Any) -> SafeString:
    words, tone = showing.REPLY_STATES[reply.state]
    settled = badge("Settled", "good", "check") if reply.settled_at else ""
    return format_html("<span>{} {}</span>", badge(words, tone), settled)


@register.simple_tag
def board_figure(found: Figure, case: UUID, tone: str = "") -> SafeString:
    """A figure with everything that makes it trustworthy, and the way to the records behind it."""
    href = reverse("outcomes:figure", args=[case, found.key])
    about = f"{found.definition} {found.completeness}"
    return pieces.figure(found.value, found.label, found.unit, about, found.period, found.source, href, tone)


@register.filter
def reason_words(code: str) -> str:
    return showing.REASONS.get(code, code)


@register.filter
def counts_words(counts: dict[str, int]) -> str:
    return showing.counts_words(counts)
