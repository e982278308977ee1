"""Joining accounts: components against a reference, and a guard that no data talks over."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings, strategies as st

from amparo.cases.linkage.components import components, hooked
from amparo.cases.linkage.guarding import MOST_ACCOUNTS, Decided, Guarded, Links, guarded

STRONG = 20.0
NODES = 14


def links(edges: dict[tuple[int, int], float]) -> Links:
    pairs = np.array(sorted(edges), np.int64).reshape(-1, 2)
    bits = np.array([edges[tuple(pair)] for pair in pairs.tolist()], float)
    return Links(pairs[:, 0], pairs[:, 1], bits, STRONG)


def reference(count: int, edges: list[tuple[int, int]]) -> list[int]:
    label = list(range(count))
    for _ in range(count):
        for a, b in edges:
            label[a] = label[b] = min(label[a], label[b])
    return label


pairs = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda pair: pair[0] < pair[1])
weighed = st.dictionaries(pairs, st.sampled_from([6.0, 7.0, 8.5, 20.0, 31.0]), max_size=40)
judged = st.dictionaries(pairs, st.sampled_from(["same", "different", "unsure"]), max_size=6)


def decided(given_: dict[tuple[int, int], str]) -> Decided:
    by = {
        word: [pair for pair, its in sorted(given_.items()) if its == word] for word in ("same", "different", "unsure")
    }
    return Decided([[pair] for pair in by["same"]], frozenset(by["different"]), frozenset(by["unsure"]))


def groups(found: Guarded) -> set[frozenset[int]]:
    by: dict[int, set[int]] = {}
    for node, root in enumerate(found.person.tolist()):
        by.setdefault(root, set()).add(node)
    return {frozenset(each) for each in by.values()}


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=120))
@settings(max_examples=150, deadline=None)
def test_components_are_those_of_a_reference_with_numba_and_without(edges: list[tuple[int, int]]) -> None:
    a = np.array([each[0] for each in edges], np.int32)
    b = np.array([each[1] for each in edges], np.int32)
    expected = reference(61, edges)
    assert components(61, a, b).tolist() == expected
    assert hooked(61, a, b).tolist() == expected


def test_a_long_chain_is_one_component() -> None:
    order = np.random.default_rng(7).permutation(50_000).astype(np.int32)
    assert set(components(50_000, order[1:], order[:-1]).tolist()) == {0}
    assert set(hooked(50_000, order[1:], order[:-1]).tolist()) == {0}


@given(weighed, judged)
@settings(max_examples=300, deadline=None)
def test_no_person_holds_a_pair_judged_different_or_more_than_twelve_accounts(
    edges: dict[tuple[int, int], float], judgements: dict[tuple[int, int], str]
) -> None:
    by_judgement = decided(judgements)
    found = guarded(NODES, links(edges), by_judgement)
    for a, b in by_judgement.different:
        assert found.person[a] != found.person[b]
    officers = {frozenset(pair) for moment in by_judgement.same for pair in moment}
    for group in groups(found):
        if not any(pair <= group for pair in officers):
            assert len(group) <= MOST_ACCOUNTS
    told = set(found.contradicted)
    for moment in by_judgement.same:
        for a, b in moment:
            assert found.person[a] == found.person[b] or (a, b) in told


@given(weighed, judged, st.permutations(range(NODES)))
@settings(max_examples=300, deadline=None)
def test_what_accounts_are_called_changes_nothing(
    edges: dict[tuple[int, int], float], judgements: dict[tuple[int, int], str], names: list[int]
) -> None:
    def renamed(pair: tuple[int, int]) -> tuple[int, int]:
        a, b = sorted((names[pair[0]], names[pair[1]]))
        return a, b

    by_judgement = decided(judgements)
    again = Decided(
        [[renamed(pair) for pair in moment] for moment in by_judgement.same],
        frozenset(map(renamed, by_judgement.different)),
        frozenset(map(renamed, by_judgement.unsure)),
    )
    found = groups(guarded(NODES, links(edges), by_judgement))
    other = groups(guarded(NODES, links({renamed(pair): bits for pair, bits in edges.items()}), again))
    assert {frozenset(names[node] for node in group) for group in found} == other


@given(weighed, judged, pairs, st.sampled_from(["same", "unsure", "different"]))
@settings(max_examples=300, deadline=None)
def test_a_further_judgement_never_joins_what_was_refused(
    edges: dict[tuple[int, int], float], judgements: dict[tuple[int, int], str], pair: tuple[int, int], word: str
) -> None:
    refused = {each for each, its in judgements.items() if its == "different"}
    if pair in refused:
        return
    found = guarded(NODES, links(edges), decided(judgements | {pair: word}))
    assert all(found.person[a] != found.person[b] for a, b in refused)


@given(weighed, judged)
@settings(max_examples=200, deadline=None)
def test_every_link_is_used_or_refused_with_a_reason(
    edges: dict[tuple[int, int], float], judgements: dict[tuple[int, int], str]
) -> None:
    given_links = links(edges)
    found = guarded(NODES, given_links, decided(judgements))
    for number in range(len(given_links.a)):
        joined = found.person[given_links.a[number]] == found.person[given_links.b[number]]
        assert joined or found.refused.get(number)


def test_one_weak_link_does_not_join_two_groups_and_two_links_do() -> None:
    two = {(0, 1): 30.0, (2, 3): 30.0}
    assert groups(guarded(4, links(two | {(1, 2): 7.0}))) == {frozenset({0, 1}), frozenset({2, 3})}
    assert groups(guarded(4, links(two | {(1, 2): 25.0}))) == {frozenset({0, 1, 2, 3})}
    assert groups(guarded(4, links(two | {(1, 2): 7.0, (0, 3): 8.0}))) == {frozenset({0, 1, 2, 3})}


def test_a_single_account_between_two_groups_is_no_way_round_the_guard() -> None:
    edges = {(0, 1): 30.0, (2, 3): 30.0, (1, 4): 7.0, (2, 4): 7.0}
    assert frozenset({0, 1, 2, 3, 4}) not in groups(guarded(5, links(edges)))


def test_a_chain_of_thirteen_is_a_question_and_officers_may_join_it() -> None:
    chain = {(node, node + 1): 30.0 for node in range(12)}
    found = guarded(13, links(chain))
    assert all(len(group) <= MOST_ACCOUNTS for group in groups(found)) and found.refused
    same = Decided([[pair] for pair in itertools.pairwise(range(13))])
    assert groups(guarded(13, links({}), same)) == {frozenset(range(13))}
