from __future__ import annotations

import pytest

from amparo.viewing.countries import choices, countries, country_name
from amparo.viewing.rules import REASONS, RevealAsked, obstacles_to_reveal


def test_nobody_looks_without_a_reason() -> None:
    assert obstacles_to_reveal(RevealAsked(""))
    assert obstacles_to_reveal(RevealAsked("curious"))


@pytest.mark.parametrize("reason", sorted(set(REASONS) - {"other"}))
def test_a_listed_reason_opens_an_unknown_item(reason: str) -> None:
    assert obstacles_to_reveal(RevealAsked(reason)) == ()


def test_another_reason_needs_own_words() -> None:
    assert obstacles_to_reveal(RevealAsked("other", "  because "))
    assert not obstacles_to_reveal(RevealAsked("other", "The court clerk asked for the frame count."))


def test_a_known_item_is_settled_without_looking() -> None:
    assert obstacles_to_reveal(RevealAsked("categorise", known=True))
    assert not obstacles_to_reveal(RevealAsked("verify_match", known=True))


def test_nobody_searches_for_a_child_who_is_safe() -> None:
    assert obstacles_to_reveal(RevealAsked("identify", child_identified=True))
    assert not obstacles_to_reveal(RevealAsked("court", child_identified=True))


def test_countries_have_names_in_three_languages() -> None:
    assert country_name("ES", "en") == "Spain"
    assert country_name("ES", "es") == "España"
    assert country_name("DE", "fr-ca") == "Allemagne"
    assert all(country.en and country.es and country.fr for country in countries().values())
    assert len(countries()) == 250
    assert len(choices("es")) == 250


def test_a_code_that_is_no_country_stays_a_code() -> None:
    assert country_name("ZZ") == "ZZ"
    assert country_name(None) == ""
