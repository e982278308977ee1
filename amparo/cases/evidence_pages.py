"""The pages of a case's groups, items and evidence. Views, split off for length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from amparo.access.doors import page
from amparo.cases import actions, drawing, forms, queries
from amparo.cases.chats.members import MARKS, MemberLine
from amparo.cases.chats.pages import csv_stream, export_of
from amparo.cases.facts import GroupFacts, ItemMark
from amparo.cases.page_frame import PAGE, actor_of, frame_of, hidden_from, page_asked, say, say_form
from amparo.foundation.errors import Missing, Refused

ROWS = 500  # of an export, read at a time


OPEN = (
    ("no_zone", "Time zone not known"),
    ("ambiguous", "Day and month not certain"),
    ("unread", "With lines not read"),
    ("importing", "Being imported"),
)
_GROUP_SORTS: dict[str, Callable[[GroupFacts], Any]] = {
    "name": lambda each: each.name.casefold(),
    "platform": lambda each: each.platform,
    "first": lambda each: (each.first is None, str(each.first.utc or "") if each.first else ""),
    "members": lambda each: each.members,
    "silent": lambda each: each.silent,
    "messages": lambda each: each.messages,
}


def _groups_chosen(request: HttpRequest, case: UUID) -> list[GroupFacts]:
    """Most members first unless told."""
    words, open_ = request.GET.get("search", "").strip().casefold(), request.GET.get("open", "")
    found = [
        each
        for each in queries.groups(case)
        if words in f"{each.name} {each.platform} {each.exporter}".casefold()
        and (open_ != "no_zone" or not each.zone)
        and (open_ != "ambiguous" or each.date_order == "ambiguous")
        and (open_ != "unread" or each.unsupported_count)
        and (open_ != "importing" or each.importing)
    ]
    sort = request.GET.get("sort", "") or "-members"
    key = _GROUP_SORTS.get(sort.removeprefix("-"), _GROUP_SORTS["members"])
    return sorted(found, key=key, reverse=sort.startswith("-"))


@page("cases.read")
def groups(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "groups")
    frame |= {
        "page": Paginator(_groups_chosen(request, case), PAGE).get_page(request.GET.get("page")),
        "open": OPEN,
        "query": request.GET.urlencode(),
    }
    return render(request, "cases/groups.html", frame)


GROUP_COLUMNS = (
    "group", "platform", "export", "first line", "last line", "zone", "members", "silent", "added and left at once", "messages",
    "with media", "lines not read",
)  # fmt: skip


@page("cases.read")
def groups_csv(request: HttpRequest, case: UUID) -> HttpResponseBase:
    name = export_of(request, case, "groups.csv")
    rows = (
        (
            each.name, each.platform, each.exporter, each.first.raw if each.first else "", each.last.raw if each.last else "",
            each.zone, each.members, each.silent, each.left_at_once, each.messages, each.media, each.unsupported_count,
        )
        for each in _groups_chosen(request, case)
    )  # fmt: skip
    return csv_stream(name, GROUP_COLUMNS, rows)


def _group_frame(request: HttpRequest, case: UUID, group: UUID, part: str) -> dict[str, Any]:
    frame = frame_of(request, case, part, group)
    facts = queries.group(group)
    if facts.case != case:
        raise Missing("There is no such group in this case.")
    return frame | {"group": facts, "title": facts.name, "zone_form": forms.ZoneForm(initial={"zone": facts.zone})}


@page("cases.read")
def group(request: HttpRequest, case: UUID, group: UUID) -> HttpResponse:
    frame, number = _group_frame(request, case, group, "group"), page_asked(request)
    search, mark, sort = (request.GET.get(name, "") for name in ("search", "mark", "sort"))
    lines, count = queries.member_lines(
        group, search=search, mark=mark, sort=sort, offset=(number - 1) * PAGE, limit=PAGE
    )
    frame |= {
        "stays": drawing.stays(lines, queries.last_line(group)),
        "page": Paginator(range(count), PAGE).get_page(number),
        "marks": MARKS,
        "filtered": search or mark,
        "query": request.GET.urlencode(),
        "hidden_first": not mark,
    }
    return render(request, "cases/group.html", frame)


MEMBER_COLUMNS = (
    "reference", "name", "category", "age status", "minors' track", "came", "came at", "came line", "added by", "went", "went at",
    "went line", "removed by", "seconds present", "messages", "items first posted", "people added", "admin since line",
    "silent in export", "added and left at once",
)  # fmt: skip


@page("cases.read")
def members_csv(request: HttpRequest, case: UUID, group: UUID) -> HttpResponseBase:
    """Every stay with these filters, however many there are."""
    if queries.group(group).case != case:
        raise Missing("There is no such group in this case.")
    name = export_of(request, case, "members.csv")
    found = queries.every_member_line(group, search=request.GET.get("search", ""), mark=request.GET.get("mark", ""))
    yes = {True: "yes", False: "no"}

    def row(each: MemberLine) -> tuple[object, ...]:
        stay = each.stay
        return (
            stay.person.reference, stay.person.handle, each.category, each.age_status, yes[each.minors_track], stay.came,
            stay.came_at.raw, stay.came_line, stay.came_by, stay.went, stay.went_at.raw if stay.went_at else "", stay.went_line,
            stay.went_by, stay.seconds, stay.messages, each.firsts, each.added, stay.admin_line, yes[stay.silent],
            yes[stay.left_at_once],
        )  # fmt: skip

    return csv_stream(name, MEMBER_COLUMNS, map(row, found))


@page("cases.read")
def group_messages(request: HttpRequest, case: UUID, group: UUID) -> HttpResponse:
    frame = _group_frame(request, case, group, "messages")
    search, kind, line = (request.GET.get(name, "") for name in ("search", "kind", "line"))
    number = page_asked(request)
    if line.isdigit() and len(line) < 10 and not (search or kind):
        number = queries.posts_before(group, int(line)) // PAGE + 1
    posts, count = queries.posts(group, search=search, kind=kind, offset=(number - 1) * PAGE, limit=PAGE)
    frame |= {"posts": posts, "posts_page": Paginator(range(count), PAGE).get_page(number), "kinds": drawing.POST_KINDS}
    return render(request, "cases/messages.html", frame)


@page("cases.edit")
@require_POST
def set_zone(request: HttpRequest, case: UUID, group: UUID) -> HttpResponse:
    form = forms.ZoneForm(request.POST)
    if form.is_valid():
        try:
            actions.set_zone(actor_of(request), group, **form.cleaned_data)
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
    return redirect("cases:group", case, group)


@page("cases.read")
def items(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "items")
    found = queries.item_marks(case)
    shown = Paginator(_chosen(found, request), PAGE).get_page(request.GET.get("page"))
    frame |= {
        "page": shown,
        "lines": queries.items(case, list(shown)),
        "total": len(found),
        "verdicts": drawing.verdict_choices(found),
        "query": request.GET.urlencode(),
    }
    return render(request, "cases/items.html", frame)


def _chosen(found: tuple[ItemMark, ...], request: HttpRequest) -> tuple[ItemMark, ...]:
    return drawing.chosen(found, *(request.GET.get(name, "") for name in ("verdict", "person", "search")))


ITEM_COLUMNS = ("item", "name", "sha256", "lists say", "first posted by", "as written", "utc", "posts", "from a report")


@page("cases.read")
def items_csv(request: HttpRequest, case: UUID) -> HttpResponseBase:
    """Every item with these filters, read a few hundred at a time."""
    name, chosen = export_of(request, case, "items.csv"), _chosen(queries.item_marks(case), request)

    def rows() -> Iterator[tuple[object, ...]]:
        for start in range(0, len(chosen), ROWS):
            for line in queries.items(case, chosen[start : start + ROWS]):
                at = line.first_at
                yield (
                    line.item.reference, line.item.name, line.item.sha256, line.verdict.state, line.first_poster,
                    at.raw if at else "", at.utc.isoformat() if at and at.utc else "", line.copies,
                    "yes" if line.from_report else "no",
                )  # fmt: skip

    return csv_stream(name, ITEM_COLUMNS, rows())


@page("cases.read")
def evidence(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "evidence")
    found = drawing.chosen(queries.item_marks(case), "", "", request.GET.get("search", ""))
    shown = Paginator(found, 25).get_page(request.GET.get("page"))
    lines = queries.items(case, list(shown))
    frame |= {
        "page": shown,
        "strips": [drawing.strip(each, hidden_from(request)) for each in queries.evidence(case, lines)],
        "devices": queries.devices(case),
        "device_form": forms.DeviceForm(),
    }
    return render(request, "cases/evidence.html", frame)


@page("cases.edit")
@require_POST
def register_device(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.DeviceForm(request.POST)
    if form.is_valid():
        try:
            actions.register_device(actor_of(request), case, **form.cleaned_data)
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
    return redirect("cases:evidence", case)
