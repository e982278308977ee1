"""What long lists need: tables that stack on a phone, sorting, filters, pages, tabs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from amparo.viewing.marks import icon

register = template.Library()


def _query(context: Context) -> QueryDict:
    """A copy of the request's query, to be changed; empty where there is no request."""
    request = context.get("request")
    return request.GET.copy() if request else QueryDict(mutable=True)


@register.simple_block_tag
def table(content: str, caption: str, id: str = "", keys: bool = False, sortable: bool = False) -> SafeString:  # noqa: A002 - named as in HTML
    """The frame of a table, its caption for screen readers. keys: j and k walk its rows. sortable: heads sort in the browser."""
    marks = [("id", id)] if id else []
    marks += [("data-keys", "yes")] if keys else []
    marks += [("data-sortable", "yes")] if sortable else []
    attributes = format_html_join("", ' {}="{}"', marks)
    return format_html(
        '<div class="table-wrap" role="region" aria-label="{0}" tabindex="-1"><table class="table"{1}>'
        '<caption class="visually-hidden">{0}</caption>{2}</table></div>',
        caption,
        attributes,
        content,
    )


@register.simple_tag(takes_context=True)
def th(context: Context, label: str, key: str, num: bool = False) -> SafeString:
    """A column head that sorts on the server: first up, then down; the other filters stay, the page starts over."""
    query = _query(context)
    now = query.get("sort", "")
    state = {key: "ascending", f"-{key}": "descending"}.get(now, "none")
    query["sort"] = f"-{key}" if state == "ascending" else key
    query.pop("page", None)
    shape = {"ascending": "up", "descending": "down", "none": "sort"}[state]
    return format_html(
        '<th scope="col" aria-sort="{}"{}><a href="?{}">{}{}</a></th>',
        state,
        SafeString(' class="num"') if num else "",
        query.urlencode(),
        label,
        icon(shape),
    )


@register.simple_block_tag(takes_context=True)
def filters(context: Context, content: str, table: str = "") -> SafeString:
    """A GET form around filter fields; with `table`, it filters that table's rows in the browser instead."""
    if table:
        return format_html(
            '<div class="filters" role="search" data-filters="{}">{}<span class="filter-shown" role="status"></span></div>',
            table,
            content,
        )
    query = _query(context)
    used = any(value for key, value in query.items() if key not in {"sort", "page"})
    kept = format_html('<input type="hidden" name="sort" value="{}">', query["sort"]) if query.get("sort") else ""
    clear = format_html('<a class="button quiet" href="?">{}</a>', _("Clear")) if used else ""
    return format_html(
        '<form class="filters" method="get" role="search">{}{}<button class="button">{}</button>{}</form>',
        kept,
        content,
        _("Apply"),
        clear,
    )


@register.simple_tag(takes_context=True)
def filter_search(context: Context, name: str, label: str) -> SafeString:
    """The search field of a filter row; the key "/" goes to it."""
    return format_html(
        '<div class="field search"><label for="filter-{0}">{1}</label>{2}'
        '<input type="search" id="filter-{0}" name="{0}" value="{3}" autocomplete="off" data-search>'
        '<kbd aria-hidden="true">/</kbd></div>',
        name,
        label,
        icon("search"),
        _query(context).get(name, ""),
    )


@register.simple_tag(takes_context=True)
def filter_choice(
    context: Context, name: str, label: str, choices: Iterable[tuple[Any, ...]], every: str = ""
) -> SafeString:
    """A select of a filter row. choices: (value, label) or (value, label, count); `every` names the one that filters nothing."""
    now = _query(context).get(name, "")
    rows = [("", "", every or _("All"))]
    for value, words, *count in choices:
        rows.append((value, " selected" if str(value) == now else "", f"{words} ({count[0]})" if count else words))
    options = format_html_join("", '<option value="{}"{}>{}</option>', rows)
    return format_html(
        '<div class="field"><label for="filter-{0}">{1}</label><select id="filter-{0}" name="{0}">{2}</select></div>',
        name,
        label,
        options,
    )


@register.simple_tag(takes_context=True)
def pager(context: Context, page: Page[Any]) -> SafeString:
    """Where one is in a long list, and the way on; nothing where everything fits."""
    if page.paginator.num_pages <= 1:
        return SafeString("")
    where = _("{} to {} of {}").format(page.start_index(), page.end_index(), page.paginator.count)
    before = _page_link(context, page.previous_page_number(), _("Previous"), "prev") if page.has_previous() else ""
    after = _page_link(context, page.next_page_number(), _("Next"), "next") if page.has_next() else ""
    return format_html(
        '<nav class="pager" aria-label="{}"><span>{}</span><span class="buttons">{}{}</span></nav>',
        _("Pages"),
        where,
        before,
        after,
    )


def _page_link(context: Context, number: int, words: str, rel: str) -> SafeString:
    query = _query(context)
    query["page"] = str(number)
    return format_html('<a class="button small" rel="{}" href="?{}">{}</a>', rel, query.urlencode(), words)


@register.simple_block_tag
def tabs(content: str, label: str = "") -> SafeString:
    """A row of links to the pages of one thing. label: says of what, where a page has two such rows."""
    return format_html(
        '<nav class="tabs" aria-label="{}"><ul class="tab-row">{}</ul></nav>', label or _("Parts of this page"), content
    )


@register.simple_tag(takes_context=True)
def tab(context: Context, label: str, href: str, count: int | None = None, *, above: bool = False) -> SafeString:
    """One tab; the current one is known by its address. above: it is current too on the pages below its own."""
    request, path = context.get("request"), href.split("?", maxsplit=1)[0]
    here = SafeString("")
    if request and request.path == path:
        here = SafeString(' aria-current="page"')
    elif request and above and request.path.startswith(path):
        here = SafeString(' aria-current="true"')
    counted = "" if count is None else format_html('<span class="tab-count">{}</span>', count)
    return format_html('<li><a class="tab" href="{}"{}>{}{}</a></li>', href, here, label, counted)


@register.simple_tag
def crumb(label: Any, href: str = "") -> SafeString:
    """One step of the way here; the last has no address."""
    if href:
        return format_html('<li><a href="{}">{}</a></li>', href, label)
    return format_html('<li aria-current="page">{}</li>', label)
