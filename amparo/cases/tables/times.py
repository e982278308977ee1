"""Times of other people's tables: the wall clock as written; UTC only where an offset or a known zone makes it certain."""

from __future__ import annotations

from collections.abc import Iterable
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


def moment(field: str, formats: tuple[str, ...]) -> str:
    """What the clock showed by a text, as a TIMESTAMP of that clock; NULL where no format fits.

    Needs a column `<field>_iso`: regexp_extract(<field>, ISO, ['d', 't', 'z']), if "iso" is among the formats.
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
    return f"coalesce({', '.join(tries)})"


def wall(moment_column: str) -> str:
    """The wall clock as microseconds since 1970 on that wall; NULL for a time before any platform, or a slip.

    Of a column that holds a `moment`, not of the expression, which would be computed several times.
    """
    return f"CASE WHEN {moment_column} BETWEEN {EARLIEST} AND {LATEST} THEN epoch_us({moment_column}) END"


def offset(field: str, formats: tuple[str, ...]) -> str:
    """The written distance from UTC in minutes; NULL where none is written. Needs `<field>_iso` as `moment` does."""
    epoch = f"CASE WHEN regexp_full_match({field}, '\\d{{1,16}}') THEN 0 END"
    if "iso" not in formats:
        return epoch if any(each in EPOCHS for each in formats) else "CAST(NULL AS INTEGER)"
    zone = f"{field}_iso.z"
    hours = f"CAST(substr({zone}, 2, 2) AS INTEGER) * 60"
    minutes = f"CAST(CASE WHEN length({zone}) > 3 THEN right({zone}, 2) ELSE '0' END AS INTEGER)"
    written = (
        f"CASE WHEN {zone} IN ('Z', 'z', 'UTC') THEN 0 WHEN {zone} = '' OR {zone} IS NULL THEN NULL "
        f"WHEN left({zone}, 1) = '-' THEN -({hours} + {minutes}) ELSE {hours} + {minutes} END"
    )
    return f"coalesce({written}, {epoch})" if any(each in EPOCHS for each in formats) else written


def on_the_wall(there: ZoneInfo, wall_us: int) -> tuple[int, bool]:
    """The zone's distance from UTC in microseconds at that reading of its clock, and whether the clock stood there once."""
    moment = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(microseconds=wall_us)
    early, late = (moment.replace(tzinfo=there, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return early // timedelta(microseconds=1), early == late


@cache
def _clock(zone: str) -> tuple[tuple[int, int, bool], ...]:
    """A zone's clock from 1990 to 2100 as spans: where each begins on the wall, and what on_the_wall says of it."""
    there = ZoneInfo(zone)
    spans: list[tuple[int, int, bool]] = []

    def look(start: int, stop: int, steps: tuple[int, ...]) -> None:
        # Only a stretch at whose ends the clock differs, or is in doubt, is looked at more closely.
        for clock in range(start, stop, steps[0]):
            distance, certain = on_the_wall(there, clock)
            if len(steps) > 1 and (not certain or (distance, certain) != on_the_wall(there, clock + steps[0])):
                look(clock, clock + steps[0], steps[1:])
            elif not spans or spans[-1][1:] != (distance, certain):
                spans.append((clock, distance, certain))

    first = datetime(1990, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    last = datetime(2100, 1, 8, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    look(first.days * DAY_US, last.days * DAY_US, (7 * DAY_US, DAY_US, QUARTER_US))
    return tuple(spans)


def zone_spans(zone: str) -> tuple[tuple[int, int | None], ...]:
    """A zone's clock from 1990 to 2100 as spans: where each begins on the wall (microseconds), and its distance from UTC;
    None where the clock stood twice or never."""
    return _merged((begins, distance if certain else None) for begins, distance, certain in _clock(zone))


def _merged(spans: Iterable[tuple[int, int | None]]) -> tuple[tuple[int, int | None], ...]:
    found: list[tuple[int, int | None]] = []
    for begins, distance in spans:
        if not found or found[-1][1] != distance:
            found.append((begins, distance))
    return tuple(found)


def zone_offset(zone: str, clock: str, *, in_doubt: bool = False) -> str:
    """The zone's distance from UTC in microseconds at a wall clock (SQL, microseconds). Where that is in doubt NULL, or the
    earlier reading's with `in_doubt`, which is good enough to put rows in order.

    One expression, no join: a join may put rows into another order, and a row's place is its number.
    """
    spans = _merged((begins, distance) for begins, distance, _ in _clock(zone)) if in_doubt else zone_spans(zone)
    return _halved(spans, clock)


def _halved(spans: tuple[tuple[int, int | None], ...], clock: str) -> str:
    if len(spans) == 1:
        return "NULL" if spans[0][1] is None else f"{spans[0][1]}::BIGINT"
    middle = len(spans) // 2
    return f"CASE WHEN {clock} < {spans[middle][0]} THEN {_halved(spans[:middle], clock)} ELSE {_halved(spans[middle:], clock)} END"
