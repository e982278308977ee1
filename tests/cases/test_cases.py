from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.apps import apps

from amparo.access.acts import Actor
from amparo.cases import actions, jobs, queries
from amparo.cases.actions import CaseOpened
from amparo.cases.facts import PersonFacts
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import ProcessKeys
from tests.cases import house
from tests.cases.house import ANA, BEA, CAI, DAN, EVA, WORKER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return house.opened(ines, house.report())


def who(case: CaseOpened, name: str) -> PersonFacts:
    return next(each for each in queries.people(case.case) if any(found.raw == name for found in each.identifiers))


def test_a_case_takes_its_reports_items_and_makes_its_chat_a_group(ines: Actor) -> None:
    report = house.report()
    case = house.opened(ines, report)
    facts = queries.case(case.case)
    assert facts.reference.startswith("AMP-") and facts.reports == (report.uuid,) and facts.people == 5
    (group,) = queries.groups(case.case)
    assert (group.name, group.members, group.messages, group.silent, group.left_at_once) == ("Grupo 21", 5, 6, 2, 1)
    assert {each.compartment for each in vault_queries.items_of_origin(report.uuid)} == {case.compartment}
    assert [line.kind for line in custody.story(case.case)] == [
        "report.taken_up",
        "case.opened",
        "items.sighted",
        "group.imported",
    ]


def test_gathering_twice_adds_nothing(ines: Actor) -> None:
    report = house.report()
    case = house.opened(ines, report)
    before = (queries.people(case.case), queries.items(case.case))
    jobs.gather_report.func("", {"case": str(case.case), "report": str(report.uuid)})
    jobs.gather_examined.func("", {"item": str(report.items["chat"]), "origin": str(report.uuid)})
    assert (queries.people(case.case), queries.items(case.case)) == before


def test_everyone_starts_as_a_contact_of_unknown_age_on_the_minors_track(case: CaseOpened) -> None:
    for each in queries.people(case.case):
        assert (each.category, each.age.status, each.minors_track) == ("contact", "unknown", True)
        assert each.decisions[0].by_name == "Amparo's worker" and each.decisions[0].reason


def test_a_phone_prefix_is_an_assessment_with_its_evidence(case: CaseOpened) -> None:
    bea = who(case, BEA)
    assert [(each.kind, each.value) for each in bea.identifiers] == [("phone", "+59892000010")]
    (pointer,) = bea.attributions
    assert (pointer.country, pointer.kind, pointer.evidence, pointer.grade) == (
        "UY",
        "assessment",
        "phone_prefix",
        "X4",
    )
    assert "+598" in pointer.words and "line 2" in pointer.words
    assert who(case, CAI).attributions == ()


def test_who_posted_the_same_bytes_later_did_not_post_them_first(case: CaseOpened) -> None:
    assert (who(case, ANA).first_posts, who(case, BEA).first_posts) == (1, 1)
    posted = [line for line in queries.items(case.case) if line.copies]
    assert [(line.item.name, line.copies, line.first_poster.handle) for line in posted] == [
        ("IMG-1.jpg", 2, ANA),
        ("IMG-3.jpg", 1, BEA),
    ]  # type: ignore[union-attr]


def test_a_file_that_the_export_lacks_is_a_post_without_item(case: CaseOpened) -> None:
    (missing,) = [each for each in who(case, ANA).posts if each.media_name == "IMG-9.jpg"]
    assert missing.item is None and not missing.first


def test_whoever_was_added_and_left_at_once_is_marked_and_no_suspect(case: CaseOpened) -> None:
    eva = who(case, EVA)
    assert eva.left_at_once and eva.category == "contact"
    (stay,) = eva.memberships
    assert (stay.came_line, stay.went_line, stay.seconds, stay.came_by.handle) == (2, 3, 60, ANA)  # type: ignore[union-attr]
    assert who(case, DAN).silent and not who(case, DAN).left_at_once


def test_only_a_human_decides_a_category(case: CaseOpened, ines: Actor) -> None:
    person = who(case, ANA).uuid
    worker = replace(WORKER, powers=WORKER.powers | {"cases.edit"})
    with pytest.raises(Refused, match="Only a person"):
        actions.set_category(worker, (person,), "suspect", "posted an item")
    actions.set_category(ines, (person,), "suspect", "Posted an item, line 4.")
    decided = who(case, ANA)
    assert (decided.category, decided.decisions[-1].before, decided.decisions[-1].by_name) == (
        "suspect",
        "contact",
        "Ines",
    )


def test_an_age_switches_the_minors_track(case: CaseOpened, ines: Actor) -> None:
    person = who(case, ANA).uuid
    actions.set_age(ines, person, "adult", "Identity card seen.", born_on=date(1990, 1, 1))
    assert not who(case, ANA).minors_track
    actions.set_age(ines, (person,), "child", "The card was another person's.", stated_age=15)
    assert who(case, ANA).minors_track and who(case, ANA).age.stated_age == 15


def test_a_country_is_confirmed_only_with_evidence_and_its_history_is_kept(case: CaseOpened, ines: Actor) -> None:
    person = who(case, CAI).uuid
    with pytest.raises(Refused, match="evidence"):
        actions.confirm_country(ines, (person,), "IT", "Residence.")
    actions.set_country(
        ines,
        (person,),
        "IT",
        "Residence register, 2026-05-06.",
        evidence="document",
        kind="fact",
        source_grade="A",
        information_grade=1,
    )
    actions.confirm_country(ines, (person,), "IT", "Residence.")
    actions.set_country(ines, (person,), "ES", "Seen at work, 2026-06-01.", evidence="partner")
    moved = actions.confirm_country(ines, (person,), "ES", "Lives there now.")
    assert moved.moved == (person,)
    facts = who(case, CAI)
    assert (facts.confirmed_country, facts.earlier_countries, facts.candidates) == ("ES", ("IT",), ("IT", "ES"))
    assert [each.handle for each in queries.persons_by_country(case.case)["ES"]] == [CAI]
    assert queries.case(case.case).countries == ("ES",)


def test_a_withdrawn_candidate_stays_readable_and_no_longer_counts(case: CaseOpened, ines: Actor) -> None:
    pointer = who(case, BEA).attributions[0]
    actions.withdraw_country(ines, pointer.uuid, "A relative's number.")
    bea = who(case, BEA)
    assert bea.candidates == () and bea.attributions[0].withdrawn_reason == "A relative's number."


def test_an_export_without_zone_has_no_utc_until_an_officer_says_what_its_clock_shows(
    case: CaseOpened, ines: Actor
) -> None:
    (group,) = queries.groups(case.case)
    assert group.first is not None and group.first.utc is None and group.first.raw == "4/5/26, 21:01"
    actions.set_zone(ines, group.uuid, "Europe/Madrid", "The reporter's phone, in Spain.")
    (group,) = queries.groups(case.case)
    assert group.first is not None and group.first.utc is not None
    assert (group.first.utc.hour, group.first.zone, group.first.assumed_by) == (19, "Europe/Madrid", "Ines")
    with pytest.raises(Refused, match="no time zone"):
        actions.set_zone(ines, group.uuid, "Madrid/Nowhere", "because")


def test_a_case_is_closed_to_officers_who_were_not_let_in(case: CaseOpened, ines: Actor) -> None:
    hugo = house.officer("hugo", "investigator")
    assert queries.cases_for(hugo.uuid) == ()  # type: ignore[arg-type]
    with pytest.raises(Refused, match="let in"):
        actions.read_case(hugo, case.case)
    assert [line.ended for line in custody.acts(kind="case.read").lines] == ["refused"]
    with pytest.raises(Refused):
        actions.grant_case(hugo, case.case, hugo.uuid)  # type: ignore[arg-type]
    actions.grant_case(ines, case.case, hugo.uuid)  # type: ignore[arg-type]
    actions.read_case(hugo, case.case)
    assert [each.reference for each in queries.cases_for(hugo.uuid)] == [case.reference]  # type: ignore[arg-type]


def test_the_same_number_in_two_exports_is_one_person(case: CaseOpened, ines: Actor) -> None:
    other = house.report()
    actions.add_report(ines, case.case, other.uuid)
    jobs.gather_report.func("", {"case": str(case.case), "report": str(other.uuid)})
    people = queries.people(case.case)
    # Four numbers stand for the same four people; a name in an address book identifies nobody, so it is another person.
    assert (len(people), len(queries.groups(case.case))) == (6, 2)
    assert len(who(case, ANA).memberships) == 2


def test_the_same_number_in_another_case_is_said_without_its_content(case: CaseOpened, ines: Actor) -> None:
    other = house.opened(ines, house.report(), "Another")
    assert queries.elsewhere(who(case, BEA).uuid) == ((other.case, other.reference, "+59892000010"),)
    assert queries.elsewhere(who(case, CAI).uuid) == ()


def test_people_are_found_by_number_reference_mark_and_country(case: CaseOpened) -> None:
    def found(**asked: str) -> list[str]:
        return [each.handle for each in queries.people(case.case, **asked)]  # type: ignore[arg-type]

    assert found(search="+598 92 000 010") == [BEA]
    assert found(search="P-1") == [ANA]
    assert found(mark="left_at_once") == [EVA]
    assert set(found(mark="first")) == {ANA, BEA}
    assert found(country="UY") == [BEA]
    assert found(country="-") == [CAI]


def test_the_case_can_be_opened_by_its_worker_and_nobody_outside(ines: Actor) -> None:
    report = house.report()
    case = house.opened(ines, report)
    from django.conf import settings

    with vault.open_item(
        WORKER, report.items["IMG-1.jpg"], f"match:{case.reference}", ProcessKeys(settings.HOME, "worker")
    ) as item:
        assert item.read() == b"one"
    assert set(vault_queries.holders(case.compartment)) == {str(ines.uuid), "worker", "recovery"}


def test_a_report_stands_in_one_case(case: CaseOpened, ines: Actor) -> None:
    (report,) = queries.case(case.case).reports
    with pytest.raises(Refused, match=case.reference):
        actions.open_case(ines, report, "Again", "law")


def test_a_closed_case_changes_no_more_until_it_is_opened_again(case: CaseOpened, ines: Actor) -> None:
    actions.close_case(ines, case.case, "All packages answered.")
    with pytest.raises(Refused, match="closed"):
        actions.set_category(ines, (who(case, ANA).uuid,), "suspect", "because")
    actions.reopen_case(ines, case.case, "A new report.")
    actions.set_category(ines, (who(case, ANA).uuid,), "suspect", "because")


def test_nobody_is_scored() -> None:
    forbidden = ("score", "rank", "risk", "weight", "probability", "points", "rating", "danger")
    for room in ("cases", "victims"):
        for model in apps.get_app_config(room).get_models():
            names = [field.name for field in model._meta.get_fields()]
            assert not [name for name in names if any(word in name for word in forbidden)], model
