"""The messaging group, told by the officers who work it: from the mail to the board, through the pages alone."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest

from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.wiring.demo import mails, partners, words
from amparo.wiring.demo.generator import Operation, generate
from tests.journeys.desk import Desk
from tests.journeys.house import LogIn, RunningHouse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed: no journey can be made through the pages", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright

COUNTRY = "UY"
OFFICERS = {
    "alba": ("Alba Retama", "analyst"),
    "bruno": ("Bruno Sauce", "investigator"),
    "clara": ("Clara Espliego", "liaison"),
    "dora": ("Dora Encina", "victim_specialist"),
    "elias": ("Elias Tejo", "supervisor"),
}
# What the record must tell, each story in its order; other acts stand between. Officers and machines work side by side,
# so that only what follows from one another has an order: an analyst may read before every picture is compared.
CUSTODY_STORIES = {
    "what the officers did": (
        "arrival.taken_in",
        "report.read_out",
        "report.read",
        "case.opened",
        "case.granted",
        "person.categorised",
        "person.country_confirmed",
        "series.opened",
        "partner.registered",
        "package.planned",
        "package.build_asked",
        "package.built",
        "package.approved",
        "package.sent",
        "reply.arrived",
        "reply.taken",
    ),
    # The partner may answer what it fetched before the courier has come back to say that it laid it out.
    "what the courier did": ("package.sent", "package.delivered"),
    "what became of the files": ("report.read_out", "item.examined", "item.matched"),
    "what became of the chat": ("item.examined", "group.imported", "person.categorised"),
    "what became of the case": ("case.opened", "items.rewrapped", "series.opened", "package.built"),
    "what was looked at": ("report.read", "case.read", "package.read", "board.read"),
}


@dataclass
class Journey:
    """The house, its officers' log-ins, a browser, and the story's own data."""

    house: RunningHouse
    log_ins: dict[str, LogIn]
    browser: Any
    operation: Operation
    desks: dict[str, Desk]

    def at_desk(self, username: str) -> Desk:
        """The officer's desk; each logs in once, on first coming to it."""
        if username not in self.desks:
            self.desks[username] = Desk(self.browser, f"http://{self.house.http}", self.log_ins[username])
        return self.desks[username]

    def mail(self, sender: str, to: str, data: bytes) -> None:
        host, _, port = self.house.smtp.rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=60) as server:
            server.sendmail(sender, [to], data)


@pytest.fixture(scope="module", name="journey")
def _journey() -> Iterator[Journey]:
    with ExitStack() as held:
        house = held.enter_context(RunningHouse())
        log_ins = house.add_officers(OFFICERS)
        playwright = held.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        held.callback(browser.close)
        yield Journey(house, log_ins, browser, generate(), {})


def test_the_story_runs_from_the_mail_to_the_board_and_the_record_tells_it(journey: Journey) -> None:
    report = an_analyst_finds_the_report_on_top_and_reads_it_without_seeing_media(journey)
    case = an_investigator_opens_a_case_and_lets_colleagues_in(journey, report)
    the_chat_has_become_the_group(journey, case)
    people_of_one_country_are_decided_on(journey, case)
    the_specialist_opens_a_series_that_stays_open(journey, case)
    the_liaison_registers_the_partner_with_its_key(journey)
    two_officers_stand_between_the_case_and_the_other_country(journey, case)
    the_partner_opens_its_package_and_answers_by_mail(journey)
    the_board_shows_what_came_back_and_leads_to_its_records(journey, case)
    the_record_tells_the_story_in_order(journey)
    the_chain_of_custody_is_whole(journey)
    assert {name: desk.complaints for name, desk in journey.desks.items() if desk.complaints} == {}


def an_analyst_finds_the_report_on_top_and_reads_it_without_seeing_media(journey: Journey) -> str:
    noise = journey.operation.noise[0]
    journey.mail(noise.sender, mails.TO, noise.data)
    journey.mail(mails.REPORTER, mails.TO, journey.operation.report.data)
    desk = journey.at_desk("alba")
    desk.go("/")
    desk.waits_until("the report is on the queue", lambda: desk.has(words.REPORT_SUBJECT))
    first = desk.page.locator("main tbody tr").first
    desk.waits_until("it stands on top", lambda: words.REPORT_SUBJECT in str(first.inner_text()))
    assert desk.media_shown() == 0
    desk.goes_to(words.REPORT_SUBJECT)
    assert "peligro ahora" in str(desk.page.inner_text("main"))
    desk.sees("A child is said to be in danger now")
    assert desk.media_shown() == 0
    assert mails.REPORTER not in desk.page.content()
    return str(desk.page.url).rstrip("/").rpartition("/")[2]


def an_investigator_opens_a_case_and_lets_colleagues_in(journey: Journey, report: str) -> str:
    desk = journey.at_desk("bruno")
    desk.go(f"/reports/{report}/")
    dialog = desk.opens_dialog("Open case")
    dialog.locator("input[name$=title]").fill(words.GROUP_NAME)
    dialog.locator("input[name$=legal_basis]").fill("Order of the investigating court, journey 21/2026")
    desk.presses("Open case", dialog)
    desk.page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}/"))
    found = re.search(r"/cases/([0-9a-f-]{36})/", str(desk.page.url))
    assert found is not None
    for name in ("clara", "dora", "elias"):
        desk.go(f"/cases/{found[1]}/")
        dialog = desk.opens_dialog("Let somebody in")
        chosen = dialog.locator("select[name$=officer] option", has_text=OFFICERS[name][0]).get_attribute("value")
        dialog.locator("select[name$=officer]").select_option(chosen)
        desk.presses("Let in", dialog)
    return found[1]


def the_chat_has_become_the_group(journey: Journey, case: str) -> None:
    desk = journey.at_desk("bruno")
    desk.go(f"/cases/{case}/people/")
    desk.waits_until("the group's members are people of the case", lambda: desk.has("P-1"))
    silent = sum(not member.posts for member in journey.operation.members)
    rows = list(csv.DictReader(io.StringIO(desk.downloads(f"/cases/{case}/people.csv").lstrip("\ufeff"))))
    assert len(rows) == len(journey.operation.members)
    desk.go(f"/cases/{case}/people/?mark=silent")
    assert desk.page.locator("main tbody tr").count() == silent
    desk.go(f"/cases/{case}/network/")
    assert desk.media_shown() == 0


def people_of_one_country_are_decided_on(journey: Journey, case: str) -> None:
    desk = journey.at_desk("bruno")
    members = [member for member in journey.operation.members if member.country == COUNTRY]

    def choose(words_on_button: str) -> Any:
        desk.go(f"/cases/{case}/people/?country={COUNTRY}")
        assert desk.page.locator("main tbody tr").count() == len(members)
        desk.page.check("input[data-all]")
        return desk.opens_dialog(words_on_button)

    dialog = choose("Category")
    dialog.locator("select[name=category-category]").select_option("suspect")
    dialog.locator("textarea[name=category-reason]").fill("Put items into the group.")
    desk.presses("Set category", dialog)
    desk.sees(f"Recorded for {len(members)} persons.")
    dialog = choose("Confirm country")
    dialog.locator("select[name=confirm-country]").select_option(COUNTRY)
    dialog.locator("textarea[name=confirm-basis]").fill("The phone numbers' country; nothing speaks against it.")
    desk.presses("Confirm country", dialog)
    desk.sees(f"Recorded for {len(members)} persons.")


def the_specialist_opens_a_series_that_stays_open(journey: Journey, case: str) -> None:
    desk = journey.at_desk("dora")
    desk.go(f"/series/case/{case}/")
    desk.waits_until("items lie near one another", lambda: desk.has("Open a series of these"))
    desk.presses("Open a series of these")
    desk.go(f"/series/case/{case}/")
    desk.sees("Series Alder")
    assert desk.media_shown() == 0


def the_liaison_registers_the_partner_with_its_key(journey: Journey) -> None:
    authority = partners.authority(Home(journey.house.folder / "partner"), COUNTRY)
    given = authority.public_keys(clock.now().date())
    desk = journey.at_desk("clara")
    desk.go("/partners/new/")
    desk.page.fill("input[name=country]", COUNTRY)
    desk.page.fill("input[name=authority]", authority.details.authority)
    desk.page.select_option("select[name=language]", authority.details.language)
    desk.page.fill("input[name=age]", given.age)
    desk.page.fill("input[name=checked_on]", clock.now().date().isoformat())
    desk.presses("Register")
    desk.go("/partners/")
    desk.sees(authority.details.authority)


def two_officers_stand_between_the_case_and_the_other_country(journey: Journey, case: str) -> None:
    builder, approver = journey.at_desk("bruno"), journey.at_desk("clara")
    builder.go(f"/packages/case/{case}/")
    builder.presses("Plan for 1 country")
    builder.presses("Build all 1")
    builder.waits_until("the package is built", lambda: builder.has("Built"))
    builder.goes_to("Uruguay")
    assert builder.page.get_by_role("button", name="Approve", exact=True).count() == 0
    approver.go(f"/packages/case/{case}/")
    approver.goes_to("Read and approve")
    approver.presses("Approve", approver.opens_dialog("Approve"))
    approver.sees("The package is approved.")
    approver.presses("Send", approver.opens_dialog("Send"))
    approver.sees("The package is sent")


def the_partner_opens_its_package_and_answers_by_mail(journey: Journey) -> None:
    authority = partners.authority(Home(journey.house.folder / "partner"), COUNTRY)
    clara = journey.at_desk("clara")
    outbox = journey.house.home / "outbox"
    clara.waits_until("the courier has laid the package out", lambda: bool(list(outbox.glob("*.zip.age"))))
    received = authority.open(next(iter(outbox.glob("*.zip.age"))))
    plan = next(answer for answer in journey.operation.answers if answer.country == COUNTRY)
    day, subjects = clock.now().date(), received.subjects()
    phones = {member.key: member.phone or "" for member in journey.operation.members}
    said = {"package": partners.whole_package(plan, day)}
    said |= {subjects[phones[line.member]]: partners.cells(line, day) for line in plan.persons}
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = authority.mail, received.reply_to, "reply"
    letter.set_content("Reply form attached.\n")
    form = partners.filled(received.form, said)
    letter.add_attachment(form, maintype="text", subtype="csv", filename="reply.csv")
    journey.mail(authority.mail, received.reply_to, letter.as_bytes())


def the_board_shows_what_came_back_and_leads_to_its_records(journey: Journey, case: str) -> None:
    desk = journey.at_desk("clara")
    desk.go(f"/board/{case}/")
    row = desk.page.locator(f"tr#{COUNTRY}")
    arrested = row.locator("td[data-label=Arrested]")
    desk.waits_until("the reply is on the board", lambda: str(arrested.inner_text()).strip() == "2")
    assert str(row.locator("td[data-label=Identified]").inner_text()).strip() == "1"
    shown = csv.DictReader(io.StringIO(desk.downloads(f"/board/{case}/figures.csv").lstrip("\ufeff")))
    figures = {each["key"]: each["value"] for each in shown}
    expected = {"arrested": "2", "arrest_countries": "1", "under_18": "1", "series_open": "1", "safeguarded": "0"}
    assert {key: figures[key] for key in expected} == expected
    desk.go(f"/board/{case}/figure/arrested/")
    assert desk.page.locator("main tbody tr").count() >= 2


def the_record_tells_the_story_in_order(journey: Journey) -> None:
    desk = journey.at_desk("elias")
    desk.go("/oversight/record/")
    acts = list(csv.DictReader(io.StringIO(desk.downloads("/oversight/record.csv").lstrip("\ufeff"))))
    # The newest acts wait for their place in the chain: they come last.
    acts.sort(key=lambda each: (not each["position"], int(each["position"] or 0), each["at"]))
    done = [each["act"] for each in acts if each["ended"] == "done"]
    for story, kinds in CUSTODY_STORIES.items():
        assert [kind for kind in kinds if kind not in done] == [], story
        assert sorted(kinds, key=done.index) == list(kinds), story
    assert "example.org" not in json.dumps([each["about"] for each in acts])


def the_chain_of_custody_is_whole(journey: Journey) -> None:
    verdict = journey.house.command("verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
