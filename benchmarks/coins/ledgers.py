"""A live platform's ledger in its true order, with the coins' truth, and as the platform would hand it over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from amparo.cases.coins.tracing import REASONS, Moves

MAPPING = """\
platform = "benchmark"
sequence = "platform"
[time]
format = "epoch_us"
[[source]]
files = "purchases.csv"
event = "purchase"
columns = { time = "at", account = "user", coins = "coins", money = "cents", currency = "currency", sequence = "no" }
[[source]]
files = "gifts.parquet"
event = "gift"
columns = { time = "at", account = "sender", counterparty = "host", coins = "coins", sequence = "no" }
[[source]]
files = "others.jsonl"
columns = { event = "what", time = "at", account = "user", coins = "coins", sequence = "no" }
[source.events]
PAYOUT = "payout"
GOODS = "spend/goods"
REACH = "spend/reach"
[[source]]
files = "streams.csv"
event = "broadcast"
columns = { stream = "stream", host = "host", time = "began", end = "ended" }
[[rate]]
since = 2025-01-01
coins = 100
money_minor = 105
currency = "EUR"
"""


@dataclass(frozen=True)
class Planted:
    """A ledger in its true order. stream: the broadcast in which a gift was made (-1: none). lost: rows the ledger lost."""

    moves: Moves
    at_us: np.ndarray
    stream: np.ndarray
    lost: np.ndarray
    began: np.ndarray
    ended: np.ndarray
    host: np.ndarray


def make(rows: int, seed: int) -> Planted:
    """A ledger of about `rows` rows: payers, hosts of whom some give on, broadcasts of an hour and a half, some overlapping."""
    random = np.random.default_rng(seed)
    payers, hosts = max(20, rows // 30), max(5, rows // 600)
    broadcasts = max(10, rows // 120)
    host = random.integers(0, hosts, broadcasts)
    began = np.sort(random.integers(0, 180 * 86_400, broadcasts)) * 1_000_000 + 1_767_225_600_000_000
    ended = began + random.integers(1_200, 9_000, broadcasts) * 1_000_000
    gifts = int(rows * 0.62)
    stream = random.integers(0, broadcasts, gifts)
    gift_at = (began[stream] + (ended[stream] - began[stream]) * random.random(gifts)).astype(np.int64)
    # A few are booked after the end: the payment took its time.
    late = random.random(gifts) < 0.01
    gift_at[late] = ended[stream[late]] + random.integers(1, 110, int(late.sum())) * 1_000_000
    weights = np.cumsum(random.lognormal(0, 1.5, payers))
    giver = hosts + np.searchsorted(weights, random.random(gifts) * weights[-1])
    giver = np.where(random.random(gifts) < 0.03, random.integers(0, hosts, gifts), giver)
    giver = np.where(giver == host[stream], hosts, giver)
    gift_coins = random.choice([1, 5, 10, 20, 50, 100, 500], gifts, p=[0.3, 0.2, 0.2, 0.12, 0.1, 0.06, 0.02])
    # Each payer buys shortly before needing coins, in packs.
    bought = random.choice(gifts, int(rows * 0.28), replace=False)
    others = rows - gifts - len(bought)
    kinds = np.concatenate([np.full(gifts, 2), np.full(len(bought), 0), random.choice([3, 4], others, p=[0.6, 0.4])])
    pay_at = random.integers(began.min(), ended.max(), others)
    who = np.where(
        kinds[gifts + len(bought) :] == 3, random.integers(0, hosts, others), hosts + random.integers(0, payers, others)
    )
    at = np.concatenate([gift_at, gift_at[bought] - random.integers(1, 600, len(bought)) * 1_000_000, pay_at])
    givers = np.concatenate([giver, np.full(len(bought), -1), who])
    takers = np.concatenate([host[stream], giver[bought], np.full(others, -1)])
    coins = np.concatenate(
        [gift_coins, random.choice([70, 350, 700, 1400, 3500], len(bought)), random.integers(1, 400, others)]
    )
    # Hosts cash out most of what they were given, in as many parts as they have payouts.
    income = np.bincount(host[stream], weights=gift_coins, minlength=hosts)
    cashing = kinds[gifts + len(bought) :] == 3
    times = np.bincount(who[cashing], minlength=hosts)
    share = income[who[cashing]] * random.uniform(0.7, 0.95, int(cashing.sum())) / times[who[cashing]]
    coins[gifts + len(bought) :][cashing] = np.maximum(1, share.astype(np.int64))
    streams = np.concatenate([stream, np.full(len(bought) + others, -1)])
    order = np.lexsort((np.arange(len(at)), at))
    lost = np.zeros(len(at), np.bool_)
    lost[random.random(len(at)) < 0.002] = True
    lost &= kinds[order] == 0
    moves = Moves(
        givers[order].astype(np.int32),
        takers[order].astype(np.int32),
        coins[order].astype(np.int64),
        np.arange(len(at), dtype=np.int32),
        kinds[order].astype(np.uint8),
        tuple(f"u{number}" for number in range(hosts + payers)),
    )
    return Planted(moves, at[order], streams[order], lost, began, ended, host)


def kept(planted: Planted) -> Moves:
    """What the ledger holds."""
    here, moves = ~planted.lost, planted.moves
    rows = np.arange(int(here.sum()), dtype=np.int32)
    return Moves(moves.giver[here], moves.taker[here], moves.amount[here], rows, moves.reason[here], moves.accounts)


def write(planted: Planted, folder: Path) -> None:
    """The ledger as a platform would hand it over, in folder/in: three shapes and the broadcasts; its mapping is folder/m.toml."""
    (folder / "in").mkdir()
    (folder / "m.toml").write_text(MAPPING)
    moves, here = planted.moves, ~planted.lost
    con = duckdb.connect()
    con.register(
        "m",
        {
            "no": np.arange(len(here))[here],
            "at": planted.at_us[here],
            "giver": moves.giver[here],
            "taker": moves.taker[here],
            "coins": moves.amount[here],
            "reason": moves.reason[here].astype(np.int32),
        },
    )
    con.register(
        "s",
        {
            "n": np.arange(len(planted.began)),
            "host": planted.host,
            "began": planted.began,
            "ended": planted.ended,
        },
    )
    name = "('u' || {0})".format
    spent = REASONS.index("spend")
    for file, query in {
        "purchases.csv": f'SELECT no, "at", {name("taker")} AS "user", coins, coins * 105 // 100 AS cents, \'EUR\' AS currency '
        "FROM m WHERE reason = 0 ORDER BY no",
        "gifts.parquet": f'SELECT no, "at", {name("giver")} AS sender, {name("taker")} AS host, coins FROM m '
        "WHERE reason = 2 ORDER BY no",
        "others.jsonl": f'SELECT no, "at", {name("giver")} AS "user", coins, '
        f"CASE WHEN reason = {spent} THEN 'GOODS' ELSE 'PAYOUT' END "
        "AS what FROM m WHERE reason > 2 ORDER BY no",
        "streams.csv": f"SELECT 's' || n AS stream, {name('host')} AS host, began, ended FROM s ORDER BY n",
    }.items():
        shape = {"csv": "CSV, HEADER", "parquet": "PARQUET", "jsonl": "JSON"}[file.partition(".")[2]]
        con.execute(f"COPY ({query}) TO '{folder / 'in' / file}' (FORMAT {shape})").fetchall()
    con.close()
