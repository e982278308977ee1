"""Why two accounts are linked, or are not: everything that was compared, what is missing, what was held back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amparo.cases.linkage.comparing import gather, records
from amparo.cases.linkage.guarding import MOST_ACCOUNTS
from amparo.cases.linkage.model import FIELDS
from amparo.cases.linkage.normal_forms import READINGS
from amparo.cases.linkage.scoring import gamma, score
from amparo.foundation.errors import Missing, Refused

if TYPE_CHECKING:
    from amparo.cases.linkage.links import Found


@dataclass(frozen=True)
class Compared:
    """One thing compared. bits: what it speaks for one person (below 0: against). values: of each side, as written."""

    field: str
    words: str
    bits: float
    values_a: tuple[str, ...]
    values_b: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """linked: whether both are in one person. sum and threshold in bits; candidate: whether the pair was looked at at all."""

    account_a: str
    account_b: str
    linked: bool
    candidate: bool
    sum: float
    threshold: float
    start: float
    household_bits: float
    compared: tuple[Compared, ...]
    held_back: tuple[str, ...]
    judgement: str
    words: tuple[str, ...]

    def lines(self) -> list[str]:
        """The answer as an officer reads it."""
        head = "are linked" if self.linked else "are not linked"
        found = [f"{self.account_a} and {self.account_b} {head}.", *self.words, ""]
        found.append(f"{self.start:+8.2f}  before anything is compared")
        for each in self.compared:
            values = " | ".join(", ".join(side[:5]) or "-" for side in (each.values_a, each.values_b))
            found.append(f"{each.bits:+8.2f}  {each.field}: {each.words} ({values})")
        if self.household_bits:
            found.append(f"{self.household_bits:+8.2f}  two people of one household would look alike")
        found.append(f"{self.sum:+8.2f}  sum, in bits; a link needs {self.threshold:.2f}")
        return [*found, *self.held_back]


def why(found: Found, a: str, b: str) -> Answer:
    """What is compared about accounts `a` and `b` of a platform whose links were found. Missing if there is no such account."""
    store = found.store
    number = dict(store.rows("SELECT account, n FROM known WHERE account IN (?, ?)", [a, b]))
    for name in (a, b):
        if name not in number:
            raise Missing(f"The platform has no account {name!r}: see account_id in the results.")
    if a == b:
        raise Refused("Give two different accounts.")
    one, two = sorted((number[a], number[b]))
    names = {number[name]: name for name in (a, b)}
    store.run(f"CREATE OR REPLACE TABLE asked AS SELECT {one}::INTEGER AS a, {two}::INTEGER AS b")
    candidate = bool(store.one("SELECT count(*) FROM pairs JOIN asked USING (a, b)"))
    if candidate:
        columns, row = _row(found, "scored")
    else:
        gather(store, found.shared.log, pairs="asked")
        records(store, "asked")
        score(store, "asked", "asked_scored", weights=found.weights)
        columns, row = _row(found, "asked_scored")
    cells = dict(zip(columns, row, strict=True))
    values = _values(found, (one, two))
    compared = tuple(
        Compared(
            field.name,
            _words(field.name, int(cells[gamma(field)])),
            float(cells[f"mw_{field.name}"]) if cells[gamma(field)] >= 0 else 0.0,
            values[one].get(field.name, ()),
            values[two].get(field.name, ()),
        )
        for field in FIELDS
    )
    linked = store.one(f"SELECT count(DISTINCT person) FROM persons WHERE n IN ({one}, {two})") == 1
    total = float(cells.get("bits", cells["match_weight"]))
    judged = found.judgements.of(a, b)
    return Answer(
        names[one],
        names[two],
        linked,
        candidate,
        total,
        found.threshold,
        float(cells["match_weight"]) - sum(each.bits for each in compared),
        float(cells.get("household_bits", 0.0)),
        compared,
        _held_back(found, (one, two)),
        judged.words if judged else "",
        tuple(_reasons(found, one, two, linked, candidate, total)),
    )


def _row(found: Found, table: str) -> tuple[list[str], tuple[Any, ...]]:
    names = [name for name, *_ in found.store.rows(f"DESCRIBE {table}")]
    return names, found.store.rows(f"SELECT s.* FROM {table} s JOIN asked USING (a, b)")[0]


def _words(field: str, level: int) -> str:
    if level < 0:
        return "not stated by both"
    levels = next(each for each in FIELDS if each.name == field).levels
    return levels[len(levels) - level].words if level else "no agreement"


def _reasons(found: Found, one: int, two: int, linked: bool, candidate: bool, total: float) -> list[str]:
    store = found.store
    said = []
    refused = store.rows(f"SELECT why FROM links WHERE a = {one} AND b = {two} AND why <> ''")
    words = store.rows(f"SELECT words FROM judged WHERE a = {one} AND b = {two}")
    said += [f"An officer decided: {each}." for (each,) in words]
    if refused:
        said.append(f"The link was refused: {refused[0][0]}.")
    elif linked and total < found.threshold:
        said.append("What the two share is not enough by itself: other accounts of the person join them (see bridges).")
    elif not linked and not candidate:
        said.append(
            "They share no identifier within the guards and no rare name, so that nothing brought them together."
        )
    elif not linked and total < found.threshold:
        said.append("What they share does not reach the threshold.")
    elif not linked and candidate and store.one(f"SELECT impersonal FROM scored WHERE a = {one} AND b = {two}"):
        said.append(
            "Two people of one household, or one after another with one device or number, would share the same."
        )
    elif not linked:
        said.append(
            f"A person of more than {MOST_ACCOUNTS} accounts, or a judgement, stands against it: see questions."
        )
    return said


_STANDS = {"email": "email", "phone": "phone", "external": "external", "handle": "handle"}


def _values(found: Found, numbers: tuple[int, int]) -> dict[int, dict[str, tuple[str, ...]]]:
    """What each of the two states, by field, as it was written."""
    which = f"(SELECT account FROM known WHERE n IN ({numbers[0]}, {numbers[1]}))"
    parts = [
        f"SELECT account, kind AS field, value FROM identifiers WHERE account IN {which} AND kind <> 'token'",
        f"SELECT account, 'card', value FROM identifiers WHERE account IN {which} AND kind = 'token'",
        f"SELECT account, 'device', device FROM events WHERE account IN {which}",
        f"SELECT account, 'card', token FROM payments WHERE account IN {which}",
        f"SELECT account, 'place', concat_ws(', ', country, locale, zone) FROM accounts WHERE account IN {which}",
        *(
            f"SELECT account, '{each}', {each} FROM accounts WHERE account IN {which}"
            for each in ("email", "phone", "handle", "name")
        ),
    ]
    rows = found.store.rows(
        f"SELECT DISTINCT k.n, field, value FROM ({' UNION ALL '.join(parts)}) JOIN known k USING (account) "
        "WHERE value IS NOT NULL AND value <> '' ORDER BY ALL"
    )
    values: dict[int, dict[str, tuple[str, ...]]] = {number: {} for number in numbers}
    for number, field, value in rows:
        values[number][field] = (*values[number].get(field, ()), value)
    return values


def _held_back(found: Found, numbers: tuple[int, int]) -> tuple[str, ...]:
    """Values that both write alike and that a guard held back."""
    values = _values(found, numbers)
    shared = {
        (field, value.strip().lower())
        for field, mine in values[numbers[0]].items()
        for value in mine
        if value.strip().lower() in {other.strip().lower() for other in values[numbers[1]].get(field, ())}
    }
    kinds = {"card": ("token",), **{column: (column, *readings) for column, readings in READINGS.items()}}
    said = []
    for field, value in sorted(shared):
        for kind in dict.fromkeys(kinds.get(field, ())):
            rows = found.store.rows(
                "SELECT accounts, reason FROM held_back WHERE kind = ? AND value_sha256 = sha256(?)", [kind, value]
            )
            said += [
                f"Both have the {kind} {value!r}, held back: {reason} ({accounts} accounts)."
                for accounts, reason in rows
            ]
    return tuple(said)
