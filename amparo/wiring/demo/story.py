"""What the chapters share: the home, the data, the officers, and the uuids that the house gave to what it made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from amparo.cases import queries as cases
from amparo.cases.facts import PersonFacts
from amparo.foundation.errors import Missing
from amparo.foundation.home import Home
from amparo.intake import queries as intake, queue_queries
from amparo.wiring.demo import words
from amparo.wiring.demo.cast import Member
from amparo.wiring.demo.generator import Operation
from amparo.wiring.demo.mails import Letter
from amparo.wiring.demo.staff import Staff
from amparo.wiring.demo.telling import Teller

NOBODY = UUID(int=0)


class Playing(Protocol):
    """A story as far as its chapters share steps: whose home, which officers, which case."""

    @property
    def staff(self) -> Staff: ...
    @property
    def tell(self) -> Teller: ...
    @property
    def case(self) -> UUID: ...


def arrived(letter: Letter) -> bool:
    """Whether exactly this mail stands in the ledger of arrivals."""
    return intake.arrival_known(NOBODY, hashlib.sha256(letter.data).hexdigest())


def report_made_of(letter: Letter, subject: str) -> UUID | None:
    """The report that the house made of this mail, once it did."""
    digest = hashlib.sha256(letter.data).hexdigest()
    wanted = queue_queries.QueueFilter(state="", search=subject)
    found = (intake.report(row.uuid) for row in queue_queries.queue(wanted))
    return next((each.uuid for each in found if each.arrival.original_sha256 == digest), None)


@dataclass
class Story:
    """One playing of the demo in one home."""

    home: Home
    operation: Operation
    staff: Staff
    tell: Teller
    _report: UUID | None = field(default=None, repr=False)

    def arrived(self, letter: Letter) -> bool:
        """Whether exactly this mail stands in the ledger of arrivals."""
        return arrived(letter)

    def report_ranked(self) -> bool:
        """Whether the report is known and has its place in the queue, or is in a case already."""
        try:
            return intake.report(self.report).ranking is not None
        except Missing:
            return False

    @property
    def report(self) -> UUID:
        """The report that the house made of our mail. Raises Missing before it did."""
        if self._report is None:
            self._report = report_made_of(self.operation.report, words.REPORT_SUBJECT)
        if self._report is None:
            raise Missing("The demo's report is not on the queue yet.")
        return self._report

    @property
    def case_or_none(self) -> UUID | None:
        """The case opened from the report, if one was."""
        return intake.report(self.report).case

    @property
    def case(self) -> UUID:
        """The case opened from the report. Raises Missing before that."""
        found = self.case_or_none
        if found is None:
            raise Missing("No case has been opened from the demo's report yet.")
        return found

    def persons(self) -> dict[str, PersonFacts]:
        """Member key to the case's person: by phone number, by name where the export shows none."""
        by_value = {
            each.value: person
            for person in cases.people(self.case)
            for each in person.identifiers
            if each.kind in ("phone", "name")
        }
        return {m.key: by_value[m.phone or m.shown_as] for m in self.operation.members}

    def members(self, *keys: str) -> tuple[Member, ...]:
        """The members of these keys, in the cast's order."""
        return tuple(m for m in self.operation.members if m.key in keys)
