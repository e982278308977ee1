"""One account of a platform with all that is said of it: its country, the person it is linked to, and what officers decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor
from amparo.cases.models import LinkJudgement, PlatformPerson
from amparo.cases.platforms.pairs import EVIDENCE, LinkFacts, judged_of, links_of
from amparo.cases.platforms.queries import PlatformFacts
from amparo.cases.platforms.tables import COLUMNS, PAGE, has, listed, opened_of, quoted, records
from amparo.foundation.errors import Missing
from amparo.vault.keys import Unlock

MOST_EVIDENCE = 200


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
        *(each for each in ("countries_evidence", "links_evidence", "links_bridges") if has(platform, each)),
    ]
    with opened_of(by, platform, unlock, *names) as store:
        rows = records(store.rows(f"SELECT {listed()} FROM directory WHERE account = ?", [name]), COLUMNS)
        if not rows:
            raise Missing("There is no such account on this platform.")
        (row,) = rows
        cluster = records(
            store.rows(
                f"SELECT {listed()} FROM directory WHERE person = ? ORDER BY number LIMIT {PAGE}", [row["person"]]
            ),
            COLUMNS,
        )
        named = evidence = bridges = []
        if "countries_evidence" in names:
            named = records(
                store.rows(
                    f"SELECT {', '.join(NAMED)} FROM countries_evidence WHERE account_id = ? ORDER BY weight_bits DESC "
                    f"LIMIT {MOST_EVIDENCE}",
                    [name],
                ),
                NAMED,
            )
        if "links_evidence" in names and len(cluster) > 1:
            evidence = records(
                store.rows(
                    f"SELECT {quoted(EVIDENCE)} FROM links_evidence WHERE person = ? LIMIT {MOST_EVIDENCE}",
                    [row["person"]],
                ),
                EVIDENCE,
            )
        if "links_bridges" in names and len(cluster) > 1:
            bridges = records(
                store.rows(f"SELECT {', '.join(BRIDGE)} FROM links_bridges WHERE person = ?", [row["person"]]), BRIDGE
            )
    judged = judged_of(platform, {each["account"] for each in cluster})
    taken = _taken(platform, row)
    return AccountFacts(
        row,
        named,
        cluster,
        links_of(evidence, judged),
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
