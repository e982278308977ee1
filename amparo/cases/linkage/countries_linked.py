"""What a person's other accounts say of an account's country: evidence of its own name, and only where links are given."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from amparo.cases.tables.store import Store, literal
from amparo.foundation.errors import Missing, Refused

TOLD_AT = 0.9  # chance, from which on an account speaks for the person's others


def held(store: Store, file: Path, what: str, columns: tuple[str, ...]) -> str:
    """The quoted name of a copy that the store may read. Missing or Refused where it isn't there or isn't such a table."""
    name = store.holds(file)
    if not name:
        if not file.is_file():
            raise Missing(f"{file} is not there. Give the {what} that `amparo analyse {what}` wrote.")
        place = store.work / f"{what}-given.parquet"
        shutil.copyfile(file, place)
        name = literal(str(place))
    try:
        there = {str(row[0]) for row in store.rows(f"DESCRIBE SELECT * FROM read_parquet({name})")}
    except Exception as error:
        raise Refused(f"{file.name} is no Parquet file. Give the one that `amparo analyse {what}` wrote.") from error
    if lacking := [column for column in columns if column not in there]:
        raise Refused(f"{file.name} has no column {lacking[0]}. Give the file that `amparo analyse {what}` wrote.")
    return name


def persons(store: Store, links: Path) -> dict[int, list[int]]:
    """The accounts (numbers) of each person with several."""
    name = held(store, links, "links", ("account_id", "person"))
    found = store.rows(
        f"SELECT n.n, CAST(l.person AS VARCHAR) FROM read_parquet({name}) l JOIN numbered n ON n.account = l.account_id "
        f"WHERE l.person IN (SELECT person FROM read_parquet({name}) GROUP BY person HAVING count(*) > 1) ORDER BY 1"
    )
    by_person: dict[str, list[int]] = defaultdict(list)
    for account, person in found:
        by_person[person].append(account)
    return dict(enumerate(by_person.values()))


def said(by_person: dict[int, list[int]], best: np.ndarray, chance: np.ndarray) -> dict[str, np.ndarray]:
    """Rows account, place, count: what the others of its person say with a chance of TOLD_AT or more, where they all say one."""
    rows = []
    for accounts in by_person.values():
        sure = [account for account in accounts if chance[account] >= TOLD_AT and best[account] >= 0]
        votes = Counter(int(best[account]) for account in sure)
        for account in accounts:
            others = votes.copy()
            if account in sure:
                others[int(best[account])] -= 1
            named = [(place, count) for place, count in others.items() if count > 0]
            if len(named) == 1:
                rows.append((account, *named[0]))
    rows.sort()
    columns = np.array(rows, np.int64).reshape(-1, 3)
    none = np.zeros(len(rows), np.int64)
    return {
        "account": columns[:, 0],
        "place": columns[:, 1],
        "count": columns[:, 2],
        "events": columns[:, 2],
        "first": none,
        "last": none,
        "source": none,
    }
