"""Decisions about the talk with a reporter: what a mail is, whether it may be answered, when sending is tried again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

# What may come in. A person's words count; the rest is kept and answered by nothing.
PERSON, AUTO_REPLY, BOUNCE, LOOP = "person", "auto_reply", "bounce", "loop"
ANSWER, RECEIPT = "answer", "receipt"
WAITING, SENT, FAILED, RETURNED = "waiting", "sent", "failed", "returned"

ANSWER_CHARACTERS = 20_000
RECEIPTS_APART = timedelta(hours=1)
# A mail server that is away for a night or a weekend is no reason to give up (RFC 5321, 4.5.4.1: four to five days).
GIVEN_UP_AFTER = timedelta(days=4)
_PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
)

_REPLIES_OF_MACHINES = frozenset({"auto_replied", "auto_generated", "bulk", "null_sender", "failed_recipients"})


def kind_of(signs: Iterable[str], *, is_ours: bool) -> str:
    """What a mail in a report's talk is. is_ours: it bears the Message-ID of a mail that this house sent."""
    said = frozenset(signs)
    if is_ours:
        return LOOP
    if "delivery_report" in said:
        return BOUNCE
    if said & _REPLIES_OF_MACHINES:
        return AUTO_REPLY
    return LOOP if "many_hops" in said else PERSON


def may_be_receipted(signs: Iterable[str]) -> bool:
    """Whether a receipt may go out at all: no sign of a machine, a list or a loop, nor the wish to get none (RFC 3834, 2)."""
    return not any(signs)


def obstacles_to_answering(words: str, *, state: str, reachable: bool) -> tuple[str, ...]:
    """Why this answer can't be sent; empty when it can. reachable: some message of the talk has an address to answer to."""
    found = []
    if not reachable:
        found.append("There is no way to answer: this report came neither by mail nor by the form.")
    if state == "reply":
        found.append("This is a reply to a package: answer the partner, not a reporter.")
    if not words.strip():
        found.append("Write what the reporter is to read.")
    elif len(words) > ANSWER_CHARACTERS:
        found.append(f"An answer has at most {ANSWER_CHARACTERS:,} characters.")
    return tuple(found)


def next_try(tries: int, written_at: datetime, at: datetime) -> datetime | None:
    """When sending is tried again; None when it is given up. tries: how many there were."""
    if at - written_at >= GIVEN_UP_AFTER:
        return None
    return at + _PAUSES[min(tries, len(_PAUSES)) - 1]


def outcome_of_bounce(delivery: Iterable[tuple[str, str]]) -> tuple[bool, str]:
    """Whether the mail is lost, and the code that says why: "5.1.1", "4.4.7", or "" for a report that says neither."""
    told = [(action, status) for action, status in delivery if action or status]
    failed = [(action, status) for action, status in told if action == "failed" or (not action and status[:1] == "5")]
    if failed or not told:
        return True, next((status for _, status in failed), "")
    return False, next((status for _, status in told), "")


# RFC 3463 and 5248, of which an officer needs the gist.
_WHY = {
    "1": "the address does not exist or is not served any more",
    "2": "the mailbox is full, closed or takes no mail",
    "3": "the receiving system could not take it",
    "4": "the receiving system could not be reached",
    "5": "the mail servers did not understand each other",
    "6": "the mail's form was not accepted",
    "7": "it was refused by a rule or as unwanted mail",
}


def why_returned(status: str) -> str:
    """The status code in words."""
    parts = status.split(".")
    words = _WHY.get(parts[1], "") if len(parts) == 3 else ""
    return f"{words} ({status})" if words else f"no reason is given ({status})" if status else "no reason is given"


_QUOTE_MARKS = re.compile(r"\A[>|\s]+")
# A shorter line that stands unquoted may be the reporter's own, though this house wrote the same once.
QUOTED_CHARACTERS = 20


def own_words(text: str, ours: Iterable[str]) -> str:
    """The text without the lines that repeat what this house wrote: a quoted question about danger is no danger.

    ours: the texts that went out before. Nothing else is left out, whoever is quoted: somebody's words may be the report.
    """
    written = " ".join(" ".join(each.split()) for each in ours)
    if not written:
        return text
    return "\n".join(line for line in text.split("\n") if not _repeats(line, written))


def _repeats(line: str, written: str) -> bool:
    bare = _QUOTE_MARKS.sub("", line)
    words = " ".join(bare.split())
    quoted = line.lstrip()[:1] in (">", "|")
    if not words:
        return quoted
    return (quoted or len(words) >= QUOTED_CHARACTERS) and words in written
