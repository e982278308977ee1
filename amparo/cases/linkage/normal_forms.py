"""Identifiers in the form in which they are compared, by SQL on whole columns; words and providers from a dated data file.

An address is never an identifier here: it corroborates (`weak_signs`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers

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


def prepare(store: Store, forms: NormalForms) -> None:
    """Makes the small tables that the expressions below join: mail_rules, placeholders, dial_codes."""
    rules = [
        (domain, each.domain, each.dots, each.tag) for each in forms.providers for domain in (each.domain, *each.same)
    ]
    store.run("CREATE OR REPLACE TABLE mail_rules (domain VARCHAR, main VARCHAR, dots BOOLEAN, tag VARCHAR)")
    store.run(f"INSERT INTO mail_rules VALUES {_rows(rules)}")
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
    """Makes the table `keyed` (account, key, problem) of the rows (account, raw, country) that the query `raw` gives.

    key: NULL where the value is none. problem: NULL, 'placeholder' or 'unreadable'.
    """
    store.run(f"CREATE OR REPLACE TABLE bare AS SELECT account, raw, country, {_PLAIN} AS plain FROM ({raw})")
    if kind in ("phone", "number"):
        _phones(store)
    rules = "LEFT JOIN mail_rules r ON r.domain = rtrim(split_part(b.plain, '@', 2), '.')"
    numbers = "LEFT JOIN phone_keys p ON p.raw = b.raw AND p.country IS NOT DISTINCT FROM b.country"
    key, joins = {
        "email": (_EMAIL, rules),
        "mailbox": (_MAILBOX, rules),
        "local": (_LOCAL, rules),
        "phone": ("CASE WHEN p.plain THEN p.key END", numbers),
        "number": ("p.key", numbers),
        "handle": (stem("b.raw"), ""),
        "head": (_HEAD, ""),
    }.get(kind, ("b.plain", ""))
    store.run(
        f"""
        CREATE OR REPLACE TABLE keyed AS
        SELECT account, CASE WHEN empty THEN NULL ELSE key END AS key,
               CASE WHEN empty THEN 'placeholder' WHEN key IS NULL THEN 'unreadable' END AS problem
        FROM (
            SELECT DISTINCT b.account, {key} AS key,
                   w.word IS NOT NULL OR b.plain = '' OR (length(b.plain) > 1 AND translate(b.plain, b.plain[1], '') = '')
                   {_NOBODY if rules == joins else ""} AS empty
            FROM bare b LEFT JOIN placeholders w ON w.word = b.plain {joins}
        )
        """
    )
    store.run("DROP TABLE bare")
    store.run("DROP TABLE IF EXISTS phone_keys")


# Without capitals, compatibility forms and the signs that surround a value in a badly quoted export.
_PLAIN = "trim(lower(nfc_normalize(raw)), ' \t\"''<>.,;')"
_NAME = "split_part(regexp_replace(b.plain, '^mailto:', ''), '@', 1)"
_IS_MAIL = "regexp_full_match(regexp_replace(b.plain, '^mailto:', ''), '[^@\\s]+@[^@\\s]+\\.[^@\\s.]+\\.?')"
_DOMAIN = "coalesce(r.main, rtrim(split_part(b.plain, '@', 2), '.'))"
_EMAIL = f"""
    CASE WHEN {_IS_MAIL} THEN
        CASE WHEN r.dots THEN replace(CASE WHEN r.tag <> '' THEN split_part({_NAME}, r.tag, 1) ELSE {_NAME} END, '.', '')
             WHEN r.tag <> '' THEN split_part({_NAME}, r.tag, 1) ELSE {_NAME} END
        || '@' || {_DOMAIN}
    END
"""
# The same mailbox if its provider ignored dots and tags, which nobody stated: a sign, weighed by itself.
_LOOSE = f"regexp_replace(replace(split_part({_NAME}, '+', 1), '.', ''), '-.*$', '')"
_MAILBOX = f"CASE WHEN {_IS_MAIL} THEN {_LOOSE} || '@' || {_DOMAIN} END"
_LOCAL = f"CASE WHEN {_IS_MAIL} AND length({_LOOSE}) >= {SHORTEST_LOCAL} THEN {_LOOSE} END"
_NOBODY = f"OR {_NAME} IN (SELECT word FROM mailboxes)"


def stem(handle: str) -> str:
    """SQL: what is left of a handle without accents, signs, digits around it and digits written for letters; NULL if short."""
    letters = f"regexp_replace(strip_accents(lower(nfc_normalize({handle}))), '[^\\p{{L}}\\p{{N}}]', '', 'g')"
    core = f"translate(regexp_replace(regexp_replace({letters}, '\\d+$', ''), '^\\d+', ''), '0134578', 'oieastb')"
    return f"CASE WHEN length({core}) >= {SHORTEST_STEM} THEN {core} END"


# The first run of letters before a sign: "mario" of "mario_bcn". NULL where the whole handle is one run.
_HEAD = (
    f"CASE WHEN regexp_matches(b.raw, '[\\p{{L}}\\p{{N}}][^\\p{{L}}\\p{{N}}]+[\\p{{L}}\\p{{N}}]') THEN "
    + stem("list_filter(regexp_split_to_array(b.raw, '[^\\p{L}\\p{N}]+'), lambda part: length(part) >= 4)[1]")
    + f" ELSE {stem('b.raw')} END"
)


def name_parts(name: str) -> str:
    """SQL for two columns: first_name, and last_name (an initial where no more is given); NULL where there is none."""
    bare = f"trim(regexp_replace(strip_accents(lower(nfc_normalize({name}))), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'))"
    said = f"CASE WHEN {bare} NOT IN (SELECT word FROM placeholders) THEN {bare} END"
    return (
        f"nullif(split_part({said}, ' ', 1), '') AS first_name, "
        f"CASE WHEN strpos({said}, ' ') > 0 THEN string_split({said}, ' ')[-1] END AS last_name"
    )


def region(locale: str) -> str:
    """SQL: the country that a locale names (es_ES, es-ES), NULL where it names none."""
    return f"nullif(upper(regexp_extract({locale}, '[_-]([A-Za-z]{{2}})$', 1)), '')"


def _phones(store: Store) -> None:
    """Makes `phone_keys` (raw, country, key): E.164 by a join on the dial code; what is ambiguous goes through phonenumbers.

    Of the ambiguous only those are looked at whose last digits another number ends in too: others can't link anybody.
    """
    store.run(
        f"""
        CREATE OR REPLACE TABLE phones AS
        SELECT raw, country, international, right(digits, {SUFFIX}) AS suffix, digits,
               international AND code IS NOT NULL AND length(digits) BETWEEN 8 AND 15 AND digits[length(code) + 1] <> '0' AS plain
        FROM (
            SELECT raw, country, digits, international, CASE
                   WHEN digits[:1] IN (SELECT code FROM dial_codes) THEN digits[:1]
                   WHEN digits[:2] IN (SELECT code FROM dial_codes) THEN digits[:2]
                   WHEN digits[:3] IN (SELECT code FROM dial_codes) THEN digits[:3] END AS code
            FROM (
                SELECT raw, country, written LIKE '+%' OR written LIKE '00%' OR written LIKE '(+%' AS international,
                       regexp_replace(regexp_replace(written, '^00', ''), '\\D', '', 'g') AS digits
                FROM (SELECT DISTINCT raw, country, regexp_replace(lower(raw), '^(tel:|\\s)+', '') AS written FROM bare)
                WHERE regexp_full_match(written, '[+\\d\\s().\\-/\u00a0\u2010-\u2015]+')
            )
        ) WHERE length(digits) BETWEEN 6 AND 17
        """
    )
    store.run(
        """
        CREATE OR REPLACE TABLE phone_keys AS
        SELECT raw, country, plain, CASE WHEN plain THEN '+' || digits END AS key FROM phones
        """
    )
    odd = store.rows(
        """
        SELECT p.raw, p.country, p.international FROM phones p JOIN (
            SELECT suffix FROM phones GROUP BY suffix HAVING count(*) > 1
        ) USING (suffix) WHERE NOT p.plain ORDER BY ALL
        """
    )
    store.run("CREATE OR REPLACE TABLE odd_phones (raw VARCHAR, country VARCHAR, key VARCHAR)")
    certain = {key for (key,) in store.rows("SELECT DISTINCT '+' || digits FROM phones WHERE plain AND suffix IN (SELECT suffix FROM phones WHERE NOT plain)")}
    found = [(raw, country or "", key) for raw, country, _ in odd if (key := reading(raw, country, certain))]
    for start in range(0, len(found), 5000):
        store.run(f"INSERT INTO odd_phones VALUES {_rows(found[start : start + 5000])}")
    store.run(
        "UPDATE phone_keys SET key = o.key FROM odd_phones o WHERE o.raw = phone_keys.raw AND o.country = coalesce(phone_keys.country, '')"
    )
    store.run("DROP TABLE phones")
    store.run("DROP TABLE odd_phones")


def reading(raw: str, country: str | None, certain: set[str]) -> str | None:
    """The number in E.164: as it stands, as one of `country`, or with the + that was left out.

    Of several readings the one that another account states in full (`certain`), else the first; None where none is possible.
    """
    plain = raw.strip()
    readings = [e164("+" + plain[2:] if plain.startswith("00") else plain, country)]
    if not plain.startswith(("+", "00", "(+")):
        readings.append(e164("+" + plain, None))
    return next((each for each in readings if each in certain), readings[0] or readings[-1])


def e164(written: str, country: str | None) -> str | None:
    """E.164 as phonenumbers reads it; None where it can't be a number."""
    try:
        number = phonenumbers.parse(written, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
