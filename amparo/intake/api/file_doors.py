"""Files at the platforms' door: announced, sent in parts, gone on with after anything, given up."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header

from amparo.foundation.home import Home
from amparo.intake.api import answers, uploads
from amparo.intake.api.accepting import API
from amparo.intake.api.doorway import (
    IdempotencyKey,
    allowed,
    asked_by,
    body_of,
    door,
    json_body,
    length_of,
    read,
    said_again,
)
from amparo.intake.api.once import Said, once
from amparo.intake.api.problems import Problem

BYTES = {
    "requestBody": {
        "required": True,
        "content": {
            each: {"schema": {"type": "string", "format": "binary"}}
            for each in ("application/offset+octet-stream", "application/octet-stream")
        },
    }
}


@door.post(
    "/files",
    response={201: answers.FileStatus, **answers.PROBLEMS},
    openapi_extra=json_body(answers.FileAnnounced),
    summary="Announce a file",
    operation_id="announce_file",
)
def announce_file(request: HttpRequest, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Before or after its report. Its bytes follow by PATCH, in as many parts as it takes."""
    key, body = allowed(request, "files"), body_of(request)
    said = read(answers.FileAnnounced, body)
    asked = asked_by(request, key, idempotency_key, body)

    def do() -> Said:
        with transaction.atomic():
            begun = uploads.begin(API, key, **said.model_dump())
            done = Said(201, _of_file(uploads.facts(key, begun.upload)))
            asked.remember(done.status, done.body)
        return done

    found = once(asked, lambda: None, do)
    headers = {"Location": f"/api/v1/files/{found.body['id']}", "Upload-Offset": str(found.body["offset"])}
    return said_again(found, headers)


def _of_file(found: uploads.UploadFacts) -> dict[str, Any]:
    return {
        "id": str(found.uuid),
        "name": found.name,
        "size_bytes": found.size_bytes,
        "sha256": found.sha256,
        "offset": found.offset,
        "state": found.state,
        "report": str(found.report) if found.report else None,
    }


@door.get(
    "/files/{uuid:file}",
    response={200: answers.FileStatus, **answers.PROBLEMS},
    summary="Ask how much of a file is here",
    operation_id="file_status",
)
def file_status(request: HttpRequest, file: UUID) -> HttpResponse:
    found = uploads.facts(allowed(request, "files"), file)
    return JsonResponse(_of_file(found), headers=_offset(found))


@door.api_operation(["HEAD"], "/files/{uuid:file}", include_in_schema=False)
def file_offset(request: HttpRequest, file: UUID) -> HttpResponse:
    return file_status(request, file)


@door.patch(
    "/files/{uuid:file}",
    response={204: None, **answers.PROBLEMS},
    openapi_extra=BYTES,
    summary="Send a part of a file",
    operation_id="send_part",
)
def send_part(
    request: HttpRequest,
    file: UUID,
    upload_offset: Annotated[int, Header(alias="Upload-Offset", ge=0, le=2**40, description="Where this part begins")],
) -> HttpResponse:
    """From the offset that was told last. If the connection breaks, what came until then counts: ask for the offset and go on."""
    key = allowed(request, "files")
    if request.content_type not in ("application/offset+octet-stream", "application/octet-stream"):
        raise Problem(415, "Send a part as application/offset+octet-stream.")
    found = uploads.take(Home.from_env(), key, file, upload_offset, request, length_of(request))  # type: ignore[arg-type]
    return HttpResponse(status=204, headers=_offset(found))


@door.delete(
    "/files/{uuid:file}",
    response={204: None, **answers.PROBLEMS},
    summary="Give a file up",
    operation_id="give_up_file",
)
def give_up_file(request: HttpRequest, file: UUID) -> HttpResponse:
    """Not for one that a report holds."""
    uploads.give_up(API, allowed(request, "files"), file)
    return HttpResponse(status=204)


def _offset(found: uploads.UploadFacts) -> dict[str, str]:
    return {
        "Upload-Offset": str(found.offset),
        "Upload-Length": str(found.size_bytes),
        "Upload-State": found.state,
        "Cache-Control": "no-store",
    }
