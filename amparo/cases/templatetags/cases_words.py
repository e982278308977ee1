from __future__ import annotations

from django import template

from amparo.cases.drawing import duration

register = template.Library()
register.filter("duration", duration)
