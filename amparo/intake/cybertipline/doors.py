"""The endpoints of NCMEC's CyberTipline reporting API, so that a platform's client works by changing its address.

    GET status, xsd     POST submit, upload, fileinfo, finish, retract

HTTP basic authentication with the platform's key as the password, whatever the user name (docs/formats/cybertipline.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

from amparo.foundation.errors import AmparoError, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake.api import keys, uploads
from amparo.intake.api.completeness import Lack, grade_words
from amparo.intake.api.doorway import buckets
from amparo.intake.api.keys import KeyFacts
from amparo.intake.cybertipline import answers, tips
from amparo.intake.cybertipline.answers import Answer
from amparo.intake.cybertipline.form import take_file
from amparo.intake.cybertipline.tips import LARGEST_XML_BYTES, Coded

log = logging.getLogger("amparo.api")

DRAINED_BYTES = 256 << 20
FORM_BYTES = 64 << 10
View = Callable[[HttpRequest, KeyFacts], Answer]


def endpoint(
    method: str, scope: str = "", *, done: bool = False
) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """Heads an endpoint: who asks, whether they may, and an answer in NCMEC's form for everything that goes wrong.

    done: answers with a reportDoneResponse, refusals too, since clients read nothing else at that address.
    """
    files = () if done else None

    def head(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponse:
            key = None
            try:
                key = keys.key_of(request.headers.get("Authorization", ""))
                return _sent(_asked(request, key, view), key, request)
            except Coded as refusal:
                return _sent(Answer(refusal.code, refusal.number, refusal.sentence, files=files), key, request)
            except (RequestDataTooBig, TooManyFieldsSent, MultiPartParserError):
                return _sent(Answer(answers.INVALID, files=files), key, request)
            except Refused as refusal:
                return _sent(Answer(answers.INVALID, None, refusal.sentence, files=files), key, request)
            except (AmparoError, DatabaseError, OSError) as fault:
                log.error("a report in NCMEC's form could not be kept: %s", type(fault).__name__)
            except Exception as fault:  # a fault of ours is answered in their form, too
                log.error("a request in NCMEC's form failed: %s", type(fault).__name__)
            return _sent(Answer(answers.SERVER_ERROR), key, request)

        return answered

    def _asked(request: HttpRequest, key: KeyFacts | None, view: View) -> Answer:
        if key is None:
            return Answer(answers.NOT_KNOWN)
        if request.method not in (method, "HEAD" if method == "GET" else method):
            return Answer(answers.INVALID, None, f"This is asked by {method}.")
        if scope and scope not in key.scopes:
            return Answer(answers.NOT_ALLOWED)
        return view(request, key)

    return head


def _sent(answer: Answer, key: KeyFacts | None, request: HttpRequest) -> HttpResponse:
    if answer.code and key is not None:
        _drain(request)
    response = HttpResponse(answer.xml(), status=answer.status, content_type="text/xml; charset=utf-8")
    response["Request-ID"] = new_id().hex
    response["Cache-Control"] = "no-store"
    if answer.code == answers.NOT_KNOWN:
        response["WWW-Authenticate"] = 'Basic realm="reports", charset="UTF-8"'
    return response


def _drain(request: HttpRequest) -> None:
    """What is still being sent is read and dropped: else its sender sees a broken connection in the answer's place."""
    with suppress(OSError, ValueError):
        left = DRAINED_BYTES
        while left > 0 and (block := request.read(1 << 18)):
            left -= len(block)


def _document(request: HttpRequest) -> bytes:
    """The XML in the body, whatever type it is said to have. Raises Coded for one that is too large."""
    data = request.read(LARGEST_XML_BYTES + 1)
    if len(data) > LARGEST_XML_BYTES:
        raise Coded(answers.MALFORMED_XML, f"An XML document may have up to {LARGEST_XML_BYTES >> 20} MB.")
    said = request.META.get("CONTENT_LENGTH") or ""
    if said.isascii() and said.isdecimal() and len(data) < int(said[:20]):
        raise Coded(answers.MALFORMED_XML, "The document broke off before its end: send it again.")
    return data


def _number(request: HttpRequest) -> int:
    """The field id of a small form, in either of a form's encodings. Raises Coded."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length[:20]) > FORM_BYTES:
        raise Coded(answers.INVALID, "Send a form with the field id alone.")
    return tips.number_of(request.POST.get("id", "") or request.GET.get("id", ""))


def _told(score: int | None, lacks: Iterable[Lack]) -> str:
    words = grade_words()
    return answers.success(score, [(words[each.grade], each.why) for each in lacks])


# --- The endpoints -----------------------------------------------------------------------------------------------------------


@endpoint("GET")
def status(request: HttpRequest, key: KeyFacts) -> Answer:
    trial = " (test)" if key.test else ""
    said = f"Remote User : {key.name}{trial}, Remote Ip : {request.META.get('REMOTE_ADDR', '')}"
    return Answer(answers.SUCCESS, None, said)


@csrf_exempt
def xsd(request: HttpRequest) -> HttpResponse:
    """What this door reads and answers, as a schema of its own. NCMEC's schema is NCMEC's, and stricter."""
    if keys.key_of(request.headers.get("Authorization", "")) is None:
        return _sent(Answer(answers.NOT_KNOWN), None, request)
    return HttpResponse(
        Path(__file__).with_name("schema.xsd").read_bytes(), content_type="application/xml; charset=utf-8"
    )


@endpoint("POST", "reports")
def submit(request: HttpRequest, key: KeyFacts) -> Answer:
    """Opens a report. What it lacks, and why that matters, stands in the description."""

    def allow(urgent: bool) -> None:
        standing = buckets.take(key.uuid, key.reports_a_second, urgent=urgent)
        if not standing.allowed:
            raise Coded(answers.SERVER_ERROR, f"Too many at once: send it again in {standing.wait_s} seconds.")

    opened = tips.open_tip(Home.from_env(), key, _document(request), allow)
    return Answer(answers.SUCCESS, opened.number, _told(opened.graded.score, opened.graded.missing))


@endpoint("POST", "files")
def upload(request: HttpRequest, key: KeyFacts) -> Answer:
    def take(report: str, name: str, media_type: str, file: BinaryIO) -> Answer:
        number = tips.number_of(report)
        taken = tips.add_file(key, number, name, media_type, file, uploads.LARGEST_BYTES)
        return Answer(answers.SUCCESS, number, file=taken.code, md5=taken.md5)

    answer: Answer = take_file(request, take)
    return answer


@endpoint("POST", "files")
def fileinfo(request: HttpRequest, key: KeyFacts) -> Answer:
    described = tips.describe(Home.from_env(), key, _document(request))
    lacks = [each for each in described.graded.missing if each.field.startswith("file_")]
    return Answer(answers.SUCCESS, described.number, _told(None, lacks))


@endpoint("POST", "reports", done=True)
def finish(request: HttpRequest, key: KeyFacts) -> Answer:
    number = _number(request)
    return Answer(answers.SUCCESS, number, files=tips.finish(Home.from_env(), key, number).files)


@endpoint("POST", "reports")
def retract(request: HttpRequest, key: KeyFacts) -> Answer:
    number = _number(request)
    tips.retract(key, number)
    return Answer(answers.SUCCESS, number)


@endpoint("GET")
def nothing(request: HttpRequest, key: KeyFacts) -> Answer:
    return Answer(answers.UNKNOWN_DOOR)
