"""Identifiers in the form in which they are compared, by SQL on whole columns; words and providers from a dated data file.

An address is never an identifier here: it corroborates (`weak_signs`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import phonenumbers

from amparo.cases.tables.base_mapping import Mailbox
from amparo.cases.tables.store import Store, literal

SHORTEST_STEM = 4  # letters; shorter ones say nothing
SHORTEST_LOCAL = 5
SUFFIX = 7  # digits that two ways of writing one number share


@dataclass(frozen=True)
class Provider:
    """One mail provider: its domain, other names of it, and what it ignores in a mailbox's name."""

    domain: str
    same: tuple[str, ...]
    dots: bool
    tag: str


@dataclass(frozen=True)
class NormalForms:
    """date: when the file was last looked over. placeholders: bare words. mailboxes: names before the @."""

    date: str
    providers: tuple[Provider, ...]
    placeholders: tuple[str, ...]
    mailboxes: tuple[str, ...]


@cache
def normal_forms(file: Path | None = None) -> NormalForms:
    """The rules of the data file that comes with this module, or of another of the same shape."""
    content: dict[str, Any] = tomllib.loads(
        (file or Path(__file__).with_name("normal_forms.toml")).read_text(encoding="utf-8")
    )
    providers = tuple(
        Provider(each["domain"], tuple(each.get("same", ())), each.get("dots", False), each.get("tag", ""))
        for each in content["provider"]
    )
    words = content["placeholders"]
    return NormalForms(str(content["date"]), providers, tuple(words["words"]), tuple(words["mailboxes"]))


def prepare(store: Store, forms: NormalForms, stated: Sequence[Mailbox] = ()) -> None:
    """Makes the small tables that the expressions below join. stated: rules of the platform's mapping, which go first."""
    rules = {
        domain: (domain, each.domain, each.dots, each.tag)
        for each in forms.providers
        for domain in (each.domain, *each.same)
    }
    rules |= {domain: (domain, each.domains[0], not each.dots, each.tag) for each in stated for domain in each.domains}
    store.run("CREATE OR REPLACE TABLE mail_rules (domain VARCHAR, main VARCHAR, dots BOOLEAN, tag VARCHAR)")
    store.run(f"INSERT INTO mail_rules VALUES {_rows(list(rules.values()))}")
    store.run("CREATE OR REPLACE TABLE placeholders (word VARCHAR)")
    store.run(f"INSERT INTO placeholders VALUES {_rows([(word,) for word in forms.placeholders])}")
    store.run("CREATE OR REPLACE TABLE dial_codes (code VARCHAR)")
    codes = [(str(code),) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    store.run(f"INSERT INTO dial_codes VALUES {_rows(codes)}")
    store.run("CREATE OR REPLACE TABLE mailboxes (word VARCHAR)")
    store.run(f"INSERT INTO mailboxes VALUES {_rows([(word,) for word in forms.mailboxes])}")


def _rows(rows: list[tuple[Any, ...]]) -> str:
    def cell(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else literal(value)

    return ", ".join("(" + ", ".join(cell(value) for value in row) + ")" for row in rows)


def keyed(store: Store, kind: str, raw: str) -> None:
    """Makes the table `keyed` (n, raw, problem and a column for each reading of this kind) of the rows (n, raw, land) of `raw`.

    A reading is NULL where the value is none. problem: NULL, 'placeholder' or 'unreadable'. The readings: READINGS.
    """
    small = "lower(nfc_normalize(raw))"
    trimmed = f"trim(regexp_replace({small}, '{_EDGES}', '', 'g'))"
    plain = f"CASE WHEN regexp_matches(raw, '{_EDGE}') THEN {trimmed} ELSE {small} END"
    store.run(
        f"""
        CREATE OR REPLACE TABLE bare AS
        SELECT n, raw, land, plain, NOT regexp_matches(plain, '[\\p{{L}}\\p{{N}}]')
               OR CASE WHEN plain[1] = plain[2] THEN replace(plain, plain[1], '') = '' ELSE false END
               OR plain IN (SELECT word FROM placeholders) AS empty
        FROM (SELECT n, raw, land, {plain} AS plain FROM ({raw}))
        """
    )
    if kind == "phone":
        _phones(store)
    rows, fits = {
        "email": (_MAILS, "email IS NOT NULL"),
        "phone": (_NUMBERS, "fits"),
        "handle": (_SPELLED, "true"),
    }.get(kind, (f"SELECT *, plain AS {kind} FROM bare", "true"))
    readings = ", ".join(f"CASE WHEN NOT empty THEN {each} END AS {each}" for each in READINGS[kind])
    store.run(
        f"CREATE OR REPLACE TABLE keyed AS SELECT n, raw, {readings}, CASE WHEN empty THEN 'placeholder' "
        f"WHEN NOT ({fits}) THEN 'unreadable' END AS problem FROM ({rows})"
    )
    store.run("DROP TABLE bare")
    store.run("DROP TABLE IF EXISTS phone_keys")


# What surrounds a value in a badly quoted export.
_EDGE = "^[\\s\"''<>.,;]|[\\s\"''<>.,;]$"
_EDGES = "^[\\s\"''<>.,;]+|[\\s\"''<>.,;]+$"
# A column's readings, the strictest first. mailbox: the same mailbox if its provider ignored dots and tags, which nobody
# stated; local: a mailbox's name at whatever provider; number: read as one of the account's land where it names none;
# head: the first word of a handle. Each is a kind of its own, with its own cap and its own weight.
READINGS = {
    "email": ("email", "mailbox", "local"),
    "phone": ("phone", "number"),
    "handle": ("handle", "head"),
    "device": ("device",),
    "token": ("token",),
    "external": ("external",),
}
_MAILS = f"""
    SELECT n, raw, empty OR name IN (SELECT word FROM mailboxes) AS empty, own || '@' || domain AS email,
           loose || '@' || domain AS mailbox, CASE WHEN length(loose) >= {SHORTEST_LOCAL} THEN loose END AS local
    FROM (
        SELECT n, raw, empty, name, coalesce(r.main, m.domain) AS domain,
               split_part(replace(split_part(name, '+', 1), '.', ''), '-', 1) AS loose,
               CASE WHEN r.dots THEN replace(untagged, '.', '') ELSE untagged END AS own
        FROM (
            SELECT *, CASE WHEN tag <> '' THEN split_part(name, tag, 1) ELSE name END AS untagged FROM (
                SELECT n, raw, empty, split_part(bare_mail, '@', 1) AS name, rtrim(split_part(bare_mail, '@', 2), '.') AS domain
                FROM (
                    SELECT n, raw, empty, CASE WHEN regexp_full_match(plain, '(mailto:)?[^@\\s:]+@[^@\\s]+\\.[^@\\s.]+\\.?')
                           THEN replace(plain, 'mailto:', '') END AS bare_mail FROM bare
                )
            ) s LEFT JOIN mail_rules t USING (domain)
        ) m LEFT JOIN mail_rules r ON r.domain = m.domain
    )
"""
_NUMBERS = """
    SELECT b.n, b.raw, b.empty, CASE WHEN p.plain THEN p.key END AS phone, p.key AS number,
           p.raw IS NOT NULL AS fits
    FROM bare b LEFT JOIN phone_keys p ON p.raw = b.raw AND p.land IS NOT DISTINCT FROM b.land
"""


def _core(letters: str) -> str:
    """SQL: letters without the digits around them, digits between them read as letters; NULL if little is left."""
    bare = f"regexp_replace({letters}, '^\\d+|\\d+$', '', 'g')"
    core = f"CASE WHEN regexp_matches({bare}, '[0134578]') THEN translate({bare}, '0134578', 'oieastb') ELSE {bare} END"
    return f"CASE WHEN length({bare}) >= {SHORTEST_STEM} THEN {core} END"


# Most handles are one word, whose stem is both.
_SPELLED = f"""
    SELECT n, raw, empty, handle, CASE WHEN strpos(words, ' ') > 0
           THEN {_core("list_filter(string_split(words, ' '), lambda part: length(part) >= 4)[1]")} ELSE handle END AS head
    FROM (
        SELECT *, {_core("replace(words, ' ', '')")} AS handle FROM (
            SELECT n, raw, empty, trim(regexp_replace(
                strip_accents(lower(nfc_normalize(raw))), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')) AS words FROM bare
        )
    )
"""


def name_parts(rows: str) -> str:
    """SQL: the rows with first_name and last_name (an initial where no more is given) for name; NULL where there is none."""
    bare = "trim(regexp_replace(strip_accents(lower(nfc_normalize(name))), '[^\\p{L}\\p{N}]+', ' ', 'g'))"
    return (
        f"SELECT * EXCLUDE (name, bare, said), nullif(split_part(said, ' ', 1), '') AS first_name, "
        f"CASE WHEN strpos(said, ' ') > 0 THEN string_split(said, ' ')[-1] END AS last_name FROM (SELECT *, CASE WHEN bare "
        f"NOT IN (SELECT word FROM placeholders) THEN bare END AS said FROM (SELECT *, {bare} AS bare FROM ({rows})))"
    )


def region(locale: str) -> str:
    """SQL: the country that a locale names (es_ES, es-ES), NULL where it names none."""
    return f"nullif(upper(regexp_extract({locale}, '[_-]([A-Za-z]{{2}})$', 1)), '')"


def _phones(store: Store) -> None:
    """Makes `phone_keys` (raw, land, key): E.164 by a join on the dial code; what is ambiguous goes through phonenumbers.

    Of the ambiguous only those are looked at whose last digits another number ends in too: others can't link anybody.
    """
    store.run(
        f"""
        CREATE OR REPLACE TABLE phones AS
        SELECT raw, land, international, right(digits, {SUFFIX}) AS suffix, digits,
               international AND code IS NOT NULL AND length(digits) BETWEEN 8 AND 15 AND digits[length(code) + 1] <> '0' AS plain
        FROM (
            SELECT raw, land, digits, international, CASE
                   WHEN digits[:1] IN (SELECT code FROM dial_codes) THEN digits[:1]
                   WHEN digits[:2] IN (SELECT code FROM dial_codes) THEN digits[:2]
                   WHEN digits[:3] IN (SELECT code FROM dial_codes) THEN digits[:3] END AS code
            FROM (
                SELECT raw, land, written LIKE '+%' OR written LIKE '00%' OR written LIKE '(+%' AS international,
                       regexp_replace(regexp_replace(written, '^00', ''), '\\D', '', 'g') AS digits
                FROM (SELECT DISTINCT raw, land, regexp_replace(lower(raw), '^(tel:|\\s)+', '') AS written FROM bare)
                WHERE regexp_full_match(written, '[+\\d\\s().\\-/\u00a0\u2010-\u2015]+')
            )
        ) WHERE length(digits) BETWEEN 6 AND 17
        """
    )
    store.run(
        """
        CREATE OR REPLACE TABLE phone_keys AS
        SELECT raw, land, plain, CASE WHEN plain THEN '+' || digits END AS key FROM phones
        """
    )
    odd = store.rows(
        """
        SELECT p.raw, p.land FROM phones p JOIN (
            SELECT suffix FROM phones GROUP BY suffix HAVING count(*) > 1
        ) USING (suffix) WHERE NOT p.plain ORDER BY ALL
        """
    )
    certain = {
        key
        for (key,) in store.rows(
            "SELECT DISTINCT '+' || digits FROM phones WHERE plain AND suffix IN (SELECT suffix FROM phones WHERE NOT plain)"
        )
    }
    found = [(raw, land or "", key) for raw, land in odd if (key := reading(raw, land, certain))]
    columns = zip(("raw", "land", "key"), zip(*found, strict=True) if found else ((), (), ()), strict=True)
    store.table("odd_phones", {name: np.array(cells, object) for name, cells in columns})
    store.run(
        "UPDATE phone_keys SET key = o.key FROM odd_phones o WHERE o.raw = phone_keys.raw "
        "AND o.land = coalesce(phone_keys.land, '')"
    )
    store.run("DROP TABLE phones")
    store.run("DROP TABLE odd_phones")


def reading(raw: str, land: str | None, certain: set[str]) -> str | None:
    """The number in E.164: as it stands, as one of the country `land`, or with the + that was left out.

    Of several readings the one that another account states in full (`certain`), else the first; None where none is possible.
    """
    plain = raw.strip()
    readings = [e164("+" + plain[2:] if plain.startswith("00") else plain, land)]
    if not plain.startswith(("+", "00", "(+")):
        readings.append(e164("+" + plain, None))
    return next((each for each in readings if each in certain), readings[0] or readings[-1])


def e164(written: str, land: str | None) -> str | None:
    """E.164 as phonenumbers reads it; None where it can't be a number."""
    try:
        number = phonenumbers.parse(written, land or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
