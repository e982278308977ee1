"""Exports in every format that a reader knows: invented, neutral, and small. Their forms are those of docs/formats/chats.md."""

from __future__ import annotations

import _sqlite3 as sqlite3
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"


# Lines are long as their formats are.
# ruff: noqa: E501
def _telegram_message(number: int, text: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "type": "message", "date": f"2021-06-13T21:{number:02}:00", "date_unixtime": str(1623610800 + 60 * number),
        "from": "Ana", "from_id": "user1", "text": text, "text_entities": [], **more,
    }  # fmt: skip


def _telegram_service(number: int, action: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "type": "service", "date": f"2021-06-13T21:{number:02}:00", "date_unixtime": str(1623610800 + 60 * number),
        "actor": "Ana", "actor_id": "user1", "action": action, "text": "", "text_entities": [], **more,
    }  # fmt: skip


TELEGRAM_MESSAGES = [
    _telegram_service(1, "create_group", title="Meeting", members=["Ana", "Luis"]),
    _telegram_service(2, "invite_members", members=["Marta", None]),
    _telegram_service(3, "invite_members", members=["Ana"]),
    _telegram_service(4, "remove_members", members=["Luis"]),
    _telegram_service(5, "remove_members", members=["Ana"]),
    _telegram_service(6, "join_group_by_link", inviter="Ana", actor="Eva"),
    _telegram_service(7, "edit_group_title", title="Second name"),
    _telegram_service(8, "edit_group_photo", photo=NOT_INCLUDED, width=10, height=10),
    _telegram_service(9, "pin_message", message_id=10),
    _telegram_message(10, "see you at 21:00"),
    _telegram_message(11, ["see ", {"type": "bold", "text": "you"}, " at ", {"type": "link", "text": "https://example.org"}, ""]),
    _telegram_message(12, "a caption", photo=NOT_INCLUDED, width=10, height=10),
    _telegram_message(13, "", photo="photos/photo_1@13-06-2021.jpg", width=10, height=10, edited="2021-06-13T21:20:00"),
    _telegram_message(14, "", file="stickers/sticker.webp", thumbnail="x", media_type="sticker", sticker_emoji="🌻"),
    _telegram_message(15, "", file=NOT_INCLUDED, media_type="voice_message", mime_type="audio/ogg", duration_seconds=3),
    _telegram_message(16, "", file="files/plan.pdf", file_name="plan.pdf", mime_type="application/pdf"),
    _telegram_message(17, "", location_information={"latitude": 1.5, "longitude": -2.5}),
    _telegram_message(18, "", location_information={"latitude": 1.5, "longitude": -2.5}, live_location_period_seconds=900),
    _telegram_message(
        19, "", contact_information={"first_name": "Eva", "last_name": "", "phone_number": "+34600000009"}, contact_vcard="contacts/c.vcard"
    ),
    _telegram_message(
        20, "", poll={"question": "When?", "closed": False, "total_voters": 1, "answers": [{"text": "21:00", "voters": 1}]}
    ),
    _telegram_message(21, "passed on", forwarded_from="Channel", reply_to_message_id=10),
    _telegram_service(22, "phone_call", discard_reason="missed"),
    _telegram_service(23, "migrate_from_group", title="Meeting"),
    _telegram_service(24, "set_messages_ttl", period=86400),
    {**_telegram_message(25, "of a deleted account"), "from": None, "from_id": "user77"},
    _telegram_message(26, "", photo=NOT_INCLUDED, self_destruct_period_seconds=10),
]  # fmt: skip
TELEGRAM = json.dumps(
    {"name": "Meeting", "type": "private_supergroup", "id": 42, "messages": TELEGRAM_MESSAGES}, ensure_ascii=False, indent=1
)  # fmt: skip
TELEGRAM_ACCOUNT = json.dumps(
    {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "Ana"},
        "contacts": {"about": "x", "list": [{"first_name": "Luis", "phone_number": "+34600000001"}]},
        "chats": {
            "about": "This page lists all chats from this export.",
            "list": [
                {"name": "Luis", "type": "personal_chat", "id": 7, "messages": [_telegram_message(1, "one")]},
                {"type": "saved_messages", "id": 1, "messages": []},
                {"name": "Meeting", "type": "private_group", "id": 8, "messages": TELEGRAM_MESSAGES[:10]},
            ],
        },
        "left_chats": {
            "about": "x",
            "list": [{"name": "Old", "type": "public_channel", "id": 9, "messages": [_telegram_message(2, "two")]}],
        },
    }
)


def _discord_message(number: int, content: str, kind: str = "Default", **more: Any) -> dict[str, Any]:
    return {
        "id": str(number), "type": kind, "timestamp": f"2021-06-13T21:{number:02}:00.123+02:00", "timestampEdited": None,
        "callEndedTimestamp": None, "isPinned": False, "content": content,
        "author": {"id": "11", "name": "ana", "discriminator": "0000", "nickname": "Ana", "color": None, "isBot": False, "roles": []},
        "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [], **more,
    }  # fmt: skip


_LUIS = {"id": "12", "name": "luis", "discriminator": "0000", "nickname": "Luis"}
DISCORD = json.dumps(
    {
        "guild": {"id": "1", "name": "Server", "iconUrl": "https://example.org/x.png"},
        "channel": {"id": "2", "type": "GuildTextChat", "categoryId": "3", "category": "Text", "name": "general", "topic": None},
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2021-06-14T00:00:00+02:00",
        "messages": [
            _discord_message(1, "see you at 21:00"),
            _discord_message(2, "edited", timestampEdited="2021-06-13T21:30:00+02:00"),
            _discord_message(3, "", attachments=[
                {"id": "5", "url": "https://example.org/a.png?x=1", "fileName": "a.png", "fileSizeBytes": 1},
                {"id": "6", "url": "x_Files/b.mp4", "fileName": "b.mp4", "fileSizeBytes": 1}]),
            _discord_message(4, "an answer", "Reply", reference={"messageId": "1", "channelId": "2", "guildId": "1"}),
            _discord_message(5, "Added Luis to the group.", "RecipientAdd", mentions=[_LUIS]),
            _discord_message(6, "Removed Luis from the group.", "RecipientRemove", mentions=[_LUIS]),
            _discord_message(7, "Left the group.", "RecipientRemove"),
            _discord_message(8, "Changed the channel name: Second name", "ChannelNameChange"),
            _discord_message(9, "Changed the channel icon.", "ChannelIconChange"),
            _discord_message(10, "Pinned a message.", "ChannelPinnedMessage", reference={"messageId": "1"}),
            _discord_message(11, "Joined the server.", "GuildMemberJoin"),
            _discord_message(12, "", stickers=[{"id": "1", "name": "wave", "format": "Apng", "sourceUrl": "https://example.org/w.png"}]),
            _discord_message(13, "", reference={"type": "Forward", "messageId": "9"}, forwardedMessage={
                "timestamp": "2021-06-12T21:00:00+02:00", "content": "passed on", "attachments": [], "embeds": [], "stickers": []}),
            _discord_message(14, "Started a thread.", "18"),
        ],
        "messageCount": 14,
    },
    indent=2,
)  # fmt: skip

SIGNAL_LINES = "".join(
    json.dumps(
        {"date": f"2021-06-13T21:{number:02}:00.123000", "sender": sender, "body": body + "  ", "quote": "", "sticker": None,
         "reactions": [], "attachments": [], "deleted": False, "call": False, "missed": False, **more}
    ) + "\n"
    for number, sender, body, more in (
        (1, "Ana", "see you at 21:00", {}),
        (2, "Me", "two\nlines", {"quote": "\n> see you at 21:00\n\n"}),
        (3, "Ana", "", {"attachments": [{"name": "a.jpg", "path": "media/a.jpg", "missing_kind": None},
                                        {"name": "", "path": "", "missing_kind": "voice message"}]}),
        (4, "Ana", "", {"deleted": True}),
        (5, "Ana", "Missed voice call", {"call": True, "missed": True}),
        (6, "Ana", "", {"sticker": {"id": "1", "packId": "x", "packKey": "y", "emoji": "🌻", "extension": "webp"}}),
    )
)  # fmt: skip
SIGNAL_MARKDOWN = (
    "[2021-06-13 21:01:00] Ana: see you at 21:00  \n"
    "[2021-06-13 21:02:00] Me: two\nlines  \n\n"
    "[2021-06-13 21:03:00] Ana:   ![a.jpg](./media/a.jpg)  \n"
    "[2021-06-13 21:04:00] Ana: (This message was deleted)\n"
)
SIGNAL_LIST = json.dumps(
    [
        {"id": "a", "type": "incoming", "conversationId": "c", "source": "+34600000001", "sent_at": 1623610860000, "body": "one"},
        {"id": "b", "type": "outgoing", "conversationId": "c", "sent_at": 1623610920000, "body": "two",
         "attachments": [{"contentType": "image/jpeg", "fileName": "a.jpg", "path": "aa/bb", "size": 1}]},
        {"id": "c", "type": "group-v2-change", "conversationId": "c", "sourceServiceId": "s1", "sent_at": 1623610980000,
         "groupV2Change": {"from": "s1", "details": [{"type": "member-add", "aci": "s2"}, {"type": "title", "newTitle": "Second"}]}},
        {"id": "d", "type": "keychange", "conversationId": "c", "sent_at": 1623611040000},
    ]
)  # fmt: skip
SIGNAL_FIELDS = (
    "Conversation: Meeting (group)\n\n"
    "From: You\nType: outgoing\nSent: Sun, 13 Jun 2021 21:01:00 +0200\n\nsee you at 21:00\n\n"
    "From: Ana (+34600000001)\nType: incoming\nSent: Sun, 13 Jun 2021 21:02:00 +0200\nReceived: Sun, 13 Jun 2021 21:02:01 +0200\n"
    "Attachment: a.jpg (image/jpeg, 123 bytes)\nReaction: 🌻 from You\n\ntwo\n\nparagraphs\n\n"
    "From: Ana (+34600000001)\nType: keychange\nSent: Sun, 13 Jun 2021 21:03:00 +0200\nReceived: Sun, 13 Jun 2021 21:03:01 +0200\n\n"
)
SIGNAL_SHORT = (
    "2021-06-13 21:01 You: see you at 21:00\n"
    "2021-06-13 21:02 Ana: [reply to You on 2021-06-13 21:01, 1 attachment] two\nlines\n"
    "2021-06-13 21:03 Ana: [keychange message]\n"
    "2021-06-13 21:04 Ana: [edited] three\n"
)


def _ufed_field(name: str, value: str, kind: str = "String") -> str:
    return f'<field name="{name}" type="{kind}"><value type="{kind}"><![CDATA[{value}]]></value></field>'


def _ufed_party(identifier: str, name: str) -> str:
    return f'<model type="Party" id="p">{_ufed_field("Identifier", identifier)}{_ufed_field("Name", name)}</model>'


def ufed_message(
    number: int, body: str, sender: str = "34600000001@s.whatsapp.net", more: str = "", deleted: str = "Intact"
) -> str:
    return (
        f'<model type="InstantMessage" id="m{number}" deleted_state="{deleted}">'
        f'<modelField name="From" type="Party">{_ufed_party(sender, "Ana" if "@" in sender else sender)}</modelField>'
        + _ufed_field("Body", body)
        + f'<field name="TimeStamp" type="TimeStamp"><value type="TimeStamp">2021-06-13T21:{number:02}:00.000+02:00</value></field>'
        + more
        + "</model>"
    )


UFED = (
    '<?xml version="1.0" encoding="utf-8"?>\n<project id="1" name="Report" reportVersion="5.2" extractionType="Physical" '
    'xmlns="http://pa.cellebrite.com/report/2.0"><sourceExtractions/><decodedData>'
    '<modelType type="Contact"><model type="Contact" id="c">' + _ufed_field("Name", "Nobody") + "</model></modelType>"
    '<modelType type="Chat"><model type="Chat" id="chat1" deleted_state="Intact">'
    + _ufed_field("Source", "WhatsApp") + _ufed_field("Id", "1@g.us") + _ufed_field("Name", "Meeting")
    + f'<multiModelField name="Participants" type="Party">{_ufed_party("34600000001@s.whatsapp.net", "Ana")}'
    + f'{_ufed_party("34600000002@s.whatsapp.net", "Luis")}</multiModelField>'
    + '<multiModelField name="Messages" type="InstantMessage">'
    + ufed_message(1, "Ana added Luis", "System Message")
    + ufed_message(2, "see you & <me> at 21:00")
    + ufed_message(3, "", more='<multiModelField name="Attachments" type="Attachment"><model type="Attachment" id="a">'
                   + _ufed_field("Filename", "a.jpg") + _ufed_field("ContentType", "image/jpeg") + "</model></multiModelField>")
    + ufed_message(4, "", more='<modelField name="Position" type="Coordinate"><model type="Coordinate" id="x">'
                   + _ufed_field("Latitude", "1.5", "Double") + _ufed_field("Longitude", "-2.5", "Double") + "</model></modelField>")
    + ufed_message(5, "recovered", deleted="Deleted")
    + "</multiModelField></model>"
    '<model type="Chat" id="chat2">' + _ufed_field("Source", "Signal") + '<multiModelField name="Messages" type="InstantMessage">'
    + ufed_message(6, "other chat") + "</multiModelField></model>"
    "</modelType></decodedData></project>"
)  # fmt: skip


def lava() -> tuple[bytes, str]:
    """LAVA's tables, and the text of `_lava_data.lava` that stands beside them."""
    tables = sqlite3.connect(":memory:")
    tables.executescript(
        """
        CREATE TABLE _lava_media_items (id TEXT PRIMARY KEY, source_path TEXT, extraction_path TEXT, type TEXT, metadata TEXT,
            created_at INTEGER, updated_at INTEGER, is_embedded INTEGER);
        CREATE TABLE _lava_media_references (id TEXT PRIMARY KEY, media_item_id TEXT, module_name TEXT, artifact_name TEXT, name TEXT);
        CREATE TABLE _artifact_search_patterns (id INTEGER PRIMARY KEY, module_name TEXT, artifact_name TEXT, regex TEXT);
        CREATE TABLE "somemessages" ("timestamp" INTEGER, "thread_id" TEXT, "conversation_with" TEXT, "author" TEXT, "direction" TEXT,
            "message" TEXT, "attachments" TEXT);
        CREATE TABLE "other" ("timestamp" INTEGER, "event" TEXT);
        """
    )
    tables.execute(
        "INSERT INTO _lava_media_items VALUES ('i1', 'Attachments/a.jpg', 'media/a.jpg', 'image/jpeg', '', 0, 0, 0)"
    )
    tables.execute("INSERT INTO _lava_media_references VALUES ('r1', 'i1', 'm', 'n', 'a.jpg')")
    rows = [
        (1623610860, "t1", "Meeting", "Ana", "Incoming", "see you at 21:00", ""),
        (1623610920, "t1", "Meeting", "", "Outgoing", "good", ""),
        (1623610980, "t2", "Luis", "Luis", "Incoming", None, "r1"),
    ]
    tables.executemany("INSERT INTO somemessages VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    tables.execute("INSERT INTO other VALUES (1623610860, 'nothing to do with talk')")
    view = {
        "conversationDiscriminatorColumn": "thread_id", "conversationLabelColumn": "conversation_with", "textColumn": "message",
        "directionColumn": "direction", "directionSentValue": "Outgoing", "timeColumn": "timestamp", "senderColumn": "author",
        "mediaColumn": "attachments",
    }  # fmt: skip
    about = {
        "lava_schema_version": 2,
        "lava_db_name": "_lava_artifacts.db",
        "artifacts": {
            "Some": [
                {"name": "Some - Messages", "tablename": "somemessages", "data_views": {"conversation": view}},
                {"name": "Other", "tablename": "other"},
            ]
        },
    }
    tables.commit()
    return tables.serialize(), json.dumps(about)


LAVA_TABLES = """
    CREATE TABLE _lava_media_items (id TEXT PRIMARY KEY, source_path TEXT, extraction_path TEXT, type TEXT);
    CREATE TABLE _lava_media_references (id TEXT PRIMARY KEY, media_item_id TEXT, name TEXT);
    CREATE TABLE _artifact_search_patterns (id INTEGER PRIMARY KEY);
"""
LAVA_TALK = """
    CREATE TABLE talk (timestamp INTEGER, thread_id TEXT, sender TEXT, direction, message TEXT, attachments TEXT, service TEXT);
    INSERT INTO talk VALUES (1623610860, 'a', 'Ana', 'Incoming', 'one', '', 'SMS'), (1623610860000, 'a', 'Ana', 1, 'two', '', ''),
        (1623610860000000, 'a', 'Ana', 0, 'three', '["r1", "r2"]', ''), ('2021-06-13 21:00:00', 'b', 7, NULL, X'ff', '', ''),
        (0, 'b', 'Ana', '', 'four', '', ''), (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""


def lava_of(script: str, pragma: str = "") -> bytes:
    """Tables of one's own beside LAVA's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables"
        tables = sqlite3.connect(str(path))
        tables.execute(pragma or "PRAGMA user_version").fetchall()
        tables.executescript(LAVA_TABLES + script)
        tables.commit()
        tables.close()
        return path.read_bytes()


def zipped(*files: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            made.writestr(zipfile.ZipInfo(name, (2021, 6, 13, 21, 0, 0)), data)
    return file.getvalue()
