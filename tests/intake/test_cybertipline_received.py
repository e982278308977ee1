"""The JSON that police receive of CyberTipline reports: by the platforms' door, and on the page of imports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.intake import batches, queries
from amparo.intake.api.submission import Submission
from amparo.intake.cybertipline import received, rows
from amparo.intake.models import Arrival, BatchRow, Report, SealedIdentity
from amparo.sandbox.readings import ExaminationFailed
from tests.intake import intake_house as house
from tests.intake.platforms import Platform, door_of

RECEIVED: dict[str, Any] = {
    "reportId": 100200300,
    "dateReceived": "2026-11-04T08:00:00Z",
    "reportedInformation": {
        "reportingEsp": {
            "espName": "Example Live",
            "names": {"names": [{"firstName": "Nadia", "lastName": "Testperson"}]},
            "emails": {"emails": ["desk@example.org"]},
        },
        "incidentSummary": {
            "incidentType": "Child Sex Trafficking",
            "incidentDateTime": "2026-11-03T20:00:05Z",
            "incidentDateTimeDescription": "of the upload",
        },
        "incidentDetails": {
            "webpageIncident": [{"url": "https://example.org/rooms/7", "additionalInformations": None}],
            "emailIncident": [{"contents": [{"value": "see you at 21:00"}]}],
        },
        "reportedPeople": {
            "reportedPersons": [
                {
                    "firstName": "Kim",
                    "middleName": None,
                    "screenName": {"value": "quiet_otter_41"},
                    "espUserId": "u-1001",
                    "emails": {"emails": [{"value": "otter@example.org", "verified": True}]},
                    "phones": None,
                    "sourceInformation": {
                        "sourceCaptures": [
                            {
                                "captureType": "IP Address",
                                "value": "192.0.2.17",
                                "dateTime": "2026-11-03T20:00:05Z",
                                "eventName": "LOGIN",
                                "port": 50123,
                            },
                            {"captureType": "Device ID", "value": "d-5", "eventName": "UNKNOWN", "dateTime": None},
                        ]
                    },
                    "additionalInformations": [{"value": "asked for items"}],
                    "gender": "kept",
                }
            ]
        },
        "uploadedFiles": {
            "uploadedFiles": [
                {
                    "filename": "100200300-1.png",
                    "originalFilename": "a.png",
                    "submittalId": "s-1",
                    "verificationHash": "0123456789abcdef" * 2,
                    "industryClassification": "B1",
                    "viewedByEsp": True,
                    "ncmecTags": {"groups": [{"tags": [{"value": "Potential Meme"}]}]},
                    "espMetadata": {"metadatas": [{"name": "Upload", "value": "x"}]},
                    "sourceInformation": {
                        "sourceCaptures": [
                            {
                                "captureType": "IP Address",
                                "value": "192.0.2.18",
                                "dateTime": "2026-11-03T20:00:01Z",
                                "eventName": "UPLOAD",
                            }
                        ]
                    },
                },
                {"filename": "100200300-2.png", "viewedByEsp": None},
            ]
        },
        "additionalInformations": [{"value": "An account offers items."}],
    },
}  # fmt: skip
AS_SENT = b"\xef\xbb\xbf" + json.dumps(RECEIVED, indent=1).encode()


def as_read(report: dict[str, Any]) -> Any:
    """As the sandbox hands it out: numbers as texts."""
    return json.loads(json.dumps(report), parse_int=str, parse_float=str)


def test_everything_that_it_says_is_a_field_and_what_is_not_known_is_listed() -> None:
    said = received.submission_of(as_read(RECEIVED))
    Submission.model_validate(said)
    assert said["reference"] == "100200300" and said["incident"]["kind"] == "trafficking"
    assert said["moderator"] == {"name": "Nadia Testperson"} and said["contact"]["email"] == "desk@example.org"
    (account,) = said["accounts"]
    assert account["identifier"] == "u-1001" and account["ip_events"][0]["port"] == 50123
    assert account["devices"] == [{"kind": "device id", "identifier": "d-5", "event": "unknown"}]
    first, second = said["files"]
    assert (first["viewed"], first["marks"], first["hashes"][0]["kind"]) == ("yes", ["potential_meme"], "md5")
    assert "viewed" not in second and first["uploaded"]["raw"] == "2026-11-03T20:00:01Z"
    assert "asked for items" in said["additional"] and said["text"] == "An account offers items."
    assert [each["path"] for each in said["unknown_elements"]] == [
        "/reportedInformation/reportedPeople/reportedPersons/0/gender"
    ]


def test_lists_may_be_wrapped_plain_alone_or_missing() -> None:
    plain = as_read(RECEIVED)
    told = plain["reportedInformation"]
    told["reportedPeople"] = told["reportedPeople"]["reportedPersons"]
    told["uploadedFiles"] = told["uploadedFiles"]["uploadedFiles"]
    told["reportingEsp"]["emails"] = "desk@example.org"
    one, other = received.submission_of(plain), received.submission_of(as_read(RECEIVED))
    assert (
        one["accounts"] == other["accounts"] and one["files"] == other["files"] and one["contact"] == other["contact"]
    )
    assert received.submission_of({"reportedInformation": None}) == {"format": "ncmec_received", "sent_by": "machine"}


BRANCHES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=12) | st.sampled_from(["12", "x" * 3_000, "true"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(
        ["reportedPeople", "reportedPersons", "emails", "value", "incidentSummary", "uploadedFiles", "sourceInformation", "names",
         "sourceCaptures", "port", "captureType", "ncmecTags", "groups", "tags", "approximateAge", "additionalInformations", "x"]
    ), below, max_size=5),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(["reportId", "reportedInformation", "x"]), BRANCHES))
def test_whatever_it_says_is_a_submission_and_a_row(report: Any) -> None:
    Submission.model_validate(received.submission_of(report))
    for _number, (cell,), _reporter in rows.cells_of(iter([report])):
        rows.row_of(cell)


@pytest.mark.django_db(transaction=True)
def test_a_platform_s_door_takes_it_as_it_stands_and_twice_is_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with door_of(tmp_path, monkeypatch) as home:
        platform = Platform("Example Hotline")
        answer = platform.send("POST", "/reports:import", AS_SENT)
        assert answer.status_code == 201, answer.content
        (told,) = answer.json()["reports"]
        again = platform.send("POST", "/reports:import", AS_SENT).json()["reports"][0]
        assert again["repeated"] and again["id"] == told["id"] and not told["repeated"]
        house.work(home)
        facts = queries.report(UUID(told["id"]))
        assert facts.fields["viewed"] == "unknown" and facts.fields["incident"] == "trafficking"
        assert SealedIdentity.objects.filter(arrival__report_uuid=facts.uuid).exists()
        assert Arrival.objects.get().size_bytes == len(AS_SENT)
        two = [RECEIVED, {**RECEIVED, "reportId": 2}]
        assert len(platform.send("POST", "/reports:import", two).json()["reports"]) == 2
        for body in ([], {}, [1], b"{", b"[" * 100_000, b"\0", b"\xff", {"reports": [RECEIVED]}, [RECEIVED] * 101):
            assert platform.send("POST", "/reports:import", body).status_code == 422
        assert Report.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_export_is_shown_taken_in_and_undone_on_the_page_of_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home: Home = house.new_house(tmp_path, monkeypatch)
    by, _keys = house.officer(home, "analyst", "supervisor")
    empty = {"reportId": 9, "reportedInformation": {}}
    export = json.dumps([RECEIVED, {**RECEIVED, "reportId": 2}, empty]).encode()
    shown = batches.show(by, "export.json", "NCMEC", export)
    assert (shown.rows, shown.wrong) == (3, 1)
    (first, second) = batches.shown_rows(shown.batch, wrong=False, limit=9)
    assert (
        first.subject == "CyberTipline 100200300: Example Live: trafficking"
        and "u-1001" in first.leads
        and first.sealed
    )
    assert "Testperson" not in json.dumps([row.cells for row in BatchRow.objects.all()])
    with pytest.raises(Refused, match="says itself"):
        batches.choose_columns(by, shown.batch, ["text"])
    batches.take(by, shown.batch)
    house.work(home)
    row = Report.objects.order_by("id").first()
    assert row and row.channel == "bulk" and row.fields["ip_events"][0]["port"] == 50123 and second.number == 2
    assert row.received_at.isoformat() == "2026-11-04T08:00:00+00:00" and "An account offers" in row.text
    batches.undo(by, shown.batch)
    house.work(home)
    assert batches.facts(shown.batch).counts["undone"] == 2
    with pytest.raises(ExaminationFailed):
        batches.show(by, "x.json", "NCMEC", b'{"reportedInformation": ')
