"""The scans of this house and each one live: numbers, never a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.foundation.errors import Missing
from amparo.foundation.home import Home
from amparo.matching import scans
from amparo.matching.scan import manifest
from amparo.matching.scan.outcomes import Outcome
from amparo.matching.scan.progress import in_words
from amparo.matching.scan.reading import View
from amparo.matching.scan.tally import WAITING, Summary, percent
from amparo.matching.scans import FINISHED, RUNNING, ScanFacts

HITS_A_PAGE = 50
TONES = {Outcome.KNOWN: "danger", Outcome.NEAR: "warn", Outcome.UNKNOWN: "neutral"}
MANIFESTS = {"csv": manifest.as_csv, "jsonl": manifest.as_json_lines}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def outcome_words() -> dict[str, str]:
    """Each outcome as a table names it."""
    return {
        Outcome.KNOWN: _("Known"),
        Outcome.NEAR: _("Near"),
        Outcome.UNKNOWN: _("On no list"),
        Outcome.TOO_PLAIN: _("Too plain"),
        Outcome.NOT_EXAMINED: _("Not examined"),
        Outcome.UNREADABLE: _("Unreadable"),
        WAITING: _("Copies of files under way"),
    }


def reason_words(reason: str) -> str:
    """Why a file was not examined or could not be read; the code itself where nobody gave it words."""
    return {
        "link": _("a link: it has no bytes of its own and is not followed"),
        "pipe": _("a pipe"),
        "socket": _("a socket"),
        "block_device": _("a disk device"),
        "character_device": _("a device"),
        "unknown": _("of a type that this system does not know"),
        "path_too_long": _("a folder whose path is longer than 65,536 bytes; it was not entered"),
        "too_big": _("larger than the scan was told to examine"),
        "not_unpacked": _("an archive, mail or document: what it holds was not taken out"),
        "no_reader": _("of a kind that has no reader here; compared by its digests"),
        "no_picture": _("a video without pictures; compared by its digests"),
        "nothing_to_read": _("nothing to look at; compared by its digests"),
        "no_look_listed": _("the lists hold no fingerprint to compare its look with"),
        "malformed": _("damaged, or not what it claims to be"),
        "timed_out": _("took too long to decode and was stopped"),
        "out_of_memory": _("needs more memory to decode than is allowed"),
        "forbidden_call": _("tried a forbidden step in the sandbox and was stopped"),
        "crashed": _("the reader failed on it"),
        "video_cut_off": _("a video that is cut off; what there is of it was compared"),
        "video_damaged": _("a damaged video; what could be decoded was compared"),
        "video_out_of_time": _("a video too long to be seen to its end; its beginning was compared"),
        "video_too_many": _("a video with too many frames; its beginning was compared"),
        "permission_denied": _("may not be read by whoever runs the scan"),
        "vanished": _("was gone when it was to be read"),
        "changed": _("changed while it was read"),
        "name_too_long": _("has a name that the system can't take"),
        "would_block": _("gives no bytes without waiting"),
        "read_error": _("the disk gives an error"),
    }.get(reason, reason.replace("_", " "))


@page("scans.read")
@require_safe
def scan_list(request: HttpRequest) -> HttpResponse:
    rows = [_row(each) for each in scans.scans(_actor(request))]
    return render(request, "matching/scans.html", {"title": _("Scans"), "rows": rows})


def _row(facts: ScanFacts) -> dict[str, Any]:
    """A line of a list of scans. A running one's counts come from its own file."""
    figures = dict(facts.figures)
    state = _state(facts)
    if facts.state != FINISHED:
        try:
            with View(scans.file_of(Home.from_env(), facts.uuid)) as view:
                figures = scans.figures_of(view.summary())
        except Missing:
            pass  # run on another machine: what it said last stands
    return {
        "scan": facts,
        "state": state,
        "figures": figures,
        "share": percent(figures.get("settled", 0), figures.get("media", 0)),
    }


def _state(facts: ScanFacts) -> dict[str, str]:
    """The state in words. A process that was killed could not say so; its lock is free again."""
    if facts.state == FINISHED:
        return {"name": "finished", "words": _("Finished"), "tone": "good"}
    if facts.state == RUNNING:
        if scans.is_worked_at(Home.from_env(), facts.uuid):
            return {"name": "running", "words": _("Running"), "tone": "info"}
        return {"name": "cut_off", "words": _("Cut off"), "tone": "warn"}
    return {"name": "stopped", "words": _("Stopped"), "tone": "warn"}


@page("scans.read")
@require_safe
def scan(request: HttpRequest, uuid: UUID) -> HttpResponse:
    actor = _actor(request).with_purpose("scan")
    scans.read_scan(actor, uuid)
    facts = scans.scan(uuid)
    context: dict[str, Any] = {"title": ", ".join(facts.devices), "scan": facts, **_live(facts)}
    with View(scans.file_of(Home.from_env(), uuid)) as view:
        kind = request.GET.get("match", "")
        kind = kind if kind in {"exact", "near"} else ""
        context["lists"] = view.about("lists")
        context["hits"] = Paginator(cast("Any", _Hits(view, kind)), HITS_A_PAGE).get_page(request.GET.get("page"))
        context["hit_lines"] = _hit_lines(view, context["hits"])
        context["hit_choices"] = [
            ("exact", _("The same bytes"), view.hit_count("exact")),
            ("near", _("Near by look"), view.hit_count("near")),
        ]
    return render(request, "matching/scan.html", context)


class _Hits:
    """The hits of a scan as a paginator asks for them: how many, and a slice."""

    def __init__(self, view: View, kind: str) -> None:
        self._view, self._kind = view, kind

    def count(self) -> int:
        return self._view.hit_count(self._kind)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: Any, /) -> Any:
        start = part.start or 0
        return self._view.hits(self._kind, start, part.stop - start)


def _hit_lines(view: View, found: Page[Any]) -> list[dict[str, Any]]:
    labels = {each.id: each.label for each in view.devices()}
    lists = {each["uuid"]: f"{each['name']} {each['version']}" for each in view.about("lists")}
    return [
        {
            "hit": each,
            "device": labels[each.device],
            "list": lists.get(each.list, ""),
            "list_href": reverse("matching:list", args=[each.list]),
            "turned": each.turn not in {"", "original"},
            "at": in_film(each.at_ms),
        }
        for each in found
    ]


def in_film(milliseconds: int | None) -> str:
    """Where in a video, as its player shows it: 1:02:03."""
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@page("scans.read")
@require_safe
def scan_now(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The part of the page that moves. When the scan has ended, the whole page is asked for anew: its hits are all there."""
    facts = scans.seen(_actor(request), uuid)
    live = _live(facts)
    answer = render(request, "matching/parts/scan_live.html", {"scan": facts, **live})
    if live["state"]["name"] != "running":
        answer["HX-Refresh"] = "true"
    return answer


def _live(facts: ScanFacts) -> dict[str, Any]:
    """Counts, pace and what is waited for, as they stand in the scan's file now."""
    with View(scans.file_of(Home.from_env(), facts.uuid)) as view:
        summary, devices = view.summary(), view.devices()
        pace, trouble, phase = view.about("pace") or {}, view.about("trouble") or "", view.about("phase")
    words = outcome_words()
    shown = {name: count for name, count in summary.by_outcome().items() if name != WAITING or count}
    return {
        "state": _state(facts),
        "phase": phase,
        "summary": summary,
        "share": summary.settled_percent,
        "pace": pace,
        "time_left": in_words(pace.get("seconds_left")) if pace else "",
        "trouble": trouble,
        "outcomes": [
            {"name": name, "label": words[name], "value": count, "tone": TONES.get(Outcome(name), "") if name else ""}
            for name, count in shown.items()
        ],
        "devices": [
            {
                "label": each.label,
                "counts": list(_columns(summary.of_device(each.id))),
                **_sums(summary.of_device(each.id)),
            }
            for each in devices
        ],
        "reasons": [
            {"outcome": words[outcome], "words": reason_words(reason), "files": files}
            for outcome in (Outcome.NOT_EXAMINED, Outcome.UNREADABLE)
            for reason, files in summary.by_reason(outcome).items()
        ],
    }


def _columns(summary: Summary) -> Iterator[tuple[str, int]]:
    counts, words = summary.by_outcome(), outcome_words()
    return ((words[each], counts[each]) for each in Outcome)


def _sums(summary: Summary) -> dict[str, Any]:
    return {
        "files": summary.found,
        "size_bytes": summary.found_bytes,
        "copies": summary.copies,
        "share": summary.settled_percent,
    }


@page("scans.read")
@require_safe
def take_manifest(request: HttpRequest, uuid: UUID, form: str) -> StreamingHttpResponse:
    """Every file's line as CSV or JSON lines; that it was taken out of the house stands in the record."""
    if form not in MANIFESTS:
        raise Missing("There is no such form of a manifest.")
    scans.take_manifest(_actor(request).with_purpose("scan"), uuid, form)
    facts = scans.scan(uuid)
    view = View(scans.file_of(Home.from_env(), uuid))

    def pieces() -> Iterator[bytes]:
        with view:
            yield from MANIFESTS[form](view)

    answer = StreamingHttpResponse(pieces(), content_type=f"{manifest.MEDIA_TYPES[form]}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="scan-{facts.reference}.{form}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def case_panel(request: HttpRequest, subject: UUID) -> str:
    """On a case: the scans of its devices, with what nobody has to look at any more."""
    found = scans.scans_of_case(subject)
    if not found or not _actor(request).can("scans.read"):
        return ""
    return render_to_string("matching/parts/case_scans.html", {"rows": [_row(each) for each in found]}, request)
