"""Synthetic packages for the tests: invented handles, reserved numbers and names, neutral words."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

from amparo.exchange.formats.contents import (
    AccountPart,
    Addressee,
    CandidatePart,
    CustodyLine,
    CustodyPart,
    ElsewherePart,
    Evaluation,
    GroupPart,
    HandlingCode,
    House,
    InclusionPart,
    ItemPart,
    KnownPart,
    PackageContents,
    PersonPart,
    PostPart,
)
from amparo.foundation.times import Moment


def digest(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def item(number: int, **changes: object) -> ItemPart:
    seed = f"item {number}"
    part = ItemPart(
        reference=f"I-{number}",
        size_bytes=1000 + number,
        media_type="image/png",
        md5=digest("md5", seed),
        sha1=digest("sha1", seed),
        sha256=digest("sha256", seed),
        pdq=digest("sha256", "pdq" + seed),
        quality=90,
    )
    return replace(part, **changes)  # type: ignore[arg-type]


def at(day: int, hour: int = 20) -> Moment:
    utc = datetime(2019, 5, day, hour, 5, tzinfo=UTC)
    return Moment(raw=f"{day}/5/19, {hour + 2}:05", utc=utc, zone="Europe/Madrid", assumed_by="stated")


def person(number: int, **changes: object) -> PersonPart:
    part = PersonPart(
        reference=f"P-{number}",
        category="suspect",
        age_status="adult",
        minors_track=False,
        handles=(f"member {number}",),
        phones=(f"+3460000{number:04d}",),
        accounts=(AccountPart("example messenger", f"user{number}"),),
        countries=(CandidatePart("ES", "Phone prefix +34 in the member list.", "fact", "B2"),),
        joined=at(1),
        facts=("Member of the group from its first day to its last.",),
        assessments=("Probably the administrator: changed the group's subject twice.",),
    )
    return replace(part, **changes)  # type: ignore[arg-type]


KNOWN = KnownPart("Example national list", "2026-01", "exact", None, "example-scale", "2")
NEAR = KnownPart("Example national list", "2026-01", "near", 12, "example-scale", "1")


def package(language: str = "en", **changes: object) -> PackageContents:
    """Three persons, of whom two are on the minors' track; four items in all three states."""
    contents = PackageContents(
        reference="AMP-2026-0007-ES",
        version=1,
        made_at=datetime(2026, 3, 14, 10, 0, tzinfo=UTC),
        sender=House(
            "Example Child Protection Unit",
            "UY",
            "liaison@unit.example.org, +1 202 555 0100",
            "0123456789ABCDEF0123456789ABCDEF01234567",
        ),
        addressee=Addressee("ES", "Unidad Central de Ejemplo", language),
        urgency="urgent",
        urgency_reason="One person is a child and still a member of an active group.",
        operation_reference="OP-2026-03",
        operation_name="Lantern Street",
        case_opened_at=datetime(2026, 2, 1, 9, 30, tzinfo=UTC),
        legal_basis="Budapest Convention on Cybercrime, Article 26 (spontaneous information)",
        handling=(HandlingCode("H1"), HandlingCode("H3", "Not to be shown to the press.")),
        evaluation=Evaluation("B", 2),
        limits_of_use="Only for the investigation and prosecution of child sexual exploitation.",
        asked=(
            "Identify the persons named here.",
            "Say whether a child is in danger now.",
            "Preserve subscriber data of the numbers listed.",
        ),
        reply_token="tok-3f9a1c2e7b5d4f60",
        reply_to="replies@unit.example.org",
        answer_by=datetime(2026, 3, 21, 12, 0, tzinfo=UTC),
        persons=(
            person(1, posts=(PostPart(at(2), "I-1", True), PostPart(at(3, 9), "I-2", False))),
            person(
                2,
                age_status="child",
                age_stated=15,
                minors_track=True,
                born_on=date(2004, 2, 3),
                left=at(9),
                posts=(PostPart(Moment("04/05/19 9:05 p. m."), "I-3", True),),
                assessments=(),
                countries=(
                    CandidatePart("ES", "Phone prefix +34 in the member list.", "fact", "B2"),
                    CandidatePart("IT", "Two messages speak of a train from Turin.", "assessment", "C3"),
                ),
            ),
            person(3, age_status="unknown", minors_track=True, facts=(), accounts=()),
        ),
        items=(
            item(1, known=(KNOWN,), first_posted_by="P-1"),
            item(2, known=(NEAR,)),
            item(3),
            item(4, pdq=None, quality=None, examined=False),
        ),
        group=GroupPart("Evening group", "WhatsApp", 33, at(1), at(20), "WhatsApp for Android, _chat.txt"),
        elsewhere=(ElsewherePart("IT", 3), ElsewherePart("UY", 2)),
        preservation=(
            "Preservation of the two accounts asked of the service on 2 March 2026; kept until 31 May 2026.",
        ),
        custody=CustodyPart(
            (
                CustodyLine(41, datetime(2026, 2, 1, 9, 30, tzinfo=UTC), "case.opened", digest("sha256", "a")),
                CustodyLine(97, datetime(2026, 3, 14, 9, 59, tzinfo=UTC), "package.approved", digest("sha256", "b")),
            ),
            (InclusionPart(41, (digest("sha256", "c"), digest("sha256", "d"))),),
            "amparo/custody\n97\nZXhhbXBsZQ==\n",
        ),
    )
    return replace(contents, **changes)  # type: ignore[arg-type]
