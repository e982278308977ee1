"""Times as people need them: UTC in words, local time and the raw text one step away, never one without the other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from amparo.foundation.clock import now

register = template.Library()

STYLES = frozenset({"short", "full", "second", "day", "ago"})


@register.simple_tag
def when(moment: Any, style: str = "short") -> SafeString:
    """A `<time>` for an aware datetime, a date, a `Moment` or nothing.

    style: "short" date and minute in UTC; "second" to the second; "full" adds local time, raw text and assumption in words;
    "day"; "ago".
    A time whose zone nobody knows shows its raw text and says so.
    """
    if style not in STYLES:
        raise ValueError(f"no such style: {style}; there are {', '.join(sorted(STYLES))}")
    if moment is None or moment == "":
        return format_html('<span class="not-known">{}</span>', _("not known"))
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return format_html('<time class="when" datetime="{}">{}</time>', moment.isoformat(), moment.isoformat())
    utc = moment if isinstance(moment, datetime) else moment.utc
    if utc is None or utc.tzinfo is None:
        return _without_zone(moment)
    utc = utc.astimezone(UTC)
    remarks = _remarks(moment, utc)
    shown = _shown(utc, style)
    more = format_html('<span class="when-more">{}</span>', " · ".join(remarks)) if style == "full" and remarks else ""
    iso = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    titled = " · ".join([f"{utc:%Y-%m-%d %H:%M:%S} UTC", *remarks])
    return format_html('<time class="when" datetime="{}" title="{}">{}</time>{}', iso, titled, shown, more)


def _shown(utc: datetime, style: str) -> SafeString:
    if style == "ago":
        return format_html("{}", _ago(utc))
    if style == "day":
        return format_html("{}", utc.strftime("%Y-%m-%d"))
    text = utc.strftime("%Y-%m-%d %H:%M:%S" if style in ("full", "second") else "%Y-%m-%d %H:%M")
    return format_html('<span class="nowrap">{} <span class="when-zone">UTC</span></span>', text)


def _ago(utc: datetime) -> str:
    passed = now() - utc
    if passed < timedelta(minutes=1):
        return _("just now") if passed > -timedelta(minutes=1) else _("in the future")
    return _("{} ago").format(timesince(utc).split(",")[0])


def _remarks(moment: Any, utc: datetime) -> list[str]:
    """What the reader may want to know beyond UTC: their own clock, what was written, which zone was assumed and by whom."""
    found = []
    local = timezone.localtime(utc)
    if local.utcoffset() != utc.utcoffset():
        found.append(_("{} local time").format(f"{local:%Y-%m-%d %H:%M} {local.tzname()}"))
    if raw := getattr(moment, "raw", ""):
        found.append(_("written “{}”").format(raw))
    zone, by = getattr(moment, "zone", ""), getattr(moment, "assumed_by", "")
    if zone and by == "stated":
        found.append(_("zone {}, as stated").format(zone))
    elif zone:
        found.append(_("zone {}, assumed by {}").format(zone, by or _("nobody")))
    return found


def _without_zone(moment: Any) -> SafeString:
    raw = getattr(moment, "raw", "") or (moment.isoformat(sep=" ") if isinstance(moment, datetime) else "")
    if not raw:
        return format_html('<span class="not-known">{}</span>', _("not known"))
    return format_html('<span class="when">{} <span class="when-zone">{}</span></span>', raw, _("zone not known"))
