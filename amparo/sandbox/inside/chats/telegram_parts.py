"""The parts of one message of Telegram's: its text, its file, its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amparo.sandbox.inside.chats.media import declared_type_of

_OF_PART = {"type", "text"}
_NOT_INCLUDED = "(File"
_MEDIA = {
    "sticker": "sticker", "video_message": "video", "voice_message": "voice", "animation": "gif", "video_file": "video",
    "audio_file": "audio",
}  # fmt: skip


def what_else(message: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """What it says beyond these."""
    if known.issuperset(message):
        return {}
    return {name: each for name, each in message.items() if name not in known and each not in ("", [], None)}


def flat(text: Any) -> str:
    """A text of Telegram's: a string, or a list of strings and entities that have one each."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(each if isinstance(each, str) else plain(each.get("text")) for each in text if each is not None
                       and isinstance(each, (str, dict)))  # fmt: skip
    return ""


def words_alone(text: list[Any]) -> str:
    """The same; "" where a part says more than its words, as a link does that leads elsewhere."""
    for part in text:
        if type(part) is not str and not (type(part) is dict and part.keys() == _OF_PART):
            return ""
    return flat(text)


def marked(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of its text that say more than their words."""
    return [each for key in ("text", "text_entities") if isinstance(parts := message.get(key), list) for each in parts
            if isinstance(each, dict) and each.keys() != _OF_PART]  # fmt: skip


def pointed_to(parts: list[dict[str, Any]], name: str) -> list[Any]:
    """What these parts of a text point to beyond their words: `href` of links, `user_id` of people."""
    return list({plain(each[name]): each[name] for each in parts if each.get(name)}.values())


def kind_of(message: dict[str, Any]) -> tuple[str, dict[str, object] | None]:
    """The message's kind, and its file."""
    if message.get("poll"):
        return "poll", None
    if message.get("contact_information") or message.get("contact_vcard"):
        return "contact", _file(plain(message.get("contact_vcard")), "", "contact")
    if "location_information" in message or "place_name" in message:
        return ("live_location" if "live_location_period_seconds" in message else "location"), None
    destroyed = bool(message.get("self_destruct_period_seconds"))
    if "photo" in message and message["photo"] is not None:
        return ("view_once" if destroyed else "media"), _file(plain(message["photo"]), "", "image")
    if "file" in message and message["file"] is not None:
        declared = plain(message.get("mime_type"))
        name = plain(message.get("file_name"))
        kind = _MEDIA.get(plain(message.get("media_type"))) or declared_type_of(declared, name)
        return ("view_once" if destroyed else "media"), _file(plain(message["file"]), name, kind)
    if destroyed:
        return "view_once", None
    return "text", None


def _file(path: str, name: str, kind: str) -> dict[str, object]:
    """Named as it lies in the export; where it isn't there, as its sender called it."""
    omitted = path.startswith(_NOT_INCLUDED) or not path
    return {"name": name if omitted else path.rpartition("/")[2], "type": kind, "omitted": omitted}


def words_for(message: dict[str, Any], kind: str) -> str:
    """What stands for the text of a message that has none."""
    if kind == "poll" and isinstance(poll := message.get("poll"), dict):
        given = poll.get("answers")
        answers = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
        return "\n".join(
            [flat(poll.get("question")), *(f"{flat(each.get('text'))} ({each.get('voters', 0)})" for each in answers)]
        )
    if kind == "contact" and isinstance(card := message.get("contact_information"), dict):
        return " ".join(filter(None, (plain(card.get(name)) for name in ("first_name", "last_name", "phone_number"))))
    if kind in {"location", "live_location"}:
        where = message.get("location_information")
        if not isinstance(where, dict):
            return plain(message.get("place_name"))
        return f"{where.get('latitude')},{where.get('longitude')}"
    if message.get("game_title") or message.get("invoice_information"):
        return plain(message.get("game_title") or message.get("invoice_information"))
    return ""


def plain(value: Any) -> str:
    """The value as text; "" for none."""
    return value if isinstance(value, str) else "" if value is None else str(value)
