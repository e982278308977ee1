"""What officers decided about pairs of accounts: same, different or unsure. Read, obeyed, never written by an engine."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from amparo.foundation.errors import Missing, Refused

COLUMNS = ("account_a", "account_b", "judgement", "by", "at", "reason")
WORDS = ("same", "different", "unsure")
LARGEST_BYTES = 256 << 20


@dataclass(frozen=True)
class Judgement:
    """One decision. account_a < account_b. at: as it was written. line: of the file, from 2."""

    account_a: str
    account_b: str
    judgement: str
    by: str
    at: str
    reason: str
    moment: datetime
    line: int

    @property
    def pair(self) -> tuple[str, str]:
        """The two accounts, in order."""
        return self.account_a, self.account_b

    @property
    def words(self) -> str:
        """Who decided what, and when, for a person who reads a link."""
        return f"judged {self.judgement} by {self.by} at {self.at}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Judgements:
    """All decisions of a file. standing: the latest about each pair; of two at one moment "different" stands.

    changed: those that a later one replaced. They stay in the file; nothing here rewrites it.
    """

    standing: dict[tuple[str, str], Judgement] = field(default_factory=dict)
    changed: tuple[Judgement, ...] = ()
    sha256: str = ""

    def of(self, a: str, b: str) -> Judgement | None:
        """What stands about these two accounts."""
        return self.standing.get((min(a, b), max(a, b)))

    def words(self, word: str) -> list[Judgement]:
        """Those that stand with this word, oldest first."""
        found = [each for each in self.standing.values() if each.judgement == word]
        return sorted(found, key=lambda each: (each.moment, each.pair))


def load_judgements(file: Path | None) -> Judgements:
    """The decisions of a CSV file with the columns account_a, account_b, judgement, by, at, reason. None: none were made.

    Refused where a line can't be read: a decision is never passed over.
    """
    if file is None:
        return Judgements()
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise Missing(f"{file} is not there: give the file of judgements, or leave it out.") from error
    except OSError as error:
        raise Refused(f"{file} can't be read ({error.strerror}).") from error
    if len(content) > LARGEST_BYTES:
        raise Refused(f"{file.name} is larger than a file of judgements can be ({LARGEST_BYTES:,} bytes).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{file.name} is not UTF-8: save it as CSV in UTF-8.") from error
    return settled(_read(file.name, text), hashlib.sha256(content).hexdigest())


def settled(decisions: Iterable[Judgement], sha256: str = "") -> Judgements:
    """What stands of these decisions, whatever their order: the latest of each pair, "different" where two are of one moment."""
    weight = {"unsure": 0, "same": 1, "different": 2}
    ordered = sorted(decisions, key=lambda each: (each.moment, weight[each.judgement], each.line))
    standing: dict[tuple[str, str], Judgement] = {}
    changed = []
    for each in ordered:
        before = standing.get(each.pair)
        if before and before.judgement != each.judgement:
            changed.append(before)
        standing[each.pair] = each
    return Judgements(standing, tuple(changed), sha256)


def _read(name: str, text: str) -> list[Judgement]:
    try:
        lines = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [each for each in COLUMNS if each not in (lines.fieldnames or ())]
        if missing:
            raise Refused(f"{name} has no column {missing[0]!r}. It needs: {', '.join(COLUMNS)}.")
        return [_judgement(name, lines.line_num, cells) for cells in lines]
    except csv.Error as error:
        raise Refused(f"{name} is no CSV ({error}).") from error


def _judgement(name: str, line: int, cells: dict[str, str | None]) -> Judgement:
    def refused(why: str) -> Refused:
        return Refused(f"{name}, line {line}: {why}. Correct it: no decision is passed over.")

    if None in cells or None in cells.values():
        raise refused("it has not as many cells as the header")
    values = {column: (cells[column] or "").strip() for column in COLUMNS}
    a, b = sorted((values["account_a"], values["account_b"]))
    if not a or a == b:
        raise refused("it must name two different accounts")
    word = values["judgement"].casefold()
    if word not in WORDS:
        raise refused(f"the judgement is {' or '.join(WORDS)}, not {values['judgement']!r}")
    if not values["by"]:
        raise refused("it does not say who decided (by)")
    try:
        moment = datetime.fromisoformat(values["at"])
    except ValueError:
        raise refused(f"at must be a time like 2026-03-01T10:00:00+01:00, not {values['at']!r}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Judgement(a, b, word, values["by"], values["at"], values["reason"], moment, line)
