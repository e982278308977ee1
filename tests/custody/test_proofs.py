from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from amparo.custody.proofs import (
    GENESIS,
    CheckpointText,
    Frontier,
    SealedAct,
    SignedCheckpoint,
    chained,
    digest_of,
    inclusion_proof,
    is_included,
    leaf_hash,
    node_hash,
    verify,
)


def sign(message: bytes) -> bytes:
    return hashlib.sha256(b"key" + message).digest()


def signed(message: bytes, signature: bytes) -> bool:
    return sign(message) == signature


def a_record(batches: list[int]) -> tuple[list[SealedAct], list[SignedCheckpoint]]:
    acts, checkpoints, chain, frontier = [], [], GENESIS, Frontier()
    for number, size in enumerate(batches, start=1):
        for _ in range(size):
            body = b"act %d" % frontier.size
            digest = digest_of(body)
            chain, frontier = chained(chain, digest), frontier.with_leaf(digest)
            acts.append(SealedAct(frontier.size, "case.opened", f"id-{frontier.size}", body, body, digest, chain))
        says = CheckpointText(number, frontier.size, frontier.root(), chain, "2026-01-01T00:00:00.000000Z")
        checkpoints.append(SignedCheckpoint(says, sign(says.text().encode())))
    return acts, checkpoints


batches = st.lists(st.integers(1, 5), min_size=1, max_size=6)


@given(batches)
def test_a_record_that_nobody_touched_verifies(sizes: list[int]) -> None:
    acts, checkpoints = a_record(sizes)
    found = verify(acts, checkpoints, signed)
    assert (found.acts, found.checkpoints, found.broken) == (sum(sizes), len(sizes), None)


@given(batches, st.data())
def test_the_first_removed_act_is_named(sizes: list[int], data: st.DataObject) -> None:
    acts, checkpoints = a_record(sizes)
    index = data.draw(st.integers(0, len(acts) - 1))
    broken = verify(acts[:index] + acts[index + 1 :], checkpoints, signed).broken
    assert broken and broken.position == index + 1


@given(batches, st.data())
def test_the_first_changed_act_is_named(sizes: list[int], data: st.DataObject) -> None:
    acts, checkpoints = a_record(sizes)
    index = data.draw(st.integers(0, len(acts) - 1))
    field = data.draw(st.sampled_from(["body", "columns", "digest", "chain"]))
    acts[index] = replace(acts[index], **{field: b"x" + getattr(acts[index], field)[1:]})
    broken = verify(acts, checkpoints, signed).broken
    assert broken and broken.position == index + 1


@given(batches, st.data())
def test_a_rewritten_history_is_named_although_its_chain_is_right(sizes: list[int], data: st.DataObject) -> None:
    acts, checkpoints = a_record(sizes)
    start = data.draw(st.integers(0, len(acts) - 1))
    chain = acts[start - 1].chain if start else GENESIS
    for index in range(start, len(acts)):
        body = b"forged " + acts[index].body
        chain = chained(chain, digest_of(body))
        acts[index] = replace(acts[index], body=body, columns=body, digest=digest_of(body), chain=chain)
    broken = verify(acts, checkpoints, signed).broken
    assert broken and broken.checkpoint and broken.position > start


@given(batches, st.data())
def test_two_acts_that_changed_places_are_named(sizes: list[int], data: st.DataObject) -> None:
    acts, checkpoints = a_record([*sizes, 2])
    first, second = sorted(data.draw(st.sets(st.integers(0, len(acts) - 1), min_size=2, max_size=2)))
    acts[first], acts[second] = (
        replace(acts[second], position=first + 1),
        replace(acts[first], position=second + 1),
    )
    broken = verify(acts, checkpoints, signed).broken
    assert broken and broken.position == first + 1


@given(batches, st.data())
def test_a_removed_or_moved_checkpoint_is_named(sizes: list[int], data: st.DataObject) -> None:
    acts, checkpoints = a_record(sizes)
    index = data.draw(st.integers(0, len(checkpoints) - 1))
    broken = verify(acts, checkpoints[:index] + checkpoints[index + 1 :], signed).broken
    assert broken and broken.checkpoint == index + 1


@given(batches, st.data())
def test_a_changed_checkpoint_is_named(sizes: list[int], data: st.DataObject) -> None:
    acts, checkpoints = a_record(sizes)
    index = data.draw(st.integers(0, len(checkpoints) - 1))
    old = checkpoints[index]
    says = replace(old.says, at="2026-01-01T00:00:01.000000Z")
    checkpoints[index] = SignedCheckpoint(says, old.signature)
    broken = verify(acts, checkpoints, signed).broken
    assert broken and broken.checkpoint == index + 1


@given(batches)
def test_the_end_of_a_record_cannot_be_cut_off(sizes: list[int]) -> None:
    acts, checkpoints = a_record([*sizes, 1])
    assert verify(acts[:-1], checkpoints, signed).broken
    assert verify(acts, checkpoints[:-1], signed).broken


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_every_act_can_be_proven_to_be_included_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.with_leaf(leaf)
    path = inclusion_proof(leaves, index)
    assert is_included(leaves[index], index, len(leaves), path, frontier.root())
    assert not is_included(leaves[index] + b"x", index, len(leaves), path, frontier.root())
    assert not is_included(leaves[index], index, len(leaves), (*path, b"x" * 32), frontier.root())


# The roots of RFC 6962's well-known test tree (the leaves of the certificate-transparency reference tests).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_tree_has_the_roots_of_the_published_vectors(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.with_leaf(bytes.fromhex(leaf))
    assert frontier.root().hex() == ROOTS[size - 1]


def test_leaf_and_node_cannot_be_mistaken_for_one_another() -> None:
    assert leaf_hash(b"a" * 64) != node_hash(b"a" * 32, b"a" * 32)
