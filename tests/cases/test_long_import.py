"""A long chat export comes into a case by steps, with the same rows as at once, whatever it holds and wherever it is cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import given, settings, strategies as st

from amparo.access.acts import Actor
from amparo.cases import jobs, queries
from amparo.cases.actions import CaseOpened
from amparo.cases.chats import importing, long_import
from amparo.cases.groups.members import window
from amparo.cases.groups.posts import each_post
from amparo.cases.groups.reading import from_json, from_lines
from amparo.cases.groups.skimming import skimmed, skimmed_lines
from amparo.cases.models import Group, Identifier, Membership, Notice, Post, Sighting
from amparo.cases.report_files import files_beside
from amparo.custody import queries as custody
from amparo.vault import queries as vault
from tests.cases import house
from tests.cases.house import ANA, BEA, CAI
from tests.cases.test_pages import logged_in

NAMES = (ANA, ANA.replace(" ", ""), BEA, CAI, "+34 749 00 00 99", "")
TYPES = ("group_created", "member_added", "member_left", "member_removed", "admin_granted", "number_changed", "pinned")


@st.composite
def readings(draw: st.DrawFn) -> dict[str, Any]:
    """Few people who come, go, write, and change numbers; lines that mostly follow one another."""
    items, line = [], 0
    for _ in range(draw(st.integers(0, 14))):
        line = max(1, line + draw(st.sampled_from((1, 1, 1, 2, 0, -2))))
        dated = draw(st.booleans())
        if draw(st.booleans()):
            item = house.message(line, draw(st.sampled_from(NAMES)), "hola", draw(st.sampled_from(("", "IMG-1.jpg"))))
        else:
            targets = tuple(draw(st.lists(st.sampled_from(NAMES), max_size=2)))
            value = draw(st.sampled_from(("", BEA, "+34 749 00 00 98")))
            item = house.notice(line, draw(st.sampled_from(TYPES)), draw(st.sampled_from(NAMES)), targets, value)
        items.append(item | {"ts": f"2026-05-04T21:{line % 60:02d}:00" if dated else None})
    members = draw(st.lists(st.sampled_from(NAMES), max_size=4))
    return house.reading() | {
        "items": items,
        "members": members,
        "zone_offset": draw(st.sampled_from((None, "+02:00"))),
    }


def laid(reading: dict[str, Any]) -> list[bytes]:
    """As the sandbox writes it: an item a line."""
    facts = {name: reading[name] for name in ("format", "date_order", "alternatives")}
    rest = {name: reading[name] for name in ("zone_offset", "members", "unsupported")}
    items = [json.dumps(each).encode() for each in reading["items"]]
    lines = [each + b",\n" for each in items[:-1]] + [each + b"\n" for each in items[-1:]]
    return [
        json.dumps(facts).encode()[:-1] + b",\n",
        b'"items":[\n',
        *lines,
        b"],\n",
        json.dumps(rest).encode()[1:] + b"\n",
    ]


@given(readings())
@settings(max_examples=150, deadline=None)
def test_a_reading_skimmed_line_by_line_says_the_same_as_one_that_is_held(reading: dict[str, Any]) -> None:
    lines = laid(reading)
    held, skim = skimmed(from_lines(lines)), skimmed_lines(lambda: lines)
    assert from_lines(lines) == from_json(reading)
    assert skim.members == held.members and skim.changed == held.changed and skim.messages == held.messages
    assert list(skim.each_message()) == list(held.each_message())
    assert skim.reading.notices == held.reading.notices and skim.reading.zone_offset == held.reading.zone_offset
    assert window(skim.reading) == window(held.reading)


def test_what_is_held_of_a_long_reading_are_the_messages_that_open_a_stay() -> None:
    items = [house.message(line, BEA if line % 2 else ANA) for line in range(1, 60)]
    items.insert(30, house.notice(30, "member_left", BEA))
    lines = laid(house.reading() | {"items": items})
    skim = skimmed_lines(lambda: lines)
    # Two who begin, one who comes back, and the last line.
    assert skim.messages == 59 and [each.line for each in skim.reading.messages] == [1, 2, 31, 59]


def rows(group: Group) -> list[list[tuple[object, ...]]]:
    """What an import wrote, without the database's own numbers."""
    who = "person__number"
    return [
        list(Post.objects.filter(group=group).values_list("line", "raw", "wall", who, "kind", "text", "first", "sha256")),
        list(Membership.objects.filter(group=group).values_list(who, "came", "came_raw", "went_line", "seconds", "messages")),
        list(Notice.objects.filter(group=group).values_list("line", "type", "actor__number", "value")),
        list(Identifier.objects.filter(person__case=group.case).values_list(who, "kind", "value", "source")),
        [(Sighting.objects.filter(post__group=group).count(), group.name, group.platform, group.counted["messages"])],
        [(group.zone, group.date_order, group.first_raw, group.last_raw, group.unsupported_count)],
    ]  # fmt: skip


def gathered(ines: Actor, monkeypatch: pytest.MonkeyPatch, *, at_once: bool) -> tuple[CaseOpened, Group]:
    monkeypatch.setattr(jobs, "AT_ONCE_BYTES", (1 << 20) if at_once else 0)
    monkeypatch.setattr(long_import, "STEP", 2)
    case = house.opened(ines, house.report())
    return case, Group.objects.select_related("case").get(case__uuid=case.case)


def run(group: Group) -> None:
    long_import.import_chat.func("", {"case": str(group.case.uuid), "group": str(group.uuid), "item": str(group.item)})
    group.refresh_from_db()


@pytest.mark.django_db(transaction=True)
def test_an_export_imported_by_steps_leaves_the_rows_of_one_imported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    house.lay()
    ines = house.officer("ines", "investigator")
    _, whole = gathered(ines, monkeypatch, at_once=True)
    case, stepped = gathered(ines, monkeypatch, at_once=False)
    assert queries.groups(case.case)[0].importing == (0, None) and not Post.objects.filter(group=stepped).exists()
    page = logged_in(ines).get(reverse("cases:group", args=[case.case, stepped.uuid])).content.decode()
    assert "This export is being imported" in page
    run(stepped)
    assert rows(stepped) == rows(whole) and queries.groups(case.case)[0].importing is None
    told = [line for line in custody.acts(kind="group.imported").lines if line.about["case"] == str(case.case)]
    assert len(told) == 1 and told[0].about["messages"] == 6
    run(stepped)
    jobs.gather_report.func("", {"case": str(case.case), "report": str(case.report)})
    assert rows(stepped) == rows(whole) and len(queries.groups(case.case)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("written", [0, 2, 4, 6])
def test_an_import_that_was_cut_off_goes_on_after_its_last_step(monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    house.lay()
    ines = house.officer("ines", "investigator")
    _, whole = gathered(ines, monkeypatch, at_once=True)
    case, group = gathered(ines, monkeypatch, at_once=False)
    zone_set_meanwhile = "Europe/Madrid"
    cut_off_after(group, case.case, written)
    Group.objects.filter(id=group.id).update(zone=zone_set_meanwhile)
    assert queries.groups(case.case)[0].importing == (written, 6)
    run(group)
    assert group.zone == zone_set_meanwhile
    Group.objects.filter(id=whole.id).update(zone=zone_set_meanwhile)
    whole.refresh_from_db()
    assert rows(group) == rows(whole)


def cut_off_after(group: Group, case: UUID, written: int) -> None:
    """The steps of an import up to here, as a worker leaves them that dies."""
    chat = next(each for each in vault.items_of_origin(vault.item(group.item).origin) if each.derived)

    def lines() -> Iterator[bytes]:
        return iter([json.dumps(house.reading()).encode()])

    skim = skimmed_lines(lines)
    people = long_import._entered(group, skim)
    files = files_beside(chat, vault.items_of_origin(chat.origin))
    with transaction.atomic():
        Group.objects.filter(id=group.id).update(posts_written=written)
        posts = list(each_post(skim.each_message(), files, set()))
        importing.write_posts(group, posts[:written], people)
