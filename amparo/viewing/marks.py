"""Small words with a shape: icon, badge, axis, verdict, country, digest, size, key hints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _, ngettext

from amparo.viewing import countries

register = template.Library()

TONES = frozenset({"neutral", "accent", "info", "good", "warn", "danger"})
LEVELS = frozenset({"high", "some", "none", "unknown"})


def facet(thing: Any, name: str, default: Any = "") -> Any:
    """The field `name` of a mapping or an object; `default` where it has none. Components take both."""
    value = thing.get(name, default) if isinstance(thing, Mapping) else getattr(thing, name, default)
    return default if value is None else value


def checked_tone(tone: str) -> str:
    """`tone`, if it is one. Raises ValueError otherwise: a misspelt tone would lose its meaning silently."""
    if tone and tone not in TONES:
        raise ValueError(f"no such tone: {tone}; there are {', '.join(sorted(TONES))}")
    return tone or "neutral"


@cache
def icon_names() -> tuple[str, ...]:
    """Every symbol that there is, in the order of the file."""
    return tuple(
        re.findall(r'<symbol id="([a-z-]+)"', (Path(__file__).parent / "static/viewing/icons.svg").read_text())
    )


@register.simple_tag
def icon(name: str, label: str = "", large: bool = False) -> SafeString:
    """One symbol of viewing/icons.svg; read out only where it has a label."""
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    size = " large" if large else ""
    return format_html('<svg class="icon{}" {}><use href="{}#{}"></use></svg>', size, said, _sprite(), name)


@cache
def _sprite() -> str:
    return static("viewing/icons.svg")


@register.simple_tag
def badge(words: Any, tone: str = "neutral", icon: str = "") -> SafeString:
    """A state, in words; the tone repeats what they say."""
    return format_html('<span class="badge {}">{}{}</span>', checked_tone(tone), _icon(icon), words)


def _icon(name: str) -> SafeString:
    return icon(name) if name else SafeString("")


def _axis_words(name: str, level: str) -> tuple[str, str]:
    """(what stands in bold, what follows it where no reason is given)."""
    label = {"danger": _("Danger now"), "actionable": _("Actionable"), "new": _("New"), "clock": _("Clock")}[name]
    nothing = {
        "danger": _("No sign of danger now"),
        "actionable": _("Nothing to act on yet"),
        "new": _("Nothing new"),
        "clock": _("No clock running"),
    }[name]
    return {
        "high": (label, ""),
        "some": (label, _("some signs")),
        "none": (nothing, ""),
        "unknown": (label, _("not known")),
    }[level]


@register.simple_tag
def axis(name: str, level: str, words: Any = "") -> SafeString:
    """One axis of a report's rank: its name, and the reason in words (or the level, where there is no reason)."""
    level = str(getattr(level, "value", level))
    if level not in LEVELS:
        raise ValueError(f"no such level: {level}; there are {', '.join(sorted(LEVELS))}")
    label, said = _axis_words(name, level)
    reason = format_html("<span>{}</span>", words or said) if words or said else ""
    return format_html('<span class="axis {} {}">{}<b>{}</b>{}</span>', name, level, icon(name), label, reason)


@register.simple_tag
def verdict(found: Any) -> SafeString:
    """What matching says of an item. No match and not examined are different answers, and look different."""
    state = getattr(facet(found, "state", found), "value", facet(found, "state", found))
    match state:
        case "hit":
            return format_html(
                '<span class="verdict">{}{}</span>', badge(_("Known item"), "danger", "hash"), _hits(found)
            )
        case "no_hit":
            return format_html('<span class="verdict">{}</span>', badge(_("No match"), "neutral", "check"))
        case "too_plain":
            return format_html('<span class="verdict">{}</span>', badge(_("Too plain to compare"), "neutral", "minus"))
        case "not_examined" | "" | None:
            return format_html(
                '<span class="verdict"><span class="badge open-ended">{}</span></span>', _("Not examined")
            )
    return format_html('<span class="verdict">{}</span>', badge(state))


def _hits(found: Any) -> SafeString:
    hits = facet(found, "hits", ())
    return format_html_join("", '<span class="verdict-why">{}</span>', ((_hit_words(hit),) for hit in hits))


def _hit_words(hit: Any) -> str:
    bits = int(facet(hit, "distance_bits", 0))
    kind = getattr(facet(hit, "kind", ""), "value", facet(hit, "kind", ""))
    how = _("exact") if kind == "exact" else ngettext("near, {} bit apart", "near, {} bits apart", bits).format(bits)
    return " · ".join(
        str(part) for part in (how, facet(hit, "list_name"), facet(hit, "list_version"), facet(hit, "category")) if part
    )


@register.simple_tag
def country(code: str | None) -> SafeString:
    """Code and name; no flag, which says too much and reads badly."""
    if not code:
        return format_html('<span class="country unknown">{}</span>', _("Country not known"))
    name = countries.country_name(code)
    return format_html('<span class="country"><abbr title="{}">{}</abbr> {}</span>', name, code, name)


@register.filter
def country_name(code: str | None) -> str:
    """The country's name in the reader's language."""
    return countries.country_name(code) if code else str(_("Country not known"))


@register.filter
def size(count: int | None) -> str:
    """Bytes in words, powers of ten as disk makers and forensic reports write them: 1.2 MB."""
    if count is None:
        return str(_("size not known"))
    if count < 1000:
        return ngettext("{} byte", "{} bytes", count).format(count)
    amount, units = count / 1000, ["kB", "MB", "GB", "TB"]
    while amount >= 999.95 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.1f} {units[0]}"


@register.filter
def short(uuid: UUID | str) -> str:
    """The last 8 characters of an identifier: ours begin with the time, so those near in time begin alike."""
    return str(uuid)[-8:]


@register.simple_tag
def copy(text: Any, label: str = "") -> SafeString:
    """A button that copies `text`. With a label it shows it; without, it is an icon."""
    said = label or _("Copy")
    worded = (
        format_html(' worded">{}<span>{}</span>', icon("copy"), said)
        if label
        else format_html('" aria-label="{}">{}', said, icon("copy"))
    )
    return format_html(
        '<button type="button" data-copies="{}" data-copied="{}" class="copy{}</button>', text, _("Copied"), worded
    )


@register.simple_tag
def digest(value: str, kind: str = "") -> SafeString:
    """A hash, short to read and whole to copy."""
    if not value:
        return format_html('<span class="not-known">{}</span>', _("not known"))
    shown = f"{value[:8]}…{value[-6:]}" if len(value) > 20 else value
    named = format_html('<span class="digest-kind">{}</span>', kind) if kind else ""
    return format_html('<span class="digest">{}<code title="{}">{}</code>{}</span>', named, value, shown, copy(value))


@register.simple_tag
def keys(*pairs: str) -> SafeString:
    """Key hints: key, what it does, key, what it does. Hidden where there is no keyboard."""
    said = format_html_join("", "<span><kbd>{}</kbd>{}</span>", zip(pairs[::2], pairs[1::2], strict=True))
    return format_html('<div class="keys">{}</div>', said)
