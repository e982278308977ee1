"""`POST /reports:import` at the platforms' door: the JSON that police receive of CyberTipline reports, as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from pydantic import BaseModel

from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.home import Home
from amparo.intake.api import accepting, answers
from amparo.intake.api.accepting import Accepted
from amparo.intake.api.doorway import allowed, buckets, door, length_of
from amparo.intake.api.problems import Problem
from amparo.intake.cybertipline import received
from amparo.sandbox.readings import CybertipReading, ExaminationFailed
from amparo.sandbox.warden import the_warden

LARGEST_BYTES = 16 << 20
MOST = 100


class Imported(BaseModel):
    """The reports, in the order in which they stood."""

    reports: list[answers.ReportAnswer]


@door.post(
    "/reports:import",
    response={201: Imported, **answers.PROBLEMS},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}},
    summary="Send reports in the JSON that police receive from NCMEC",
    operation_id="import_reports",
)
def import_reports(request: HttpRequest) -> HttpResponse:
    """One report or a list of up to 100. The same report sent again is the same report: no Idempotency-Key is needed."""
    key = allowed(request, "reports")
    if length_of(request) > LARGEST_BYTES:
        raise Problem(413, f"These reports may take {LARGEST_BYTES >> 20} MiB. Send them in parts.")
    body = request.read(LARGEST_BYTES)
    try:
        with the_warden().boundary(key.uuid) as box:
            reports = list(cast("CybertipReading", box.examine("cybertip", body)).received())
    except ExaminationFailed as failure:
        raise Problem(422, failure.sentence) from None
    if len(reports) > MOST:
        raise Problem(422, f"Send up to {MOST} reports at once.")
    home = Home.from_env()
    said = [received.submission_of(each) for each in reports]
    for each in said:
        _allow(key.uuid, key.reports_a_second, urgent=each.get("incident", {}).get("danger_now") == "yes")
    told = [
        accepting.accept(home, key, each, _original(body, report, len(reports)), media_type=received.MEDIA_TYPE)
        for each, report in zip(said, reports, strict=True)
    ]
    return JsonResponse({"reports": [_answer(each) for each in told]}, status=201)


def _allow(key: Any, a_second: int, *, urgent: bool) -> None:
    standing = buckets.take(key, a_second, urgent=urgent)
    if not standing.allowed:
        sentence = f"This key may send {a_second} reports a second: send fewer at once, and again."
        raise Problem(429, sentence, headers=standing.headers)


def _original(body: bytes, report: Mapping[str, object], count: int) -> bytes:
    """One alone is kept byte for byte; of several each as it was read, its numbers as texts."""
    return body if count == 1 else canonical_bytes(report)


def _answer(told: Accepted) -> dict[str, Any]:
    return {
        "id": str(told.report),
        "reference": told.reference,
        "received_at": told.received_at.isoformat(),
        "test": told.test,
        "repeated": told.repeated,
        "score": told.score,
        "parts": dict(told.parts),
        "missing": answers.missing_of(told.missing),
    }
