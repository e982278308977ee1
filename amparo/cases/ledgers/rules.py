"""What may be said of a case's ledgers and of accounts in them, and why not. Values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence

from amparo.cases.tables.reading import FORMATS

LONGEST_MAPPING = 200_000  # characters
MOST_FILES = 200


def obstacles_to_ledger(platform: str, names: Sequence[str]) -> tuple[str, ...]:
    """Why files can't be a platform's ledger. names: of the files."""
    found = []
    if not platform.strip():
        found.append("Name the platform that the ledger comes from.")
    if not names:
        found.append("Choose at least one file of the ledger.")
    if len(names) > MOST_FILES:
        found.append(f"A ledger has at most {MOST_FILES} files here: put them together first.")
    found += [
        f"{name} is of no kind that is read here: CSV, JSON, JSON lines, Parquet or XLSX."
        for name in names
        if name.rpartition(".")[2].lower() not in FORMATS
    ]
    return tuple(found)


def obstacles_to_link(service: str, account: str, words: str) -> tuple[str, ...]:
    """Why an account can't be held to be a person's."""
    found = []
    if not service.strip() or not account.strip():
        found.append("Name the service and the account there.")
    if len(account.strip()) > 200 or len(service.strip()) > 80:
        found.append("An account's name has at most 200 characters, a service's 80.")
    if not words.strip():
        found.append("Say what shows it and where that stands: an account without its evidence can't be kept.")
    return tuple(found)
