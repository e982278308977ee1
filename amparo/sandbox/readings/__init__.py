"""What an examination found, checked: a child's reply is hostile too, so every field has a type, a cap and a fall-back.

`reading_of` is the only way from a reply to these classes. A reply of another form raises ExaminationFailed("crashed").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from amparo.sandbox.readings.documents import (
    CMS_CIPHERS,
    ArchiveReading,
    ChatReading,
    Claimed,
    CmsReading,
    CmsRecipient,
    Delivered,
    Identified,
    MailReading,
    SealedPart,
    Unread,
    archive_reading,
    chat_reading,
    cms_reading,
    identified_reading,
    mail_reading,
)
from amparo.sandbox.readings.fields import REASONS, Blob, Blobs, ExaminationFailed, Fields, plain_text
from amparo.sandbox.readings.media import (
    LookReading,
    PictureReading,
    Pixels,
    VideoReading,
    look_reading,
    picture_reading,
    pixels_reading,
    video_reading,
)
from amparo.sandbox.readings.tables import (
    HASH_LIST_FORMATS,
    CybertipReading,
    Element,
    HashListReading,
    ReplyReading,
    ReplyRow,
    RowProblem,
    TableReading,
    cybertip_reading,
    hash_list_reading,
    reply_reading,
    table_reading,
)

__all__ = [
    "CMS_CIPHERS",
    "HASH_LIST_FORMATS",
    "REASONS",
    "ArchiveReading",
    "Blob",
    "Blobs",
    "ChatReading",
    "Claimed",
    "CmsReading",
    "CmsRecipient",
    "CybertipReading",
    "Delivered",
    "Element",
    "ExaminationFailed",
    "HashListReading",
    "Identified",
    "LookReading",
    "MailReading",
    "PictureReading",
    "Pixels",
    "Reading",
    "ReplyReading",
    "ReplyRow",
    "RowProblem",
    "SealedPart",
    "TableReading",
    "Unread",
    "VideoReading",
    "plain_text",
    "reading_of",
]

Reading = (
    Identified
    | MailReading
    | CmsReading
    | ArchiveReading
    | ChatReading
    | PictureReading
    | VideoReading
    | LookReading
    | Pixels
    | HashListReading
    | ReplyReading
    | TableReading
    | CybertipReading
)

_READINGS: dict[str, Callable[[Fields, Blobs], Reading]] = {
    "identify": identified_reading,
    "mail": mail_reading,
    "cms": cms_reading,
    "archive": archive_reading,
    "chat": chat_reading,
    "picture": picture_reading,
    "video": video_reading,
    "look": look_reading,
    "render": pixels_reading,
    "hash_list": hash_list_reading,
    "table": table_reading,
    "cybertip": cybertip_reading,
    "reply": reply_reading,
}


def reading_of(kind: str, facts: Mapping[str, object], blobs: Blobs) -> Reading:
    """The reading that a child's facts and blobs stand for. Raises ExaminationFailed for a reply of another form."""
    return _READINGS[kind](Fields(facts), blobs)
