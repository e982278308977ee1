"""Writes vectors.json anew. Wrapping is random, so the file changes with each run: run it only for a new version.

.venv/bin/python tests/vectors/envelope/make_vectors.py
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from uuid import UUID

from amparo.vault import envelope
from amparo.vault.envelope import Binding

KEY = bytes(range(32))
SEED = bytes(range(32, 64))
PREFIX = b"prefix."
ITEM = Binding(UUID(int=0x0192AAAA << 96), UUID(int=0x0192BBBB << 96))
OTHER = Binding(UUID(int=0x0192CCCC << 96), UUID(int=0x0192BBBB << 96))
CHUNK = envelope.CHUNK_BYTES
SEALED_CHUNK = CHUNK + envelope.TAG_BYTES
HEADER = envelope.FILE_HEADER_BYTES


def plaintext(size: int) -> bytes:
    """Bytes 0 to 250 again and again."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed_file(size: int) -> bytes:
    sink = io.BytesIO()
    envelope._seal(io.BytesIO(plaintext(size)), sink, KEY, ITEM, PREFIX)
    return sink.getvalue()


def edits() -> list[dict[str, object]]:
    """Each: an honest file of `size`, what is done to it, and how it must be refused."""
    whole, cut = 3 * CHUNK, 2 * CHUNK + 5
    last = HEADER + 2 * SEALED_CHUNK
    return [
        {"name": "a bit of the magic", "size": 9, "flip": 0, "refusal": "malformed"},
        {"name": "a bit of the prefix", "size": 9, "flip": 8, "refusal": "not_authentic"},
        {"name": "a bit of the ciphertext", "size": 9, "flip": HEADER, "refusal": "not_authentic"},
        {"name": "a bit of the last tag", "size": 9, "flip": -1, "refusal": "not_authentic"},
        {"name": "a bit in the first of three chunks", "size": cut, "flip": HEADER + 70, "refusal": "not_authentic"},
        {"name": "the last byte is cut", "size": 9, "keep": HEADER + 9 + 15, "refusal": "not_authentic"},
        {"name": "cut at the end of a full chunk", "size": cut, "keep": last, "refusal": "not_authentic"},
        {"name": "cut within a tag", "size": cut, "keep": last + 3, "refusal": "malformed"},
        {"name": "cut to the header", "size": 9, "keep": HEADER, "refusal": "malformed"},
        {"name": "cut within the header", "size": 9, "keep": 11, "refusal": "malformed"},
        {"name": "one byte added", "size": 9, "append": "00", "refusal": "not_authentic"},
        {"name": "an empty last chunk added", "size": CHUNK, "append": "00" * 16, "refusal": "malformed"},
        {"name": "two chunks swapped", "size": whole, "swap": [0, 1], "refusal": "not_authentic"},
        {"name": "the last chunk comes first", "size": whole, "swap": [0, 2], "refusal": "not_authentic"},
        {"name": "another item", "size": 9, "binding": [str(each) for each in OTHER], "refusal": "not_authentic"},
    ]


def main() -> None:
    public = envelope.public_key_of(SEED)
    wrapped = envelope.wrap_key(KEY, public, envelope.item_key_info(ITEM))
    letter = envelope.seal_letter(b"see you at 21:00", public, ITEM)
    vectors = {
        "item": str(ITEM.item),
        "compartment": str(ITEM.compartment),
        "data_key": KEY.hex(),
        "prefix": PREFIX.hex(),
        "private_key": SEED.hex(),
        "public_key": public.hex(),
        "plaintext": "bytes 0 to 250 again and again, `size` of them",
        "files": [
            {"size": size, "sealed_sha256": hashlib.sha256(sealed_file(size)).hexdigest()}
            for size in (0, 1, 250, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17)
        ],
        "sealed_file_of_9": sealed_file(9).hex(),
        "refused_files": edits(),
        "wrapped_item_key": wrapped.hex(),
        "letter": letter.hex(),
        "letter_says": b"see you at 21:00".hex(),
        "locked": envelope.lock(SEED, "six quiet words on a line", b"member" + ITEM.item.bytes).hex(),
        "passphrase": "six quiet words on a line",
        "locked_context": (b"member" + ITEM.item.bytes).hex(),
    }
    Path(__file__).with_name("vectors.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
