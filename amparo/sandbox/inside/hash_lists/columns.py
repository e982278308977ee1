"""What the columns of a list are, from their names, and what one line of it says. All tables of hashes are read by these rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.hash_lists.records import DIGEST_BYTES, Found, Hash, digest_of, not_a
from amparo.sandbox.inside.hash_lists.signals import hashes_of
from amparo.sandbox.inside.tables import column_name

NAMES = {
    "md5": "md5", "md_5": "md5", "hash_md5": "md5", "md5_hash": "md5", "md5hash": "md5", "md5sum": "md5",
    "sha1": "sha1", "sha_1": "sha1", "hash_sha1": "sha1", "sha1_hash": "sha1", "sha1hash": "sha1",
    "sha256": "sha256", "sha_256": "sha256", "hash_sha256": "sha256", "sha256_hash": "sha256", "sha256hash": "sha256",
    "pdq": "pdq", "pdq_hash": "pdq", "pdqhash": "pdq", "hash_pdq": "pdq", "pdq_hex": "pdq",
    "hash": "hash", "hash_value": "hash", "hashvalue": "hash", "digest": "hash", "indicator": "hash", "signal_str": "hash",
    "hash_type": "type", "hashtype": "type", "hash_name": "type", "algorithm": "type", "signal_type": "type",
    "photodna": "photodna", "photo_dna": "photodna", "pdna": "photodna",
    "category": "category", "class": "category", "categoria": "category", "catégorie": "category", "categoría": "category",
}  # fmt: skip
_BY_DIGITS = {32: "md5", 40: "sha1", 64: "sha256"}
NO_HASH = "not a hash of 32, 40 or 64 hexadecimal digits"
# Header cells that show a list to be an export of ICSE; its classes of hotlines stand in "Baseline".
_ICSE = {"baseline", "image_id", "series_name", "number_of_submissions"}


@dataclass(frozen=True)
class Columns:
    """Where what stands. bare: no line named columns: a hash, and perhaps its category, on each line.

    pdq_bare: a hash of 64 digits that says nothing of itself is PDQ, not SHA-256.
    """

    places: dict[str, int] = field(default_factory=dict)
    scheme: str = ""
    form: str = "csv"
    bare: bool = False
    pdq_bare: bool = False

    @property
    def category(self) -> int | None:
        return 1 if self.bare else self.places.get("category")

    def hashes(self) -> list[tuple[list[str], int]]:
        """Where hashes stand, and which kinds each of these places may hold; the length tells among them."""
        any_kind = ["md5", "sha1", "pdq" if self.pdq_bare else "sha256"]
        if self.bare:
            return [(any_kind, 0)]
        named = [([kind], self.places[kind]) for kind in DIGEST_BYTES if kind in self.places]
        return named + ([(any_kind, self.places["hash"])] if "hash" in self.places else [])

    def kind_of(self, text: str) -> str:
        """The kind of a hash by its length alone, or ""."""
        kind = _BY_DIGITS.get(len(text), "")
        return "pdq" if kind == "sha256" and self.pdq_bare else kind


def columns_of(cells: Sequence[str], *, pdq_bare: bool) -> Columns | None:
    """The columns that a list's first line names; None where it names none, and is a line of hashes itself.

    Raises Unreadable for one that names columns, but none of hashes.
    """
    names = [column_name(cell) for cell in cells]
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in NAMES:
            places.setdefault(NAMES[name], place)
    if not places:
        return None
    if not places.keys() & {*DIGEST_BYTES, "hash", "photodna"}:
        raise Unreadable("malformed", "This list names no column of hashes: md5, sha1, sha256 or pdq.")
    if set(names) >= _ICSE:
        return Columns(places | {"category": names.index("baseline")}, "ICSE Baseline", "icse", pdq_bare=pdq_bare)
    return Columns(places, pdq_bare=pdq_bare)


def row_of(found: Found, columns: Columns, line: int, cells: Sequence[str]) -> tuple[list[Hash], int] | None:
    """One line's hashes and category; None for a comment, and for a line whose fault has been told.

    cells: stripped, and not all of them empty.
    """
    comment = cells[0].startswith("#")
    try:
        hashes = _bare(columns, cells) if columns.bare else _named(found, columns, cells)
    except ValueError as problem:
        if not comment:
            found.problem(line, str(problem))
        return None
    if comment:
        found.problem(line, "it begins with #, so it is taken for a comment, though it holds a hash")
        return None
    if not hashes:
        return None
    code = cells[columns.category] if columns.category is not None and columns.category < len(cells) else ""
    return hashes, found.category(columns.scheme, code)


def _bare(columns: Columns, cells: Sequence[str]) -> list[Hash]:
    kind = columns.kind_of(cells[0])
    digest = digest_of(kind, cells[0]) if kind else None
    if digest is None:
        raise ValueError(NO_HASH)
    return [(kind, digest)]


def _named(found: Found, columns: Columns, cells: Sequence[str]) -> list[Hash]:
    """The hashes of a row; none for one that has only such as nothing here compares, which are counted.

    Raises ValueError, which says what is wrong.
    """
    row = {role: cells[place] for role, place in columns.places.items() if place < len(cells) and cells[place]}
    hashes = [(role, _digest(role, row[role])) for role in DIGEST_BYTES if role in row]
    if "hash" in row:
        kind = row.get("type") or columns.kind_of(row["hash"])
        if not kind:
            raise ValueError(NO_HASH)
        hashes += hashes_of(found, kind, row["hash"])
    elif not hashes and "photodna" not in row:
        raise ValueError("no hash in this row")
    if "photodna" in row:
        found.unsupported("photodna")
    return hashes


def _digest(kind: str, text: str) -> bytes:
    digest = digest_of(kind, text)
    if digest is None:
        raise ValueError(not_a(kind))
    return digest
