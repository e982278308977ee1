"""The four questions asked of every report, each answered by itself: danger now, actionable, new, clock.

An axis reads only its own inputs, so that changing one fact changes one axis (whether there was any text at all is asked by two).
Every answer comes with its reasons in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from amparo.intake.triage.facts import Facts
from amparo.intake.triage.traces import KINDS

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
class Times:
    """How long a report may wait: until somebody has read it, and until it is decided; when the clock begins to speak."""

    look_within: timedelta
    decide_within: timedelta
    remind_after: float = 0.5  # share of either time


# Code of the reason, its words, and what has to stand in the text: a signal, or one beside a word for now or soon.
_HIGH = (
    ("child_in_danger_now", "A child is said to be in danger now", (("in_danger", ""), ("danger", "now"))),
    ("child_in_crisis", "Somebody is said to be in crisis", (("crisis", ""),)),
    ("broadcast_under_way", "A live broadcast is said to be under way", (("live", "now"),)),
    ("danger_soon", "Danger is said to be near", (("danger", "soon"),)),
    ("broadcast_soon", "A live broadcast is said to be near", (("live", "soon"),)),
    ("meeting_soon", "A meeting is said to be soon", (("meeting", "now"), ("meeting", "soon"))),
    ("pressure_now", "Somebody is said to be under pressure now", (("pressure", "now"), ("pressure", "soon"))),
)
_SOME = (
    ("danger", "danger_said", "It speaks of danger"),
    ("live", "broadcast_said", "It speaks of a live broadcast"),
    ("meeting", "meeting_said", "It speaks of a meeting"),
    ("pressure", "pressure_said", "It speaks of somebody who is put under pressure"),
    ("access", "access_said", "It speaks of somebody who is close to children"),
    ("urgent", "urgent_said", "It asks for a quick answer"),
)
# A reason of the first kind already says what the second would.
_SAYS_MORE = {
    "danger": {"child_in_danger_now", "danger_soon"},
    "live": {"broadcast_under_way", "broadcast_soon"},
    "meeting": {"meeting_soon"},
    "pressure": {"pressure_now"},
}


def danger(facts: Facts) -> Axis:
    """Does the report say that a child is in danger now?"""
    high = _merged((*_stated(facts), *_heard(facts)))
    some = tuple(_mentioned(facts, {reason.code for reason in high}))
    if high:
        return Axis(HIGH, (*high, *some))
    if some:
        return Axis(SOME, some)
    if not facts.has_text:
        return Axis(UNKNOWN, (Reason("nothing_to_read", "There is no text to read"),))
    if not facts.signals.scripts_known:
        return Axis(UNKNOWN, (Reason("script_unknown", "The text is in a script for which there are no signal words"),))
    return Axis(NONE, (Reason("no_danger_said", "No signal word for danger now"),))


def _stated(facts: Facts) -> Iterator[Reason]:
    said = facts.said
    if said.by_officer:
        yield Reason("child_in_danger_now", "An officer states that a child is in danger now")
    if said.danger_now == "yes":
        yield Reason("child_in_danger_now", "The sender states that a child is in danger now")
    if said.crisis == "yes":
        yield Reason("child_in_crisis", "The sender states that a child is in crisis")
    if said.live == "now":
        yield Reason("broadcast_under_way", "The sender states that a broadcast is under way")
    if said.live == "planned":
        yield Reason("broadcast_soon", "The sender states that a broadcast is planned")


def _heard(facts: Facts) -> Iterator[Reason]:
    signals = facts.signals
    beside = {"": frozenset(signals.found), "now": signals.with_now, "soon": signals.with_soon}
    for code, words, ways in _HIGH:
        fitting = [(signal, time) for signal, time in ways if signal in beside[time] and signal in signals.found]
        if found := tuple(dict.fromkeys(word for way in fitting for word in signals.of(*filter(None, way)))):
            quoted = all(signal in signals.quoted for signal, _ in fitting)
            yield Reason(code, f"{words} (in a quotation)" if quoted else words, found)


def _merged(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """One reason a code: what is stated and what is heard are the same reason twice."""
    found: dict[str, Reason] = {}
    for each in reasons:
        earlier = found.get(each.code)
        found[each.code] = Reason(each.code, earlier.words, each.found) if earlier else each
    order = [code for code, _, _ in _HIGH]
    return tuple(sorted(found.values(), key=lambda each: order.index(each.code)))


def _mentioned(facts: Facts, said_more: set[str]) -> Iterator[Reason]:
    signals = facts.signals
    for signal, code, words in _SOME:
        if signals.of(signal) and not said_more & _SAYS_MORE.get(signal, set()):
            yield Reason(code, words, signals.of(signal))
    if signals.of("payment") and signals.of("live"):
        yield Reason("payment_said", "It speaks of payment for a broadcast", signals.of("payment"))
    if facts.leads.live_links:
        yield Reason("live_link", "Names a service's page for live broadcasts")
    if facts.said.priority:
        yield Reason("priority_asked", "The sender asks for a quick look and says why")
    if facts.near_danger:
        words = f"Shares {_kinds(facts.near_danger)} with a report of danger now"
        yield Reason("linked_to_danger", words)
    if denied := tuple(dict.fromkeys(word for words in signals.denied.values() for word in words)):
        yield Reason("denied", "Speaks of it with a negation before the word: read it", denied)


def _kinds(kinds: tuple[str, ...]) -> str:
    named = [KINDS.get(kind, kind) for kind in kinds]
    return " and ".join(f"{'an' if name[0] in 'aeiI' else 'a'} {name}" for name in named[:3])


def actionable(facts: Facts, kinds_for_high: int) -> Axis:
    """Is there something somebody could follow up?"""
    leads = facts.leads
    named = (
        (leads.phones, "phone", "a phone number", "phone numbers"),
        (leads.handles, "account", "an account name", "account names"),
        (leads.rooms, "room", "a group or room", "groups or rooms"),
        (leads.links, "link", "an address on the web", "addresses on the web"),
        (leads.mails, "mail", "an e-mail address", "e-mail addresses"),
        (leads.addresses, "ip", "an IP address with its port", "IP addresses with their ports"),
        (leads.wallets, "wallet", "a coin address", "coin addresses"),
        (leads.payments, "payment", "a payment reference", "payment references"),
        (leads.devices, "device", "a device", "devices"),
        (leads.digests, "digest", "a file's digest", "files' digests"),
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
    shared = facts.shared
    if shared.reports or shared.cases:
        reasons.insert(
            0, Reason("shared", f"Shares {_kinds(shared.kinds)} with {_others(shared.reports, shared.cases)}")
        )
    if facts.chat_exports or kinds >= kinds_for_high or shared.reports or shared.cases:
        return Axis(HIGH, tuple(reasons))
    if reasons:
        return Axis(SOME, tuple(reasons))
    if not facts.has_text:
        return Axis(UNKNOWN, (Reason("nothing_to_follow_read", "Nothing could be read that would name a lead"),))
    return Axis(NONE, (Reason("no_lead", "Names no phone, account, link or address"),))


def _others(reports: int, cases: int) -> str:
    said = []
    if cases:
        said.append("a case" if cases == 1 else f"{cases} cases")
    if reports:
        said.append("another report" if reports == 1 else f"{reports} other reports")
    return " and ".join(said)


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


def clock(facts: Facts, at: datetime, times: Times) -> Axis:
    """Does time run out? What it speaks of perishes, nobody has read it yet, or nobody has decided it."""
    reasons = []
    if perishing := facts.signals.of("perishing"):
        reasons.append(Reason("evidence_perishes", "What it speaks of may soon be gone", perishing))
    waited = at - facts.received_at
    late = waiting = False
    if facts.decided_at is None:
        unread = facts.first_read_at is None
        within = times.look_within if unread else times.decide_within
        late, waiting = waited >= within, waited >= within * times.remind_after
        what = "Unread" if unread else "Undecided"
        if late:
            reasons.append(Reason("overdue" if unread else "undecided", f"{what} for {in_words(waited)}: late"))
        elif waiting:
            reasons.append(Reason("waiting" if unread else "undecided_yet", f"{what} for {in_words(waited)}"))
    if perishing or late:
        return Axis(HIGH, tuple(reasons))
    if reasons:
        return Axis(SOME, tuple(reasons))
    return Axis(NONE, (Reason("in_time", "Read in time" if facts.first_read_at else "Within its time"),))


def clock_changes_at(facts: Facts, at: datetime, times: Times) -> datetime | None:
    """When the clock's answer changes next if nothing happens; None when it doesn't."""
    if facts.decided_at is not None:
        return None
    within = times.look_within if facts.first_read_at is None else times.decide_within
    waits = (within * times.remind_after, within)
    return next((due for wait in waits if (due := facts.received_at + wait) > at), None)


def in_words(wait: timedelta) -> str:
    """Whole minutes below an hour, hours below two days, then days."""
    for unit, name in ((timedelta(minutes=1), "minute"), (timedelta(hours=1), "hour")):
        count = wait // unit
        if count < (60 if name == "minute" else 48):
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{wait // timedelta(days=1)} days"
