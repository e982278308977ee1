"""Times of other people's tables: the wall clock as written; UTC only where an offset or a known zone makes it certain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from amparo.cases.tables.store import literal

EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
ISO = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$"
EARLIEST, LATEST = "TIMESTAMP '1990-01-01'", "TIMESTAMP '2100-01-01'"  # before it no platform, after it a slip
MOST_OFFSET_MIN = 1080  # no place on earth is further from UTC
QUARTER_US = 900_000_000  # every zone's offset changes at a quarter of an hour
DAY_US = 86_400_000_000


def wall(field: str, formats: tuple[str, ...]) -> str:
    """The wall clock of a text, as microseconds since 1970 on that wall; NULL where no format fits.

    Needs a column `<field>_iso`: regexp_extract(<field>, ISO, ['d', 't', 'z']).
    """
    tries = []
    for each in formats:
        if each == "iso":
            clock = f"{field}_iso.t"
            tries.append(
                f"TRY_CAST({field}_iso.d || ' ' || CASE WHEN length({clock}) = 5 THEN {clock} || ':00' "
                f"ELSE replace(left({clock}, 15), ',', '.') END AS TIMESTAMP)"
            )
        elif each in EPOCHS:
            tries.append(
                f"CASE WHEN regexp_full_match({field}, '\\d{{1,16}}') THEN "
                f"TRY(make_timestamp(CAST({field} AS BIGINT) * {EPOCHS[each]})) END"
            )
        else:
            tries.append(f"TRY_CAST(try_strptime({field}, {literal(each)}) AS TIMESTAMP)")
    found = f"coalesce({', '.join(tries)})"
    return f"CASE WHEN {found} BETWEEN {EARLIEST} AND {LATEST} THEN epoch_us({found}) END"


def offset(field: str, formats: tuple[str, ...]) -> str:
    """The written distance from UTC in minutes; NULL where none is written. Needs `<field>_iso` as `wall` does."""
    zone = f"{field}_iso.z"
    hours = f"CAST(substr({zone}, 2, 2) AS INTEGER) * 60"
    minutes = f"CAST(CASE WHEN length({zone}) > 3 THEN right({zone}, 2) ELSE '0' END AS INTEGER)"
    written = (
        f"CASE WHEN {zone} IN ('Z', 'z', 'UTC') THEN 0 WHEN {zone} = '' OR {zone} IS NULL THEN NULL "
        f"WHEN left({zone}, 1) = '-' THEN -({hours} + {minutes}) ELSE {hours} + {minutes} END"
    )
    if any(each in EPOCHS for each in formats):
        return f"coalesce({written}, CASE WHEN regexp_full_match({field}, '\\d{{1,16}}') THEN 0 END)"
    return written


def on_the_wall(there: ZoneInfo, wall_us: int) -> tuple[int, bool]:
    """The zone's distance from UTC in microseconds at that reading of its clock, and whether the clock stood there once."""
    moment = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(microseconds=wall_us)
    early, late = (moment.replace(tzinfo=there, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return early // timedelta(microseconds=1), early == late


@cache
def zone_spans(zone: str) -> tuple[tuple[int, int | None], ...]:
    """A zone's clock from 1990 to 2100 as spans: where each begins on the wall (microseconds), and its distance from UTC;
    None where the clock stood twice or never."""
    there = ZoneInfo(zone)
    spans: list[tuple[int, int | None]] = []

    def look(start: int, stop: int, steps: tuple[int, ...]) -> None:
        # Only a stretch at whose ends the clock differs, or is in doubt, is looked at more closely.
        for clock in range(start, stop, steps[0]):
            distance, certain = on_the_wall(there, clock)
            if len(steps) > 1 and (not certain or (distance, certain) != on_the_wall(there, clock + steps[0])):
                look(clock, clock + steps[0], steps[1:])
                continue
            told = distance if certain else None
            if not spans or spans[-1][1] != told:
                spans.append((clock, told))

    first = datetime(1990, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    last = datetime(2100, 1, 8, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    look(first.days * DAY_US, last.days * DAY_US, (7 * DAY_US, DAY_US, QUARTER_US))
    return tuple(spans)


def zone_offset(zone: str, clock: str) -> str:
    """The zone's distance from UTC in microseconds at a wall clock (SQL, microseconds); NULL where that is in doubt.

    One expression, no join: a join may put rows into another order, and a row's place is its number.
    """
    return _halved(zone_spans(zone), clock)


def _halved(spans: tuple[tuple[int, int | None], ...], clock: str) -> str:
    if len(spans) == 1:
        return "NULL" if spans[0][1] is None else f"{spans[0][1]}::BIGINT"
    middle = len(spans) // 2
    return f"CASE WHEN {clock} < {spans[middle][0]} THEN {_halved(spans[:middle], clock)} ELSE {_halved(spans[middle:], clock)} END"
