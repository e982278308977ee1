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

_DIGESTS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "pdq": "pdq", "md5hash": "md5", "sha1hash": "sha1"}
_PHOTODNA = ("photodna", "pdna")
_BY_DIGITS = {32: "md5", 40: "sha1", 64: "sha256"}
_MODEL = re.compile(r"datamodels/([\w.]+?)(?:\.xml)?(?:/([\w-]+))?(?:/?\$metadata)?(?:#|/?$)", re.IGNORECASE)
_CATEGORY_NAMES = ("category", "mediacategory", "vicscategory")
_SOURCES = {"sourceapplicationname": 0, "sourceapplicationversion": 1}


def read(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """Each Media is a row. A file that breaks off is read up to there, and where it breaks off is told."""
    number, model, application = 0, "", ["", ""]
    stream = entries(source)
    try:
        for each in stream:
            if isinstance(each, dict):
                number += 1
                take(found, f"Media {number:,}", each)
            elif isinstance(each, str):
                number += 1
                take(found, f"hash {number:,}", {_BY_DIGITS.get(len(each.strip()), "md5"): each})
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


def take(found: Found, element: str, entry: Entry) -> None:
    """One Media: its hashes as a row, or what is wrong with it."""
    media = {name.lower(): value for name, value in entry.items()}
    hashes: dict[Hash, None] = {}
    others = 0
    for kind, value in _hashes(media):
        if kind not in DIGEST_BYTES:
            found.unsupported(kind)
            others += 1
        elif (digest := digest_of(kind, value) if isinstance(value, str) else None) is None:
            found.problem(0, not_a(kind), element)
            others += 1
        else:
            hashes[kind, digest] = None
    if hashes:
        found.add(hashes, _category(found, element, media))
    elif not others:
        found.problem(0, "no hash", element)


def _hashes(media: Entry) -> Iterator[tuple[str, object]]:
    """Each hash as (kind, what is written), absent ones left out; kinds that nothing here compares under a name of their own."""
    for name, kind in _DIGESTS.items():
        value = _said(media.get(name))
        if value is not None:
            yield kind, value
    for name in _PHOTODNA:
        if _said(media.get(name)) is not None:
            yield "photodna", ""
    alternatives = media.get("alternativehashes")
    for each in alternatives if isinstance(alternatives, list) else []:
        if isinstance(each, dict):
            alternative = {name.lower(): value for name, value in each.items()}
            value = _said(alternative.get("hashvalue"))
            name = column_name(str(alternative.get("hashname") or "unnamed")[:40])
            if value is not None:
                yield TYPES.get(name, "photodna" if name in {"photo_dna", *_PHOTODNA} else name), value


def _said(value: object) -> object:
    """The value, text without blanks around it; None for all the ways to say nothing."""
    if isinstance(value, str):
        value = value.strip()
        return None if value.lower() in {"", "null"} else value
    return value


def _category(found: Found, element: str, media: Entry) -> int:
    value = next((said for name in _CATEGORY_NAMES if (said := _said(media.get(name))) is not None), None)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None:
        return NO_CATEGORY
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        found.problem(0, "Category is neither a number nor a text; the hashes are taken without it", element)
        return NO_CATEGORY
    return found.category("", str(value))
