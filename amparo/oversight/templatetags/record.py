"""Acts in words, and the way to each act that names the same thing."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.safestring import SafeString

from amparo.oversight import words
from amparo.viewing.marks import badge

register = template.Library()
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@register.filter
def act_words(kind: str) -> str:
    return words.in_words(kind)


@register.simple_tag
def act_ended(line: Any) -> SafeString:
    """Only what did not go as usual is marked."""
    if line.ended == "done":
        return SafeString("")
    return badge(words.ENDED.get(line.ended, line.ended), "warn" if line.ended == "refused" else "danger")


@register.filter
def act_actor(line: Any, names: dict[str, str]) -> str:
    return f"process {line.actor_name}" if line.actor_kind == "process" else names.get(line.actor_name, line.actor_name)


@register.filter
def act_things(line: Any) -> list[tuple[str, str]]:
    """(role, identifier) of each single thing that an act names; long lists stand on the act's own page."""
    return [
        (name.replace("_", " "), value)
        for name, value in line.about.items()
        if isinstance(value, str) and UUID_TEXT.fullmatch(value)
    ]
