from __future__ import annotations

import csv
import io
import json

import pytest

from amparo.exchange.formats import reply_form
from amparo.exchange.formats.contents import LANGUAGES
from amparo.exchange.formats.handling import handling_json
from amparo.exchange.formats.words import Words
from tests.exchange import samples


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"))))


def test_the_form_has_a_line_for_the_package_and_one_for_each_person_with_the_token_filled_in():
    form = rows(reply_form.reply_csv(samples.package()))
    assert [row["subject"] for row in form] == ["package", "P-1", "P-2", "P-3"]
    assert {(row["reply_token"], row["package_reference"], row["version"]) for row in form} == {
        ("tok-3f9a1c2e7b5d4f60", "AMP-2026-0007-ES", "1")
    }
    assert all(not row[column] for row in form for column in reply_form.COLUMNS[4:])


def test_the_form_without_persons_can_still_be_answered():
    assert [row["subject"] for row in rows(reply_form.reply_csv(samples.package(persons=())))] == ["package"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_explains_every_column_outcome_and_reason(language):
    guide = reply_form.reply_guide(samples.package(language), Words(language)).decode()
    for word in (*reply_form.COLUMNS, *reply_form.OUTCOMES, *reply_form.REASONS):
        assert f"  {word} " in guide, word


def test_the_guides_examples_are_lines_of_the_form():
    guide = reply_form.reply_guide(samples.package(), Words("en")).decode()
    examples = [line.strip() for line in guide.splitlines() if line.startswith("  tok-")]
    read = list(csv.DictReader([",".join(reply_form.COLUMNS), *examples]))
    assert len(read) == 3 and all(None not in row and None not in row.values() for row in read)
    assert {row["outcome"] for row in read} <= set(reply_form.OUTCOMES)
    assert [row["reason"] for row in read if row["reason"]] == ["person_not_here"]
    assert [row["children_safeguarded"] for row in read if row["outcome"] == "arrested"] == ["1"]


def test_the_handling_file_says_codes_basis_and_limits():
    read = json.loads(handling_json(samples.package()))
    assert [each["code"] for each in read["handling"]] == ["H1", "H3"]
    assert read["handling"][1]["text"] == "Not to be shown to the press."
    assert (read["evaluation"]["source"], read["evaluation"]["information"]) == ("B", 2)
    assert read["legal_basis"] and read["limits_of_use"] and read["answer_by"] == "2026-03-21T12:00:00.000000Z"
