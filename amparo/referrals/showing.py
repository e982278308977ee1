"""Packages as pages show them: words, tones, the story of one package as a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amparo.referrals import rules
from amparo.referrals.queries import PackageFacts

STATES = {
    rules.PLANNED: ("Draft", "neutral"),
    rules.BUILDING: ("Being built", "info"),
    rules.BUILT: ("Built, to be approved", "warn"),
    rules.APPROVED: ("Approved, to be sent", "accent"),
    rules.SENT_STATE: ("Sent", "info"),
    rules.ACKNOWLEDGED: ("Acknowledged", "info"),
    rules.WITHDRAWN: ("Withdrawn", "neutral"),
}
# verb -> what the button says, the dialog's question, and what the officer is to know before.
AT_ONCE = {
    "build": (
        "Build all",
        "Build every package that can be built?",
        "Each is filled with what the case holds now, signed and sealed. Nothing leaves the house by it.",
    ),
    "approve": (
        "Approve all",
        "Approve every package that another officer built?",
        "Each is approved by you, with exactly what stands in it now. Those that you built yourself wait for another officer.",
    ),
    "send": (
        "Send all",
        "Send every approved package?",
        "Each goes to its country's authority. What has left the house can be withdrawn or corrected, but not called back.",
    ),
}
ASKED = {
    "build": "The packages are being built, one after another.",
    "approve": "The packages are being approved, one after another.",
    "send": "The packages are being sent, one after another; the courier delivers them.",
}
ROUNDS = {"build": "Building", "approve": "Approving", "send": "Sending"}
URGENCIES = {
    "danger_now": ("A child in danger now", "danger"),
    "urgent": ("Urgent", "warn"),
    "normal": ("Normal", "neutral"),
}
HANDLING = {
    "H0": "any lawful police use",
    "H1": "not in court without our consent",
    "H2": "not passed on without our consent",
    "H3": "other restriction",
}
FORMS = {"openpgp": "OpenPGP, opens with GnuPG, Gpg4win or sq", "age": "age, opens with age or another Amparo"}
RECEIPTS = {
    "delivered": "Delivered",
    "acknowledged": "Acknowledged by the country",
    "answered": "Answered for everyone in it",
}
CATEGORIES = {
    "suspect": "Suspect",
    "convicted": "Convicted",
    "victim": "Victim",
    "possible_victim": "Possible victim",
}
AGES = {"adult": "Adult", "child": "Child", "unknown": "Age not known"}


@dataclass(frozen=True)
class Event:
    when: datetime
    title: str
    by: str = ""
    text: str = ""
    icon: str = "package"
    tone: str = "neutral"
    href: str = ""


def story(package: PackageFacts) -> tuple[Event, ...]:
    """What happened to this version, in order."""
    known: list[tuple[datetime | None, dict[str, Any]]] = [
        (package.planned_at, {"title": "Planned", "text": package.change_reason, "icon": "edit"}),
        (package.built_at, {"title": "Built, signed and sealed", "by": package.built_by_name, "icon": "sealed"}),
        (
            package.approved_at,
            {"title": "Approved by a second officer", "by": package.approved_by_name, "icon": "check"},
        ),
        (package.sent_at, {"title": "Sent", "by": package.sent_by_name, "icon": "send", "tone": "info"}),
        (package.withdrawn_at, {"title": "Withdrawn", "text": package.withdraw_reason, "icon": "cross"}),
    ]
    events = [Event(when, **said) for when, said in known if when]
    for receipt in package.receipts:
        words = RECEIPTS.get(receipt.kind, receipt.kind)
        by = {"handover": "laid out for the officer who carries it", "mail": "by mail"}.get(receipt.note, receipt.note)
        tone = "good" if receipt.kind != "delivered" else "info"
        events.append(
            Event(receipt.at, words, by=by, icon="inbox" if receipt.kind == "delivered" else "outcome", tone=tone)
        )
    return tuple(sorted(events, key=lambda event: event.when))
