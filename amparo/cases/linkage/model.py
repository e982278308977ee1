"""What is compared about two accounts, in levels from the strongest agreement to none, and what each is worth to begin with.

The weights themselves are learned from the platform's own data (`weighing`); the figures here are what they are pulled to
where there is little data, and come from the measurements in docs/benchmarks.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

APART_DAYS = 90  # a number that was idle for so long between two accounts may have been given to somebody else


@dataclass(frozen=True)
class Level:
    """One degree of agreement. sql: of the columns of `records`, _l and _r; {any:x} is "lists x share a number".

    same: share of pairs of one person's accounts that agree so, before any data. chance: of pairs of strangers.
    household: of pairs of two people who share a line, a device, a card or a number; None: as strangers.
    finds: every pair that agrees so is looked at; others are seen only when something else brings them together.
    """

    name: str
    words: str
    sql: str
    same: float
    chance: float
    household: float | None = None
    finds: bool = True


@dataclass(frozen=True)
class Field:
    """One thing compared. personal: two people of one household don't share it. missing: SQL, when nothing can be said."""

    name: str
    levels: tuple[Level, ...]
    personal: bool
    missing: str = ""


def _two_few(kind: str, words: str, two: float, few: float, household: float | None = None) -> tuple[Level, Level]:
    return (
        Level(f"{kind}_two", f"{words} that no third account holds", f"{{any:{kind}_two}}", two, 1e-9, household),
        Level(
            f"{kind}_few",
            f"{words} that a few accounts hold",
            f"{{any:{kind}_few}}",
            few,
            3e-9,
            household and household / 2,
        ),
    )


_APART = f"greatest(since_l, since_r) - least(until_l, until_r) > {APART_DAYS}"
_PLACES = ("country", "locale", "zone")
_AGREE = " + ".join(f"CASE WHEN {each}_l = {each}_r THEN 1 ELSE 0 END" for each in _PLACES)
_DIFFER = " + ".join(f"CASE WHEN {each}_l <> {each}_r THEN 1 ELSE 0 END" for each in _PLACES)
_NAMED = "first_name_l = first_name_r"

_PLACE = "country, locale or zone"

FIELDS: tuple[Field, ...] = (
    Field(
        "email",
        (
            *_two_few("email", "one mailbox", 0.09, 0.05),
            Level("mailbox", "one mailbox but for dots and tags", "{any:mailbox_two} OR {any:mailbox_few}", 0.02, 3e-9),
            Level("local", "one rare mailbox name at two providers", "{any:local_two} OR {any:local_few}", 0.02, 1e-8),
        ),
        personal=True,
    ),
    Field(
        "phone",
        (
            Level(
                "phone_apart",
                f"one number, idle for more than {APART_DAYS} days between the two",
                f"({{any:phone_two}} OR {{any:phone_few}}) AND {_APART}",
                0.02,
                1e-9,
                0.2,
            ),
            *_two_few("phone", "one number", 0.06, 0.03, 0.1),
            Level(
                "number",
                "one number, written without its country by at least one",
                "{any:number_two} OR {any:number_few}",
                0.02,
                1e-8,
                0.02,
            ),
        ),
        personal=False,
    ),
    Field("device", _two_few("device", "one device", 0.18, 0.12, 0.5), personal=False),
    Field(
        "card",
        (
            *_two_few("token", "one payment token", 0.05, 0.03, 0.03),
            Level("issuer", "cards of one issuer", "{any:issuers}", 0.05, 2e-3, 0.01, finds=False),
        ),
        personal=False,
    ),
    Field("external", (Level("external", "one name elsewhere", "{any:external_two} OR {any:external_few}", 0.05, 1e-9),), True),
    Field(
        "handle",
        (
            Level("handle_two", "one name stem that no third account has", "{any:handle_two}", 0.2, 1e-7),
            Level("handle_few", "one name stem that a few accounts have", "{any:handle_few}", 0.15, 1e-6),
            Level(
                "head",
                "names that begin with one rare word",
                "{any:head_two} OR {any:head_few}",
                0.05,
                1e-6,
            ),
            Level("handle_many", "one name stem that many accounts have", "{any:handle_many} OR {any:head_many}",
                  0.15, 1e-4, finds=False),
        ),
        personal=True,
    ),
    Field(
        "name",
        (
            Level(
                "name_full",
                "one full name",
                f"{_NAMED} AND last_name_l = last_name_r AND length(last_name_l) > 1",
                0.12,
                1e-5,
            ),
            Level(
                "name_initial",
                "one first name and initial",
                f"{_NAMED} AND substr(last_name_l, 1, 1) = substr(last_name_r, 1, 1) "
                "AND (length(last_name_l) = 1 OR length(last_name_r) = 1)",
                0.1,
                1e-4,
                finds=False,
            ),
            Level("name_first", "one first name", f"{_NAMED} AND (last_name_l IS NULL OR last_name_r IS NULL)",
                  0.2, 1e-3, finds=False),
        ),
        personal=True,
        missing="first_name_l IS NULL OR first_name_r IS NULL",
    ),
    Field(
        "home",
        (
            Level("home_days", "one quiet address on three days or more", "{three:home_days}", 0.05, 1e-7, 0.4, finds=False),
            Level("home_day", "one quiet address on one day", "{any:home_days}", 0.1, 1e-6, 0.2, finds=False),
            Level("address", "one rare address, on different days", "{any:addresses}", 0.1, 3e-6, 0.1, finds=False),
        ),
        personal=False,
    ),
    Field(
        "place",
        (
            Level("place_two", f"{_PLACE}: two agree or more, none differs", f"({_AGREE}) >= 2 AND ({_DIFFER}) = 0",
                  0.5, 0.02, 0.5, finds=False),
            Level("place_one", f"{_PLACE}: one agrees, none differs", f"({_AGREE}) = 1 AND ({_DIFFER}) = 0",
                  0.3, 0.04, 0.3, finds=False),
            Level("place_mixed", f"{_PLACE}: some agree, some differ", f"({_AGREE}) >= 1", 0.12, 0.03, 0.12, finds=False),
        ),
        personal=False,
        missing=f"({_AGREE}) + ({_DIFFER}) = 0",
    ),
)  # fmt: skip


# What two people of one household, or two owners of one device or number, also share. Whatever its weight, it links nobody unless
# something personal agrees too (a mailbox, a name), a payment token, or both a number and a device.
IMPERSONAL = (
    "greatest(gamma_email, gamma_external, gamma_handle, gamma_name) <= 0 AND gamma_card < 2 "
    "AND NOT (gamma_phone > 0 AND gamma_device > 0)"
)


_WRITTEN = {  # what two lists share: at least one number, at least three
    "duckdb": ("list_has_any({0}_l, {0}_r)", "len(list_intersect({0}_l, {0}_r)) >= 3"),
    "spark": ("arrays_overlap({0}_l, {0}_r)", "size(array_intersect({0}_l, {0}_r)) >= 3"),
    "counts": ("({0} > 0)", "({0} >= 3)"),  # of a column that says how many they share
}


def level_sql(level: Level, dialect: str) -> str:
    """The level's condition as DuckDB or Spark writes it, or over counts of what is shared."""
    any_of, three = _WRITTEN[dialect]
    found = re.sub(r"\{any:(\w+)\}", lambda each: any_of.format(each[1]), level.sql)
    return re.sub(r"\{three:(\w+)\}", lambda each: three.format(each[1]), found)
