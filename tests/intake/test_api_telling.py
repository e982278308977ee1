"""All that a platform said stands on its report's page, in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from amparo.intake.api import stating, telling
from amparo.intake.api.submission import Submission
from amparo.intake.api.telling import AS_IS, NOT_IN_BLOCKS, Part, ledger_of, parts_of
from tests.intake.platforms import WHOLE

MORE: dict[str, Any] = {
    **WHOLE,
    "unheard_of": {"kept": ["as it came"]},
    "ledger": [
        {"at": {"raw": "2026-11-03T21:00:09Z"}, "sender": "u-7", "receiver": "u-1001", "room": "room-77", "amount": 500,
         "currency": "tokens", "value_amount": -4_995, "value_currency": "USD"},
    ],
    "files": [{"name": "one.png", "viewed": "no", "marks": ["live_capture"], "hashes": [{"kind": "md5", "value": "0" * 32}]}],
    "measures": [{"what": "user_not_told", "why": "not to warn them"}, {"what": "cut", "at": {"raw": "2026-11-03T21:01Z"}}],
}  # fmt: skip


def _kept(said: dict[str, Any]) -> dict[str, Any]:
    return dict(stating.fields_of(Submission.model_validate(said))["submission"])


def _shown(parts: tuple[Part, ...]) -> str:
    said = [
        f"{block.title} {block.role} {entry.label} {value}"
        for part in parts
        for block in part.blocks
        for entry in block.entries
        for value in entry.values
    ]
    return " ".join([*said, *(block.title for part in parts for block in part.blocks)])


def _leaves(value: Any, name: str = "") -> list[str]:
    """Every text and number that was said, but for what stands elsewhere on the page."""
    if isinstance(value, dict):
        return [leaf for key, each in value.items() if key not in NOT_IN_BLOCKS for leaf in _leaves(each, key)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each, name)]
    if isinstance(value, str) and name in telling.CODES:
        return [value.replace("_", " ")]
    return [] if value in ("yes", "no", "unknown") else [str(value)]


def test_each_value_that_a_platform_said_is_shown() -> None:
    said = _kept(MORE)
    shown = _shown(parts_of(said))
    apart = telling.APART | {"ledger"}
    elsewhere = {"50123", "2026-11-03T20:00:05Z", "2027-02-01"}  # port and times of an address: below it
    missing = [
        leaf for key, each in said.items() if key not in apart for leaf in _leaves(each, key) if leaf not in shown
    ]
    assert set(missing) <= elsewhere


def test_a_code_is_read_as_words_and_a_name_is_left_as_it_is() -> None:
    parts = {part.name: part for part in parts_of(_kept(MORE))}
    (measures,) = parts["measures"].blocks
    assert measures.lines[0].values == ("user not told, not to warn them", "cut, 2026-11-03T21:01Z")
    (account,) = parts["accounts"].blocks
    assert (account.title, account.role) == ("quiet_otter_41", "Reported")
    viewed = next(entry for entry in parts["files"].blocks[0].named if "looked" in entry.label)
    assert viewed.values == ("no",)
    assert list(parts)[-1] == "unknown" and AS_IS


def test_money_has_its_unit_and_coins_are_whole() -> None:
    (line,) = ledger_of(_kept(MORE))
    assert (line.amount, line.worth, line.receiver) == ("500 tokens", "-49.95 USD", "u-1001")


def test_a_long_list_says_how_much_of_it_is_not_shown() -> None:
    (part,) = parts_of({"accounts": [{"screen_name": f"account {n}"} for n in range(40)]})
    assert len(part.blocks) == telling.MOST and part.more == 15


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(
        ["accounts", "raw", "zone", "kind", "at", "files", "amount", "currency", "measures", "ip_events", "role", "person", "x"]
    ), below, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*telling.PARTS, "ledger", "odd"]), JSON, max_size=5))
def test_whatever_was_kept_can_be_shown(said: dict[str, Any]) -> None:
    for part in parts_of(said):
        assert part.blocks
    ledger_of(said)


@pytest.mark.parametrize("said", [{}, {"text": "words"}, {"accounts": []}, {"measures": [{}]}])
def test_what_says_nothing_has_no_part(said: dict[str, Any]) -> None:
    assert parts_of(said) == ()
