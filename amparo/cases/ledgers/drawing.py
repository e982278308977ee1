"""How coins become words, rows and drawings. Values in, shapes out; no table is read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amparo.cases.ledgers.tables import Column, Room, Stay
from amparo.cases.tables.amounts import DIGITS

if TYPE_CHECKING:
    from amparo.cases.coins.tracing import Party, Through

SHOWN_FLOWS, ALL_FLOWS = 8, 40
KINDS = {
    "purchase": "bought by",
    "unknown": "of unknown origin, with",
    "payout": "paid out to",
    "spend": "spent by",
    "conversion": "converted by",
    "refund": "refunded to",
    "share": "kept by the platform, from",
    "missing": "missing from",
    "left": "left with",
}
EVENTS = {
    "purchase": "Bought",
    "gift": "Gifted",
    "payout": "Paid out",
    "spend": "Spent",
    "conversion": "Converted",
    "refund": "Refunded",
    "room_enter": "Entries",
    "room_exit": "Exits",
    "broadcast": "Broadcasts stated",
}


def money(minor: int | None, currency: str | None) -> str:
    """An amount with its currency: 1234, "EUR" is "12.34 EUR"."""
    if minor is None:
        return ""
    digits = DIGITS.get(currency or "", 2)
    whole, rest = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole:,}{f'.{rest:0{digits}d}' if digits else ''} {currency or ''}".strip()


def coins(amount: float | None, digits: int = 0) -> str:
    """Coins in whole units, from the smallest part: 1050 of two digits is "10.5". Fractions of haircut to three places."""
    if amount is None:
        return ""
    value = amount / 10**digits if digits else amount
    if isinstance(value, float):
        text = f"{value:,.3f}"
        return text.rstrip("0").rstrip(".")
    return f"{value:,}"


def moment(value: Any) -> str:
    """A time of the tables, to the second."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else ""


@dataclass(frozen=True)
class Cell:
    """text: as shown. kind, value: for links and marks. more: how many of a list are not shown."""

    head: str
    kind: str
    text: str
    value: Any = None
    other: Any = None
    more: int = 0


FIRST_ROWS = 3


def cells(columns: Sequence[Column], row: Sequence[Any], digits: int) -> list[Cell]:
    """One row of a list as its page shows it."""
    found = []
    by_name = {column.name: value for column, value in zip(columns, row, strict=True)}
    for column, value in zip(columns, row, strict=True):
        match column.kind:
            case "currency":
                continue
            case "money":
                text = money(value, by_name.get("currency"))
            case "coins":
                text = coins(value, digits)
            case "number":
                text = "" if value is None else f"{value:,}"
            case "when":
                text = moment(value)
            case "rows":
                text = ", ".join(str(each) for each in (value or ())[:FIRST_ROWS])
            case _:
                text = "" if value is None else str(value)
        more = max(0, len(value or ()) - FIRST_ROWS) if column.kind == "rows" else 0
        found.append(Cell(column.head, column.kind, text, value, by_name.get("host"), more))
    return found


def plain(columns: Sequence[Column], row: Sequence[Any]) -> tuple[object, ...]:
    """One row for a file: every value whole, times as ISO 8601."""
    return tuple(_plain(column, value) for column, value in zip(columns, row, strict=True))


def _plain(column: Column, value: Any) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.isoformat(sep=' ')}{'Z' if column.name.endswith('utc') else ''}"
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value)
    return value


def request_text(case: str, basis: str, platform: str, rows: Sequence[Sequence[Any]]) -> str:
    """Payment references by payment service, for a production request. rows: of the list `references`."""
    lines = [f"Case {case}", f"Legal basis: {basis}", f"Purchases of coins on the platform {platform}", ""]
    services: dict[str, list[str]] = {}
    for service, reference, at_utc, at_raw, minor, currency, _, _, place in rows:
        when = f"{moment(at_utc)} UTC" if at_utc else f"{at_raw} (zone not known)"
        paid = money(minor, currency) or "amount not stated"
        services.setdefault(str(service), []).append(f"  {_seen(reference)}   {when}   {paid}   ({_seen(place)})")
    for service, found in services.items():
        lines += [f"Payment service: {_seen(service)} ({len(found)})", *found, ""]
    return "\n".join(lines)


def _seen(text: object) -> str:
    """A word of a ledger on one line, without signs that nobody sees."""
    return "".join(each for each in str(text) if each.isprintable())


# ---- a room


@dataclass(frozen=True)
class Bar:
    """A stay as it lies in its broadcast, in thousandths of its length; marks: where payments lie."""

    stay: Stay
    x: float
    width: float
    marks: tuple[float, ...]
    came: str
    went: str


def bars(room: Room) -> tuple[Bar, ...]:
    """The stays of a broadcast, drawn over its length (and what lies before and after it, to the first and last stay)."""
    times = [room.began, room.ended, *(each.entered_at for each in room.stays), *(each.left_at for each in room.stays)]
    known = [each for each in times if isinstance(each, datetime)]
    if not known:
        return ()
    first = min(known)
    length = max((max(known) - first).total_seconds(), 1.0)

    def at(value: Any) -> float:
        return round(1000 * (value - first).total_seconds() / length, 1) if isinstance(value, datetime) else 0.0

    paid: dict[str, list[Any]] = {}
    for row in room.payments:
        paid.setdefault(str(row[0]), []).append(row[1])
    return tuple(
        Bar(
            each,
            at(each.entered_at),
            round(max(4.0, at(each.left_at or room.ended) - at(each.entered_at)), 1),
            tuple(
                min(996.0, at(when))
                for when in paid.get(each.account, ())
                if isinstance(when, datetime) and each.entered_at <= when <= (each.left_at or room.ended)
            ),
            moment(each.entered_at),
            moment(each.left_at) or "not stated",
        )
        for each in room.stays
    )


# ---- where coins came from and went

WIDTH, COLUMN, HEIGHT, GAP = 720, 200, 300, 10


@dataclass(frozen=True)
class Flow:
    """One party of an account's coins in the drawing. path: the band between it and the account."""

    party: str
    kind: str
    label: str
    coins: str
    x: float
    y: float
    height: float
    path: str
    account: str


@dataclass(frozen=True)
class Picture:
    """Origins at the left, the account in the middle, ends at the right. Bands are as wide as coins are many, by FIFO."""

    origins: tuple[Flow, ...]
    ends: tuple[Flow, ...]
    height: float
    middle_y: float
    middle_height: float
    others: int


def picture(through: Through, name: str, digits: int, most: int = SHOWN_FLOWS) -> Picture | None:
    """The drawing of one account's coins; None where none of them moved by FIFO."""
    total = max(sum(each.fifo_coins for each in through.origins), 1)
    sides = [_gathered(parties, most) for parties in (through.origins, through.ends)]
    if not any(sides):
        return None
    tall = max((sum(_tall(each.fifo_coins, total) + GAP for each in side) for side in sides), default=HEIGHT)
    middle = max(HEIGHT * 1.0, 40.0)
    top = max(0.0, (tall - middle) / 2)
    origins, ends = (
        _flows(side, total, left=left, top=top, middle=middle, tall=tall, name=name, digits=digits)
        for side, left in zip(sides, (True, False), strict=True)
    )
    hidden = sum(
        max(0, len([p for p in parties if p.fifo_coins]) - most) for parties in (through.origins, through.ends)
    )
    return Picture(origins, ends, round(max(tall, top + middle) + GAP, 1), round(top, 1), round(middle, 1), hidden)


def _tall(amount: int, total: int) -> float:
    return max(14.0, HEIGHT * amount / total)


def _gathered(parties: Sequence[Party], most: int) -> list[Party]:
    """The largest by FIFO, the rest as one."""
    from amparo.cases.coins.tracing import Party

    moved = [each for each in parties if each.fifo_coins]
    if len(moved) <= most:
        return moved
    rest = moved[most:]
    other = Party("", "others", sum(p.fifo_coins for p in rest), sum(p.haircut_coins for p in rest), ())
    return [*moved[:most], other]


def _flows(
    side: Sequence[Party], total: int, *, left: bool, top: float, middle: float, tall: float, name: str, digits: int
) -> tuple[Flow, ...]:
    high = sum(_tall(each.fifo_coins, total) + GAP for each in side)
    y, at = max(0.0, (tall - high) / 2), top
    found = []
    for each in side:
        height, band = _tall(each.fifo_coins, total), middle * each.fifo_coins / total
        outer, inner = (COLUMN, WIDTH / 2 - 8) if left else (WIDTH - COLUMN, WIDTH / 2 + 8)
        bend = (outer + inner) / 2
        path = (
            f"M{outer:.0f},{y:.1f} C{bend:.0f},{y:.1f} {bend:.0f},{at:.1f} {inner:.0f},{at:.1f} "
            f"L{inner:.0f},{at + band:.1f} C{bend:.0f},{at + band:.1f} {bend:.0f},{y + height:.1f} {outer:.0f},{y + height:.1f} Z"
        )
        own = each.account == name
        word = KINDS.get(each.kind, "others")
        label = f"{word} {'this account' if own else each.account}" if each.account else "others"
        shown = label if len(label) <= 30 else f"{label[:29]}…"
        found.append(
            Flow(label, each.kind, shown, coins(each.fifo_coins, digits), 0 if left else WIDTH - COLUMN + 8,
                 round(y + height / 2, 1), round(height, 1), path, "" if own else each.account)
        )  # fmt: skip
        y += height + GAP
        at += band
    return tuple(found)
