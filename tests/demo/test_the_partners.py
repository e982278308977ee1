"""The demo's partners read their own package and fill in the form; the demo says which figure is not the plan's."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from amparo.exchange.sealing import OpenedPackage
from amparo.foundation.home import Home
from amparo.wiring.demo import partners, play
from amparo.wiring.demo.generator import Operation, generate
from amparo.wiring.demo.plan import CountryAnswer, PersonAnswer

DAY = date(2026, 6, 20)
FORM = (
    b"reply_token,package_reference,version,subject,outcome,date\r\nr1,AMP-1-UY,2,package,,\r\nr1,AMP-1-UY,2,S-1,,\r\n"
)


@pytest.fixture(scope="module", name="operation")
def _operation() -> Operation:
    return generate()


def received(files: dict[str, bytes]) -> partners.Received:
    return partners.Received(OpenedPackage("AMP-1-UY-v2", files, "", pinned=False, steps=()))


def test_a_subject_of_an_earlier_version_gets_a_row_with_this_version_s_token() -> None:
    form = received({"data/reply/reply.csv": FORM}).form
    said = {"S-1": {"outcome": "identified"}, "S-7": {"outcome": "arrested"}}
    rows = list(csv.DictReader(io.StringIO(partners.filled(form, said).decode())))
    assert [(row["subject"], row["outcome"]) for row in rows] == [
        ("package", ""),
        ("S-1", "identified"),
        ("S-7", "arrested"),
    ]
    assert {(row["reply_token"], row["version"]) for row in rows} == {("r1", "2")}


def test_who_has_which_number_is_read_from_the_package_itself() -> None:
    graph = [
        {"@id": "urn:1", "@type": "identity:Person", "core:name": "S-1"},
        {
            "@id": "urn:2",
            "core:hasFacet": [{"observable:phoneNumber": "+59892000010"}, {"observable:owner": {"@id": "urn:1"}}],
        },
    ]
    package = received({"data/case.jsonld": json.dumps({"@graph": graph}).encode()})
    assert package.subjects() == {"+59892000010": "S-1"}


def test_arrest_cells_stay_empty_where_nobody_was_arrested() -> None:
    row = partners.cells(PersonAnswer("m1", "no_action", "", "", 16, "person_not_here"), DAY)
    assert (row["arrested_in"], row["ordered_by"], row["age"], row["reason"]) == ("", "", "", "person_not_here")


def test_an_arrest_says_where_it_was_made_and_who_ordered_it() -> None:
    row = partners.cells(PersonAnswer("m1", "arrested", "ES", "IT", None, ""), DAY)
    assert (row["arrested_in"], row["ordered_by"], row["age"]) == ("ES", "IT", "")


def test_devices_of_which_none_was_seized_are_left_empty() -> None:
    row = partners.whole_package(CountryAnswer("UY", (), {"phone": 3, "tablet": 0}), DAY)
    assert row == {"outcome": "opened", "date": "2026-06-20", "devices_phone": "3"}


def test_a_partner_s_keys_are_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = partners.authority(home, "UY")
    again = partners.authority(home, "UY")
    assert first.public_keys(DAY) == again.public_keys(DAY)
    assert [path for path in (first.openpgp_path, first.age_path) if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(("country", "openpgp", "age"), [("ES", True, True), ("GB", True, False), ("UY", False, True)])
def test_partners_hand_over_public_keys_of_the_kinds_they_have(
    tmp_path: Path, country: str, openpgp: bool, age: bool
) -> None:
    given = partners.authority(Home(tmp_path), country).public_keys(DAY)
    assert (bool(given.openpgp), bool(given.age)) == (openpgp, age)
    assert "PRIVATE" not in given.openpgp
    assert "SECRET" not in given.age


def test_the_plan_s_own_figures_differ_in_nothing(operation: Operation) -> None:
    assert play.differences(play.planned(operation), operation) == []


def test_each_figure_that_is_not_the_plan_s_is_named(operation: Operation) -> None:
    shown = play.planned(operation) | {"arrested": 32, "packages": 12}
    assert play.differences(shown, operation) == ["arrested is 32, planned 33", "packages is 12, planned 11"]
