"""The addresses of the platforms' door: its own, and nothing else of the house's."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from amparo.intake.api import file_doors, report_doors  # noqa: F401  # each adds its addresses to the door
from amparo.intake.api.doorway import door
from amparo.intake.api.problems import Problem, answer
from amparo.intake.cybertipline import import_door  # noqa: F401

urlpatterns = [
    path("api/v1/", door.urls),
    path(
        "ispws/", include("amparo.intake.cybertipline.urls")
    ),  # the path that NCMEC's has, so that only the host changes
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Problem(400, "The request can't be read."))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Problem(404, "There is nothing at this address."))


def handler500(request: HttpRequest) -> HttpResponse:
    return answer(Problem(500, "Something failed here, and nothing was taken."))
