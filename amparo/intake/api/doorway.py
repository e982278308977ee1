"""The platforms' door: what every request of theirs goes through. REST and JSON, by django-ninja.

A process of its own, with the house's database and no key file: it seals, and can't open what it took. What it answers is described
by its OpenAPI document (docs/formats/openapi.json), made from report_doors.py and file_doors.py; docs/formats/report-api.md says it
in words. Every request needs a key; whatever goes wrong is a problem (RFC 9457) with a sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header, NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError as BadParameters
from ninja.security.http import HttpAuthBase
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from amparo.foundation.errors import AmparoError, Missing, Refused
from amparo.intake.api import answers, keys, uploads
from amparo.intake.api.keys import KeyFacts
from amparo.intake.api.limits import Buckets
from amparo.intake.api.once import Request, Said, digest_of, once
from amparo.intake.api.problems import Problem, answer, pointer_of
from amparo.intake.api.reading import BODY_BYTES, Malformed, object_of
from amparo.intake.api.submission import Submission

log = logging.getLogger("amparo.api")

VERSION = "1.0.0"
PROBLEM_TYPE = "application/problem+json"
MOST_FAULTS = 100
DRAINED_BYTES = 128 << 20
IDEMPOTENCY = r"^[\x21-\x7e]{1,255}$"
M = TypeVar("M", bound=BaseModel)
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=IDEMPOTENCY,
        description="Chosen by you, another for each request, kept 30 days: the same request under it is done once.",
    ),
]
buckets = Buckets()


class Keyed(HttpAuthBase):
    """Whoever brings a key that counts."""

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> KeyFacts | None:
        return keys.key_of(request.headers.get("Authorization", ""))


class Door(NinjaAPI):
    """The door, with the parts of its document that django-ninja can't know: bodies are read by us, and errors have a type."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> Any:
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        _, bodies = models_json_schema(
            [(model, "validation") for model in (Submission, answers.Retraction, answers.FileAnnounced)],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"].update(bodies["$defs"])
        for path in document["paths"].values():
            for operation in path.values():
                for status, told in operation["responses"].items():
                    content = told.get("content")
                    if int(status) >= 400 and content and "application/json" in content:
                        content[PROBLEM_TYPE] = content.pop("application/json")
        return document


door = Door(
    title="Amparo: the platforms' door",
    version=VERSION,
    description=(
        "Report child sexual abuse or exploitation found on a platform. A report is answered at once with what it lacks and "
        "why that matters. Nothing of a report can be read back."
    ),
    auth=Keyed(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="platforms",
)


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


# --- Reading requests --------------------------------------------------------------------------------------------------------


def allowed(request: HttpRequest, scope: str) -> KeyFacts:
    held: KeyFacts = request.auth  # type: ignore[attr-defined]
    if scope not in held.scopes:
        raise Problem(403, f"This key may not do that: it has no scope “{scope}”.")
    return held


def length_of(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or ""
    if not (said.isascii() and said.isdecimal()):
        raise Problem(411, "Say how long the body is (Content-Length).")
    return int(said[:20])


def body_of(request: HttpRequest) -> bytes:
    """A JSON body's bytes as they came. Raises Problem."""
    if request.content_type != "application/json":
        raise Problem(415, "Send the body as application/json.")
    if length_of(request) > BODY_BYTES:
        raise Problem(413, f"A report's fields may take {BODY_BYTES >> 20} MiB. Send files by POST /files.")
    return request.body


def read(model: type[M], body: bytes) -> M:
    try:
        return model.model_validate(object_of(body))
    except Malformed as error:
        raise Problem(400, error.sentence, [(error.pointer, error.sentence)]) from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [(pointer_of(each["loc"]), each["msg"]) for each in found[:MOST_FAULTS]]
        raise Problem(422, f"{len(found)} fields can't be read as they stand.", faults) from None


def asked_by(request: HttpRequest, key: KeyFacts, idempotency: str, body: bytes) -> Request:
    return Request(key, idempotency, digest_of(str(request.method), request.path, body))


def limited(key: KeyFacts, asked: Request, do: Callable[[], Said], *, urgent: bool = False) -> HttpResponse:
    headers: dict[str, str] = {}

    def allow() -> None:
        standing = buckets.take(key.uuid, key.reports_a_second, urgent=urgent)
        headers.update(standing.headers)
        if not standing.allowed:
            raise Problem(
                429,
                f"This key may send {key.reports_a_second} reports a second. Ask us where you need more.",
                headers=headers,
            )

    return said_again(once(asked, allow, do), headers)


def said_again(found: Said, headers: dict[str, str]) -> HttpResponse:
    replayed = {"Idempotency-Replayed": "true"} if found.replayed else {}
    return JsonResponse(found.body, status=found.status, headers={**headers, **replayed})


# --- What goes wrong ---------------------------------------------------------------------------------------------------------


def _drain(request: HttpRequest) -> None:
    """What is still being sent is read and dropped: else whoever sends it sees a broken connection in the answer's place."""
    with suppress(OSError):
        left = DRAINED_BYTES
        while left > 0 and (block := request.read(1 << 18)):
            left -= len(block)


@door.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    if getattr(request, "auth", None):
        _drain(request)
    return answer(error)


@door.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    headers = {"WWW-Authenticate": 'Bearer realm="reports"'}
    return answer(Problem(401, "Send your key as a bearer token (Authorization: Bearer ...).", headers=headers))


@door.exception_handler(BadParameters)
def _parameters(request: HttpRequest, error: BadParameters) -> HttpResponse:
    wrong = ", ".join(str(each["loc"][-1]) for each in error.errors)
    return answer(
        Problem(
            400, f"Missing or malformed: {wrong}.", [("", f"{each['loc'][-1]}: {each['msg']}") for each in error.errors]
        )
    )


@door.exception_handler(AmparoError)
def _refused(request: HttpRequest, error: AmparoError) -> HttpResponse:
    _drain(request)
    if isinstance(error, Missing):
        return answer(Problem(404, error.sentence))
    if isinstance(error, uploads.Conflict):
        return answer(Problem(409, error.sentence))
    if isinstance(error, Refused):
        return answer(Problem(422, error.sentence, [("", each) for each in error.obstacles]))
    log.error("a request failed: %s", type(error).__name__)
    return _later()


@door.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer(Problem(413, f"A report's fields may take {BODY_BYTES >> 20} MiB. Send files by POST /files."))


@door.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answer(Problem(error.status_code, str(error)))


@door.exception_handler(OperationalError)
def _busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    log.error("the database did not take a request: %s", type(error).__name__)
    return _later()


@door.exception_handler(OSError)
def _disk(request: HttpRequest, error: OSError) -> HttpResponse:
    log.error("a request could not be kept: errno %s", error.errno)
    return _later()


@door.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("a request failed: %s", type(error).__name__)
    return answer(
        Problem(500, "Something failed here, and nothing was taken. Send it again with the same Idempotency-Key.")
    )


def _later() -> HttpResponse:
    words = "It could not be stored just now, and nothing was taken. Send it again with the same Idempotency-Key."
    return answer(Problem(503, words, headers={"Retry-After": "5"}))
