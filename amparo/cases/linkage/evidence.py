"""What stands behind each link: every shared value, who else holds it, when each side used it, its weight, what speaks against.

The rows of one link add up to its sum. Made in the store: `evidence_rows`.
"""

from __future__ import annotations

from amparo.cases.linkage.log import PLACE, place_number
from amparo.cases.linkage.model import FIELDS
from amparo.cases.linkage.scoring import gamma
from amparo.cases.linkage.weighing import Weights
from amparo.cases.tables.store import Store, literal

HALF_HOUR_S = 1_800

# The readings whose shared values are behind a level; names, places, addresses and issuers have queries of their own.
_KINDS = {
    "mailbox": ("mailbox",),
    "local": ("local",),
    "number": ("number",),
    "head": ("head",),
    "handle_many": ("handle", "head"),
}


def gather(store: Store, weights: Weights) -> int:
    """Makes `evidence_rows` for the pairs of the table `used` (a, b); returns how many."""
    store.run(
        "CREATE OR REPLACE TABLE parties AS SELECT n, account FROM known WHERE n IN (SELECT a FROM used UNION SELECT b FROM used)"
    )
    # Once for all that is asked of these accounts' events: where, with what, in which country.
    store.run(
        "CREATE OR REPLACE TABLE done_by AS SELECT k.n, e.device, e.address, e.country, coalesce(e.at_utc, e.at_wall) AS moment, "
        'e.file, e."row" FROM events e JOIN parties k USING (account)'
    )
    _stands(store)
    _signs(store)
    _rows(store, weights)
    _against(store)
    for table in ("parties", "done_by", "stands", "signs"):
        store.run(f"DROP TABLE {table}")
    return int(store.one("SELECT count(*) FROM evidence_rows"))


def _stands(store: Store) -> None:
    """Makes `stands` (n, kind, key, first, last, file, row): where and when each account of a link used each of its values."""
    moment = "coalesce({0}_utc, {0}_wall)"
    account_at, paid_at = moment.format("created"), moment.format("at")
    mine = "JOIN parties k USING (account)"
    written = " UNION ALL ".join(
        f"SELECT k.n, '{column}' AS stated, {column} AS raw, {account_at} AS first, CAST(NULL AS TIMESTAMP) AS last, file, \"row\" "
        f"FROM accounts {mine} WHERE {column} IS NOT NULL"
        for column in ("email", "phone", "handle")
    )
    used = " UNION ALL ".join(
        f"SELECT n, '{column}', {value}, {at}, {at}, file, \"row\" FROM {table} WHERE {column} IS NOT NULL"
        for table, column, value, at in (
            ("done_by", "device", "device", "moment"),
            ("done_by", "address", PLACE, "moment"),
            (f"payments {mine}", "token", "token", paid_at),
            (f"payments {mine}", "issuer", "issuer", paid_at),
            (f"payments {mine}", "address", PLACE, paid_at),
        )
    )
    store.run(
        f"""
        CREATE OR REPLACE TABLE said AS
        SELECT n, stated, raw, min(first) AS first, max(last) AS last,
               min(struct_pack(first := first, file := file, "row" := "row")) AS mark
        FROM (
            {written} UNION ALL {used} UNION ALL
            SELECT k.n, kind, value, {moment.format("first")}, {moment.format("last")}, file, "row" FROM identifiers {mine}
        ) GROUP BY n, stated, raw
        """
    )
    columns = " ".join(f"WHEN kind IN ({kinds}) THEN '{column}'" for column, kinds in _COLUMNS.items())
    store.run(
        f"""
        CREATE OR REPLACE TABLE stands AS
        SELECT n, kind, key, min(first) AS first, max(last) AS last, min(mark).file AS file, min(mark)."row" AS "row" FROM (
            SELECT d.n, s.kind, s.key, d.first, d.last, d.mark FROM said d JOIN (
                SELECT *, CASE {columns} ELSE kind END AS column FROM spelling WHERE n IN (SELECT n FROM parties)
            ) s ON s.n = d.n AND s.raw = d.raw AND s.column = d.stated
            UNION ALL SELECT n, stated, raw, first, last, mark FROM said WHERE stated IN ('issuer', 'address')
            UNION ALL SELECT k.n, 'profile', '', {account_at}, NULL,
                      struct_pack(first := {account_at}, file := file, "row" := "row") FROM accounts {mine}
        ) GROUP BY n, kind, key
        """
    )
    store.run("DROP TABLE said")


_COLUMNS = {"email": "'email', 'mailbox', 'local'", "phone": "'phone', 'number'", "handle": "'handle', 'head'"}


# Addresses are compared as numbers; what was written stands among what the accounts used.
_PLACES = f"SELECT DISTINCT key, {place_number('key')} AS address FROM stands WHERE kind = 'address'"


def _signs(store: Store) -> None:
    """Makes `signs` (a, b, field, kind, key, value, holders): the values that a link's two accounts share at the level it has."""
    level_kinds = ", ".join(
        f"('{field.name}', {number}, '{kind}')"
        for field in FIELDS
        for number, level in enumerate(reversed(field.levels), 1)
        for kind in _KINDS.get(level.name, (level.name.split("_")[0],))
    )
    levels = " UNION ALL ".join(
        f"SELECT a, b, '{field.name}' AS field, {gamma(field)} AS level FROM used WHERE {gamma(field)} > 0"
        for field in FIELDS
    )
    store.run(f"CREATE OR REPLACE TABLE levels AS {levels}")
    store.run(
        f"""
        CREATE OR REPLACE TABLE signs AS
        SELECT l.a, l.b, l.field, x.kind, x.key, x.key AS value, CAST(x.holders AS BIGINT) AS holders
        FROM levels l JOIN (SELECT * FROM (VALUES {level_kinds}) AS v(field, level, kind)) v USING (field, level)
        JOIN holding x ON x.n = l.a AND x.kind = v.kind JOIN holding y ON y.n = l.b AND y.kind = x.kind AND y.key = x.key
        UNION ALL
        SELECT l.a, l.b, l.field, 'issuer', x.key, x.key, NULL FROM levels l JOIN stands x ON x.n = l.a AND x.kind = 'issuer'
        JOIN stands y ON y.n = l.b AND y.kind = 'issuer' AND y.key = x.key WHERE l.field = 'card' AND l.level = 1
        UNION ALL
        SELECT l.a, l.b, l.field, 'address', p.key, p.key, max(x.holders) FROM levels l JOIN at_home x ON x.n = l.a
        JOIN at_home y ON y.n = l.b AND y.address = x.address AND y.day IS NOT DISTINCT FROM x.day
        JOIN ({_PLACES}) p ON p.address = x.address WHERE l.field = 'home' GROUP BY l.a, l.b, l.field, p.key
        UNION ALL
        SELECT l.a, l.b, l.field, 'profile', '', x.first_name || coalesce(' ' || x.last_name, '') ||
               CASE WHEN x.last_name IS DISTINCT FROM y.last_name
                    THEN ' / ' || y.first_name || coalesce(' ' || y.last_name, '') ELSE '' END,
               NULL
        FROM levels l JOIN profiles x ON x.n = l.a JOIN profiles y ON y.n = l.b WHERE l.field = 'name'
        UNION ALL
        SELECT l.a, l.b, l.field, 'profile', '', concat_ws(', ', CASE WHEN x.country = y.country THEN x.country END,
               CASE WHEN x.locale = y.locale THEN x.locale END, CASE WHEN x.zone = y.zone THEN x.zone END), NULL
        FROM levels l JOIN profiles x ON x.n = l.a JOIN profiles y ON y.n = l.b WHERE l.field = 'place'
        """
    )
    store.run("DROP TABLE levels")


def _rows(store: Store, weights: Weights) -> None:
    """One row for the start, each shared value, each field that does not agree, and the household."""
    words = " ".join(
        f"WHEN field = '{field.name}' AND level = {number} THEN {literal(level.words)}"
        for field in FIELDS
        for number, level in enumerate(reversed(field.levels), 1)
    )
    kinds = " ".join(
        f"WHEN field = '{field.name}' AND level = {number} THEN '{level.name}'"
        for field in FIELDS
        for number, level in enumerate(reversed(field.levels), 1)
    )
    fields = " UNION ALL ".join(
        f"SELECT a, b, {at} AS place, '{field.name}' AS field, {gamma(field)} AS level, mw_{field.name} AS bits FROM used "
        f"WHERE {gamma(field)} >= 0"
        for at, field in enumerate(FIELDS, 1)
    )
    mw = " - ".join(f"mw_{field.name}" for field in FIELDS)
    start = f"before anything is compared: of all pairs of accounts {weights.same_share:.3g} are of one person"
    store.run(
        f"""
        CREATE OR REPLACE TABLE evidence_rows AS
        SELECT a, b, 0 AS place, 'start' AS kind, {literal(start)} AS words, CAST(NULL AS VARCHAR) AS value,
               CAST(NULL AS BIGINT) AS holders, CAST(NULL AS TIMESTAMP) AS first_a, CAST(NULL AS TIMESTAMP) AS last_a,
               CAST(NULL AS TIMESTAMP) AS first_b, CAST(NULL AS TIMESTAMP) AS last_b, match_weight - {mw} AS bits,
               CAST(NULL AS VARCHAR) AS evidence_a, CAST(NULL AS VARCHAR) AS evidence_b FROM used
        UNION ALL
        SELECT f.a, f.b, f.place, CASE {kinds} ELSE field END,
               CASE {words} ELSE 'no agreement: ' || field END, s.value, s.holders,
               x.first, x.last, y.first, y.last,
               CASE WHEN row_number() OVER (PARTITION BY f.a, f.b, f.field ORDER BY s.holders, s.kind, s.key) = 1
                    THEN f.bits ELSE 0 END,
               fx.name || ':' || x."row", fy.name || ':' || y."row"
        FROM ({fields}) f LEFT JOIN signs s USING (a, b, field)
        LEFT JOIN stands x ON x.n = f.a AND x.kind = s.kind AND x.key = s.key
        LEFT JOIN stands y ON y.n = f.b AND y.kind = s.kind AND y.key = s.key
        LEFT JOIN files fx ON fx.number = x.file LEFT JOIN files fy ON fy.number = y.file
        UNION ALL
        SELECT a, b, 90, 'household',
               'two people of one household, or one after another with the same device or number, would look alike',
               NULL, NULL, NULL, NULL, NULL, NULL, household_bits, NULL, NULL FROM used WHERE household_bits < 0
        """
    )


def _against(store: Store) -> None:
    """What speaks against a link: both accounts active within half an hour in two countries, as the platform's log has it."""
    store.run(
        """
        CREATE OR REPLACE TABLE moves AS SELECT n, epoch(moment) AS second, moment, country, file, "row" FROM done_by
        WHERE country IS NOT NULL AND moment IS NOT NULL
        """
    )
    store.run(
        f"""
        INSERT INTO evidence_rows
        SELECT m.a, m.b, 95, 'against', 'active within half an hour in two countries, ' || count(*) || ' times; the first: ' ||
               arg_min(m.there, m.moment), NULL, NULL, min(m.moment), NULL, min(m.other), NULL, 0,
               arg_min(fx.name || ':' || m.row_a, m.moment), arg_min(fy.name || ':' || m.row_b, m.moment)
        FROM (
            SELECT u.a, u.b, x.moment, y.moment AS other, x.country || ' and ' || y.country AS there, x.file AS file_a,
                   x."row" AS row_a, y.file AS file_b, y."row" AS row_b
            FROM used u JOIN moves x ON x.n = u.a JOIN moves y ON y.n = u.b AND y.country <> x.country
                 AND abs(y.second - x.second) <= {HALF_HOUR_S}
        ) m JOIN files fx ON fx.number = m.file_a JOIN files fy ON fy.number = m.file_b GROUP BY m.a, m.b
        """
    )
    store.run("DROP TABLE moves")
