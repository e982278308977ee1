"""A package from its plan to its receiver: two people, one country's part, digests, proofs, corrections."""

from __future__ import annotations

import csv
import io
import json

import pytest

from amparo.cases import queries as cases
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.referrals import actions, jobs, queries, rules
from tests.referrals import world as worlds
from tests.referrals.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_competent_country_gets_a_draft_once(world: World) -> None:
    assert actions.plan(world.vera, world.case).countries == ("ES", "GB", "UY")
    assert actions.plan(world.vera, world.case).countries == ()
    assert [each.reference for each in queries.packages(world.case)] == [
        f"{cases.case(world.case).reference}-{country}" for country in ("ES", "GB", "UY")
    ]


def test_without_a_confirmed_country_nothing_is_planned(home: Home) -> None:
    world = worlds.world(home, {})
    with pytest.raises(Refused, match="No person of this case has a confirmed country"):
        actions.plan(world.vera, world.case)


def test_only_an_officer_of_the_case_builds_its_packages(world: World) -> None:
    with pytest.raises(Refused, match="Only an officer of this case"):
        actions.plan(world.leo, world.case)


def test_a_package_holds_its_countrys_persons_and_of_the_others_a_count(world: World) -> None:
    package = worlds.built(world)["UY"]
    assert [each.person for each in queries.persons_in(package.uuid)] == [world.persons["P-2"]]
    files = worlds.opened(world, package)
    everything = b"".join(content for path, content in files.items() if not path.endswith(".pdf")).decode(
        "utf-8", "replace"
    )
    for reference in ("P-1", "P-3", "P-4"):
        person = cases.person(world.persons[reference])
        assert person.handle not in everything
        assert not [phone.value for phone in person.identifiers if phone.kind == "phone" and phone.value in everything]
    contents = queries.contents(package.uuid)
    assert contents is not None
    assert contents["elsewhere"] == [{"country": "ES", "persons": 2}, {"country": "GB", "persons": 1}]


def test_who_only_met_the_case_is_in_no_package(world: World) -> None:
    held = {line.person for package in worlds.built(world).values() for line in queries.persons_in(package.uuid)}
    assert world.persons["P-5"] not in held


def test_a_child_is_on_the_minors_track_and_the_cover_asks_for_it(world: World) -> None:
    contents = queries.contents(worlds.built(world)["UY"].uuid)
    assert contents is not None
    (person,) = contents["persons"]
    assert (person["age_status"], person["age_stated"], person["minors_track"]) == ("child", 15, True)
    assert "menores" in contents["asked"][0]


def test_the_items_acts_are_proven_against_the_signed_record(world: World) -> None:
    contents = queries.contents(worlds.built(world)["ES"].uuid)
    assert contents is not None
    told = contents["custody"]
    assert {line["kind"] for line in told["lines"]} >= {"case.opened", "item.sealed"}
    assert {line["position"] for line in told["lines"]} == {proof["position"] for proof in told["proofs"]}
    assert told["checkpoint"].startswith("amparo/custody\n")


def test_the_reply_token_stands_in_the_sealed_package_and_nowhere_else(world: World) -> None:
    package = worlds.sent(world)["GB"]
    token = worlds.token(world, package)
    assert len(token) == 33
    assert token not in json.dumps(queries.contents(package.uuid))
    assert not [line for line in custody.story(package.uuid) if token in json.dumps(line.about)]
    found = queries.package_by_token(token)
    assert found is not None and found.uuid == package.uuid
    assert queries.package_by_token(token[:-1] + "x") is None


def test_a_package_that_was_not_sent_answers_to_no_token(world: World) -> None:
    assert queries.package_by_token(worlds.token(world, worlds.built(world)["GB"])) is None


def test_two_people_stand_between_a_case_and_another_country(world: World) -> None:
    package = worlds.built(world)["ES"]
    with pytest.raises(Refused, match="Only an approved package"):
        actions.send(world.leo, package.uuid)
    with pytest.raises(Refused, match="You built this package"):
        actions.approve(world.vera, package.uuid)
    actions.approve(world.leo, package.uuid)
    actions.send(world.leo, package.uuid)
    assert [(line.kind, line.ended) for line in custody.story(package.uuid) if "read" not in line.kind] == [
        ("package.planned", "done"),
        ("package.build_asked", "done"),
        ("package.built", "done"),
        ("package.sent", "refused"),
        ("package.approved", "refused"),
        ("package.approved", "done"),
        ("package.sent", "done"),
    ]


def test_what_was_sent_is_laid_out_by_the_courier_and_has_its_clock(world: World) -> None:
    package = worlds.sent(world)["GB"]
    assert package.state == rules.SENT_STATE
    assert [receipt.kind for receipt in package.receipts] == ["delivered"]
    assert package.law == "uk-tca"
    assert package.sent_at and package.acknowledge_by and package.answer_by
    assert package.sent_at < package.acknowledge_by < package.answer_by


def test_a_package_that_cannot_be_built_becomes_a_draft_with_its_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = actions.plan(world.vera, world.case).packages[0]
    actions.build(world.vera, package)
    monkeypatch.setenv("AMPARO_HOUSE_COUNTRY", "")
    jobs.build_package.func("", {"package": str(package)})
    facts = queries.package(package)
    assert facts.state == rules.PLANNED
    assert "AMPARO_HOUSE_COUNTRY" in facts.build_failed


def test_building_twice_records_once(world: World) -> None:
    package = worlds.built(world)["ES"]
    jobs.build_package.func("", {"package": str(package.uuid)})
    assert [line.kind for line in custody.story(package.uuid)].count("package.built") == 1


def test_a_country_without_a_partner_is_told_apart(world: World) -> None:
    worlds.confirm(world.vera, world.persons["P-3"], "FR")
    plan = actions.plan(world.vera, world.case)
    french = plan.packages[plan.countries.index("FR")]
    with pytest.raises(Refused, match="No partner authority is registered for FR"):
        actions.build(world.vera, french)


def test_terms_set_after_building_make_it_a_draft_again(world: World) -> None:
    package = worlds.built(world)["ES"]
    actions.set_terms(
        world.vera, package.uuid, urgency="urgent", urgency_reason="A child may be there.", handling=("H1", "H2")
    )
    assert queries.package(package.uuid).state == rules.PLANNED


def test_what_went_out_keeps_its_terms(world: World) -> None:
    sent = worlds.sent(world)["UY"]
    with pytest.raises(Refused, match="keeps its terms"):
        actions.set_terms(world.vera, sent.uuid, urgency="normal", handling=("H1",))


def test_a_correction_keeps_each_subjects_name_and_tells_what_changed(world: World) -> None:
    package = worlds.sent(world)["ES"]
    names = {line.person: line.subject for line in queries.persons_in(package.uuid)}
    worlds.cases.set_age(world.vera, world.persons["P-3"], "child", "A document says 16.", stated_age=16)
    draft = actions.correct(world.vera, package.uuid, "An age was wrong.")
    actions.build(world.vera, draft.package)
    jobs.build_package.func("", {"package": str(draft.package)})
    new = queries.package(draft.package)
    assert new.version == 2
    assert {line.person: line.subject for line in queries.persons_in(new.uuid)} == names
    assert any(names[world.persons["P-3"]] in change and "age" in change for change in new.changes)
    contents = queries.contents(new.uuid)
    assert contents is not None and "versión 1" in contents["asked"][0]
    actions.approve(world.leo, new.uuid)
    worlds.send(world, new.uuid)
    assert [each.state for each in queries.versions(new.reference)] == [rules.WITHDRAWN, rules.SENT_STATE]


def test_when_a_person_moves_both_countries_are_to_be_told(world: World) -> None:
    before = worlds.sent(world)
    moved = worlds.confirm(world.vera, world.persons["P-4"], "UY")
    jobs.follow_country.func("", {"case": str(world.case), "moved": [str(each) for each in moved.moved]})
    drafts = {each.country: each for each in queries.packages(world.case) if each.version == 2}
    assert set(drafts) == {"GB", "UY"}
    assert world.persons["P-4"] in {line.person for line in queries.persons_in(drafts["UY"].uuid)}
    assert not queries.persons_in(drafts["GB"].uuid)
    for country in ("GB", "UY"):
        actions.build(world.vera, drafts[country].uuid)
        jobs.build_package.func("", {"package": str(drafts[country].uuid)})
    told = queries.package(drafts["GB"].uuid)
    assert any("now believed to be in UY" in change for change in told.changes)
    assert queries.package(before["GB"].uuid).state == rules.SENT_STATE


def test_a_person_who_moved_before_anything_was_sent_starts_no_correction(world: World) -> None:
    worlds.built(world)
    moved = worlds.confirm(world.vera, world.persons["P-4"], "UY")
    jobs.follow_country.func("", {"case": str(world.case), "moved": [str(each) for each in moved.moved]})
    assert {each.version for each in queries.packages(world.case)} == {1}


def test_a_withdrawn_package_says_why_and_the_country_can_be_planned_anew(world: World) -> None:
    package = worlds.sent(world)["GB"]
    with pytest.raises(Refused, match="Say why"):
        actions.withdraw(world.leo, package.uuid, " ")
    actions.withdraw(world.leo, package.uuid, "Sent to the wrong authority.")
    again = actions.plan(world.vera, world.case)
    assert again.countries == ("GB",)
    assert queries.package(again.packages[0]).version == 2


def test_only_an_approved_file_leaves_the_house_by_hand(world: World) -> None:
    package = worlds.built(world)["ES"]
    with pytest.raises(Refused, match="Only an approved package leaves"):
        actions.take_file(world.leo, package.uuid, package.files[0].uuid)


def test_the_receiver_can_read_the_reply_form_for_its_persons(world: World) -> None:
    package = worlds.sent(world)["ES"]
    rows = list(csv.DictReader(io.StringIO(worlds.opened(world, package)["data/reply/reply.csv"].decode())))
    assert [row["subject"] for row in rows] == ["package", *(line.subject for line in queries.persons_in(package.uuid))]
