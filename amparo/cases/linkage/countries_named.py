"""What names a country without an address: numbers, cards, zones, locales and what the account itself states."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import numpy as np
import phonenumbers

from amparo.cases.tables.store import Store

ZONES = Path(__file__).with_name("countries_zones.csv")  # tzdb 2026f: zone.tab and its links; public domain
ALSO = {"UK": "GB", "EL": "GR"}  # written by some platforms for the codes of ISO 3166
MORE = ("BV", "HM", "XK")  # countries without a zone of their own in tzdb
MOST_SHARED = 6  # accounts that pay by one token, from which on it says nothing: a voucher that was sold on
# Where a locale names a language alone: languages that one country's people mostly write in (CLDR's likely regions).
LANGUAGES = {
    "bg": "BG", "cs": "CZ", "da": "DK", "el": "GR", "et": "EE", "fi": "FI", "he": "IL", "hi": "IN", "hr": "HR", "hu": "HU",
    "id": "ID", "is": "IS", "it": "IT", "ja": "JP", "ka": "GE", "kk": "KZ", "km": "KH", "ko": "KR", "lo": "LA", "lt": "LT",
    "lv": "LV", "mk": "MK", "mn": "MN", "nb": "NO", "no": "NO", "pl": "PL", "ro": "RO", "sk": "SK", "sl": "SI", "sq": "AL",
    "sv": "SE", "th": "TH", "tr": "TR", "uk": "UA", "vi": "VN",
}  # fmt: skip
LOCALE = re.compile(r"([a-z]{2,3})(?:[-_][a-z]{4})?(?:[-_]([a-z]{2})(?![a-z0-9]))?", re.IGNORECASE)
_ROW = 'min(file::BIGINT * 1099511627776 + "row") AS source'
_TIMES = "coalesce(min(epoch({0})), 0)::BIGINT AS first, coalesce(max(epoch({1})), 0)::BIGINT AS last"


@cache
def zones() -> dict[str, str]:
    """Zone in small letters -> country."""
    with ZONES.open(encoding="utf-8", newline="") as file:
        return {row["zone"].casefold(): row["country"] for row in csv.DictReader(file)}


@cache
def codes() -> tuple[str, ...]:
    """Every country that can be named, in order: a place is a number in it."""
    return tuple(sorted({*zones().values(), *MORE}))


@cache
def places() -> dict[str, int]:
    """Code -> place, with the codes that are written for others."""
    known = {code: place for place, code in enumerate(codes())}
    return known | {also: known[code] for also, code in ALSO.items()}


def locale_place(locale: str) -> tuple[str, int] | None:
    """("locale" or "language", place) of a locale or of the first of a browser's list; None where it names no country."""
    found = LOCALE.match(locale.strip())
    if not found:
        return None
    if found[2]:
        place = places().get(found[2].upper())
        return None if place is None else ("locale", place)
    country = LANGUAGES.get(found[1].lower()) if locale.strip()[found.end() :][:1] in ("", ".", ",", ";", "@") else None
    return ("language", places()[country]) if country else None


def number_place(number: str) -> tuple[str, int] | None:
    """("phone" or "calling code", place) of digits that begin with a calling code; None where nothing is certain enough.

    Of a code that countries share, the number's own range decides; without one, only that code's main country is pointed to.
    """
    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(number[:length] or "0"))
        if not regions or regions == ("001",):
            continue
        if len(regions) == 1:
            return "phone", places()[regions[0]]
        rest = number[length:]
        parsed = phonenumbers.PhoneNumber(country_code=int(number[:length]), national_number=int(rest or "0"))
        region = phonenumbers.region_code_for_number(parsed)
        if region in places():
            return "phone", places()[region]
        return "calling code", places()[regions[0]]
    return None


def named(store: Store, accounts: int) -> dict[str, dict[str, np.ndarray]]:
    """By kind: account, place, count (of different values), events, first, last (seconds, 0 unknown), source (file << 40 | row).

    Needs `numbered` (of so many accounts) and `place_codes`.
    """
    stated = _stated(store, accounts)
    return {kind: stated[kind] for kind in _STATED} | _phones(store) | {"card": _cards(store)}


def place_codes(store: Store) -> None:
    """The table of countries by code."""
    store.table(
        "place_codes",
        {
            "code": np.array(list(places()), dtype=object),
            "place": np.array(list(places().values()), dtype=np.int16),
        },
    )


_STATED = ("stated country", "zone", "locale", "language")


def _stated(store: Store, accounts: int) -> dict[str, dict[str, np.ndarray]]:
    """What the accounts themselves state, by account. Each stands once in its table, so that there is nothing to group."""
    by_code = {code.casefold(): place for code, place in places().items()}
    by_zone = {zone: places()[code] for zone, code in zones().items()}
    country = {value: by_code[value.casefold()] for value in _values(store, "country") if value.casefold() in by_code}
    zone = {value: by_zone[value.casefold()] for value in _values(store, "zone") if value.casefold() in by_zone}
    locale = {value: named for value in _values(store, "locale") if (named := locale_place(value))}
    _known(store, "known_countries", country)
    _known(store, "known_zones", zone)
    _known(store, "known_locales", {value: place for value, (_, place) in locale.items()})
    _known(store, "known_languages", {value: 1 for value, (kind, _) in locale.items() if kind == "language"})
    found = store.arrays(
        "SELECT n.n AS account, coalesce(c.place, -1)::SMALLINT AS country, coalesce(z.place, -1)::SMALLINT AS zone, "
        "coalesce(l.place, -1)::SMALLINT AS locale, g.place IS NOT NULL AS language, "
        "coalesce(epoch(coalesce(a.created_utc, a.created_wall)), 0)::BIGINT AS moment, "
        'a.file::BIGINT * 1099511627776 + a."row" AS source '
        "FROM accounts a JOIN numbered n ON n.account = a.account LEFT JOIN known_countries c ON c.value = a.country "
        "LEFT JOIN known_zones z ON z.value = a.zone LEFT JOIN known_locales l ON l.value = a.locale "
        "LEFT JOIN known_languages g ON g.value = a.locale"
    )
    for table in ("countries", "zones", "locales", "languages"):
        store.run(f"DROP TABLE known_{table}")
    row = np.full(accounts, -1, np.int32)
    row[found["account"]] = np.arange(len(found["account"]), dtype=np.int32)
    row = row[row >= 0]
    language = found["language"][row]
    columns = {name: found[name][row] for name in ("account", "moment", "source", "country", "zone", "locale")}
    given = {
        "stated country": columns["country"] >= 0,
        "zone": columns["zone"] >= 0,
        "locale": (columns["locale"] >= 0) & ~language,
        "language": (columns["locale"] >= 0) & language,
    }
    held_by = {"stated country": "country", "zone": "zone", "locale": "locale", "language": "locale"}
    return {kind: _once(columns, held_by[kind], there) for kind, there in given.items()}


def _once(columns: dict[str, np.ndarray], place: str, there: np.ndarray) -> dict[str, np.ndarray]:
    moment, one = columns["moment"][there], np.ones(int(there.sum()), np.int32)
    return {
        "account": columns["account"][there],
        "place": columns[place][there],
        "count": one,
        "events": one,
        "first": moment,
        "last": moment,
        "source": columns["source"][there],
    }


def _values(store: Store, column: str) -> list[str]:
    """The different texts of a column of accounts."""
    return [
        str(row[0])
        for row in store.rows(f"SELECT DISTINCT {column} FROM accounts WHERE {column} IS NOT NULL ORDER BY 1")
    ]


def _known(store: Store, table: str, known: dict[str, int]) -> None:
    """The table of these values with their places."""
    store.run(f"CREATE OR REPLACE TABLE {table} (value VARCHAR, place SMALLINT)")
    if known:
        store.table(
            table,
            {"value": np.array(list(known), dtype=object), "place": np.array(list(known.values()), dtype=np.int16)},
        )


def _phones(store: Store) -> dict[str, dict[str, np.ndarray]]:
    """Numbers with a calling code (+ or 00 before it). Codes of one country by the code, others by the number, each once."""
    plain = "regexp_replace(regexp_replace({0}, '[^0-9+]', '', 'g'), '^00', '+')"
    store.run(
        'CREATE OR REPLACE TABLE numbers AS SELECT account, digits, moment, until, file, "row", CASE '
        "WHEN digits[1] = '1' THEN digits[:4] WHEN digits[1] = '7' OR digits[:2] IN ('39', '44', '47', '61') OR digits[:3] "
        "IN ('212', '262', '290', '358', '590', '599') THEN digits ELSE digits[:3] END AS key FROM ("
        f"SELECT n.n AS account, substring({plain.format('p.phone')}, 2) AS digits, p.moment, p.until, p.file, p.row FROM ("
        'SELECT account, phone, coalesce(created_utc, created_wall) AS moment, NULL::TIMESTAMP AS until, file, "row" '
        "FROM accounts WHERE phone IS NOT NULL UNION ALL "
        'SELECT account, value, coalesce(first_utc, first_wall), coalesce(last_utc, last_wall), file, "row" '
        f"FROM identifiers WHERE kind = 'phone') p JOIN numbered n ON n.account = p.account "
        f"WHERE {plain.format('p.phone')} SIMILAR TO '[+][1-9][0-9]{{6,14}}')"
    )
    keys = [str(row[0]) for row in store.rows("SELECT DISTINCT key FROM numbers ORDER BY key")]
    found = {key: place for key in keys if (place := number_place(_whole(key)))}
    made = {}
    for kind in ("phone", "calling code"):
        _known(store, "named_values", {key: place for key, (which, place) in found.items() if which == kind})
        made[kind] = store.arrays(
            "SELECT p.account, v.place, count(DISTINCT p.digits)::INTEGER AS count, count(*)::INTEGER AS events, "
            f"{_TIMES.format('p.moment', 'coalesce(p.until, p.moment)')}, {_ROW} "
            "FROM numbers p JOIN named_values v ON v.value = p.key GROUP BY p.account, v.place ORDER BY p.account, v.place"
        )
    store.run("DROP TABLE numbers")
    store.run("DROP TABLE named_values")
    return made


def _whole(key: str) -> str:
    """The key of a number of the North American plan is its area: any number of it is in that area's country."""
    return f"{key}2345678" if key.startswith("1") else key


def _cards(store: Store) -> dict[str, np.ndarray]:
    """The issuer's country as stated, else by the unit's table of prefixes (the longest that fits); not of tokens sold on."""
    longest = store.one("SELECT coalesce(max(length(prefix)), 0) FROM issuers")
    shortest = store.one("SELECT coalesce(min(length(prefix)), 0) FROM issuers") if longest else 1
    lengths = range(int(longest), int(shortest) - 1, -1) if longest else range(0)
    joins = "".join(
        f" LEFT JOIN issuer_places i{each} ON length(i{each}.prefix) = {each} AND i{each}.prefix = p.issuer[:{each}]"
        for each in lengths
    )
    places_told = ", ".join(["c.place", *(f"i{each}.place" for each in lengths)])
    store.run(
        "CREATE OR REPLACE TABLE issuer_places AS SELECT i.prefix, min(c.place) AS place FROM issuers i "
        "JOIN place_codes c ON c.code = upper(i.country) GROUP BY i.prefix HAVING count(DISTINCT c.place) = 1"
    )
    store.run(
        f"CREATE OR REPLACE TABLE sold_on AS SELECT token FROM payments WHERE token IS NOT NULL GROUP BY token "
        f"HAVING count(DISTINCT account) > {MOST_SHARED}"
    )
    return store.arrays(
        "WITH cards AS (SELECT n.n AS account, coalesce("
        + places_told
        + ") AS place, p.token, p.at_utc, p.at_wall, p.file, p.row "
        "FROM payments p JOIN numbered n ON n.account = p.account LEFT JOIN place_codes c ON c.code = upper(p.issuer_country)"
        + joins
        + " WHERE p.token IS NULL OR p.token NOT IN (SELECT token FROM sold_on)) "
        "SELECT account, place, greatest(1, count(DISTINCT token))::INTEGER AS count, count(*)::INTEGER AS events, "
        f"{_TIMES.format('coalesce(at_utc, at_wall)', 'coalesce(at_utc, at_wall)')}, {_ROW} "
        "FROM cards WHERE place IS NOT NULL GROUP BY account, place ORDER BY account, place"
    )
