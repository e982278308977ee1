"""Small platforms for the tests of groups: rows in a store, as a mapping leaves them, and planted circles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from amparo.cases.tables.store import Store, opened


@dataclass(frozen=True)
class Platform:
    store: Store
    platform: str = "vega"

    def names(self) -> tuple[str, ...]:
        return ("members.csv", "posts.csv")

    def facts(self) -> dict[str, Any]:
        return {"platform": self.platform}


Post = tuple[str | None, str | None, str, datetime | None, datetime | None, bool]


@contextmanager
def platform(members: Sequence[tuple[Any, Any]] = (), posts: Sequence[Post] = ()) -> Iterator[Platform]:
    """members: (account, group). posts: (item, account, group, UTC, wall clock, forwarded). Rows count from 1."""
    with opened() as store:
        store.run('CREATE TABLE memberships (account VARCHAR, "group" VARCHAR, file INTEGER, row BIGINT)')
        store.run(
            'CREATE TABLE posts (item VARCHAR, account VARCHAR, "group" VARCHAR, at_utc TIMESTAMP, at_wall TIMESTAMP, '
            "forwarded BOOLEAN, file INTEGER, row BIGINT)"
        )
        if members:
            rows = [(str(a), str(g), row) for row, (a, g) in enumerate(members, 1)]
            names = [np.array([row[place] for row in rows]) for place in range(3)]
            store.table("given", {"a": names[0], "g": names[1], "r": names[2]})
            store.run("INSERT INTO memberships SELECT a, g, 0, r FROM given")
        for row, each in enumerate(posts, 1):
            store.run("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, 1, ?)", [*each, row])
        yield Platform(store)


@dataclass(frozen=True)
class Planted:
    """circle[member]: -1 for those who are in none."""

    member: np.ndarray
    group: np.ndarray
    members: int
    groups: int
    circle: np.ndarray


def planted(seed: int, *, members: int = 6000, groups: int = 900, circles: int = 6, languages: int = 1) -> Planted:
    """Groups of all sizes that people fall into (of their language alone), and circles of 7 to 10 with four of their own.

    Each is in three of four of the circle's groups, which hold strangers too.
    """
    random = np.random.default_rng(seed)
    weight = random.pareto(1.3, groups) + 0.3
    weight[:3] = weight.sum() / 25  # channels
    speaks, spoken = random.integers(0, languages, members), random.integers(0, languages, groups)
    spoken[:3] = -1
    often = 1 + random.poisson(random.gamma(1.3, 3.0, members))
    member = np.repeat(np.arange(members), often)
    group = np.empty(len(member), np.int64)
    for language in range(languages):
        here, there = np.flatnonzero(speaks[member] == language), np.flatnonzero((spoken == language) | (spoken < 0))
        group[here] = random.choice(there, len(here), p=weight[there] / weight[there].sum())
    truth, who, at = np.full(members, -1), random.permutation(members), 0
    more = [(member, group)]
    for circle in range(circles):
        people = who[at : at + int(random.integers(7, 11))]
        at += len(people)
        truth[people] = circle
        for _ in range(4):
            inside = np.concatenate([people[random.random(len(people)) < 0.8], random.integers(0, members, 4)])
            more.append((inside, np.full(len(inside), groups)))
            groups += 1
    pairs = np.unique(np.concatenate([m.astype(np.int64) * groups + g for m, g in more]))
    random.shuffle(pairs)
    return Planted(pairs // groups, pairs % groups, members, groups, truth)
