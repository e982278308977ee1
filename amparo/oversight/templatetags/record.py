"""Acts in words, and the way to each act that names the same thing."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from amparo.oversight import words
from amparo.viewing.marks import badge

register = template.Library()


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
