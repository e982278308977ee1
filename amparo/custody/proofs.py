"""The arithmetic of the record: digests, the chain, the Merkle tree, checkpoints, and the check of all of it.

An act is written down once as canonical bytes (its body); its digest is SHA-256 of them. Sealing gives it the next
position and links it to the act before: chain[n] = SHA-256(0x02 || chain[n-1] || digest[n]), with chain[0] = 32 zero
bytes. The digests are also the leaves of a Merkle tree after RFC 9162, 2.1, so that one act can be proven to a partner
without showing the others. A checkpoint states size, Merkle root and chain head, and is signed.

Nothing here knows a database or a key: whoever calls hands in rows and a function that checks a signature.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

GENESIS = bytes(32)


def digest_of(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def chained(previous: bytes, digest: bytes) -> bytes:
    return hashlib.sha256(b"\x02" + previous + digest).digest()


def leaf_hash(digest: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + digest).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The roots of the full subtrees of a growing Merkle tree, largest first; one for each bit set in `size`."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def with_leaf(self, digest: bytes) -> Frontier:
        roots, node, size = list(self.roots), leaf_hash(digest), self.size
        while size & 1:
            node = node_hash(roots.pop(), node)
            size >>= 1
        return Frontier(self.size + 1, (*roots, node))

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far; of none, SHA-256 of nothing (RFC 9162, 2.1.1)."""
        if not self.roots:
            return hashlib.sha256(b"").digest()
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


def _root_of(leaves: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for digest in leaves:
        frontier = frontier.with_leaf(digest)
    return frontier.root()


def inclusion_proof(digests: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` (0 is the first) in the tree of `digests`, leaf to root (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < len(digests):
        raise ValueError(f"no leaf {index} in a tree of {len(digests)}")
    if len(digests) == 1:
        return ()
    split = 1 << ((len(digests) - 1).bit_length() - 1)
    if index < split:
        return (*inclusion_proof(digests[:split], index), _root_of(digests[split:]))
    return (*inclusion_proof(digests[split:], index - split), _root_of(digests[:split]))


def is_included(digest: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from leaf `index` of a tree of `size` leaves to `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, node = index, size - 1, leaf_hash(digest)
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


@dataclass(frozen=True)
class CheckpointText:
    """What a checkpoint says. `size` acts, their Merkle `root` and `chain` head, made at `at` (RFC 3339, UTC)."""

    number: int
    size: int
    root: bytes
    chain: bytes
    at: str

    def text(self) -> str:
        """The body of a C2SP signed note: origin, size and root as in C2SP tlog-checkpoint, then lines of our own."""
        root = base64.b64encode(self.root).decode()
        return f"amparo/custody\n{self.size}\n{root}\nchain {self.chain.hex()}\nnumber {self.number}\nat {self.at}\n"


@dataclass(frozen=True)
class SealedAct:
    """One row of the record as stored. `columns` is what the row's other columns say, rewritten as a body."""

    position: int
    kind: str
    uuid: str
    body: bytes
    columns: bytes
    digest: bytes
    chain: bytes


@dataclass(frozen=True)
class SignedCheckpoint:
    says: CheckpointText
    signature: bytes
    frontier: tuple[bytes, ...] | None = None  # the stored one; the next checkpoint is made from it


@dataclass(frozen=True)
class BrokenLink:
    """The first place where the record is not what it was. `position` is the act's, `checkpoint` its number, or 0."""

    sentence: str
    position: int = 0
    checkpoint: int = 0
    act: str = ""


@dataclass(frozen=True)
class Verified:
    acts: int
    checkpoints: int
    broken: BrokenLink | None = None


def verify(
    acts: Iterable[SealedAct],
    checkpoints: Iterable[SignedCheckpoint],
    signed: Callable[[bytes, bytes], bool],
) -> Verified:
    """Walks the whole record once, in constant memory, and stops at the first broken link.

    1. Positions run 1, 2, 3 ... without gap.   2. Each body's digest is the stored one.
    3. The columns say what the body says.      4. Each act is chained to the one before.
    5. Checkpoints are numbered without gap, signed, and state the size, root and chain found when walking.
    6. No act after the last checkpoint is counted as sealed.

    acts, checkpoints: in stored order. signed(message, signature): whether the house signed the message.
    """
    pending = iter(checkpoints)
    number, covered, chain, frontier = 0, 0, GENESIS, Frontier()
    upcoming = next(pending, None)
    for row in acts:
        if broken := _broken_act(row, frontier.size + 1, chain):
            return Verified(frontier.size, number, broken)
        chain, frontier = row.chain, frontier.with_leaf(row.digest)
        while upcoming and upcoming.says.size <= frontier.size:
            if broken := _broken_checkpoint(upcoming, number + 1, chain, frontier, signed):
                return Verified(frontier.size, number, broken)
            number, covered, upcoming = number + 1, upcoming.says.size, next(pending, None)
    if upcoming:
        sentence = f"Act {frontier.size + 1} is missing: checkpoint {upcoming.says.number} counts {upcoming.says.size}."
        return Verified(frontier.size, number, BrokenLink(sentence, frontier.size + 1, upcoming.says.number))
    if covered < frontier.size:
        sentence = f"Checkpoint {number + 1} is missing: no checkpoint covers act {covered + 1} and those after it."
        return Verified(frontier.size, number, BrokenLink(sentence, covered + 1, number + 1))
    return Verified(frontier.size, number)


def _broken_act(row: SealedAct, position: int, previous: bytes) -> BrokenLink | None:
    if row.position != position:
        sentence = f"Act {position} is missing: the record goes on with act {row.position}."
        return BrokenLink(sentence, position)
    where = f"Act {position} ({row.kind}, {row.uuid})"
    if digest_of(row.body) != row.digest:
        return BrokenLink(f"{where} was changed: its body no longer has the stored digest.", position, 0, row.uuid)
    if row.columns != row.body:
        return BrokenLink(f"{where} was changed: its columns or its index differ from its body.", position, 0, row.uuid)
    if chained(previous, row.digest) != row.chain:
        sentence = f"{where} is not chained to act {position - 1}: one of the two was changed, moved or replaced."
        return BrokenLink(sentence, position, 0, row.uuid)
    return None


def _broken_checkpoint(
    checkpoint: SignedCheckpoint,
    number: int,
    chain: bytes,
    frontier: Frontier,
    signed: Callable[[bytes, bytes], bool],
) -> BrokenLink | None:
    says = checkpoint.says
    if says.number != number:
        return BrokenLink(f"Checkpoint {number} is missing: {says.number} stands in its place.", says.size, number)
    if not signed(says.text().encode(), checkpoint.signature):
        return BrokenLink(f"Checkpoint {number} was changed: its signature does not fit.", says.size, number)
    if says.size != frontier.size:
        return BrokenLink(f"Checkpoint {number} stands out of order: it counts {says.size} acts.", says.size, number)
    if checkpoint.frontier is not None and checkpoint.frontier != frontier.roots:
        return BrokenLink(f"Checkpoint {number} was changed: its frontier is another.", says.size, number)
    if says.chain != chain or says.root != frontier.root():
        sentence = f"Checkpoint {number} states another history of the first {says.size} acts than the record shows."
        return BrokenLink(sentence, says.size, number)
    return None
