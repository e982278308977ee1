"""The chapters in which the countries answer: one person turns out to have moved, then everybody says what came of it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from amparo.cases import actions as cases
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.outcomes import actions as outcomes, queries as boards
from amparo.referrals import queries
from amparo.referrals.queries import PackageFacts
from amparo.wiring.demo import partners
from amparo.wiring.demo.cast import Member
from amparo.wiring.demo.partners import Authority, Received
from amparo.wiring.demo.plan import BY_FORM, CountryAnswer
from amparo.wiring.demo.referring import package_of, persons_in, send_drafts, versions_sent
from amparo.wiring.demo.staff import INVESTIGATOR, LIAISON
from amparo.wiring.demo.story import Story
from amparo.wiring.demo.telling import counted

MOVED_NOTE = "Orden dictada. La persona está ahora en España."


def follow_the_move(story: Story) -> None:
    """Italy has said that its order's subject is in Spain now; Spain is competent, and both hold corrected packages."""
    story.tell.chapter("Italy answers first: an order is made, the person is in Spain now; both countries are told")
    moved = next(m for m in story.operation.members if m.arrested_in and m.country and m.arrested_in != m.country)
    assert moved.country is not None
    assert moved.arrested_in is not None
    person = story.persons()[moved.key]
    if person.confirmed_country == moved.country:
        if not _heard(story, moved.country):
            _say_moved(story, moved)
        country = moved.country
        story.tell.wait("replies taken", lambda: (int(_heard(story, country)), 1))
        by, there = story.staff[INVESTIGATOR], (person.uuid,)
        cases.set_country(
            by,
            there,
            moved.arrested_in,
            MOVED_NOTE,
            evidence="partner",
            kind="fact",
            source_grade="A",
            information_grade=1,
        )
        cases.confirm_country(by, there, moved.arrested_in, "The partner that made the order says so.")
    # Who went over to the other country stands in its newest version, and no longer in the old one's.
    left, now_in = moved.country, moved.arrested_in
    story.tell.wait("drafts for both", lambda: (_moved_drafts(story, left, now_in, person.uuid), 2))
    send_drafts(story)


def _moved_drafts(story: Story, left: str, now_in: str, person: UUID) -> int:
    newest = {each.country: persons_in(each.uuid) for each in queries.packages(story.case)}
    return int(person in newest[now_in]) + int(person not in newest[left])


def _say_moved(story: Story, moved: Member) -> None:
    assert moved.country is not None
    assert moved.phone is not None
    authority, package = _authority(story, moved.country), package_of(story, moved.country)
    received = _open(story.home, authority, package)
    day = clock.now().date().isoformat()
    said = {
        "package": {"outcome": "acknowledged", "date": day},
        received.subjects()[moved.phone]: {"outcome": "opened", "date": day, "note": MOVED_NOTE},
    }
    partners.send_reply(authority, received.reply_to, partners.filled(received.form, said))
    story.tell.line(f"{package.reference} opened by its receiver: {'; '.join(received.package.steps[:2])}")


def answer(story: Story) -> None:
    """Every country has answered for everybody in its package."""
    story.tell.chapter("Each country opens its package with its own key, and answers: ten by mail, one by the form")
    for each in story.operation.answers:
        if _answered(story, each.country):
            continue
        package = package_of(story, each.country)
        said, received, authority = _said(story, each, package)
        if each.country == BY_FORM:
            rows = [{"subject": subject, **cells} for subject, cells in said.items()]
            outcomes.record_outcome(story.staff[LIAISON], package.uuid, rows)
        else:
            partners.send_reply(authority, received.reply_to, partners.filled(received.form, said))
        how = "by the form" if each.country == BY_FORM else "by mail"
        story.tell.line(f"{each.country} answers for {counted(len(each.persons), 'person')} {how}")
    countries = [each.country for each in story.operation.answers]
    story.tell.wait(
        "countries have answered", lambda: (sum(_answered(story, country) for country in countries), len(countries))
    )


def _said(
    story: Story, plan: CountryAnswer, package: PackageFacts
) -> tuple[dict[str, dict[str, str]], Received, Authority]:
    """What the country says of each subject, by the names that its own versions of the package use."""
    authority, day = _authority(story, plan.country), clock.now().date()
    held = [_open(story.home, authority, version) for version in versions_sent(package)]
    subjects: dict[str, str] = {}
    for received in held:
        subjects |= received.subjects()
    phones = {m.key: m.phone or "" for m in story.operation.members}
    said = {"package": partners.whole_package(plan, day)}
    said |= {subjects[phones[line.member]]: partners.cells(line, day) for line in plan.persons}
    return said, held[-1], authority


def _authority(story: Story, country: str) -> Authority:
    return partners.authority(story.home, country)


def _open(home: Home, authority: Authority, package: PackageFacts) -> Received:
    """The authority opens what the courier laid out for it, in whichever form it has the key for."""
    laid_out: list[Path] = [home.outbox / each.name for each in package.files]
    return authority.open(next(path for path in laid_out if path.exists()))


def _heard(story: Story, country: str) -> bool:
    """Whether anything came back from this country."""
    return any(each.country == country for each in boards.replies(story.case))


def _answered(story: Story, country: str) -> bool:
    """Whether the board shows this country's word on everybody it was sent, and on what it seized."""
    row = next((each for each in boards.board(story.case).rows if each.country == country), None)
    if row is None or row.unanswered:
        return False
    lines = boards.outcome_lines(case=story.case)
    return any(line.country == country and line.kind == "devices_seized" for line in lines)
