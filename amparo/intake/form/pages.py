"""The public pages: start, report, a child's own route, what was sent, coming back by the code. No database, no cookie, no log.

Nothing of a visit is kept: neither address nor browser nor where it came from is read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from amparo.intake.form import codes, fields
from amparo.intake.form.codes import NoCode
from amparo.intake.form.fields import BACK, CHILD, REPORT
from amparo.intake.form.letters import FormFile, new_nonce
from amparo.intake.form.talking import Busy, counter
from amparo.intake.form.texts import languages, preferred, texts

PACKAGE = Path(__file__).resolve().parents[2]
STYLES = (
    PACKAGE / "viewing" / "static" / "viewing" / "tokens.css",
    PACKAGE / "intake" / "static" / "form" / "form.css",
)
MOST_FILES = 10


def page(request: HttpRequest, template: str, language: str, *, status: int = 200, **more: Any) -> HttpResponse:
    said = texts(language)
    offer = counter().offer
    context = {
        "t": said,
        "language": said.language,
        "direction": said.direction,
        "languages": [(code, texts(code).name, texts(code).direction) for code in languages()],
        "line": offer.line or said["line"],
        "leave": offer.leave,
        "lines": counter().helplines,
        "files_taken": offer.files,
        "path": None,
        **more,
    }
    return render(request, f"form/{template}.html", context, status=status)


def problem(request: HttpRequest, what: str, status: int) -> HttpResponse:
    """A page that says what went wrong, that nothing was sent, and what to do."""
    language = request.path_info.strip("/").partition("/")[0]
    if language not in languages():
        language = preferred(request.headers.get("Accept-Language", ""), languages())
    said = texts(language)
    return page(
        request,
        "problem",
        language,
        status=status,
        title=said["not_found_title" if what == "not_found" else "problem_title"],
        sentence=said[what],
    )


def entrance(request: HttpRequest) -> HttpResponse:
    language = preferred(request.headers.get("Accept-Language", ""), languages())
    return HttpResponseRedirect(f"/{language}/")


def start(request: HttpRequest, language: str) -> HttpResponse:
    answer = page(request, "start", language, path="")
    answer.is_start = True  # type: ignore[attr-defined]
    return answer


def report(request: HttpRequest, language: str) -> HttpResponse:
    return _form(request, language, REPORT, dict.fromkeys(fields.FIELDS[REPORT], ""), new_nonce())


def child(request: HttpRequest, language: str) -> HttpResponse:
    return _form(request, language, CHILD, dict.fromkeys(fields.FIELDS[CHILD], ""), new_nonce())


def _form(
    request: HttpRequest,
    language: str,
    route: str,
    said: dict[str, str],
    nonce: str,
    errors: dict[str, str] | None = None,
    trouble: str = "",
    status: int = 200,
) -> HttpResponse:
    words = texts(language)
    return page(
        request,
        route,
        language,
        status=status,
        path=f"{route}/",
        said=said,
        nonce=nonce,
        errors=_sentences(language, route, errors or {}),
        trouble=words[trouble] if trouble else "",
        choices={
            name: [(each, words[f"{route}_{name}_{each}"]) for each in fields.CHOICES[name]]
            for name in fields.CHOICES
            if name in said
        },
        zones=fields.ZONES,
        most_files=MOST_FILES,
    )


def _sentences(language: str, route: str, errors: dict[str, str]) -> dict[str, str]:
    """Field -> its sentence, in the language of the page."""
    words = texts(language)
    return {name: words[key].format(most=f"{fields.FIELDS[route].get(name, 0):,}") for name, key in errors.items()}


def sent(request: HttpRequest, language: str) -> HttpResponse:
    """The answer to what was sent is this page itself: no code ever stands in an address."""
    if request.method != "POST":
        return HttpResponseRedirect(f"/{language}/report/")
    route = CHILD if request.POST.get("route") == CHILD else REPORT
    said, nonce = fields.typed(route, request.POST), fields.nonce_of(request.POST)
    if errors := fields.obstacles(route, said):
        return _form(request, language, route, said, nonce, errors, status=422)
    try:
        done = counter().send(fields.submission(route, language, nonce, said, _files(request)))
    except (Busy, OSError) as fault:
        trouble = "busy" if isinstance(fault, Busy) else "not_kept"
        return _form(request, language, route, said, nonce, trouble=trouble, status=503)
    return page(
        request,
        "sent",
        language,
        route=route,
        words=done.code.words(language),
        words_language=codes.list_of(language),
        digits=done.code.digits,
        receipt=done.receipt,
    )


def _files(request: HttpRequest) -> tuple[FormFile, ...]:
    if not counter().offer.files:
        return ()
    return tuple(
        FormFile(str(each.name)[:200], str(each.content_type)[:100], each.read())
        for each in request.FILES.getlist("files")[:MOST_FILES]
    )


def back(request: HttpRequest, language: str) -> HttpResponse:
    """By the code: what was answered, and a box to write in. Posted with words in it, they are sent."""
    if request.method != "POST":
        return _door(request, language)
    said = fields.typed(BACK, request.POST)
    try:
        code = codes.read(said["code"], language)
    except NoCode as wrong:
        reason = texts(language)[f"code_{wrong.reason}"].format(place=wrong.place)
        return _door(request, language, said["code"][:1000], reason, 422)
    writes = "text" in request.POST
    errors = fields.obstacles(BACK, said) if writes else {}
    nonce = fields.nonce_of(request.POST)
    try:
        if writes and not errors:
            answers = counter().write_back(code, fields.submission(BACK, language, nonce, said))
            said["text"], said["danger"], nonce = "", "", new_nonce()
        else:
            answers, writes = counter().open(code), False
    except (Busy, OSError) as fault:
        trouble = texts(language)["busy" if isinstance(fault, Busy) else "not_kept"]
        if not writes:
            return _door(request, language, said["code"], trouble, 503)
        return _talk(request, language, code.digits, (), said, nonce, trouble=trouble, status=503)
    return _talk(request, language, code.digits, answers, said, nonce, errors=errors, written=writes)


def _door(request: HttpRequest, language: str, typed: str = "", trouble: str = "", status: int = 200) -> HttpResponse:
    return page(request, "back", language, status=status, path="back/", typed=typed, trouble=trouble)


def _talk(
    request: HttpRequest,
    language: str,
    code: str,
    answers: tuple[Any, ...],
    said: dict[str, str],
    nonce: str,
    *,
    errors: dict[str, str] | None = None,
    written: bool = False,
    trouble: str = "",
    status: int = 0,
) -> HttpResponse:
    return page(
        request,
        "talk",
        language,
        status=status or (422 if errors else 200),
        code=code,
        answers=[{"text": each.text, "at": each.at, "direction": texts(each.language).direction} for each in answers],
        said=said,
        nonce=nonce,
        choices={"danger": [(each, texts(language)[f"report_danger_{each}"]) for each in fields.CHOICES["danger"]]},
        errors=_sentences(language, BACK, errors or {}),
        written=written,
        trouble=trouble,
    )


def receipt(request: HttpRequest, language: str) -> HttpResponse:
    """The receipt that this form signed, as a file."""
    text = request.POST.get("receipt", "").replace("\r\n", "\n")
    if not counter().is_ours(text):
        return problem(request, "not_ours", 400)
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="receipt.txt"'},
    )


def receipt_key(request: HttpRequest) -> HttpResponse:
    """The public key that receipts are checked with, as PEM."""
    return HttpResponse(counter().receipt_key, content_type="text/plain; charset=us-ascii")


def style(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_style(), content_type="text/css; charset=utf-8")


@cache
def _style() -> bytes:
    return b"\n".join(path.read_bytes() for path in STYLES)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(request, "not_found", 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(request, "unreadable", 400)


def failed(request: HttpRequest) -> HttpResponse:
    return problem(request, "failed", 500)
