"""From a reporter's browser without JavaScript to the queue and back, in a running house; and every public page under axe."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.desk import Desk
from tests.journeys.house import RunningHouse, free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe

LANGUAGES = ("en", "es", "fr", "pt", "de", "it", "ca", "ar")
LOOKS = ((1280, "light"), (390, "dark"), (1280, "dark"), (390, "light"))
PAGES = ("", "child/", "report/", "back/")
# Every page of every language in all four looks. Without it: the templates in two looks, since colours are the same in every
# language, and each language by all rules that its words or its direction can break.
EVERY_LOOK = bool(os.environ.get("AMPARO_EVERY_LOOK"))
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WHOLE: dict[str, Any] = {"runOnly": TAGS, "resultTypes": ["violations"]}
WHATEVER_THE_WORDS = {**WHOLE, "rules": {"color-contrast": {"enabled": False}}}
OF_OFFICERS = (
    "/",
    "/senders/",
    "/platforms/",
    "/reports/new/",
    "/reports/import/",
    "/work-items/",
    "/rules/",
    "/clocks/",
)


@pytest.fixture(scope="module")
def house() -> Iterator[RunningHouse]:
    with RunningHouse(form=f"127.0.0.1:{free_port()}") as up:
        yield up


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


class Reporter:
    """A phone's browser with JavaScript off. `asked` is every address it was led to ask for."""

    def __init__(self, browser: Any, house: RunningHouse) -> None:
        self.context = browser.new_context(
            base_url=f"http://{house.form}", java_script_enabled=False, viewport={"width": 360, "height": 720}
        )
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))

    def reads(self) -> str:
        return str(self.page.inner_text("main"))

    def presses(self, words: str) -> None:
        self.page.get_by_role("button", name=words).click()
        self.page.wait_for_load_state()


def test_a_report_by_the_form_is_answered_and_the_talk_goes_on_by_its_code(house: RunningHouse, browser: Any) -> None:
    reporter = Reporter(browser, house)
    reporter.page.goto("/en/")
    assert "Is a child in danger right now?" in reporter.reads()
    reporter.page.get_by_role("link", name="Make a report").click()
    reporter.page.get_by_label("What happened?").fill("A broadcast was announced in room 7 at 21:00.")
    reporter.page.get_by_role("group", name="Is a child in danger now?").get_by_label("Yes").check()
    reporter.page.get_by_label("App, website or place").fill("Rooms")
    reporter.page.get_by_label("User names, profiles or names").fill("@amber_0417")
    reporter.page.get_by_label("Your name").fill("Persona de Prueba")
    reporter.presses("Send the report")
    assert "Your report has arrived" in reporter.reads()
    code = " ".join(reporter.page.locator(".words li").all_inner_texts())
    assert len(code.split()) == 7
    with reporter.page.expect_download() as saved:
        reporter.page.get_by_role("button", name="Save the receipt").click()
    file = house.folder / "receipt.txt"
    saved.value.save_as(file)
    assert "good" in house.command("receipt", str(file)).stdout

    desk = Desk(browser, f"http://{house.http}", house.add_officer("vera", "Vera Sol", "supervisor,analyst"))
    desk.go("/")
    desk.waits_until("the report stands on the queue", lambda: desk.has("A broadcast was announced in room 7"))
    desk.goes_to("A broadcast was announced in room 7")
    desk.waits_until("it is ranked", lambda: desk.has("danger"))
    desk.sees("@amber_0417", "Form")
    assert not desk.has("Persona de Prueba")
    desk.sees("A child in danger now")
    assert desk.page.locator(".axis.danger.high").count()

    desk.page.locator("#answer summary").first.click()
    desk.page.fill("#answer-words", "Thank you. Do you know the name of the room?")
    desk.presses("Send", within=desk.page.locator("form[action$='/answer/']"))
    desk.sees("The answer will be read with the reporter’s code")
    desk.waits_until("the answer is laid in the mailbox", lambda: desk.page.get_by_text("Sent", exact=True).count() > 0)

    reporter.page.goto("/en/")
    reporter.page.get_by_role("link", name="Come back with a code").click()
    reporter.page.get_by_label("Your code").fill(code.upper())
    reporter.presses("Open")
    assert "Thank you. Do you know the name of the room?" in reporter.reads()
    assert "Vera" not in reporter.reads()
    reporter.page.get_by_label("Write to us").fill("It is called Harbour lights.")
    reporter.presses("Send the message")
    assert "Your message has arrived." in reporter.reads()

    desk.waits_until("what was written back shows", lambda: desk.has("It is called Harbour lights."))
    desk.sees("by the reporter’s code")
    assert _faults_at(desk) == []
    assert desk.complaints == []
    assert reporter.context.cookies() == []
    assert {url.split("/")[2] for url in reporter.asked} == {house.form}
    words = {word.casefold() for word in code.split()}
    assert not any(words & set(re.split(r"\W+", url.partition(house.form)[2].casefold())) for url in reporter.asked)


def _faults_at(desk: Desk) -> list[str]:
    """Of the officers' pages of the line: the report that stands open in both themes, the others in one."""
    found = []
    for width, theme in LOOKS[:2]:
        _looked_at_with(desk.page, width, theme)
        desk.page.reload()
        found += _faults(desk.page, f"report {width} {theme}")
    for at, path in enumerate(OF_OFFICERS):
        _looked_at_with(desk.page, *LOOKS[at % 4])
        desk.go(path)
        found += _faults(desk.page, f"{path} {LOOKS[at % 4]}")
    return found


def test_every_public_page_passes_axe_fits_a_phone_and_complains_of_nothing(house: RunningHouse, browser: Any) -> None:
    wrong, complaints = list[str](), list[str]()
    page = browser.new_page(base_url=f"http://{house.form}")
    page.on("console", lambda said: _note(said.text, complaints))
    for at, language in enumerate(LANGUAGES):
        whole = EVERY_LOOK or language in ("en", "ar")
        looks = LOOKS if EVERY_LOOK else LOOKS[:2] if language == "en" else LOOKS[at % 4 : at % 4 + 1] if whole else ()
        for width, theme in looks:
            _looked_at_with(page, width, theme)
            for path in PAGES:
                page.goto(f"/{language}/{path}")
                wrong += _faults(page, f"{language}/{path} {width} {theme}")
        wrong += _faults_on_a_small_phone(page, language, () if whole else ("child/", "report/"))
        if whole:
            _looked_at_with(page, 320, "light" if language == "en" else "dark")
            wrong += _faults_of_answers(page, language)
    assert wrong == []
    assert complaints == []


def _looked_at_with(page: Any, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # a colour on its way to another has no contrast


def _faults_on_a_small_phone(page: Any, language: str, asked: tuple[str, ...]) -> list[str]:
    """Pages that would have to be moved sideways, and what the words of those `asked` break."""
    _looked_at_with(page, 320, "light")
    found = []
    for path in PAGES:
        page.goto(f"/{language}/{path}")
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            found.append(f"{language}/{path} is wider than 320 pixels")
        if path in asked:
            found += _faults(page, f"{language}/{path} 320", WHATEVER_THE_WORDS)
    return found


def _sends(page: Any) -> None:
    """Afterwards the answer is there with its colours."""
    with page.expect_navigation(wait_until="load"):
        page.click("main button")


def _faults_of_answers(page: Any, language: str) -> list[str]:
    """Of the pages that come after something was sent: a wrong code, a field left out, the code, the talk, no such page."""
    page.goto(f"/{language}/back/")
    page.fill("#code", "abc")
    _sends(page)
    found = _faults(page, f"{language} wrong code")
    page.goto(f"/{language}/report/")
    page.evaluate("document.querySelector('#text').required = false")
    _sends(page)
    found += _faults(page, f"{language} nothing said")
    page.fill("#text", "In a room.")
    _sends(page)
    found += _faults(page, f"{language} sent")
    digits = page.inner_text(".digits")
    page.goto(f"/{language}/back/")
    page.fill("#code", digits)
    _sends(page)
    found += _faults(page, f"{language} talk")
    page.goto(f"/{language}/nowhere/")
    return [*found, *_faults(page, f"{language} no such page")]


def _note(said: str, wrong: list[str]) -> None:
    if "Content Security" in said:
        wrong.append(said)


def _faults(page: Any, where: str, options: dict[str, Any] = WHOLE) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{where}: {each['id']}: {each['nodes'][0]['target']}" for each in found]
