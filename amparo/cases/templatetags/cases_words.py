from __future__ import annotations

from django import template
from django.template import Context

from amparo.cases.drawing import duration
from amparo.cases.sections import Section, sections

register = template.Library()
register.filter("duration", duration)


@register.simple_tag(takes_context=True)
def case_sections(context: Context) -> tuple[Section, ...]:
    """Of the case of this page."""
    return sections(context["case"], context["request"].path, context.get("group"))
