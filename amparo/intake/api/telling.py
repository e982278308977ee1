"""All that a platform said in its fields, in words for an officer's page: parts, blocks, entries. Nothing is left out.

What stands elsewhere on the page (its words, its times) isn't said twice. A field that the door doesn't know is shown under its
own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amparo.intake.api.wording import ANSWERS, LABELS, PARTS, ROLES

MOST = 25  # blocks of a part, values of an entry; the original holds all
LONGEST = 500  # characters of one value
# Shown above, or of the form alone.
APART = frozenset(
    {"schema_version", "format", "sent_by", "test", "reference", "subject", "text", "additional", "ledger"}
)
# Said in one line each.
IN_LINES = frozenset({"measures", "found", "routing", "authorities", "prior_reports", "hashes", "superseded"})
TITLED_BY = ("screen_name", "name", "room", "url", "identifier", "service", "company")
MOMENT = frozenset({"raw", "zone", "kind"})
# Copied from machines: read letter by letter.
AS_IS = frozenset({"identifier", "ip_events", "url", "urls", "profile_urls", "room_identifier", "stream_identifier"})
# Whose values are codes: their underlines are read as spaces.
CODES = frozenset(
    {
        "kind",
        "kinds",
        "what",
        "by",
        "marks",
        "relevance",
        "visibility",
        "closed",
        "live",
        "event",
        "classification_scheme",
    }
)
# Currencies of a hundred parts; of what isn't here the number is shown as it came.
OF_A_HUNDRED = frozenset(
    {"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "INR", "MXN"}
    | {"NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR"}
)
# Digests stand with the files themselves, a chat's words with the report's.
NOT_IN_BLOCKS = frozenset({"upload", "sha256", "hashes", "content", "role"})


@dataclass(frozen=True)
class Entry:
    """label: "" in a list of lines. more: how many values are not shown."""

    label: str
    values: tuple[str, ...]
    as_is: bool = False
    more: int = 0


@dataclass(frozen=True)
class Block:
    """title: what tells it from its like, "" where nothing does. role: of an account."""

    title: str
    role: str
    entries: tuple[Entry, ...]

    @property
    def lines(self) -> tuple[Entry, ...]:
        return tuple(each for each in self.entries if not each.label)

    @property
    def named(self) -> tuple[Entry, ...]:
        return tuple(each for each in self.entries if each.label)


@dataclass(frozen=True)
class Part:
    """blocks: those shown, of `count`."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    count: int

    @property
    def more(self) -> int:
        return max(0, self.count - MOST)


@dataclass(frozen=True)
class LedgerLine:
    """A movement of coins or money; amounts with their unit, money in its whole unit."""

    at: str
    sender: str
    receiver: str
    room: str
    amount: str
    worth: str
    reference: str


def parts_of(submission: Mapping[str, Any]) -> tuple[Part, ...]:
    """In the order in which an officer needs them, what the door doesn't know last."""
    found = [_part(name, submission[name]) for name in PARTS if name in submission]
    unknown = {name: value for name, value in submission.items() if name not in PARTS and name not in APART}
    if entries := tuple(_entries(unknown)):
        found.append(Part("unknown", str(PARTS["unknown"]), (Block("", "", entries),), 1))
    return tuple(part for part in found if part.blocks)


def _part(name: str, value: Any) -> Part:
    given = value if isinstance(value, list) else [value]
    if name in IN_LINES:
        entry = _entry("", given)
        blocks = (Block("", "", (entry,)),) if entry.values else ()
        return Part(name, str(PARTS[name]), blocks, len(entry.values))
    said = [each for each in given if isinstance(each, Mapping) and each]
    return Part(
        name, str(PARTS[name]), tuple(_block(each, account=name == "accounts") for each in said[:MOST]), len(said)
    )


def _block(said: Mapping[str, Any], *, account: bool) -> Block:
    by = next((name for name in TITLED_BY if isinstance(said.get(name), str) and said[name].strip()), "")
    role = str(said.get("role") or "reported")  # what isn't said is the default
    words = str(ROLES.get(role, role)) if account else ""
    return Block(_short(said[by]) if by else "", words, tuple(_entries(said, title=by)))


def _entries(said: Mapping[str, Any], under: str = "", title: str = "") -> Iterator[Entry]:
    """One entry for each field; those of a part within it under both names."""
    for name, value in said.items():
        if name in NOT_IN_BLOCKS or name == title:
            continue
        label = f"{under}: {_named(name).lower()}" if under else _named(name)
        if isinstance(value, Mapping) and not _is_moment(value):
            yield from _entries(value, label)
        elif (entry := _entry(label, value if isinstance(value, list) else [value], name)).values:
            yield entry


def _entry(label: str, given: list[Any], name: str = "") -> Entry:
    values = [
        _short(each.get("address")) if name == "ip_events" and isinstance(each, Mapping) else _words(each, name)
        for each in given
    ]
    values = list(dict.fromkeys(each for each in values if each))
    return Entry(label, tuple(values[:MOST]), name in AS_IS, max(0, len(values) - MOST))


def _words(value: Any, name: str = "") -> str:
    """A value in one line: an answer in words, a time as it was written, an object's fields one after the other."""
    if isinstance(value, bool):
        return str(ANSWERS["yes" if value else "no"])
    if isinstance(value, list):
        return "; ".join(words for each in value[:MOST] if (words := _words(each, name)))[:LONGEST]
    if not isinstance(value, Mapping):
        words = str(ANSWERS.get(str(value), "")) or _short(value)
        return words.replace("_", " ") if name in CODES else words
    if _is_moment(value):
        kind = _short(value.get("kind")).replace("_", " ")
        return " ".join(
            part for part in (_short(value.get("raw")), _short(value.get("zone")), kind and f"({kind})") if part
        )
    said = ((key, each, _words(each, key)) for key, each in value.items())
    parts = (words if _speaks(key, each) else f"{_named(key).lower()}: {words}" for key, each, words in said if words)
    return ", ".join(parts)[: LONGEST * 2]


def _speaks(name: str, value: Any) -> bool:
    """Whether the value is understood without its field's name."""
    return (
        name in ("value", "what", "by", "kind", "name", "identifier", "reference", "why", "at", "details")
        and str(value) not in ANSWERS
    )


def _is_moment(value: Any) -> bool:
    return isinstance(value, Mapping) and "raw" in value and set(value) <= MOMENT


def _named(name: str) -> str:
    return str(LABELS.get(name) or name.replace("_", " ").strip()[:60].capitalize())


def _short(value: Any) -> str:
    text = " ".join(str(value if value is not None else "").split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def ledger_of(submission: Mapping[str, Any]) -> tuple[LedgerLine, ...]:
    """The first movements of coins and money."""
    ledger = submission.get("ledger")
    lines = [each for each in ledger if isinstance(each, Mapping)] if isinstance(ledger, list) else []
    return tuple(
        LedgerLine(
            _words(each.get("at", "")),
            _short(each.get("sender")),
            _short(each.get("receiver")),
            _short(each.get("room")),
            _money(each, "amount", "currency"),
            _money(each, "value_amount", "value_currency"),
            _short(each.get("reference")),
        )
        for each in lines[:MOST]
    )


def _money(line: Mapping[str, Any], name: str, unit: str) -> str:
    amount, called = line.get(name), _short(line.get(unit))
    if not isinstance(amount, int):
        return ""
    if called.upper() in OF_A_HUNDRED:
        whole, parts = divmod(abs(amount), 100)
        return f"{'-' if amount < 0 else ''}{whole:,}.{parts:02} {called}"
    return f"{amount:,} {called}".strip()
