"""A rule as its file states it, and everything that is wrong with a file, by its line and with what to write instead. No Django."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

CURRENT = "rule-1"
AXES = ("danger", "actionable", "new", "clock")
LEVELS = ("high", "some", "unknown", "none")
# Not a unit's to drop: domain requirement 2.
FLOORS = ("child_in_danger_now", "child_in_crisis", "broadcast_under_way")
FURTHER_FLOORS = ("danger_soon", "broadcast_soon", "meeting_soon", "pressure_now")
CONDITIONS = ("floor", "perishing", "always", *(f"{axis} {level}" for axis in AXES[:3] for level in LEVELS))
UNITS = {"minute": 1, "hour": 60, "day": 1440}
VERSION = re.compile(r"rule-[1-9][0-9]{0,5}")
NAME = re.compile(r"[a-z][a-z_]{0,11}")
LONGEST = timedelta(days=3650)


@dataclass(frozen=True)
class Band:
    """How long reports of this kind may wait, and who is told when it took longer."""

    name: str
    when: tuple[str, ...]
    look_within: timedelta
    decide_within: timedelta
    escalate_to: str


@dataclass(frozen=True)
class Flood:
    in_an_hour: int
    in_a_day: int
    times_the_usual: int
    lifted_at_once: int
    sampled_in_1000: int
    sampled_a_day: int


@dataclass(frozen=True)
class Serial:
    proposed_after: int
    proposed_from_percent: int
    sampled_in_1000: int
    sampled_a_day: int


@dataclass(frozen=True)
class Fold:
    """How long after the last of a bundle another report joins it, by what they share."""

    message: timedelta
    file: timedelta
    near_file: timedelta
    address: timedelta
    account: timedelta
    incident: timedelta
    near_bits: int
    lifted_at_most: int


@dataclass(frozen=True)
class SecondLook:
    share_in_1000: int
    low_after: timedelta


@dataclass(frozen=True)
class Rule:
    """Everything a unit decides about its queue. text: the file, whole, as it was when it was read."""

    version: str
    floors: tuple[str, ...]
    order: tuple[str, ...]
    levels: tuple[str, ...]
    kinds_for_high: int
    bands: tuple[Band, ...]
    remind_after: float
    flood: Flood
    serial: Serial
    fold: Fold
    second_look: SecondLook
    text: str = ""


class BadRule(ValueError):
    """The file is no rule. problems: each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@cache
def shipped_rule(version: str = CURRENT) -> Rule:
    """The rule of that version, as it comes with Amparo. Raises FileNotFoundError."""
    return read_rule((Path(__file__).parent / f"{version}.toml").read_text(encoding="utf-8"))


@cache
def read_rule(text: str) -> Rule:
    """A rule from TOML. Raises BadRule with every problem there is: its line, what stands there, what to write instead."""
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRule([_syntax(error, text)]) from error
    reader = _Reader(stated, _lines(text))
    rule = reader.rule(text)
    if reader.problems:
        raise BadRule([sentence for _, sentence in sorted(reader.problems)])
    return rule


def _syntax(error: tomllib.TOMLDecodeError, text: str) -> str:
    said = str(error)
    line = re.search(r"at line (\d+)", said)
    number = int(line[1]) if line else text.count("\n") + 1
    what = re.sub(r" \(at .*\)$", "", said)
    return f"line {number}: this is no TOML ({what}): write name = value, texts in double quotes, lists in [ ]"


def _lines(text: str) -> dict[str, int]:
    """Where each key stands: "clock.remind_after_percent" or "bands.2.when" to its line, from 1."""
    places: dict[str, int] = {}
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]", line):
            table = header[2]
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                table = f"{table}.{counts[table]}"
            places.setdefault(table, number)
        elif key := re.match(r"\s*([\w-]+)\s*=", line):
            places.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return places


class _Reader:
    """Reads a stated rule part by part and goes on after a problem, so that all of them are told at once."""

    def __init__(self, stated: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self._stated, self._lines = stated, lines
        self.problems: list[tuple[int, str]] = []

    def rule(self, text: str) -> Rule:
        tables = ("actionable", "bands", "clock", "flood", "serial", "fold", "second_look")
        self._known("", self._stated, ("version", "floors", "order", "levels", *tables))
        return Rule(
            version=self._version(),
            floors=self._floors(),
            order=self._permutation("order", AXES, "all four axes"),
            levels=self._permutation("levels", LEVELS, "all four levels"),
            kinds_for_high=self._table("actionable", kinds_for_high=self._number(1, 10))["kinds_for_high"],
            bands=self._bands(),
            remind_after=self._table("clock", remind_after_percent=self._number(1, 100))["remind_after_percent"] / 100,
            flood=Flood(
                **self._table(
                    "flood",
                    in_an_hour=self._number(1, 1_000_000),
                    in_a_day=self._number(1, 10_000_000),
                    times_the_usual=self._number(1, 1000),
                    lifted_at_once=self._number(1, 1000),
                    sampled_in_1000=self._number(1, 1000),
                    sampled_a_day=self._number(1, 1000),
                )
            ),
            serial=Serial(
                **self._table(
                    "serial",
                    proposed_after=self._number(5, 1_000_000),
                    proposed_from_percent=self._number(50, 100),
                    sampled_in_1000=self._number(1, 1000),
                    sampled_a_day=self._number(1, 1000),
                )
            ),
            fold=Fold(
                **self._table(
                    "fold",
                    **dict.fromkeys(("message", "file", "near_file", "address", "account", "incident"), self._duration),
                    near_bits=self._number(0, 31),
                    lifted_at_most=self._number(1, 1000),
                )
            ),
            second_look=SecondLook(
                **self._table("second_look", share_in_1000=self._number(1, 1000), low_after=self._duration)
            ),
            text=text,
        )

    def _problem(self, where: str, sentence: str) -> None:
        line = self._lines.get(where) or self._lines.get(where.rpartition(".")[0], 1)
        self.problems.append((line, f"line {line}: {sentence}"))

    def _known(self, table: str, stated: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in stated:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                better = f"write {near[0]}" if near else f"there are {', '.join(known)}"
                self._problem(f"{table}.{key}" if table else key, f"{key} is nothing a rule states here: {better}")

    def _version(self) -> str:
        version = self._stated.get("version")
        if isinstance(version, str) and VERSION.fullmatch(version):
            return version
        self._problem(
            "version", f'version is {_shown(version)}: write "rule-" and a number, such as version = "rule-2"'
        )
        return CURRENT

    def _floors(self) -> tuple[str, ...]:
        stated = self._stated.get("floors")
        if not isinstance(stated, list):
            self._problem("floors", f"floors is {_shown(stated)}: write a list that holds {', '.join(FLOORS)}")
            return FLOORS
        if missing := [floor for floor in FLOORS if floor not in stated]:
            self._problem("floors", f"a rule may not leave out the floor {', '.join(missing)}: write it into floors")
        for floor in stated:
            if floor not in (*FLOORS, *FURTHER_FLOORS):
                there = ", ".join((*FLOORS, *FURTHER_FLOORS))
                self._problem("floors", f"{_shown(floor)} is no floor: there are {there}")
        if len(set(map(str, stated))) < len(stated):
            self._problem("floors", "a floor stands in floors twice: write it once")
        return tuple(map(str, stated))

    def _permutation(self, key: str, of: tuple[str, ...], called: str) -> tuple[str, ...]:
        stated = self._stated.get(key)
        if isinstance(stated, list) and sorted(map(str, stated)) == sorted(of):
            return tuple(stated)
        named = ", ".join(f'"{each}"' for each in of)
        self._problem(key, f"{key} is {_shown(stated)}: write {called}, each once, in your order: {key} = [{named}]")
        return of

    def _table(self, name: str, **keys: Callable[[str, Any], Any]) -> dict[str, Any]:
        stated = self._stated.get(name)
        if not isinstance(stated, dict):
            self._problem(name, f"the part [{name}] is missing: write [{name}] and below it {', '.join(keys)}")
            stated = _DEFAULTS[name]
        self._known(name, stated, tuple(keys))
        return {key: read(f"{name}.{key}", stated.get(key)) for key, read in keys.items()}

    def _number(self, least: int, most: int) -> Callable[[str, Any], int]:
        def read(where: str, value: Any) -> int:
            if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
                return value
            key = where.rpartition(".")[2]
            self._problem(where, f"{key} is {_shown(value)}: write a whole number from {least} to {most}")
            return least

        return read

    def _duration(self, where: str, value: Any) -> timedelta:
        found = re.fullmatch(r"\s*(\d{1,6})\s*(minute|hour|day)s?\s*", value) if isinstance(value, str) else None
        wait = timedelta(minutes=int(found[1]) * UNITS[found[2]]) if found else timedelta()
        if timedelta() < wait <= LONGEST:
            return wait
        key = where.rpartition(".")[2]
        self._problem(
            where, f'{key} is {_shown(value)}: write minutes, hours or days, such as "30 minutes" or "3 days"'
        )
        return timedelta(days=1)

    def _bands(self) -> tuple[Band, ...]:
        stated = self._stated.get("bands")
        if not isinstance(stated, list) or not stated or not all(isinstance(each, dict) for each in stated):
            self._problem("bands", "there is no band: write [[bands]] with name, when, look_within and decide_within")
            return (Band("rest", ("always",), timedelta(days=1), timedelta(days=1), "supervisor"),)
        bands = tuple(self._band(f"bands.{number}", each) for number, each in enumerate(stated, start=1))
        names = [band.name for band in bands]
        for number, name in enumerate(names, start=1):
            if name in names[: number - 1]:
                self._problem(f"bands.{number}.name", f'the band "{name}" stands here twice: give one another name')
        if "always" not in bands[-1].when:
            where = f"bands.{len(bands)}.when"
            self._problem(where, 'the last band must fit every report: write when = ["always"] in it')
        if not any("floor" in band.when for band in bands):
            self._problem("bands.1.when", 'no band is for floors: write when = ["floor"] in the first one')
        return bands

    def _band(self, where: str, stated: Mapping[str, Any]) -> Band:
        self._known(where, stated, ("name", "when", "look_within", "decide_within", "escalate_to"))
        name, when, to = stated.get("name"), stated.get("when"), stated.get("escalate_to")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self._problem(f"{where}.name", f"name is {_shown(name)}: write a short word in small letters")
            name = "band"
        if not isinstance(when, list) or not when:
            self._problem(f"{where}.when", f'when is {_shown(when)}: write a list such as when = ["danger high"]')
            when = ["always"]
        for condition in when:
            if condition not in CONDITIONS:
                near = difflib.get_close_matches(str(condition), CONDITIONS, 1)
                better = f'write "{near[0]}"' if near else f"there are {', '.join(CONDITIONS)}"
                self._problem(f"{where}.when", f"{_shown(condition)} is no condition: {better}")
        if not isinstance(to, str) or not re.fullmatch(r"[\w.@+-]{1,60}", to):
            self._problem(
                f"{where}.escalate_to", f'escalate_to is {_shown(to)}: write an officer\'s username, or "supervisor"'
            )
            to = "supervisor"
        look = self._duration(f"{where}.look_within", stated.get("look_within"))
        decide = self._duration(f"{where}.decide_within", stated.get("decide_within"))
        if decide < look:
            self._problem(f"{where}.decide_within", "decide_within is shorter than look_within: nobody decides unread")
        return Band(name, tuple(map(str, when)), look, decide, to)


_DEFAULTS: dict[str, dict[str, Any]] = {
    "actionable": {"kinds_for_high": 2},
    "clock": {"remind_after_percent": 50},
    "flood": {
        "in_an_hour": 30, "in_a_day": 120, "times_the_usual": 4, "lifted_at_once": 5, "sampled_in_1000": 20,
        "sampled_a_day": 10,
    },
    "serial": {"proposed_after": 20, "proposed_from_percent": 95, "sampled_in_1000": 50, "sampled_a_day": 10},
    "fold": {
        "message": "1 day", "file": "1 day", "near_file": "1 day", "address": "1 day", "account": "1 day",
        "incident": "1 hour", "near_bits": 31, "lifted_at_most": 20,
    },
    "second_look": {"share_in_1000": 20, "low_after": "7 days"},
}  # fmt: skip


def _shown(value: object) -> str:
    """A value as the file has it."""
    if value is None:
        return "missing"
    return f'"{value}"' if isinstance(value, str) else str(value)[:80]
