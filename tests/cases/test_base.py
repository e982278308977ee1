from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.tables.base import Base, open_base
from amparo.cases.tables.base_mapping import load_base_mapping
from amparo.cases.tables.times import zone_offset, zone_spans
from amparo.foundation.errors import AmparoError, Missing, Refused

EVENTS = """
[[source]]
files = "*.csv"
table = "events"
columns = { account = "who", at = "when", kind = "what", address = "ip", port = "port", device = "dev", country = "land" }
"""
HEAD = "who,when,what,ip,port,dev,land\n"


@contextmanager
def base(place: Path, mapping: str, tables: tuple[str, ...] = ("events",), **files: str | bytes) -> Iterator[Base]:
    folder = place / "in"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text.encode() if isinstance(text, str) else text)
    (place / "m.toml").write_text(mapping)
    with open_base(folder, load_base_mapping(place / "m.toml"), tables=tables) as found:
        yield found


def rows(found: Base, columns: str, table: str = "events") -> list[tuple]:
    return found.store.rows(f'SELECT {columns} FROM {table} ORDER BY file, "row"')


def bad(found: Base) -> list[tuple]:
    return found.store.rows('SELECT "row", problem, kept FROM bad ORDER BY file, "row"')


def test_every_shape_of_one_log_gives_the_same_events(tmp_path: Path) -> None:
    told = [
        ("ana", "2026-03-01T20:00:00Z", "login", "192.0.2.7", "4431", "d1", "es"),
        ("bo", "2026-03-01T21:00:00+01:00", "view", "2001:DB8::1", "", "", ""),
        ("cai", "2026-03-01 20:30:00.250Z", "login", "192.0.2.8:443", "", "d 2", "FR"),
        ("dan", "2026-03-01 20:30:00", "", "", "", "", ""),
    ]
    names = HEAD.strip().split(",")
    csv = HEAD + "".join(",".join(row) + "\n" for row in told)
    objects = [dict(zip(names, row, strict=True)) for row in told]
    (tmp_path / "raw.csv").write_text(csv)
    con = duckdb.connect()
    con.execute(
        f"COPY (SELECT * FROM read_csv('{tmp_path}/raw.csv', all_varchar=true)) TO '{tmp_path}/a.parquet'"
    ).fetchall()
    shapes: dict[str, tuple[str, str | bytes]] = {
        "csv": ("a__csv", csv),
        "semicolons, quotes, blanks, CRLF, a mark": (
            "a__csv",
            b"\xef\xbb\xbf"
            + "".join('" ' + line.replace(",", ' ";" ') + '"\r\n' for line in csv.splitlines()).encode(),
        ),
        "jsonl": ("a__jsonl", "".join(json.dumps(each) + "\n" for each in objects)),
        "json": ("a__json", json.dumps(objects)),
        "parquet": ("a__parquet", (tmp_path / "a.parquet").read_bytes()),
    }
    found = {}
    for number, (shape, (name, data)) in enumerate(shapes.items()):
        place = tmp_path / str(number)
        place.mkdir()
        with base(place, EVENTS.replace("*.csv", name.replace("__", ".")), **{name: data}) as opened:
            found[shape] = (
                rows(opened, 'account, at_utc, at_wall, kind, address, port, device, country, "row"'),
                bad(opened),
            )
    day = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
    assert found["csv"] == (
        [
            ("ana", day.replace(hour=20), day.replace(hour=20), "login", "192.0.2.7", 4431, "d1", "ES", 1),
            ("bo", day.replace(hour=20), day.replace(hour=21), "view", "2001:db8::1", None, None, None, 2),
            (
                "cai",
                day.replace(hour=20, minute=30, microsecond=250_000),
                day.replace(hour=20, minute=30, microsecond=250_000),
                "login",
                "192.0.2.8",
                443,
                "d 2",
                "FR",
                3,
            ),
            ("dan", None, day.replace(hour=20, minute=30), None, None, None, None, None, 4),
        ],
        [],
    )
    for shape, each in found.items():
        assert each == found["csv"], shape


def test_typed_parquet_is_taken_as_it_is_typed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    duckdb.connect().execute(
        "COPY (SELECT 7 AS who, TIMESTAMP '2026-03-01 10:00:00' AS \"when\", 'x' AS what, NULL::VARCHAR AS ip, "
        "80::USMALLINT AS port, "
        f"'d' AS dev, 'ES' AS land UNION ALL SELECT 8, NULL, 'x', NULL, NULL, 'd', 'ES') TO '{folder}/a.parquet'"
    ).fetchall()
    for zone, utc in (("", None), ("UTC", 10), ("Europe/Madrid", 9)):
        mapping = EVENTS.replace("*.csv", "*.parquet") + f'time = {{ zone = "{zone}" }}\n'
        with base(tmp_path, mapping) as found:
            assert rows(found, "account, hour(at_utc), hour(at_wall), port") == [("7", utc, 10, 80)], zone
            assert [(row, kept) for row, _, kept in bad(found)] == [(2, False)]


def test_a_parquet_column_called_as_our_own_row_number_is_theirs(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    duckdb.connect().execute(
        "COPY (SELECT 7 AS file_row_number, TIMESTAMP '2026-03-01 10:00:00' AS moment UNION ALL "
        f"SELECT 8, TIMESTAMP '2026-03-01 11:00:00') TO '{tmp_path}/in/a.parquet'"
    ).fetchall()
    mapping = (
        '[[source]]\nfiles = "*.parquet"\ntable = "events"\ncolumns = { account = "file_row_number", at = "moment" }\n'
    )
    with base(tmp_path, mapping) as found:
        assert rows(found, 'account, "row"') == [("7", 1), ("8", 2)]


def test_times_in_a_zone_become_utc_except_where_the_clock_stood_twice_or_never(tmp_path: Path) -> None:
    stamps = [
        "25/10/2026 01:59:59",
        "25/10/2026 02:30:00",
        "25/10/2026 03:00:00",
        "29/03/2026 02:30:00",
        "01/07/2026 12:00:00",
    ]
    mapping = EVENTS + 'time = { format = "%d/%m/%Y %H:%M:%S", zone = "Europe/Madrid" }\n'
    with base(tmp_path, mapping, a__csv=HEAD + "".join(f"ana,{each},,,,,\n" for each in stamps)) as found:
        told = [None if each is None else each.isoformat() for (each,) in rows(found, "at_utc")]
        assert told == ["2026-10-24T23:59:59", None, "2026-10-25T02:00:00", None, "2026-07-01T10:00:00"]
        assert found.bad == 0


@given(
    st.integers(631_152_000, 4_102_444_799),
    st.sampled_from(["Europe/Madrid", "Africa/Casablanca", "Asia/Tokyo"]),
)
@settings(max_examples=200, deadline=None)
def test_a_zones_table_says_what_the_zone_says(second: int, zone: str) -> None:
    there, moment = ZoneInfo(zone), datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
    early, late = (moment.replace(tzinfo=there, fold=fold).utcoffset() for fold in (0, 1))
    told = next(offset for begins, offset in reversed(zone_spans(zone)) if begins <= second * 1_000_000)
    assert early is not None
    assert told == (int(early.total_seconds()) * 1_000_000 if early == late else None)


def test_the_zones_sql_says_what_its_table_says() -> None:
    clocks = [1_790_000_000_000_000 + each * 3_600_000_000 for each in range(24 * 366)]
    told = (
        duckdb.connect()
        .execute(f"SELECT {zone_offset('Europe/Madrid', 'w')} FROM (SELECT unnest({clocks}) AS w)")
        .fetchall()
    )
    spans = zone_spans("Europe/Madrid")
    assert [each for (each,) in told] == [
        next(offset for begins, offset in reversed(spans) if begins <= clock) for clock in clocks
    ]


def test_every_bad_row_is_listed_with_its_reason_and_start(tmp_path: Path) -> None:
    text = HEAD + (
        "ana,2026-03-01T20:00:00Z,login,192.0.2.7,1,d,ES\n"
        ",2026-03-01T20:00:00Z,login,192.0.2.7,1,d,ES\n"
        "ana,yesterday,login,192.0.2.7,1,d,ES\n"
        "ana,,login,192.0.2.7,1,d,ES\n"
        "bo,2026-03-01T20:00:00Z,login,home,70000,d,Spain\n"
        "bo,2026-03-01T20:00:00Z,login\n"
        f"{'x' * 1001},2026-03-01T20:00:00Z,login,,,,\n"
    )
    with base(tmp_path, EVENTS, a__csv=text) as found:
        assert [(row, kept) for row, _, kept in bad(found)] == [
            (2, False),
            (3, False),
            (4, False),
            (5, True),
            (6, False),
            (7, False),
        ]
        words = " / ".join(problem for _, problem, _ in bad(found))
        for part in (
            "account is empty",
            "at fits no format",
            "yesterday",
            "at is empty",
            "address is not readable: home",
        ):
            assert part in words
        for part in (
            "port is not readable: 70000",
            "country is not readable: Spain",
            "3 cells where the header names 7",
        ):
            assert part in words
        assert rows(found, 'account, address, port, country, "row"') == [
            ("ana", "192.0.2.7", 1, "ES", 1),
            ("bo", None, None, None, 5),
        ]
        assert (found.counts["events"], found.bad, found.lost) == (2, 6, 5)
        assert found.store.rows('SELECT raw FROM bad WHERE "row" = 3') == [
            ("ana | yesterday | login | 192.0.2.7 | 1 | d | ES",)
        ]


def test_cells_are_trimmed_wherever_the_first_one_that_needs_it_stands(tmp_path: Path) -> None:
    clean = "".join(f"u{number},2026-03-01T20:00:00Z,login,192.0.2.7,1,d,ES\n" for number in range(9000))
    with base(
        tmp_path, EVENTS, a__csv=HEAD + clean + "u9000 ,2026-03-01T20:00:00Z,\tview ,192.0.2.7 ,1, d, es\n"
    ) as found:
        assert rows(found, 'account, kind, address, device, country, "row"')[-1] == (
            "u9000",
            "view",
            "192.0.2.7",
            "d",
            "ES",
            9001,
        )
        assert (found.counts["events"], found.bad) == (9001, 0)


def test_row_numbers_are_those_of_the_file_in_a_large_one(tmp_path: Path) -> None:
    text = HEAD + "".join(f"u{number},2026-03-01T20:00:00Z,login,192.0.2.7,1,d,ES\n" for number in range(1, 300_001))
    with base(tmp_path, EVENTS + 'time = { zone = "Europe/Madrid" }\n', a__csv=text) as found:
        assert found.store.one("SELECT count(*) FROM events WHERE account <> 'u' || \"row\"") == 0
        assert found.counts["events"] == 300_000


def test_words_of_kinds_and_countries_are_translated(tmp_path: Path) -> None:
    mapping = """
[[source]]
files = "*.csv"
table = "identifiers"
columns = { account = "a", kind = "k", value = "v" }
kinds = { MAIL = "email" }
[[source]]
files = "*.jsonl"
table = "accounts"
columns = { account = "$.id", country = "$.from.land" }
countries = { Spain = "ES" }
constants = { locale = "es_ES" }
"""
    accounts = '{"id": 7, "from": {"land": "Spain"}}\n{"id": "8"}\n[1]\n{"id": "9", "from": {"land": "Spanien"}}\n'
    with base(
        tmp_path,
        mapping,
        ("identifiers", "accounts"),
        a__csv="a,k,v\n1,MAIL,x@example.org\n1,FAX,3\n",
        b__jsonl=accounts,
    ) as found:
        assert rows(found, "account, kind, value", "identifiers") == [("1", "email", "x@example.org")]
        assert rows(found, 'account, country, locale, "row"', "accounts") == [
            ("7", "ES", "es_ES", 1),
            ("8", None, "es_ES", 2),
            ("9", None, "es_ES", 4),
        ]
        assert [problem for _, problem, _ in bad(found)] == [
            "no [source.kinds] names the word FAX",
            "no JSON object",
            "country is not readable: Spanien",
        ]


def test_amounts_are_whole_minor_units_of_their_currency(tmp_path: Path) -> None:
    mapping = """
[numbers]
decimal = ","
grouping = "."
[money]
currency = "EUR"
[[source]]
files = "*.csv"
table = "payments"
columns = { account = "a", amount = "m", currency = "c", at = "t" }
"""
    text = "a;m;c;t\n1;1.234,50;;\n1;500;JPY;\n1;1,5;KWD;\n1;12.34;;\n1;1,234;EUR;never\n"
    with base(tmp_path, mapping, ("payments",), a__csv=text) as found:
        assert rows(found, "amount_minor, currency", "payments") == [
            (123450, "EUR"),
            (500, "JPY"),
            (1500, "KWD"),
            (None, "EUR"),
            (None, "EUR"),
        ]
        assert [(row, kept) for row, _, kept in bad(found)] == [(4, True), (5, True)]


def test_an_account_stands_once_and_what_its_other_rows_say_is_kept(tmp_path: Path) -> None:
    mapping = """
[[source]]
files = "*.csv"
table = "accounts"
columns = { account = "a", email = "e", handle = "h" }
"""
    with base(
        tmp_path,
        mapping,
        ("accounts", "identifiers"),
        a__csv="a,e,h\n1,x@example.org,ko\n2,y@example.org,ta\n1,z@example.org,ko\n",
    ) as found:
        assert rows(found, 'account, email, "row"', "accounts") == [
            ("1", "x@example.org", 1),
            ("2", "y@example.org", 2),
        ]
        assert rows(found, 'account, kind, value, file, "row"', "identifiers") == [
            ("1", "email", "z@example.org", 0, 3)
        ]
        assert (found.counts["accounts"], found.counts["identifiers"]) == (2, 1)


def test_files_that_feed_none_of_the_tables_asked_for_are_not_opened(tmp_path: Path) -> None:
    mapping = EVENTS + '[[source]]\nfiles = "*.parquet"\ntable = "items"\ncolumns = { item = "i" }\n'
    text = HEAD + "ana,2026-03-01T20:00:00Z,,,,,\n"
    with base(tmp_path, mapping, b__parquet=b"no Parquet at all", a__csv=text) as found:
        assert found.counts["events"] == 1
        assert found.store.rows("SELECT * FROM items") == []
    with pytest.raises(Refused, match=r"b\.parquet can't be read as parquet"), base(tmp_path, mapping, ("items",)):
        pass


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with (
        pytest.raises(
            Refused, match=r"a\.csv has no column 'dev' .* It has: who, when, what, ip, port, device, land\. Correct"
        ),
        base(tmp_path, EVENTS, a__csv=HEAD.replace("dev", "device") + "a,2026-03-01T20:00:00Z,,,,,\n"),
    ):
        pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('table = "events"', 'table = "people"'), "must be one of accounts"),
        (('account = "who", ', ""), "columns.account must be there"),
        (('kind = "what"', 'colour = "what"'), "colour is no key"),
        (('files = "*.csv"', 'files = "*.doc"'), "must be csv, jsonl"),
        (("[[source]]", '[addresses]\nfile = "n.csv"\n[[source]]'), "every result repeats them"),
        (("[[source]]", "[[mailbox]]\ndots = false\n[[source]]"), "needs domains"),
        (("[[source]]", '[time]\nzone = "Mars/Olympus"\n[[source]]'), "must be a zone"),
        (("[[source]]", "[[source"), "can't be read as TOML"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_the_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    (tmp_path / "m.toml").write_text(EVENTS.replace(*change))
    with pytest.raises(Refused, match=r"The mapping m\.toml: |The mapping m\.toml can't") as told:
        load_base_mapping(tmp_path / "m.toml")
    assert said in str(told.value)


def test_a_mapping_that_is_not_there_says_where_one_is_shown(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"platforms\.md"):
        load_base_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["a'b.csv", "*.csv", "[x].csv", "ñandú 🐦.csv", "a\nb.csv", "-rf.csv"])
def test_file_names_are_never_patterns_or_statements(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text(HEAD + "ana,2026-03-01T20:00:00Z,,,,,\n")
    with base(tmp_path, EVENTS) as found:
        assert found.counts["events"] == 1
        assert found.names() == (name,)


def test_columns_and_words_are_never_statements(tmp_path: Path) -> None:
    evil = "x'); DROP TABLE bad; --\""
    mapping = EVENTS.replace('"who"', json.dumps(evil)) + f"[source.kinds]\n{json.dumps(evil)} = {json.dumps(evil)}\n"
    head = HEAD.replace("who", '"' + evil.replace('"', '""') + '"')
    with base(tmp_path, mapping, a__csv=head + "ana,2026-03-01T20:00:00Z,login,,,,\n") as found:
        assert (found.counts["events"], found.bad) == (1, 0)


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40), max_size=12
    )
)
@settings(max_examples=15, deadline=None)
def test_whatever_a_file_holds_every_record_is_an_event_or_is_listed(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    place = tmp_path_factory.mktemp("any")
    text = HEAD + "".join(line.replace("\n", " ").replace("\r", " ").replace('"', "") + "\n" for line in lines)
    records = sum(1 for line in text.split("\n")[1:] if line.strip())
    try:
        with base(place, EVENTS, a__csv=text) as found:
            assert found.counts["events"] + found.lost == records
    except AmparoError:
        pytest.fail("an officer's file is refused whole for one of its lines")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a__csv", b"\x00" * 5000),
        ("a__csv", b"\xff\xfe\x00"),
        ("a__csv", HEAD.encode() + b'"' * 4001),
        ("a__csv", HEAD.encode() + b"\xff\xfe\x80,\x00,,,,,\n" * 50),
        ("a__csv", b"who,when,what,ip,port,dev,land" + b"\xe2\x80\xa8" * 3),
        ("a__jsonl", b"{" * 100_000),
        ("a__jsonl", b'{"who": ' * 3000 + b"1"),
        ("a__json", b"[" * 100_000),
        ("a__json", b'{"who": 1}'),
        ("a__parquet", b"PAR1" + b"\xff" * 100 + b"PAR1"),
        ("a__parquet", b"PAR1\x00\x00\x00\x7fPAR1"),
        ("a__parquet", b""),
    ],
)
def test_hostile_bytes_end_in_listed_rows_or_in_a_sentence(tmp_path: Path, name: str, data: bytes) -> None:
    sentence = ""
    try:
        with base(tmp_path, EVENTS.replace("*.csv", name.replace("__", ".")), **{name: data}) as found:
            assert found.counts["events"] == 0
    except AmparoError as error:
        sentence = error.sentence
    assert len(sentence) < 1000
    assert str(tmp_path) not in sentence


def test_a_base_reaches_no_other_file_no_network_and_no_extension(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with base(tmp_path, EVENTS, a__csv=HEAD + "ana,2026-03-01T20:00:00Z,,,,,\n") as found:
        for statement in (
            f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
            "SELECT * FROM read_text('/etc/hostname')",
            "SELECT * FROM read_parquet('http://192.0.2.1/a.parquet')",
            "LOAD httpfs",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                found.store.rows(statement)


def test_a_file_of_which_hardly_a_row_is_a_record_is_refused_and_not_held_in_memory(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Look at delimiter"), base(tmp_path, EVENTS, a__csv=HEAD + "a,b\n" * 200_001):
        pass


def test_links_are_not_followed_and_the_same_bytes_count_once(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text(HEAD + "x,2026-03-01T20:00:00Z,,,,,\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "c.csv").symlink_to(tmp_path / "elsewhere.csv")
    text = HEAD + "ana,2026-03-01T20:00:00Z,,,,,\n"
    with base(tmp_path, EVENTS, a__csv=text, b__csv=text) as found:
        assert found.counts["events"] == 1
        assert dict(found.left_out) == {"b.csv": "the same bytes as a.csv: counted once", "c.csv": "a link, not a file"}


@pytest.mark.parametrize(
    ("text", "told", "port"),
    [
        ("192.0.2.7", "192.0.2.7", None),
        ("192.0.2.7:443", "192.0.2.7", 443),
        ("[2001:DB8::7]:443", "2001:db8::7", 443),
        ("[2001:db8::7]", "2001:db8::7", None),
        ("::ffff:192.0.2.7", "192.0.2.7", None),
        ("2001:db8::192.0.2.7", "2001:db8::192.0.2.7", None),
        ("192.0.2", None, None),
        ("192.0.2.7.8.9", None, None),
        ("999.0.2.7", None, None),
        ("unknown", None, None),
        ("20:30:00", None, None),
        ("2001:db8:0:0:0:0:0:7", "2001:db8:0:0:0:0:0:7", None),
        ("255.255.255.255", "255.255.255.255", None),
        ("192.0.2.7, 198.51.100.1", None, None),
        ("2001:db8::7%eth0", None, None),
        ("192.0.2.7:99999", "192.0.2.7", None),
    ],
)
def test_an_address_is_one_or_is_listed(tmp_path: Path, text: str, told: str | None, port: int | None) -> None:
    with base(tmp_path, EVENTS, a__csv=HEAD + f'ana,2026-03-01T20:00:00Z,,"{text}",,,\n') as found:
        assert rows(found, "address, port") == [(told, port)]
        assert (found.bad > 0) == (told is None)


@pytest.mark.parametrize("shape", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("ragged", "expected"),
    [
        ({"who": "ana "}, ("ana", "login", "192.0.2.7", 443, "d1", "ES")),
        ({"who": " ana", "dev": " "}, ("ana", "login", "192.0.2.7", 443, None, "ES")),
        ({"what": "\tlogin"}, ("ana", "login", "192.0.2.7", 443, "d1", "ES")),
        ({"ip": "192.0.2.7 ", "port": " 443"}, ("ana", "login", "192.0.2.7", 443, "d1", "ES")),
        ({"when": " 2026-03-01T20:00:00Z ", "land": "es\t"}, ("ana", "login", "192.0.2.7", 443, "d1", "ES")),
    ],
)
def test_blanks_around_a_cell_are_none_however_late_in_a_file_they_come(
    tmp_path: Path, shape: str, ragged: dict[str, str], expected: tuple
) -> None:
    plain = dict(
        zip(
            HEAD.strip().split(","),
            ("ana", "2026-03-01T20:00:00Z", "login", "192.0.2.7", "443", "d1", "es"),
            strict=True,
        )
    )
    told = [*([plain] * 5000), plain | ragged, plain]
    lines = "".join(json.dumps(each) + "\n" for each in told)
    (tmp_path / "told.jsonl").write_text(lines)
    (tmp_path / "in").mkdir()
    options = {"csv": "HEADER", "jsonl": "FORMAT json", "parquet": "FORMAT parquet"}[shape]
    duckdb.connect().execute(
        f"COPY (SELECT * FROM read_json('{tmp_path}/told.jsonl', columns={dict.fromkeys(plain, 'VARCHAR')})) "
        f"TO '{tmp_path}/in/a.{shape}' ({options})"
    )
    with base(tmp_path, EVENTS.replace("*.csv", f"*.{shape}")) as found:
        assert bad(found) == []
        texts = "account, kind, address, port, device, country"
        usual = ("ana", "login", "192.0.2.7", 443, "d1", "ES")
        assert rows(found, texts) == [*([usual] * 5000), expected, usual]
        assert found.store.one("SELECT count(DISTINCT at_utc) FROM events WHERE at_utc IS NOT NULL") == 1
