"""HMA's interface, answered: the same addresses below this one, the same parameters, the same answers.

Every question needs a key, save whether this house is alive. What is asked and answered is counted, never kept. Nothing can be
changed here and no list can be read out; a file that is sent is looked at inside the sandbox.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import BadRequest as MalformedRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from amparo.access.doors import public_page
from amparo.foundation.errors import AmparoError
from amparo.foundation.ids import new_id
from amparo.matching.hma import actions, asking, keys, protocol
from amparo.matching.hma.models import Client
from amparo.matching.hma.protocol import BadRequest, Match
from amparo.matching.hma.uploads import MOST_BYTES, InMemory
from amparo.matching.looks import Looks, looks_of
from amparo.sandbox.readings import ExaminationFailed, PictureReading
from amparo.sandbox.warden import the_warden

P = ParamSpec("P")
BODY_BYTES = 1 << 20


@dataclass
class Question:
    """One request of a system that may ask; what of it is counted."""

    request: HttpRequest
    client: Client
    files: int = 0
    hits: int = 0
    given: dict[str, str] = field(default_factory=dict)

    def found(self, matches: list[Match]) -> list[Match]:
        self.hits += len(matches)
        return matches


View = Callable[Concatenate[Question, P], object]


@public_page
def alive(request: HttpRequest) -> HttpResponse:
    """That the house answers. Its lists are read from disk as they are asked: there is no index to wait for."""
    return HttpResponse("I-AM-ALIVE")


def asked(*methods: str) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """Heads an answer: needs a key, answers in JSON whatever happens, and counts."""

    def head(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @csrf_exempt  # no browser's session counts here, only the key
        @public_page
        @wraps(view)
        def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            client = keys.client_of(request.headers.get("Authorization", ""), request.headers.get("X-API-Key", ""))
            if client is None:
                return _said(
                    "A key is needed: ask whoever looks after the lists here.", 401, {"WWW-Authenticate": "Bearer"}
                )
            if request.method not in methods:
                return _said(protocol.NOT_CHANGED_HERE if request.method != "GET" else "This is asked by POST.", 405)
            question = Question(request, client, given=request.GET.dict())
            answer = _answer(view, question, *args, **kwargs)
            actions.count(client, questions=1, files=question.files, hits=question.hits)
            return answer

        return answered

    return head


def _answer(view: View[P], question: Question, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
    try:
        return JsonResponse(view(question, *args, **kwargs), safe=False)
    except BadRequest as problem:
        if problem.fields:
            return JsonResponse(problem.fields, safe=False, status=problem.status)
        return _said(problem.message, problem.status)
    except ExaminationFailed as failure:
        return _said(failure.sentence, 400)
    except MalformedRequest:
        return _said("The request can't be read.", 400)
    except AmparoError as error:
        return _said(error.sentence, 503)


def _said(message: str, status: int, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"message": message}, status=status, headers=headers)


# --- /m: matching -----------------------------------------------------------------------------------------------------------


@asked("GET")
def raw_lookup(question: Question) -> object:
    given = question.given
    protocol.required(given, "signal", "signal_type")
    with_distance = protocol.truth(given, "include_distance")
    matches = asking.matches_of_signal(given["signal_type"], given["signal"], protocol.wanted_banks(given))
    return protocol.raw(question.found(matches), with_distance=with_distance)


@asked("GET", "POST")
def lookup(question: Question) -> object:
    if question.request.method == "POST":
        return _lookup_file(question)
    given = question.given
    protocol.truth(
        given, "bypass_coinflip"
    )  # every bank that counts is asked always; a wrong value is told all the same
    if given.get("url"):
        raise BadRequest(protocol.NOT_FETCHED, 403)
    if not given.get("signal") or not given.get("signal_type"):
        raise BadRequest("Either url or both signal and signal_type are required")
    matches = asking.matches_of_signal(given["signal_type"], given["signal"], protocol.wanted_banks(given))
    return protocol.by_bank(question.found(matches))


def _lookup_file(question: Question) -> object:
    wanted = protocol.wanted_banks(question.given)
    answer = {}
    for kind, (digest, looks) in _signals_of_file(question).items():
        if not digest:
            raise BadRequest("invalid signal: this picture is too plain to compare")
        answer[kind] = protocol.by_bank(question.found(asking.matches_of_file(kind, digest, looks, wanted)))
    return answer


@asked("POST")
def compare(question: Question) -> object:
    if question.request.content_type != "application/json":
        raise BadRequest(
            "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.", 415
        )
    body = question.request.read(BODY_BYTES + 1)
    if len(body) > BODY_BYTES:
        raise BadRequest("This request is too large.", 413)
    try:
        return protocol.compared(json.loads(body))
    except (ValueError, RecursionError):
        raise BadRequest("This request holds no JSON.") from None


@asked("GET")
def index_status(question: Question) -> object:
    return asking.index_status(question.given.get("signal_type"))


# --- /h: hashing ------------------------------------------------------------------------------------------------------------


@asked("GET", "POST")
def hash_file(question: Question) -> object:
    if question.request.method == "GET":
        protocol.required(question.given, "url")
        raise BadRequest(protocol.NOT_FETCHED, 403)
    return {kind: digest.hex() for kind, (digest, _) in _signals_of_file(question).items()}


def _signals_of_file(question: Question) -> dict[str, tuple[bytes, Looks | None]]:
    """The signals of the one file that was sent: its digest (none for a picture too plain to compare), and a picture's looks."""
    request = question.request
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES + BODY_BYTES:
        raise BadRequest("Content too large", 413)
    request.upload_handlers = [InMemory(request)]
    sent = [(name, file) for name in request.FILES for file in request.FILES.getlist(name)]
    if not sent:
        raise BadRequest("Missing multipart/form-data file upload")
    if len(sent) > 1:
        raise BadRequest("Only one file allowed per request")
    ((content_type, file),) = sent
    question.files += 1
    wanted = protocol.signals_of(content_type, question.given.get("types"))
    data = file.read()
    signals: dict[str, tuple[bytes, Looks | None]] = {}
    for kind in wanted:
        if kind == "pdq":
            signals[kind] = _look_of(data)
        else:
            signals[kind] = hashlib.new(protocol.SIGNALS[kind], data, usedforsecurity=False).digest(), None
    return signals


def _look_of(data: bytes) -> tuple[bytes, Looks]:
    # A question is no report and no case: each is a boundary of its own.
    with the_warden().boundary(new_id()) as box:
        reading = box.examine("picture", data)
    assert isinstance(reading, PictureReading)
    if reading.state != "examined":
        return b"", looks_of([])
    return bytes.fromhex(reading.pdq_hex), looks_of([bytes.fromhex(each) for each in reading.looks])


# --- /c: what there is ------------------------------------------------------------------------------------------------------


@asked("GET")
def banks(question: Question) -> object:
    return asking.bank_listing()


@asked("GET")
def bank(question: Question, name: str) -> object:
    return asking.bank_named(name)


@asked("GET")
def content(question: Question, name: str, number: int) -> object:
    if question.given.get("include_signals", "false").lower() == "true":
        raise BadRequest(protocol.NOT_HANDED_OUT, 403)
    return asking.content(name, number)


@asked("GET")
def signal_types(question: Question) -> object:
    return [{"name": name, "enabled_ratio": protocol.RATIO} for name in protocol.SIGNALS]


@asked("GET")
def signal_index(question: Question) -> object:
    return asking.signal_index(question.given.get("signal_type"))


@asked("GET")
def content_types(question: Question) -> object:
    return [{"name": name, "enabled": True} for name in protocol.CONTENT_TYPES]


@asked("GET")
def exchanges(question: Question) -> object:
    return []


@asked("GET")
def exchange(question: Question, name: str) -> object:
    raise BadRequest(f"Exchange '{name}' not found", 404)


@asked("GET")
def not_changed_here(question: Question, name: str = "", rest: str = "") -> object:
    raise BadRequest(protocol.NOT_CHANGED_HERE, 405)
