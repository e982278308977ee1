"""The other formats: what each says, that one broken off is read up to there, and that hostile ones never fail."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import chat
from amparo.sandbox.inside.chats import media, telegram, times
from amparo.sandbox.inside.chats.json_stream import Broken, Walk
from amparo.sandbox.inside.chats.writing import MEDIA_TYPES, MESSAGE_KINDS
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.identify import HEAD_BYTES, identify
from amparo.sandbox.readings import ChatReading, reading_of
from amparo.sandbox.talks import talks
from amparo.sandbox.warden import Warden
from tests.sandbox import chat_samples as samples
from tests.sandbox.collected import Collected

LAVA, LAVA_MANIFEST = samples.lava()
ALL: dict[str, tuple[str, bytes]] = {
    "telegram": ("telegram", samples.TELEGRAM.encode()),
    "telegram account": ("telegram", samples.TELEGRAM_ACCOUNT.encode()),
    "discord": ("discord", samples.DISCORD.encode()),
    "signal-export json": ("signal", samples.SIGNAL_LINES.encode()),
    "signal-export markdown": ("signal", samples.SIGNAL_MARKDOWN.encode()),
    "sigtop json": ("signal", samples.SIGNAL_LIST.encode()),
    "sigtop text": ("signal", samples.SIGNAL_FIELDS.encode()),
    "sigtop text-short": ("signal", samples.SIGNAL_SHORT.encode()),
    "ufed": ("ufed", samples.UFED.encode()),
    "lava": ("lava", LAVA),
}
EVENTS = frozenset(
    (
        "group_created",
        "member_added",
        "member_joined",
        "member_joined_link",
        "member_left",
        "member_removed",
        "admin_granted",
        "subject_changed",
        "icon_changed",
        "description_changed",
        "number_changed",
        "pinned",
        "security_code",
        "encryption_notice",
        "missed_call",
        "migrated",
        "notice",
    )
)


def reading(data: bytes, **options: Any) -> dict[str, Any]:
    sink = Collected()
    facts = chat.read(io.BytesIO(data), options, sink)
    told = reading_of("chat", json.loads(json.dumps(facts)), [({}, bytes(content)) for _, content in sink.blobs])
    document: dict[str, Any] = json.loads(sink.blobs[0][1])
    assert isinstance(told, ChatReading)
    kinds = [each["item"] for each in document["items"] if not each.get("unsupported")]
    assert (told.messages, told.events) == (kinds.count("message"), kinds.count("event"))
    return document


def said(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Sender, kind and text of messages; type, actor, targets and value of events."""
    return [
        (each["sender"], each["kind"], each["text"])
        if each["item"] == "message"
        else (each["type"], each["actor"], each["targets"], each["value"])
        for each in document["items"]
    ]


@pytest.mark.parametrize("name", ALL)
def test_each_format_is_known_by_its_structure_and_read_into_the_same_form(name: str) -> None:
    format_name, data = ALL[name]
    assert chat.recognised(data[: chat.HEAD_BYTES]) == format_name
    assert identify(data[:HEAD_BYTES])[0] == "chat"
    document = reading(data)
    assert document["format"] == format_name
    assert document["date_order"] == "ymd" and document["date_order_evidence"]
    assert document["unsupported"] == {"count": 0, "lines": []}
    for each in document["items"]:
        assert each["ts"] is None or times.wall_clock(each["ts"]) == (each["ts"], "")
        if each["item"] == "message":
            assert each["kind"] in MESSAGE_KINDS
            assert each["media"] is None or (set(each["media"]) == {"name", "type", "omitted"})
            assert each["media"] is None or each["media"]["type"] in MEDIA_TYPES
            assert each["sender"] in document["members"]
        else:
            assert each["type"] in EVENTS
            assert {each["actor"], *each["targets"]} - {None} <= set(document["members"])


def test_telegrams_messages_services_and_zone_are_read() -> None:
    document = reading(samples.TELEGRAM.encode())
    assert document["zone_offset"] == "+02:00"
    assert said(document)[:12] == [
        ("group_created", "Ana", ["Ana", "Luis"], "Meeting"),
        ("member_added", "Ana", ["Marta"], None),
        ("member_joined", "Ana", [], None),
        ("member_removed", "Ana", ["Luis"], None),
        ("member_left", "Ana", [], None),
        ("member_joined_link", "Eva", [], None),
        ("subject_changed", "Ana", [], "Second name"),
        ("icon_changed", "Ana", [], None),
        ("pinned", "Ana", [], "10"),
        ("Ana", "text", "see you at 21:00"),
        ("Ana", "text", "see you at https://example.org"),
        ("Ana", "media", "a caption"),
    ]
    items = {each["id"]: each for each in document["items"]}
    assert items[12]["media"] == {"name": "", "type": "image", "omitted": True}
    assert items[13]["media"] == {"name": "photo_1@13-06-2021.jpg", "type": "image", "omitted": False}
    assert items[13]["edited"] is True
    assert [items[number]["media"]["type"] for number in (14, 15, 16)] == ["sticker", "voice", "document"]
    kinds = [items[number].get("kind") or items[number]["type"] for number in range(17, 25)]
    assert kinds == ["location", "live_location", "contact", "poll", "text", "missed_call", "migrated", "notice"]
    assert items[20]["text"] == "When?\n21:00 (1)"
    assert items[25]["sender"] == "user77"
    assert items[26]["kind"] == "view_once"


def test_an_accounts_chats_are_kept_apart() -> None:
    document = reading(samples.TELEGRAM_ACCOUNT.encode())
    assert [(each["name"], each["messages"], each["events"]) for each in document["chats"]] == [
        ("Luis", 1, 0),
        ("", 0, 0),
        ("Meeting", 1, 9),
        ("Old", 1, 0),
    ]
    sink = Collected()
    chat.read(io.BytesIO(samples.TELEGRAM_ACCOUNT.encode()), {}, sink)
    apart = [(name, json.loads(each)) for name, each in talks(bytes(sink.blobs[0][1]))]
    assert [name for name, _ in apart] == ["Luis", "Meeting", "Old"]
    assert [len(each["items"]) for _, each in apart] == [1, 10, 1]
    assert apart[0][1]["members"] == ["Ana"] and "Marta" in apart[1][1]["members"]
    assert apart[1][1]["format"] == "telegram" and apart[1][1]["zone_offset"] == "+02:00"


def test_a_reading_of_one_chat_stays_as_it_is() -> None:
    for data in (samples.TELEGRAM.encode(), b"13/05/19, 21:00 - Ana: hola\n"):
        sink = Collected()
        chat.read(io.BytesIO(data), {}, sink)
        assert list(talks(bytes(sink.blobs[0][1]))) == [("", bytes(sink.blobs[0][1]))]


def test_summer_and_winter_have_no_one_offset() -> None:
    summer, winter = (
        {"date": "2021-06-13T21:00:00", "date_unixtime": "1623610800"},
        {"date": "2021-01-13T21:00:00", "date_unixtime": "1610568000"},
    )
    messages = [
        {"id": 1, "type": "message", "from": "Ana", "from_id": "user1", "text": "x", **each}
        for each in (summer, winter)
    ]
    document = reading(json.dumps({"name": "x", "type": "personal_chat", "id": 1, "messages": messages}).encode())
    assert (document["zone_offset"], document["zone_offsets"]) == (None, ["+02:00", "+01:00"])
    assert [each["offset"] for each in document["items"]] == ["+02:00", "+01:00"]


def test_discords_words_files_and_comings_are_read() -> None:
    document = reading(samples.DISCORD.encode())
    assert document["zone_offset"] == "+02:00"
    assert said(document) == [
        ("ana", "text", "see you at 21:00"),
        ("ana", "text", "edited"),
        ("ana", "media", ""),
        ("ana", "text", "an answer"),
        ("member_added", "ana", ["luis"], None),
        ("member_removed", "ana", ["luis"], None),
        ("member_left", "ana", [], None),
        ("subject_changed", "ana", [], "Second name"),
        ("icon_changed", "ana", [], None),
        ("pinned", "ana", [], "1"),
        ("member_joined", "ana", [], None),
        ("ana", "media", ""),
        ("ana", "text", "passed on"),
        ("notice", "ana", [], "Started a thread."),
    ]
    third = document["items"][2]
    assert third["files"] == [
        {"name": "a.png", "type": "image", "omitted": True},
        {"name": "b.mp4", "type": "video", "omitted": False},
    ]
    assert (third["raw"], third["ts"]) == ("2021-06-13T21:03:00.123+02:00", "2021-06-13T21:03:00")


SIGNAL = {
    "SIGNAL_LINES": [
        ("Ana", "text", "see you at 21:00"), ("Me", "text", "two\nlines"), ("Ana", "media", ""), ("Ana", "deleted", ""),
        ("missed_call", "Ana", [], "Missed voice call"), ("Ana", "media", ""),
    ],
    "SIGNAL_MARKDOWN": [
        ("Ana", "text", "see you at 21:00"), ("Me", "text", "two\nlines"), ("Ana", "media", ""),
        ("Ana", "deleted", "(This message was deleted)"),
    ],
    "SIGNAL_LIST": [
        ("+34600000001", "text", "one"), ("You", "media", "two"), ("member_added", "s1", ["s2"], None),
        ("subject_changed", "s1", [], "Second"), ("security_code", "c", [], "keychange"),
    ],
    "SIGNAL_FIELDS": [
        ("You", "text", "see you at 21:00"), ("Ana (+34600000001)", "media", "two\n\nparagraphs"),
        ("security_code", "Ana (+34600000001)", [], "keychange"),
    ],
    "SIGNAL_SHORT": [
        ("You", "text", "see you at 21:00"), ("Ana", "media", "two\nlines"), ("security_code", "Ana", [], "keychange"),
        ("Ana", "text", "three"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", SIGNAL)
def test_each_way_out_of_signal_is_read(form: str) -> None:
    document = reading(getattr(samples, form).encode())
    assert said(document) == SIGNAL[form]
    assert document["zone_offset"] == {"SIGNAL_LIST": "+00:00", "SIGNAL_FIELDS": "+02:00"}.get(form)


def test_cellebrites_chats_are_read_and_nothing_else_of_the_report() -> None:
    document = reading(samples.UFED.encode())
    assert said(document) == [
        ("member_added", "Ana", ["Luis"], None),
        ("Ana", "text", "see you & <me> at 21:00"),
        ("Ana", "media", ""),
        ("Ana", "location", "1.5,-2.5"),
        ("Ana", "text", "recovered"),
        ("Ana", "text", "other chat"),
    ]
    assert [each.get("recovered", False) for each in document["items"]] == [False] * 4 + [True, False]
    assert [(each["name"], each["type"]) for each in document["chats"]] == [("Meeting", "WhatsApp"), ("", "Signal")]
    assert document["items"][1]["sender_id"] == "34600000001@s.whatsapp.net"
    assert "Nobody" not in json.dumps(document)


def ufed_reading(chats: str, before: str = "") -> dict[str, Any]:
    head = '<project id="1" reportVersion="5.2" xmlns="http://pa.cellebrite.com/report/2.0"><decodedData>'
    return reading(f"{head}{before}<modelType type='Chat'>{chats}</modelType></decodedData></project>".encode())


def messages_of(*messages: str) -> str:
    return f'<multiModelField name="Messages" type="InstantMessage">{"".join(messages)}</multiModelField>'


def test_what_stands_before_a_reports_chats_takes_nothing_from_them() -> None:
    contact = f'<model type="Contact">{samples._ufed_field("Notes", "x" * 300)}</model>'
    before = f'<modelType type="Contact">{contact * 6_000}</modelType>'
    named = samples._ufed_field("Source", "WhatsApp") + samples._ufed_field("Name", "Meeting")
    (one,) = ufed_reading(f'<model type="Chat">{named}{messages_of(samples.ufed_message(1, "hola"))}</model>', before)[
        "chats"
    ]
    assert (one["name"], one["type"], one["messages"]) == ("Meeting", "WhatsApp", 1)
    # Nor does it matter which of its parts comes first.
    (one,) = ufed_reading(f'<model type="Chat">{messages_of(samples.ufed_message(1, "hola"))}{named}</model>')["chats"]
    assert (one["name"], one["type"], one["messages"]) == ("Meeting", "WhatsApp", 1)


def test_a_report_keeps_every_participant_of_a_large_group() -> None:
    parties = "".join(samples._ufed_party(f"{number}@s.whatsapp.net", f"Member {number}") for number in range(7_000))
    crowd = f'<multiModelField name="Participants" type="Party">{parties}</multiModelField>'
    name = samples._ufed_field("Name", "Meeting")
    document = ufed_reading(f'<model type="Chat">{crowd}{messages_of(samples.ufed_message(1, "hola"))}{name}</model>')
    assert len(document["members"]) == 7_001 and document["chats"][0]["name"] == "Meeting"


def test_a_message_within_a_message_is_what_it_answers_and_no_item() -> None:
    inner = samples.ufed_message(2, "see you at 21:00")
    within = {
        "reply": '<modelField name="EmbeddedMessage" type="InstantMessage">' + inner + "</modelField>",
        "data": '<multiModelField name="MessageExtraData" type="ReplyMessageData"><model type="ReplyMessageData">'
        f'<modelField name="InstantMessage" type="InstantMessage">{inner}</modelField></model></multiModelField>',
    }
    for more in within.values():
        document = ufed_reading(f'<model type="Chat">{messages_of(samples.ufed_message(1, "good", more=more))}</model>')
        (item,) = document["items"]
        assert (item["text"], item["quoted"]["sender"], item["quoted"]["text"]) == ("good", "Ana", "see you at 21:00")


def test_what_a_report_says_beside_the_words_is_kept() -> None:
    label = '<model type="MessageLabel">' + samples._ufed_field("Label", "Edited") + "</model>"
    sender = f'<modelField name="OriginalSender">{samples._ufed_party("7", "Eva")}</modelField>'
    sent_on = f'<model type="ForwardedMessageData">{sender}</model>'
    more = (
        f'<multiModelField name="MessageExtraData" type="x">{label}{sent_on}</multiModelField>'
        + samples._ufed_field("Platform", "Mobile") + samples._ufed_field("Folder", "Unknown")
        + '<field name="Label"><empty/></field>'
    )  # fmt: skip
    message = samples.ufed_message(1, "hola", more=more, deleted="Trash")
    (item,) = ufed_reading(message)["items"]
    assert (item["edited"], item["forwarded_from"], item["labels"]) == (True, "Eva", ["Edited"])
    assert (item["other"], item["deleted_state"], item.get("recovered")) == ({"Platform": "Mobile"}, "Trash", None)


def test_a_chats_own_log_says_who_came_and_went() -> None:
    def entry(action: str, more: str = "") -> str:
        who = f'<modelField name="Participant" type="Party">{samples._ufed_party("7", "Eva")}</modelField>'
        return f'<model type="ChatActivity">{samples._ufed_field("Action", action)}{who}{more}</model>'

    log = (
        entry("Joined") + entry("Added") + entry("Waved") + entry("Left", samples._ufed_field("SystemMessageId", "m1"))
    )
    document = ufed_reading(
        f'<model type="Chat"><multiModelField name="ActivityLog" type="ChatActivity">{log}</multiModelField></model>'
    )
    assert said(document) == [
        ("member_joined", "Eva", [], None),
        ("member_added", None, ["Eva"], None),
        ("notice", None, ["Eva"], "Waved"),
    ]


def test_a_report_in_an_encoding_that_nobody_knows_is_shown_as_it_is() -> None:
    document = reading(samples.UFED.replace("utf-8", "utf-2", 1).encode())
    assert document["unsupported"]["count"] > 0 and not document["members"]


def test_a_report_nested_too_deeply_keeps_what_stands_before() -> None:
    deep = '<modelField name="From">' * 200
    document = ufed_reading(messages_of(samples.ufed_message(1, "hola"), "<model type='InstantMessage'>" + deep))
    assert said(document)[0] == ("Ana", "text", "hola") and document["unsupported"]["count"] > 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_report_may_be_in_any_encoding_that_it_declares_and_under_any_prefix(encoding: str) -> None:
    whole = samples.UFED.replace("utf-8", encoding, 1).replace("see you", "see you mañana")
    assert said(reading(whole.encode(encoding)))[1] == ("Ana", "text", "see you mañana & <me> at 21:00")
    prefixed = (
        samples.UFED.replace("xmlns=", "xmlns:r=").replace("<", "<r:").replace("<r:/", "</r:").replace("<r:?", "<?")
    )
    assert said(reading(prefixed.replace("<r:![", "<![").replace("<r:me>", "<me>").encode())) == said(
        reading(samples.UFED.encode())
    )


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]>',
        "<!DOCTYPE a>",
    ],
)
def test_a_report_that_declares_entities_is_refused(declared: str) -> None:
    head, _, rest = samples.UFED.partition("\n")
    with pytest.raises(Unreadable):
        reading(f"{head}\n{declared}{rest}".encode())


def test_lavas_talks_are_read_by_its_own_views_or_by_the_names_of_columns() -> None:
    for options, known_from in (
        ({"beside": {"_lava_data.lava": LAVA_MANIFEST}}, "data_views"),
        ({}, "the names of columns"),
    ):
        document = reading(LAVA, **options)
        assert said(document) == [
            ("Ana", "text", "see you at 21:00"),
            ("Local User", "text", "good"),
            ("Luis", "media", ""),
        ]
        assert (document["views_from"], document["zone_offset"]) == (known_from, "+00:00")
        assert document["items"][2]["media"] == {"name": "a.jpg", "type": "image", "omitted": False}
        assert [each["name"] for each in document["chats"]] == ["Meeting", "Luis"]


@pytest.mark.parametrize("pragma", ["", "PRAGMA journal_mode = WAL", 'PRAGMA encoding = "UTF-16le"'])
def test_lavas_tables_are_read_however_they_are_written(pragma: str) -> None:
    document = reading(samples.lava_of(samples.LAVA_TALK, pragma))
    assert [each["ts"] for each in document["items"]] == ["2021-06-13T19:01:00"] * 3 + [
        "2021-06-13T21:00:00",
        None,
        None,
    ]
    assert [each["sender"] for each in document["items"]] == ["Ana", "Ana", "Ana", "7", "Ana", None]
    assert [each["text"] for each in document["items"]] == ["one", "two", "three", "\ufffd", "four", ""]
    assert [each["raw"] for each in document["items"]][3:] == ["2021-06-13 21:00:00", "0", ""]
    assert document["items"][0]["other"] == {"service": "SMS"} and len(document["items"][2]["files"]) == 2


def test_one_table_that_is_odd_or_damaged_takes_nothing_from_the_others() -> None:
    keyed = "CREATE TABLE a (timestamp INTEGER, sender TEXT, message TEXT PRIMARY KEY) WITHOUT ROWID;"
    keyed += "INSERT INTO a VALUES (1, 'x', 'y');"
    numbers = (
        'CREATE TABLE b (timestamp INTEGER, "from" TEXT, message TEXT, rowid TEXT); INSERT INTO b VALUES (1, 2, 3, 4);'
    )
    people = (
        'CREATE TABLE c ("Timestamp" INTEGER, "Sender" TEXT, "Message" TEXT); INSERT INTO c VALUES (1623610860, 1, 2);'
    )
    bomb = "CREATE TABLE d (timestamp INTEGER, sender TEXT, message TEXT, big AS (zeroblob(900000000)));"
    view = "CREATE VIEW e AS SELECT 1 AS timestamp, 2 AS sender, 3 AS message;"
    document = reading(samples.lava_of(keyed + numbers + people + bomb + view + samples.LAVA_TALK))
    assert [each["sender"] for each in document["items"]] == ["x", "2", "1", "Ana", "Ana", "Ana", "7", "Ana", None]
    assert len(document["chats"]) == 6 and not document["unsupported"]["count"]


def manifest_of(*views: dict[str, Any], table: Any = "talk", kind: str = "conversation") -> str:
    return json.dumps(
        {"artifacts": {"A": [{"name": {}, "tablename": table, "data_views": {kind: view}} for view in views]}}
    )


MANIFESTS = [
    ("[" * 100_000, "the names of columns"),
    ('{"artifacts": 7}', "the names of columns"),
    (manifest_of({"textColumn": "message"}, table=["talk"]), "the names of columns"),
    (manifest_of({"textColumn": ["message"]}), "the names of columns"),
    (manifest_of({"textColumn": "message"}, {"textColumn": "sender"}, kind="chat"), "data_views"),
    (
        manifest_of(
            {
                "textColumn": "Message", "timeColumn": 5, "directionColumn": "direction", "directionSentValue": True,
                "sentMessageLabelColumn": "service",
            }
        ),
        "data_views",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "known_from"), MANIFESTS)
def test_whatever_the_manifest_says_each_row_is_one_item(manifest: str, known_from: str) -> None:
    document = reading(samples.lava_of(samples.LAVA_TALK), beside={"_lava_data.lava": manifest})
    assert (len(document["items"]), document["views_from"]) == (6, known_from)


def test_damaged_tables_are_refused() -> None:
    with pytest.raises(Unreadable):
        reading(LAVA[:4096])


# --- Zip ------------------------------------------------------------------------------------------------------------------


def test_an_export_is_read_inside_its_zip_with_what_lies_beside_it() -> None:
    packed = samples.zipped(
        ("WhatsApp Chat - x/_chat.txt", b"13/05/19, 21:00 - Ana: hola\n"), ("WhatsApp Chat - x/a.jpg", b"x")
    )
    assert said(reading(packed)) == [("Ana", "text", "hola")]
    folder = samples.zipped(("r/_lava_artifacts.db", LAVA), ("r/_lava_data.lava", LAVA_MANIFEST.encode()))
    assert reading(folder)["views_from"] == "data_views"
    assert len(reading(samples.zipped(("report.xml", samples.UFED.encode()), ("files/Text/a.txt", b"x")))["items"]) == 6


def test_a_zip_of_several_exports_or_of_none_is_refused_with_what_to_do() -> None:
    two = samples.zipped(("a.txt", b"13/05/19, 21:00 - Ana: a\n"), ("b.txt", b"13/05/19, 21:00 - Ana: b\n"))
    for packed, sentence in (
        (two, "2 chat exports"),
        (samples.zipped(("a.txt", b"words")), "no chat export"),
        (two[:60], "damaged"),
    ):
        with pytest.raises(Unreadable) as refused:
            reading(packed)
        assert sentence in refused.value.sentence


# --- Broken, hostile, large ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in ALL if name != "lava"])
def test_a_file_that_breaks_off_is_read_up_to_there_and_the_rest_is_shown(name: str) -> None:
    data = ALL[name][1]
    whole = reading(data)
    cut = reading(data[: len(data) * 3 // 4])
    read = [each for each in cut["items"] if not each.get("unsupported")]
    # The last one may be half of one.
    assert read[:-1] == whole["items"][: len(read) - 1]
    if name in {"telegram", "discord", "sigtop json", "ufed"}:
        assert cut["unsupported"]["count"] > 0


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([name for name in ALL if name != "lava"]), st.data())
def test_a_damaged_file_is_read_or_refused_and_never_fails(name: str, data: st.DataObject) -> None:
    content = bytearray(ALL[name][1])
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        reading(bytes(content))
    except Unreadable:
        return


@pytest.mark.parametrize(
    "data",
    [
        b'{"name":"x","type":"private_group","messages":[' + b"[" * 100_000,
        b'{"name":"x","type":"private_group","messages":[{"text":' + b'{"a":' * 100_000,
        b'<project xmlns="http://pa.cellebrite.com/report/2.0">' + b"<model>" * 100_000,
    ],
)
def test_what_is_nested_deeply_is_refused_or_shown(data: bytes) -> None:
    # serve.py says of either failure that the file is malformed.
    with contextlib.suppress(Unreadable, RecursionError):
        assert reading(data)["unsupported"]["count"] > 0


def test_the_same_comes_out_of_the_locked_down_child() -> None:
    pool = Warden(1)
    try:
        with pool.boundary(uuid4()) as box:
            for name, (_, data) in ALL.items():
                found = box.examine("chat", data)
                assert isinstance(found, ChatReading)
                assert json.loads(found.document) == reading(data), name
    finally:
        pool.close()


# --- Parts -----------------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(JSON, max_size=6), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_a_list_is_walked_through_as_json_reads_it(
    values: list[Any], block: int, indent: int | None, ascii_only: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amparo.sandbox.inside.chats.source._BLOCK_BYTES", block)
        walk = Walk(io.BytesIO(json.dumps({"a": values, "b": 1}, indent=indent, ensure_ascii=ascii_only).encode()))
        found: dict[str, Any] = {}
        for key in walk.entries():
            found[key] = [walk.value() for _ in walk.elements()] if key == "a" else walk.value()
    assert found == {"a": values, "b": 1} and not walk.sign()


@settings(max_examples=100, deadline=None)
@given(st.lists(JSON, min_size=1, max_size=6), st.integers(1, 40), st.data())
def test_where_json_breaks_off_nothing_is_lost(values: list[Any], block: int, data: st.DataObject) -> None:
    text = json.dumps(values)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amparo.sandbox.inside.chats.source._BLOCK_BYTES", block)
        walk = Walk(io.BytesIO(cut.encode()))
        found = []
        with pytest.raises(Broken):
            found += [walk.value() for _ in walk.elements()]
        rest = "".join(walk.rest())
    assert cut.endswith(rest)


@pytest.mark.parametrize(
    ("text", "moment", "offset"),
    [
        ("2021-06-13T21:00:00", "2021-06-13T21:00:00", ""),
        ("2021-06-13T21:00:00.123+02:00", "2021-06-13T21:00:00", "+02:00"),
        ("2021-06-13 21:00", "2021-06-13T21:00:00", ""),
        ("2021-06-13T21:00:00Z", "2021-06-13T21:00:00", "+00:00"),
        ("2021-06-13T21:00:00-0330", "2021-06-13T21:00:00", "-03:30"),
        ("2021-06-13T21:00:00.0000000+05:30", "2021-06-13T21:00:00", "+05:30"),
        ("2021-06-13T21:00:00(UTC+2)", "2021-06-13T21:00:00", "+02:00"),
        ("2021-06-13 21:00:00 (UTC-3:30)", "2021-06-13T21:00:00", "-03:30"),
        ("2021-06-13 21:00:00(UTC)", "2021-06-13T21:00:00", "+00:00"),
        ("2021-02-31T21:00:00", None, ""),
        ("yesterday", None, ""),
    ],
)
def test_an_iso_time_keeps_its_wall_clock(text: str, moment: str | None, offset: str) -> None:
    assert times.wall_clock(text) == (moment, offset)


@settings(max_examples=100)
@given(st.integers(0, 4 * 10**9), st.sampled_from(range(-14 * 4, 14 * 4 + 1)))
def test_the_offset_is_what_stands_between_the_two_clocks(seconds: int, quarters: int) -> None:
    if wall := times.utc_of(seconds + quarters * 900):
        sign = "-" if quarters < 0 else "+"
        assert times.offset_between(wall, seconds) == f"{sign}{abs(quarters) // 4:02}:{abs(quarters) % 4 * 15:02}"


def test_a_file_is_typed_by_what_its_sender_declared_else_by_its_name() -> None:
    assert media.declared_type_of("image/gif", "a") == "gif"
    assert media.declared_type_of("audio/ogg", "") == "audio"
    assert media.declared_type_of("", "a.webp") == "image"
    assert media.declared_type_of("application/pdf", "a.jpg") == "document"
    assert media.declared_type_of("", "") == "unknown"


def test_what_a_telegram_message_has_beside_words_and_files_is_kept() -> None:
    message = {
        "id": 1, "type": "message", "date": "2021-06-13T21:00:00", "from": "Ana", "from_id": "user1", "text": "",
        "dice": {"emoji": "x", "value": 3}, "reactions": [{"type": "emoji", "count": 1, "emoji": "x"}],
    }  # fmt: skip
    sink = Collected()
    chat.read(io.BytesIO(json.dumps({"type": "private_group", "messages": [message]}).encode()), {}, sink)
    (item,) = json.loads(sink.blobs[0][1])["items"]
    assert (item["other"], item["reactions"]) == ({"dice": message["dice"]}, message["reactions"])


SELDOM = st.sampled_from([None, 0, True, 1.5, "", "x", [], ["x", 1, None, {}], {}, {"x": [1]}, {"text": ["x"]}, 10**30])
PLAIN = st.fixed_dictionaries(
    {"id": st.sampled_from([1, 0, "1", None, True]), "type": st.sampled_from(["message", "message", "service"]),
     "date": st.sampled_from(["2021-06-13T21:00:00", "2021-06-13 21:00:00", "2021-06-14T21:00:00", "2021-02-31T21:00:00", None]),
     "text": st.sampled_from(["hola", "", [{"type": "bold", "text": "b"}], [{"type": "link", "text": "c", "href": 1}], None])},
    optional={"from": st.sampled_from(["Ana", "", None]), "from_id": st.sampled_from(["user1", 7, None]),
              "date_unixtime": st.sampled_from(["1623610800", "1623610801", "1623697200", "x", "²", 1623610800, "inf"]),
              "reply_to_message_id": st.sampled_from([3, 0, "3", None]), "edited": st.just("2021-06-13T21:01:00"),
              "text_entities": st.sampled_from([[], [{"type": "plain", "text": "hola"}], 7, [1, {"href": "e"}]]),
              "photo": st.just("a.jpg")},
)  # fmt: skip
# Each name that the reader asks for, with a value that Telegram never writes there.
ODD = st.dictionaries(
    st.sampled_from(sorted(telegram._READ | telegram._READ_OF_EVENTS | {"discard_reason", "media_type", "game_title"})),
    SELDOM,
    max_size=6,
)


def telegram_reading(messages: list[Any]) -> dict[str, Any]:
    return reading(json.dumps({"type": "private_group", "messages": messages}).encode())


WRITTEN = st.fixed_dictionaries(
    {"id": st.integers(1, 5), "type": st.just("message"), "date": st.sampled_from(["2021-06-13T21:00:00", "2021-06-13T21:00:01"]),
     "date_unixtime": st.sampled_from(["1623610800", "1623610801"]), "from": st.sampled_from(["Ana", "Lu\\is", "Ém"]),
     "from_id": st.sampled_from(["user1", "user2"]), "text": st.text('aé🌻\n"\\\t\x01/', max_size=5)},
    optional={"reply_to_message_id": st.just(3), "edited": st.just("2021-06-13T21:01:00"),
              "text_entities": st.sampled_from([[], [{"type": "plain", "text": "a\nb"}], [{"type": "a", "text": "x", "href": 1}]])},
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    st.lists(PLAIN | WRITTEN, min_size=1, max_size=8), st.sampled_from([None, 1]), st.booleans(), st.integers(20, 2_000)
)
def test_a_telegram_message_read_at_a_look_is_what_a_close_look_reads(
    messages: list[dict[str, Any]], indent: int | None, ascii_only: bool, block: int
) -> None:
    export = json.dumps(
        {"type": "private_group", "messages": messages}, indent=indent, ensure_ascii=ascii_only
    ).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amparo.sandbox.inside.chats.source._BLOCK_BYTES", block)
        at_a_look = reading(export)
        patch.setattr("amparo.sandbox.inside.chats.telegram._Reader._plain", lambda *_: "")
        patch.setattr("amparo.sandbox.inside.chats.telegram._Reader._is_known", lambda *_: False)
        assert reading(export) == at_a_look


@settings(max_examples=150, deadline=None)
@given(st.lists(st.builds(lambda plain, odd: {**plain, **odd}, PLAIN, ODD) | SELDOM, min_size=1, max_size=4))
def test_whatever_a_telegram_message_holds_it_is_one_item(messages: list[Any]) -> None:
    document = telegram_reading(messages)
    assert [each["line"] for each in document["items"]] == list(range(1, len(messages) + 1))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["telegram", "telegram account", "discord", "signal-export json", "sigtop json"]),
    st.integers(1, 400),
)
def test_where_the_file_is_cut_into_blocks_changes_nothing(name: str, block: int) -> None:
    whole = reading(ALL[name][1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amparo.sandbox.inside.chats.source._BLOCK_BYTES", block)
        assert reading(ALL[name][1]) == whole


def test_what_json_knows_not_and_programs_write_all_the_same_is_read() -> None:
    odd = (
        '{"type":"private_group","messages":[{"id":1,"text":"a\\x1Fb \\\\x41 \\\\\\x0a","from":"\\ud83d","reactions":NaN},'
        '{"id":2,"text":"raw \x01","reactions":[1e999,-Infinity,' + "9" * 5_000 + "]}]}"
    )
    first, second = reading(odd.encode())["items"]
    assert first["text"] == "a\x1fb \\x41 \\\n"
    assert first["reactions"] == "NaN"
    assert second["text"] == "raw \x01"
    assert second["reactions"] == ["1e999", "-Infinity", "9" * 5_000]


def test_what_breaks_off_in_the_middle_keeps_all_before_and_shows_all_behind() -> None:
    messages = [samples._telegram_message(number, "hola") for number in range(1, 30)]
    whole = json.dumps({"type": "private_group", "messages": messages}, indent=1)
    place = whole.index('"id": 20,')
    document = reading((whole[:place] + "!" + whole[place:]).encode())
    said_of = [each for each in document["items"] if not each.get("unsupported")]
    assert [each["id"] for each in said_of] == list(range(1, 20))
    shown = "".join(each["value"] for each in document["items"] if each.get("unsupported"))
    assert shown.endswith(whole[place:]) and document["unsupported"]["lines"][0]["line"] == 19


def test_a_message_nested_too_deeply_is_shown_and_the_next_is_read() -> None:
    messages = [samples._telegram_message(number, "hola") for number in range(1, 4)]
    for depth, shown in ((40, [1, 3]), (3_000, [1])):
        deep = "[" * depth + "]" * depth
        second = json.dumps(messages[1])[:-1] + f', "other": {deep}}}'
        export = f'{{"type":"private_group","messages":[{json.dumps(messages[0])},{second},{json.dumps(messages[2])}]}}'
        document = reading(export.encode())
        assert [each["line"] for each in document["items"] if not each.get("unsupported")] == shown
        assert deep in "".join(each["value"] or "" for each in document["items"] if each.get("unsupported"))


def test_where_a_links_words_lead_is_kept() -> None:
    message = samples._telegram_message(
        1, ["see ", {"type": "text_link", "text": "here", "href": "https://example.org/a"}]
    )
    mention = samples._telegram_message(2, [{"type": "mention_name", "text": "Luis", "user_id": 7}])
    first, second = telegram_reading([message, mention])["items"]
    assert (first["text"], first["links"]) == ("see here", ["https://example.org/a"])
    assert (second["text"], second["mentions"]) == ("Luis", [7])


@pytest.mark.parametrize("value", ["inf", "-Infinity", "nan", "1e400", "x", ""])
def test_what_is_no_number_of_seconds_is_no_moment(value: str) -> None:
    assert times.of_number(value) is None


def test_signals_texts_keep_their_lines_behind_a_file_and_who_reacted() -> None:
    texts = "[2021-06-13, 21:00] Ana: see [a](./media/x.jpg)  \n> quoted  \n[2021-06-13, 21:01] Luis: ok  \n"
    rows = (
        json.dumps({"date": "2021-06-13 21:00:00", "sender": "Ana", "body": "ok", "reactions": [["Luis", "x"]]}) + "\n"
    )
    for export, name, value in ((texts, "text", "see \n> quoted"), (rows, "reactions", [["Luis", "x"]])):
        sink = Collected()
        chat.read(io.BytesIO(export.encode()), {}, sink)
        assert json.loads(sink.blobs[0][1])["items"][0][name] == value
