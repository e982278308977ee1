"""The hot loops over a platform's log: what each account did, made to distinct places by day and to devices that several use."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np

from amparo.cases.tables.compiling import compiled

NONE = np.uint64(0)  # no place, no device
NO_DAY = np.int32(-(1 << 31))
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@compiled
def by_account(account, accounts):
    """Where each account's rows begin (accounts + 1), and the rows in the order of accounts, else as they stood."""
    start = np.zeros(accounts + 1, np.int64)
    for row in range(len(account)):
        start[account[row] + 1] += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    ahead = start[:-1].copy()
    order = np.empty(len(account), np.uint32)
    for row in range(len(account)):
        order[ahead[account[row]]] = row
        ahead[account[row]] += 1
    return start, order


@compiled
def _in_order(place, day, begin, end):
    """Sorts one account's rows by place and day, where they stand: by insertion, over wide gaps first where they are many."""
    gap = 1
    while gap < (end - begin) // 9:
        gap = 3 * gap + 1
    while gap > 0:
        for here in range(begin + gap, end):
            there, then = place[here], day[here]
            before = here - gap
            while before >= begin and (place[before] > there or (place[before] == there and day[before] > then)):
                place[before + gap], day[before + gap] = place[before], day[before]
                before -= gap
            place[before + gap], day[before + gap] = there, then
        gap //= 3


@compiled
def distinct_days(start, place, day):
    """Where each account's rows begin now (accounts + 1), and of each account the first and last day.

    The rows (place, day) of each account are sorted and each is kept once, in the front of the same arrays; rows without a place
    are left out there and count for the days.
    """
    accounts = len(start) - 1
    fresh = np.zeros(accounts + 1, np.int64)
    since, until = np.full(accounts, NO_DAY, np.int32), np.full(accounts, NO_DAY, np.int32)
    write = 0
    for a in range(accounts):
        begin, end = start[a], start[a + 1]
        for e in range(begin, end):
            if day[e] != NO_DAY:
                if since[a] == NO_DAY or day[e] < since[a]:
                    since[a] = day[e]
                until[a] = max(until[a], day[e])
        _in_order(place, day, begin, end)
        there, then = NONE, NO_DAY
        for e in range(begin, end):
            if place[e] != NONE and (place[e] != there or day[e] != then):
                there, then = place[e], day[e]
                place[write], day[write] = there, then
                write += 1
        fresh[a + 1] = write
    return fresh, since, until


@compiled
def distinct_values(start, value):
    """The same of one column alone: where each account's begin now; sorted, each once, in the front of the array."""
    fresh, day = np.zeros(len(start), np.int64), np.zeros(len(value), np.int8)
    write = 0
    for a in range(len(start) - 1):
        _in_order(value, day, start[a], start[a + 1])
        last = NONE
        for e in range(start[a], start[a + 1]):
            if value[e] != last:
                last = value[e]
                value[write] = last
                write += 1
        fresh[a + 1] = write
    return fresh


@compiled
def slots(count):
    """The size of a table in which `count` keys find their places."""
    size = 16
    while size < 2 * count:
        size *= 2
    return size


@compiled
def _slot(table, key):
    """Where the key stands in the table, or would stand."""
    mask = np.uint64(len(table) - 1)
    at = ((key * _SPREAD) >> np.uint64(20)) & mask
    while table[at] != NONE and table[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


@compiled
def used_by_several(value):
    """Which of the values stand more than once (bool)."""
    table = np.zeros(slots(len(value)), np.uint64)
    owners = np.zeros(len(table), np.uint8)
    for e in range(len(value)):
        at = _slot(table, value[e])
        table[at] = value[e]
        owners[at] = min(owners[at] + 1, 2)
    several = np.zeros(len(value), np.bool_)
    for e in range(len(value)):
        several[e] = owners[_slot(table, value[e])] > 1
    return several


@compiled
def places_met(start, place, day, a, b):
    """For each row: 2 if an account that is compared with its own was there on that day, 1 if on another, 0 if never.

    start, place, day: as distinct_days leaves them. a, b: the accounts that are compared.
    """
    met = np.zeros(len(place), np.uint8)
    for pair in range(len(a)):
        x, x_end = start[a[pair]], start[a[pair] + 1]
        y, y_end = start[b[pair]], start[b[pair] + 1]
        while x < x_end and y < y_end:
            if place[x] < place[y]:
                x += 1
            elif place[x] > place[y]:
                y += 1
            else:
                x, y = _days_met(place, day, x, x_end, y, y_end, met)
    return met


@compiled
def _days_met(place, day, x, x_end, y, y_end, met):
    """Marks what two accounts share of one place, at whose first rows both stand; returns the rows after it."""
    here = place[x]
    met[x], met[y] = max(met[x], 1), max(met[y], 1)
    while x < x_end and y < y_end and place[x] == here and place[y] == here:
        if day[x] < day[y]:
            x += 1
        elif day[x] > day[y]:
            y += 1
        else:
            met[x], met[y] = 2, 2
            x, y = x + 1, y + 1
    while x < x_end and place[x] == here:
        x += 1
    while y < y_end and place[y] == here:
        y += 1
    return x, y


@compiled
def numbered(places):
    """A table by which `number_of` finds the places' numbers."""
    table = np.zeros(slots(len(places)), np.uint64)
    number = np.full(len(table), -1, np.int32)
    for each in range(len(places)):
        at = _slot(table, places[each])
        table[at], number[at] = places[each], each
    return table, number


@compiled
def _day_among(days, begin, end, day):
    """Where the day stands, or would stand, among those from begin to end, which are sorted."""
    while begin < end:
        middle = (begin + end) // 2
        if days[middle] < day:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def count_there(start, place, day, table, number, days_of, days):
    """How many accounts were at each place ever, and on each of its days. days_of: where each place's days begin."""
    ever, on_day = np.zeros(len(days_of) - 1, np.int64), np.zeros(len(days), np.int64)
    for a in range(len(start) - 1):
        last, at = NONE, -1
        for e in range(start[a], start[a + 1]):
            if place[e] != last:
                last = place[e]
                at = number[_slot(table, last)]
                if at >= 0:
                    ever[at] += 1
            if at >= 0:
                found = _day_among(days, days_of[at], days_of[at + 1], day[e])
                if found < days_of[at + 1] and days[found] == day[e]:
                    on_day[found] += 1
    return ever, on_day


@compiled
def were_there(accounts, start, place, day, table, number, days_of, days, quiet, quiet_day):
    """Rows (account, number of the place, its day's number or -1) of these accounts at quiet places, and on quiet days."""
    room = 0
    for a in accounts:
        room += 2 * (start[a + 1] - start[a])
    who, where, when = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int64)
    write = 0
    for a in accounts:
        last, at = NONE, -1
        for e in range(start[a], start[a + 1]):
            if place[e] != last:
                last = place[e]
                at = number[_slot(table, last)]
                if at >= 0 and quiet[at]:
                    who[write], where[write], when[write] = a, at, -1
                    write += 1
            if at >= 0:
                found = _day_among(days, days_of[at], days_of[at + 1], day[e])
                if found < days_of[at + 1] and days[found] == day[e] and quiet_day[found]:
                    who[write], where[write], when[write] = a, at, found
                    write += 1
    return who[:write].copy(), where[:write].copy(), when[:write].copy()
