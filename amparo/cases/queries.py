"""The cases room's nouns, for pages and for later rooms. Reading here records nothing: `actions.read_case` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.cases.cards.queries import card_of, services_of_case
from amparo.cases.chats.activity import activity
from amparo.cases.chats.first_looks import entered_reasons, first_looks, reading_order, reading_orders
from amparo.cases.chats.items_across import (
    first_question,
    item_facts,
    item_verdicts,
    items_across,
    items_elsewhere,
    look_alikes,
)
from amparo.cases.chats.members import every_member_line, last_line, member_lines
from amparo.cases.chats.overlap import circle_lines, gathered, opened_group, opened_person, overlaps, people_elsewhere
from amparo.cases.chats.talk import group, groups, memberships, messages_by_day, notices, posts, posts_before
from amparo.cases.evidence import evidence, item_marks, items, posted_items, story
from amparo.cases.facts import CaseFacts, DeviceFacts, NoteFacts, OfficerLine, PersonRef
from amparo.cases.models import (
    Case,
    CaseOfficer,
    CaseReport,
    Device,
    Event,
    Group,
    Identifier,
    Person,
    Platform,
    Sighting,
)
from amparo.cases.people import (
    countries_of_case,
    counts_by_country,
    elsewhere,
    people,
    people_open,
    people_page,
    person,
    person_lines,
    person_names,
    persons_by_country,
)
from amparo.cases.platforms.queries import platform, platform_counts, platforms
from amparo.foundation.errors import Missing
from amparo.foundation.times import Moment
from amparo.vault.keys import Unlock

__all__ = [
    "activity", "card_of", "case", "case_called", "cases_for", "cases_of_report", "circle_lines", "countries_of_case",
    "counts_by_country", "devices", "dossier_columns", "dossier_of", "elsewhere", "entered_reasons",
    "every_member_line", "evidence", "first_looks", "first_question", "gathered", "group", "groups", "identifiers",
    "item_facts", "item_marks", "item_verdicts", "items", "items_across", "items_elsewhere", "last_line",
    "look_alikes", "may_enter", "member_lines", "memberships", "messages_by_day", "notes", "notices", "opened_group",
    "opened_person", "overlaps", "people", "people_elsewhere", "people_open", "people_page", "person", "person_lines",
    "person_names", "persons_by_country", "platform", "platform_counts", "platforms", "posted_items", "posts",
    "posts_before", "reading_order", "reading_orders", "services_of_case", "sighted_items", "story",
]  # fmt: skip


def case(uuid: UUID) -> CaseFacts:
    """Raises Missing."""
    found = Case.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such case.", case=str(uuid))
    return _case_facts([found])[0]


def case_called(reference: str) -> CaseFacts:
    """Raises Missing."""
    found = Case.objects.filter(reference=reference.strip().upper()).first()
    if not found:
        raise Missing(f"There is no case {reference}. A case's reference is written as AMP-2026-0001.")
    return _case_facts([found])[0]


def cases_for(officer: UUID) -> tuple[CaseFacts, ...]:
    """The cases that this officer may open, newest first."""
    mine = CaseOfficer.objects.filter(officer=officer).values("case_id")
    return _case_facts(list(Case.objects.filter(id__in=mine)))


def cases_of_report(report: UUID) -> tuple[CaseFacts, ...]:
    attached = CaseReport.objects.filter(report=report).values("case_id")
    return _case_facts(list(Case.objects.filter(id__in=attached)))


def identifiers(case: UUID) -> tuple[tuple[str, str], ...]:
    """(kind, normal form) of everything that identifies somebody of the case, each once."""
    rows = Identifier.objects.filter(person__case__uuid=case).order_by("kind", "value")
    return tuple(rows.values_list("kind", "value").distinct())


def may_enter(officer: UUID | None, case: UUID) -> bool:
    return officer is not None and CaseOfficer.objects.filter(officer=officer, case__uuid=case).exists()


def sighted_items(case: UUID, report: UUID) -> frozenset[UUID]:
    """The items that came into the case with this report."""
    return frozenset(Sighting.objects.filter(case__uuid=case, report=report).values_list("item", flat=True))


def _case_facts(cases: list[Case]) -> tuple[CaseFacts, ...]:
    ids = [each.id for each in cases]
    reports, officers, countries = _by_case(ids)
    people = dict(Person.objects.filter(case_id__in=ids).values_list("case_id").annotate(Count("id")))
    groups = dict(Group.objects.filter(case_id__in=ids).values_list("case_id").annotate(Count("id")))
    names = {each.uuid: each for each in access.officers()}
    found = []
    for each in cases:
        opener = names.get(each.opened_by)
        let_in = tuple(
            OfficerLine(
                line.officer,
                names[line.officer].name if line.officer in names else "",
                names[line.officer].unit if line.officer in names else "",
                line.granted_at,
            )
            for line in officers.get(each.id, ())
        )
        found.append(
            CaseFacts(
                each.uuid,
                each.reference,
                each.title,
                each.legal_basis,
                each.opened_at,
                each.opened_by,
                opener.name if opener else "",
                each.state,
                each.compartment,
                tuple(reports.get(each.id, ())),
                let_in,
                tuple(sorted(countries.get(each.id, ()))),
                people.get(each.id, 0),
                groups.get(each.id, 0),
            )
        )
    return tuple(found)


def _by_case(ids: list[int]) -> tuple[dict[int, list[UUID]], dict[int, list[CaseOfficer]], dict[int, set[str]]]:
    reports: dict[int, list[UUID]] = {}
    for report in CaseReport.objects.filter(case_id__in=ids):
        reports.setdefault(report.case_id, []).append(report.report)
    officers: dict[int, list[CaseOfficer]] = {}
    for officer in CaseOfficer.objects.filter(case_id__in=ids).order_by("id"):
        officers.setdefault(officer.case_id, []).append(officer)
    countries: dict[int, set[str]] = {}
    confirmed = Person.objects.filter(case_id__in=ids).exclude(confirmed_country="")
    for case_id, country in confirmed.order_by().values_list("case_id", "confirmed_country").distinct():
        countries.setdefault(case_id, set()).add(country)
    return reports, officers, countries


def notes(case: UUID, person: UUID | None = None) -> tuple[NoteFacts, ...]:
    """The officers' notes, oldest first."""
    rows = Event.objects.filter(case__uuid=case).select_related("person")
    if person:
        rows = rows.filter(person__uuid=person)
    return tuple(
        NoteFacts(
            each.uuid,
            _ref(each.person),
            each.text,
            Moment(each.raw, each.utc, each.zone, each.assumed_by) if each.raw else None,
            each.by_name,
            each.at,
        )
        for each in rows
    )


def devices(case: UUID) -> tuple[DeviceFacts, ...]:
    rows = Device.objects.filter(case__uuid=case).select_related("person")
    return tuple(
        DeviceFacts(each.uuid, each.kind, each.label, each.seal, each.seized_on, each.place, _ref(each.person))
        for each in rows
    )


def _ref(person: Person | None) -> PersonRef | None:
    return PersonRef(person.uuid, person.reference, person.handle) if person else None


def dossier_columns() -> dict[str, str]:
    """What a dossier says of an account: each column with what it means."""
    from amparo.cases.linkage.dossiers_tables import ACCOUNT_COLUMNS

    return dict(ACCOUNT_COLUMNS)


def dossier_of(
    by: Actor, case: UUID, persons: Sequence[UUID], unlock: Unlock
) -> Mapping[UUID, tuple[tuple[Any, ...], ...]]:
    """What the platforms' dossiers say of these people's accounts, by person: rows of `dossier_columns`. Openings are recorded."""
    if not Platform.objects.filter(case__uuid=case).exists():
        return {}
    from amparo.cases.platforms.dossiers import dossier_of as found  # brings the engines, which few processes need

    return found(by, case, persons, unlock)
