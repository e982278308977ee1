"""Groups: small ones by chance, channels of thousands, circles that share several small groups; items and who posted them first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.platforms.activity import share_of_full
from benchmarks.platforms.lands import DAYS
from benchmarks.platforms.people import People

CHANNELS = 5
CIRCLE_PEOPLE = 1200  # at full size, in circles of 5 to 12 persons
CIRCLE_GROUPS = (4, 7)  # small groups that a circle shares
JOINS = 0.74  # of its groups that each member of a circle is in


@dataclass(frozen=True)
class Crowds:
    """Memberships (account, group, day in, day out or -1, role), posts, items, circles (account, circle), first posters."""

    member: np.ndarray
    group: np.ndarray
    since_s: np.ndarray
    until_s: np.ndarray
    role: np.ndarray
    added_by: np.ndarray
    post_account: np.ndarray
    post_group: np.ndarray
    post_at: np.ndarray
    post_item: np.ndarray
    forwarded: np.ndarray
    uploader: np.ndarray
    uploaded: np.ndarray
    seconds: np.ndarray
    circle_account: np.ndarray
    circle: np.ndarray
    first_item: np.ndarray
    first_account: np.ndarray
    first_group: np.ndarray


def crowds(folk: People, seed: int) -> Crowds:
    """Everything about groups and items; sizes as analytics.md measured, in proportion."""
    random = np.random.default_rng([seed, 6])
    groups, group_of, member = _by_chance(folk, random)
    circle_account, circle, with_group, with_member = _circles(folk, groups, random)
    group = np.concatenate([group_of, with_group])
    account = np.concatenate([member, with_member])
    once = np.unique(group * (1 << 32) + account)
    once = once[random.permutation(len(once))]
    group, account = once >> 32, once & 0xFFFFFFFF
    count = len(account)
    since = (folk.first_day[account] * 86_400 + random.integers(0, 86_400 * 30, count)).clip(0, DAYS * 86_400 - 1)
    left = random.random(count) < 0.22
    until = np.where(left, since + (random.exponential(50 * 86_400, count)).astype(np.int64) + 1, -1)
    at_once = random.random(count) < 0.01  # added by somebody, gone within a minute
    until = np.where(at_once, since + random.integers(2, 60, count), np.minimum(until, DAYS * 86_400 - 1))
    role = random.choice(3, count, p=[0.955, 0.04, 0.005])
    adder = account[random.integers(0, count, count)]
    added = (random.random(count) < 0.2) | at_once
    items = share_of_full(folk.accounts, 91_000, 60)
    makers = random.permutation(folk.accounts)[: max(12, items // 7)]
    uploader = makers[(len(makers) * random.random(items) ** 2.2).astype(np.int64)]
    first, last = folk.first_day[uploader], folk.last_day[uploader]
    uploaded = (first + random.random(items) * (last - first)).astype(np.int64) * 86_400 + random.integers(
        0, 86_400, items
    )
    posts = _posts(folk, account, group, since, items, uploader, random)
    return Crowds(
        member=account,
        group=group,
        since_s=since,
        until_s=until,
        role=np.where(role == 2, 2, role),
        added_by=np.where(added, adder, -1),
        uploader=uploader,
        uploaded=uploaded,
        seconds=(random.lognormal(5, 1.1, items)).astype(np.int64) + 1,
        circle_account=circle_account,
        circle=circle,
        **posts,
    )


def _by_chance(folk: People, random: np.random.Generator) -> tuple[int, np.ndarray, np.ndarray]:
    """Groups that people fall into: five channels of one in seventy accounts, some large, thousands small."""
    small = share_of_full(folk.accounts, 21_000, 60)
    sizes = np.clip(random.lognormal(3.35, 0.85, small), 3, 480).astype(np.int64)
    large = np.clip(random.lognormal(7, 0.4, share_of_full(folk.accounts, 12, 0)), 600, 4000).astype(np.int64)
    channels = np.full(CHANNELS, max(40, folk.accounts // 75))
    sizes = np.concatenate([channels, large, sizes])
    # Some people are in many groups: the square of a uniform number draws low ranks more often.
    liking = random.permutation(folk.accounts)
    member = liking[(folk.accounts * random.random(int(sizes.sum())) ** 1.6).astype(np.int64)]
    return len(sizes), np.repeat(np.arange(len(sizes)), sizes), member


def _circles(
    folk: People, groups: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Circles of persons; with several accounts they come by any of them. Their groups are small, with strangers in them."""
    people = share_of_full(folk.accounts, CIRCLE_PEOPLE, 24)
    starts = np.searchsorted(folk.person, np.arange(folk.persons + 1))
    chosen = random.permutation(folk.persons)[:people]
    accounts, circles, group_of, member = [], [], [], []
    place = number = 0
    while place < people:
        size = int(random.integers(5, 13))
        size = size if people - place - size >= 5 else people - place
        names = chosen[place : place + size]
        place += size
        for person in names.tolist():
            for account in range(starts[person], starts[person + 1]):
                accounts.append(account)
                circles.append(number)
        for _ in range(int(random.integers(*CIRCLE_GROUPS))):
            host = CHANNELS + int(random.integers(0, groups - CHANNELS)) if random.random() < 0.3 else groups
            groups += host == groups
            for person in names[random.random(len(names)) < JOINS].tolist():
                group_of.append(host)
                member.append(int(random.integers(starts[person], starts[person + 1])))
            if host == groups - 1:
                strangers = random.integers(0, folk.accounts, int(random.integers(3, 22)))
                group_of += [host] * len(strangers)
                member += strangers.tolist()
        number += 1
    return np.array(accounts), np.array(circles), np.array(group_of), np.array(member)


def _posts(
    folk: People,
    account: np.ndarray,
    group: np.ndarray,
    since: np.ndarray,
    items: int,
    uploader: np.ndarray,
    random: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Items wander through groups. The first post of an item is its root; of a tenth the root is not in the export, so
    that the earliest post held is marked as forwarded; some posts fall into the same second."""
    count = folk.accounts // 6
    shown = random.permutation(items)[: max(20, int(items * 0.55))]
    item = shown[np.concatenate([np.arange(len(shown)), random.integers(0, len(shown), max(0, count - len(shown)))])]
    by = random.integers(0, len(account), len(item))
    at = (since[by] + (random.random(len(item)) * 90 * 86_400)).astype(np.int64).clip(0, DAYS * 86_400 - 1)
    order = np.lexsort((by, at, item))
    item, by, at = item[order], by[order], at[order]
    root = np.r_[True, item[1:] != item[:-1]]
    lost = root & (random.random(len(item)) < 0.1)
    forwarded = ~root & (random.random(len(item)) < 0.45)
    unheld = lost[np.maximum.accumulate(np.where(root, np.arange(len(item)), 0))]
    second = np.r_[False, root[:-1]] & ~root
    forwarded |= second & unheld & (random.random(len(item)) < 0.7)
    tied = second & (random.random(len(item)) < 0.01)
    at[tied] = at[np.flatnonzero(tied) - 1]
    kept, firsts = np.flatnonzero(~lost), np.flatnonzero(root)
    kept = kept[np.lexsort((kept, at[kept]))]
    return {
        "post_account": account[by[kept]],
        "post_group": group[by[kept]],
        "post_at": at[kept],
        "post_item": item[kept],
        "forwarded": forwarded[kept],
        "first_item": item[firsts],
        "first_account": np.where(lost[firsts], -1, account[by[firsts]]),
        "first_group": np.where(lost[firsts], -1, group[by[firsts]]),
    }
