from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.ids import new_id

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
)


@given(values)
def test_reading_what_was_written_gives_the_same(value: object) -> None:
    assert json.loads(canonical_bytes(value)) == value


def test_the_order_in_which_keys_were_set_does_not_show() -> None:
    assert canonical_bytes({"b": 1, "a": [True, None]}) == canonical_bytes({"a": [True, None], "b": 1})
    assert canonical_bytes({"b": 1, "a": "é€"}) == '{"a":"é€","b":1}'.encode()


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"é": 1}, 2**53, b"x", UUID(int=1), {"a": [0.1]}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"canonical|ASCII"):
        canonical_bytes(value)


def test_ids_are_version_7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(50)]
    assert {each.version for each in ids} == {7}
    assert {each.variant for each in ids} == {"specified in RFC 4122"}
    milliseconds = [each.int >> 80 for each in ids]
    assert milliseconds == sorted(milliseconds)
