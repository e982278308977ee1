"""The platform's files: numbers become text in DuckDB, each table in a shape of its own, "
"the same bytes for the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.platforms import naming
from benchmarks.platforms.activity import KINDS, VOUCHER, WEAK, Events, Payments
from benchmarks.platforms.crowds import Crowds
from benchmarks.platforms.lands import FIRST_DAY, codes, lands, offsets, shares
from benchmarks.platforms.nets import V6, Nets
from benchmarks.platforms.people import People

START_S = int(FIRST_DAY.timestamp())
PART = 1_000_000  # events in one file
ROLES = ("member", "admin", "owner")


class Writer:
    """Writes tables below `out`. shape: "mixed", "csv" or "jsonl"."""

    def __init__(self, out: Path, shape: str, hidden: bool) -> None:
        self.out, self.shape, self.hidden = out, shape, hidden
        out.mkdir(parents=True, exist_ok=True)
        self.con = duckdb.connect(config={"threads": 2, "memory_limit": "1GiB", "temp_directory": str(out / ".spill")})
        for name, values in {
            "syllables": naming.SYLLABLES,
            "domains": naming.DOMAINS,
            "codes": tuple(codes().tolist()),
            "dials": tuple(each.dial for each in lands()),
            "lengths": tuple(each.digits - 3 for each in lands()),
            "locales": tuple(each.locale for each in lands()),
            "zones": tuple(each.zone for each in lands()),
            "kinds": KINDS,
            "roles": ROLES,
        }.items():
            self.con.execute(f"CREATE MACRO {name}(i) AS ({list(values)!r})[i::INTEGER + 1]").fetchall()
        for name, body in _MACROS.items():
            self.con.execute(f"CREATE MACRO {name} AS {body}").fetchall()

    def given(self, name: str, columns: dict[str, np.ndarray]) -> None:
        self.con.register(f"given_{name}", {key: np.ascontiguousarray(value) for key, value in columns.items()})
        self.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given_{name}").fetchall()
        self.con.unregister(f"given_{name}")

    def write(self, sql: str, name: str, shape: str = "", options: str = "") -> None:
        """The query's rows into this file; `name` has no ending. The shape asked for on the command line goes first."""
        shape = self.shape if self.shape != "mixed" and shape != "truth" else shape
        ending, told = {
            "csv": ("csv", f"FORMAT csv, HEADER{options}"),
            "jsonl": ("jsonl", "FORMAT json"),
            "parquet": ("parquet", "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"),
            "truth": ("parquet", "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"),
        }[shape]
        place = self.out / ("" if name.startswith("truth/") else "platform") / f"{name}.{ending}"
        place.parent.mkdir(parents=True, exist_ok=True)
        self.con.execute(f"COPY ({sql}) TO '{place}' ({told})").fetchall()


_MACROS = {
    "person_account(n)": "'u' || n",
    "moment(s)": f"make_timestamp(({START_S} + s::BIGINT) * 1000000)",
    "iso(s)": f"strftime(make_timestamp(({START_S} + s::BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%SZ')",
    "v4(n)": "(n >> 24) || '.' || (n >> 16 & 255) || '.' || (n >> 8 & 255) || '.' || (n & 255)",
    "x(n)": "lower(hex(n::BIGINT))",
    "v6(n, i)": (
        f"'2001:db8:' || x((n - {V6}) >> 16) || ':' || x((n - {V6}) & 65535) || ':' || x(i >> 47) || ':' || x(i >> 31 & 65535)"
        " || ':' || x(i >> 15 & 65535) || ':' || x(i & 32767)"
    ),
    "address_of(n, i)": f"CASE WHEN n < 0 THEN NULL WHEN n >= {V6} THEN v6(n, i) ELSE v4(n) END",
    "syllable(i)": "CASE WHEN i < 0 THEN '' ELSE syllables(i) END",
    "stem(a, b, c, d)": "syllable(a) || syllable(b) || syllable(c) || syllable(d)",
    "mistyped(t, how, p)": (
        "CASE how WHEN 1 THEN left(t, p - 1) || substr(t, p + 1) WHEN 2 THEN left(t, p) || substr(t, p) "
        "WHEN 3 THEN left(t, p - 1) || substr(t, p + 1, 1) || substr(t, p, 1) || substr(t, p + 2) ELSE t END"
    ),
    "separator(i)": "['', '_', '.', '-'][i + 1]",
    "base36(n)": "lower(to_base(n::BIGINT, 36))",
}

_HANDLE = """
    WITH s AS (SELECT *, mistyped(stem(s0, s1, s2, s3), typo, typo_at) AS spelled FROM accounts),
    t AS (SELECT *, CASE WHEN leet THEN translate(spelled, 'oei', '031') ELSE spelled END AS body FROM s),
    u AS (SELECT *, ['', 'x', 'the', 'xx'][deco + 1] || CASE WHEN deco > 0 THEN separator(sep) ELSE '' END || body ||
        CASE tail WHEN 0 THEN '' WHEN 1 THEN separator(sep) || year WHEN 2 THEN separator(sep) || digits
        ELSE separator(sep) || syllable(digits % 110) END AS plain FROM t),
    v AS (SELECT *, CASE capital WHEN 1 THEN upper(left(plain, 1)) || substr(plain, 2) WHEN 2 THEN upper(plain) ELSE plain END
        AS cased, row_number() OVER (PARTITION BY lower(plain) ORDER BY public) AS taken FROM u)
    SELECT *, cased || CASE WHEN taken > 1 THEN '_' || taken ELSE '' END AS handle FROM v
"""
_EMAIL = """
    CASE WHEN mailbox = -1 THEN NULL WHEN mailbox = -2 THEN 'none@example.org' ELSE (
        CASE spelled_mail WHEN 1 THEN upper(left(local_part, 3)) || substr(local_part, 4)
        WHEN 2 THEN local_part || '+' || syllable(digits % 110)
        WHEN 3 THEN left(local_part, 3) || '.' || substr(local_part, 4) ELSE local_part END || '@' ||
        CASE WHEN spelled_mail = 4 THEN 'mail.example.net'
        WHEN spelled_mail = 1 AND digits % 2 = 0 THEN upper(domains(domain)) ELSE domains(domain) END) END
"""
_PHONE = """
    CASE WHEN number < 0 THEN CASE WHEN public % 331 = 7 THEN '000000000' END ELSE (
        CASE typed WHEN 0 THEN '+' || dials(phone_land) || national
        WHEN 1 THEN '+' || dials(phone_land) || ' ' || left(national, 3) || ' ' || substr(national, 4)
        WHEN 2 THEN '00' || dials(phone_land) || national
        WHEN 3 THEN '(+' || dials(phone_land) || ') ' || left(national, 3) || '-' || substr(national, 4)
        WHEN 4 THEN dials(phone_land) || national ELSE national END) END
"""


def accounts(out: Writer, folk: People, net: Nets, seed: int) -> None:
    """accounts and identifiers; what a hidden service does not have is not written."""
    random = np.random.default_rng([seed, 7])
    count, home = folk.accounts, folk.home()
    any_land = random.choice(len(shares()), (3, count), p=shares())
    locale = np.where(random.random(count) < 0.78, home, np.where(random.random(count) < 0.6, 1, any_land[0]))
    zone = np.where(random.random(count) < 0.98, home, any_land[1])
    country = np.where(random.random(count) < 0.88, home, any_land[2])
    earlier = np.where(folk.first_day == 0, random.integers(0, 700, count), 0)
    name_key = folk.person.astype(np.int64) * 8 + np.where(folk.shares["name"], 0, folk.place + 1)
    bits = naming.mixed(name_key + 3)
    columns: dict[str, Any] = {"public": folk.public, "order_in": np.arange(count)}
    columns |= naming.handles(folk, random)
    mail = naming.mailboxes(folk, random)
    mail_bits = naming.mixed(mail["mailbox"] + 77)
    columns |= {"mailbox": mail["mailbox"], "domain": mail["domain"], "spelled_mail": mail["spelled"]}
    columns |= {"m0": mail_bits % np.uint64(110), "m1": (mail_bits >> np.uint64(20)) % np.uint64(110)}
    columns |= naming.phones(folk, net, random)
    columns |= {
        "created_s": (folk.first_day - earlier).astype(np.int64) * 86_400 + random.integers(0, 86_400, count),
        "locale": locale,
        "zone": np.where(random.random(count) < 0.35, zone, -1),
        "country": np.where(random.random(count) < 0.5, country, -1),
        "n0": bits % np.uint64(110),
        "n1": (bits >> np.uint64(16)) % np.uint64(110),
        "n2": (bits >> np.uint64(32)) % np.uint64(110),
        "n3": (bits >> np.uint64(44)) % np.uint64(110),
        "named": random.choice(4, count, p=[0.4, 0.35, 0.15, 0.1]),
    }
    out.given("accounts", columns)
    seen = (
        ""
        if out.hidden
        else f", {_PHONE} AS phone, CASE WHEN zone >= 0 THEN zones(zone) END AS timezone, "
        "CASE WHEN country >= 0 THEN codes(country) END AS country"
    )
    first, last = "(upper(left(f, 1)) || substr(f, 2))", "(upper(left(l, 1)) || substr(l, 2))"
    out.con.execute(
        "CREATE OR REPLACE TABLE written AS SELECT *, syllable(m0) || syllable(m1) || base36(mailbox + 1296) AS local_part, "
        "'100' || lpad(number::VARCHAR, lengths(phone_land), '0') AS national, syllable(n0) || syllable(n1) AS f, "
        f"syllable(n2) || syllable(n3) AS l FROM ({_HANDLE})"
    ).fetchall()
    out.con.execute(
        f"CREATE OR REPLACE TABLE finished AS SELECT order_in, public, digits, "
        f"person_account(public) AS user_id, iso(created_s) AS joined, handle, "
        f"CASE named WHEN 0 THEN {first} || ' ' || {last} WHEN 1 THEN {first} WHEN 2 THEN f || ' ' || left(l, "
        f"1) || '.' END AS name, "
        f"{_EMAIL} AS email, locales(locale) AS locale{seen}, created_s FROM written"
    ).fetchall()
    out.write("SELECT * EXCLUDE (order_in, public, digits, created_s) FROM finished ORDER BY public", "accounts", "csv")
    _identifiers(out, folk, random)


def _identifiers(out: Writer, folk: People, random: np.random.Generator) -> None:
    """Further identifiers: mailboxes given up, mailboxes for recovery (sometimes another account's own), names elsewhere."""
    count = folk.accounts
    kind = random.choice(4, count, p=[0.96, 0.02, 0.012, 0.008])
    other = np.where((folk.place > 0) & folk.shares["email"] & (random.random(count) < 0.1), np.arange(count) - 1, -1)
    out.given(
        "further", {"order_in": np.arange(count), "kind": kind, "other": other, "k": folk.person.astype(np.int64)}
    )
    out.write(
        "SELECT user_id, kind, value, iso(created_s) AS seen_from, "
        "CASE WHEN digits % 3 > 0 THEN iso(created_s + digits * 900) END "
        "AS seen_to FROM (SELECT a.public, a.user_id, a.created_s, a.digits, CASE WHEN f.other >= 0 THEN 'RECOVERY' ELSE "
        "['', 'OLD_EMAIL', 'RECOVERY', 'MESSENGER'][f.kind + 1] END AS kind, CASE WHEN f.other >= 0 THEN b.email "
        "WHEN f.kind = 3 THEN 'm-' || base36(f.k * 7919 + 46656) ELSE 'former.' || base36(f.order_in * 31 + "
        "1296) || '@example.net' END AS value "
        "FROM finished a JOIN further f USING (order_in) LEFT JOIN finished b ON b.order_in = f.other "
        "WHERE f.kind > 0 OR f.other >= 0) WHERE value IS NOT NULL ORDER BY public, kind",
        "identifiers",
        "csv",
    )


def events(out: Writer, folk: People, made: Events) -> None:
    """events-00 and on, in order of time."""
    order = np.argsort(made.at_s, kind="stable")
    public = folk.public
    weak = made.device >= WEAK
    for number, start in enumerate(range(0, len(order), PART)):
        some = order[start : start + PART]
        account, device = made.account[some], made.device[some]
        day = made.at_s[some] // 86_400
        columns = {
            "account": public[account],
            "at_s": made.at_s[some],
            "kind": made.kind[some],
            "item": np.where(made.item[some] >= 0, item_number(made.item[some]), -1),
        }
        if not out.hidden:
            columns |= {
                "address": made.address[some],
                "low": (naming.mixed(device * 1024 + day + 5) >> np.uint64(1)).astype(np.int64),
                "port": made.port[some],
                "device": np.where(device >= 0, (naming.mixed(device + 9) >> np.uint64(1)).astype(np.int64), -1),
                "weak": weak[some],
                "country": made.country[some],
            }
        out.given("part", columns)
        net = (
            ""
            if out.hidden
            else (
                ", address_of(address, low) AS ip, CASE WHEN port >= 0 THEN port END AS port, CASE WHEN device >= 0 THEN "
                "CASE WHEN weak THEN 'fp-' ELSE 'd-' END || x(device) END AS device, "
                "CASE WHEN country >= 0 THEN codes(country) END AS country"
            )
        )
        out.write(
            f'SELECT person_account(account) AS user_id, moment(at_s) AS "at", kinds(kind) AS kind{net}, '
            "CASE WHEN item >= 0 THEN 'v' || x(item) END AS item FROM part",
            f"events-{number:02}",
            "parquet",
        )


def item_number(item: np.ndarray) -> np.ndarray:
    return (naming.mixed(item.astype(np.int64) + 1_000) >> np.uint64(1)).astype(np.int64)


def payments(out: Writer, folk: People, paid: Payments) -> None:
    """payments.csv: the clock of the platform's own town, decimal commas, semicolons."""
    order = np.argsort(paid.at_s, kind="stable")
    berlin = offsets()[0]
    at = paid.at_s[order].astype(np.int64)
    # Offsets change at 01:00 UTC of the day on which noon has the new one.
    day, hour = at // 86_400, at % 86_400 // 3600
    offset = np.where(hour >= 1, berlin[day], berlin[np.maximum(day - 1, 0)])
    columns = {
        "account": folk.public[paid.account[order]],
        "wall": at + offset,
        "token": (naming.mixed(paid.token[order] + 21) >> np.uint64(1)).astype(np.int64),
        "voucher": paid.kind[order] == 1,
        "resold": paid.token[order] >= VOUCHER,
        "issuer": paid.issuer[order],
        "issuer_country": paid.issuer_country[order],
        "minor": paid.minor[order],
        "n": np.arange(len(order)),
        "address": paid.address[order],
        "low": np.arange(len(order)) * 7919,
    }
    out.given("paid", columns)
    net = "" if out.hidden else ", address_of(address, low) AS ip"
    out.write(
        "SELECT person_account(account) AS customer, strftime(moment(wall), '%d/%m/%Y %H:%M:%S') AS booked, "
        "CASE WHEN voucher THEN 'VOUCHER' ELSE 'CARD' END AS method, "
        "CASE WHEN voucher THEN 'vc_' ELSE 'tok_' END || x(token) AS token, "
        "CASE WHEN issuer > 0 THEN issuer END AS bin, "
        "CASE WHEN issuer_country >= 0 THEN codes(issuer_country) END AS card_country, "
        "(minor // 100) || ',' || lpad((minor % 100)::VARCHAR, 2, '0') AS amount, 'EUR' AS currency, "
        f"'PR-' || lpad(n::VARCHAR, 8, '0') AS reference{net} FROM paid",
        "payments",
        "csv",
        ", DELIMITER ';'",
    )


def groups(out: Writer, folk: People, found: Crowds) -> None:
    """items, memberships and posts."""
    item = item_number(np.arange(len(found.uploader)))
    out.given(
        "items",
        {
            "item": item,
            "by": folk.public[found.uploader],
            "at_s": found.uploaded,
            "seconds": found.seconds,
            "n": np.arange(len(item)),
        },
    )
    out.write(
        f"SELECT 'v' || x(item) AS id, person_account(\"by\") AS uploader, "
        f"({START_S} + at_s) * 1000 + n % 1000 AS uploaded_ms, "
        "seconds AS duration, 'video' AS type FROM items ORDER BY n",
        "items",
        "jsonl",
    )
    adder = np.where(found.added_by >= 0, folk.public[found.added_by], -1)
    out.given(
        "memberships",
        {
            "account": folk.public[found.member],
            "g": found.group,
            "since": found.since_s,
            "until": found.until_s,
            "role": found.role,
            "adder": adder,
        },
    )
    out.write(
        "SELECT person_account(account) AS user_id, 'g' || g AS group_id, iso(since) AS joined, "
        "CASE WHEN until >= 0 THEN iso(until) END "
        'AS "left", roles(role) AS role, '
        "CASE WHEN adder >= 0 THEN person_account(adder) END AS added_by FROM memberships ORDER BY since, account, g",
        "memberships",
        "csv",
    )
    out.given(
        "posts",
        {
            "account": folk.public[found.post_account],
            "g": found.post_group,
            "at_s": found.post_at,
            "item": item[found.post_item],
            "forwarded": found.forwarded,
            "n": np.arange(len(found.post_at)),
        },
    )
    out.write(
        "SELECT 'g' || g AS group_id, person_account(account) AS user_id, moment(at_s) AS sent, "
        "'v' || x(item) AS item, forwarded "
        "FROM posts ORDER BY n",
        "posts",
        "parquet",
    )


def truth(out: Writer, folk: People, found: Crowds) -> None:
    """What is so: the person and country of each account, circles, roots; -1 or empty where the root isn't in the export."""
    out.given(
        "who",
        {"account": folk.public, "person": folk.person, "country": folk.home(), "careful": folk.careful[folk.person]},
    )
    out.write(
        "SELECT person_account(account) AS account, 'p' || person AS person, careful FROM who ORDER BY account",
        "truth/persons",
        "truth",
    )
    out.write(
        "SELECT person_account(account) AS account, codes(country) AS country FROM who ORDER BY account",
        "truth/countries",
        "truth",
    )
    accounts = found.circle_account
    out.given("circles", {"account": folk.public[accounts], "person": folk.person[accounts], "circle": found.circle})
    out.write(
        "SELECT person_account(account) AS account, 'p' || person AS person, "
        "'c' || circle AS circle FROM circles ORDER BY circle, account",
        "truth/circles",
        "truth",
    )
    held = found.first_account >= 0
    out.given(
        "roots",
        {
            "item": item_number(found.first_item),
            "account": np.where(held, folk.public[found.first_account], -1),
            "g": found.first_group,
        },
    )
    out.write(
        "SELECT 'v' || x(item) AS item, CASE WHEN account >= 0 THEN person_account(account) END AS account, "
        "CASE WHEN account >= 0 THEN 'g' || g END AS \"group\", account >= 0 AS held FROM roots ORDER BY item",
        "truth/roots",
        "truth",
    )


def unit(out: Writer, networks: list[tuple[str, str, str]], issuers: list[tuple[str, str]]) -> None:
    """The unit's own tables, as it would buy them."""
    place = out.out / "unit"
    place.mkdir(parents=True, exist_ok=True)
    if not out.hidden:
        lines = ["first,last,country", *(",".join(row) for row in networks)]
        (place / "networks.csv").write_text("\n".join(lines) + "\n")
    lines = ["prefix,country", *(",".join(row) for row in issuers)]
    (place / "issuers.csv").write_text("\n".join(lines) + "\n")


def facts(out: Writer, told: dict[str, Any]) -> None:
    (out.out / "truth" / "facts.json").write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
