"""Errors as problem details (RFC 9457): a sentence for whoever reads them, and places for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import HttpResponse, JsonResponse

from amparo.intake.api.reading import escaped

TITLES = {
    400: "The request can't be read",
    401: "A key is needed",
    403: "This key may not do that",
    404: "There is nothing here",
    405: "Not asked like this",
    409: "It stands otherwise by now",
    411: "The length is missing",
    413: "Too large",
    415: "Not JSON",
    422: "Something in it is wrong",
    429: "Too many at once",
    500: "Something failed here",
    503: "Not just now",
}


class Problem(Exception):
    """Whatever is wrong with a request. faults: (pointer, sentence) each."""

    def __init__(
        self,
        status: int,
        detail: str,
        faults: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.faults, self.headers = status, detail, tuple(faults), dict(headers or {})


def answer(problem: Problem) -> HttpResponse:
    """The problem as it goes out."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Not done"),
        "status": problem.status,
        "detail": problem.detail,
        "errors": [{"pointer": pointer, "detail": detail} for pointer, detail in problem.faults],
    }
    return JsonResponse(body, status=problem.status, headers=problem.headers, content_type="application/problem+json")


def pointer_of(place: Sequence[object]) -> str:
    """A place of pydantic's as RFC 6901 writes it."""
    return "".join(f"/{escaped(step)}" for step in place)
