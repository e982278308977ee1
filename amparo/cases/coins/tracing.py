"""Where coins came from and where they went, through any number of gifts: FIFO to the coin, haircut beside it.

with open_ledger(folder, mapping) as ledger:
    trace = trace_coins(ledger)
    trace.ends()                        # every coin from where it entered to where it ended
    trace.through(["account name"])     # of one account's coins (or several): where from, where to, by both rules
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from amparo.cases.coins import kernels
from amparo.cases.coins.balances import find_gaps
from amparo.cases.coins.kernels import OUTSIDE, UNKNOWN
from amparo.cases.coins.ledger import Ledger
from amparo.foundation.errors import Missing, Refused

MOST_BUNDLES = 400_000_000  # about 11 GB; a ledger that is not built to explode stays below three times its rows
ENTRIES = ("purchase", "unknown")  # how coins enter
ENDS = (
    "payout",
    "spend",
    "conversion",
    "refund",
    "share",
    "missing",
    "left",
)  # how they end; "left" stand in an account
HAIRCUT_ERROR = 1e-9  # of all coins moved: the bound for rounding in haircut's floats, checked against exact fractions

DIFFERENCE = (
    "FIFO (first in, first out; the rule of Clayton's Case, 1816) says that the coins an account received first are the first it "
    "gives: every coin has one origin and one end, whole coins, and the trace stays narrow. Haircut says that all coins in an "
    "account are mixed evenly, and that each coin it gives is a share of every origin: the trace spreads to everyone "
    "downstream, in ever smaller parts. Both conserve every coin. Neither is a fact about which coin moved: coins have no numbers. "
    "They are rules for saying it, FIFO is a convention of one family of law, and where the two differ by more than a tenth "
    "neither figure should stand alone."
)


@dataclass(frozen=True)
class Moves:
    """Coins that change hands, in ledger order; arrays of one length. account -1 is the outside.

    row: the ledger's n behind the move. reason: purchase, unknown (a gap that a balance shows), gift, or how coins end.
    """

    giver: np.ndarray
    taker: np.ndarray
    amount: np.ndarray
    row: np.ndarray
    reason: np.ndarray
    accounts: tuple[str, ...]

    def numbers(self, names: Iterable[str]) -> list[int]:
        """The numbers of these accounts. Missing for one that no row with coins names."""
        known = {name: number for number, name in enumerate(self.accounts)}
        wanted = list(names)
        for name in wanted:
            if name not in known:
                raise Missing(f"No row with coins names the account {name!r}. Check how the ledger writes it.")
        return [known[name] for name in wanted]


REASONS = ("purchase", "unknown", "gift", *ENDS)

_MOVES = """
    SELECT n, 2 AS step, CASE event WHEN 'purchase' THEN NULL WHEN 'refund' THEN coalesce(counterparty, account) ELSE account END
               AS giver,
           CASE event WHEN 'purchase' THEN account WHEN 'gift' THEN counterparty
               WHEN 'refund' THEN CASE WHEN counterparty IS NULL THEN NULL ELSE account END END AS taker,
           CASE event WHEN 'gift' THEN received ELSE coins END AS amount,
           CASE WHEN event = 'refund' AND counterparty IS NOT NULL THEN 'gift' ELSE event END AS reason
    FROM ledger WHERE coins IS NOT NULL
    UNION ALL
    SELECT n, 3, account, NULL, coins - received, 'share' FROM ledger WHERE event = 'gift' AND received < coins
"""
# What a stated balance shows to be missing happens just before the row that shows it; an opening balance before all rows.
_FILLED = """
    UNION ALL
    SELECT CASE WHEN kind = 'opening' AND difference > 0 THEN first_n ELSE row_after END,
           CASE WHEN kind = 'opening' THEN 0 ELSE 1 END,
           CASE WHEN difference < 0 THEN account END, CASE WHEN difference > 0 THEN account END, abs(difference),
           CASE WHEN difference < 0 THEN 'missing' ELSE 'unknown' END
    FROM gaps WHERE kind IN ('opening', 'balance')
"""


def moves_of(ledger: Ledger, *, fill_gaps: bool = True) -> Moves:
    """The ledger's moves. fill_gaps: what the stated balances show to be missing becomes moves from and to unknown."""
    store = ledger.store
    if fill_gaps:
        find_gaps(ledger)
    reasons = ", ".join(f"('{reason}', {number})" for number, reason in enumerate(REASONS))
    store.run(f"CREATE OR REPLACE TABLE moves AS {_MOVES}{_FILLED if fill_gaps else ''}")
    store.run(
        "CREATE OR REPLACE TABLE accounts AS SELECT (row_number() OVER (ORDER BY name) - 1)::INTEGER AS number, name FROM "
        "(SELECT giver AS name FROM moves UNION SELECT taker FROM moves) WHERE name IS NOT NULL ORDER BY number"
    )
    found = store.arrays(
        f"SELECT coalesce(g.number, {OUTSIDE})::INTEGER AS giver, coalesce(t.number, {OUTSIDE})::INTEGER AS taker, "
        "amount::BIGINT AS amount, n::INTEGER AS row, r.number::UTINYINT AS reason FROM moves "
        f"JOIN (VALUES {reasons}) AS r(word, number) ON r.word = reason "
        "LEFT JOIN accounts g ON g.name = giver LEFT JOIN accounts t ON t.name = taker "
        "WHERE amount > 0 ORDER BY n, step, giver, taker"
    )
    store.run("DROP TABLE moves")
    names = tuple(str(row[0]) for row in store.rows("SELECT name FROM accounts ORDER BY number"))
    return Moves(**found, accounts=names)


@dataclass(frozen=True)
class Ends:
    """Where coins ended, one row for each part of FIFO's answer; arrays of one length, in the order of their bundles.

    coins: how many. entry: the move by which they entered (of unknown origin: the move that needed them). known: whether that
    origin is known. end: the move by which they left the ledger, or by which they came to where they stand. stands: whether
    they are left in an account. gifts: how many times they changed hands between. bundle: the part's number.
    """

    coins: np.ndarray
    entry: np.ndarray
    known: np.ndarray
    end: np.ndarray
    stands: np.ndarray
    gifts: np.ndarray
    bundle: np.ndarray


@dataclass(frozen=True)
class Party:
    """What one account, or the unknown, has to do with the coins in question. Coins by both rules, in minor units.

    kind: an entry or an end. rows: the ledger's n behind FIFO's figure, the first hundred. differs: by more than a tenth.
    """

    account: str
    kind: str
    fifo_coins: int
    haircut_coins: float
    rows: tuple[int, ...]

    @property
    def differs(self) -> bool:
        return abs(self.fifo_coins - self.haircut_coins) > max(self.fifo_coins, self.haircut_coins) / 10


@dataclass(frozen=True)
class Through:
    """The coins that these accounts ever held, each counted once: where they entered and where they ended."""

    accounts: tuple[str, ...]
    origins: tuple[Party, ...]
    ends: tuple[Party, ...]
    words: str


class Trace:
    """FIFO's answer for a whole ledger, and haircut's for any set of accounts."""

    def __init__(self, moves: Moves, most: int = MOST_BUNDLES) -> None:
        self.moves = moves
        *columns, over = kernels.fifo(moves.giver, moves.taker, moves.amount, len(moves.accounts), most)
        if over:
            raise Refused(
                f"Traced coin by coin this ledger falls into more than {most:,} parts. Trace a shorter time, or fewer accounts."
            )
        self.parent, self.move, self.coins, self.standing = columns

    @property
    def unknown_coins(self) -> int:
        """Coins that were given although the ledger never brought them in, or that only a stated balance shows."""
        lost = int(self.coins[self.parent == UNKNOWN].sum())
        return lost + int(self.moves.amount[self.moves.reason == REASONS.index("unknown")].sum())

    def ends(self) -> Ends:
        """Every coin that ever entered, from there to its end. The sum of `coins` is the sum of what entered."""
        root, depth, _ = kernels.ancestry(self.parent, np.zeros(len(self.parent), np.bool_))
        return self._ends(np.flatnonzero(self._at_end()), root, depth)

    def _at_end(self) -> np.ndarray:
        gone = (self.moves.taker[self.move] == OUTSIDE) & (self.parent != UNKNOWN)
        found: np.ndarray = gone | (self.standing > 0)
        return found

    def _ends(self, at: np.ndarray, root: np.ndarray, depth: np.ndarray) -> Ends:
        stands = self.standing[at] > 0
        entry = self.move[root[at]]
        unknown = self.parent[root[at]] == UNKNOWN
        named = self.moves.reason[entry] != REASONS.index("unknown")
        return Ends(
            coins=np.where(stands, self.standing[at], self.coins[at]).astype(np.int64),
            entry=entry,
            known=~unknown & named,
            end=self.move[at],
            stands=stands,
            # Below the bundle that entered each one is a move; the last of what left the ledger is no gift.
            gifts=depth[at] - np.where(stands, 0, 1),
            bundle=at.astype(np.int64),
        )

    def chain(self, bundle: int) -> tuple[int, ...]:
        """The moves through which a part came, from its entry to its end."""
        found: list[int] = []
        while bundle >= 0:
            if not found or found[-1] != int(self.move[bundle]):
                found.append(int(self.move[bundle]))
            bundle = int(self.parent[bundle])
        return tuple(reversed(found))

    def through(self, names: Iterable[str]) -> Through:
        """Where the coins that these accounts ever held came from and went, by both rules. Missing for an unknown name."""
        wanted = tuple(dict.fromkeys(names))
        marked = np.zeros(len(self.moves.accounts), np.bool_)
        marked[self.moves.numbers(wanted)] = True
        origins, ends = self._fifo_through(marked)
        self._haircut_through(marked, origins, ends)
        found = Through(wanted, _parties(origins), _parties(ends), "")
        return Through(found.accounts, found.origins, found.ends, _words(found))

    def _owner(self) -> np.ndarray:
        """The account in which each bundle stands or stood; what left the ledger stands nowhere (-1)."""
        owner: np.ndarray = np.where(self.parent == UNKNOWN, self.moves.giver[self.move], self.moves.taker[self.move])
        return owner

    def _fifo_through(self, marked: np.ndarray) -> tuple[_Sums, _Sums]:
        owner = self._owner()
        root, depth, through = kernels.ancestry(self.parent, (owner >= 0) & marked[owner])
        found = self._ends(np.flatnonzero(self._at_end() & through), root, depth)
        first = self.move[root[found.bundle]]
        entrant = owner[root[found.bundle]]
        kinds = np.where(found.known, 0, 1)
        origins, ends = _Sums(self.moves), _Sums(self.moves)
        origins.add_fifo(entrant, kinds, ENTRIES, found.coins, self.moves.row[first])
        holder = np.where(found.stands, owner[found.bundle], self.moves.giver[found.end])
        kind = np.where(found.stands, ENDS.index("left"), self.moves.reason[found.end].astype(np.int64) - 3)
        ends.add_fifo(holder, kind, ENDS, found.coins, self.moves.row[found.end])
        return origins, ends

    def _haircut_through(self, marked: np.ndarray, origins: _Sums, ends: _Sums) -> None:
        moves, accounts = self.moves, len(self.moves.accounts)
        nothing = np.zeros(len(moves.amount))
        moved, taint = kernels.haircut_forward(moves.giver, moves.taker, moves.amount, accounts, marked, nothing, 0.0)
        gone = np.flatnonzero((moves.taker == OUTSIDE) & (moved > 0))
        ends.add_haircut(moves.giver[gone], moves.reason[gone].astype(np.int64) - 3, ENDS, moved[gone])
        left = np.flatnonzero(taint > 0)
        ends.add_haircut(left, np.full(len(left), ENDS.index("left")), ENDS, taint[left])
        entered = kernels.haircut_backward(moves.giver, moves.taker, moves.amount, accounts, marked)
        came = np.flatnonzero(entered > 0)
        bought = (moves.giver[came] == OUTSIDE) & (moves.reason[came] != REASONS.index("unknown"))
        who = np.where(moves.giver[came] == OUTSIDE, moves.taker[came], moves.giver[came])
        origins.add_haircut(who, np.where(bought, 0, 1), ENTRIES, entered[came])


class _Sums:
    """Coins by account and kind, for both rules."""

    def __init__(self, moves: Moves) -> None:
        self.accounts = moves.accounts
        self.fifo: dict[tuple[str, str], int] = {}
        self.haircut: dict[tuple[str, str], float] = {}
        self.rows: dict[tuple[str, str], tuple[int, ...]] = {}

    def add_fifo(
        self, who: np.ndarray, kind: np.ndarray, kinds: tuple[str, ...], coins: np.ndarray, row: np.ndarray
    ) -> None:
        key = who.astype(np.int64) * len(kinds) + kind
        order = np.lexsort((row, key))
        starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0]) if len(key) else np.empty(0, np.int64)
        for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(key)], strict=False):
            some = order[start:stop]
            name = (self.accounts[int(key[some[0]]) // len(kinds)], kinds[int(key[some[0]]) % len(kinds)])
            self.fifo[name] = int(coins[some].sum())
            self.rows[name] = tuple(np.unique(row[some])[:100].tolist())

    def add_haircut(self, who: np.ndarray, kind: np.ndarray, kinds: tuple[str, ...], coins: np.ndarray) -> None:
        sums = np.bincount(who.astype(np.int64) * len(kinds) + kind, weights=coins)
        for key in np.flatnonzero(sums).tolist():
            name = (self.accounts[key // len(kinds)], kinds[key % len(kinds)])
            self.haircut[name] = self.haircut.get(name, 0.0) + float(sums[key])


def _parties(sums: _Sums) -> tuple[Party, ...]:
    """Most coins by FIFO first, then by haircut, then by name."""
    found = [
        Party(*name, sums.fifo.get(name, 0), sums.haircut.get(name, 0.0), sums.rows.get(name, ()))
        for name in set(sums.fifo) | set(sums.haircut)
    ]
    return tuple(sorted(found, key=lambda each: (-each.fifo_coins, -each.haircut_coins, each.kind, each.account)))


def _words(found: Through) -> str:
    reached = [len({each.account for each in found.ends if coins(each) > 0}) for coins in (_fifo, _haircut)]
    differ = sum(each.differs for each in (*found.origins, *found.ends))
    unknown = sum(each.fifo_coins for each in found.origins if each.kind == "unknown")
    return (
        f"{DIFFERENCE} Here these coins end at {reached[0]} accounts by FIFO and at {reached[1]} by haircut; {differ} of "
        f"{len(found.origins) + len(found.ends)} lines differ by more than a tenth; the origin of {unknown} coins is unknown."
    )


def _fifo(party: Party) -> float:
    return party.fifo_coins


def _haircut(party: Party) -> float:
    return party.haircut_coins


def trace_coins(ledger: Ledger, *, fill_gaps: bool = True) -> Trace:
    """The whole ledger's trace."""
    return Trace(moves_of(ledger, fill_gaps=fill_gaps))


def warm() -> None:
    """The kernels are compiled, or read from their cache: done before a process is confined, since a cache lies in a home."""
    none, some = np.empty(0, np.int64), np.empty(0, np.int32)
    for coins in (1, 1 << 40):  # of 32 bits and of 64
        kernels.fifo(np.array([OUTSIDE], np.int32), np.zeros(1, np.int32), np.array([coins]), 1, MOST_BUNDLES)
    kernels.ancestry(some, np.empty(0, np.bool_))
    kernels.haircut_forward(some, some, none, 1, np.zeros(1, np.bool_), np.empty(0), 0.0)
    kernels.haircut_backward(some, some, none, 1, np.zeros(1, np.bool_))
    kernels.via(some, some, none, none, np.empty(0, np.bool_), 1)
    kernels.place(none, some, none, none, none, some, some, 0, some, some, none)
