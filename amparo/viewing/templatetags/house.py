"""The tag library of every page: `{% load house %}`. Signatures are listed in amparo/viewing/README.md."""

from __future__ import annotations

from django import template

from amparo.viewing import drawings, entries, lists, marks, moments, pieces

register = template.Library()

for part in (marks, moments, lists, pieces, entries, drawings):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
