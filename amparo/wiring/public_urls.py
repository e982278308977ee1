"""The public form's addresses. No code, no report and no name ever stands in one."""

from __future__ import annotations

from django.urls import path, re_path

from amparo.intake.form import pages
from amparo.intake.form.texts import languages

_LANGUAGE = f"(?P<language>{'|'.join(languages())})"

urlpatterns = [
    path("", pages.entrance),
    path("form.css", pages.style),
    path("receipt-key", pages.receipt_key),
    re_path(rf"^{_LANGUAGE}/$", pages.start),
    re_path(rf"^{_LANGUAGE}/report/$", pages.report),
    re_path(rf"^{_LANGUAGE}/child/$", pages.child),
    re_path(rf"^{_LANGUAGE}/sent$", pages.sent),
    re_path(rf"^{_LANGUAGE}/back/$", pages.back),
    re_path(rf"^{_LANGUAGE}/receipt$", pages.receipt),
]

handler400 = pages.bad_request
handler404 = pages.not_found
handler500 = pages.failed
