"""What officers are told of the public form: that its numbers are still to be checked."""

from __future__ import annotations

import os

from django.http import HttpRequest
from django.template.loader import render_to_string

from amparo.foundation.home import Home
from amparo.intake.form import helplines


def panel_helplines(request: HttpRequest, subject: object = None) -> str:
    """On the system page: that the public form shows numbers which nobody here has checked; nothing in a demonstration."""
    file = helplines.own_file(Home.from_env())
    off = os.environ.get("AMPARO_FORM") == "" or os.environ.get("AMPARO_DEMO") == "1"
    if off or file.exists():
        return ""
    return render_to_string("intake/form_numbers.html", {"file": file, "shipped": helplines.SHIPPED}, request)
