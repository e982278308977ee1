"""The SQL that turns a file's texts into events: times, amounts and words, and what is wrong with each row, in words.

Amounts are never floats: whole and broken part are read as digits. Times become UTC only where an offset is written or the
mapping names the zone; the text stays beside.
"""

from __future__ import annotations

from amparo.cases.coins.mapping import COIN_EVENTS, FIELDS, IGNORED, Mapping, Source
from amparo.cases.tables.amounts import amount, digits_of
from amparo.cases.tables.reading import NO_OBJECT, Rows, texts
from amparo.cases.tables.store import literal
from amparo.cases.tables.times import ISO, moment, offset, wall, zone_offset

EVENT_COLUMNS = (
    "order_us BIGINT, source INTEGER, file INTEGER, row BIGINT, event VARCHAR, at_raw VARCHAR, at_utc TIMESTAMP, "
    "at_wall TIMESTAMP, end_utc TIMESTAMP, account VARCHAR, counterparty VARCHAR, host VARCHAR, stream VARCHAR, coins BIGINT, "
    "received BIGINT, balance BIGINT, money_minor BIGINT, currency VARCHAR, detail VARCHAR, reference VARCHAR, "
    "country VARCHAR, sequence BIGINT, why VARCHAR, doubt VARCHAR, raw VARCHAR"
)
LONGEST_NAME = 1000
_COIN = ", ".join(literal(each) for each in sorted(COIN_EVENTS))
_READ = f"event IS DISTINCT FROM {literal(IGNORED)}"
_RAW = "left(concat_ws(' | ', f_event, f_time, f_account, f_counterparty, f_host, f_coins, f_money, f_reference), 500)"


def _amount(field: str, digits: str, mapping: Mapping) -> str:
    return amount(field, digits, mapping.decimal, mapping.grouping)


def events(file: int, number: int, mapping: Mapping, source: Source, rows: Rows) -> str:
    """The query for a file's events, as EVENT_COLUMNS: each row, and what is wrong with it. number: of the mapping's source.

    In layers: texts; times, amounts and names; why the row is no event, or doubtful. What a file doesn't hold is one NULL for
    all rows, so that reading it costs nothing.
    """
    given = [field for field in FIELDS if field in source.columns or field in source.constants]
    absent = [f"CAST(NULL AS VARCHAR) AS f_{field}" for field in FIELDS if field not in given]
    there = f"SELECT {', '.join(['*', *absent])} FROM ({texts(rows, source, given)})"
    moments = ", ".join(f"{moment(each, source.time_formats)} AS {each}_at" for each in ("f_time", "f_end"))
    timed = f"SELECT *, {moments} FROM ({_meant(mapping, source, there)})"
    values = f"SELECT *, {', '.join(_values(mapping, source))} FROM ({timed})"
    judged = (
        f"SELECT *, CASE WHEN {_READ} THEN {_left_out(source)} END AS why, "
        f"CASE WHEN {_READ} THEN {_doubt()} END AS doubt FROM ({values})"
    )
    utc = _utc("wall_us", "offset_min", source.zone)
    order = utc if not source.zone else _utc("wall_us", "offset_min", source.zone, in_doubt=True)
    return (
        f"SELECT coalesce({order}, wall_us), {number}, {file}, row, event, f_time, make_timestamp({utc}), "
        f"make_timestamp(wall_us), make_timestamp({_utc('end_wall_us', 'end_offset_min', source.zone)}), account, "
        f"counterparty, host, f_stream, CASE WHEN event IN ({_COIN}) THEN abs(coins) END, "
        "CASE WHEN event = 'gift' THEN coalesce(received, abs(coins)) END, balance, "
        "CASE WHEN currency_fits THEN abs(money_minor) END, "
        "CASE WHEN money_minor IS NOT NULL AND currency_fits THEN money_currency END, "
        f"detail, f_reference, f_country, sequence, why, doubt, CASE WHEN why IS NOT NULL OR doubt IS NOT NULL THEN {_RAW} END "
        f"FROM ({judged})"
    )


def _utc(clock: str, written: str, zone: str, *, in_doubt: bool = False) -> str:
    """A wall clock's moment in microseconds from 1970; NULL where it is not known, or in doubt (unless `in_doubt`)."""
    known = f"WHEN {written} IS NOT NULL THEN {clock} - {written}::BIGINT * 60000000"
    return f"CASE {known} {f'ELSE {clock} - {zone_offset(zone, clock, in_doubt=in_doubt)}' if zone else ''} END"


def _meant(mapping: Mapping, source: Source, there: str) -> str:
    """The texts with what their words mean."""
    if source.event:
        event, detail, words = literal(source.event), "f_detail", ""
    else:
        told = ", ".join(
            f"({literal(word)}, {literal(meant)}, {literal(more)})" for word, (meant, more) in source.words.items()
        )
        event, detail = "w.meant", "coalesce(f_detail, nullif(w.more, ''))"
        words = f"LEFT JOIN (VALUES {told}) AS w(word, meant, more) ON w.word = f_event"
    iso = [f"regexp_extract({field}, '{ISO}', ['d', 't', 'z']) AS {field}_iso" for field in ("f_time", "f_end")]
    currency = f"upper(coalesce(f_currency, {literal(mapping.currency)})) AS money_currency"
    more = [f"{event} AS event", f"{detail} AS detail", currency, *(iso if "iso" in source.time_formats else ())]
    return f"SELECT s.*, {', '.join(more)} FROM ({there}) s {words}"


def _values(mapping: Mapping, source: Source) -> list[str]:
    formats, coin = source.time_formats, f"{mapping.coin_digits}"
    return [
        f"{wall('f_time_at')} AS wall_us",
        f"{offset('f_time', formats)} AS offset_min",
        f"{wall('f_end_at')} AS end_wall_us",
        f"{offset('f_end', formats)} AS end_offset_min",
        *(f"{_amount(f'f_{name}', coin, mapping)} AS {name}" for name in ("coins", "received", "balance")),
        f"{_amount('f_money', digits_of('money_currency'), mapping)} AS money_minor",
        "regexp_full_match(money_currency, '[A-Z]{3}') AS currency_fits",
        "CASE WHEN regexp_full_match(f_sequence, '\\d{1,18}') THEN CAST(f_sequence AS BIGINT) END AS sequence",
        "coalesce(f_counterparty, CASE WHEN event = 'gift' THEN f_host END) AS counterparty",
        "coalesce(f_host, CASE WHEN event = 'gift' THEN f_counterparty WHEN event = 'broadcast' THEN f_account END) AS host",
        "coalesce(f_account, CASE WHEN event = 'broadcast' THEN f_host END) AS account",
    ]


def _outward(source: Source) -> str:
    """Where a ledger writes what leaves an account with a minus, the sign that the row must have; else none may have one."""
    if not source.signed:
        return "coins < 0"
    leaves = "event IN ('gift', 'spend', 'conversion', 'payout') OR (event = 'refund' AND counterparty IS NULL)"
    return f"(({leaves}) AND coins > 0) OR (NOT ({leaves}) AND coins < 0)"


def _left_out(source: Source) -> str:
    """Why a row is no event, or NULL."""
    coin = f"event IN ({_COIN})"
    sign = (
        "the sign of coins contradicts the event"
        if source.signed
        else "coins below zero (signed = true if debits are negative)"
    )
    cases = [
        ("NOT whole", literal(NO_OBJECT)),
        ("event IS NULL AND f_event IS NULL", "'the event is empty'"),
        ("event IS NULL", "'no [source.events] names the word ' || left(f_event, 80)"),
        ("f_time IS NULL", "'the time is empty'"),
        ("wall_us IS NULL OR abs(offset_min) > 1080", "'the time fits no format of the mapping: ' || left(f_time, 80)"),
        ("account IS NULL", "'the account is empty'"),
        (
            f"greatest(length(account), length(coalesce(counterparty, '')), length(coalesce(f_stream, ''))) > {LONGEST_NAME}",
            "'a name longer than any platform gives'",
        ),
        (f"{coin} AND f_coins IS NULL", "'coins is empty'"),
        (f"{coin} AND coins IS NULL", "'coins is no amount of this unit: ' || left(f_coins, 80)"),
        (f"{coin} AND ({_outward(source)})", literal(sign)),
        ("event = 'gift' AND counterparty IS NULL", "'a gift to nobody: counterparty and host are empty'"),
        (
            "event = 'gift' AND f_received IS NOT NULL AND (received IS NULL OR received < 0 OR received > abs(coins))",
            "'received is no part of coins: ' || left(f_received, 80)",
        ),
        (
            "event IN ('room_enter', 'room_exit') AND host IS NULL AND f_stream IS NULL",
            "'a room without host or stream'",
        ),
        (
            "event = 'broadcast' AND f_end IS NOT NULL AND end_wall_us IS NULL",
            "'the end fits no format of the mapping: ' || left(f_end, 80)",
        ),
    ]
    return "CASE " + " ".join(f"WHEN {when} THEN {then}" for when, then in cases) + " END"


def _doubt() -> str:
    """What is wrong with a row that stands all the same, or NULL."""
    return (
        "nullif(concat_ws('; ', "
        "CASE WHEN f_money IS NOT NULL AND money_minor IS NULL THEN 'money is no amount of its currency: ' || "
        "left(f_money, 80) END, "
        "CASE WHEN money_minor IS NOT NULL AND NOT currency_fits THEN 'no ISO 4217 currency: ' || left(money_currency, 20) END, "
        "CASE WHEN f_balance IS NOT NULL AND balance IS NULL THEN 'balance is no amount of this unit: ' || "
        "left(f_balance, 80) END, "
        "CASE WHEN f_sequence IS NOT NULL AND sequence IS NULL THEN 'sequence is no number: ' || left(f_sequence, 80) END, "
        "CASE WHEN event = 'broadcast' AND end_wall_us < wall_us THEN 'it ends before it begins' END), '')"
    )
