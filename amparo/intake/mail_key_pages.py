"""The line's mail keys, published: anybody may encrypt a mail to it, and compare the fingerprints."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from amparo.access.doors import public_page
from amparo.exchange.mail_keys import PublicMailKeys, public_mail_keys
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.intake.relay_letters import Line


def _keys() -> PublicMailKeys:
    """Raises Missing where the house has none yet."""
    return public_mail_keys(Home.from_env())


def _grouped(fingerprint: str) -> str:
    """In groups of four, as people compare them."""
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))


@public_page
@require_safe
def mail_key(request: HttpRequest) -> HttpResponse:
    """The line's address, both keys' fingerprints, and where to fetch them."""
    found = _keys()
    try:
        line = Line.from_env()
        address = f"{line.local}@{line.domain}"
    except Refused:
        address = ""
    context = {
        "title": _("Write to us encrypted"),
        "address": address,
        "openpgp": _grouped(found.openpgp_fingerprint),
        "smime": _grouped(found.smime_fingerprint),
    }
    return render(request, "intake/mail_key.html", context)


@public_page
@require_safe
def openpgp(request: HttpRequest) -> HttpResponse:
    return _file(_keys().openpgp, "application/pgp-keys", "amparo-line.asc")


@public_page
@require_safe
def smime(request: HttpRequest) -> HttpResponse:
    return _file(_keys().smime, "application/x-pem-file", "amparo-line.pem")


def _file(text: str, media_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
