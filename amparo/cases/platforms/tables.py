"""What the pages of a platform read from its sealed tables: one page of accounts, one account with evidence, one list at a time.

Each call opens only the tables it names; each opening stands in the record. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor
from amparo.cases.models import LinkJudgement, PlatformPerson, PlatformStep
from amparo.cases.platforms.queries import PlatformFacts
from amparo.cases.platforms.rules import standing
from amparo.cases.sealed_tables import SealedStore, opened_tables
from amparo.cases.tables.store import literal
from amparo.foundation.errors import Missing, Refused
from amparo.vault.keys import Unlock

PAGE = 50
MOST_EXPORTED = 2_000_000
MOST_EVIDENCE = 200
COLUMNS = (
    "number", "account", "handle", "name", "email", "phone", "stated", "created", "person", "country", "confidence", "runner_up",
    "payments", "cards", "items", "events", "first_at", "last_at", "file", "row",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What is looked for among the accounts. country: a code, or "-" for those not attributed. did: paid, card or uploaded."""

    search: str = ""
    country: str = ""
    did: str = ""
    person: str = ""

    @property
    def is_everything(self) -> bool:
        return not (self.search or self.country or self.did or self.person)

    def where(self) -> str:
        said = ["true"]
        if text := self.search.strip().casefold():
            loose = literal(text)
            held = ("account", "handle", "email", "phone", "name")
            said.append(f"({' OR '.join(f'contains(lower({each}), {loose})' for each in held)})")
        if self.country == "-":
            said.append("country IS NULL")
        elif self.country:
            said.append(f"country = {literal(self.country)}")
        said += {"paid": ["payments > 0"], "card": ["cards > 0"], "uploaded": ["items > 0"]}.get(self.did, [])
        if self.person:
            said.append(f"person = {literal(self.person)}")
        return " AND ".join(said)


@contextmanager
def _opened(by: Actor, platform: PlatformFacts, unlock: Unlock, *names: str) -> Iterator[SealedStore]:
    tables = {name: item for step in platform.steps for name, item in step.tables.items() if name in names}
    if missing := sorted(set(names) - set(tables)):
        raise Refused(f"The table {missing[0]} is not made yet: wait until the analysis is done.")
    with opened_tables(by, tables, purpose=f"platform:{platform.uuid}", unlock=unlock) as store:
        yield store


def _records(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def accounts(
    by: Actor, platform: PlatformFacts, unlock: Unlock, wanted: Wanted, page: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of the accounts by name, and how many there are. Without a filter only that page's part of the table is read."""
    with _opened(by, platform, unlock, "directory") as store:
        if wanted.is_everything:
            start = (page - 1) * PAGE
            where = f"number >= {start} AND number < {start + PAGE}"
            rows = store.rows(f"SELECT {_listed()} FROM directory WHERE {where} ORDER BY number")
            return _records(rows, COLUMNS), int(platform.figures["accounts"])
        store.run(f"CREATE TEMP TABLE hits AS SELECT number FROM directory WHERE {wanted.where()}")
        count = int(store.one("SELECT count(*) FROM hits"))
        rows = store.rows(
            f"SELECT {_listed()} FROM directory WHERE number IN "
            f"(SELECT number FROM hits ORDER BY number LIMIT {PAGE} OFFSET {(page - 1) * PAGE}) ORDER BY number"
        )
        return _records(rows, COLUMNS), count


def _named(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{each}"' for each in columns)


def _listed() -> str:
    return _named(COLUMNS)


def exported(
    by: Actor, platform: PlatformFacts, unlock: Unlock, wanted: Wanted
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The accounts that fit, as rows for a file. Refused above two million."""
    with _opened(by, platform, unlock, "directory") as store:
        if int(store.one(f"SELECT count(*) FROM directory WHERE {wanted.where()}")) > MOST_EXPORTED:
            raise Refused("More than two million accounts: filter them by country first.")
        return COLUMNS, store.rows(f"SELECT {_listed()} FROM directory WHERE {wanted.where()} ORDER BY number")


@dataclass(frozen=True)
class AccountFacts:
    """One account: its row, what speaks for its country, the person it is linked to with every link, and what officers decided."""

    row: dict[str, Any]
    countries: list[dict[str, Any]]
    cluster: list[dict[str, Any]]
    links: list[LinkFacts]
    bridge: dict[str, Any] | None
    judgements: list[LinkJudgement]
    taken: UUID | None
    changed: bool


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
BRIDGE = ("account_a", "account_b", "bits", "words", "links_that_would_be_cut")
NAMED = (
    "country",
    "kind",
    "weight_bits",
    "days",
    "events",
    "events_with_port",
    "first_seen",
    "last_seen",
    "example",
    "cautions",
)


def account(by: Actor, platform: PlatformFacts, unlock: Unlock, name: str) -> AccountFacts:
    """Raises Missing."""
    names = [
        "directory",
        *(each for each in ("countries_evidence", "links_evidence", "links_bridges") if _has(platform, each)),
    ]
    with _opened(by, platform, unlock, *names) as store:
        rows = _records(store.rows(f"SELECT {_listed()} FROM directory WHERE account = ?", [name]), COLUMNS)
        if not rows:
            raise Missing("There is no such account on this platform.")
        (row,) = rows
        cluster = _records(
            store.rows(
                f"SELECT {_listed()} FROM directory WHERE person = ? ORDER BY number LIMIT {PAGE}", [row["person"]]
            ),
            COLUMNS,
        )
        named = evidence = bridges = []
        if "countries_evidence" in names:
            named = _records(
                store.rows(
                    f"SELECT {', '.join(NAMED)} FROM countries_evidence WHERE account_id = ? ORDER BY weight_bits DESC "
                    f"LIMIT {MOST_EVIDENCE}",
                    [name],
                ),
                NAMED,
            )
        if "links_evidence" in names and len(cluster) > 1:
            evidence = _records(
                store.rows(
                    f"SELECT {_named(EVIDENCE)} FROM links_evidence WHERE person = ? LIMIT {MOST_EVIDENCE}",
                    [row["person"]],
                ),
                EVIDENCE,
            )
        if "links_bridges" in names and len(cluster) > 1:
            bridges = _records(
                store.rows(f"SELECT {', '.join(BRIDGE)} FROM links_bridges WHERE person = ?", [row["person"]]), BRIDGE
            )
    judged = _judged(platform, {each["account"] for each in cluster})
    taken = _taken(platform, row)
    return AccountFacts(
        row,
        named,
        cluster,
        _links(evidence, judged),
        bridges[0] if bridges else None,
        judged,
        taken.person.uuid if taken else None,
        bool(taken and set(taken.accounts) != {each["account"] for each in cluster} and len(cluster) < PAGE),
    )


def _taken(platform: PlatformFacts, row: dict[str, Any]) -> PlatformPerson | None:
    """The person of the case who holds this account; also where a later run links it to others."""
    rows = PlatformPerson.objects.filter(platform__uuid=platform.uuid).select_related("person")
    found: PlatformPerson | None = rows.filter(linked=row["person"]).first()
    return found


def _has(platform: PlatformFacts, table: str) -> bool:
    return any(table in step.tables for step in platform.steps)


def _judged(platform: PlatformFacts, accounts: set[str]) -> list[LinkJudgement]:
    rows = LinkJudgement.objects.filter(platform__uuid=platform.uuid).order_by("id")
    return [each for each in rows if each.account_a in accounts or each.account_b in accounts]


def _links(evidence: list[dict[str, Any]], judged: list[LinkJudgement]) -> list[LinkFacts]:
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
    with _opened(by, platform, unlock, "links_questions") as store:
        count = int(store.one("SELECT count(*) FROM links_questions"))
        rows = _records(
            store.rows(
                f"SELECT {_named(QUESTIONS)} FROM links_questions "
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


OVERLAPS = ("account", "kind", "value", "weak", "report", "in_case", "reference", "file", "row")


def overlaps(by: Actor, platform: PlatformFacts, unlock: Unlock, page: int) -> tuple[list[dict[str, Any]], int]:
    """Accounts that share an identifier with another case or an earlier report, strong ones first."""
    with _opened(by, platform, unlock, "overlaps") as store:
        count = int(store.one('SELECT count(*) FROM "overlaps"'))
        rows = store.rows(
            f'SELECT {_named(OVERLAPS)} FROM "overlaps" '
            f"ORDER BY weak, account, kind, value, reference LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"
        )
    return _records(rows, OVERLAPS), count


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


_SHARED = """
    WITH held AS (
        SELECT account, 'e-mail' AS kind, lower(email) AS value FROM accounts WHERE email IS NOT NULL
        UNION SELECT account, 'phone', phone FROM accounts WHERE phone IS NOT NULL
        UNION SELECT account, 'handle', lower(handle) FROM accounts WHERE handle IS NOT NULL
        UNION SELECT account, kind, value FROM identifiers
        UNION SELECT account, 'payment token', token FROM payments WHERE token IS NOT NULL
        UNION SELECT account, 'device', device FROM events WHERE device IS NOT NULL
        UNION SELECT account, 'address', address FROM events WHERE address IS NOT NULL),
    common AS (SELECT kind, value FROM held WHERE account = $1 INTERSECT SELECT kind, value FROM held WHERE account = $2)
    SELECT b.kind, b.value, count(DISTINCT h.account) FROM common b JOIN held h USING (kind, value)
    GROUP BY ALL ORDER BY 3, 1, 2 LIMIT 100
"""


def compared(by: Actor, platform: PlatformFacts, unlock: Unlock, a: str, b: str) -> Compared:
    """Why two accounts are linked, or are not: what they share, by how many accounts each value is held, and the run's answer."""
    own = [name for name in ("accounts", "identifiers", "payments", "events") if _has(platform, name)]
    more = [name for name in ("links_evidence", "links_questions") if _has(platform, name)]
    with _opened(by, platform, unlock, "directory", *own, *more) as store:
        sides = {
            row["account"]: row
            for row in _records(
                store.rows(f"SELECT {_listed()} FROM directory WHERE account IN (?, ?)", [a, b]), COLUMNS
            )
        }
        if a not in sides or b not in sides or a == b:
            raise Missing("Name two different accounts of this platform, as they are written there.")
        for name, columns in _COLUMNS_OF.items():
            if name not in own:
                store.run(f"CREATE VIEW {name} AS SELECT {columns} WHERE false")
        shared = [(kind, value, count) for kind, value, count in store.rows(_SHARED, [a, b])]
        pair = f"(account_a = {literal(min(a, b))} AND account_b = {literal(max(a, b))})"
        pair = f"({pair} OR (account_a = {literal(max(a, b))} AND account_b = {literal(min(a, b))}))"
        evidence, asked = [], []
        if "links_evidence" in more:
            evidence = _records(store.rows(f"SELECT {_named(EVIDENCE)} FROM links_evidence WHERE {pair}"), EVIDENCE)
        if "links_questions" in more:
            asked = _records(store.rows(f"SELECT {_named(QUESTIONS)} FROM links_questions WHERE {pair}"), QUESTIONS)
    judged = [each for each in _judged(platform, {a}) if {each.account_a, each.account_b} == {a, b}]
    links = _links(evidence, judged)
    return Compared(
        sides[a],
        sides[b],
        sides[a]["person"] == sides[b]["person"],
        shared,
        asked[0] if asked else None,
        links[0] if links else None,
        judged,
    )


_COLUMNS_OF = {
    "accounts": "NULL::VARCHAR AS account, NULL::VARCHAR AS email, NULL::VARCHAR AS phone, NULL::VARCHAR AS handle",
    "identifiers": "NULL::VARCHAR AS account, NULL::VARCHAR AS kind, NULL::VARCHAR AS value",
    "payments": "NULL::VARCHAR AS account, NULL::VARCHAR AS token",
    "events": "NULL::VARCHAR AS account, NULL::VARCHAR AS device, NULL::VARCHAR AS address",
}


def recomputed(platform: UUID) -> int:
    """How many persons of the case were taken from an earlier run of the links than the one that stands."""
    step = PlatformStep.objects.filter(platform__uuid=platform, name="links").first()
    return PlatformPerson.objects.filter(platform__uuid=platform, run__lt=step.run).count() if step else 0
