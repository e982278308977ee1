"""The story of the streams, played only through the house's own doors: from one mail to payers' packages and a child who is safe.

Every step first looks whether it was done: played again, or after a break, the story goes on where it stopped.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from uuid import UUID

from amparo.cases import actions as cases, queries as case_queries
from amparo.cases.ledgers import queries as coin_queries
from amparo.exchange import actions as exchange, queries as partner_queries
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.intake import actions as intake, queries as reports
from amparo.outcomes import actions as outcomes, queries as boards
from amparo.referrals import queries as packages
from amparo.vault import queries as vault
from amparo.wiring.demo import mails, partners, referring, staff, streams_child, streams_coins, streams_payers
from amparo.wiring.demo.plan import PersonAnswer
from amparo.wiring.demo.staff import ANALYST, INVESTIGATOR, LIAISON, SPECIALIST, SUPERVISOR, Staff
from amparo.wiring.demo.story import arrived, report_made_of
from amparo.wiring.demo.streams_cast import COUNTRIES, HOST_COUNTRY
from amparo.wiring.demo.streams_data import SUBJECT, Streams, generate
from amparo.wiring.demo.telling import Teller

CHAPTERS = 11
TITLE = "Sala 21"
BASIS = "Order of the investigating court, demo 22/2026"
ZONE = "Europe/Madrid"


@dataclass
class StreamsStory:
    """One playing of the streams in one home."""

    home: Home
    data: Streams
    staff: Staff
    tell: Teller
    _report: UUID | None = field(default=None, repr=False)

    @property
    def report(self) -> UUID:
        """The report that the house made of our mail. Raises Missing before it did."""
        self._report = self._report or report_made_of(self.data.report, SUBJECT)
        if self._report is None:
            raise Missing("The demo's report is not on the queue yet.")
        return self._report

    @property
    def case(self) -> UUID:
        """The case opened from the report. Raises Missing before that."""
        found = reports.report(self.report).case
        if found is None:
            raise Missing("No case has been opened from the demo's report yet.")
        return found


def streams(home: Home, seed: int) -> int:
    """0 when the board and the ledgers show the case's own figures, else 1. The last line printed is one JSON object of them."""
    tell = Teller(CHAPTERS)
    tell.chapter(f"Synthetic data is made from seed {seed}, and the demo's officers get their log-ins")
    story = StreamsStory(home, generate(seed), staff.hired(home), tell)
    people = story.data.cast
    tell.line(f"one host, {len(people.payers)} who paid, {len(people.viewers)} who were there and paid nothing")
    _register_partners(story)
    _send_mail(story)
    _read_and_open(story)
    streams_child.safeguard(story)
    streams_coins.read_ledgers(story)
    streams_coins.tell_broadcasts(story)
    streams_payers.take_payers(story)
    streams_payers.ask_services(story)
    referring.send_packages(story)
    return _finish(story)


def _register_partners(story: StreamsStory) -> None:
    story.tell.chapter("The liaison officer registers five authorities with their keys")
    for country in COUNTRIES:
        authority = partners.authority(story.home, country)
        given = authority.public_keys(clock.now().date())
        there = partner_queries.partner(country)
        if there is None:
            exchange.register_partner(story.staff[LIAISON], authority.details, given)
        elif (there.openpgp.strip(), there.age.strip()) != (given.openpgp.strip(), given.age.strip()):
            raise Refused(f"{country} has a real partner here: play the demo in a home of its own (AMPARO_HOME).")
    story.tell.line(", ".join(COUNTRIES))


def _send_mail(story: StreamsStory) -> None:
    story.tell.chapter("Mail arrives: somebody noticed, and says that a child may be in danger now")
    letter = story.data.report
    if arrived(letter):
        story.tell.line("it is here already")
    else:
        partners.post(letter.sender, mails.TO, letter.data)
        story.tell.line(f"250 for the report, {len(letter.data) / 1024:,.0f} KiB")
    story.tell.wait("the report stands on the queue", lambda: (int(_ranked(story)), 1))
    ranking = reports.report(story.report).ranking
    assert ranking is not None
    for name, axis in ranking.axes.items():
        story.tell.line(f"{name}: {axis.level} ({'; '.join(reason.words for reason in axis.reasons) or 'no reason'})")


def _ranked(story: StreamsStory) -> bool:
    try:
        return reports.report(story.report).ranking is not None
    except Missing:
        return False


def _read_and_open(story: StreamsStory) -> None:
    story.tell.chapter("An analyst reads it, text first; an investigator opens a case; the chat becomes its group")
    if reports.report(story.report).case is None:
        intake.read_report(story.staff[ANALYST], story.report)
        cases.open_case(story.staff[INVESTIGATOR], story.report, TITLE, BASIS)
    case = story.case
    story.tell.wait("groups imported", lambda: (len(case_queries.groups(case)), 1))
    series = {each.sha256 for each in vault.items_of_origin(story.report)}
    story.tell.line(f"{len(series)} items, hidden; none is shown to anybody in this story")
    let_in = {each.uuid for each in case_queries.case(case).officers}
    for username in (ANALYST, LIAISON, SPECIALIST, SUPERVISOR):
        officer = story.staff[username].uuid
        if officer and officer not in let_in:
            cases.grant_case(story.staff[INVESTIGATOR], case, officer, story.staff.keys(INVESTIGATOR))
    (group,) = case_queries.groups(case)
    if not group.zone:
        cases.set_zone(story.staff[INVESTIGATOR], group.uuid, ZONE, "The reporter's phone showed the time of Madrid.")
    story.tell.line(f"{case_queries.case(case).reference}: {group.members} members, {group.messages} messages")


# ---- the end


def _finish(story: StreamsStory) -> int:
    story.tell.chapter("The host's country answers for the host; the payers are still sought. The board")
    _record_arrest(story)
    outcomes.read_board(story.staff[LIAISON], story.case)
    shown = figures_of(story)
    differing = differences(shown, story.data)
    for sentence in differing:
        story.tell.problem(f"Not as planned: {sentence}")
    print(json.dumps(shown, ensure_ascii=False), flush=True)
    return 1 if differing else 0


def _record_arrest(story: StreamsStory) -> None:
    package = referring.package_of(story, HOST_COUNTRY)
    if any(line.kind == "arrested" for line in boards.outcome_lines(case=story.case)):
        return
    authority = partners.authority(story.home, HOST_COUNTRY)
    laid_out = [story.home.outbox / each.name for each in package.files]
    received = authority.open(next(path for path in laid_out if path.exists()))
    subject = received.subjects()[story.data.cast.host.phone]
    answer = PersonAnswer("host", "arrested", HOST_COUNTRY, "", None, "")
    row = {"subject": subject, **partners.cells(answer, clock.now().date())}
    outcomes.record_outcome(story.staff[LIAISON], package.uuid, [row])
    story.tell.line(f"{package.reference}, opened with its receiver's own key: the host was arrested")


def figures_of(story: StreamsStory) -> dict[str, object]:
    """The figures as one object: the board's own, and those of the ledgers as the case keeps them."""
    board = boards.board(story.case)
    ledgers = coin_queries.ledgers(story.case)
    people = {each.uuid: each for each in case_queries.people(story.case)}
    linked = {link.person.uuid for link in coin_queries.links(story.case) if not link.undone_at}
    payers = [people[each] for each in linked if people[each].category == "suspect" and each != _host(story)]
    found = {line.person for line in boards.outcome_lines(case=story.case) if line.kind in ("arrested", "identified")}
    references = {each.platform: _references(story, each) for each in ledgers}
    return {
        "payers": len(payers),
        "possible_victims": sum(people[each].category == "possible_victim" for each in linked),
        "countries": len({each.country for each in packages.standing(story.case)}),
        "by_country": {
            each.country: each.persons for each in sorted(packages.standing(story.case), key=lambda p: p.country)
        },
        "packages": board.figures["packages_sent"].value,
        "referred": board.figures["referred"].value,
        "arrested": board.figures["arrested"].value,
        "payers_sought": sum(each.uuid not in found for each in payers),
        "coins": {each.platform: each.summary["events"]["purchase"][1] for each in ledgers},
        "euro_minor": {
            each.platform: sum(line[2] for line in each.summary["money"] if line[0] == "purchase" and line[1] == "EUR")
            for each in ledgers
        },
        "references": sum(references.values()),
        "gaps": sum(count for each in ledgers for count, _ in each.summary["gaps"].values()),
        "series": board.figures["series"].value,
        "safeguarded": board.figures["safeguarded"].value,
        "reports": board.figures["reports"].value,
        "case": board.reference,
    }


def _host(story: StreamsStory) -> UUID:
    return streams_payers.by_phone(story)[story.data.cast.host.phone].uuid


def _references(story: StreamsStory, ledger: coin_queries.LedgerFacts) -> int:
    return streams_coins.references(story, ledger)


def planned(data: Streams) -> dict[str, object]:
    """What has to be shown, from the demo's own truth."""
    return {**asdict(data.figures), "reports": 1}


def differences(shown: dict[str, object], data: Streams) -> list[str]:
    """A sentence for each figure that is not the plan's."""
    return [
        f"{name} is {shown.get(name)}, planned {value}"
        for name, value in planned(data).items()
        if shown.get(name) != value
    ]
