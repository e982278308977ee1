"""What stands for files, deleted words, places, polls and marks of an edit, of all languages together."""

from __future__ import annotations

import re
from functools import lru_cache

from amparo.sandbox.inside.chats import wordings
from amparo.sandbox.inside.chats.stamps import MARKS

# So many signs tell most that people say from what the messenger says.
_BEGINNING = 7


class Fixed:
    """The look-ups; keys are in `wordings.plain_key` form. Where languages share a wording, the likelier one's meaning counts."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """languages: the likeliest first."""
        by_language = {table.language: table for table in wordings.known()}
        tables = [by_language[language] for language in languages]
        least_first = tables[::-1]
        self.omitted = {wording: media for table in least_first for wording, media in table.omitted.items()}
        self.kinds = {
            **{wording: "deleted" for table in tables for wording in table.deleted},
            **{wording: "view_once" for table in tables for wording in table.view_once},
            **{wording: "live_location" for table in tables for wording in table.live_location},
        }
        self.deleted_by = tuple(wording for table in tables for wording in table.deleted_by)
        self.locations = tuple(prefix for table in tables for prefix in table.location)
        self.polls = tuple(prefix for table in tables for prefix in table.poll)
        self.edited = tuple(dict.fromkeys(wording for table in tables for wording in table.edited))
        special = (*self.omitted, *self.kinds, *self.deleted_by, *self.locations, *self.polls)
        self._beginnings = frozenset(map(_beginning, (*special, *(key.replace("'", "’") for key in special))))
        self._short = tuple(key for key in special if len(key) < _BEGINNING)
        before = "|".join(re.escape(word) for table in tables for word in table.attached_before)
        after = "|".join(re.escape(word) for table in tables for word in table.attached_after)
        self.attached_before = re.compile(rf"<(?:{before})\s?:\s*([^<>]+)>[\s{MARKS}]*$", re.IGNORECASE)
        self.attached_after = re.compile(
            rf"^[\s{MARKS}]*(\S.*?\.\w{{1,8}}) \((?:{after})\)[\s{MARKS}]*$", re.IGNORECASE
        )

    def may_begin(self, words: str) -> bool:
        """Whether one of all these may begin so: most that people say does not."""
        return _beginning(words) in self._beginnings or words.startswith(self._short)


@lru_cache(16)
def fixed(languages: tuple[str, ...]) -> Fixed:
    """Those of all tables, in this order of their languages."""
    return Fixed(languages)


def _beginning(text: str) -> str:
    return text[:_BEGINNING].lower().rstrip(". ")
