"""What the frame needs to know on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext


@dataclass(frozen=True)
class Way:
    """One line of the navigation, as this officer may go it."""

    label: str
    href: str
    icon: str
    here: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the ways this officer may go, who they are, whether this is a demonstration."""
    actor = getattr(request, "actor", None)
    officer = request.user if getattr(request, "user", None) and request.user.is_authenticated else None
    return {
        "ways": _ways(request, actor) if officer else (),
        "officer": officer,
        "initials": _initials(getattr(officer, "name", "")),
        "demo": getattr(settings, "DEMO", False),
    }


def _ways(request: HttpRequest, actor: Any) -> tuple[Way, ...]:
    """The navigation less what the officer has no power for; the longest address that begins the page's own is where they are."""
    found = []
    for label, name, power, icon in getattr(settings, "NAVIGATION", ()):
        if power and not (actor and actor.can(power)):
            continue
        try:
            found.append((label, reverse(name), icon))
        except NoReverseMatch:  # a room that this house runs without
            continue
    within = [
        href
        for _, href, _ in found
        if request.path == href or (href != "/" and request.path.startswith(href.rstrip("/") + "/"))
    ]
    here = max(within, key=len, default="")
    return tuple(Way(gettext(str(label)), href, icon, href == here) for label, href, icon in found)


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
