"""Two accounts of a platform: the links that hold them together, the questions that wait, and why two are linked or are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amparo.access.acts import Actor
from amparo.cases.models import LinkJudgement
from amparo.cases.platforms.queries import PlatformFacts
from amparo.cases.platforms.rules import standing
from amparo.cases.platforms.tables import COLUMNS, PAGE, has, listed, opened_of, quoted, records
from amparo.cases.tables.store import literal
from amparo.foundation.errors import Missing
from amparo.vault.keys import Unlock

MOST_SHARED = 100  # values of two accounts that are listed, those that fewest hold first


@dataclass(frozen=True)
class LinkFacts:
    """A link between two accounts: the waterfall of what was compared, each step in bits, against the threshold."""

    account_a: str
    account_b: str
    steps: list[dict[str, Any]]
    total: float | None
    threshold: float | None
    verdict: str


EVIDENCE = (
    "account_a", "account_b", "kind", "words", "value", "holders", "first_a", "last_a", "first_b", "last_b", "bits", "sum",
    "threshold", "evidence_a", "evidence_b",
)  # fmt: skip


def judged_of(platform: PlatformFacts, accounts: set[str]) -> list[LinkJudgement]:
    rows = LinkJudgement.objects.filter(platform__uuid=platform.uuid).order_by("id")
    return [each for each in rows if each.account_a in accounts or each.account_b in accounts]


def links_of(evidence: list[dict[str, Any]], judged: list[LinkJudgement]) -> list[LinkFacts]:
    words = standing((each.account_a, each.account_b, each.verdict) for each in judged)
    pairs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in evidence:
        pairs.setdefault((each["account_a"], each["account_b"]), []).append(each)
    return [
        LinkFacts(
            a, b, _waterfall(steps), steps[0]["sum"], steps[0]["threshold"], words.get((min(a, b), max(a, b)), "")
        )
        for (a, b), steps in pairs.items()
    ]


def _waterfall(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each step with where its bar begins and how long it is, in per cent of the widest sum that is reached."""
    ends, now = [0.0], 0.0
    for each in steps:
        now += each["bits"] or 0.0
        ends.append(now)
    low, high = min(ends), max(ends)
    wide = (high - low) or 1.0
    found = []
    for each, before, after in zip(steps, ends, ends[1:], strict=False):
        left, right = min(before, after), max(before, after)
        found.append(
            each
            | {
                "left": round((left - low) / wide * 100, 1),
                "width": max(0.4, round((right - left) / wide * 100, 1)),
                "against": after < before,
            }
        )
    return found


QUESTIONS = ("account_a", "account_b", "person_a", "person_b", "kind", "reason", "shared", "sum", "threshold")


def questions(by: Actor, platform: PlatformFacts, unlock: Unlock, page: int) -> tuple[list[dict[str, Any]], int]:
    """Links that wait for an officer's word, one page of them; those that were judged since are marked with the verdict."""
    with opened_of(by, platform, unlock, "links_questions") as store:
        count = int(store.one("SELECT count(*) FROM links_questions"))
        rows = records(
            store.rows(
                f"SELECT {quoted(QUESTIONS)} FROM links_questions "
                f"ORDER BY account_a, account_b, kind LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"
            ),
            QUESTIONS,
        )
    judged = LinkJudgement.objects.filter(platform__uuid=platform.uuid).order_by("id")
    words = standing((each.account_a, each.account_b, each.verdict) for each in judged)
    for each in rows:
        pair = (min(each["account_a"], each["account_b"]), max(each["account_a"], each["account_b"]))
        each["verdict"] = words.get(pair, "")
    return rows, count


@dataclass(frozen=True)
class Compared:
    """Two accounts side by side: what they share, by kind, and what an engine or an officer said of the pair."""

    a: dict[str, Any]
    b: dict[str, Any]
    linked: bool
    shared: list[tuple[str, str, int]]
    question: dict[str, Any] | None
    link: LinkFacts | None
    judgements: list[LinkJudgement]


_SHARED = f"""
    WITH held AS (SELECT kind, value, holders FROM shared WHERE account = $1
                  UNION ALL SELECT kind, value, holders FROM shared WHERE account = $2)
    SELECT kind, value, min(holders) FROM held GROUP BY ALL HAVING count(*) = 2 ORDER BY 3, 1, 2 LIMIT {MOST_SHARED}
"""


def compared(by: Actor, platform: PlatformFacts, unlock: Unlock, a: str, b: str) -> Compared:
    """Why two accounts are linked, or are not: what they share, by how many accounts each value is held, and the run's answer."""
    more = [name for name in ("links_evidence", "links_questions") if has(platform, name)]
    with opened_of(by, platform, unlock, "directory", "shared", *more) as store:
        sides = {
            row["account"]: row
            for row in records(store.rows(f"SELECT {listed()} FROM directory WHERE account IN (?, ?)", [a, b]), COLUMNS)
        }
        if a not in sides or b not in sides or a == b:
            raise Missing("Name two different accounts of this platform, as they are written there.")
        shared = [(kind, value, count) for kind, value, count in store.rows(_SHARED, [a, b])]
        pair = f"(account_a = {literal(min(a, b))} AND account_b = {literal(max(a, b))})"
        pair = f"({pair} OR (account_a = {literal(max(a, b))} AND account_b = {literal(min(a, b))}))"
        evidence, asked = [], []
        if "links_evidence" in more:
            evidence = records(store.rows(f"SELECT {quoted(EVIDENCE)} FROM links_evidence WHERE {pair}"), EVIDENCE)
        if "links_questions" in more:
            asked = records(store.rows(f"SELECT {quoted(QUESTIONS)} FROM links_questions WHERE {pair}"), QUESTIONS)
    judged = [each for each in judged_of(platform, {a}) if {each.account_a, each.account_b} == {a, b}]
    links = links_of(evidence, judged)
    return Compared(
        sides[a],
        sides[b],
        sides[a]["person"] == sides[b]["person"],
        shared,
        asked[0] if asked else None,
        links[0] if links else None,
        judged,
    )
