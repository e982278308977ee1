"""Reports at the platforms' door: sent, supplemented, taken back, asked about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from amparo.foundation.home import Home
from amparo.intake.api import accepting, answers, following
from amparo.intake.api.accepting import API, Accepted
from amparo.intake.api.completeness import Lack
from amparo.intake.api.doorway import IdempotencyKey, allowed, asked_by, body_of, door, json_body, limited, read
from amparo.intake.api.keys import KeyFacts
from amparo.intake.api.once import Said
from amparo.intake.api.submission import Submission


@door.post(
    "/reports",
    response={201: answers.ReportAnswer, **answers.PROBLEMS},
    openapi_extra=json_body(Submission),
    summary="Send a report",
    operation_id="send_report",
)
def send_report(request: HttpRequest, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Answered once the report is sealed, on disk and in the ledger. One of a child in danger now is never too many."""
    key, body = allowed(request, "reports"), body_of(request)
    said = read(Submission, body)
    home, asked = Home.from_env(), asked_by(request, key, idempotency_key, body)

    def do() -> Said:
        done: list[Said] = []

        def also(told: Accepted) -> None:
            done.append(Said(201, _of_report(told)))
            asked.remember(done[-1].status, done[-1].body)

        accepting.accept(home, key, said, body, arrival=asked.arrival, also=also)
        return done[-1]

    return limited(key, asked, do, urgent=said.incident.danger_now == "yes")


def _of_report(told: Accepted) -> dict[str, Any]:
    return {
        "id": str(told.report),
        "reference": told.reference,
        "received_at": told.received_at.isoformat(),
        "test": told.test,
        "repeated": told.repeated,
        **_completeness(told.score, told.parts, told.missing),
    }


def _completeness(score: int, parts: Any, missing: tuple[Lack, ...]) -> dict[str, Any]:
    return {"score": score, "parts": dict(parts), "missing": answers.missing_of(missing)}


@door.get(
    "/reports/{uuid:report}",
    response={200: answers.ReportStatus, **answers.PROBLEMS},
    summary="Ask how a report stands",
    operation_id="report_status",
)
def report_status(request: HttpRequest, report: UUID) -> HttpResponse:
    key = allowed(request, "status")
    found = following.standing(Home.from_env(), key, report)
    return JsonResponse(
        {
            "id": str(found.report),
            "reference": found.reference,
            "own_reference": found.own_reference,
            "state": found.state,
            "test": found.test,
            "received_at": found.received_at.isoformat(),
            "files": [{"id": str(each.upload), "name": each.name, "state": each.state} for each in found.files],
            **_completeness(found.score, found.parts, found.missing),
        }
    )


@door.get(
    "/reports/{uuid:report}/feedback",
    response={200: answers.ReportFeedback, **answers.PROBLEMS},
    summary="Ask what a report was good for",
    operation_id="report_feedback",
)
def report_feedback(request: HttpRequest, report: UUID) -> HttpResponse:
    found = following.feedback(allowed(request, "status"), report)
    return JsonResponse(
        {
            "id": str(found.report),
            "decided": found.decided,
            "result": found.result,
            "asked_for": [{"code": code, "why": why} for code, why in found.asked_for],
            "asked_at": found.asked_at.isoformat() if found.asked_at else None,
        }
    )


@door.post(
    "/reports/{uuid:report}/supplements",
    response={201: answers.SupplementAnswer, **answers.PROBLEMS},
    openapi_extra=json_body(Submission),
    summary="Add to a report what it lacked",
    operation_id="supplement_report",
)
def supplement_report(request: HttpRequest, report: UUID, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Lists grow; a new value takes the old one's place, which is kept. A closed report stands in the queue again."""
    key, body = allowed(request, "reports"), body_of(request)
    said = read(Submission, body)
    home, asked = Home.from_env(), asked_by(request, key, idempotency_key, body)

    def do() -> Said:
        done: list[Said] = []

        def also(told: following.Supplemented) -> None:
            graded = _completeness(told.score, told.parts, told.missing)
            done.append(Said(201, {"id": str(told.report), "repeated": told.repeated, **graded}))
            asked.remember(done[-1].status, done[-1].body)

        following.supplement(home, key, report, said, body, arrival=asked.arrival, also=also)
        return done[-1]

    return limited(key, asked, do, urgent=said.incident.danger_now == "yes")


@door.post(
    "/reports/{uuid:report}/retraction",
    response={201: answers.RetractionAnswer, **answers.PROBLEMS},
    openapi_extra=json_body(answers.Retraction),
    summary="Take a report back",
    operation_id="retract_report",
)
def retract_report(request: HttpRequest, report: UUID, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Nothing is removed: a person reads why, and decides."""
    key, body = allowed(request, "reports"), body_of(request)
    said = read(answers.Retraction, body)
    asked = asked_by(request, key, idempotency_key, body)

    def do() -> Said:
        with transaction.atomic():
            following.retract(API, key, report, said.reason, said.words)
            done = Said(201, {"id": str(report), "state": "retracted"})
            asked.remember(done.status, done.body)
        return done

    return limited(key, asked, do)


@door.get(
    "/key",
    response={200: answers.KeyAnswer, **answers.PROBLEMS},
    summary="Ask what a key may do",
    operation_id="key",
)
def key(request: HttpRequest) -> HttpResponse:
    """The first request of a new client: whether its key counts, and whether it is for tests."""
    held: KeyFacts = request.auth  # type: ignore[attr-defined]
    return JsonResponse(
        {
            "platform": held.name,
            "test": held.test,
            "scopes": sorted(held.scopes),
            "reports_a_second": held.reports_a_second,
            "completeness_table": accepting.table_of(Home.from_env()).version,
        }
    )
