"""For a broadcast: who was in the room, who paid what and when. For payers: to whom they paid, and candidate countries.

    with open_ledger(folder, mapping) as ledger:
        find_sessions(ledger)       # makes the tables below in the ledger's store

A payment belongs to the broadcast that its row names; else to those of its host that ran at its time; else to those that ended,
or were about to begin, within the grace. If two fit, it is either: both are named, none is chosen.

Tables, each row with its evidence as rows of the ledger (n):
`broadcasts`: number, stream, host, began, ended, basis ("stated" by a broadcast's row, "derived" from the rows that name the
stream), stated_n, crosses (numbers of the same host's broadcasts at the same time).
`payments`: n, payer, host, paid_at, coins, money_minor, currency (worth at the day's rate), found ("stated", "inside", "grace",
"either", "none"), candidates (numbers of broadcasts), conflict (the row names a stream that did not run then).
`presence`: account, broadcast, stream, host, entered_at, left_at, seconds, closed_by ("exit", "next entry", "end of broadcast",
"unknown"), enter_n, exit_n, coins (paid while there), payment_ns, overlapping (stays of others at the same time).
`payers`: payer, hosts, host_names, coins, payments, first_at, last_at, ns (of the first hundred).
`host_pairs`: host_a, host_b, payers (in common, three or more; of those who paid at most 500 hosts), payer_names. The 200,000
pairs with the most; how many more there are is counted.
`countries`: account, country, stated_in (rows), ns. Candidates of the platform's own columns, never a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from amparo.cases.coins.kernels import common, place
from amparo.cases.coins.ledger import Ledger
from amparo.cases.coins.mapping import Mapping
from amparo.cases.tables.store import Store, literal

GRACE_S = (
    120  # a gift is booked when the payment is through, which can be after the broadcast (reference: measured, 99.8 %)
)
COMMON_PAYERS = 3  # of two hosts, from which on the pair is worth a line
MOST_HOSTS = 500  # a payer of more hosts than that says nothing about any two of them, and makes most of the pairs
MOST_NAMES = 100  # of the payers of a pair of hosts
MOST_PAIRS = 200_000  # of hosts: pairs grow with the square of the hosts, and nobody reads further; the rest is counted
NAMES_AT_ONCE = 4_000_000
FOUND = ("none", "inside", "grace", "either")


@dataclass(frozen=True)
class Sessions:
    """How many rows the tables hold, and how the payments were placed."""

    broadcasts: int
    payments: int
    found: dict[str, int]
    presences: int
    payers: int
    host_pairs: int
    host_pairs_left_out: int


def find_sessions(ledger: Ledger, *, grace_s: int = GRACE_S) -> Sessions:
    """The tables that the module names, made anew."""
    store = ledger.store
    _broadcasts(store)
    _payments(store, ledger.mapping, grace_s)
    _presence(store, grace_s)
    left_out = _common(store)
    counts = {name: int(store.one(f"SELECT count(*) FROM {name}")) for name in ("broadcasts", "payments", "presence")}
    return Sessions(
        counts["broadcasts"],
        counts["payments"],
        dict(store.rows("SELECT found, count(*) FROM payments GROUP BY found ORDER BY found")),
        counts["presence"],
        int(store.one("SELECT count(*) FROM payers WHERE hosts > 1")),
        int(store.one("SELECT count(*) FROM host_pairs")),
        left_out,
    )


def _broadcasts(store: Store) -> None:
    """Stated ones, and for streams that rows name without one, from their first to their last row."""
    store.run(
        """
        CREATE OR REPLACE TABLE broadcasts AS
        WITH stated AS (
            SELECT coalesce(stream, 'row ' || n) AS stream, host, coalesce(at_utc, at_wall) AS began,
                   coalesce(end_utc, (SELECT max(coalesce(m.at_utc, m.at_wall)) FROM ledger m
                                      WHERE m.stream = l.stream), coalesce(at_utc, at_wall)) AS ended, n
            FROM ledger l WHERE event = 'broadcast'
        ), derived AS (
            SELECT stream, min(host) FILTER (host IS NOT NULL) AS host, min(coalesce(at_utc, at_wall)) AS began,
                   max(coalesce(at_utc, at_wall)) AS ended
            FROM ledger WHERE stream IS NOT NULL AND event <> 'broadcast' AND stream NOT IN (SELECT stream FROM stated)
            GROUP BY stream
        ), every AS (
            SELECT stream, host, began, greatest(began, ended) AS ended, 'stated' AS basis, n AS stated_n FROM stated
            UNION ALL SELECT stream, host, began, ended, 'derived', NULL FROM derived WHERE host IS NOT NULL
        ), numbered AS (
            SELECT (row_number() OVER (ORDER BY host, began, ended, stream, stated_n) - 1)::INTEGER AS number, * FROM every
        )
        SELECT a.*, coalesce((SELECT list(b.number ORDER BY b.number) FROM numbered b WHERE b.host = a.host
            AND b.number <> a.number AND b.began <= a.ended AND b.ended >= a.began), []) AS crosses
        FROM numbered a ORDER BY a.number
        """
    )


def _payments(store: Store, mapping: Mapping, grace_s: int) -> None:
    store.run(
        "CREATE OR REPLACE TABLE gifts AS SELECT n, account AS payer, coalesce(host, counterparty) AS host, stream, "
        "coalesce(at_utc, at_wall) AS paid_at, coins FROM ledger WHERE event IN ('gift', 'spend') AND coins IS NOT NULL "
        "AND coalesce(host, counterparty) IS NOT NULL AND account IS DISTINCT FROM coalesce(host, counterparty) ORDER BY n"
    )
    asked = store.arrays(
        "SELECT g.n::INTEGER AS n, epoch_us(g.paid_at) AS at_us, coalesce(r.low, 0)::INTEGER AS low, "
        "coalesce(r.high, 0)::INTEGER AS high "
        "FROM gifts g LEFT JOIN (SELECT host, min(number) AS low, max(number) + 1 AS high FROM broadcasts GROUP BY host) r "
        "ON r.host = g.host ORDER BY g.n"
    )
    there = store.arrays(
        "SELECT number, epoch_us(began) AS began, epoch_us(ended) AS ended, max(epoch_us(ended)) OVER "
        "(PARTITION BY host ORDER BY number) AS furthest FROM broadcasts ORDER BY number"
    )
    found, counts = np.zeros(len(asked["n"]), np.int32), np.zeros(len(asked["n"]), np.int64)
    given = (
        asked["at_us"],
        there["number"],
        there["began"],
        there["ended"],
        there["furthest"],
        asked["low"],
        asked["high"],
    )
    flat = np.empty(len(counts) + len(counts) // 4 + 16, np.int32)
    total = place(*given, grace_s * 1_000_000, found, flat, counts)
    if total > len(flat):
        flat = np.empty(total, np.int32)
        place(*given, grace_s * 1_000_000, found, flat, counts)
    flat = flat[:total]
    several = np.repeat(counts > 1, counts)
    store.table("placed", {"n": np.repeat(asked["n"], counts)[several], "number": flat[several]})
    only = np.full(len(counts), -1, np.int32)
    only[counts == 1] = flat[~several]
    store.table("kinds", {"n": asked["n"], "kind": found, "only": only})
    kinds = " ".join(f"WHEN {number} THEN {literal(word)}" for number, word in enumerate(FOUND))
    store.run(
        "CREATE OR REPLACE TABLE payments AS WITH many AS "
        "(SELECT n, list(number ORDER BY number) AS numbers FROM placed GROUP BY n), fits AS (SELECT k.n, k.kind, "
        "CASE WHEN k.only >= 0 THEN [k.only] ELSE m.numbers END AS numbers FROM kinds k LEFT JOIN many m ON m.n = k.n), named AS ("
        "SELECT g.n, list(b.number ORDER BY b.number) AS numbers FROM gifts g JOIN broadcasts b ON b.stream = g.stream "
        "AND b.host = g.host GROUP BY g.n) "
        "SELECT g.n, g.payer, g.host, g.paid_at, g.coins, "
        f"{_worth(mapping)}, "
        f"CASE WHEN s.n IS NOT NULL THEN 'stated' ELSE CASE f.kind {kinds} END END AS found, "
        "coalesce(s.numbers, f.numbers, []) AS candidates, "
        "s.n IS NOT NULL AND NOT coalesce(list_has_any(s.numbers, f.numbers), false) AS conflict "
        "FROM gifts g JOIN fits f ON f.n = g.n LEFT JOIN named s ON s.n = g.n ORDER BY g.n"
    )
    for name in ("gifts", "placed", "kinds"):
        store.run(f"DROP TABLE {name}")


def _worth(mapping: Mapping) -> str:
    """What coins cost on the day by the dated rates, rounded half up to the minor unit; NULL before the first rate."""
    money, currency = [], []
    for rate in reversed(mapping.rates):
        when = f"WHEN g.paid_at >= TIMESTAMP '{rate.since.isoformat()}'"
        money.append(
            f"{when} THEN ((g.coins::HUGEINT * {rate.money_minor} * 2 + {rate.coins}) // {2 * rate.coins})::BIGINT"
        )
        currency.append(f"{when} THEN {literal(rate.currency)}")
    if not money:
        return "CAST(NULL AS BIGINT) AS money_minor, CAST(NULL AS VARCHAR) AS currency"
    return f"CASE {' '.join(money)} END AS money_minor, CASE {' '.join(currency)} END AS currency"


def _presence(store: Store, grace_s: int) -> None:
    """Stays: from an entry to the exit, the same account's next entry, or the end of the broadcast, whichever comes first."""
    store.run(
        f"""
        CREATE OR REPLACE TABLE stays AS
        WITH rooms AS (
            SELECT l.n, l.event, l.account, coalesce(l.at_utc, l.at_wall) AS moment,
                   coalesce(l.stream, CAST(NULL AS VARCHAR)) AS stream, l.host
            FROM ledger l WHERE l.event IN ('room_enter', 'room_exit')
        ), named AS (
            SELECT r.*, b.number FROM rooms r JOIN broadcasts b ON b.stream = r.stream AND (r.host IS NULL OR b.host = r.host)
            UNION ALL
            SELECT r.*, b.number FROM rooms r ASOF JOIN broadcasts b ON r.host = b.host AND r.moment >= b.began
            WHERE r.stream IS NULL AND r.moment <= b.ended + INTERVAL {int(grace_s)} SECOND
        ), steps AS (
            SELECT *, lead(event) OVER each AS next_event, lead(moment) OVER each AS next_at, lead(n) OVER each AS next_n
            FROM named WINDOW each AS (PARTITION BY account, number ORDER BY moment, n)
        ), stays AS (
            SELECT s.account, s.number AS broadcast, b.stream, b.host, s.moment AS entered_at,
                   CASE WHEN next_at IS NOT NULL THEN next_at WHEN b.ended >= s.moment THEN b.ended END AS left_at,
                   CASE WHEN next_event = 'room_exit' THEN 'exit' WHEN next_event IS NOT NULL THEN 'next entry'
                        WHEN b.ended >= s.moment THEN 'end of broadcast' ELSE 'unknown' END AS closed_by,
                   s.n AS enter_n, CASE WHEN next_event = 'room_exit' THEN next_n END AS exit_n
            FROM steps s JOIN broadcasts b ON b.number = s.number WHERE s.event = 'room_enter'
        ), paid AS (
            SELECT t.enter_n, t.broadcast, sum(p.coins)::BIGINT AS coins, list(p.n ORDER BY p.n) AS payment_ns
            FROM stays t JOIN payments p ON p.payer = t.account AND p.host = t.host
                 AND p.paid_at >= t.entered_at AND p.paid_at <= t.left_at
            WHERE list_contains(p.candidates, t.broadcast) GROUP BY t.enter_n, t.broadcast
        )
        SELECT t.account, t.broadcast, t.stream, t.host, t.entered_at, t.left_at, date_diff('second', t.entered_at, t.left_at)
               AS seconds, t.closed_by, t.enter_n, t.exit_n, coalesce(p.coins, 0) AS coins,
               coalesce(p.payment_ns, []) AS payment_ns
        FROM stays t LEFT JOIN paid p ON p.enter_n = t.enter_n AND p.broadcast = t.broadcast
        """
    )
    stays = store.arrays(
        "SELECT broadcast, epoch_us(entered_at) AS came, epoch_us(left_at) AS went, enter_n FROM stays WHERE left_at IS NOT NULL"
    )
    store.table(
        "crossing", {"broadcast": stays["broadcast"], "enter_n": stays["enter_n"], "others": _others(**_times(stays))}
    )
    store.run(
        "CREATE OR REPLACE TABLE presence AS SELECT s.*, coalesce(c.others, 0) AS overlapping FROM stays s LEFT JOIN crossing c "
        "ON c.broadcast = s.broadcast AND c.enter_n = s.enter_n ORDER BY s.broadcast, s.entered_at, s.account, s.enter_n"
    )
    store.run("DROP TABLE stays")
    store.run("DROP TABLE crossing")


def _times(stays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: stays[name].astype(np.int64) for name in ("broadcast", "came", "went")}


def _others(broadcast: np.ndarray, came: np.ndarray, went: np.ndarray) -> np.ndarray:
    """How many other stays each stay crosses in its broadcast: those begun before its end, less those ended by its begin."""
    _, ranks = np.unique(np.concatenate([came, went]), return_inverse=True)
    wide = 2 * len(came) + 1
    starts, stops = broadcast * wide + ranks[: len(came)], broadcast * wide + ranks[len(came) :]
    all_starts, all_stops = np.sort(starts), np.sort(stops)
    begun = np.searchsorted(all_starts, stops, "left") - np.searchsorted(all_starts, broadcast * wide, "left")
    over = np.searchsorted(all_stops, starts, "right") - np.searchsorted(all_stops, broadcast * wide, "left")
    # A stay of no length has begun by its own end, and is over by its own begin.
    own = np.where(starts == stops, 0, 1)
    others: np.ndarray = np.maximum(0, begun - over - own)
    return others


def _common(store: Store) -> int:
    store.run(
        "CREATE OR REPLACE TABLE payers AS SELECT payer, count(DISTINCT host) AS hosts, list_sort(list(DISTINCT "
        "host)) AS host_names, "
        "sum(coins)::BIGINT AS coins, count(*) AS payments, min(paid_at) AS first_at, max(paid_at) AS last_at, "
        "list(n ORDER BY n)[:100] AS ns FROM payments GROUP BY payer ORDER BY hosts DESC, coins DESC, payer"
    )
    left_out = _host_pairs(store)
    store.run(
        "CREATE OR REPLACE TABLE countries AS SELECT account, upper(country) AS country, count(*) AS stated_in, "
        "list(n ORDER BY n)[:100] AS ns FROM ledger WHERE country IS NOT NULL AND account IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY account, stated_in DESC, country"
    )
    return left_out


def _host_pairs(store: Store) -> int:
    """Counted by the kernel; only the payers' names are gathered by the database, some millions at a time. Returns how many
    pairs were left out: where more than MOST_PAIRS have payers in common, those with the most are kept."""
    store.run(
        "CREATE OR REPLACE TABLE paid AS SELECT (dense_rank() OVER (ORDER BY payer) - 1)::INTEGER AS payer_number, payer, "
        "(dense_rank() OVER (ORDER BY host) - 1)::INTEGER AS host_number, host FROM "
        f"(SELECT payer, unnest(host_names) AS host FROM payers WHERE payer IS NOT NULL AND hosts BETWEEN 2 AND {MOST_HOSTS})"
    )
    by_payer = store.arrays("SELECT payer_number, host_number FROM paid ORDER BY payer_number, host_number")
    first, second, number, names, left_out = _in_common(by_payer["payer_number"], by_payer["host_number"])
    for number_of, name in (("payer", "payer_names_by_number"), ("host", "host_names_by_number")):
        store.run(
            f"CREATE OR REPLACE TABLE {name} AS SELECT DISTINCT {number_of}_number AS number, {number_of} AS name FROM paid"
        )
    store.run(
        "CREATE OR REPLACE TABLE host_pairs (host_a VARCHAR, host_b VARCHAR, payers BIGINT, payer_names VARCHAR[])"
    )
    named_each = np.minimum(number, MOST_NAMES).astype(np.int64)
    begins = np.cumsum(named_each) - named_each
    # Most payers first, then by the hosts' names, in which order they are numbered.
    ordered = np.argsort(-number.astype(np.int64), kind="stable")[:MOST_PAIRS]
    for some in _pieces(ordered, named_each):
        many = named_each[some]
        at = np.repeat(begins[some] - (np.cumsum(many) - many), many) + np.arange(int(many.sum()))
        store.table("given_names", {"place": np.repeat(np.arange(len(some)), many), "payer": names[at] + 1})
        store.table(
            "given_pairs",
            {"place": np.arange(len(some)), "first": first[some], "second": second[some], "payers": number[some]},
        )
        # Payers are numbered in the order of their names: numbers are sorted and looked up, texts never.
        store.run(
            "INSERT INTO host_pairs SELECT a.name, b.name, p.payers, list_select((SELECT list(name ORDER BY number) FROM "
            "payer_names_by_number), n.numbers) FROM given_pairs p "
            "JOIN host_names_by_number a ON a.number = p.first JOIN host_names_by_number b ON b.number = p.second "
            "JOIN (SELECT place, list_sort(list(payer)) AS numbers FROM given_names GROUP BY place) n ON n.place = p.place "
            "ORDER BY p.place"
        )
    for table in ("paid", "payer_names_by_number", "host_names_by_number", "given_names", "given_pairs"):
        store.run(f"DROP TABLE IF EXISTS {table}")
    return left_out


def _in_common(payer: np.ndarray, hosts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """Pairs of hosts (first, second, number of payers), the payers named for each pair, and how many pairs are left out."""
    by_host = np.argsort(hosts, kind="stable")
    host_ends, payer_ends = (np.cumsum(np.bincount(each)) for each in (payer, hosts))
    given = (hosts, host_ends, payer[by_host], payer_ends)
    none = np.empty(0, np.int32)
    tally = np.zeros(int(payer.max(initial=0)) + 2, np.int64)
    common(*given, COMMON_PAYERS, MOST_NAMES, tally, none, none, none, none)
    # From how many payers on: as few as make MOST_PAIRS pairs, and some more that have as many.
    above = np.cumsum(tally[::-1])[::-1]
    enough = np.flatnonzero(above >= MOST_PAIRS)
    least = max(COMMON_PAYERS, int(enough[-1]) if len(enough) else 0)
    pairs, counted = int(tally[least:].sum()), np.arange(len(tally))
    first, second, number = (np.empty(pairs, np.int32) for _ in range(3))
    names = np.empty(int((np.minimum(counted, MOST_NAMES) * tally)[least:].sum()), np.int32)
    if pairs:
        common(*given, least, MOST_NAMES, tally, first, second, number, names)
    return first, second, number, names, max(0, int(tally[COMMON_PAYERS:].sum()) - MOST_PAIRS)


def _pieces(ordered: np.ndarray, named: np.ndarray) -> Iterator[np.ndarray]:
    """The pairs in this order, in pieces of some NAMES_AT_ONCE names."""
    piece = np.cumsum(named[ordered]) // NAMES_AT_ONCE
    yield from np.split(ordered, np.flatnonzero(np.diff(piece)) + 1) if len(ordered) else ()
