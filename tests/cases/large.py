"""A case of any size, written as rows: what the pages must bear, without importing exports that large."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from amparo.cases.models import Attribution, Case, Decision, Group, Identifier, Notice, Person, Post, Sighting
from amparo.foundation import clock
from amparo.foundation.ids import new_id
from amparo.matching.models import Check
from amparo.sandbox.models import Examination
from amparo.vault.models import Compartment, Item

BATCH = 2000
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def fill(
    case: UUID, *, sizes: tuple[int, ...], people: int, posts: int = 0, items: int = 0, seed: int = 7
) -> list[Group]:
    """Groups of these sizes in the case, among `people` people; a part posts, some first. Names are numbers and nothing more.

    items: how many files, each with bytes and looks of its own, that posts of the groups carried, some in several groups.
    """
    random = np.random.default_rng(seed)
    held = Case.objects.get(uuid=case)
    now = clock.now()
    last = Person.objects.filter(case=held).count()
    Person.objects.bulk_create(
        (
            Person(case=held, number=last + number, handle=f"+1 555 01{number:08d}", category="contact")
            for number in range(1, people + 1)
        ),
        batch_size=BATCH,
    )
    rows = list(Person.objects.filter(case=held, number__gt=last).order_by("number").values_list("id", flat=True))
    Identifier.objects.bulk_create(
        (
            Identifier(
                person_id=row,
                kind="phone",
                value=f"+155501{number:08d}",
                raw=f"+1 555 01{number:08d}",
                source="x",
                added_at=now,
            )
            for number, row in enumerate(rows, 1)
        ),
        batch_size=BATCH,
    )
    Decision.objects.bulk_create(
        (
            Decision(person_id=row, what="category", value="contact", reason="Named.", by_name="Amparo", at=now)
            for row in rows
        ),
        batch_size=BATCH,
    )
    Attribution.objects.bulk_create(
        (
            Attribution(
                person_id=row, country=country, evidence="phone_prefix", words="The number.", kind="assessment",
                source_grade="X", information_grade=4, by_name="Amparo", at=now,
            )
            for place, row in enumerate(rows)
            for country in (("US", "CA") if place % 3 else ("ES",))
        ),
        batch_size=BATCH,
    )  # fmt: skip
    made = []
    for number, size in enumerate(sizes, 1):
        chosen = random.choice(len(rows), size, replace=False)
        made.append(
            _group(held, number, [rows[each] for each in chosen.tolist()], posts if number == 1 else 20, random)
        )
    if items:
        _carry(held, made, items, random)
    return made


def _carry(case: Case, groups: list[Group], items: int, random: np.random.Generator) -> None:
    """Files for the groups' media posts: of each item's posts the first is the first; every ninth looks like the one before."""
    now, compartment = clock.now(), Compartment.objects.get(uuid=case.compartment)
    digests = [random.bytes(32).hex() for _ in range(items)]
    looks = [[random.bytes(32) for _ in range(16)] for _ in range(items)]
    for each in range(9, items, 9):
        looks[each] = looks[each - 1]
    posts = list(Post.objects.filter(group__case=case, kind="media").order_by("group_id", "line")[: 2 * items])
    seen: set[tuple[int, int]] = set()
    known: dict[tuple[int, int], Item] = {}
    for place, post in enumerate(posts):
        which = place if place < items else int(random.integers(0, items))
        key = post.group_id, which
        known.setdefault(key, _item(case, compartment, digests[which], post, now))
        post.item, post.sha256, post.first = known[key].uuid, digests[which], key not in seen
        seen.add(key)
    Item.objects.bulk_create(known.values(), batch_size=500)
    Post.objects.bulk_update(posts, ("item", "sha256", "first"), batch_size=300)
    Sighting.objects.bulk_create(
        (Sighting(case=case, item=each.item, sha256=each.sha256, post=each) for each in posts), batch_size=500
    )
    Examination.objects.bulk_create(
        (
            Examination(
                item=item.uuid, origin=item.origin, state="examined", kind="picture", tool="x", examined_at=now,
                facts={"quality": 90, "pdq_hex": looks[which][0].hex(), "looks": [look.hex() for look in looks[which]]},
            )
            for (_, which), item in known.items()
        ),
        batch_size=500,
    )  # fmt: skip
    Check.objects.bulk_create(
        (
            Check(
                item=item.uuid, origin=item.origin, state=("no_hit", "hit", "too_plain")[which % 3], at=now, kind="picture",
                examination="examined", looks=b"".join(looks[which]), look_count=16,
            )
            for (_, which), item in known.items()
            if which % 7
        ),
        batch_size=500,
    )  # fmt: skip


def _item(case: Case, compartment: Compartment, sha256: str, post: Post, now: datetime) -> Item:
    return Item(
        name=f"{post.group_id}-{post.media_name}"[:255], media_type="image/jpeg", size_bytes=1000,
        md5=sha256[:32], sha1=sha256[:40], sha256=sha256,
        origin=case.uuid, compartment=compartment, sealed_for=compartment, wrapped_key=b"", sealed_size_bytes=1000,
        sealed_sha256=sha256, sealed_at=now,
    )  # fmt: skip


def _group(case: Case, number: int, members: list[int], posts: int, random: np.random.Generator) -> Group:
    end = START + timedelta(days=120)
    group = Group.objects.create(
        case=case, name=f"Grupo {number}", platform="WhatsApp", item=new_id(), date_order="dmy", imported_at=clock.now(),
        zone="Europe/Madrid" if number % 2 else "", zone_assumed_by="stated" if number % 2 else "",
        first_raw="5/1/26, 08:00", first_wall=START, last_raw="5/5/26, 08:00", last_wall=end,
        counted={"members": len(members), "silent": len(members) // 2, "left_at_once": 0, "messages": posts, "media": posts // 5},
    )  # fmt: skip
    founder = members[0]
    at = connection.ops.adapt_datetimefield_value
    walls = [at(START + timedelta(minutes=minute)) for minute in range(min(50_000, len(members)))]
    gone = at(end)
    rows = (
        (
            group.id, row, "created" if not place else "added" if place % 3 else "joined_link", "5/1/26, 08:00",
            walls[place % len(walls)], place + 1, founder if place and place % 3 else None, 86_400 * (1 + place % 90),
            5 if place % 2 else 0, place + 1 if place % 997 == 0 else None, place % 2 == 0, False,
            *(("left", "1/3/26, 09:00", gone, place + 9) if place % 11 == 5 else ("", "", None, None)),
        )
        for place, row in enumerate(members)
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:  # the ORM would take minutes for a million
        cursor.executemany(
            "INSERT INTO cases_membership (group_id, person_id, came, came_raw, came_wall, came_line, came_by_id, seconds, "
            "messages, admin_line, silent, left_at_once, went, went_raw, went_wall, went_line) "
            f"VALUES ({', '.join(['%s'] * 16)})",
            list(rows),
        )
    Notice.objects.create(
        group=group, line=1, raw="5/1/26, 08:00", wall=START, type="group_created", actor_id=founder, value=group.name
    )
    minutes = np.sort(random.integers(0, 120 * 1440, posts)).tolist()
    writers = random.integers(0, max(1, len(members) // 4), posts).tolist()
    Post.objects.bulk_create(
        (
            Post(
                group=group, person_id=members[writer], line=len(members) + line, raw="x",
                kind="media" if line % 5 == 0 else "text",
                wall=START + timedelta(minutes=minute), text="item shared", media_name=f"IMG-{line}.jpg" if line % 5 == 0 else "",
            )
            for line, (minute, writer) in enumerate(zip(minutes, writers, strict=True), 1)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    return group
