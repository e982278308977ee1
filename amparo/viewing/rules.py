"""When an item may be shown. Most work is done without looking; each look has a reason that a colleague would accept."""

from __future__ import annotations

from dataclasses import dataclass

# Reason code -> what an officer chooses from. Codes stand in the record, so they are never renamed.
REASONS: dict[str, str] = {
    "identify": "Look for clues to who or where a child is",
    "verify_match": "Check a match that matching is not sure of",
    "categorise": "Decide the item's legal class",
    "court": "A court or prosecutor asks for it",
    "second_opinion": "A colleague asked for a second opinion",
    "other": "Another reason, in own words",
}

SHORTEST_WORDS = 10  # characters; "other" alone explains nothing

# What still justifies looking at an item that a list of known items already names.
_DESPITE_KNOWN = frozenset({"identify", "verify_match", "court"})


@dataclass(frozen=True)
class RevealAsked:
    """What is asked, and what is known of the item.

    known: an exact hit on a trusted list. child_identified: every child in it is identified and safeguarded.
    """

    reason: str
    own_words: str = ""
    known: bool = False
    child_identified: bool = False


def obstacles_to_reveal(asked: RevealAsked) -> tuple[str, ...]:
    """The sentences that say why the item stays hidden; empty when it may be shown."""
    if asked.reason not in REASONS:
        return ("Choose a reason for looking at this item.",)
    found = []
    if asked.reason == "other" and len(asked.own_words.strip()) < SHORTEST_WORDS:
        found.append("Say in your own words why this item has to be seen.")
    if asked.known and asked.reason not in _DESPITE_KNOWN:
        found.append("This item is known and settled without looking. Choose “check a match” if you doubt the match.")
    if asked.child_identified and asked.reason == "identify":
        found.append("Every child in this item is identified and safe; nobody needs to look for clues in it again.")
    return tuple(found)
