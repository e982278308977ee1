"""What a package says in the addressee's language: one small catalogue each, and how each writes dates and countries."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from textwrap import wrap

from amparo.foundation.times import Moment

HERE = Path(__file__).parent


@cache
def catalogue(language: str) -> dict[str, str]:
    """The sentences of a language by key. Raises FileNotFoundError for a language without a catalogue."""
    entries: dict[str, str] = json.loads((HERE / f"{language}.json").read_text("utf-8"))
    return entries


def wrapped(text: str) -> list[str]:
    """The paragraph in lines of at most 96 characters; an address or command is never broken."""
    return wrap(text, 96, break_long_words=False, break_on_hyphens=False)


class Words:
    """The catalogue of one language, asked by key: `words("summary.asked")`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._entries = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """The sentence, with its {places} filled. Raises KeyError for a key that no catalogue has."""
        entry = self._entries[key]
        return entry.format(**values) if values else entry

    def code(self, group: str, code: str) -> str:
        """The word for a code such as a legal category; the code itself where the catalogue has none."""
        return self._entries.get(f"{group}.{code}", code)

    def count(self, noun: str, number: int) -> str:
        """ "1 person", "3 persons": the key ends in .one or .many."""
        return self(f"count.{noun}.{'one' if number == 1 else 'many'}", number=self.number(number))

    def number(self, number: int) -> str:
        """The integer with a narrow no-break space between thousands, as ISO 80000-1 writes it: no comma that means two things."""
        return f"{number:,}".replace(",", "\u202f")

    def date(self, day: date) -> str:
        """The day written out, so that nobody takes the month for the day."""
        if isinstance(day, datetime):
            day = day.astimezone(UTC).date()
        return self("date.day", day=day.day, month=self(f"month.{day.month}"), year=day.year)

    def time(self, moment: datetime) -> str:
        """Day and minute in UTC, and says so."""
        in_utc = moment.astimezone(UTC)
        return f"{self.date(in_utc)}, {in_utc:%H:%M} UTC"

    def moment(self, moment: Moment) -> str:
        """The raw text, what it was read as, and who assumed the zone; an unresolved time says that it is one."""
        if moment.utc is None:
            return self("moment.unresolved", raw=moment.raw)
        by = self.code("assumed", moment.assumed_by) if moment.assumed_by else self("assumed.nobody")
        zone = moment.zone or "?"
        return self(
            "moment.resolved",
            raw=moment.raw,
            utc=f"{moment.utc.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
            zone=zone,
            by=by,
        )

    def country(self, code: str) -> str:
        """ "España (ES)": the country's name in this language and its code; the bare code where it has no name."""
        from phonenumbers.geodata.locale import LOCALE_DATA  # half a second, which no process start should pay

        names = LOCALE_DATA.get(code, {})
        name = names.get(self.language, "")
        if name.startswith("*"):  # the library's mark for "the same word as in that language"
            name = names.get(name[1:], "")
        return f"{name} ({code})" if name else code
