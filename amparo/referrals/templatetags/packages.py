"""A package's state, urgency and due day as pages show them."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from amparo.referrals import showing
from amparo.referrals.queries import PackageFacts
from amparo.viewing.marks import badge
from amparo.viewing.moments import when

register = template.Library()


@register.simple_tag
def package_state(package: PackageFacts) -> SafeString:
    words, tone = ("Answered", "good") if package.is_out and package.answered_at else showing.STATES[package.state]
    late = badge(package.overdue, "danger", "clock") if package.overdue else ""
    return format_html("<span>{} {}</span>", badge(words, tone), late)


@register.simple_tag
def package_urgency(package: PackageFacts) -> SafeString:
    """Nothing for a normal package: what is usual needs no mark."""
    words, tone = showing.URGENCIES[package.urgency]
    return badge(words, tone, "danger" if tone == "danger" else "") if package.urgency != "normal" else SafeString("")


@register.simple_tag
def package_due(package: PackageFacts) -> SafeString:
    """What the country owes next, and until when."""
    if package.due is None:
        return format_html('<span class="muted">{}</span>', "answered" if package.answered_at else "·")
    what = "to answer" if package.acknowledged_at else "to acknowledge"
    return format_html('<span>{} <span class="muted small">{}</span></span>', when(package.due), what)


@register.filter
def handling_words(code: str) -> str:
    return showing.HANDLING.get(code, "")


@register.filter
def form_words(form: str) -> str:
    return showing.FORMS.get(form, form)
