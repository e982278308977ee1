"""The invented platform of the third story: its raw files from a seed, the same bytes each time. Nothing in it is anybody.

Addresses lie in 240.0.0.0/4 and 198.18.0.0/15, which nobody has; mailboxes in example.org; cards are of no issuer. The people
whom the story is about (`CORE`) paid by card often and uploaded; around them are as many others as `--accounts` says.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

VIDEOS = 91_000
CORE = 1_450  # people who pay by card often and upload: the story's officers find them by that rule
LEAST_ACCOUNTS = 5_000
PLATFORM = "sample-video"
PAID_OFTEN = 6

# country, share of accounts in thousandths; 38 countries
SHARES = {
    "US": 120, "DE": 95, "GB": 70, "FR": 65, "ES": 60, "IT": 55, "NL": 40, "PL": 40, "BR": 40, "CA": 35, "AU": 30, "SE": 25,
    "BE": 25, "AT": 22, "CH": 22, "CZ": 20, "PT": 20, "DK": 18, "NO": 18, "FI": 16, "RO": 16, "HU": 16, "IE": 14, "GR": 14,
    "MX": 14, "AR": 14, "CO": 12, "CL": 12, "JP": 10, "KR": 8, "NZ": 8, "ZA": 8, "IN": 8, "PH": 6, "LU": 4, "SK": 4, "SI": 3,
    "MT": 3,
}  # fmt: skip
COUNTRIES = tuple(sorted(SHARES))
_HANDLES = (
    "heron",
    "maple",
    "river",
    "cobalt",
    "linden",
    "harbour",
    "violet",
    "granite",
    "willow",
    "copper",
    "meadow",
    "saffron",
)

MAPPING = f"""\
platform = "{PLATFORM}"

[money]
currency = "EUR"
[time]
format = "iso"
zone = "UTC"

[addresses]
file = "unit/networks.csv"
name = "invented networks"
date = 2025-12-01
licence = "CC0-1.0"

[[source]]
files = "accounts.csv"
table = "accounts"
columns = {{ account = "id", created = "joined", handle = "handle", email = "email", locale = "locale", country = "stated" }}

[[source]]
files = "events-*.parquet"
table = "events"
columns = {{ account = "id", at = "at", kind = "kind", address = "ip", device = "device" }}

[[source]]
files = "payments.csv"
table = "payments"
[source.columns]
account = "id"
at = "paid"
kind = "method"
token = "token"
issuer_country = "card_country"
amount = "amount"
reference = "reference"

[[source]]
files = "videos.parquet"
table = "items"
columns = {{ item = "video", account = "uploader", at = "uploaded", duration_s = "seconds" }}

[[source]]
files = "rooms.csv"
table = "memberships"
columns = {{ account = "id", group = "room", since = "since" }}

[[source]]
files = "shared.parquet"
table = "posts"
columns = {{ account = "id", group = "room", at = "at", item = "video" }}
"""


def write_platform(folder: Path, accounts: int, seed: int) -> dict[str, int]:
    """Writes the platform's files, the unit's table of networks and the mapping into `folder`; returns the counts of rows."""
    (folder / "unit").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="amparo-demo-") as spill:
        con = duckdb.connect(config={"threads": 2, "memory_limit": "2GiB", "temp_directory": spill})
        try:
            con.execute("SET preserve_insertion_order = true")
            con.execute("CREATE MACRO dice(i, salt, n) AS (hash(i, salt, " + str(int(seed)) + ") % n)")
            _people(con, accounts)
            counts = {name: _write(con, folder, name, sql, ending) for name, (sql, ending) in _FILES.items()}
            counts["events"] = _events(con, folder, accounts)
        finally:
            con.close()
    (folder / "mapping.toml").write_text(MAPPING)
    return counts


def _people(con: duckdb.DuckDBPyConnection, accounts: int) -> None:
    """people: a row an account. Each fiftieth account is a second one of the person before it, who uses the same card."""
    con.execute("CREATE TABLE lands (code VARCHAR, number INTEGER, low INTEGER, high INTEGER)")
    low = 0
    for number, (code, share) in enumerate(SHARES.items()):
        con.execute("INSERT INTO lands VALUES (?, ?, ?, ?)", [code, number, low, low + share])
        low += share
    con.execute(
        f"""
        CREATE TABLE people AS
        WITH named AS (
            SELECT range AS i, CASE WHEN range % 50 = 49 THEN range - 1 ELSE range END AS person,
                   range * {CORE} // {accounts} AS slot
            FROM range({accounts}))
        SELECT i, 'u' || lpad((i + 1)::VARCHAR, 8, '0') AS id, person,
               first_value(i) OVER (PARTITION BY slot ORDER BY (person % 50 IN (48, 49))::INT, i) = i AS core,
               dice(person, 'land', {low}) AS place,
               {list(_HANDLES)!r}[1 + dice(person, 'h', {len(_HANDLES)})::INT] AS word
        FROM named
        """
    )
    con.execute(
        "CREATE TABLE accounts AS SELECT p.*, l.code, l.number AS land FROM people p "
        "JOIN lands l ON p.place >= l.low AND p.place < l.high ORDER BY i"
    )
    con.execute("DROP TABLE people")


_DAY = "TIMESTAMP '2024-01-01' + INTERVAL (dice({0}, '{1}', 690)) DAY + INTERVAL (dice({0}, '{1}s', 86400)) SECOND"


def _when(number: str, salt: str) -> str:
    return f"strftime({_DAY.format(number, salt)}, '%Y-%m-%d %H:%M:%S')"


# Payments: core people 6 to 11 times by card; of the others one in nine up to five times, two of five with a voucher of no country.
_PAID = f"""
    SELECT a.i, a.id, a.person, a.code, a.core, n.range AS n, a.i * 16 + n.range AS k
    FROM accounts a, range(12) n
    WHERE CASE WHEN a.core THEN n.range < {PAID_OFTEN} + dice(a.i, 'often', 6)
               ELSE dice(a.i, 'pays', 9) = 0 AND n.range <= dice(a.i, 'few', 5) END
"""
_CARD = "(core OR dice(i, 'card', 5) > 1)"
_ROOM = "'room-' || dice(i, 'room', greatest(4, (SELECT count(*) FROM accounts) // 90)) AS room"
_FILES = {
    "accounts": (
        f"""
        SELECT id, {_when("i", "joined")} AS joined, word || '_' || (i + 11) AS handle,
               word || '.' || person || '@mail' || (dice(i, 'box', 3)) || '.example.org' AS email, lower(code) AS locale,
               CASE WHEN dice(i, 'told', 5) = 0 THEN code ELSE '' END AS stated
        FROM accounts ORDER BY i
        """,
        "csv",
    ),
    "payments": (
        f"""
        SELECT id, {_when("k", "paid")} AS paid, CASE WHEN {_CARD} THEN 'card' ELSE 'voucher' END AS method,
               CASE WHEN {_CARD} THEN 'tok-' || left(md5(person || ':card'), 16)
                    ELSE 'vou-' || left(md5(k || ':voucher'), 12) END AS token,
               CASE WHEN {_CARD} THEN code ELSE '' END AS card_country,
               ((5 + dice(k, 'sum', 40)) || '.00') AS amount, 'P' || lpad(k::VARCHAR, 9, '0') AS reference
        FROM ({_PAID}) ORDER BY k
        """,
        "csv",
    ),
    "videos": (
        f"""
        WITH core AS (SELECT id, row_number() OVER (ORDER BY i) - 1 AS n FROM accounts WHERE core),
        others AS (SELECT id, row_number() OVER (ORDER BY i) - 1 AS n FROM accounts WHERE NOT core AND dice(i, 'puts', 60) = 0)
        SELECT 'v' || left(md5(v.range || ':video'), 16) AS video, coalesce(c.id, o.id) AS uploader,
               {_when("v.range", "up")} AS uploaded, 30 + dice(v.range, 'long', 1800) AS seconds
        FROM range({VIDEOS}) v
        LEFT JOIN core c ON v.range < {VIDEOS} * 6 // 10 AND c.n = v.range % (SELECT count(*) FROM core)
        LEFT JOIN others o ON c.id IS NULL AND o.n = v.range % (SELECT count(*) FROM others)
        ORDER BY v.range
        """,
        "parquet",
    ),
    "rooms": (
        f"SELECT id, {_ROOM}, {_when('i', 'in')} AS since FROM accounts WHERE dice(i, 'joins', 100) < 54 ORDER BY i",
        "csv",
    ),
    "shared": (
        f"""
        SELECT id, {_ROOM}, {_when("i", "sent")} AS at, 'v' || left(md5(dice(i, 'which', {VIDEOS}) || ':video'), 16) AS video
        FROM accounts WHERE dice(i, 'shares', 40) = 0 ORDER BY i
        """,
        "parquet",
    ),
    "networks": (
        """
        SELECT '240.' || number || '.0.0/16' AS cidr, code AS country FROM lands
        UNION ALL SELECT '198.18.0.0/16', 'NL' ORDER BY 1
        """,
        "csv",
    ),
}


def _write(con: duckdb.DuckDBPyConnection, folder: Path, name: str, sql: str, ending: str) -> int:
    place = folder / ("unit" if name == "networks" else "") / f"{name}.{ending}"
    shape = "FORMAT csv, HEADER" if ending == "csv" else "FORMAT parquet, COMPRESSION zstd"
    return int(con.execute(f"COPY ({sql}) TO '{place}' ({shape})").fetchall()[0][0])


STEP = 200_000


def _events(con: duckdb.DuckDBPyConnection, folder: Path, accounts: int) -> int:
    """About eleven an account: from home, now and then through an exit that thousands share. A file for 200,000 accounts."""
    made = 0
    for number, start in enumerate(range(0, accounts, STEP)):
        sql = f"""
            SELECT a.id, {_DAY.format("(a.i * 32 + n.range)", "at")} AS at,
                   CASE WHEN dice(a.i * 32 + n.range, 'what', 4) = 0 THEN 'login' ELSE 'view' END AS kind,
                   CASE WHEN dice(a.i * 32 + n.range, 'exit', 40) = 0
                        THEN '198.18.' || dice(a.i, 'e', 4) || '.' || dice(a.i, 'f', 200)
                        ELSE '240.' || a.land || '.' || dice(a.person, 'x', 256) || '.' || dice(a.person, 'y', 256) END AS ip,
                   'd' || left(md5(a.i || ':device'), 16) AS device
            FROM accounts a, range(20) n
            WHERE a.i >= {start} AND a.i < {start + STEP} AND n.range < 3 + dice(a.i, 'busy', 17)
            ORDER BY a.i, n.range
        """
        place = folder / f"events-{number:02d}.parquet"
        made += int(con.execute(f"COPY ({sql}) TO '{place}' (FORMAT parquet, COMPRESSION zstd)").fetchall()[0][0])
    return made
