"""`amparo receipt`: whether a receipt was signed by the house, offline, and whether it is for these words."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from amparo.foundation.errors import Missing
from amparo.foundation.home import Home
from amparo.intake.form import receipts


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Adds the command to the parser's."""
    receipt = add("receipt", _receipt, "check a receipt that the public form gave, offline")
    receipt.add_argument("file", type=Path, help="the receipt as it was saved")
    receipt.add_argument("--text", type=Path, metavar="FILE", help="the words it is said to be for, as they were typed")
    receipt.add_argument(
        "--key", type=Path, metavar="PEM", help="the form's public key (/receipt-key); else this house's"
    )


def _receipt(given: argparse.Namespace) -> int:
    key = given.key or Home.from_env().keys / "form" / "receipt.pub"
    words = _bytes_of(given.text).decode("utf-8", "replace") if given.text else None
    verdict = receipts.verify(_bytes_of(given.file), _bytes_of(key), words)
    said = verdict.receipt
    print(
        f"house      {said.house}",
        f"number     {said.number}",
        f"received   {said.received_at:%Y-%m-%d %H:%M:%S} UTC",
        sep="\n",
    )
    print(
        "signature  "
        + (
            "good: the holder of this key signed it"
            if verdict.signed
            else "BAD: it was changed, or another key signed it"
        )
    )
    if verdict.same_words is not None:
        print("words      " + ("the same" if verdict.same_words else "OTHER: these are not the words it is for"))
    return 0 if verdict.signed and verdict.same_words is not False else 1


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Missing(f"{path} can't be read: {error.strerror}.") from error
