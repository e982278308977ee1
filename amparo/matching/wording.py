"""The words in which pages and the terminal speak of lists and hits."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _, gettext_lazy, ngettext

from amparo.matching.queries import HitFacts, ListFacts
from amparo.matching.rules import HitKind, ListState

KINDS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "pdq": "PDQ", "reference": gettext_lazy("references")}

STAGES = {
    "reading": gettext_lazy("Reading the file inside the sandbox"),
    "checking": gettext_lazy("Checking what was read"),
    "sorting": gettext_lazy("Sorting its hashes"),
    "indexing": gettext_lazy("Indexing its fingerprints"),
    "merging": gettext_lazy("Merging what was sorted"),
    "comparing": gettext_lazy("Finding what is withdrawn"),
    "sealing": gettext_lazy("Taking the digests of its files for the record"),
}

TURNS = {
    "original": "",
    "rotate90": gettext_lazy("turned by 90°"),
    "rotate180": gettext_lazy("turned by 180°"),
    "rotate270": gettext_lazy("turned by 270°"),
    "flipx": gettext_lazy("mirrored upside down"),
    "flipy": gettext_lazy("mirrored"),
    "flipplus1": gettext_lazy("mirrored and turned"),
    "flipminus1": gettext_lazy("mirrored and turned"),
}


def state_of(facts: ListFacts) -> dict[str, str]:
    """A badge's words and tone."""
    if facts.state is ListState.IMPORTING:
        return {"words": _("Importing"), "tone": "info"}
    if facts.state is ListState.ACTIVE:
        return {"words": _("In use"), "tone": "good"}
    if facts.state is ListState.FAILED:
        return {"words": _("Not imported"), "tone": "danger"}
    return {"words": _("Replaced") if facts.followed_by else _("Withdrawn"), "tone": "neutral"}


def kinds_of(facts: ListFacts) -> list[tuple[str, int]]:
    """(name, hashes) of each kind that the list holds."""
    return [(str(KINDS[kind]), facts.counts[kind]) for kind in KINDS if facts.counts.get(kind)]


def pace_of(facts: ListFacts) -> str:
    """How fast the present stage is, and how long it still takes; empty where that can't be told."""
    if facts.hashes_a_second is None:
        return ""
    fast = _("{} hashes a second").format(f"{facts.hashes_a_second:,.0f}")
    if facts.seconds_left is None:
        return fast
    return _("{}, {} left").format(fast, _duration(facts.seconds_left))


def _duration(seconds: float) -> str:
    whole = timedelta(seconds=max(1, round(seconds)))
    if whole < timedelta(minutes=2):
        return ngettext("{} second", "{} seconds", whole.seconds).format(whole.seconds)
    return ngettext("{} minute", "{} minutes", whole.seconds // 60).format(int(whole.total_seconds() // 60))


def how(hit: HitFacts) -> str:
    """By what an item was found: in one line, without its distance."""
    if hit.kind is HitKind.EXACT:
        return _("Exact: the same {}").format(str(KINDS.get(hit.digest, hit.digest)))
    words = [_("Near: looks alike"), str(TURNS.get(hit.turn, hit.turn))]
    if hit.framing == "trimmed":
        words.append(_("without its borders"))
    if hit.at_ms is not None:
        frames = ngettext("{} frame", "{} frames", hit.frames).format(f"{hit.frames:,}")
        words.append(_("first at {}, {}").format(clock_of(hit.at_ms), frames))
    return ", ".join(word for word in words if word)


def clock_of(at_ms: int) -> str:
    """A place in a video, as players show it."""
    seconds = at_ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
