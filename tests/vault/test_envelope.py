from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Broken, Refused
from amparo.vault import envelope
from amparo.vault.envelope import CHUNK_BYTES, FILE_HEADER_BYTES, TAG_BYTES, Binding, SealedReader

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "envelope" / "vectors.json").read_text())
KEY = bytes.fromhex(VECTORS["data_key"])
BINDING = Binding(UUID(VECTORS["item"]), UUID(VECTORS["compartment"]))
PRIVATE = bytes.fromhex(VECTORS["private_key"])
PUBLIC = bytes.fromhex(VECTORS["public_key"])
BORDERS = sorted({max(0, chunks * CHUNK_BYTES + more) for chunks in (0, 1, 2, 3) for more in (-17, -16, -1, 0, 1, 16)})


def plaintext(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed(content: bytes, binding: Binding = BINDING) -> tuple[bytes, envelope.SealedFacts]:
    sink = io.BytesIO()
    facts = envelope.seal(io.BytesIO(content), sink, KEY, binding)
    return sink.getvalue(), facts


def opened(content: bytes, key: bytes = KEY, binding: Binding = BINDING) -> bytes:
    with SealedReader(io.BytesIO(content), key, binding) as reader:
        return reader.readall() or b""


class Dripping(io.RawIOBase):
    """A source that gives a few bytes at a time, as a socket or a pipe does."""

    def __init__(self, content: bytes, step: int) -> None:
        self._rest, self._step = content, step

    def read(self, size: int = -1) -> bytes:
        piece, self._rest = self._rest[: min(self._step, size)], self._rest[min(self._step, size) :]
        return piece


# --- Files


@pytest.mark.parametrize("size", BORDERS)
def test_a_file_opens_as_what_was_sealed_at_every_chunk_border(size: int) -> None:
    content = plaintext(size)
    whole, facts = sealed(content)
    assert opened(whole) == content
    assert facts == envelope.SealedFacts(
        size,
        hashlib.md5(content).hexdigest(),
        hashlib.sha1(content).hexdigest(),
        hashlib.sha256(content).hexdigest(),
        len(whole),
        hashlib.sha256(whole).hexdigest(),
    )


@settings(deadline=None, max_examples=40)
@given(size=st.integers(0, 3 * CHUNK_BYTES), step=st.integers(1, 100_000))
def test_it_makes_no_difference_in_which_portions_a_source_gives_its_bytes(size: int, step: int) -> None:
    sink = io.BytesIO()
    content = plaintext(size)
    envelope.seal(Dripping(content, max(step, size // 500 + 1)), sink, KEY, BINDING)  # type: ignore[arg-type]
    assert opened(sink.getvalue()) == content


@settings(deadline=None, max_examples=200)
@given(data=st.data(), size=st.sampled_from([0, 1, 100, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 9]))
def test_one_changed_byte_anywhere_is_always_broken(data: st.DataObject, size: int) -> None:
    whole = bytearray(sealed(plaintext(size))[0])
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Broken):
        opened(bytes(whole))


def test_every_single_byte_of_a_small_file_matters() -> None:
    whole, _ = sealed(b"see you at 21:00")
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        with pytest.raises(Broken):
            opened(bytes(changed))


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_a_cut_file_is_refused_before_anything_of_it_is_read(data: st.DataObject) -> None:
    whole, _ = sealed(plaintext(2 * CHUNK_BYTES + 9))
    with pytest.raises(Broken):
        SealedReader(io.BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1))]), KEY, BINDING)


@pytest.mark.parametrize(
    "binding",
    [Binding(UUID(int=1), BINDING.compartment), Binding(BINDING.item, UUID(int=1))],
    ids=["item", "compartment"],
)
def test_a_file_does_not_open_as_another_item_or_in_another_compartment(binding: Binding) -> None:
    whole, _ = sealed(b"item shared")
    with pytest.raises(Broken):
        opened(whole, binding=binding)


def test_a_file_does_not_open_with_another_key() -> None:
    with pytest.raises(Broken):
        opened(sealed(b"item shared")[0], key=bytes(32))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_range_can_be_read_by_itself(data: st.DataObject) -> None:
    size = 3 * CHUNK_BYTES + 17
    content = plaintext(size)
    reader = io.BufferedReader(SealedReader(io.BytesIO(sealed(content)[0]), KEY, BINDING))
    start, length = data.draw(st.integers(0, size + 5)), data.draw(st.integers(0, 2 * CHUNK_BYTES))
    reader.seek(start)
    assert reader.read(length) == content[start : start + length]


def test_sealing_and_opening_need_constant_memory() -> None:
    class Endless(io.RawIOBase):
        left = 400 * CHUNK_BYTES

        def read(self, size: int = -1) -> bytes:
            piece = min(size, self.left)
            self.left -= piece
            return bytes(piece)

    class Nowhere(io.RawIOBase):
        def write(self, piece: object) -> int:
            return 0

    tracemalloc.start()
    envelope.seal(Endless(), Nowhere(), KEY, BINDING)  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * CHUNK_BYTES


# --- The shared vectors


@pytest.mark.parametrize("vector", VECTORS["files"], ids=lambda vector: str(vector["size"]))
def test_the_shared_vectors_are_sealed_to_the_same_bytes(vector: dict[str, object]) -> None:
    sink = io.BytesIO()
    content = plaintext(int(str(vector["size"])))
    facts = envelope._seal(io.BytesIO(content), sink, KEY, BINDING, bytes.fromhex(VECTORS["prefix"]))
    assert facts.sealed_sha256 == vector["sealed_sha256"]


@pytest.mark.parametrize("vector", VECTORS["refused_files"], ids=lambda vector: vector["name"])
def test_the_shared_vectors_are_refused_for_the_reason_they_name(vector: dict) -> None:  # type: ignore[type-arg]
    whole = bytearray(sealed(plaintext(vector["size"]))[0])
    if "flip" in vector:
        whole[vector["flip"]] ^= 1
    if "swap" in vector:
        starts = [FILE_HEADER_BYTES + number * (CHUNK_BYTES + TAG_BYTES) for number in vector["swap"]]
        one, other = (bytes(whole[at : at + CHUNK_BYTES + TAG_BYTES]) for at in starts)
        for at, piece in zip(starts, (other, one), strict=True):
            whole[at : at + CHUNK_BYTES + TAG_BYTES] = piece
    whole = whole[: vector.get("keep", len(whole))] + bytes.fromhex(vector.get("append", ""))
    binding = Binding(*map(UUID, vector["binding"])) if "binding" in vector else BINDING
    with pytest.raises(Broken) as refusal:
        opened(bytes(whole), binding=binding)
    assert refusal.value.fields["reason"] == vector["refusal"]


@pytest.mark.usefixtures("stretched_in_full")
def test_the_shared_vectors_open() -> None:
    assert envelope.public_key_of(PRIVATE) == PUBLIC
    wrapped = bytes.fromhex(VECTORS["wrapped_item_key"])
    assert envelope.unwrap_key(wrapped, PRIVATE, envelope.item_key_info(BINDING)) == KEY
    assert envelope.open_letter(bytes.fromhex(VECTORS["letter"]), PRIVATE, BINDING).hex() == VECTORS["letter_says"]
    locked, context = bytes.fromhex(VECTORS["locked"]), bytes.fromhex(VECTORS["locked_context"])
    assert envelope.unlock(locked, VECTORS["passphrase"], context) == PRIVATE


# --- Letters and keys


@settings(deadline=None, max_examples=30)
@given(content=st.binary(max_size=300))
def test_a_letter_opens_as_what_was_sealed(content: bytes) -> None:
    assert envelope.open_letter(envelope.seal_letter(content, PUBLIC, BINDING), PRIVATE, BINDING) == content


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_one_changed_byte_anywhere_in_a_letter_is_always_broken(data: st.DataObject) -> None:
    letter = bytearray(envelope.seal_letter(b"see you at 21:00", PUBLIC, BINDING))
    letter[data.draw(st.integers(0, len(letter) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Broken):
        envelope.open_letter(bytes(letter), PRIVATE, BINDING)


def test_a_cut_letter_is_broken_at_every_length() -> None:
    letter = envelope.seal_letter(b"see you at 21:00", PUBLIC, BINDING)
    for size in range(len(letter)):
        with pytest.raises(Broken):
            envelope.open_letter(letter[:size], PRIVATE, BINDING)


def test_an_honest_letter_of_something_else_is_refused_as_such() -> None:
    other = Binding(UUID(int=7), BINDING.compartment)
    with pytest.raises(Broken) as refusal:
        envelope.open_letter(envelope.seal_letter(b"x", PUBLIC, other), PRIVATE, BINDING)
    assert refusal.value.fields["reason"] == "another_binding"


def test_a_letter_opens_with_no_other_private_key() -> None:
    letter = envelope.seal_letter(b"x", PUBLIC, BINDING)
    with pytest.raises(Broken):
        envelope.open_letter(letter, envelope.new_key_pair().private, BINDING)


def test_a_wrapped_key_opens_for_nothing_but_what_it_was_wrapped_for() -> None:
    wrapped = envelope.wrap_key(KEY, PUBLIC, envelope.item_key_info(BINDING))
    with pytest.raises(Broken):
        envelope.unwrap_key(wrapped, PRIVATE, envelope.letter_key_info(BINDING))


@pytest.mark.parametrize("public", [b"", bytes(1215), b"\xff" * 1216], ids=["empty", "short", "no ML-KEM key"])
def test_a_malformed_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(Broken):
        envelope.wrap_key(KEY, public, b"")


def test_a_wrong_password_is_refused_and_no_alarm() -> None:
    locked = envelope.lock(PRIVATE, "six quiet words", b"member")
    with pytest.raises(Refused):
        envelope.unlock(locked, "six quiet word", b"member")
    with pytest.raises(Refused):
        envelope.unlock(locked, "six quiet words", b"another member")
    assert envelope.unlock(locked, "six quiet words", b"member") == PRIVATE


def test_a_value_under_a_secret_opens_with_that_secret_in_that_context_only() -> None:
    blob = envelope.seal_under(KEY, PRIVATE, b"session")
    assert envelope.open_under(KEY, blob, b"session") == PRIVATE
    for secret, context in ((bytes(32), b"session"), (KEY, b"another"), (b"short", b"session")):
        with pytest.raises(Broken):
            envelope.open_under(secret, blob, context)


def test_a_signature_fits_its_message_and_key_only() -> None:
    private, public = envelope.new_signing_key()
    _, other = envelope.new_signing_key()
    signature = envelope.sign(b"checkpoint", private)
    assert envelope.is_signed(b"checkpoint", signature, public)
    assert not envelope.is_signed(b"checkpoinT", signature, public)
    assert not envelope.is_signed(b"checkpoint", signature, other)
