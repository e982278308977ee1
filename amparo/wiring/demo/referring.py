"""The chapters in which packages go out: planned and built by one officer, approved by another, sent by the liaison."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from amparo.foundation.errors import Refused
from amparo.referrals import actions as referrals, queries, rules
from amparo.referrals.queries import PackageFacts
from amparo.wiring.demo.staff import INVESTIGATOR, LIAISON, SUPERVISOR, Staff
from amparo.wiring.demo.telling import Teller, counted

URGENT = "The report says that a child may be in danger now."


class Referring(Protocol):
    """As much of a story as packages need."""

    @property
    def staff(self) -> Staff: ...
    @property
    def tell(self) -> Teller: ...
    @property
    def case(self) -> UUID: ...


def send_packages(story: Referring) -> None:
    """Each competent country has its own package, sealed to its own key, and the courier has delivered it."""
    story.tell.chapter("Each competent country gets its own package: built, approved by a second officer, sealed, sent")
    if not queries.packages(story.case):
        referrals.plan(story.staff[INVESTIGATOR], story.case, "danger_now", URGENT)
    send_drafts(story)
    for package in queries.standing(story.case):
        story.tell.line(
            f"{package.reference} version {package.version}: {counted(package.persons, 'person')}, "
            f"{counted(package.items, 'item')}, "
            f"answer by {package.answer_by:%d %B %Y}"
        )


def send_drafts(story: Referring) -> None:
    """Every draft of the case goes its way, from wherever it stands to delivered."""
    builder, approver, sender = story.staff[INVESTIGATOR], story.staff[SUPERVISOR], story.staff[LIAISON]
    for package in _newest(story):
        if package.state == rules.PLANNED:
            referrals.build(builder, package.uuid)
    story.tell.wait("packages built and sealed", lambda: _beyond(story, rules.PLANNED, rules.BUILDING))
    for package in _newest(story):
        if package.state == rules.BUILT:
            referrals.approve(approver, package.uuid)
            referrals.send(sender, package.uuid)
        elif package.state == rules.APPROVED:
            referrals.send(sender, package.uuid)
    story.tell.wait("packages delivered", lambda: _delivered(story))


def package_of(story: Referring, country: str) -> PackageFacts:
    """The version for this country that went out last."""
    return next(each for each in queries.standing(story.case) if each.country == country)


def versions_sent(package: PackageFacts) -> tuple[PackageFacts, ...]:
    """Every version of it that the country holds, oldest first."""
    return tuple(each for each in queries.versions(package.reference) if each.delivered_at)


def persons_in(package: UUID) -> frozenset[UUID]:
    """Who stands in the package."""
    return frozenset(each.person for each in queries.persons_in(package))


def _newest(story: Referring) -> tuple[PackageFacts, ...]:
    return queries.packages(story.case)


def _beyond(story: Referring, *states: str) -> tuple[int, int]:
    packages = _newest(story)
    for package in packages:
        if package.build_failed:
            raise Refused(f"{package.reference} could not be built: {package.build_failed}")
    return sum(package.state not in states for package in packages), len(packages)


def _delivered(story: Referring) -> tuple[int, int]:
    packages = [package for package in _newest(story) if package.is_out]
    return sum(package.delivered_at is not None for package in packages), len(packages)
