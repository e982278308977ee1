"""VICS 1.2 to 2.0, as Project VIC, CAID and others write it: hash sets and case files, whatever their exporters got wrong.

The specification is not public; the shape is read off public programs. Categories are national: the number is kept as it stands,
in a scheme that names the version and the country segment of the data model ("VICS 2.0 UK"). Only Category says what somebody
decided; IsPrecategorized and the totals of a case are known to be wrong in real exports and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from amparo.sandbox.inside.frames import Facts
from amparo.sandbox.inside.hash_lists.json_stream import Entry, Fault, entries
from amparo.sandbox.inside.hash_lists.records import DIGEST_BYTES, NO_CATEGORY, Found, Hash, digest_of, not_a
from amparo.sandbox.inside.hash_lists.signals import TYPES
from amparo.sandbox.inside.tables import column_name

# What is read of a Media, by its name as it is usually written, and in small letters for all other ways.
_NAMES = {
    "MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "PDQ": "pdq", "MD5Hash": "md5", "SHA1Hash": "sha1",
    "PhotoDNA": "photodna", "PDNA": "photodna", "AlternativeHashes": "alternatives",
    "Category": "category", "MediaCategory": "category", "VICSCategory": "category",
}  # fmt: skip
_ROLES = {name.lower(): role for name, role in _NAMES.items()}
# Where a Media has no other names than these, what is read of it is found by asking for it.
_USUAL = frozenset(
    {*_NAMES, "MediaID", "MediaSize", "MimeType", "RelativeFilePath", "DateUpdated", "Comments", "Exifs", "MediaFiles"}
    | {"VictimIdentified", "OffenderIdentified", "IsDistributed", "IsSuspected", "SelfGenerated", "IsPrecategorized"}
    | {"PrecategorizationSource", "Series", "Tags"}
)
_BY_DIGITS = {32: "md5", 40: "sha1", 64: "sha256"}
_MODEL = re.compile(r"datamodels/([\w.]+?)(?:\.xml)?(?:/([\w-]+))?(?:/?\$metadata)?(?:#|/?$)", re.IGNORECASE)
_SOURCES = {"sourceapplicationname": 0, "sourceapplicationversion": 1}


def read(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """Each Media is a row. A file that breaks off is read up to there, and where it breaks off is told."""
    number, model, application = 0, "", ["", ""]
    stream = entries(source)
    try:
        for each in stream:
            if isinstance(each, dict):
                number += 1
                take(found, "Media", number, each)
            elif isinstance(each, str):
                number += 1
                take(found, "hash", number, {_BY_DIGITS.get(len(each.strip()), "md5"): each})
            elif isinstance(each.value, str):
                name = each.name.lower()
                if name in {"@odata.context", "odata.metadata"}:
                    model = each.value
                elif name in _SOURCES:
                    application[_SOURCES[name]] = each.value
    except Fault as fault:
        found.problem(0, f"the file can't be read on from here: {fault}", f"after Media {number:,}")
    version, country = model_of(model)
    scheme = " ".join(part for part in ("VICS", version, country) if part)
    said = " ".join(part for part in application if part)
    return found.facts("vics", scheme=scheme, version=f"{version} {country}".strip(), source=said[:120])


def model_of(address: str) -> tuple[str, str]:
    """The version and country segment of a data model's address; ("", "") for an unknown one. 1.x has no country."""
    match = _MODEL.search(address[:300])
    return (match[1], match[2] or "") if match else ("", "")


def take(found: Found, element: str, number: int, entry: Entry) -> None:
    """One Media: its hashes as a row, or what is wrong with it. element, number: how it is named then."""
    hashes: dict[Hash, None] = {}
    others, category = 0, NO_CATEGORY
    for kind, value in _said_of(entry):
        if kind == "category":
            known = _category(found, value)
            if known is None:
                words = "Category is neither a number nor a text; the hashes are taken without it"
                found.problem(0, words, f"{element} {number:,}")
            category = NO_CATEGORY if known is None else known
        elif kind not in DIGEST_BYTES:
            found.unsupported(kind)
            others += 1
        elif (digest := digest_of(kind, value) if isinstance(value, str) else None) is None:
            found.problem(0, not_a(kind), f"{element} {number:,}")
            others += 1
        else:
            hashes[kind, digest] = None
    if hashes:
        found.add(hashes, category)
    elif not others:
        found.problem(0, "no hash", f"{element} {number:,}")


def _said_of(media: Entry) -> list[tuple[str, object]]:
    """What a Media says of itself that is read: (kind of hash, or "category"; what is written). Kinds that aren't compared too."""
    if _USUAL.issuperset(media):
        written = [(role, media[name]) for name, role in _NAMES.items() if name in media]
    else:
        written = [(role, value) for name, value in media.items() if (role := _ROLES.get(name.lower()))]
    said: list[tuple[str, object]] = []
    for role, value in written:
        if role == "alternatives":
            said += _alternatives(value)
        elif (given := _said(value)) is not None:
            said.append((role, given))
    return said


def _alternatives(listed: object) -> Iterator[tuple[str, object]]:
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict):
            alternative = {name.lower(): value for name, value in each.items()}
            value = _said(alternative.get("hashvalue"))
            name = column_name(str(alternative.get("hashname") or "unnamed")[:40])
            if value is not None:
                yield TYPES.get(name, "photodna" if name in {"photo_dna", "photodna", "pdna"} else name), value


def _said(value: object) -> object:
    """The value, text without blanks around it; None for all the ways to say nothing."""
    if isinstance(value, str):
        value = value.strip()
        return None if len(value) <= 4 and value.lower() in {"", "null"} else value
    return value


def _category(found: Found, value: object) -> int | None:
    """The number of a category as it is written; None for what is neither a number nor a text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    return found.category("", str(value))
