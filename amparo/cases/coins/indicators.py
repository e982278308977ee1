"""Published payment indicators as readable rules (indicators.toml): notes on payments, with their source. Never a score.

One indicator is a note, never a finding, and never about a person's guilt. People who are extorted pay too: whoever fits what a
source says of them is shown as a possible victim, in every note about them. Nothing counts notes or orders people by them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.cases.coins.ledger import Ledger
from amparo.cases.tables.store import literal
from amparo.foundation.errors import Refused

RULES = Path(__file__).with_name("indicators.toml")
INDICATOR_COLUMNS = (
    "i.indicator, i.title, i.account, i.counterparty, i.standing, i.possible_victim, i.payments, i.coins, i.first_at, i.last_at, "
    "i.words, i.source, i.year"
)
CAUTION = "One indicator is a note. It says nothing about a person, and never that somebody did wrong."


@dataclass(frozen=True)
class Indicator:
    """One rule. `limits` are its numbers as indicators.toml gives them; sums in minor units by currency."""

    id: str
    title: str
    kind: str
    standing: str
    source: str
    year: int
    says: str
    needs: str
    limits: dict[str, Any]


def load_indicators(file: Path = RULES) -> tuple[Indicator, ...]:
    """The rules of this file, in its order. Refused for one without its source, its year, or a kind that exists."""
    told = tomllib.loads(file.read_text("utf-8")).get("indicator", [])
    found = []
    for each in told:
        rest = dict(each)
        head = {key: rest.pop(key, None) for key in ("id", "title", "kind", "standing", "source", "year", "says")}
        if (
            not all(head.values())
            or head["kind"] not in (*_RULES, "needs")
            or head["standing"] not in {"note", "possible victim"}
        ):
            raise Refused(
                f"{file.name}: the indicator {head['id']} needs title, kind, standing, source, year and says."
            )
        found.append(Indicator(**head, needs=rest.pop("needs", ""), limits=rest))
    return tuple(found)


def find_indicators(ledger: Ledger, indicators: tuple[Indicator, ...] | None = None) -> dict[str, str]:
    """Makes the table `indicators` from the table `payments` (sessions.find_sessions); returns what was not examined, and why.

    Columns: indicator, title, account (who paid; for many payers, who received), counterparty, standing, possible_victim (of any
    indicator), payments, coins, first_at, last_at, words, source, year, ns (ledger rows).
    """
    store, chosen = ledger.store, load_indicators() if indicators is None else indicators
    store.run(
        "CREATE OR REPLACE TABLE noted (indicator VARCHAR, title VARCHAR, account VARCHAR, counterparty VARCHAR, standing VARCHAR, "
        "payments BIGINT, coins BIGINT, first_at TIMESTAMP, last_at TIMESTAMP, words VARCHAR, source VARCHAR, "
        "year INTEGER, ns INTEGER[])"
    )
    currencies = {row[0] for row in store.rows("SELECT DISTINCT currency FROM payments WHERE currency IS NOT NULL")}
    left: dict[str, str] = {}
    for each in chosen:
        if each.kind == "needs":
            left[each.id] = f"not examined: it needs {each.needs}"
            continue
        of = {code for limit in each.limits.values() if isinstance(limit, dict) for code in limit}
        if not currencies & of:
            left[each.id] = f"not examined: no payment has a worth in {', '.join(sorted(of))} ([[rate]] in the mapping)"
            continue
        words = literal(f"{each.title}. {each.says} {CAUTION}")
        store.run(
            f"INSERT INTO noted SELECT {literal(each.id)}, {literal(each.title)}, account, counterparty, {literal(each.standing)}, "
            f"payments, coins, first_at, last_at, {words}, {literal(each.source)}, {each.year}, ns FROM "
            f"({_RULES[each.kind](each.limits)})"
        )
    store.run(
        "CREATE OR REPLACE TABLE indicators AS SELECT *, account IN (SELECT account FROM noted WHERE standing = 'possible victim') "
        "AS possible_victim FROM noted ORDER BY account, indicator, counterparty"
    )
    store.run("DROP TABLE noted")
    return left


_SUMMED = (
    "count(*) AS payments, sum(coins)::BIGINT AS coins, min(paid_at) AS first_at, max(paid_at) AS "
    "last_at, list(n ORDER BY n)[:100] AS ns"
)


def _by_currency(limits: dict[str, int]) -> str:
    """The limit of the row's currency, NULL where there is none: the row is then not counted."""
    return (
        "CASE currency "
        + " ".join(f"WHEN {literal(code)} THEN {int(sum_)}" for code, sum_ in sorted(limits.items()))
        + " END"
    )


def _small_repeated(limits: dict[str, Any]) -> str:
    return (
        f"SELECT payer AS account, host AS counterparty, {_SUMMED} FROM payments "
        f"WHERE money_minor BETWEEN {_by_currency(limits['from_minor'])} AND {_by_currency(limits['to_minor'])} "
        f"GROUP BY payer, host HAVING count(*) >= {int(limits['payments'])}"
    )


def _round_sums(limits: dict[str, Any]) -> str:
    return (
        f"SELECT payer AS account, host AS counterparty, {_SUMMED} FROM payments "
        f"WHERE money_minor > 0 AND money_minor % {_by_currency(limits['multiple_minor'])} = 0 "
        f"GROUP BY payer, host HAVING count(*) >= {int(limits['payments'])}"
    )


def _many_payers(limits: dict[str, Any]) -> str:
    return (
        f"SELECT host AS account, NULL AS counterparty, {_SUMMED} FROM payments "
        f"WHERE money_minor <= {_by_currency(limits['to_minor'])} "
        f"GROUP BY host HAVING count(DISTINCT payer) >= {int(limits['payers'])}"
    )


def _quick_run(limits: dict[str, Any]) -> str:
    """All that somebody ever paid to one recipient, in few days, small at first and in sum, and then nothing while others pay."""
    return (
        f"SELECT payer AS account, host AS counterparty, {_SUMMED} FROM payments "
        f"WHERE money_minor IS NOT NULL GROUP BY payer, host "
        f"HAVING count(*) >= {int(limits['payments'])} AND count(DISTINCT currency) = 1 "
        f"AND max(paid_at) - min(paid_at) <= INTERVAL {int(limits['within_days'])} DAY "
        f"AND (SELECT max(coalesce(at_utc, at_wall)) FROM ledger) - max(paid_at) >= INTERVAL {int(limits['silent_days'])} DAY "
        f"AND arg_min(money_minor, n) <= any_value({_by_currency(limits['first_minor'])}) "
        f"AND sum(money_minor) <= any_value({_by_currency(limits['sum_minor'])})"
    )


_RULES = {
    "small_repeated": _small_repeated,
    "round_sums": _round_sums,
    "many_payers": _many_payers,
    "quick_run": _quick_run,
}
