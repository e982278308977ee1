"""The four questions asked of every report, each answered by itself: danger now, actionable, new, clock.

An axis reads only its own inputs, so that changing one fact changes one axis (whether there was any text at all is asked by two).
Every answer comes with its reasons in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from amparo.intake.triage.leads import Leads
from amparo.intake.triage.signals import Signals

AXES = ("danger", "actionable", "new", "clock")
HIGH, SOME, NONE, UNKNOWN = "high", "some", "none", "unknown"


@dataclass(frozen=True)
class Reason:
    """Why an axis stands where it stands: a code for rules and statistics, words for people, the signal words found."""

    code: str
    words: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Axis:
    level: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Media:
    """What matching said of a report's pictures and videos, by how many. pending: not compared yet."""

    known: int = 0
    unknown: int = 0
    too_plain: int = 0
    not_examined: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        return self.known + self.unknown + self.too_plain + self.not_examined + self.pending


@dataclass(frozen=True)
class Facts:
    """What is known of a report when it is ranked. has_text: whether there was any text to read."""

    received_at: datetime
    has_text: bool
    signals: Signals = field(default_factory=Signals)
    leads: Leads = field(default_factory=Leads)
    chat_exports: int = 0
    media: Media = field(default_factory=Media)
    first_read_at: datetime | None = None


def danger(facts: Facts) -> Axis:
    """Does the text say that a child is in danger now?"""
    signals = facts.signals
    high = []
    if words := signals.of("in_danger") + (signals.of("danger", "now") if "danger" in signals.with_now else ()):
        high.append(Reason("child_in_danger_now", "A child is said to be in danger now", tuple(dict.fromkeys(words))))
    if words := signals.of("crisis"):
        high.append(Reason("child_in_crisis", "Somebody is said to be in crisis", words))
    if "live" in signals.with_now:
        high.append(
            Reason("broadcast_under_way", "A live broadcast is said to be under way", signals.of("live", "now"))
        )
    if "meeting" in signals.with_now:
        high.append(Reason("meeting_soon", "A meeting is said to be soon", signals.of("meeting", "now")))
    if high:
        return Axis(HIGH, tuple(high))
    said = (
        ("danger", "danger_said", "It speaks of danger"),
        ("live", "broadcast_said", "It speaks of a live broadcast"),
        ("meeting", "meeting_said", "It speaks of a meeting"),
    )
    some = [Reason(code, words, signals.of(signal)) for signal, code, words in said if signals.of(signal)]
    if some:
        return Axis(SOME, tuple(some))
    if not facts.has_text:
        return Axis(UNKNOWN, (Reason("nothing_to_read", "There is no text to read"),))
    if not signals.scripts_known:
        return Axis(UNKNOWN, (Reason("script_unknown", "The text is in a script for which there are no signal words"),))
    return Axis(NONE, (Reason("no_danger_said", "No signal word for danger now"),))


def actionable(facts: Facts, kinds_for_high: int) -> Axis:
    """Is there something somebody could follow up?"""
    leads = facts.leads
    named = (
        (leads.phones, "phone", "a phone number", "phone numbers"),
        (leads.handles, "account", "an account name", "account names"),
        (leads.links, "link", "an address on the web", "addresses on the web"),
        (leads.mails, "mail", "an e-mail address", "e-mail addresses"),
        (leads.addresses, "ip", "an IP address with its port", "IP addresses with their ports"),
    )
    reasons = [
        Reason(f"{code}_named", f"Names {one if count == 1 else f'{count} {many}'}")
        for count, code, one, many in named
        if count
    ]
    kinds = len(reasons)
    if leads.bare_addresses:
        reasons.append(Reason("ip_incomplete", "Names an IP address without its port: incomplete"))
    if facts.chat_exports:
        reasons.insert(0, Reason("chat_export", "A chat export is attached"))
    if facts.chat_exports or kinds >= kinds_for_high:
        return Axis(HIGH, tuple(reasons))
    if reasons:
        return Axis(SOME, tuple(reasons))
    if not facts.has_text:
        return Axis(UNKNOWN, (Reason("nothing_to_follow_read", "Nothing could be read that would name a lead"),))
    return Axis(NONE, (Reason("no_lead", "Names no phone, account, link or address"),))


def new(facts: Facts) -> Axis:
    """Is what came with it known already?"""
    media = facts.media
    said = (
        (media.unknown, "unseen_media", "{} on no known list"),
        (media.known, "known_media", "{} known already"),
        (media.too_plain, "too_plain_media", "{} too plain to compare"),
        (media.not_examined, "media_not_examined", "{} not examined"),
        (media.pending, "media_pending", "{} still being examined"),
    )
    reasons = tuple(Reason(code, words.format(_pictures(count))) for count, code, words in said if count)
    if not media.total:
        return Axis(UNKNOWN, (Reason("nothing_to_compare", "No picture or video to compare"),))
    if media.unknown:
        return Axis(SOME if media.known else HIGH, reasons)
    return Axis(NONE if media.known == media.total else UNKNOWN, reasons)


def _pictures(count: int) -> str:
    return "1 picture or video is" if count == 1 else f"{count} pictures or videos are"


def clock(facts: Facts, at: datetime, read_within: timedelta, remind_after: timedelta) -> Axis:
    """Does time run out? Either what it speaks of perishes, or nobody has read it yet."""
    reasons = []
    waited = at - facts.received_at
    hours = int(waited / timedelta(hours=1))
    perishing = facts.signals.of("perishing")
    if facts.first_read_at is None and waited >= read_within:
        reasons.append(Reason("overdue", f"Unread for {hours} hours: late"))
    elif facts.first_read_at is None and waited >= remind_after:
        reasons.append(Reason("waiting", f"Unread for {hours} hours"))
    if perishing:
        reasons.insert(0, Reason("evidence_perishes", "What it speaks of may soon be gone", perishing))
    if perishing or any(each.code == "overdue" for each in reasons):
        return Axis(HIGH, tuple(reasons))
    if reasons:
        return Axis(SOME, tuple(reasons))
    return Axis(NONE, (Reason("in_time", "Read in time" if facts.first_read_at else "Within its time"),))


def clock_changes_at(facts: Facts, at: datetime, read_within: timedelta, remind_after: timedelta) -> datetime | None:
    """When the clock's answer changes next if nothing happens; None when it doesn't."""
    if facts.first_read_at is not None:
        return None
    return next((due for wait in (remind_after, read_within) if (due := facts.received_at + wait) > at), None)
