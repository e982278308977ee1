"""What a unit knows of services: when names are one service, why a card is refused, and that a case asks for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.urls import reverse
from hypothesis import given, strategies as st

from amparo.access.acts import Actor
from amparo.cases import queries
from amparo.cases.actions import CaseOpened
from amparo.cases.cards import actions, queries as cards
from amparo.cases.cards.rules import Known, is_stale, key_of, obstacles_to_card, records_of, text_of
from amparo.custody import queries as custody
from amparo.foundation.errors import Missing, Refused
from tests.cases import house
from tests.cases.test_pages import logged_in

TODAY = date(2026, 3, 1)
VEGA = Known("Vega Live", "Its handbook of 2026-02-01", TODAY, operator="Vega Example S.A.", law_country="ES")


# ---- decisions


@pytest.mark.parametrize("other", ["vega live", "VEGA-LIVE", " Vega  Live ", "Vegá_Live", "ｖega live"])
def test_capitals_spaces_signs_and_accents_make_no_other_service(other: str) -> None:
    assert key_of(other) == key_of("Vega Live")


def test_other_letters_and_digits_make_another_service() -> None:
    assert len({key_of(name) for name in ("Vega Live", "Vega Live 2", "Vegas Live", "وصل", "ВК", "微信")}) == 6


lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=":"), min_size=1).map(
    str.strip
)


@given(st.lists(st.tuples(lines.filter(bool), lines)))
def test_records_come_back_from_their_lines_as_they_were(records: list[tuple[str, str]]) -> None:
    assert records_of(text_of(tuple(records))) == tuple(records)


def test_a_second_colon_belongs_to_how_long() -> None:
    assert records_of("logins: 90 days: from the last\n\n gifts \n") == (
        ("logins", "90 days: from the last"),
        ("gifts", ""),
    )


def test_a_card_is_stale_a_year_after_it_was_checked_and_not_before() -> None:
    assert not is_stale(TODAY, TODAY + timedelta(days=365)) and is_stale(TODAY, TODAY + timedelta(days=366))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": " -- "}, "Name the service"),
        ({"operator": "", "law_country": "ES"}, "at least one thing"),
        ({"source": " "}, "Say how this is known"),
        ({"checked_on": TODAY + timedelta(days=1)}, "lies ahead"),
        ({"also": ("Rigel",)}, "on the card of Rigel Rooms already"),
        ({"records": (("", "90 days"),)}, "begins with what is kept"),
        ({"records": tuple((f"kind {n}", "") for n in range(41))}, "At most 40"),
        ({"coin_rules": "x" * 2001}, "at most 2,000 characters"),
    ],
)
def test_what_is_no_card_is_refused_with_what_to_do(changed: dict[str, object], sentence: str) -> None:
    said = obstacles_to_card(replace(VEGA, **changed), TODAY, {key_of("rigel"): "Rigel Rooms"})  # type: ignore[arg-type]
    assert any(sentence in each for each in said), said


def test_a_card_without_fault_has_no_obstacle() -> None:
    assert obstacles_to_card(VEGA, TODAY, {key_of("rigel"): "Rigel Rooms"}) == ()


# ---- in the house

in_house = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return house.opened(ines, house.report())


@in_house
def test_a_service_without_a_card_is_asked_for_in_its_case_until_one_is_written(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    overview, listed = reverse("cases:case", args=[case.case]), reverse("cases:platform_cards")
    assert [(each.name, each.card) for each in queries.services_of_case(case.case)] == [("WhatsApp", None)]
    assert "No card yet" in client.get(overview).content.decode()
    assert "without a card" in client.get(listed).content.decode()
    form = {
        "name": "WhatsApp",
        "also": "whatsapp messenger",
        "operator": "An operator",
        "checked_on": "2026-02-01",
        "source": "its handbook",
        "records": "logins: 90 days",
    }
    answer = client.post(reverse("cases:new_platform_card"), form, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("cases:platform_card", args=["whatsapp"])
    assert "90 days" in answer.content.decode()
    (service,) = queries.services_of_case(case.case)
    assert service.name == "WhatsApp" and service.card and service.card.version == 1
    assert "No card yet" not in client.get(overview).content.decode()
    assert "without a card" not in client.get(listed).content.decode()


@in_house
def test_another_name_on_a_card_finds_it(ines: Actor) -> None:
    actions.write_card(ines, replace(VEGA, also=("Vega Rooms",)))
    assert (found := cards.card_of("vega rooms")) and found.known.name == "Vega Live"
    assert cards.card_of("Rigel") is None
    with pytest.raises(Refused, match="on the card of Vega Live already"):
        actions.write_card(ines, replace(VEGA, name="Vega-Rooms"))


@in_house
def test_every_version_stays_and_nobody_writes_over_another(ines: Actor) -> None:
    key = cards.written(actions.write_card(ines, VEGA).card).key
    with pytest.raises(Refused, match="says this already"):
        actions.write_card(ines, VEGA, key, 1)
    renamed = replace(VEGA, name="Vega", urgent_route="a desk", also=("Vega Live",))
    assert actions.write_card(ines, renamed, key, 1).version == 2
    with pytest.raises(Refused, match="Ines wrote version 2 in the meantime"):
        actions.write_card(ines, VEGA, key, 1)
    assert [each.known for each in cards.versions(key)] == [renamed, VEGA]
    assert cards.newest(key).key == key and len(cards.cards()) == 1
    told = [line.about for line in custody.acts(kind="platform_card.written").lines if line.about]
    assert {each["version"] for each in told} == {1, 2} and "ega" not in str(told)


@in_house
def test_what_is_written_on_a_card_is_words_on_every_page_and_in_the_export(ines: Actor) -> None:
    client, bad = logged_in(ines), "<script>alert(1)</script>"
    known = replace(
        VEGA,
        name=f"Vega {bad}",
        operator="=1+1",
        legal_contact=bad,
        urgent_route=bad,
        records=((bad, bad),),
        age_rules=bad,
        source=bad,
    )
    key = cards.written(actions.write_card(ines, known).card).key
    pages = [reverse("cases:platform_cards")] + [
        reverse(f"cases:{name}", args=[key]) for name in ("platform_card", "write_platform_card")
    ]
    for address in pages:
        assert "<script>alert" not in client.get(address).content.decode()
    assert b"'=1+1" in client.get(reverse("cases:platform_cards_csv")).content


@in_house
def test_a_refused_card_keeps_what_was_typed_and_says_what_to_do(ines: Actor) -> None:
    answer = logged_in(ines).post(
        reverse("cases:new_platform_card"), {"name": "Vega", "operator": "typed text", "checked_on": "2026-02-01"}
    )
    page = answer.content.decode()
    assert answer.status_code == 400 and "typed text" in page and "Say how this is known" in page and not cards.cards()


@in_house
def test_whoever_only_reads_writes_no_card_and_of_others_cases_no_service_is_told(
    case: CaseOpened, ines: Actor
) -> None:
    other = house.officer("otto", "liaison")
    client = logged_in(other)
    assert client.post(reverse("cases:new_platform_card"), {"name": "Vega"}).status_code == 403
    assert "WhatsApp" not in client.get(reverse("cases:platform_cards")).content.decode()
    assert cards.services_in_reach(ines.uuid) and not cards.services_in_reach(other.uuid)


@in_house
def test_a_card_that_is_not_there_is_told_as_missing(ines: Actor) -> None:
    with pytest.raises(Missing):
        cards.newest("vega")
    assert logged_in(ines).get(reverse("cases:platform_card", args=["vega"])).status_code == 404
