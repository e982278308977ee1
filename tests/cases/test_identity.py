from __future__ import annotations

import pytest

from amparo.cases.identity import identified, pointers


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("\u202a+34\u00a0749\u00a000\u00a000\u00a010\u202c", "+34749000010"),
        ("+44 20 7946\u20110010", "+442079460010"),
        ("~\u202f+598 92 000 010", "+59892000010"),
    ],
)
def test_a_number_as_phones_write_it_becomes_e164(raw: str, value: str) -> None:
    found = identified(raw)
    assert (found.kind, found.value, found.raw) == ("phone", value, raw)


@pytest.mark.parametrize("raw", ["Pixel Norte", "749 00 00 10", "+1", "+99999"])
def test_what_is_no_whole_number_stays_a_name(raw: str) -> None:
    assert identified(raw).kind == "name"


def test_a_prefix_points_to_a_country_with_words() -> None:
    (pointer,) = pointers("+59892000010")
    assert pointer.country == "UY" and "+598" in pointer.words


def test_a_shared_calling_code_without_a_known_range_points_nowhere() -> None:
    assert pointers("+10000000000") == ()


def test_a_handle_is_compared_without_its_sign_and_case() -> None:
    assert identified("@Faro_Norte", "handle").value == "faro_norte"
