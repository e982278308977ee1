"""The warden: a hostile reply is refused, and many threads share one pool."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Unreachable
from amparo.sandbox.child import Child, Limits
from amparo.sandbox.inside import seccomp, syscalls
from amparo.sandbox.readings import ExaminationFailed, Identified, reading_of
from amparo.sandbox.warden import Warden, the_warden

PICTURE = {
    "state": "examined", "format": "PNG", "width": 1, "height": 1, "frames": 1, "pdq_hex": "0" * 64, "looks": ["0" * 64] * 8,
    "quality": 100,
    "averaged_by": 1, "taken_raw": "", "device": "", "has_location": False,
}  # fmt: skip
LIES = [
    {"state": "hit"}, {"width": -1}, {"width": True}, {"height": "9"}, {"pdq_hex": "z" * 64}, {"pdq_hex": "0" * 63},
    {"pdq_hex": "1" * 64}, {"looks": ["0" * 64]}, {"looks": ["0" * 64] * 17}, {"looks": "0" * 64},
    {"quality": 101}, {"quality": None}, {"format": "<script>"}, {"frames": 1 << 90}, {"device": 7},
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_reply_with_a_field_of_another_kind_is_a_crash_not_a_reading(lie: dict[str, object]) -> None:
    with pytest.raises(ExaminationFailed) as failure:
        reading_of("picture", {**PICTURE, **lie}, [])
    assert failure.value.reason == "crashed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)
KINDS = ("identify", "mail", "archive", "chat", "picture", "video", "look", "render", "hash_list", "reply")
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            *PICTURE,
            "kind",
            "media_type",
            "lines",
            "rows",
            "columns",
            "errors",
            "errors_in_all",
            "unreadable",
            "members",
            "text",
            "recipients",
        ]
    ),
    JSON,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS),
    FIELDS,
    st.lists(st.tuples(st.dictionaries(st.sampled_from(["name", "type"]), JSON), st.binary(max_size=50)), max_size=3),
)
def test_whatever_a_child_replies_becomes_a_reading_or_a_failed_examination(
    kind: str, facts: dict[str, object], blobs: list[tuple[dict[str, object], bytes]]
) -> None:
    with suppress(ExaminationFailed):
        reading_of(kind, facts, blobs)


def test_text_from_a_child_holds_nothing_that_a_database_refuses() -> None:
    facts = {**PICTURE, "device": json.loads('"\\ud800\\u0000phone"')}
    assert reading_of("picture", facts, []).device == "?\ufffdphone"  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def pool() -> Iterator[Warden]:
    warden = Warden(2)
    yield warden
    warden.close()


def test_many_threads_share_two_places_and_each_gets_its_own_answer(pool: Warden) -> None:
    answers: dict[int, object] = {}

    def examine(number: int) -> None:
        with pool.boundary(uuid4()) as box:
            answers[number] = box.examine("identify", b"line\n" * (number + 1))

    threads = [threading.Thread(target=examine, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {number: Identified("text", "text/plain", number + 1) for number in range(10)}


def test_a_file_larger_than_the_limit_is_refused_without_being_sent() -> None:
    warden = Warden(1, limits=Limits(data_bytes=1000))
    try:
        with warden.boundary(uuid4()) as box, pytest.raises(ExaminationFailed) as failure:
            box.examine("identify", b"x" * 1001)
        assert failure.value.reason == "too_big"
    finally:
        warden.close()


def test_a_pool_that_cannot_start_says_so_instead_of_waiting() -> None:
    warden = Warden(1, entry="amparo.sandbox.inside.no_such_module")
    try:
        with pytest.raises(Unreachable, match="sandbox does not start"), warden.boundary(uuid4()):
            pass
    finally:
        warden.close()


def test_closing_ends_every_child() -> None:
    warden = Warden(1)
    with warden.boundary(uuid4()) as box:
        box.examine("identify", b"x")
        child = box._child
        assert isinstance(child, Child)
        number = child._process.pid
    warden.close()
    assert not Path(f"/proc/{number}/exe").exists()


def test_a_process_keeps_one_warden() -> None:
    assert the_warden() is the_warden()


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_the_filter_is_whole_for_every_machine_it_is_written_for(machine: str) -> None:
    code = seccomp.program(machine, 4711)
    assert len(code) % 8 == 0
    assert len(code) // 8 < 4096  # BPF_MAXINSNS
    listed = [
        number
        for table in (syscalls.ALLOWED, syscalls.GUARDED, syscalls.FATAL)
        for number in syscalls.numbers(table, machine).values()
    ]
    assert len(listed) == len(set(listed)), "no call stands in two tables"
