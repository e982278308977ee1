"""The hot loops of countries over events: put by account, counted by address, made to days and hours."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np

from amparo.cases.tables.compiling import compiled

PORTED, UTC = 1, 2  # bits of an event's flags
UNCOUNTED = 9  # the standing of an address whose events are passed over
MANY = 512  # events of one account in one go, from which on they are not sorted by insertion
_GROWTH = 1.5


@compiled
def counted(account, low, shift, heaps):
    """Where each heap's events begin (and the end), put one after another. A heap: (account - low) >> shift."""
    start = np.zeros(heaps + 1, np.int64)
    for e in range(len(account)):
        start[((account[e] - low) >> shift) + 1] += 1
    for heap in range(heaps):
        start[heap + 1] += start[heap]
    return start


@compiled
def put(account, low, shift, ahead, given, to):
    """Puts each event's columns (given) where its heap goes on in `to`; ahead: where that is, for each heap."""
    address, second, logged, flags, source = given
    to_address, to_second, to_logged, to_flags, to_source = to
    for e in range(len(account)):
        heap = (account[e] - low) >> shift
        at = ahead[heap]
        ahead[heap] = at + 1
        to_address[at], to_second[at], to_source[at] = address[e], second[e], source[e]
        to_logged[at], to_flags[at] = logged[e], flags[e]


@compiled
def put_accounts(account, shift, ahead, to):
    """The accounts themselves, as `put` does with what is known of their events."""
    for e in range(len(account)):
        heap = account[e] >> shift
        to[ahead[heap]] = account[e]
        ahead[heap] += 1


@compiled
def count_accounts(start, address, count):
    """Adds to `count`, for each address, how many of these accounts were there. address: of each event by account, -1 none."""
    seen_by = np.full(len(count), -1, np.int32)
    for a in range(len(start) - 1):
        for e in range(start[a], start[a + 1]):
            there = address[e]
            if there >= 0 and seen_by[there] != a:
                seen_by[there] = a
                count[there] += 1


@compiled
def _in_order(key, at, count):
    """Sorts the first `count` of both by key; few of an account's events stand out of their order."""
    for here in range(1, count):
        held, its = key[here], at[here]
        before = here - 1
        while before >= 0 and key[before] > held:
            key[before + 1], at[before + 1] = key[before], at[before]
            before -= 1
        key[before + 1], at[before + 1] = held, its


@compiled
def _grown(array, room):
    larger = np.empty(room, array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def _placed(begin, end, address, second, logged, place_of, standing_of, key, at):
    """Fills `key` and `at` with the events of one account that have a place, by place, logged and time; returns how many."""
    count = 0
    for e in range(begin, end):
        there = address[e]
        where, said = np.int64(-1), np.int64(0)
        if there >= 0:
            if standing_of[there] == UNCOUNTED:
                continue
            where = np.int64(place_of[there])
        if where < 0 and logged[e] >= 0:
            where, said = np.int64(logged[e]), np.int64(1)
        if where >= 0:
            key[count] = np.uint64((where << 1 | said) << 32) | np.uint64(second[e])
            at[count] = e
            count += 1
    if count > MANY:
        order = np.argsort(key[:count])
        key[:count], at[:count] = key[:count][order], at[:count][order]
    else:
        _in_order(key, at, count)
    return count


@compiled
def _summed(each, count, key, at, address, second, flags, source, standing_of, own):
    """Fills `own` (standing; days, events, with a port, first, last, source of the first) of one place; returns where it ends."""
    here = key[each] >> np.uint64(32)
    own[:] = 0
    today, least, exit_day = np.int64(-1), 9, np.int64(-1)
    while each < count and key[each] >> np.uint64(32) == here:
        e = at[each]
        when = np.int64(second[e])
        day, s = when // 86_400, np.int64(0)
        if address[e] >= 0:
            s = np.int64(standing_of[address[e]])
        if day != today:
            if least < 3:
                own[least, 0] += 1
            today, least = day, 9
        least = min(least, s)
        if s == 3 and day != exit_day:
            own[3, 0] += 1
            exit_day = day
        if own[s, 1] == 0 or (own[s, 3] == 0 and when > 0):
            own[s, 3], own[s, 5] = when, source[e]
        elif when == own[s, 3]:
            own[s, 5] = min(own[s, 5], source[e])
        own[s, 1] += 1
        own[s, 2] += flags[e] & PORTED
        own[s, 4] = when
        each += 1
    if least < 3:
        own[least, 0] += 1
    return each


@compiled
def days_of(start, address, second, logged, flags, source, place_of, standing_of):
    """Rows account, place, logged (1: as the log says), standing, days, events, with a port, first, last, source of the first.

    Of events by account (start: as counted by account). place_of, standing_of: of each address its country (-1 none)
    and its standing (0 to 3, or UNCOUNTED). Where no range names the address the logged country counts. A day is of
    the least standing that its events have in the country; of exits (3), all days. first is 0 where no time is known.
    Rows by account, place and logged.
    """
    room = min(len(address), 4 * len(start)) + 4
    account, place, by_log = np.empty(room, np.int32), np.empty(room, np.int16), np.empty(room, np.int8)
    stands, days, events = np.empty(room, np.int8), np.empty(room, np.int32), np.empty(room, np.int32)
    ports, first, last = np.empty(room, np.int32), np.empty(room, np.uint32), np.empty(room, np.uint32)
    example = np.empty(room, np.int64)
    most = 0
    for a in range(len(start) - 1):
        most = max(most, start[a + 1] - start[a])
    key, at, own = np.empty(most, np.uint64), np.empty(most, np.int64), np.zeros((4, 6), np.int64)
    write = 0
    for a in range(len(start) - 1):
        count = _placed(start[a], start[a + 1], address, second, logged, place_of, standing_of, key, at)
        each = 0
        while each < count:
            here = key[each] >> np.uint64(32)
            each = _summed(each, count, key, at, address, second, flags, source, standing_of, own)
            if write + 4 > room:
                room = int(room * _GROWTH) + 4
                account, place, by_log = _grown(account, room), _grown(place, room), _grown(by_log, room)
                stands, days, events = _grown(stands, room), _grown(days, room), _grown(events, room)
                ports, first, last = _grown(ports, room), _grown(first, room), _grown(last, room)
                example = _grown(example, room)
            for s in range(4):
                if own[s, 1] > 0:
                    account[write], place[write], by_log[write] = a, here >> np.uint64(1), here & np.uint64(1)
                    stands[write], days[write], events[write] = s, own[s, 0], own[s, 1]
                    ports[write], first[write], last[write], example[write] = own[s, 2], own[s, 3], own[s, 4], own[s, 5]
                    write += 1
    return (
        account[:write], place[:write], by_log[:write], stands[:write], days[:write],
        events[:write], ports[:write], first[:write], last[:write], example[:write],
    )  # fmt: skip


@compiled
def by_hour(start, second, flags, least):
    """Accounts with `least` events of a known UTC or more, and those events by hour of UTC: numbers, (n, 24)."""
    count = np.zeros(len(start) - 1, np.int64)
    for a in range(len(start) - 1):
        for e in range(start[a], start[a + 1]):
            count[a] += (flags[e] & UTC) > 0 and second[e] > 0
    numbers = np.flatnonzero(count >= least)
    table = np.zeros((len(numbers), 24), np.uint16)
    for row in range(len(numbers)):
        for e in range(start[numbers[row]], start[numbers[row] + 1]):
            if flags[e] & UTC and second[e] > 0:
                hour = second[e] // 3600 % 24
                if table[row, hour] < 65_535:
                    table[row, hour] += 1
    return numbers, table


@compiled
def count_days(second, days):
    """Adds to `days` (of 1970 on) the events with a time."""
    for e in range(len(second)):
        if second[e] > 0:
            days[second[e] // 86_400] += 1
