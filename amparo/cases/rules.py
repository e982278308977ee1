"""What may be said of a person or a case, and why not. Values in, sentences out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

ADULT_AGE = 18

# Directive (EU) 2016/680, Article 6, and the roles in which people meet a case. "contact" is where everyone starts.
CATEGORIES = {
    "suspect": "Suspect",
    "convicted": "Convicted",
    "victim": "Victim",
    "possible_victim": "Possible victim",
    "witness": "Witness",
    "reporter": "Reporter",
    "contact": "Contact",
}
AGES = {"adult": "Adult", "child": "Child", "unknown": "Age not known"}
IDENTIFIERS = {
    "phone": "Phone",
    "handle": "Handle",
    "email": "E-mail",
    "account": "Account",
    "name": "Name as shown",
    "number": "Other number",
}
EVIDENCE = {
    "phone_prefix": "Phone prefix",
    "language": "Language",
    "stated": "Stated by the person",
    "partner": "Told by a partner",
    "document": "Document or production",
    "device": "Device",
    "officer": "Officer's finding",
    "platform": "Seized platform's records",
}
# Each alone says little of where somebody is; none becomes a fact without another source.
WEAK_EVIDENCE = frozenset({"phone_prefix", "language", "platform"})
KINDS = {"fact": "Fact", "assessment": "Assessment"}
# Regulation (EU) 2016/794, Article 29: the 4x4 evaluation.
SOURCE_GRADES = ("A", "B", "C", "X")
INFORMATION_GRADES = (1, 2, 3, 4)
DEVICES = {
    "phone": "Phone",
    "tablet": "Tablet",
    "laptop": "Laptop",
    "desktop": "Desktop computer",
    "storage": "Storage",
}

COUNTRY = re.compile(r"[A-Z]{2}")
SUSPECTED = frozenset({"suspect", "convicted"})


def minors_track(age_status: str) -> bool:
    """Whether the person is handled as a child: unless known to be an adult (Directive (EU) 2016/800, Article 3)."""
    return age_status != "adult"


def age_on(day: date, born_on: date) -> int:
    """Whole years lived on `day`."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def obstacles_to_opening(title: str, legal_basis: str) -> tuple[str, ...]:
    found = []
    if not title.strip():
        found.append("Give the case a title that says what it is about.")
    if not legal_basis.strip():
        found.append("Name the legal basis on which the case is opened.")
    return tuple(found)


def obstacles_to_entering(*, member: bool, process: bool) -> tuple[str, ...]:
    """Why someone may not open a case: it is closed to everyone who was not let in by name."""
    if member or process:
        return ()
    return ("This case is open only to officers who were let in. Ask the officer who opened it, or a supervisor.",)


def obstacles_to_granting(*, member: bool, supervises: bool) -> tuple[str, ...]:
    if member or supervises:
        return ()
    return ("Only an officer of the case, or a supervisor, lets somebody in.",)


def obstacles_to_category(category: str, reason: str, *, human: bool) -> tuple[str, ...]:
    found = []
    if not human:
        found.append("Only a person decides what somebody is in a case.")
    if category not in CATEGORIES:
        found.append("Choose a legal category: a person without one can't be kept.")
    if not reason.strip():
        found.append("Say why, so that the person, a court or a colleague can understand it.")
    return tuple(found)


def cautions_on_category(category: str, *, left_at_once: Iterable[str], silent: Iterable[str]) -> tuple[str, ...]:
    """What to think of before confirming; never a bar. left_at_once, silent: references of the people concerned."""
    if category not in SUSPECTED:
        return ()
    found = []
    if names := ", ".join(left_at_once):
        found.append(f"{names}: added by somebody else and left at once, with nothing posted.")
    if names := ", ".join(silent):
        found.append(f"{names}: posted nothing inside this export. Silence alone says nothing about intent.")
    return tuple(found)


def obstacles_to_age(
    status: str, stated_age: int | None, born_on: date | None, basis: str, *, today: date
) -> tuple[str, ...]:
    """Why an age can't be set so. An adult needs a stated basis: the doubt counts as a child's."""
    found = []
    if status not in AGES:
        found.append("Choose adult, child or unknown.")
    if not basis.strip():
        found.append("Say where the age comes from.")
    if stated_age is not None and not 0 <= stated_age <= 120:
        found.append("The stated age must lie between 0 and 120.")
    if born_on and born_on > today:
        found.append("The date of birth lies in the future.")
    years = age_on(today, born_on) if born_on else stated_age
    if status == "adult" and years is not None and years < ADULT_AGE:
        found.append(f"Aged {years}, the person is a child: set the age status to child.")
    if status == "child" and born_on and born_on <= today and age_on(today, born_on) >= ADULT_AGE:
        found.append("By that date of birth the person is an adult today: set adult, and note the age at the time.")
    return tuple(found)


def obstacles_to_country(
    country: str, words: str, evidence: str, kind: str, source_grade: str = "X", information_grade: int = 4
) -> tuple[str, ...]:
    """Why a candidate country can't be recorded: never a bare country, and no assessment dressed as a fact."""
    found = []
    if not COUNTRY.fullmatch(country):
        found.append("Choose a country.")
    if not words.strip():
        found.append("Say what points to this country: a country without its evidence can't be kept.")
    if evidence not in EVIDENCE:
        found.append("Choose what kind of evidence it is.")
    if kind not in KINDS:
        found.append("Choose whether this is a fact or an assessment.")
    if kind == "fact" and evidence in WEAK_EVIDENCE:
        found.append(f"{EVIDENCE[evidence]} alone is an assessment; a fact needs another source.")
    if source_grade not in SOURCE_GRADES or information_grade not in INFORMATION_GRADES:
        found.append("Grade the source A, B, C or X, and the information 1 to 4.")
    return tuple(found)


def obstacles_to_confirming(country: str, basis: str, *, human: bool, candidates: bool) -> tuple[str, ...]:
    """Why a competent country can't be confirmed. candidates: every person has that country among the candidates."""
    found = []
    if not human:
        found.append("Only an officer confirms which country is competent.")
    if not COUNTRY.fullmatch(country):
        found.append("Choose a country.")
    if not basis.strip():
        found.append("Say on what the competence rests.")
    if not candidates:
        found.append("Record the evidence for this country first: somebody among these has none that points there.")
    return tuple(found)
