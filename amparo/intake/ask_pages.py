"""Asking a reporter for what is missing, from the report's page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from amparo.access.doors import page
from amparo.intake import asks, queries
from amparo.intake.views import actor_of


@page("reports.answer")
@require_POST
def ask(request: HttpRequest, report: UUID) -> HttpResponse:
    done = asks.ask(actor_of(request), queries.report(report))
    sent = _("The request goes out through the relay.")
    messages.success(request, sent if done.sent else _("Noted as asked: the request has to be passed on by hand."))
    return redirect("intake:report", report)
