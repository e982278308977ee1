"""The acts of the sender's record that concern a package, and the proofs that they are in it."""

from __future__ import annotations

from amparo.exchange.formats.contents import PackageContents
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation import clock

COLUMNS = ("position", "at", "act", "digest_sha256", "inclusion_path")


def custody_csv(contents: PackageContents) -> bytes:
    """One row an act, in the record's order. inclusion_path: the RFC 9162 siblings, leaf to root, separated by spaces."""
    paths = {proof.position: " ".join(proof.path) for proof in contents.custody.proofs}
    lines = sorted(contents.custody.lines, key=lambda line: line.position)
    return csv_bytes(
        COLUMNS,
        ((each.position, clock.as_text(each.at), each.kind, each.digest, paths.get(each.position)) for each in lines),
    )
