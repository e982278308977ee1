"""What the models of a Cellebrite report say: a message with all its parts, and a chat's own log.

Source of the fields' names: public readers of such reports (docs/formats/chats.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from amparo.sandbox.inside.chats import times
from amparo.sandbox.inside.chats.media import declared_type_of
from amparo.sandbox.inside.chats.notices import noticed
from amparo.sandbox.inside.chats.writing import Chat, Writer

_SYSTEM = "System Message"
_ACTIVITIES = {
    "create": "group_created", "add": "member_added", "invite": "member_added", "join": "member_joined", "left": "member_left",
    "leave": "member_left", "exit": "member_left", "remove": "member_removed", "kick": "member_removed", "promote": "admin_granted",
}  # fmt: skip
_CAME = {"member_joined", "member_left", "group_created"}
_READ = {
    "TimeStamp", "DateTime", "Timestamp", "Body", "Text", "From", "Sender", "Identifier", "Source", "Status", "Subject",
    "IsLocationSharing",
}  # fmt: skip
# What a field says that says nothing.
_NOTHING = {"", "False", "Unknown", "None"}
_AS_EXPECTED = {"", "Intact", "Deleted"}


@dataclass
class Model:
    """An element `model`: its fields' values by name, and the models within it by their field's name.

    place: the number of an item, 0 for what is part of one. field_name: of the field whose value it is. chat: what the writer
    knows of a chat.
    """

    type: str
    id: str = ""
    deleted: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    models: dict[str, list[Model]] = field(default_factory=dict)
    place: int = 0
    field_name: str = ""
    chat: Chat | None = None

    def value(self, *names: str) -> str:
        """The first value of the first of these fields that has one."""
        return next((value for name in names for value in self.values.get(name, ()) if value), "")

    def inner(self, *names: str) -> list[Model]:
        return [model for name in names for model in self.models.get(name, ())]


def name_of(party: Model) -> str:
    """How the report calls somebody: by name, else by what identifies them."""
    return party.value("Name") or party.value("Identifier")


def write(writer: Writer, message: Model, *, cut: bool) -> None:
    """cut: the message holds more than any real one, and some of it was left out."""
    raw, body = message.value("TimeStamp", "DateTime", "Timestamp"), message.value("Body", "Text")
    ts, offset = times.wall_clock(raw)
    if offset:
        writer.offset(offset)
    author = next(iter(message.inner("From")), Model("Party"))
    # Name and identifier are kept apart: two people may bear one name.
    sender = name_of(author) or message.value("From", "Sender")
    labels = {label for each in _within(message, "MessageLabel") if (label := each.value("Label"))}
    more: dict[str, object] = {
        "id": message.value("Identifier") or message.id, "offset": offset, "sender_id": author.value("Identifier"),
        "source": message.value("Source"),
        "recovered": message.deleted == "Deleted", "status": message.value("Status"),
        "to": [name_of(party) for party in message.inner("To")] if not writer.chat else None,
        "cut": cut, "subject": message.value("Subject"), "edited": "Edited" in labels,
        "deleted_state": message.deleted if message.deleted not in _AS_EXPECTED else "", "labels": sorted(labels - {"System"}),
        **_answered(message),
        "other": {name: values[0] if len(values) == 1 else values for name, values in message.values.items()
                  if name not in _READ and values[0] not in _NOTHING},
    }  # fmt: skip
    where = {"raw": raw, "place": message.place}
    if _SYSTEM in (author.value("Identifier"), sender) or "System" in labels:
        kind, actor, targets, value = noticed(body)
        activity = next(iter(message.inner("ActivityLog")), None)
        if kind == "notice" and activity:
            kind, actor, targets = _activity(activity)
        writer.event(ts, kind, actor=actor, targets=targets, value=value, text=body, **where, **more)  # type: ignore[arg-type]
        return
    kind, files, text = _kind(message, body)
    more |= {"files": files if len(files) > 1 else None, **_beside_files(message, files)}
    writer.message(ts, sender, kind, text, files[0] if files else None, **where, **more)  # type: ignore[arg-type]


def write_activity(writer: Writer, activity: Model, place: int) -> bool:
    """Writes an entry of a chat's log; not one of a system message, which stands among the messages. Whether it was."""
    if activity.value("SystemMessageId"):
        return False
    raw, body = activity.value("SystemMessageTimeStamp", "TimeStamp"), activity.value("SystemMessageBody")
    ts, offset = times.wall_clock(raw)
    kind, actor, targets = _activity(activity)
    action = activity.value("Action")
    writer.event(
        ts, kind, actor=actor, targets=targets, value=(body or action) if kind == "notice" else "", text=body, raw=raw, place=place,
        offset=offset, action=action,
    )  # fmt: skip
    return True


def _activity(activity: Model) -> tuple[str, str, list[str]]:
    """(type, actor, targets)"""
    action = activity.value("Action").lower()
    kind = next((kind for word, kind in _ACTIVITIES.items() if word in action), "notice")
    names = [name_of(each) for each in activity.inner("Participant")]
    return (kind, names[0] if names else "", []) if kind in _CAME else (kind, "", names)


def _within(message: Model, kind: str) -> Iterator[Model]:
    """The models of this kind, however deep; not those of another message."""
    waiting = [each for models in message.models.values() for each in models]
    while waiting:
        model = waiting.pop(0)
        if model.type == kind:
            yield model
        if model.type != "InstantMessage":
            waiting += [each for models in model.models.values() for each in models]


def _answered(message: Model) -> dict[str, object]:
    """The message that this one answers or hands on, which is no item of its own."""
    found: dict[str, object] = {}
    for each in _within(message, "QuotedMessageData"):
        found["reply_to"] = each.value("OriginalMessageID", "ReferenceId")
    for each in _within(message, "ForwardedMessageData"):
        found["forwarded_from"] = next((name_of(party) for party in each.inner("OriginalSender")), "unknown")
    for each in _within(message, "InstantMessage"):
        found["quoted"] = {
            "sender": next((name_of(party) for party in each.inner("From")), ""), "text": each.value("Body", "Text"),
            "raw": each.value("TimeStamp"), "files": [_file(file) for file in each.inner("Attachments", "Attachment")],
        }  # fmt: skip
    return found


def _place_of(message: Model) -> str:
    position = message.inner("Position", "Location") or [
        each for where in message.inner("Location") for each in where.inner("Position")
    ]
    return ",".join(filter(None, (position[0].value("Latitude"), position[0].value("Longitude")))) if position else ""


def _cards(message: Model) -> str:
    return "\n".join(each.value("Name") for each in message.inner("SharedContacts"))


def _kind(message: Model, body: str) -> tuple[str, list[dict[str, object]], str]:
    files = [_file(each) for each in message.inner("Attachments", "Attachment")]
    if message.inner("SharedContacts") and not files:
        return "contact", [{"name": "", "type": "contact", "omitted": False}], body or _cards(message)
    if message.inner("Position", "Location") and not files:
        live = message.value("IsLocationSharing") == "True"
        return ("live_location" if live else "location"), [], body or _place_of(message)
    return ("media" if files else "text"), files, body


def _beside_files(message: Model, files: list[dict[str, object]]) -> dict[str, str]:
    """What a message says beside its words or its files."""
    said = message.value("Body", "Text") or files
    return {"position": _place_of(message) if said else "", "contacts": _cards(message) if said else ""}


def _file(attachment: Model) -> dict[str, object]:
    name = attachment.value("Filename", "Title") or attachment.value("URL").partition("?")[0].rpartition("/")[2]
    declared = attachment.value("ContentType", "MetaType")
    there = attachment.value("attachment_extracted_path", "LocalPath") or attachment.values.get("Filename")
    return {"name": name, "type": declared_type_of(declared if "/" in declared else "", name), "omitted": not there}
