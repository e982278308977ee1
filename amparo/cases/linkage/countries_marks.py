"""The hot loops of countries over addresses: texts read to numbers, and found again by the mark (a hash) of each text."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np

from amparo.cases.tables.compiling import compiled

OTHER, V4, V6 = 0, 4, 6
_COLON, _DOT, _SPACE, _LINE = 58, 46, 32, 10


@compiled
def _four(text, begin, end):
    """The number of an IPv4 address as it is mostly written: four numbers up to 255, none with a 0 before it; else -1."""
    found, part, digits, parts = 0, 0, 0, 0
    for at in range(begin, end + 1):
        here = text[at] if at < end else _DOT
        if here == _DOT:
            if digits == 0 or part > 255:
                return -1
            found, parts, part, digits = found << 8 | part, parts + 1, 0, 0
        elif 48 <= here <= 57:
            if digits == 3 or (digits > 0 and part == 0):
                return -1
            part, digits = part * 10 + (here - 48), digits + 1
        else:
            return -1
    return found if parts == 4 else -1


@compiled
def _hexadecimal(here):
    if 48 <= here <= 57:
        return here - 48
    return here - 87 if 97 <= here <= 102 else -1


@compiled
def _rest_is_plain(text, begin, end):
    """Whether nothing but small hexadecimal digits and colons stands there."""
    at = begin
    while at < end and (text[at] == _COLON or _hexadecimal(text[at]) >= 0):
        at += 1
    return at == end


@compiled
def _upper_half(group, count, before):
    """Of `count` groups, of which `before` stand before "::"."""
    high = np.uint64(0)
    for each in range(count):
        place = each if each < before else 8 - count + each
        if place < 4:
            high |= np.uint64(group[each]) << np.uint64(16 * (3 - place))
    return high


@compiled
def _six(text, begin, end, group):
    """Whether it is an IPv6 address in small letters, and its upper half. group: room for eight numbers.

    Where four whole groups begin it, they are that half, and of the rest only the letters are looked at.
    """
    count, before, part, digits, at = 0, -1, 0, 0, begin
    while at < end:
        here = text[at]
        if here != _COLON:
            value = _hexadecimal(here)
            if value < 0 or digits == 4:
                return False, np.uint64(0)
            part, digits, at = part << 4 | value, digits + 1, at + 1
            continue
        if digits:
            group[count] = part
            count += 1
            if count == 4 and before < 0:
                return _rest_is_plain(text, at, end), _upper_half(group, 4, 4)
        if at + 1 < end and text[at + 1] == _COLON:
            if before >= 0:
                return False, np.uint64(0)
            before, at = count, at + 2
        elif digits == 0 or at + 1 == end or count == 7:
            return False, np.uint64(0)
        else:
            at += 1
        part, digits = 0, 0
    if digits:
        group[count] = part
        count += 1
    if before < 0 or count > 7:
        return False, np.uint64(0)
    return True, _upper_half(group, count, before)


@compiled
def read_marked(text, mark, family, number, begin_of, end_of):
    """Lines "mark address" as bytes: fills each line's mark, family (OTHER: not one of the two usual ways to write) and number
    (an IPv4 address, an IPv6 address's upper half), and where its address lies. Returns how many lines there are."""
    line, at, length, group = 0, 0, len(text), np.zeros(8, np.int64)
    while at < length:
        found = np.uint64(0)
        while text[at] != _SPACE:
            found, at = found * np.uint64(10) + np.uint64(text[at] - 48), at + 1
        begin = at + 1
        at = begin
        while at < length and text[at] != _LINE:
            at += 1
        mark[line], begin_of[line], end_of[line] = found, begin, at
        whole = _four(text, begin, at)
        if whole >= 0:
            family[line], number[line] = V4, whole
        else:
            is_six, high = _six(text, begin, at, group)
            family[line], number[line] = V6 if is_six else OTHER, high if is_six else np.uint64(0)
        line, at = line + 1, at + 1
    return line


@compiled
def table_of(mark, room):
    """An open table of `room` (a power of 2) places with the marks' numbers, -1 where empty; and whether two marks are alike."""
    table = np.full(room, -1, np.int32)
    last = np.uint64(room - 1)
    for each in range(len(mark)):
        place = mark[each] & last
        while table[place] >= 0:
            if mark[table[place]] == mark[each]:
                return table, True
            place = (place + np.uint64(1)) & last
        table[place] = each
    return table, False


@compiled
def found_by(asked, table, mark, number):
    """The number of each mark that is asked for; -1 for 0, and for one that the table does not have."""
    found = np.full(len(asked), -1, np.int32)
    last = np.uint64(len(table) - 1)
    for each in range(len(asked)):
        if asked[each] == 0:
            continue
        place = asked[each] & last
        while table[place] >= 0:
            if mark[table[place]] == asked[each]:
                found[each] = number[table[place]]
                break
            place = (place + np.uint64(1)) & last
    return found
