"""Decisions about reports: values in, obstacles or answers out."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

# Why a report is closed. "other" needs words.
CLOSING = {
    "not_our_subject": "Not about child sexual abuse or exploitation",
    "known_duplicate": "The same as another report",
    "nothing_to_follow": "Nothing in it can be followed up",
    "false_report": "A false report, made knowingly",
    "passed_on": "Passed on to the body that is competent",
    "test": "A test message",
    "other": "Other, in words",
}
# How a work item was settled.
SETTLING = {
    "read_by_hand": "Read by a person in another way",
    "asked_sender": "The sender was asked for it again",
    "not_needed": "Not needed: the rest says enough",
    "cannot_be_read": "Nobody can read it; the original stays sealed",
    "other": "Other, in words",
}
# Why a bundle, or one report of it, is unfolded.
UNFOLDING = {
    "different": "They tell of different things",
    "chance": "What they share is shared by chance: a logo, a template, a signature",
    "worked_apart": "Each is worked on by itself",
    "other": "Other, in words",
}
# Why a reporter's identity is opened.
IDENTITY = {
    "child_in_danger": "A child may be in danger and the reporter can help find them",
    "court_order": "A court or prosecutor has ordered it",
    "reporter_safety": "The reporter may be in danger",
    "witness": "The reporter is needed as a witness",
}
WORK_ITEMS = {
    "unreadable": "The mail could not be read",
    "changed_on_disk": "The sealed mail was changed on disk",
    "broken_mime": "Parts of the mail are damaged",
    "no_text": "There is no text",
    "examination_failed": "An attachment could not be examined",
    "encrypted": "An attachment is locked by a password",
    "too_deep": "An attachment holds more, nested too deeply",
    "unreadable_part": "Part of an attachment could not be read",
    "unsupported_lines": "A chat export has lines that no pattern fits",
    "not_examined": "An attachment is of a kind that is not examined",
    "unknown_reply": "A reply to a package that nobody knows",
    "sealed_mail": "The mail is encrypted and did not open",
    "follow_up": "The reporter wrote again",
    "answer_lost": "An answer did not reach the reporter",
    "file_differs": "A platform's file is not the one it announced",
    "retracted": "The platform takes its report back",
    "unfinished": "The platform opened this report and never finished it",
}

# An agreed request that nobody used lapses: the reason may no longer hold.
IDENTITY_LAPSES_AFTER = timedelta(hours=24)

_REPLY = re.compile(r"reply\+([A-Za-z0-9_-]{8,64})@", re.IGNORECASE)


def reply_token_digest(recipients: Iterable[str]) -> str:
    """SHA-256, in hex, of the lower-cased token of the first recipient reply+TOKEN@...; "" where there is none.

    Lower-cased, because mail systems on the way may change a local part's case. The token itself is kept nowhere.
    """
    for address in recipients:
        if match := _REPLY.match(address.strip().lstrip("<")):
            return hashlib.sha256(match.group(1).lower().encode()).hexdigest()
    return ""


def sender_tag(address: str, key: bytes) -> str:
    """What tells the mails of one address from others' and names nobody: a digest that only whoever holds `key` can make.

    Case, and what follows a "+" in the local part, make no other sender. "" for a bounce, which has no sender.
    """
    local, at, domain = unicodedata.normalize("NFKC", address).strip().strip("<>").casefold().rpartition("@")
    if not at or not local:
        return ""
    named = f"{local.partition('+')[0] or local}@{domain}".encode("utf-8", "surrogatepass")
    return "mail:" + hmac.new(key, named, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class Finding:
    """Something that a person must look at: the kind of a work item, its sentence, and the item it concerns."""

    kind: str
    sentence: str
    item: UUID | None = None


def findings_of_mail(text: str, defects: Iterable[str]) -> tuple[Finding, ...]:
    """What of a mail that was read could not be."""
    found = []
    if sentences := list(defects):
        found.append(Finding("broken_mime", " ".join(sentences)[:500]))
    if not text.strip():
        found.append(
            Finding(
                "no_text", "The mail has no text. What it says may stand in its attachments or in the sealed original."
            )
        )
    return tuple(found)


_WHY_UNREAD = {
    "encrypted": "locked by a password",
    "damaged": "damaged",
    "link": "only a link to another file",
    "not_a_file": "not a file",
    "unsupported_method": "packed in a way that can't be unpacked here",
    "too_deep": "nested too deeply",
}


def finding_of_failure(item: UUID, reason: str, sentence: str) -> Finding:
    """An item whose examination failed."""
    return Finding(
        "too_deep" if reason == "too_deep" else "examination_failed", sentence or "Examining it failed.", item
    )


def findings_of_examination(
    item: UUID, kind: str, state: str, reason: str, sentence: str, facts: Mapping[str, object]
) -> tuple[Finding, ...]:
    """What an examined item left unread. facts: the examination's, of which unreadable, unsupported and defects are looked at."""
    if state == "not_examined":
        how = "encrypted" if kind == "sealed" else "too_deep" if reason == "too_deep" else "not_examined"
        return (Finding(how, sentence or "Nothing here examines this kind of file.", item),)
    found = []
    unread = [part for part in _list(facts.get("unreadable")) if isinstance(part, Mapping)]
    locked = [part for part in unread if part.get("reason") == "encrypted"]
    for of_kind, parts in (("encrypted", locked), ("unreadable_part", [part for part in unread if part not in locked])):
        if parts:
            found.append(Finding(of_kind, _unread_sentence(parts), item))
    if count := facts.get("unsupported"):
        lines = "1 line of this chat export fits" if count == 1 else f"{count} lines of this chat export fit"
        found.append(
            Finding(
                "unsupported_lines",
                f"{lines} no known pattern. The rest was read; the original holds them all.",
                item,
            )
        )
    if defects := [str(each) for each in _list(facts.get("defects"))]:
        found.append(Finding("broken_mime", " ".join(defects)[:500], item))
    return tuple(found)


def _unread_sentence(parts: Sequence[Mapping[object, object]]) -> str:
    named = [
        f"{part.get('name') or 'a file'} ({_WHY_UNREAD.get(str(part.get('reason')), 'not readable')})"
        for part in parts[:5]
    ]
    more = f" and {len(parts) - 5} more" if len(parts) > 5 else ""
    return f"Not read: {', '.join(named)}{more}."[:500]


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def obstacles_to_reason(code: str, text: str, codes: Iterable[str]) -> tuple[str, ...]:
    """Why this isn't a reason; empty when it is."""
    if code not in set(codes):
        return ("Choose one of the reasons.",)
    if code == "other" and not text.strip():
        return ("Say in words what the reason is.",)
    return ()


def obstacles_to_closing(state: str, open_work_items: int) -> tuple[str, ...]:
    """Why the report can't be closed; empty when it can."""
    if state == "closed":
        return ("The report is closed already.",)
    if state == "in_case":
        return ("The report is part of a case: it is closed with the case.",)
    if open_work_items == 1:
        return ("A work item is open: settle it first, so that nothing unread is closed away.",)
    if open_work_items:
        return (f"{open_work_items} work items are open: settle them first, so that nothing unread is closed away.",)
    return ()


def obstacles_to_taking_up(state: str, *, same_case: bool = False) -> tuple[str, ...]:
    """Why the report can't become part of a case; empty when it can. same_case: it is, because its bundle's head was taken up."""
    return {
        "closed": ("The report is closed: reopen it first.",),
        "in_case": () if same_case else ("The report is part of a case already.",),
    }.get(state, ())


def obstacles_to_agreeing(asked_by: UUID, by: UUID | None, agreed_at: datetime | None) -> tuple[str, ...]:
    """Why this officer can't be the second person; empty when they can."""
    if agreed_at:
        return ("A second person has agreed already.",)
    # Two people, always: whoever asked doesn't count.
    return ("Whoever asked can't agree: another officer who holds this power does.",) if asked_by == by else ()


def obstacles_to_opening(
    asked_by: UUID, by: UUID | None, agreed_at: datetime | None, opened_at: datetime | None, at: datetime
) -> tuple[str, ...]:
    """Why the identity can't be opened now by this officer; empty when it can."""
    if asked_by != by:
        return ("Only the officer who asked opens it: ask with your own reason.",)
    if opened_at:
        return ("It was opened on this request before: ask again, with a reason.",)
    if agreed_at is None:
        return ("A second person has to agree first.",)
    if at - agreed_at > IDENTITY_LAPSES_AFTER:
        return ("The agreement is older than a day and has lapsed: ask again.",)
    return ()
