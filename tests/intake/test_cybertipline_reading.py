"""What NCMEC's documents say, as a platform's submission: whatever they say, it is one. No database."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given, settings, strategies as st

from amparo.intake.api.submission import Submission
from amparo.intake.cybertipline import answers, xml_report
from amparo.sandbox.readings import Element

NAMES = st.sampled_from(
    (
        *(
            "report",
            "incidentSummary",
            "incidentType",
            "incidentDateTime",
            "internetDetails",
            "webPageIncident",
            "url",
            "victim",
        ),
        *(
            "personOrUserReported",
            "phone",
            "email",
            "address",
            "age",
            "dateOfBirth",
            "ipCaptureEvent",
            "ipAddress",
            "port",
        ),
        *(
            "dateTime",
            "deviceId",
            "idType",
            "victimPerson",
            "screenName",
            "estimatedLocation",
            "countryCode",
            "associatedAccount",
        ),
        *(
            "accountPermanentlyDisabled",
            "fileAnnotations",
            "reportId",
            "originalFileHash",
            "details",
            "lawEnforcement",
            "other",
        ),
        *("reporter", "reportingPerson", "contactPerson"),
    )
)
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["true", "unknown", "65536", "12", "-1", "²", "9" * 30, "x" * 3_000])
)


def elements() -> st.SearchStrategy[Any]:
    attributes = st.dictionaries(
        st.sampled_from(["type", "verified", "disabledDate", "hashType", "x"]), TEXTS, max_size=3
    )
    leaf = st.builds(Element, NAMES, attributes, TEXTS, st.just(()))
    return st.recursive(
        leaf,
        lambda below: st.builds(Element, NAMES, attributes, TEXTS, st.lists(below, max_size=6).map(tuple)),
        max_leaves=40,
    )


@settings(max_examples=80)
@given(elements())
def test_whatever_a_document_says_is_a_submission(root: Any) -> None:
    Submission.model_validate(xml_report.submission_of(root))
    Submission.model_validate({"files": [xml_report.file_of(root)[2]]})


@given(st.integers(), st.text(), st.text(), st.lists(st.text()))
def test_every_answer_is_well_formed(number: int, sentence: str, md5: str, files: list[str]) -> None:
    for answer in (
        answers.Answer(4100, number, sentence, sentence, md5),
        answers.Answer(0, number, files=tuple(files)),
    ):
        ET.fromstring(answer.xml())
