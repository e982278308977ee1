"""The pages of what groups have in common: items across groups, overlaps, the network, activity. Views, split off for length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from amparo.access import queries as access
from amparo.access.doors import page
from amparo.cases import actions, drawing, queries
from amparo.cases.chats.activity import Activity, by_step
from amparo.cases.chats.items_across import Across
from amparo.cases.chats.network import MOST_PERSONS
from amparo.cases.chats.overlap import MOST_GROUPS
from amparo.cases.page_frame import PAGE, actor_of, frame_of, say
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing, Refused

ANSWERS = (
    ("no_hit", "On no list"),
    ("hit", "Known item"),
    ("too_plain", "Too plain to compare"),
    ("not_examined", "Not examined"),
)
WHERE = (
    ("groups", "In several groups"),
    ("near", "With near copies"),
    ("uncertain", "First post not certain"),
    ("stickers", "Stickers"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_CIRCLES = 40  # on the page; the table has them all
MOST_NEAR = 6  # look-alikes of an item on the page; the table has them all
BUSIEST = 6  # shades of an hour, none to most


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A table as a file that no spreadsheet runs as formulas."""
    response = HttpResponse(csv_bytes(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def csv_stream(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """The same for a long table: written a row at a time."""

    def lines() -> Iterable[bytes]:
        yield csv_bytes(columns, ())
        for row in rows:
            yield csv_bytes(columns, (row,)).split(b"\r\n", 1)[1]

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def export_of(request: HttpRequest, case: UUID, part: str) -> str:
    """The export is recorded as such; returns the file's name."""
    actions.read_case(actor_of(request).with_purpose("export"), case, part)
    return f"{queries.case(case).reference}-{part.removesuffix('.csv')}"


# ---- items across groups


Alike = Mapping[str, tuple[str, ...]]


def _chosen(found: Iterable[Across], alike: Alike, request: HttpRequest) -> tuple[Across, ...]:
    verdict, where = request.GET.get("verdict", ""), request.GET.get("where", "")
    words = request.GET.get("search", "").strip().casefold()

    def fits(each: Across) -> bool:
        if each.sticker != (where == "stickers"):
            return False
        if (where == "groups" and len(each.groups) < 2) or (where == "near" and each.sha256 not in alike):
            return False
        if (where == "uncertain" and each.claim.certain) or (verdict and each.state != verdict):
            return False
        said = f"{each.sha256} {each.first.person or ''} {' '.join(name for _, name in each.groups)}"
        return not words or words in said.casefold()

    return tuple(each for each in found if fits(each))


@page("cases.read")
def across(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "across")
    found = queries.items_across(case)
    alike = queries.look_alikes(found)
    shown = Paginator(_chosen(found, alike, request), PAGE).get_page(request.GET.get("page"))
    by_digest = {each.sha256: each for each in found}
    near = {each.sha256: alike.get(each.sha256, ())[:MOST_NEAR] for each in shown}
    named = {by_digest[other].item for others in near.values() for other in others} | {each.item for each in shown}
    facts = queries.item_facts(sorted(named))
    states = Counter(str(each.state) for each in found if not each.sticker)
    verdicts = queries.item_verdicts([each.item for each in shown])
    frame |= {
        "page": shown,
        "rows": [
            (
                each,
                verdicts[each.item],
                facts.get(each.item),
                [(facts.get(by_digest[other].item), by_digest[other]) for other in near[each.sha256]],
                len(alike.get(each.sha256, ())) - len(near[each.sha256]),
            )
            for each in shown
        ],
        "total": len(found),
        "question": queries.first_question(case, found),
        "answers": [(key, words, states[key]) for key, words in ANSWERS],
        "where": WHERE,
        "query": request.GET.urlencode(),
    }
    return render(request, "cases/across.html", frame)


ACROSS_COLUMNS = (
    "sha256", "lists say", "first posted by", "group", "line", "as written", "utc", "certain", "why not certain", "groups", "posts",
    "people", "sticker", "near copies",
)  # fmt: skip


@page("cases.read")
def across_csv(request: HttpRequest, case: UUID) -> HttpResponse:
    name = export_of(request, case, "across.csv")
    found = queries.items_across(case)
    alike = queries.look_alikes(found)
    rows = (
        (
            each.sha256, each.state, each.first.person, each.first.group_name, each.first.line, each.first.at.raw,
            each.first.at.utc.isoformat() if each.first.at.utc else "", "yes" if each.claim.certain else "no",
            each.why_not_certain, " | ".join(group for _, group in each.groups), each.posts, each.people,
            "yes" if each.sticker else "no", " ".join(alike.get(each.sha256, ())),
        )
        for each in _chosen(found, alike, request)
    )  # fmt: skip
    return csv_answer(name, ACROSS_COLUMNS, rows)


# ---- overlaps


@page("cases.read")
def overlaps(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "overlaps")
    found = queries.overlaps(case, queries.items_across(case))
    circles = queries.circle_lines(found)
    officer, names = actor_of(request).uuid, {each.uuid: each for each in access.officers()}

    def case_line(each: Any) -> tuple[Any, bool, Any]:
        return each, queries.may_enter(officer, each.case), names.get(each.opened_by)

    frame |= {
        "found": found,
        "page": Paginator(found.shared.named(request.GET.get("search", "")), PAGE).get_page(request.GET.get("page")),
        "circles": circles[:MOST_CIRCLES],
        "circle_count": len(circles),
        "people_elsewhere": [case_line(each) for each in queries.people_elsewhere(case)],
        "items_elsewhere": [case_line(each) for each in queries.items_elsewhere(case)],
        "query": request.GET.urlencode(),
    }
    return render(request, "cases/overlaps.html", frame)


@page("cases.read")
def overlaps_csv(request: HttpRequest, case: UUID) -> StreamingHttpResponse:
    """Between groups, with the page's search; with part=circles or part=cases the other two lists."""
    part = request.GET.get("part", "")
    if part == "circles":
        return csv_stream(export_of(request, case, "overlaps.circles.csv"), CIRCLE_COLUMNS, _circle_rows(case))
    if part == "cases":
        return csv_stream(export_of(request, case, "overlaps.cases.csv"), ELSEWHERE_COLUMNS, _elsewhere_rows(case))
    rows = _overlap_rows(case, request.GET.get("search", ""))
    return csv_stream(export_of(request, case, "overlaps.csv"), OVERLAP_COLUMNS, rows)


OVERLAP_COLUMNS = ("group", "members", "other group", "its members", "members in both", "by chance", "items in both")
CIRCLE_COLUMNS = ("circle", "person", "name", "groups that tie it")
ELSEWHERE_COLUMNS = ("case", "what stands there too", "how many", "people of this case")


def _overlap_rows(case: UUID, search: str) -> Iterator[tuple[object, ...]]:
    for each in queries.overlaps(case, queries.items_across(case)).shared.named(search):
        chance = f"{each.by_chance:.1f}"
        yield each.one.name, each.one.members, each.two.name, each.two.members, each.members, chance, each.items


def _circle_rows(case: UUID) -> Iterator[tuple[object, ...]]:
    for circle in queries.circle_lines(queries.overlaps(case)):
        for person in circle.people:
            yield circle.number, person.reference, person.handle, " | ".join(circle.groups)


def _elsewhere_rows(case: UUID) -> Iterator[tuple[object, ...]]:
    for each in queries.people_elsewhere(case):
        yield each.reference, "exact identifiers", each.identifiers, each.people
    for shared in queries.items_elsewhere(case):
        yield shared.reference, "items, byte for byte", shared.items, ""


# ---- the network


@page("cases.read")
def network(request: HttpRequest, case: UUID) -> HttpResponse:
    """Few people one by one; many gathered into groups, and opened on demand."""
    frame = frame_of(request, case, "network")
    opened = {name: _uuid(request.GET.get(name, "")) for name in ("group", "person")}
    few = frame["case"].people <= MOST_PERSONS and not any(opened.values())
    country = request.GET.get("country", "")
    frame |= {
        "data": {"nodes": []},
        "src": "",
        "opened": "",
        "opened_words": "",
        "opened_group": None,
        "drawn": 0,
        "drawn_of": 0,
    }
    if few or country:
        frame |= {"data": drawing.network_of(case, country), "opened": country}
        return render(request, "cases/network.html", frame)
    if person := opened["person"]:
        facts = queries.person(person)
        _of_case(facts.case, case)
        frame |= {
            "data": queries.opened_person(case, person, _href(case)),
            "opened_words": f"{facts.reference} {facts.handle}",
        }
    elif group := opened["group"]:
        facts_of = queries.group(group)
        _of_case(facts_of.case, case)
        data, drawn, total = queries.opened_group(case, group, _href(case))
        frame |= {
            "data": data,
            "drawn": drawn,
            "drawn_of": total,
            "opened_words": facts_of.name,
            "opened_group": facts_of,
        }
    else:
        frame |= {"src": reverse("cases:network_data", args=[case]), "most": MOST_GROUPS}
    return render(request, "cases/network.html", frame)


def _of_case(theirs: UUID, case: UUID) -> None:
    if theirs != case:
        raise Missing("There is no such person or group in this case.")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@page("cases.read")
def network_data(request: HttpRequest, case: UUID) -> HttpResponse:
    """The gathered picture, which the page asks for once it stands: never more than a few hundred nodes."""
    actions.read_case(actor_of(request).with_purpose("case"), case, "network")
    return JsonResponse(queries.gathered(queries.overlaps(case, queries.items_across(case)), _href(case)))


def _href(case: UUID) -> Any:
    def href(kind: str, subject: object) -> str:
        match kind:
            case "person":
                return reverse("cases:person", args=[case, subject])
            case "circle":
                return f"{reverse('cases:overlaps', args=[case])}#circle-{subject}"
        return f"{reverse('cases:network', args=[case])}?{urlencode({'group': subject})}"

    return href


# ---- activity


@page("cases.read")
def activity(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "activity")
    found = _activity(request, case)
    steps = by_step(found.days)
    zones = sorted({each.zone for each in found.clocks if each.zone})
    most = max(found.week.values(), default=0) or 1
    frame |= {
        "activity": found,
        "steps": steps,
        "columns": drawing.columns(steps),
        "hours": [(hour, *counts) for hour, counts in enumerate(found.hours)],
        "week": [
            (
                name,
                [(hour, n, -(-n * BUSIEST // most)) for hour in range(24) for n in (found.week.get((day, hour), 0),)],
            )
            for day, name in enumerate(DAYS)
        ],
        "zones": [(each, each) for each in zones],
        "group_choices": [(str(each.uuid), each.name) for each in frame["groups"]],
        "query": request.GET.urlencode(),
    }
    return render(request, "cases/activity.html", frame)


def _activity(request: HttpRequest, case: UUID) -> Activity:
    chosen = [found for each in request.GET.getlist("group") if (found := _uuid(each))]
    zone = request.GET.get("other", "").strip() or request.GET.get("zone", "")
    try:
        return queries.activity(case, zone, chosen)
    except Refused as error:
        say(request, error)
        return queries.activity(case, "", chosen)


@page("cases.read")
def activity_csv(request: HttpRequest, case: UUID) -> HttpResponse:
    name = export_of(request, case, "activity.csv")
    found = _activity(request, case)
    clock = found.zone or "each export's own clock"
    rows: list[tuple[object, ...]] = [("day", day, clock, *counts) for day, counts in found.days.items()]
    rows += [("hour of the day", f"{hour:02d}:00", clock, *counts) for hour, counts in enumerate(found.hours)]
    rows += [("left out: zone not known", each.name, "", each.messages, "") for each in found.left_out]
    rows += [("without a time", "", "", found.undated, "")] if found.undated else []
    return csv_answer(name, ("what", "when", "clock", "messages", "items first posted"), rows)
