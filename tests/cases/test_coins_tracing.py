from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amparo.cases.coins.kernels import haircut_backward, haircut_forward
from amparo.cases.coins.tracing import HAIRCUT_ERROR, REASONS, Ends, Trace
from amparo.foundation.errors import Missing, Refused
from tests.cases.coins_reference import Plain, interval_fifo, moves_from, plain_fifo, plain_haircut

ACCOUNTS = 5
account = st.integers(0, ACCOUNTS - 1)
coins = st.integers(0, 40)
one_move = st.one_of(
    st.tuples(st.just(-1), account, coins, st.sampled_from(["purchase", "purchase", "unknown"])),
    st.tuples(account, account, coins, st.just("gift")),
    st.tuples(
        account, st.just(-1), coins, st.sampled_from(["payout", "spend", "conversion", "refund", "share", "missing"])
    ),
)
ledgers = st.lists(one_move, max_size=60)  # in any order: coins are given before they are bought, to oneself, and back
marks = st.sets(account, min_size=1, max_size=3)


def told(trace: Trace, ends: Ends) -> Counter[tuple[int, int, bool]]:
    holder = trace.moves.taker[trace.move[ends.bundle]]
    found: Counter[tuple[int, int, bool]] = Counter()
    for place in range(len(ends.coins)):
        end = -1 - int(holder[place]) if ends.stands[place] else int(ends.end[place])
        found[int(ends.entry[place]), end, bool(ends.known[place])] += int(ends.coins[place])
    return found


def entered(rows: list[Plain]) -> int:
    """Coins bought, and coins given beyond what was there, counted by hand."""
    balance, total = Counter(), 0
    for giver, taker, amount, _ in rows:
        if giver >= 0:
            lent = max(0, amount - balance[giver])
            total += lent
            balance[giver] -= amount - lent
        else:
            total += amount
        if taker >= 0:
            balance[taker] += amount
    return total


@given(ledgers)
def test_the_kernel_says_of_every_coin_what_plain_python_says(rows: list[Plain]) -> None:
    trace = Trace(moves_from(rows, ACCOUNTS))
    assert told(trace, trace.ends()) == plain_fifo(rows)


@given(ledgers, st.sampled_from([(1 << 31) - 1, 1 << 31, 1 << 40]))
def test_amounts_about_and_beyond_32_bits_are_told_to_the_coin_too(rows: list[Plain], most: int) -> None:
    large = [(giver, taker, amount + most - 40 if amount else 0, reason) for giver, taker, amount, reason in rows]
    trace = Trace(moves_from(large, ACCOUNTS))
    ends = trace.ends()
    assert told(trace, ends) == plain_fifo(large) and ends.coins.dtype == np.int64
    assert int(ends.coins.sum()) == entered(large)


@given(ledgers)
def test_fifo_equals_the_interval_algebra_over_cumulative_sums(rows: list[Plain]) -> None:
    trace = Trace(moves_from(rows, ACCOUNTS))
    assert told(trace, trace.ends()) == interval_fifo(rows, ACCOUNTS)


@given(ledgers)
def test_coins_in_are_coins_out_and_coins_left_by_fifo_to_the_coin(rows: list[Plain]) -> None:
    trace = Trace(moves_from(rows, ACCOUNTS))
    ends = trace.ends()
    assert int(ends.coins.sum()) == entered(rows)
    assert int(ends.coins[~ends.stands].sum()) == sum(amount for giver, taker, amount, _ in rows if taker < 0)
    assert trace.unknown_coins == int(ends.coins[~ends.known].sum())
    assert bool((ends.coins > 0).all())


@given(ledgers, marks)
def test_coins_in_are_coins_out_and_coins_left_by_haircut(rows: list[Plain], marked: set[int]) -> None:
    moves = moves_from(rows, ACCOUNTS)
    flags = np.array([number in marked for number in range(ACCOUNTS)])
    moved, left = haircut_forward(moves.giver, moves.taker, moves.amount, ACCOUNTS, flags, np.zeros(len(rows)), 0.0)
    came = haircut_backward(moves.giver, moves.taker, moves.amount, ACCOUNTS, flags)
    bound = HAIRCUT_ERROR * max(1, sum(row[2] for row in rows))
    assert abs(moved[moves.taker < 0].sum() + left.sum() - came.sum()) <= bound
    # With every account marked it is all that ever entered.
    every = haircut_backward(moves.giver, moves.taker, moves.amount, ACCOUNTS, np.ones(ACCOUNTS, np.bool_))
    assert every.sum() == entered(rows)


@given(ledgers, marks)
def test_haircut_differs_from_exact_fractions_by_less_than_it_states(rows: list[Plain], marked: set[int]) -> None:
    moves = moves_from(rows, ACCOUNTS)
    flags = np.array([number in marked for number in range(ACCOUNTS)])
    moved, left = haircut_forward(moves.giver, moves.taker, moves.amount, ACCOUNTS, flags, np.zeros(len(rows)), 0.0)
    exact_moved, exact_left = plain_haircut(rows, ACCOUNTS, marked)
    bound = HAIRCUT_ERROR * max(1, sum(row[2] for row in rows))
    assert all(abs(float(exact) - seen) <= bound for exact, seen in zip(exact_moved, moved, strict=True))
    assert all(abs(float(exact) - seen) <= bound for exact, seen in zip(exact_left, left, strict=True))


@given(ledgers, marks)
def test_an_accounts_coins_have_as_many_origins_as_ends_by_either_rule(rows: list[Plain], marked: set[int]) -> None:
    found = Trace(moves_from(rows, ACCOUNTS)).through([f"account {number}" for number in sorted(marked)])
    assert sum(each.fifo_coins for each in found.origins) == sum(each.fifo_coins for each in found.ends)
    bound = HAIRCUT_ERROR * max(1, sum(row[2] for row in rows))
    haircut = [sum(each.haircut_coins for each in side) for side in (found.origins, found.ends)]
    assert abs(haircut[0] - haircut[1]) <= bound
    # What an account held by FIFO is what passed through it, each coin once.
    assert all(each.rows for each in (*found.origins, *found.ends) if each.fifo_coins)


@given(ledgers, ledgers, st.randoms(use_true_random=False))
def test_an_unrelated_account_changes_nothing(rows: list[Plain], others: list[Plain], random) -> None:
    strangers = [
        (giver + ACCOUNTS if giver >= 0 else -1, taker + ACCOUNTS if taker >= 0 else -1, amount, reason)
        for giver, taker, amount, reason in others
    ]
    places = sorted(random.sample(range(len(rows) + len(strangers)), len(rows)))
    mixed: list[Plain] = list(strangers)
    for place, row in zip(places, rows, strict=True):
        mixed.insert(place, row)
    alone, together = (Trace(moves_from(each, 2 * ACCOUNTS)) for each in (rows, mixed))
    names = [f"account {number}" for number in range(ACCOUNTS)]
    before, after = alone.through(names), together.through(names)
    assert [(each.account, each.kind, each.fifo_coins) for each in before.origins] == [
        (each.account, each.kind, each.fifo_coins) for each in after.origins
    ]
    renumbered = dict(zip(range(len(rows)), places, strict=True))
    expected = {
        (renumbered[entry], end if end < 0 else renumbered[end], known): amount
        for (entry, end, known), amount in told(alone, alone.ends()).items()
    }
    ours = {key: amount for key, amount in told(together, together.ends()).items() if key[0] in set(places)}
    assert ours == expected


@given(ledgers)
def test_a_chain_leads_from_the_entry_to_the_end_and_each_move_takes_what_the_last_one_gave(rows: list[Plain]) -> None:
    trace = Trace(moves_from(rows, ACCOUNTS))
    ends = trace.ends()
    for place in range(len(ends.coins)):
        chain = trace.chain(int(ends.bundle[place]))
        assert (chain[0], chain[-1]) == (ends.entry[place], ends.end[place])
        assert all(rows[one][1] == rows[two][0] for one, two in pairwise(chain))
        assert len([move for move in chain if rows[move][3] == "gift"]) == ends.gifts[place]


def test_fifo_is_narrower_than_haircut_and_the_result_says_so_in_words() -> None:
    rows: list[Plain] = [
        (-1, 0, 100, "purchase"),
        (-1, 1, 100, "purchase"),
        (0, 2, 100, "gift"),
        (1, 2, 100, "gift"),
        (2, 3, 100, "gift"),
        (2, 4, 100, "gift"),
        (3, -1, 100, "payout"),
        (4, -1, 100, "payout"),
    ]
    found = Trace(moves_from(rows, ACCOUNTS)).through(["account 0"])
    assert [(each.account, each.kind, each.fifo_coins, each.haircut_coins) for each in found.ends] == [
        ("account 3", "payout", 100, 50.0),
        ("account 4", "payout", 0, 50.0),
    ]
    assert all(each.differs for each in found.ends)
    assert "1 accounts by FIFO and at 2 by haircut" in found.words


def test_a_ledger_built_to_explode_is_refused_before_memory_ends() -> None:
    rows: list[Plain] = [(-1, 0, 1, "purchase")] * 300
    rows += [(number % 2, 1 - number % 2, 300, "gift") for number in range(300)]
    with pytest.raises(Refused, match="more than 10,000 parts"):
        Trace(moves_from(rows, 2), most=10_000)
    assert int(Trace(moves_from(rows, 2)).ends().coins.sum()) == 300


def test_an_account_that_the_ledger_does_not_name_is_missing() -> None:
    with pytest.raises(Missing, match="nobody"):
        Trace(moves_from([(-1, 0, 5, "purchase")], 1)).through(["nobody"])


def test_every_reason_of_a_move_has_its_place() -> None:
    assert REASONS[3:] == ("payout", "spend", "conversion", "refund", "share", "missing", "left")
