from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from amparo.exchange.formats import words
from amparo.exchange.formats.contents import (
    CATEGORIES,
    HANDLING,
    INFORMATION_GRADES,
    LANGUAGES,
    SOURCE_GRADES,
    URGENCIES,
    DossierPart,
    Evaluation,
    HandlingCode,
    PostPart,
    obstacles_to_package,
)
from amparo.exchange.formats.package import package_files
from amparo.foundation.times import Moment
from tests.exchange import samples


def test_the_sample_package_has_no_obstacle():
    assert obstacles_to_package(samples.package()) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reference": "../up"}, "reference"),
        ({"version": 0}, "version"),
        ({"asked": ()}, "Say what is asked"),
        ({"legal_basis": " "}, "legal basis"),
        ({"handling": ()}, "handling code"),
        ({"handling": (HandlingCode("H3"),)}, "needs the text"),
        ({"handling": (HandlingCode("H9"),)}, "no handling code"),
        ({"evaluation": Evaluation("D", 2)}, "4x4"),
        ({"urgency": "soon"}, "urgency"),
        ({"made_at": datetime(2026, 3, 14, 10)}, "without zone"),  # noqa: DTZ001
        ({"persons": (samples.person(1), samples.person(1)), "items": ()}, "twice"),
        ({"persons": (samples.person(1, category="offender"),), "items": ()}, "legal category"),
        ({"persons": (samples.person(1, countries=()),), "items": ()}, "candidate country"),
        ({"persons": (samples.person(1, age_status="unknown"),), "items": ()}, "minors' track"),
        ({"items": (samples.item(1, md5="abc"),), "persons": ()}, "MD5"),
        ({"items": (samples.item(1, first_posted_by="P-9"),), "persons": ()}, "another country's part"),
        ({"persons": (samples.person(1, posts=(PostPart(samples.at(1), "I-99", True),)),), "items": ()}, "I-99"),
    ],
)
def test_unfit_contents_are_refused_with_a_sentence(changes, sentence):
    assert any(sentence in obstacle for obstacle in obstacles_to_package(samples.package(**changes)))


def test_a_language_without_a_cover_sheet_is_an_obstacle():
    contents = samples.package()
    assert "no cover sheet" in " ".join(
        obstacles_to_package(replace(contents, addressee=replace(contents.addressee, language="de")))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_has_the_same_keys_and_places_as_the_english_one(language):
    english, other = (json.loads((words.HERE / f"{each}.json").read_text("utf-8")) for each in ("en", language))
    assert english.keys() == other.keys()
    for key in english:
        assert set(re.findall(r"{\w+}", english[key])) == set(re.findall(r"{\w+}", other[key])), key


def test_no_catalogue_entry_is_unused(monkeypatch):
    used: set[str] = set()

    class Watched(dict[str, str]):
        def __getitem__(self, key):
            used.add(key)
            return super().__getitem__(key)

        def get(self, key, default=None):
            used.add(key)
            return super().get(key, default)

    watched = Watched(words.catalogue("en"))
    monkeypatch.setattr(words, "catalogue", lambda _: watched)
    draw_everything()
    # The courier's own texts have their tests beside the courier.
    assert {key for key in watched if not key.startswith(("mail.", "note."))} - used == set()


def draw_everything():
    """Packages that, together, use every code that the contents know."""
    sample = samples.package()
    everyone = tuple(
        samples.person(
            number,
            category=category,
            age_status=age,
            minors_track=age != "adult",
            handles=("名",),
            assessments=(),
            **extra,
        )
        for number, (category, age, extra) in enumerate(
            [
                *((category, "adult", {}) for category in CATEGORIES),
                ("suspect", "child", {"facts": (), "age_stated": 14}),
                ("suspect", "unknown", {"left": Moment("x", sample.made_at, "UTC", "")}),
                ("suspect", "adult", {"posts": (PostPart(samples.at(1), "I-1", True),) * 20}),
            ]
        )
    )
    dates = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)]
    packages = [
        samples.package(),
        samples.package(dossier=DossierPart(("person", "account"), (("P-1", "account 21"),))),
        samples.package(
            persons=everyone, items=(samples.item(1),), handling=tuple(HandlingCode(code, "text") for code in HANDLING)
        ),
        samples.package(
            persons=(),
            items=(),
            answer_by=None,
            custody=replace(sample.custody, checkpoint="", lines=sample.custody.lines[:1]),
        ),
        *(
            samples.package(evaluation=Evaluation(source, number))
            for source, number in zip(SOURCE_GRADES, INFORMATION_GRADES, strict=True)
        ),
        *(samples.package(urgency=urgency, persons=(), items=()) for urgency in URGENCIES),
        samples.package(persons=everyone[:1], items=(samples.item(1),)),
        *(samples.package(made_at=date, persons=(), items=()) for date in dates),
    ]
    for contents in packages:
        package_files(contents, b"")


@pytest.mark.parametrize(("language", "name"), [("en", "Spain"), ("es", "España"), ("fr", "Espagne")])
def test_a_country_is_named_in_the_language_with_its_code(language, name):
    assert words.Words(language).country("ES") == f"{name} (ES)"
    assert words.Words(language).country("QQ") == "QQ"
