"""What is written of links: Parquet tables with the evidence behind each row, and one JSON file that tells the run.

Same inputs, judgements, parameters and versions: same bytes. Columns: docs/formats/links.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import phonenumbers
import splink

from amparo.cases.linkage import evidence
from amparo.cases.linkage.explaining import why
from amparo.cases.linkage.guarding import BRIDGE, DIFFERENT, MOST_ACCOUNTS, SIZE, UNSURE
from amparo.cases.linkage.model import FIELDS
from amparo.cases.linkage.normal_forms import normal_forms
from amparo.cases.linkage.scoring import gamma
from amparo.cases.linkage.sharing import CAP
from amparo.cases.tables.base import evidence_files
from amparo.cases.tables.runs import beside, write_run
from amparo.cases.tables.store import Progress, literal

if TYPE_CHECKING:
    from amparo.cases.linkage.links import Found

VERSION = 1  # of the written columns
NOT_FOUND = (
    "Somebody who takes care that accounts share nothing (own device, own network, own name, own card for each) is found by no "
    "method: an account without a link is not the only account of its person."
)
CERTAINTY = ("no link found", "decided by officers", "strong links", "probable links")
NEAR_BITS = 0.0  # from even chances on, a pair below the threshold is a question


def write(
    found: Found,
    out: Path,
    strong: float,
    parameters: dict[str, Any],
    asked: Sequence[tuple[str, str]],
    progress: Progress,
) -> dict[str, Any]:
    """All files of a run; returns what its JSON holds. asked: pairs of which it also says why."""
    store, threshold = found.store, found.threshold
    evidence_files(found.base)
    _persons(found, strong)
    counts = {"accounts": store.parquet(_ACCOUNTS, out)}
    progress("written accounts", counts["accounts"])
    store.run("CREATE OR REPLACE TABLE used AS SELECT l.* FROM links l JOIN persons x ON x.n = l.a JOIN persons y ON y.n = l.b "
              "WHERE x.person = y.person AND NOT (l.a, l.b) IN (SELECT (a, b) FROM judged WHERE judgement = 'unsure')")  # fmt: skip
    evidence.gather(store, found.weights)
    _judged_rows(found)
    counts["evidence"] = store.parquet(_EVIDENCE.format(threshold=threshold), beside(out, "evidence.parquet"))
    progress("written evidence", counts["evidence"])
    counts["bridges"] = store.parquet(_BRIDGES, beside(out, "bridges.parquet"))
    _questions(found, threshold)
    counts["questions"] = store.parquet(_QUESTIONS.format(threshold=threshold), beside(out, "questions.parquet"))
    counts["held_back"] = store.parquet(
        "SELECT kind, value_sha256, accounts, most, reason FROM held_back ORDER BY kind, reason, accounts DESC, value_sha256",
        beside(out, "held-back.parquet"),
    )
    progress("written questions", counts["questions"])
    run = _run(found, strong, parameters, counts)
    if asked:  # last: a pair that nothing brought together is compared anew
        run["why"] = [why(found, a, b).lines() for a, b in asked]
    return write_run(out, run)


_ACCOUNTS = """
    SELECT k.account AS account_id, 'p-' || h.account AS person, s.accounts AS accounts_in_person, s.certainty,
           f.name || ':' || a."row" AS evidence
    FROM known k JOIN persons p USING (n) JOIN known h ON h.n = p.person JOIN sizes s ON s.person = p.person
    LEFT JOIN profiles a ON a.n = k.n LEFT JOIN files f ON f.number = a.file ORDER BY k.n
"""
_EVIDENCE = """
    SELECT x.account AS account_a, y.account AS account_b, 'p-' || h.account AS person, e.kind, e.words, e.value, e.holders,
           e.first_a, e.last_a, e.first_b, e.last_b, round(e.bits, 3) AS bits, u.bits AS sum,
           CASE WHEN u.bits IS NOT NULL THEN CAST({threshold} AS DOUBLE) END AS threshold, e.evidence_a, e.evidence_b
    FROM evidence_rows e LEFT JOIN used u USING (a, b) JOIN known x ON x.n = e.a JOIN known y ON y.n = e.b
    JOIN persons p ON p.n = e.a JOIN known h ON h.n = p.person
    ORDER BY e.a, e.b, e.place, e.bits DESC, e.kind, e.value, e.words
"""
_BRIDGES = """
    SELECT 'p-' || h.account AS person, s.accounts AS accounts_in_person, x.account AS account_a, y.account AS account_b,
           b.bits, b.words, b.crossing AS links_that_would_be_cut, b.side_a, b.side_b
    FROM bridges b JOIN known h ON h.n = b.person JOIN sizes s USING (person) JOIN known x ON x.n = b.a JOIN known y ON y.n = b.b
    ORDER BY b.person
"""
_QUESTIONS = """
    SELECT x.account AS account_a, y.account AS account_b, 'p-' || hx.account AS person_a, 'p-' || hy.account AS person_b,
           q.kind, q.reason, q.shared, q.bits AS sum,
           CASE WHEN q.bits IS NOT NULL THEN CAST({threshold} AS DOUBLE) END AS threshold,
           q.household_bits
    FROM questions q JOIN known x ON x.n = q.a JOIN known y ON y.n = q.b JOIN persons px ON px.n = q.a
    JOIN persons py ON py.n = q.b JOIN known hx ON hx.n = px.person JOIN known hy ON hy.n = py.person
    ORDER BY q.a, q.b, q.kind
"""


def _persons(found: Found, strong: float) -> None:
    """Makes `sizes` (person, accounts, certainty) and `bridges`, from the strongest links that hold each person together."""
    store = found.store
    rows = store.rows(
        "SELECT x.person, l.a, l.b, l.bits, false FROM links l JOIN persons x ON x.n = l.a JOIN persons y ON y.n = l.b "
        "WHERE x.person = y.person AND l.why = '' UNION ALL SELECT x.person, j.a, j.b, NULL, true FROM judged j "
        "JOIN persons x ON x.n = j.a JOIN persons y ON y.n = j.b WHERE j.judgement = 'same' AND x.person = y.person "
        "ORDER BY 1, 2, 3, 5"
    )
    links: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for person, a, b, bits, judged in rows:
        links[person].append((a, b, float("inf") if judged else bits))
    names = dict(store.rows("SELECT n, account FROM known WHERE n IN (SELECT n FROM persons WHERE person IN "
                            "(SELECT person FROM persons GROUP BY person HAVING count(*) > 1))"))  # fmt: skip
    certainty, bridges = {}, []
    for person, mine in links.items():
        weakest, side_a, side_b, crossing = weakest_bridge(mine)
        judged = weakest[2] == float("inf")
        certainty[person] = CERTAINTY[1 if judged else 2 if weakest[2] >= strong else 3]
        if len(side_a) + len(side_b) > 2:
            words = "an officer's judgement" if judged else "the weakest link"
            sides = [[names[node] for node in sorted(side)] for side in (side_a, side_b)]
            bridges.append([person, weakest[0], weakest[1], None if judged else weakest[2], words, crossing, *sides])
    store.run("CREATE OR REPLACE TABLE bridges (person INTEGER, a INTEGER, b INTEGER, bits DOUBLE, words VARCHAR, "
              "crossing INTEGER, side_a VARCHAR[], side_b VARCHAR[])")  # fmt: skip
    if bridges:
        store.con.executemany("INSERT INTO bridges VALUES (?, ?, ?, ?, ?, ?, ?, ?)", bridges)
    accounts = np.bincount(found.guarded.person)
    persons = np.flatnonzero(accounts)
    word = np.zeros(len(accounts), np.int8)
    for person, words in certainty.items():
        word[person] = CERTAINTY.index(words)
    store.table("counted", {"person": persons.astype(np.int32), "accounts": accounts[persons], "word": word[persons]})
    chosen = " ".join(f"WHEN {at} THEN {literal(each)}" for at, each in enumerate(CERTAINTY))
    store.run(
        f"CREATE OR REPLACE TABLE sizes AS SELECT person, accounts, CASE word {chosen} END AS certainty FROM counted"
    )
    store.run("DROP TABLE counted")


def weakest_bridge(
    links: list[tuple[int, int, float]],
) -> tuple[tuple[int, int, float], set[int], set[int], int]:
    """Where a person holds together least: the weakest of the links that are needed if the strongest are taken first, the
    accounts on its two sides, and how many links join the two sides."""
    parent = {node: node for a, b, _ in links for node in (a, b)}

    def top(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    tree = []
    for a, b, bits in sorted(links, key=lambda link: (-link[2], link[0], link[1])):
        if top(a) != top(b):
            parent[top(b)] = top(a)
            tree.append((a, b, bits))
    weakest = tree[-1]
    beside_it: dict[int, list[int]] = defaultdict(list)
    for a, b, _ in tree[:-1]:
        beside_it[a].append(b)
        beside_it[b].append(a)
    side, ahead = set(), [weakest[0]]
    while ahead:
        node = ahead.pop()
        if node not in side:
            side.add(node)
            ahead += beside_it[node]
    crossing = sum((a in side) != (b in side) for a, b, _ in links)
    return weakest, side, set(parent) - side, crossing


def _judged_rows(found: Found) -> None:
    """Judgements that made a link, and earlier ones that say otherwise, stand in the evidence too."""
    store = found.store
    empty = "NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL"
    store.run(
        f"INSERT INTO evidence_rows SELECT j.a, j.b, 80, 'judgement', j.words, {empty} FROM judged j JOIN persons x ON x.n = j.a "
        "JOIN persons y ON y.n = j.b WHERE j.judgement = 'same' AND x.person = y.person"
    )
    for each in found.judgements.changed:
        store.run(
            f"INSERT INTO evidence_rows SELECT x.n, y.n, 96, 'against', ?, {empty} FROM known x, known y, used u "
            "WHERE x.account = ? AND y.account = ? AND u.a = x.n AND u.b = y.n",
            [f"earlier {each.words}", *each.pair],
        )


def _questions(found: Found, threshold: float) -> None:
    """Makes `questions`: links that the guard refused, pairs near the threshold, households, judgements that contradict."""
    store = found.store
    shared = ", ".join(
        f"CASE {gamma(field)} "
        + " ".join(
            f"WHEN {number} THEN {literal(level.words)}" for number, level in enumerate(reversed(field.levels), 1)
        )
        + " END"
        for field in FIELDS
    )
    listed = f"array_to_string(list_filter([{shared}], lambda words: words IS NOT NULL), '; ')"
    kinds = {BRIDGE: "bridge", SIZE: "size", DIFFERENT: "different", UNSURE: "unsure"}
    kind = " ".join(f"WHEN {literal(why)} THEN '{word}'" for why, word in kinds.items())
    shared_home = f"s.impersonal OR s.match_weight >= {threshold}"
    apart = "JOIN persons x ON x.n = s.a JOIN persons y ON y.n = s.b AND y.person <> x.person"
    store.run(
        f"""
        CREATE OR REPLACE TABLE questions AS
        SELECT s.a, s.b, CASE s.why {kind} END AS kind, s.why || coalesce(' (' || j.words || ')', '') AS reason, {listed} AS shared,
               s.bits, s.household_bits
        FROM links s LEFT JOIN judged j ON j.a = s.a AND j.b = s.b WHERE s.why <> ''
        UNION ALL
        SELECT s.a, s.b, CASE WHEN {shared_home} THEN 'household' ELSE 'near' END,
               CASE WHEN {shared_home} THEN 'one person, or two of one household: what they share does not tell'
                    ELSE 'likelier one person than not, but below the threshold' END, {listed}, s.bits, s.household_bits
        FROM scored s {apart} WHERE (s.bits < {threshold} OR s.impersonal)
             AND (s.bits >= {NEAR_BITS} OR s.match_weight >= {threshold})
             AND (s.a, s.b) NOT IN (SELECT (a, b) FROM judged WHERE judgement = 'different')
        """
    )
    for a, b in found.guarded.contradicted:
        store.run(
            "INSERT INTO questions SELECT a, b, 'contradiction', words || '; it can''t stand beside a judgement: different', '', "
            "NULL, NULL FROM judged WHERE a = ? AND b = ?",
            [a, b],
        )


def _run(found: Found, strong: float, parameters: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    store, shared, weights = found.store, found.shared, found.weights
    accounts = np.bincount(found.guarded.person)
    sizes = [(size, count) for size, count in enumerate(np.bincount(accounts).tolist()) if size and count]
    linked = sum(size * (size - 1) // 2 * count for size, count in sizes)
    return found.base.facts() | {
        "engine": "links",
        "version": VERSION,
        "parameters": parameters
        | {
            "threshold_bits": found.threshold,
            "strong_bits": round(strong, 3),
            "most_accounts_of_a_person": MOST_ACCOUNTS,
            "most_holders_of_a_value": CAP,
            "normal_forms_of": normal_forms().date,
        },
        "linkage_tools": {
            "splink": splink.__version__,
            "phonenumbers": phonenumbers.__version__,
            "numpy": np.__version__,
        },
        "judgements": {
            "sha256": found.judgements.sha256,
            "standing": len(found.judgements.standing),
            "changed_later": len(found.judgements.changed),
            "of_unknown_accounts": list(found.unknown[:100]),
            "contradicting": len(found.guarded.contradicted),
        },
        "steps": {
            "accounts": shared.accounts,
            "accounts_with_a_value": shared.holders,
            "shared_values": shared.values,
            "values_held_back": shared.held_back,
            "accounts_with_a_placeholder": shared.placeholders,
            "accounts_with_an_unreadable_value": shared.unreadable,
            "candidate_pairs": found.candidates,
            "links_above_threshold": int(store.one("SELECT count(*) FROM links")),
            "links_refused": len(found.guarded.refused),
            "persons": sum(count for _, count in sizes),
            "accounts_by_size_of_person": {str(size): size * count for size, count in sizes},
        },
        "model": {
            "pairs_linked": linked,
            "pairs_of_one_person_estimated": round(weights.same_share * found.all_pairs),
            "words": "the estimate counts people whose accounts share something now and then; careful people are beside it",
            "same": weights.same,
            "chance": weights.chance,
            "household": weights.household,
        },
        "written": counts,
        "not_found": NOT_FOUND,
    }
