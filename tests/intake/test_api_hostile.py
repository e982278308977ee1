"""Hostile requests at the platforms' door: a sentence and a place, never an error of ours, never half a report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from amparo.foundation.home import Home
from amparo.intake.api import completeness, doorway, stating
from amparo.intake.api.reading import DEPTH, Malformed, object_of
from amparo.intake.api.submission import Submission
from amparo.intake.models import ApiAnswer, Report
from amparo.intake.triage.stated import stated_of
from tests.intake.platforms import AT, WHOLE, Platform, door_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with door_of(tmp_path, monkeypatch) as made:
        yield made


BAD_BODIES = {
    "nothing": b" ",
    "no JSON": b"report",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "too large a number": b'{"a": 1e999}',
    "too many digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "a name twice": b'{"text": "a", "text": "b"}',
    "a name twice, deep": b'{"incident": {"kind": "a", "kind": "b"}}',
    "deep lists": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "deep, unclosed": b"[" * 1_000_000,
    "NUL": b'{"text": "a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000": 1}',
    "NUL deep": b'{"unheard": [{"a": ["\\u0000"]}]}',
    "half a pair": b'{"text": "\\ud800"}',
    "half a pair in a name": b'{"\\udfff": 1}',
    "no UTF-8": b'{"text": "\xff\xfe"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "two documents": b"{}{}",
    "a comma too many": b'{"text": "a",}',
}
WRONG_TYPES = [
    ({"text": 7}, "/text"),
    ({"incident": []}, "/incident"),
    ({"incident": {"danger_now": True}}, "/incident/danger_now"),
    ({"accounts": [{}, {"ip_events": [{"port": "80"}]}]}, "/accounts/1/ip_events/0/port"),
    ({"accounts": [{"ip_events": [{"port": True}]}]}, "/accounts/0/ip_events/0/port"),
    ({"accounts": [{"ip_events": [{"port": 70_000}]}]}, "/accounts/0/ip_events/0/port"),
    ({"ledger": [{"amount": 1.5}]}, "/ledger/0/amount"),
    ({"ledger": [{"amount": 2**60}]}, "/ledger/0/amount"),
    ({"files": {"0": {}}}, "/files"),
    ({"test": "yes"}, "/test"),
    ({"language": "x" * 100}, "/language"),
    ({"accounts": [{}] * 2_000}, "/accounts"),
]


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_no_json_of_ours_is_refused_with_a_sentence(home: Home, body: bytes) -> None:
    answer = Platform().report(body)
    assert answer.status_code == 400 and answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].endswith(".") and Report.objects.count() == 0


@pytest.mark.parametrize(("said", "pointer"), WRONG_TYPES)
def test_a_wrong_type_is_refused_with_its_place(home: Home, said: object, pointer: str) -> None:
    answer = Platform().report(said)
    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in answer.json()["errors"]]


def test_other_ways_to_ask_wrongly_are_answered_in_sentences(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "DRAINED_BYTES", 0)  # Django's test client has not what it says it sends
    platform, some = Platform(), "00000000-0000-4000-8000-000000000000"
    secret = {"Authorization": f"Bearer {platform.made.secret}"}
    large = platform.client.post(
        f"{AT}/reports",
        b"{}",
        content_type="application/json",
        headers={**secret, "Idempotency-Key": "a", "Content-Length": "104857600"},
    )
    ways = {
        413: large,
        415: platform.report(WHOLE, content_type="text/plain"),
        404: platform.send("GET", f"/reports/{some}"),
        405: platform.send("PUT", "/reports", {}),
        400: platform.report(WHOLE, idempotency="with a space"),
    }
    for status, answer in ways.items():
        assert answer.status_code == status
    assert platform.report(WHOLE, idempotency="x" * 256).status_code == 400
    assert platform.send("GET", "/reports/no-uuid").status_code == 404
    assert platform.part(some, 0, b"a", Upload_Offset="-1").status_code == 400
    assert platform.part(some, 0, b"a", Upload_Offset="9" * 30).status_code == 400
    assert platform.part(some, 0, b"a", content_type="application/json").status_code == 415
    for wrong in (
        {"size_bytes": -1, "sha256": "0" * 64},
        {"size_bytes": 1, "sha256": "0" * 63},
        {"size_bytes": "1", "sha256": "0" * 64},
        {},
    ):
        assert platform.send("POST", "/files", wrong).status_code == 422
    assert ApiAnswer.objects.count() == Report.objects.count() == 0


def test_text_of_a_report_is_data_wherever_it_stands(home: Home) -> None:
    """Odd yet well-formed texts are taken and kept as they are."""
    odd = "\u202e' OR 1=1 --<script>\x01\x7f\u2028\U0001f9ea {{ 7*7 }} %s ../../etc"
    said = {
        "text": odd,
        "subject": odd,
        "reference": odd,
        "accounts": [{"screen_name": odd, "service": odd[:90]}],
        odd: [odd],
    }
    platform = Platform()
    answer = platform.report(said)
    assert answer.status_code == 201
    row = Report.objects.get(uuid=answer.json()["id"])
    assert row.text == odd.strip() and row.fields["submission"][odd] == [odd]
    assert platform.send("GET", f"/reports/{row.uuid}").json()["own_reference"] == odd


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
NAMES = st.sampled_from(sorted(Submission.model_fields))


@settings(max_examples=150)
@given(st.dictionaries(NAMES | st.text(max_size=8), JSON, max_size=6))
def test_whatever_the_json_it_is_graded_and_stated_or_refused_with_places(said: dict[str, object]) -> None:
    body = json.dumps(said).encode()
    try:
        read = Submission.model_validate(object_of(body))
    except (Malformed, ValidationError):
        return
    graded = completeness.graded(read, completeness.table())
    assert 0 <= graded.score <= 100 and set(graded.given) <= set(graded.expected)
    assert {each.field for each in graded.missing} == set(graded.expected) - set(graded.given)
    fields = stating.fields_of(read)
    stated_of(fields)
    json.dumps(fields, allow_nan=False)
    assert Submission.model_validate(fields["submission"]).model_dump(exclude=stating.APART) == read.model_dump(
        exclude=stating.APART
    )


@given(st.binary(max_size=200))
def test_whatever_the_bytes_they_are_an_object_or_refused(body: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(object_of(body), dict)


@given(JSON)
def test_what_can_be_written_as_json_is_read_as_it_is(value: object) -> None:
    body = json.dumps({"a": value})
    if "\\u0000" in body.replace("\\\\", "") or re.search(r"\\ud[89a-f]", body):
        with suppress(Malformed):
            assert object_of(body.encode()) == {"a": value}
    else:
        assert object_of(body.encode()) == {"a": value}


def test_depth_is_told_by_brackets_outside_of_texts_alone() -> None:
    assert object_of(b'{"a": "' + b"[{" * 500 + b'\\"]"}')
    object_of(b'{"a": ' + b"[" * (DEPTH - 1) + b"]" * (DEPTH - 1) + b"}")
    with pytest.raises(Malformed):
        object_of(b'{"a": ' + b"[" * DEPTH + b"]" * DEPTH + b"}")
