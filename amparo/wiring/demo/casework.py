"""The chapters inside the house: examining, reading, opening the case, deciding on people, opening the series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID

from amparo.cases import actions as cases, queries as case_queries
from amparo.intake import actions as intake, queries as reports
from amparo.matching import queries as known
from amparo.matching.rules import State
from amparo.vault import queries as vault
from amparo.victims import actions as victims, queries as series_queries
from amparo.wiring.demo import words
from amparo.wiring.demo.cast import Fate, Member
from amparo.wiring.demo.plan import competent_countries
from amparo.wiring.demo.staff import ANALYST, INVESTIGATOR, LIAISON, SPECIALIST, SUPERVISOR
from amparo.wiring.demo.story import Story
from amparo.wiring.demo.telling import counted

TITLE = words.GROUP_NAME
BASIS = "Order of the investigating court, demo 21/2026"
ZONE = "Europe/Madrid"
WITH_SUBSCRIBER_RECORDS = ("ES", "UY")
# Beside what the chat names: its text, the archive itself, the two pictures inside the inner archive and the two attached.
OTHER_FILES = 6


def examined(story: Story) -> None:
    """Every file of the report was opened in the sandbox and laid beside the known lists."""
    story.tell.chapter("Each file is opened in the sandbox, hashed, and laid beside the lists")
    expected = len(story.operation.chat.posted) + OTHER_FILES

    def progress() -> tuple[int, int]:
        items = [each.uuid for each in vault.items_of_origin(story.report) if not each.derived]
        done = sum(verdict.at is not None for verdict in known.verdicts(items).values())
        return done, max(expected, len(items))

    story.tell.wait("files examined and compared", progress)
    items = [each.uuid for each in vault.items_of_origin(story.report) if not each.derived]
    verdicts = known.verdicts(items).values()
    count = {state: sum(verdict.state == state for verdict in verdicts) for state in State}
    story.tell.line("; ".join(f"{state.value.replace('_', ' ')}: {n}" for state, n in count.items()))
    for work in reports.report(story.report).work_items:
        story.tell.line(f"work item: {work.sentence}")


def read_and_open(story: Story) -> None:
    """The report was read, a case opened from it, and the officers let in; the chat is the case's group."""
    story.tell.chapter(
        "An analyst reads the report, text first; an investigator opens a case; the chat becomes its group"
    )
    if story.case_or_none is None:
        intake.read_report(story.staff[ANALYST], story.report)
        cases.open_case(story.staff[INVESTIGATOR], story.report, TITLE, BASIS)
    case = story.case
    story.tell.wait("groups imported", lambda: (len(case_queries.groups(case)), 1))
    let_in = {each.uuid for each in case_queries.case(case).officers}
    for username in (ANALYST, LIAISON, SPECIALIST, SUPERVISOR):
        officer = story.staff[username].uuid
        if officer and officer not in let_in:
            cases.grant_case(story.staff[INVESTIGATOR], case, officer, story.staff.keys(INVESTIGATOR))
    (group,) = case_queries.groups(case)
    if not group.zone:
        cases.set_zone(story.staff[INVESTIGATOR], group.uuid, ZONE, "The reporter's phone showed the time of Madrid.")
    story.tell.line(
        f"{case_queries.case(case).reference}: {group.members} members, {group.messages} messages, {group.media} files, "
        f"{group.silent} silent, {group.left_at_once} left at once, {group.unsupported_count} lines that fit nothing"
    )


def decide_people(story: Story) -> None:
    """Every member who is referred has a category, an age status and a confirmed country, each a human's decision."""
    story.tell.chapter("The investigator decides on people: category, age, country, each with its reason")
    persons, by = story.persons(), story.staff[INVESTIGATOR]

    def uuids(members: Iterable[Member]) -> tuple[UUID, ...]:
        return tuple(persons[m.key].uuid for m in members)

    referred = [m for m in story.operation.members if m.fate is not Fate.NOT_REFERRED]
    if undecided := uuids(m for m in referred if persons[m.key].category == "contact"):
        cases.set_category(
            by, undecided, "suspect", "Put items into the group; who posted first stands with each item."
        )
    for member in (m for m in referred if m.under_18 and persons[m.key].age.status == "unknown"):
        cases.set_age(by, uuids([member]), "child", "Register of residents, answered on request.", member.age)
    adults = [m for m in referred if m.country in WITH_SUBSCRIBER_RECORDS and not m.under_18]
    if waiting := uuids(m for m in adults if persons[m.key].age.status == "unknown"):
        cases.set_age(by, waiting, "adult", "Subscriber records of the operator, answered on request.")
    _confirm_countries(story, referred)
    story.tell.line(
        f"{len(referred)} suspects, {sum(m.under_18 for m in referred)} of them known to be under 18; "
        f"{len(persons) - len(referred)} others stay contacts: silence, or having left at once, says nothing"
    )


def _confirm_countries(story: Story, referred: list[Member]) -> None:
    persons, by = story.persons(), story.staff[INVESTIGATOR]
    for country in dict.fromkeys(competent_countries(m)[0] for m in referred):
        own = [persons[m.key] for m in referred if competent_countries(m)[0] == country]
        waiting = tuple(person.uuid for person in own if person.confirmed_country is None)
        if not waiting:
            continue
        basis = "The phone number's country; no other clue speaks against it."
        if country in WITH_SUBSCRIBER_RECORDS:
            words_of = "The operator's subscriber record names an address in this country."
            cases.set_country(
                by, waiting, country, words_of, evidence="document", kind="fact", source_grade="A", information_grade=1
            )
            basis = "The operator's subscriber record, and the phone number's country."
        cases.confirm_country(by, waiting, country, basis)
        story.tell.line(f"{country}: {counted(len(waiting), 'person')}")


def open_series(story: Story) -> None:
    """Each family of pictures is a series of one child, open for identification."""
    story.tell.chapter("The victim specialist opens a series for each child; every one stays open for identification")
    by, case = story.staff[SPECIALIST], story.case
    digests = {hashlib.sha256(p.data).hexdigest(): p.family for p in story.operation.album if p.family}
    items: dict[str, list[UUID]] = {}
    for line in case_queries.items(case):
        if family := digests.get(line.item.sha256):
            items.setdefault(family, []).append(line.item.uuid)
    taken = series_queries.series_of_items([uuid for uuids in items.values() for uuid in uuids])
    for _family, uuids in sorted(items.items()):
        there = next((taken[uuid] for uuid in uuids if uuid in taken), None)
        made = there.uuid if there else victims.open_series(by, case, tuple(uuids)).series
        facts = series_queries.series(made)
        if facts.status == "new":
            victims.move(by, made, "known_elsewhere_check", "Asked the international database's national desk.")
            victims.answer_known_elsewhere(by, made, "no", "National desk, answered by letter.")
            victims.move(by, made, "in_analysis", "Not known elsewhere: work begins here.")
        story.tell.line(f"{facts.name}: {counted(len(uuids), 'item')}")
