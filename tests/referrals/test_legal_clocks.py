"""The clocks of law: which file covers which way, and when a span is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from amparo.foundation.errors import Refused
from amparo.referrals.law import SHIPPED, Span, law_for, read_laws

LAWS = read_laws(SHIPPED)
TODAY = date(2026, 11, 22)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("sender", "addressee", "name"),
    [
        ("ES", "FR", "eu-2023-977"),
        ("ES", "GB", "uk-tca"),
        ("GB", "ES", "uk-tca"),
        ("ES", "UY", "interpol"),
        ("UY", "ES", "interpol"),
        ("GB", "GB", "interpol"),
        ("ES", "DK", "interpol"),
    ],
)
def test_the_most_special_law_between_both_countries_covers_the_way(sender: str, addressee: str, name: str) -> None:
    assert law_for(LAWS, sender, addressee, TODAY).name == name


def test_a_law_does_not_cover_the_day_before_it_began() -> None:
    assert law_for(LAWS, "ES", "FR", date(2024, 12, 11)).name == "interpol"
    assert law_for(LAWS, "ES", "FR", date(2024, 12, 12)).name == "eu-2023-977"


def test_where_no_law_covers_the_way_the_sentence_names_the_country() -> None:
    with pytest.raises(Refused, match="package to UY"):
        law_for([law for law in LAWS if law.name != "interpol"], "ES", "UY", TODAY)


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (
            Span(8, "hours"),
            at(2026, 3, 28, 23, 30),
            at(2026, 3, 29, 7, 30),
        ),  # the night Europe's clocks jump: UTC doesn't
        (Span(3, "days"), at(2028, 2, 27, 10, 0), at(2028, 3, 1, 23, 59, 59)),  # over a leap day
        (Span(3, "days"), at(2027, 2, 27, 10, 0), at(2027, 3, 2, 23, 59, 59)),
        (
            Span(7, "days"),
            at(2026, 12, 29, 0, 0),
            at(2027, 1, 5, 23, 59, 59),
        ),  # over the turn of the year and its holidays
        (Span(1, "days"), at(2026, 5, 1, 23, 59, 59), at(2026, 5, 2, 23, 59, 59)),
    ],
)
def test_a_span_ends_where_the_calendar_says(span: Span, start: datetime, end: datetime) -> None:
    assert span.after(start) == end


def test_the_start_may_be_given_in_any_zone() -> None:
    lima = timezone(timedelta(hours=-5))
    assert Span(1, "days").after(datetime(2026, 5, 1, 20, 0, tzinfo=lima)) == at(2026, 5, 3, 23, 59, 59)


def test_a_deployments_own_file_replaces_ours_of_the_same_name(tmp_path: Path) -> None:
    text = (SHIPPED / "interpol.toml").read_text(encoding="utf-8").replace("{ days = 30 }", "{ days = 10 }")
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    assert law_for(read_laws(SHIPPED, tmp_path), "ES", "UY", TODAY).answer["normal"] == Span(10, "days")


def test_a_law_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "bad"', encoding="utf-8")
    with pytest.raises(Refused, match=r"bad\.toml"):
        read_laws(tmp_path)


def test_every_shipped_law_says_its_source_and_when_it_was_checked() -> None:
    for law in LAWS:
        assert law.source.startswith("https://")
        assert law.valid_from < law.checked_on
