"""A chat of a million messages in a case: imported line by line, with what memory, and its pages afterwards.

python -m maintenance.slow scale -- -k million_messages        AMPARO_TEST_MESSAGES=10000000 for another size
"""

from __future__ import annotations

import io
import json
import os
import resource
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from amparo.cases import actions, jobs, queries
from amparo.cases.chats import long_import
from amparo.foundation.ids import new_id
from amparo.vault import actions as vault, queries as vault_queries
from tests.cases import house
from tests.cases.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGES = int(os.environ.get("AMPARO_TEST_MESSAGES", "1000000"))
MEMBERS = 400
MOST_BYTES_A_MESSAGE = 40  # of memory: its line, its sender and its place in the reading


def lines() -> Iterator[bytes]:
    """The reading as the sandbox writes it."""
    yield b'{"format":"whatsapp","date_order":"dmy","alternatives":[],\n'
    yield b'"items":[\n'
    for number in range(1, MESSAGES + 1):
        minute = number * 3
        day, hour = 1 + minute // 1440 % 28, minute // 60 % 24
        stamp = f"20{10 + minute // 40320 % 80:02d}-05-{day:02d}T{hour:02d}:{minute % 60:02d}:00"
        item = {
            "item": "message", "ts": stamp, "raw": f"{day}/5, {hour}:00", "line": number,
            "sender": f"+34 749 {number % MEMBERS:06d}", "kind": "text", "text": f"see you at {hour}:00, line {number}",
            "media": None,
        }  # fmt: skip
        yield json.dumps(item).encode() + (b",\n" if number < MESSAGES else b"\n")
    yield b"],\n"
    yield b'"zone_offset":null,"members":[],"unsupported":{"count":0,"lines":[]}}\n'


class Stream(io.RawIOBase):
    """The reading's bytes, one line after another."""

    def __init__(self) -> None:
        self._lines, self._rest = lines(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        while len(self._rest) < len(room) and (line := next(self._lines, b"")):
            self._rest += line
        size = min(len(room), len(self._rest))
        room[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def test_a_chat_of_a_million_messages_is_imported_by_steps_in_flat_memory_and_read_page_by_page() -> None:
    house.lay()
    ines = house.officer("ines", "investigator")
    case = house.opened(ines, house.report())
    content = vault_queries.compartment_named("content").uuid
    chat = vault.seal_item(
        house.WORKER, compartment=content, stream=io.BufferedReader(Stream()), name="chat.json", origin=new_id(),
        media_type=jobs.CHAT, derived=True,
    ).item  # fmt: skip
    begun = actions.begin_import(house.WORKER, case.case, chat, "chat.zip")
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    long_import.import_chat.func("", {"group": str(begun.group)})
    spent, peak = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    more = (peak - before) / 1024
    print(f"\n{MESSAGES:,} messages: {spent:.1f} CPU s, {MESSAGES / spent:,.0f} a second, {more:.0f} MiB more")
    done = queries.group(begun.group)
    assert done.messages == MESSAGES and done.members == MEMBERS and done.importing is None
    assert (peak - before) * 1024 < MOST_BYTES_A_MESSAGE * MESSAGES + (64 << 20)
    client = logged_in(ines)
    group = max(queries.groups(case.case), key=lambda each: each.messages)
    pages = {
        "case": reverse("cases:case", args=[case.case]),
        "messages": reverse("cases:messages", args=[case.case, group.uuid]),
        "last page": reverse("cases:messages", args=[case.case, group.uuid]) + f"?line={MESSAGES}",
        "search": reverse("cases:messages", args=[case.case, group.uuid]) + "?search=line+77777",
        "members": reverse("cases:group", args=[case.case, group.uuid]),
        "activity": reverse("cases:activity", args=[case.case]),
        "first_looks": reverse("cases:first_looks", args=[case.case]),
    }
    for name, path in pages.items():
        at = time.process_time()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        size, seconds = len(answer.content) >> 10, time.process_time() - at
        print(f"{name:<12} {answer.status_code} {len(asked):>4} queries {seconds:6.2f} CPU s {size:6} KiB")
        assert answer.status_code == 200
