"""The SQL that turns staged texts into events: times, amounts and words, and what is wrong with each row, in words.

Amounts are never floats: whole and broken part are read as digits. Times become UTC only where an offset is written or the
mapping names the zone; the text stays beside.
"""

from __future__ import annotations

from amparo.cases.coins.mapping import COIN_EVENTS, IGNORED, Mapping, Source
from amparo.cases.tables.amounts import amount, digits_of
from amparo.cases.tables.store import literal
from amparo.cases.tables.times import ISO, offset, wall

EVENT_COLUMNS = (
    "order_us BIGINT, source INTEGER, file INTEGER, row BIGINT, event VARCHAR, at_raw VARCHAR, at_utc TIMESTAMP, "
    "at_wall TIMESTAMP, end_utc TIMESTAMP, account VARCHAR, counterparty VARCHAR, host VARCHAR, stream VARCHAR, coins BIGINT, "
    "received BIGINT, balance BIGINT, money_minor BIGINT, currency VARCHAR, detail VARCHAR, reference VARCHAR, "
    "country VARCHAR, sequence BIGINT"
)
LONGEST_NAME = 1000
_COIN = ", ".join(literal(each) for each in sorted(COIN_EVENTS))


def _amount(field: str, digits: str, mapping: Mapping) -> str:
    return amount(field, digits, mapping.decimal, mapping.grouping)


def parsed(mapping: Mapping, source: Source) -> str:
    """The query that reads the texts of `staged`."""
    formats = source.time_formats
    if source.event:
        event, detail, words = literal(source.event), "f_detail", ""
    else:
        told = ", ".join(
            f"({literal(word)}, {literal(meant)}, {literal(more)})" for word, (meant, more) in source.words.items()
        )
        event, detail = "w.meant", "coalesce(f_detail, nullif(w.more, ''))"
        words = f"LEFT JOIN (VALUES {told}) AS w(word, meant, more) ON w.word = f_event"
    coin = f"{mapping.coin_digits}"
    iso = {field: f"regexp_extract({field}, '{ISO}', ['d', 't', 'z'])" for field in ("f_time", "f_end")}
    inner = (
        f"SELECT s.*, {event} AS event, {detail} AS detail, "
        f"upper(coalesce(f_currency, {literal(mapping.currency)})) AS money_currency, "
        f"{iso['f_time']} AS f_time_iso, {iso['f_end']} AS f_end_iso FROM staged s {words}"
    )
    return (
        f"SELECT *, {wall('f_time', formats)} AS wall_us, {offset('f_time', formats)} AS offset_min, "
        f"{wall('f_end', formats)} AS end_wall_us, {offset('f_end', formats)} AS end_offset_min, "
        f"{_amount('f_coins', coin, mapping)} AS coins, {_amount('f_received', coin, mapping)} AS received, "
        f"{_amount('f_balance', coin, mapping)} AS balance, {_amount('f_money', digits_of('money_currency'), mapping)} "
        "AS money_minor, "
        "CASE WHEN regexp_full_match(f_sequence, '\\d{1,18}') THEN CAST(f_sequence AS BIGINT) END AS sequence, "
        "coalesce(f_counterparty, CASE WHEN event = 'gift' THEN f_host END) AS counterparty, "
        "coalesce(f_host, CASE WHEN event = 'gift' THEN f_counterparty WHEN event = 'broadcast' THEN f_account END) AS host, "
        f"coalesce(f_account, CASE WHEN event = 'broadcast' THEN f_host END) AS account FROM ({inner}) ORDER BY row"
    )


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


def _doubt(source: Source) -> str:
    """What is wrong with a row that stands all the same, or NULL."""
    return (
        "nullif(concat_ws('; ', "
        "CASE WHEN f_money IS NOT NULL AND money_minor IS NULL THEN 'money is no amount of its currency: ' || "
        "left(f_money, 80) END, "
        "CASE WHEN money_minor IS NOT NULL AND NOT regexp_full_match(money_currency, '[A-Z]{3}') "
        "THEN 'no ISO 4217 currency: ' || left(money_currency, 20) END, "
        "CASE WHEN f_balance IS NOT NULL AND balance IS NULL THEN 'balance is no amount of this unit: ' || "
        "left(f_balance, 80) END, "
        "CASE WHEN f_sequence IS NOT NULL AND sequence IS NULL THEN 'sequence is no number: ' || left(f_sequence, 80) END, "
        "CASE WHEN event = 'broadcast' AND end_wall_us < wall_us THEN 'it ends before it begins' END), '')"
    )


def events(file: int, number: int, source: Source, mapping: Mapping) -> str:
    """The query for the rows that are events."""
    utc = (
        "CASE WHEN offset_min IS NOT NULL THEN wall_us - offset_min::BIGINT * 60000000 "
        "WHEN z.certain THEN wall_us - z.offset_us END"
    )
    end = (
        "CASE WHEN end_offset_min IS NOT NULL THEN end_wall_us - end_offset_min::BIGINT * 60000000 "
        "WHEN e.certain THEN end_wall_us - e.offset_us END"
    )
    return (
        f"SELECT coalesce({utc}, wall_us - coalesce(z.offset_us, 0)) AS order_us, {number} AS source, {file} AS file, row, event, "
        f"f_time, make_timestamp({utc}), make_timestamp(wall_us), make_timestamp({end}), account, counterparty, host, "
        f"f_stream, CASE WHEN event IN ({_COIN}) THEN abs(coins) END, "
        "CASE WHEN event = 'gift' THEN coalesce(received, abs(coins)) END, balance, "
        "CASE WHEN regexp_full_match(money_currency, '[A-Z]{3}') THEN abs(money_minor) END, "
        "CASE WHEN money_minor IS NOT NULL AND regexp_full_match(money_currency, '[A-Z]{3}') THEN money_currency END, "
        "detail, f_reference, f_country, sequence "
        "FROM parsed LEFT JOIN zones z ON z.quarter = wall_us // 900000000 LEFT JOIN zones e ON e.quarter = "
        "end_wall_us // 900000000 "
        f"WHERE event IS DISTINCT FROM '{IGNORED}' AND ({_left_out(source)}) IS NULL"
    )


def problems(file: int, source: Source) -> str:
    """The query for the rows that are no events, and for those that stand with a doubt."""
    raw = (
        "left(concat_ws(' | ', f_event, f_time, f_account, f_counterparty, f_host, f_coins, f_money, f_reference), 500)"
    )
    return (
        f"SELECT {file}, row, coalesce(why, doubt), why IS NULL, {raw} FROM (SELECT *, {_left_out(source)} AS why, "
        f"{_doubt(source)} AS doubt FROM parsed WHERE event IS DISTINCT FROM '{IGNORED}') "
        "WHERE why IS NOT NULL OR doubt IS NOT NULL ORDER BY row"
    )
