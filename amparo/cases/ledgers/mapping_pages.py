"""The pages on which a ledger comes into a case and its platform's mapping is made. Views, split off for length."""

from __future__ import annotations

from collections.abc import Mapping as Table
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.access.doors import page
from amparo.cases import queries
from amparo.cases.coins.mapping import Mapping, parse
from amparo.cases.ledgers import actions as coin_acts, queries as coin_queries
from amparo.cases.ledgers.files import ENDINGS, LedgerUploadHandler, SealedUpload, largest_bytes
from amparo.cases.ledgers.forms import (
    EVENT_CHOICES,
    FIELD_CHOICES,
    TIMES,
    WORD_CHOICES,
    LedgerForm,
    MappingForm,
    MappingTextForm,
)
from amparo.cases.ledgers.mapping_text import PlatformSaid, SourceSaid, gathered, written
from amparo.cases.ledgers.pages import ledger_frame
from amparo.cases.ledgers.queries import FileFacts, LedgerFacts
from amparo.cases.page_frame import actor_of, frame_of, say
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id
from amparo.vault import queries as vault_queries


def _handler(request: HttpRequest, case: UUID, origin: UUID) -> LedgerUploadHandler:
    """Seals what comes into the case's compartment. Refused before a byte is read for who may not change the case."""
    if not queries.may_enter(actor_of(request).uuid, case):
        raise Refused(
            "This case is open only to officers who were let in. Ask the officer who opened it, or a supervisor."
        )
    handler = LedgerUploadHandler(request, vault_queries.compartment(queries.case(case).compartment), origin)
    handlers: list[FileUploadHandler] = [handler]
    request.upload_handlers = handlers
    return handler


# The form's check against posts from other sites reads the form, and with it the file; so where the file goes is said before
# that, and the check itself comes right after.
@csrf_exempt
@page("cases.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def add_ledger(request: HttpRequest, case: UUID) -> HttpResponse:
    """Files are sealed as they come and become a ledger of the case; so do files that came with a report."""
    ledger = new_id()
    return _add_ledger(request, case, ledger, _handler(request, case, ledger))


@csrf_protect
def _add_ledger(request: HttpRequest, case: UUID, ledger: UUID, handler: LedgerUploadHandler) -> HttpResponse:
    frame = frame_of(request, case, "coins.add")
    form = LedgerForm(request.POST or None, items=_ledger_items(case))
    if request.method == "POST" and handler.refused:
        form.add_error(None, handler.refused)
    elif request.method == "POST" and form.is_valid():
        files = _uploads(request)
        try:
            coin_acts.add_ledger(
                actor_of(request),
                case,
                form.cleaned_data["platform"],
                [each.sealed for each in files],
                [UUID(each) for each in form.cleaned_data.get("items", ())],
                uuid=ledger,
            )
        except Refused as error:
            for sentence in error.obstacles:
                form.add_error(None, sentence)
        else:
            for each in files:
                each.keep()
            messages.success(request, "The ledger is sealed in the case. Say what its columns mean, and have it read.")
            return redirect("cases:ledger_mapping", case, ledger)
    frame |= {
        "title": "Add a ledger",
        "form": form,
        "endings": ",".join(f".{each}" for each in ENDINGS),
        "largest": largest_bytes(),
        "platforms": [each.platform for each in coin_queries.mappings()],
    }
    return render(request, "cases/add_ledger.html", frame, status=400 if form.errors else 200)


def _uploads(request: HttpRequest) -> list[SealedUpload]:
    found = request.FILES.getlist("file")
    return [each for each in found if isinstance(each, SealedUpload)]


def _ledger_items(case: UUID) -> list[tuple[str, str]]:
    """Items of the case that may be a ledger, by their names' endings."""
    found = [line.item for line in queries.items(case) if line.item.name.rpartition(".")[2].lower() in ENDINGS]
    return [(str(each.uuid), f"{each.name} ({each.reference})") for each in found][:200]


@csrf_exempt
@page("cases.edit")
@require_POST
def add_files(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    return _add_files(request, case, ledger, _handler(request, case, ledger))


@csrf_protect
def _add_files(request: HttpRequest, case: UUID, ledger: UUID, handler: LedgerUploadHandler) -> HttpResponse:
    try:
        files = _uploads(request)
        if handler.refused:
            raise Refused(handler.refused)
        if coin_queries.ledger(ledger).case != case:
            raise Missing("There is no such ledger in this case.")
        coin_acts.add_files(actor_of(request), ledger, [each.sealed for each in files])
        for each in files:
            each.keep()
        messages.success(request, "Sealed in the case. Have the ledger read again, so that its results hold them too.")
    except (Refused, RequestDataTooBig) as error:
        say(request, error if isinstance(error, Refused) else Refused(str(error)))
    return redirect("cases:ledger", case, ledger)


# ---- the mapping


@page("cases.read")
@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    """The found columns with their first values, to say what they mean; the TOML itself beside it, for who knows it."""
    frame = ledger_frame(request, case, ledger, "coins.mapping")
    facts: LedgerFacts = frame["ledger"]
    versions = coin_queries.mappings(facts.platform)
    text = request.POST.get("text") or (versions[0].text if versions else "")
    stands = parse(versions[0].text.encode(), facts.platform) if versions else None
    said = request.POST if "columns" in request.POST else _as_said(facts, stands)
    sources = [_source(number, each, said) for number, each in enumerate(facts.files)]
    form = MappingForm(request.POST if "columns" in request.POST else None, initial=_initial(stands))
    obstacles: list[str] = []
    if "columns" in request.POST and form.is_valid():
        unsaid = [each for each in sources if each["ask_words"]]
        if unsaid and "words" not in request.POST:
            obstacles.append("Say below what the words in the column for the kind of event mean, and save.")
        else:
            text = _written(facts, form.cleaned_data, sources)
    wanted = request.method == "POST" and not obstacles and (form.is_valid() or "columns" not in request.POST)
    if wanted and (saved := _saved(request, facts, text, obstacles)):
        return saved
    if "columns" in request.POST and not form.is_valid():
        obstacles += [str(error) for errors in form.errors.values() for error in errors]
    frame |= {
        "form": form,
        "text_form": MappingTextForm(initial={"text": text}),
        "sources": sources,
        "versions": versions,
        "obstacles": obstacles,
        "looking": any(not each.looked for each in facts.files),
        "fields": FIELD_CHOICES,
        "events": EVENT_CHOICES,
        "times": [("", "as above"), *TIMES],
        "words": WORD_CHOICES,
    }
    return render(request, "cases/ledger_mapping.html", frame, status=400 if obstacles else 200)


def _saved(request: HttpRequest, facts: LedgerFacts, text: str, obstacles: list[str]) -> HttpResponse | None:
    """The mapping is kept and, where it was asked, the reading too; else what is wrong is among the obstacles."""
    by = actor_of(request)
    try:
        done = coin_acts.save_mapping(by, facts.platform, text, request.POST.get("note", ""))
        messages.success(request, f"Kept as version {done.version} of this platform's mapping.")
        if "read" in request.POST:
            coin_acts.ask_reading(by, facts.uuid, done.mapping)
    except Refused as error:
        obstacles += error.obstacles
        return None
    return redirect("cases:ledger", facts.case, facts.uuid)


def _initial(stands: Mapping | None) -> dict[str, Any]:
    """The form as the mapping that stands would fill it, as far as the form can say it."""
    if not stands:
        return {}
    first, last = stands.sources[0], stands.rates[-1] if stands.rates else None
    found = {"currency": stands.currency, "decimal": stands.decimal, "unit": stands.unit, "zone": first.zone}
    rate = {"rate_since": last.since, "rate_coins": last.coins, "rate_minor": last.money_minor} if last else {}
    return {**found, **rate, "time_format": first.time_formats[0]}


def _as_said(facts: LedgerFacts, stands: Mapping | None) -> dict[str, str]:
    """The choices of each file's columns as the mapping that stands makes them."""
    found: dict[str, str] = {}
    for number, file in enumerate(facts.files):
        place = stands.source_of(file.name) if stands else None
        if stands is None or place is None:
            continue
        source = stands.sources[place]
        fields = {column: field for field, column in source.columns.items()}
        found[f"s{number}event"] = source.event
        if source.time_formats != stands.sources[0].time_formats:
            found[f"s{number}time"] = source.time_formats[0]
        for at, column in enumerate(file.looked.get("columns", ())):
            name = str(column["name"])
            found[f"s{number}c{at}"] = fields.get(name) or fields.get(name.replace('"', ""), "")
            if fields.get(name) == "event":
                found |= {
                    f"s{number}w{each}": source.words[word][0]
                    for each, word in enumerate(column["words"])
                    if word in source.words
                }
    return found


def _source(number: int, file: FileFacts, said: Table[str, str]) -> dict[str, Any]:
    """One file on the form: its columns, each with what was chosen for it; the words to be explained once one is the event's."""
    columns = [
        {**each, "id": f"s{number}c{place}", "chosen": said.get(f"s{number}c{place}", "")}
        for place, each in enumerate(file.looked.get("columns", ()))
    ]
    event = said.get(f"s{number}event", "")
    column = next((each for each in columns if each["chosen"] == "event"), None)
    words = [
        {"word": word, "id": f"s{number}w{place}", "chosen": said.get(f"s{number}w{place}", "ignore")}
        for place, word in enumerate(column["words"] if column else ())
    ]
    return {
        "number": number,
        "file": file,
        "columns": columns,
        "event": event,
        "time": said.get(f"s{number}time", ""),
        "words": words,
        "ask_words": bool(column)
        and not event
        and not any(f"s{number}w{place}" in said for place in range(len(words))),
    }


def _written(facts: LedgerFacts, said: dict[str, Any], sources: list[dict[str, Any]]) -> str:
    rate = (said["rate_since"], said["rate_coins"], said["rate_minor"]) if said["rate_since"] else None
    platform = PlatformSaid(
        facts.platform, said["unit"], said["currency"], said["decimal"], said["time_format"], said["zone"], rate
    )
    used = [each for each in sources if each["event"] or any(column["chosen"] for column in each["columns"])]
    names = [each["file"].name for each in used]
    return written(platform, gathered([_said_of(each) for each in used], names))


def _said_of(source: dict[str, Any]) -> SourceSaid:
    """What the form says of one file."""
    looked, event = source["file"].looked, source["event"]
    columns = {
        column["chosen"]: column["name"]
        for column in source["columns"]
        if column["chosen"] and not (event and column["chosen"] == "event")
    }
    words = {} if event else {word["word"]: word["chosen"] for word in source["words"]}
    return SourceSaid(
        source["file"].name, looked.get("format", ""), event, columns, words, looked.get("records", ""), source["time"]
    )


@page("cases.read")
@require_safe
def mapping_text(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    """The mapping that the ledger was read by, as the file that `amparo analyse` takes."""
    facts: LedgerFacts = ledger_frame(request, case, ledger, "coins.mapping.toml")["ledger"]
    if not facts.mapping:
        raise Missing("This ledger has no mapping yet.")
    answer = HttpResponse(facts.mapping.text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mapping-{facts.mapping.version}.toml"'
    return answer


@page("cases.edit")
@require_POST
def read(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    """The worker is asked to read the ledger by the newest version of its platform's mapping."""
    facts = coin_queries.ledger(ledger)
    versions = coin_queries.mappings(facts.platform)
    if not versions:
        messages.error(request, "Say first what its columns mean.")
        return redirect("cases:ledger_mapping", case, ledger)
    try:
        coin_acts.ask_reading(actor_of(request), ledger, versions[0].uuid)
    except Refused as error:
        say(request, error)
    return redirect("cases:ledger", case, ledger)


@page("cases.edit")
@require_POST
def stop(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    try:
        coin_acts.stop_reading(actor_of(request), ledger)
        messages.success(request, "Stopped. Nothing of this reading counts; it can be asked for again.")
    except Refused as error:
        say(request, error)
    return redirect("cases:ledger", case, ledger)
