"""The story of the seized platform, played only through the house's own doors, ending in the figures of its own board.

Every step first looks whether it was done: played again, or after a break, the story goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import UUID

from amparo.cases import actions as cases, queries as case_queries
from amparo.cases.actions import Choice
from amparo.cases.facts import PersonFacts
from amparo.exchange import actions as exchange, queries as partner_queries
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.intake import actions as intake, queries as reports, queue_queries
from amparo.matching import queries as known
from amparo.outcomes import actions as outcomes, queries as boards
from amparo.outcomes.queries import Board
from amparo.referrals import actions as referrals, queries as packages
from amparo.referrals.queries import PackageFacts
from amparo.vault import queries as vault
from amparo.victims import actions as victims, queries as series_queries
from amparo.wiring.demo import mails, partners, platform_data, platform_plan, staff
from amparo.wiring.demo.platform_plan import CountryPlan
from amparo.wiring.demo.referring import send_drafts
from amparo.wiring.demo.staff import ANALYST, INVESTIGATOR, LIAISON, SPECIALIST, SUPERVISOR, Staff
from amparo.wiring.demo.telling import Teller, counted

CHAPTERS = 10
TITLE = "Platform sample-video"
BASIS = "Order of the investigating court, demo 25/2026"
RULE = Choice(paid=platform_data.PAID_OFTEN, uploaded=1, card_country=True, confidence=0.5)
REASON = "Uploads earn credits there, and whoever pays by card again and again can be asked for at the issuer."
ANALYSIS_STALLED_S = 1800.0


@dataclass
class PlatformStory:
    """One playing of the demo in one home."""

    home: Home
    seed: int
    accounts: int
    staff: Staff
    tell: Teller
    _report: UUID | None = field(default=None, repr=False)

    @cached_property
    def letter(self) -> bytes:
        return platform_plan.letter(self.seed)

    @property
    def arrived(self) -> bool:
        return reports.arrival_known(UUID(int=0), hashlib.sha256(self.letter).hexdigest())

    @property
    def report(self) -> UUID:
        """The report that the house made of our mail. Raises Missing before it did."""
        if self._report is None:
            digest = hashlib.sha256(self.letter).hexdigest()
            wanted = queue_queries.QueueFilter(state="", search=platform_plan.SUBJECT)
            found = (reports.report(row.uuid) for row in queue_queries.queue(wanted))
            self._report = next((each.uuid for each in found if each.arrival.original_sha256 == digest), None)
        if self._report is None:
            raise Missing("The demo's report is not on the queue yet.")
        return self._report

    @property
    def ranked(self) -> bool:
        try:
            return reports.report(self.report).ranking is not None
        except Missing:
            return False

    @property
    def case(self) -> UUID:
        """The case opened from the report. Raises Missing before that."""
        found = reports.report(self.report).case
        if found is None:
            raise Missing("No case has been opened from the demo's report yet.")
        return found

    @property
    def platform(self) -> UUID | None:
        return next((each.uuid for each in case_queries.platforms(self.case)), None)


def platform(home: Home, seed: int, accounts: int) -> int:
    """0 when the board shows the case's own figures, else 1. The last line printed is one JSON object of them."""
    if accounts < platform_data.LEAST_ACCOUNTS:
        raise Refused(f"The story needs a platform of {platform_data.LEAST_ACCOUNTS:,} accounts or more: --accounts N.")
    tell = Teller(CHAPTERS)
    tell.chapter("The demo's officers get their log-ins, and 38 authorities are registered with their keys")
    story = PlatformStory(home, seed, accounts, staff.hired(home), tell)
    _register_partners(story)
    _send_mail(story)
    _open_case(story)
    _bring_platform(story)
    _take_people(story)
    _open_series(story)
    tell.chapter("Each competent country gets its own package: built, approved by a second officer, sealed, sent")
    _send_packages(story)
    _answer(story)
    return _finish(story)


def _register_partners(story: PlatformStory) -> None:
    there = {each.country for each in partner_queries.partners()}
    for country in platform_data.COUNTRIES:
        if country not in there:
            authority = partners.authority(story.home, country)
            given = authority.public_keys(clock.now().date())
            exchange.register_partner(story.staff[LIAISON], authority.details, given)
    story.tell.line(", ".join(platform_data.COUNTRIES))


def _send_mail(story: PlatformStory) -> None:
    story.tell.chapter("A partner's mail arrives: a platform was seized; the first items are attached")
    if not story.arrived:
        partners.post(platform_plan.SENDER, mails.TO, story.letter)
    story.tell.wait("the report stands on the queue", lambda: (int(story.ranked), 1))


def _open_case(story: PlatformStory) -> None:
    story.tell.chapter("Each file is opened in the sandbox; an investigator opens a case and lets the others in")
    expected = len(platform_plan.pictures(story.seed)) + 1

    def progress() -> tuple[int, int]:
        items = [each.uuid for each in vault.items_of_origin(story.report) if not each.derived]
        return sum(each.at is not None for each in known.verdicts(items).values()), max(expected, len(items))

    story.tell.wait("files examined and compared", progress)
    if reports.report(story.report).case is None:
        intake.read_report(story.staff[ANALYST], story.report)
        cases.open_case(story.staff[INVESTIGATOR], story.report, TITLE, BASIS)
    let_in = {each.uuid for each in case_queries.case(story.case).officers}
    for username in (ANALYST, LIAISON, SPECIALIST, SUPERVISOR):
        officer = story.staff[username].uuid
        if officer and officer not in let_in:
            cases.grant_case(story.staff[INVESTIGATOR], story.case, officer, story.staff.keys(INVESTIGATOR))
    story.tell.wait(
        "items in the case", lambda: (len(case_queries.items(story.case)), len(platform_plan.pictures(story.seed)))
    )


def _bring_platform(story: PlatformStory) -> None:
    story.tell.chapter(f"The platform's tables are laid and read: {story.accounts:,} accounts, sealed in the case")
    folder = story.home.path / "platforms" / platform_data.PLATFORM
    if story.platform is None:
        made = platform_data.write_platform(folder, story.accounts, story.seed)
        story.tell.line(", ".join(f"{count:,} rows of {name}" for name, count in made.items()))
        mapping = (folder / "mapping.toml").read_text()
        cases.register_platform(story.staff[INVESTIGATOR], story.case, "sample-video", str(folder), mapping)

    def progress() -> tuple[int, int]:
        (found,) = case_queries.platforms(story.case)
        for each in found.steps:
            if each.state == "failed":
                raise Refused(f"{each.title}: {each.problem}")
        return sum(each.is_done for each in found.steps), len(found.steps)

    story.tell.wait("steps of the analysis", progress, ANALYSIS_STALLED_S)
    shutil.rmtree(folder, ignore_errors=True)  # what was read stands sealed; nobody needs it in the clear any more
    figures = case_queries.platforms(story.case)[0].figures
    story.tell.line(
        f"{figures['accounts']:,} accounts; {figures['persons']:,} persons as linked; {figures['items']:,} videos; "
        f"{figures['not_attributed']:,} accounts without a country"
    )


def _take_people(story: PlatformStory) -> None:
    story.tell.chapter("The investigator takes people into the case by a rule, and decides on category and country")
    by, platform_uuid = story.staff[INVESTIGATOR], story.platform
    assert platform_uuid is not None
    story.tell.line(RULE.words())
    if not case_queries.platform(platform_uuid).taken:
        taken = cases.take_people(by, platform_uuid, RULE, REASON, story.staff.keys(INVESTIGATOR))
        story.tell.line(f"{counted(len(taken.persons), 'person')} of {counted(taken.accounts, 'account')}")
    people = case_queries.people(story.case)
    if undecided := tuple(each.uuid for each in people if each.seized and each.category == "contact"):
        cases.set_category(by, undecided, "suspect", f"{RULE.words()} {REASON}")
    waiting: dict[str, list[UUID]] = {}
    for each in people:
        if each.seized and each.confirmed_country is None and (country := _country(each)):
            waiting.setdefault(country, []).append(each.uuid)
    for country in sorted(waiting):
        basis = "The card's issuer and the home addresses on the platform point here, with the confidence stated."
        cases.confirm_country(by, tuple(waiting[country]), country, basis)
    confirmed = case_queries.counts_by_country(story.case)
    story.tell.line(", ".join(f"{country} {count}" for country, _, count in confirmed))


def _country(person: PersonFacts) -> str:
    """The candidate that the platform's own records point to first."""
    return next((each.country for each in person.standing if each.evidence == "platform"), "")


def _open_series(story: PlatformStory) -> None:
    story.tell.chapter(f"The victim specialist opens {platform_plan.SAFEGUARDED} series; each child is found and safe")
    by = story.staff[SPECIALIST]
    digests = {hashlib.sha256(data).hexdigest(): n for n, data in platform_plan.pictures(story.seed).values()}
    items: dict[int, list[UUID]] = {}
    for line in case_queries.items(story.case):
        if line.item.sha256 in digests:
            items.setdefault(digests[line.item.sha256], []).append(line.item.uuid)
    taken = series_queries.series_of_items([uuid for uuids in items.values() for uuid in uuids])
    for _, uuids in sorted(items.items()):
        there = next((taken[uuid] for uuid in uuids if uuid in taken), None)
        made = there.uuid if there else victims.open_series(by, story.case, tuple(uuids)).series
        _bring_to_safety(story, made)
    found = series_queries.counts(story.case)
    story.tell.line(f"{found.series} series, {found.safeguarded} with a child who is safe now")


WAY = (
    ("known_elsewhere_check", "Asked the international database's national desk."),
    ("in_analysis", "Not known elsewhere: work begins here."),
    ("located", "Found by the unit of the place; the child is known by name."),
    ("safeguarded", "The child-protection service confirms that the child is safe."),
)


def _bring_to_safety(story: PlatformStory, series: UUID) -> None:
    by = story.staff[SPECIALIST]
    for status, basis in WAY:
        facts = series_queries.series(series)
        ways = [each for each, _ in WAY]
        if facts.status in ways and ways.index(facts.status) >= ways.index(status):
            continue
        if status == "in_analysis" and facts.known_elsewhere != "no":
            victims.answer_known_elsewhere(by, series, "no", "National desk, answered by letter.")
        victims.move(by, series, status, basis)


def _send_packages(story: PlatformStory) -> None:
    if not packages.packages(story.case):
        referrals.plan(story.staff[INVESTIGATOR], story.case)
    send_drafts(story)
    found = packages.standing(story.case)
    story.tell.line(f"{counted(len(found), 'package')}, {sum(each.persons for each in found)} persons in them")


def _plans(story: PlatformStory) -> dict[str, CountryPlan]:
    return platform_plan.plans({each.country: each.persons for each in packages.standing(story.case)})


def _answer(story: PlatformStory) -> None:
    story.tell.chapter("Each country opens its package with its own key, and answers by mail for everybody in it")
    plans, day = _plans(story), clock.now().date()
    held = {each.country: each for each in packages.standing(story.case)}
    answered = _answered(story)
    for country, plan in plans.items():
        if country in answered:
            continue
        authority = partners.authority(story.home, country)
        received = authority.open(_laid_out(story.home, held[country]))
        subjects = [row["subject"] for row in received.form if row["subject"] != "package"]
        told = plan.answer(subjects)
        said = {"package": partners.whole_package(told, day)}
        said |= {line.member: partners.cells(line, day) for line in told.persons}
        partners.send_reply(authority, received.reply_to, partners.filled(received.form, said))
        story.tell.line(f"{country} answers for {counted(len(subjects), 'person')}")
    story.tell.wait("countries have answered", lambda: (len(_answered(story)), len(plans)))


def _laid_out(home: Home, package: PackageFacts) -> Path:
    return next(path for each in package.files if (path := home.outbox / each.name).exists())


def _answered(story: PlatformStory) -> set[str]:
    return {each.country for each in boards.replies(story.case) if each.state == "taken"}


def _finish(story: PlatformStory) -> int:
    story.tell.chapter("The board")
    outcomes.read_board(story.staff[LIAISON], story.case)
    board = boards.board(story.case)
    for row in board.rows:
        story.tell.line(
            f"{row.country}  {row.referred:4d} referred  {row.arrested:2d} arrested  {row.identified:3d} identified  "
            f"{row.no_action:3d} without action  {row.devices:4d} devices  {row.stage}"
        )
    shown = figures_of(board)
    differing = [
        f"{name} is {shown.get(name)}, planned {value}"
        for name, value in planned(story).items()
        if shown.get(name) != value
    ]
    if int(str(shown["devices"])) < platform_plan.LEAST_DEVICES:
        differing.append(f"devices are {shown['devices']}, planned over 3,000")
    for sentence in differing:
        story.tell.problem(f"Not as planned: {sentence}")
    print(json.dumps(shown, ensure_ascii=False), flush=True)
    return 1 if differing else 0


def figures_of(board: Board) -> dict[str, object]:
    """The board's figures as one object, each with its unit beside it; every number is the board's own."""
    figures = board.figures
    keys = {
        "suspects_identified": "suspects_identified",
        "arrested": "arrested",
        "children_safeguarded": "safeguarded",
        "devices": "devices",
        "videos": "platform_items",
        "accounts": "platform_accounts",
        "persons_as_linked": "platform_persons",
        "packages": "packages_sent",
        "countries_with_an_arrest": "arrest_countries",
        "no_action": "no_action",
        "reports": "reports",
    }
    return {
        **{name: figures[key].value for name, key in keys.items()},
        "units": {name: figures[key].unit for name, key in keys.items()},
        "case": board.reference,
    }


def planned(story: PlatformStory) -> dict[str, object]:
    """What the board has to show: the public case's own figures, and the base as it was made."""
    plans = _plans(story)
    return {
        "suspects_identified": platform_plan.IDENTIFIED,
        "arrested": platform_plan.ARRESTED,
        "children_safeguarded": platform_plan.SAFEGUARDED,
        "devices": sum(sum(each.devices.values()) for each in plans.values()),
        "videos": platform_data.VIDEOS,
        "accounts": story.accounts,
        "packages": len(plans),
        "reports": 1,
    }
