"""What the sandbox says of a chat is passed on whole where it is what it says it is, and refused where it isn't."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Broken
from amparo.sandbox.inside import chat
from amparo.wiring import read_printing
from amparo.wiring.read_printing import print_reading
from tests.sandbox import chat_samples as samples
from tests.sandbox.collected import Collected

EXPORTS = {
    "whatsapp": '13/05/19, 21:00 - Ana: hola\n13/05/19, 21:01 - Ana added Luis\n13/05/19, 21:02 - Ana: \\ "x" \u200e \x01\nmás\n',
    "telegram": samples.TELEGRAM_ACCOUNT,
    "discord": samples.DISCORD,
    "signal": samples.SIGNAL_SHORT,
    "ufed": samples.UFED,
}


def document(name: str) -> bytes:
    sink, export = Collected(), EXPORTS[name]
    chat.read(io.BytesIO(export if isinstance(export, bytes) else export.encode()), {}, sink)
    return bytes(sink.blobs[0][1])


def printed(reading: bytes) -> str:
    to = io.StringIO()
    print_reading(io.BytesIO(reading), to)
    return to.getvalue()


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("block", [7, 300, 1 << 20])
def test_a_reading_is_printed_whole_an_item_a_line(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_printing, "_BLOCK_BYTES", max(block, 300))
    monkeypatch.setattr("amparo.sandbox.inside.chats.source._BLOCK_BYTES", block)
    reading = document(name)
    shown = printed(reading)
    assert json.loads(shown) == json.loads(reading)
    assert shown.count("\n") == reading.count(b"\n")
    assert not any(mark in shown for mark in "\u200e\u202e\x7f")


HELD = b'{"a":1,\n"items":[\n{"item":"message","kind":"text"},\n{"item":"event"}\n],\n"members":[]}\n'


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"item":"event"', b'"item":"order"'),
        (b'"item":"event"', b'"items":"event"'),
        (b'{"item":"event"}', b'["item"]'),
        (b'{"item":"event"}', b'{"item":"event"},'),
        (b'{"item":"event"}', b'{"item":"event"}\n{"item":"event"}'),
        (b'"text"},', b'"text"},,'),
        (b'"text"},', b'"text"}'),
        (b"],\n", b"],\n\x1b[2J\n"),
        (b"],\n", b"]\n"),
        (b'"members":[]}\n', b'"members":[]}\n{}\n'),
        (b'"members":[]}\n', b'"members":[]'),
        (b'"members":[]}\n', b""),
        (b'"a":1,\n', b'"a":1\n'),
        (b'"a":1,\n', b'"a":NaN,\n'),
        (b'"items":[', b'"items":{'),
    ],
)
def test_what_is_not_of_its_form_is_refused(was: bytes, becomes: bytes) -> None:
    assert json.loads(printed(HELD))["members"] == []
    with pytest.raises(Broken):
        printed(HELD.replace(was, becomes))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(EXPORTS)), st.data())
def test_whatever_is_printed_whole_is_one_object_of_items(name: str, data: st.DataObject) -> None:
    reading = document(name)
    place = data.draw(st.integers(0, len(reading)))
    left_out = data.draw(st.integers(0, 20))
    put_in = data.draw(
        st.sampled_from([b"", b'"', b"\n", b",", b"}", b"],\n", b'{"item":"message"},\n', b"\\", b"\x00", b"\xff"])
    )
    try:
        shown = printed(reading[:place] + put_in + reading[place + left_out :])
    except Broken:
        return
    assert all(each["item"] in {"message", "event"} for each in json.loads(shown)["items"])
