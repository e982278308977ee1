"""The larger parts of a page: sections, notes, figures, item tiles, timelines, progress, the way of a report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django import template
from django.conf import settings
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from amparo.viewing import marks, moments
from amparo.viewing.marks import checked_tone, facet, icon

register = template.Library()

# The way of a report; every page that stands on it shows where it is.
STEPS = ("report", "triage", "case", "packages", "outcomes")

# The first that fits a media type names the placeholder; a picture of the item itself is never made.
KINDS = (
    ("image/", "picture"),
    ("video/", "video"),
    ("audio/", "audio"),
    ("message/", "mail"),
    ("application/vnd.amparo.chat", "chat"),
    ("application/zip", "archive"),
    ("application/x-7z", "archive"),
    ("application/gzip", "archive"),
    ("application/x-tar", "archive"),
    ("text/", "document"),
)


@register.simple_block_tag
def section(content: str, title: str, id: str = "", count: int | None = None, text: str = "") -> SafeString:  # noqa: A002 - named as in HTML
    """A heading, how many follow, a sentence, the content."""
    anchor = format_html(' id="{}"', id) if id else ""
    counted = "" if count is None else format_html('<span class="section-count">{}</span>', count)
    said = format_html('<p class="section-text">{}</p>', text) if text else ""
    return format_html(
        '<section class="section"{}><div class="section-head"><h2>{}</h2>{}{}</div>{}</section>',
        anchor,
        title,
        counted,
        said,
        content,
    )


@register.simple_tag
def entry(label: str, value: Any = "") -> SafeString:
    """One property in `<dl class="entries">`; an absent one says that it is not known."""
    absent = value is None or value == ""
    shown = format_html('<span class="not-known">{}</span>', _("not known")) if absent else value
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, shown)


@register.simple_block_tag
def entryblock(content: str, label: str) -> SafeString:
    """One property whose value is made of components."""
    return entry(label, content.strip() and content)


@register.simple_block_tag
def note(content: str, tone: str = "info", title: str = "") -> SafeString:
    """A remark that must be read."""
    sign = {"danger": "danger", "warn": "danger", "good": "check"}.get(checked_tone(tone), "info")
    heading = format_html('<p class="note-title">{}</p>', title) if title else ""
    return format_html(
        '<div class="note {}">{}<div class="note-body">{}{}</div></div>', tone, icon(sign), heading, content
    )


@register.simple_tag
def obstacles(sentences: Iterable[str], title: str = "") -> SafeString:
    """Why an action isn't there, from the same rule that would refuse it; nothing where nothing stands in the way."""
    found = list(sentences or ())
    if not found:
        return SafeString("")
    rows = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in found))
    heading = title or _("Not possible yet")
    return format_html(
        '<div class="note warn">{}<div class="note-body"><p class="note-title">{}</p><ul>{}</ul></div></div>',
        icon("lock"),
        heading,
        rows,
    )


@register.simple_block_tag
def empty(content: str, title: str, text: str = "", icon: str = "queue") -> SafeString:
    """What stands where nothing is: what would be here, and what to do next."""
    said = format_html('<p class="empty-text">{}</p>', text) if text else ""
    ways = format_html('<div class="buttons">{}</div>', content) if content.strip() else ""
    return format_html(
        '<div class="empty">{}<p class="empty-title">{}</p>{}{}</div>', marks.icon(icon), title, said, ways
    )


@register.simple_tag
def figure(
    value: Any,
    label: str,
    unit: str = "",
    definition: str = "",
    period: str = "",
    source: str = "",
    href: str = "",
    tone: str = "",
) -> SafeString:
    """A number the public could be told: with unit, definition, period and source, and the records behind it."""
    number = format_html('<a href="{}">{}</a>', href, value) if href else format_html("<span>{}</span>", value)
    lines = [(_("Counts"), definition), (_("Period"), period), (_("Source"), source)]
    rows = format_html_join("", "<p>{}: {}</p>", [line for line in lines if line[1]])
    about = format_html("<details><summary>{}</summary>{}</details>", _("What this counts"), rows) if rows else ""
    return format_html(
        '<div class="figure {}"><div class="figure-label">{}</div>'
        '<div class="figure-value">{}<span class="figure-unit">{}</span></div>{}</div>',
        checked_tone(tone),
        label,
        number,
        unit,
        about,
    )


def kind_of_media(media_type: str) -> str:
    """The sort of item that a media type names: picture, video, audio, chat, archive, mail, document or item."""
    if media_type in {"application/pdf", "application/msword"} or "document" in media_type:
        return "document"
    return next((kind for beginning, kind in KINDS if media_type.startswith(beginning)), "item")


def _kind_words(kind: str) -> str:
    return {
        "picture": _("Picture"),
        "video": _("Video"),
        "audio": _("Audio"),
        "chat": _("Chat export"),
        "archive": _("Archive"),
        "mail": _("E-mail"),
        "document": _("Document"),
        "item": _("File"),
    }[kind]


@register.simple_tag
def item_tile(item: Any, href: str = "", verdict: Any = None, note: str = "") -> SafeString:
    """An item without looking at it: sort, name, size, what matching says. There is no way to make it show media."""
    media_type = str(facet(item, "media_type"))
    kind = kind_of_media(media_type)
    name = facet(item, "name") or facet(item, "reference")
    named = format_html('<a href="{}">{}</a>', href, name) if href else name
    facts = " · ".join(
        part
        for part in (_kind_words(kind), marks.size(facet(item, "size_bytes", None)), str(facet(item, "reference")))
        if part
    )
    found = marks.verdict(verdict) if verdict is not None else ""
    hidden = (
        format_html('<span class="tile-hidden">{}{}</span>', icon("hidden"), _("Hidden"))
        if kind in {"picture", "video", "audio"}
        else ""
    )
    remark = format_html('<span class="tile-facts">{}</span>', note) if note else ""
    return format_html(
        '<li class="tile"><div class="tile-art" aria-hidden="true">{}</div>{}<div class="tile-words">'
        '<span class="tile-name">{}</span><span class="tile-facts" title="{}">{}</span>{}{}</div></li>',
        icon(kind),
        hidden,
        named,
        media_type,
        facts,
        found,
        remark,
    )


def _moment_parts(moment: Any) -> tuple[str, str]:
    """(day, minute) in UTC of an event's time; a time without zone is its raw text and belongs to no day."""
    utc = moment if isinstance(moment, datetime) else getattr(moment, "utc", None)
    if isinstance(utc, datetime) and utc.tzinfo:
        utc = utc.astimezone(UTC)
        return f"{utc:%Y-%m-%d}", f"{utc:%H:%M}"
    if isinstance(moment, date):
        return moment.isoformat(), ""
    return getattr(moment, "raw", "") or _("Time not known"), ""


@register.simple_tag
def timeline(events: Iterable[Any]) -> SafeString:
    """An ordered list of events, given in order; days stand above, minutes in UTC beside. Works and prints without scripts."""
    rows, day_before = [], None
    for event in events:
        day, minute = _moment_parts(facet(event, "when", None))
        heading = format_html('<p class="day">{}</p>', day) if day != day_before else SafeString("")
        day_before = day
        rows.append((checked_tone(facet(event, "tone")), heading, _event_time(event, minute), _event_words(event)))
    body = format_html_join("", '<li class="{}">{}{}{}</li>', rows)
    return format_html('<ol class="timeline">{}</ol>', body)


def _event_time(event: Any, minute: str) -> SafeString:
    moment = facet(event, "when", None)
    full = (
        format_html(
            '<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>', minute, moments.when(moment)
        )
        if minute
        else ""
    )
    sign = icon(facet(event, "icon") or "clock")
    return format_html(
        '<div class="timeline-time">{}</div><div class="timeline-dot" aria-hidden="true"><span>{}</span></div>',
        full,
        sign,
    )


def _event_words(event: Any) -> SafeString:
    title, href = facet(event, "title"), facet(event, "href")
    head = format_html('<a href="{}">{}</a>', href, title) if href else title
    text = (
        format_html('<div class="timeline-text">{}</div>', event_text) if (event_text := facet(event, "text")) else ""
    )
    said = [str(part) for part in (facet(event, "by"), facet(event, "raw")) if part]
    by = format_html('<div class="timeline-by">{}</div>', " · ".join(said)) if said else ""
    return format_html('<div><div class="timeline-title">{}</div>{}{}</div>', head, text, by)


@register.simple_tag
def progress(done: int, total: int | None, label: str) -> SafeString:
    """How far long work is. total None: nobody knows how long it is, and the bar says so by moving."""
    if total is None:
        counted, attributes = _("{} so far").format(f"{done:,}"), SafeString("")
    else:
        counted = _("{} of {}").format(f"{done:,}", f"{total:,}")
        attributes = format_html(' max="{}" value="{}"', max(total, 1), min(done, total))
    return format_html(
        '<div class="progress"><div class="progress-words"><span>{0}</span><span>{1}</span></div>'
        '<progress aria-label="{0}"{2}></progress></div>',
        label,
        counted,
        attributes,
    )


@register.simple_tag
def stepper(current: str, **addresses: str) -> SafeString:
    """The way of a report with the present step; steps that have an address are links."""
    if current not in STEPS:
        raise ValueError(f"no such step: {current}; there are {', '.join(STEPS)}")
    words = {
        "report": _("Report"),
        "triage": _("Triage"),
        "case": _("Case"),
        "packages": _("Packages"),
        "outcomes": _("Outcomes"),
    }
    at = STEPS.index(current)
    rows: list[tuple[Any, ...]] = []
    for number, step in enumerate(STEPS):
        name = format_html('<span class="step-word">{}</span>', words[step])
        linked = format_html('<a href="{}">{}</a>', addresses[step], name) if addresses.get(step) else name
        state = "passed" if number < at else "here" if number == at else "ahead"
        sign = icon("check", label=_("done")) if state == "passed" else SafeString("")
        here = mark_safe(' aria-current="step"') if state == "here" else SafeString("")
        rows.append((state, here, sign, linked))
    return format_html('<ol class="stepper">{}</ol>', format_html_join("", '<li class="{}"{}>{} {}</li>', rows))


@register.simple_tag(takes_context=True)
def panels(context: Context, slot: str, subject: UUID | None = None) -> SafeString:
    """What later rooms add to this page, in the order of `settings.PANELS`; each provider escapes its own.

    PANELS: slot -> dotted paths of providers, or the dotted path of such a table.
    """
    table = getattr(settings, "PANELS", {})
    table = import_string(table) if isinstance(table, str) else table
    request = context.get("request")
    shown = [import_string(provider)(request, subject) for provider in table.get(slot, ())]
    return mark_safe("".join(shown))  # noqa: S308 - rendered by our own rooms
