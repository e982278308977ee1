"""reply.csv: the form on which an authority without Amparo answers, and the page that explains it.

The columns and codes are a format (docs/formats/reply.md): what reads replies depends on them.
"""

from __future__ import annotations

from amparo.exchange.formats.contents import PackageContents
from amparo.exchange.formats.tables import csv_bytes
from amparo.exchange.formats.words import Words, wrapped

COLUMNS = (
    "reply_token", "package_reference", "version", "subject", "outcome", "date", "arrested_in", "ordered_by", "age",
    "reason", "devices_phone", "devices_tablet", "devices_laptop", "devices_desktop", "devices_storage",
    "children_identified", "children_safeguarded", "note",
)  # fmt: skip
OUTCOMES = ("acknowledged", "opened", "need_more", "arrested", "identified", "no_action")
REASONS = ("no_offence_here", "already_known", "not_identifiable", "person_not_here", "not_admissible", "other")
# The subject of a line that speaks of the package as a whole.
WHOLE_PACKAGE = "package"


def reply_csv(contents: PackageContents) -> bytes:
    """The form: a line for the package as a whole, then one for each person in the package's order; the rest left empty."""
    subjects = (WHOLE_PACKAGE, *(person.reference for person in contents.persons))
    known = (contents.reply_token, contents.reference, contents.version)
    empty = ("",) * (len(COLUMNS) - 4)
    return csv_bytes(COLUMNS, ((*known, subject, *empty) for subject in subjects))


def reply_guide(contents: PackageContents, words: Words) -> bytes:
    """How to fill the form in, as plain text in the addressee's language."""
    lines = [
        words("guide.title", reference=contents.reference),
        "",
        *wrapped(words("guide.intro", address=contents.reply_to)),
        "",
    ]
    if contents.answer_by:
        lines += [words("guide.by", date=words.date(contents.answer_by)), ""]
    lines += [*wrapped(words("guide.lines")), "", words("guide.outcomes"), ""]
    lines += [f"  {code:<16}{words(f'outcome.{code}')}" for code in OUTCOMES]
    lines += ["", words("guide.reasons"), ""]
    lines += [f"  {code:<20}{words(f'reason.{code}')}" for code in REASONS]
    lines += ["", words("guide.columns"), ""]
    lines += [f"  {column:<24}{words(f'column.{column}')}" for column in COLUMNS]
    lines += ["", words("guide.example"), "", *_examples(contents), "", words("guide.secret")]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _examples(contents: PackageContents) -> list[str]:
    known = f"{contents.reply_token},{contents.reference},{contents.version}"
    subject = contents.persons[0].reference if contents.persons else "P-1"
    country = contents.addressee.country
    return [
        f"  {known},{WHOLE_PACKAGE},acknowledged,2026-01-15,,,,,,,,,,,,",
        f"  {known},{subject},arrested,2026-02-20,{country},{country},34,,2,0,1,0,3,1,1,",
        f"  {known},{subject},no_action,2026-02-20,,,,person_not_here,,,,,,,,",
    ]
