"""The house's signature on the record's checkpoints: the key's place is the vault's business, the record knows none."""

from __future__ import annotations

from pathlib import Path

from amparo.custody import actions as custody
from amparo.foundation.home import Home
from amparo.vault import keys


def checkpoints_copy(home: Home) -> Path:
    """The file beside the database to which each checkpoint is appended too."""
    return home.path / "custody" / "checkpoints.txt"


def signed(message: bytes, signature: bytes) -> bool:
    """Whether this house signed `message`."""
    return keys.checkpoint_verifier(Home.from_env())(message, signature)


def seal_record(home: Home) -> int:
    """How many acts were sealed just now."""
    return custody.seal(keys.checkpoint_signer(home), checkpoints_copy(home))
