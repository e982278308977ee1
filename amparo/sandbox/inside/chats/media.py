"""What a file is, by the ways that messengers name them."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"^\d{8}-(PHOTO|VIDEO|AUDIO|STICKER|GIF)-", re.IGNORECASE)
_PREFIXED = {"IMG": "image", "VID": "video", "AUD": "audio", "PTT": "voice", "STK": "sticker", "DOC": "document"}
_ENDINGS = {
    "jpg": "image", "jpeg": "image", "png": "image", "heic": "image", "avif": "image", "bmp": "image", "webp": "sticker",
    "gif": "gif", "mp4": "video", "mov": "video", "3gp": "video", "mkv": "video", "webm": "video", "avi": "video",
    "opus": "voice", "ogg": "voice", "m4a": "audio", "mp3": "audio", "aac": "audio", "amr": "audio", "wav": "audio",
    "flac": "audio", "vcf": "contact", "tgs": "sticker",
}  # fmt: skip


def media_type_of(name: str) -> str:
    """image, video, audio, voice, sticker, gif, contact or document, by WhatsApp's way of naming files."""
    if numbered := _NUMBERED.match(name):
        return {"photo": "image"}.get(numbered[1].lower(), numbered[1].lower())
    if kind := _PREFIXED.get(name[:3].upper()) if name[3:4] == "-" else None:
        return kind
    return _ENDINGS.get(name.rsplit(".", 1)[-1].lower(), "document") if "." in name else "document"


def declared_type_of(media_type: str, name: str = "") -> str:
    """The same by a declared media type such as image/jpeg; by the name's ending where it says nothing."""
    main, _, sub = media_type.lower().partition("/")
    if main in {"image", "video", "audio"}:
        return "gif" if sub == "gif" else main
    if sub in {"vcard", "x-vcard", "directory"}:
        return "contact"
    if main:
        return "document"
    kind = _ENDINGS.get(name.rsplit(".", 1)[-1].lower(), "") if "." in name else ""
    # A picture in this format is a sticker for WhatsApp alone.
    return "image" if name.lower().endswith(".webp") else kind or ("document" if name else "unknown")
