"""From a seed, everything that reaches the house in the streams demo: the mail with a chat, and two platforms' ledgers. No Django.

The platforms are shaped differently on purpose: `vega` hands over one CSV in Spanish with commas for decimals and a wall clock,
`orion` a spreadsheet of purchases and one JSON object with the events of its rooms inside. Same seed, same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amparo.wiring.demo import archives, mails, pictures, streams_cast, words
from amparo.wiring.demo.chat import ENCRYPTION, MARK
from amparo.wiring.demo.mails import Letter
from amparo.wiring.demo.phones import as_shown_on_an_iphone
from amparo.wiring.demo.pictures import Kind, Picture
from amparo.wiring.demo.streams_cast import COINS_A_EURO, FIRST, SECOND, Cast, Figures, Payer
from amparo.wiring.demo.streams_sheet import Cell, workbook

SUBJECT = "Emisión en directo: posible peligro ahora"
TEXT = """\
Buenos días:

Escribo porque estoy preocupado. En una sala de {first} una persona que usa el nombre {host} me envió a un grupo de
mensajería con el número {phone}. En el grupo se habla de emisiones en {second}, a las 21:00.

Creo que una niña o un niño puede estar en peligro ahora mismo: la emisión es hoy a las 21:00.

Adjunto la exportación del grupo. No he reenviado nada a nadie más y no he hablado con los miembros.

Gracias.
"""
GROUP = "Sala 21"
SENDER = "vecino@example.org"
FAMILY = "B"  # the abstract pictures that stand for the series of the child
BEGAN = datetime(2026, 5, 1, 21, 0)  # noqa: DTZ001 - a wall clock in Madrid; the platforms' files are read with their zone
BROADCASTS = (8, 15, 22, 29)  # days after BEGAN
MINUTES = 40
REMOVED_COINS = 3_000
UTC_BEHIND = timedelta(hours=2)  # Madrid in May

FIRST_MAPPING = """\
platform = "vega"

[money]
currency = "EUR"
[numbers]
decimal = ","
[time]
format = "%d/%m/%Y %H:%M:%S"
zone = "Europe/Madrid"

[[source]]
files = "vega*.csv"
columns = { event = "tipo", time = "hora", account = "usuario", counterparty = "para", stream = "sala", coins = "cantidad", \
money = "precio", detail = "pago", reference = "ref", country = "país", balance = "saldo" }
[source.events]
compra = "purchase"
regalo = "gift"
alcance = "spend"
entra = "room_enter"
sale = "room_exit"

[[rate]]
since = 2026-01-01
coins = 70
money_minor = 100
currency = "EUR"
"""
SECOND_MAPPING = """\
platform = "orion"

[money]
currency = "EUR"
[time]
zone = "Europe/Madrid"

[[source]]
files = "orion*.xlsx"
sheet = "purchases"
event = "purchase"
columns = { time = "time", account = "user", coins = "coins", money = "price", detail = "service", reference = "reference", \
country = "country" }

[[source]]
files = "orion*.json"
records = "$.export.events"
columns = { event = "kind", time = "$.meta.at", end = "$.meta.end", account = "user", counterparty = "to", host = "host", \
stream = "room", coins = "coins", money = "paid" }
time = { format = "epoch_s" }
[source.events]
gift = "gift"
enter = "room_enter"
leave = "room_exit"
reach = "spend/reach"
out = "payout"
live = "broadcast"

[[rate]]
since = 2026-01-01
coins = 100
money_minor = 100
currency = "EUR"
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """One platform's files as they are handed over, and the mapping that an officer makes for them."""

    platform: str
    files: tuple[tuple[str, bytes], ...]
    mapping: str


@dataclass(frozen=True, slots=True)
class Streams:
    """Everything that comes to the house, and the truth that only the demo knows."""

    seed: int
    cast: Cast
    report: Letter
    series: tuple[Picture, ...]
    ledgers: tuple[Ledger, Ledger]
    figures: Figures


def generate(seed: int) -> Streams:
    """The operation of this seed."""
    people = streams_cast.cast(seed)
    shown = tuple(p for p in pictures.album(seed) if p.family == FAMILY and p.kind is Kind.ORIGINAL)[:3]
    export = _export(seed, people, shown)
    text = TEXT.format(first=FIRST, second=SECOND, host=people.host.first_account, phone=people.host.phone)
    return Streams(
        seed=seed,
        cast=people,
        report=mails.with_files(seed, "streams", SENDER, SUBJECT, text, [("chat.zip", export)]),
        series=shown,
        ledgers=(
            Ledger(FIRST, (("vega-movimientos.csv", _first(seed, people)),), FIRST_MAPPING),
            Ledger(
                SECOND,
                (("orion-purchases.xlsx", _purchases(seed, people)), ("orion-events.json", _events(seed, people))),
                SECOND_MAPPING,
            ),
        ),
        figures=streams_cast.figures(people),
    )


# ---- the messenger's group between the platforms


def _export(seed: int, people: Cast, shown: tuple[Picture, ...]) -> bytes:
    """The group as the messenger exports it: who came, which other accounts they name, three items, the next hour."""
    draw = random.Random(f"{seed}:room")  # noqa: S311 - invented data, no secret
    lines: list[str] = []
    at = BEGAN + timedelta(days=2)
    host = as_shown_on_an_iphone(people.host.phone)
    talking = [(as_shown_on_an_iphone(each.phone), each) for each in people.payers if each.phone]

    def line(author: str, body: str, minutes: int = 0) -> None:
        nonlocal at
        at += timedelta(minutes=minutes or draw.randint(2, 90), seconds=draw.randint(0, 59))
        lines.append(f"[{at.day}/{at.month}/{at:%y}, {at.hour}:{at:%M:%S}] {author}: {body}")

    line(GROUP, f"{MARK}{ENCRYPTION}")
    line(host, f"{MARK}{host} creó este grupo")
    line(host, f"{MARK}{host} te añadió", 1)
    for name, _ in talking:
        line(host, f"{MARK}{host} añadió a {name}")
    line(host, words.HANDLE_MESSAGE.format(handle=people.host.first_account))
    line(host, words.HANDLE_MESSAGE.format(handle=people.host.second_account))
    for name, payer in talking:
        line(name, draw.choice(words.MESSAGES))
        line(name, words.HANDLE_MESSAGE.format(handle=payer.second_account))
        if payer.first:
            line(name, words.HANDLE_MESSAGE.format(handle=payer.first_account))
    named = []
    for number, picture in enumerate(shown, 1):
        name = f"{number:08d}-PHOTO-{at:%Y-%m-%d-%H-%M-%S}.{picture.extension}"
        named.append((name, picture.data))
        line(host, f"{MARK}<adjunto: {name}>")
    line(host, "a las 21:00 entonces")
    return archives.zipped([("_chat.txt", ("\r\n".join(lines) + "\r\n").encode()), *named])


# ---- the first platform: rooms, small sums, one row that is not there


@dataclass(frozen=True, slots=True)
class _Row:
    at: datetime
    kind: str
    user: str
    to: str = ""
    room: str = ""
    coins: int = 0
    euro: int = 0
    balance: int | None = None


def _first(seed: int, people: Cast) -> bytes:
    """vega's CSV. One row of the host's is missing: the balance that the next one states shows it."""
    draw = random.Random(f"{seed}:vega")  # noqa: S311 - invented data, no secret
    host, room = people.host.first_account, "sala-21"
    rows: list[_Row] = []
    for place, payer in enumerate(each for each in people.payers if each.first):
        at = BEGAN + timedelta(hours=place % 3, minutes=draw.randint(0, 50))
        for number, euro in enumerate(payer.first):
            coins = euro * COINS_A_EURO[FIRST]
            bought = at + timedelta(hours=18 * number)
            rows += [
                _Row(bought, "entra", payer.first_account, room=room),
                _Row(
                    bought + timedelta(minutes=3), "compra", payer.first_account, coins=coins, euro=euro, balance=coins
                ),
                _Row(bought + timedelta(minutes=9), "regalo", payer.first_account, host, room, coins, balance=0),
                _Row(bought + timedelta(minutes=25), "sale", payer.first_account, room=room),
            ]
    for number, name in enumerate(people.viewers):
        rows.append(_Row(BEGAN + timedelta(minutes=5 * number), "entra", name, room=room))
    got = sum(row.coins for row in rows if row.kind == "regalo")
    rows.append(_Row(BEGAN + timedelta(days=6), "alcance", host, coins=2_000, balance=got - 2_000))
    # Between the two a row in which coins left was taken out before the file was handed over.
    rows.append(_Row(BEGAN + timedelta(days=27), "alcance", host, coins=1_000, balance=got - 3_000 - REMOVED_COINS))
    return _as_csv(sorted(rows, key=lambda row: (row.at, row.user)), people)


def _as_csv(rows: list[_Row], people: Cast) -> bytes:
    country = {each.first_account: each.country for each in people.payers}
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(("hora", "tipo", "usuario", "para", "sala", "cantidad", "precio", "pago", "ref", "país", "saldo"))
    references = 0
    for row in rows:
        bought = row.kind == "compra"
        references += bought
        writer.writerow(
            (
                f"{row.at:%d/%m/%Y %H:%M:%S}", row.kind, row.user, row.to, row.room, row.coins or "",
                f"{row.euro},00" if row.euro else "", "pay-one" if bought else "", f"V-{references:04d}" if bought else "",
                country.get(row.user, "") if bought else "", "" if row.balance is None else row.balance,
            )
        )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")


# ---- the second platform: purchases in a spreadsheet, rooms in JSON


def _attended(people: Cast) -> list[tuple[Payer, int, int]]:
    """(payer, which broadcast, euro paid for it)."""
    return [(payer, number, euro) for payer in people.payers for number, euro in enumerate(payer.second)]


def _purchases(seed: int, people: Cast) -> bytes:
    rows: list[list[Cell]] = [["time", "user", "coins", "price", "service", "reference", "country"]]
    draw = random.Random(f"{seed}:orion")  # noqa: S311 - invented data, no secret
    bought = [
        (BEGAN + timedelta(days=BROADCASTS[number]) - timedelta(minutes=draw.randint(3, 55)), payer, euro)
        for payer, number, euro in _attended(people)
    ]
    for number, (at, payer, euro) in enumerate(sorted(bought, key=lambda each: (each[0], each[1].key)), 1):
        coins = euro * COINS_A_EURO[SECOND]
        service = "pay-two" if number % 3 else "pay-one"
        rows.append([at, payer.second_account, coins, float(euro), service, f"O-{number:04d}", payer.country])
    return workbook("purchases", rows)


def _events(seed: int, people: Cast) -> bytes:
    draw = random.Random(f"{seed}:events")  # noqa: S311 - invented data, no secret
    host = people.host.second_account
    events: list[dict[str, Any]] = []

    def event(at: datetime, kind: str, user: str, **more: object) -> None:
        events.append({"kind": kind, "user": user, "meta": {"at": _epoch(at)}, **more})

    for number, days in enumerate(BROADCASTS):
        began, room = BEGAN + timedelta(days=days), f"live-{number + 1}"
        event(began, "live", host, room=room, host=host)
        events[-1]["meta"]["end"] = _epoch(began + timedelta(minutes=MINUTES))
        for payer, which, euro in _attended(people):
            if which != number:
                continue
            came = began + timedelta(minutes=draw.randint(1, 8))
            event(came, "enter", payer.second_account, room=room, host=host)
            paid = came + timedelta(minutes=draw.randint(1, 15))
            event(paid, "gift", payer.second_account, to=host, host=host, room=room, coins=euro * COINS_A_EURO[SECOND])
            event(began + timedelta(minutes=draw.randint(28, 39)), "leave", payer.second_account, room=room, host=host)
        for name in people.viewers:
            event(began + timedelta(minutes=draw.randint(2, 20)), "enter", name, room=room, host=host)
    event(BEGAN + timedelta(days=10), "reach", host, coins=5_000)
    event(BEGAN + timedelta(days=30), "out", host, coins=60_000, paid=300)
    events.sort(key=lambda each: (each["meta"]["at"], each["user"], each["kind"]))
    return json.dumps({"export": {"version": 3, "events": events}}, indent=1).encode()


def _epoch(at: datetime) -> int:
    return int((at - UTC_BEHIND - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - seconds between two walls
