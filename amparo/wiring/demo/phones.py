"""Fictitious telephone numbers for the demo's members, one range for each country.

Every number is fictitious and none is ever dialled. Where a regulator keeps a range free for drama or documentation,
numbers come from it (``official=True``). Where none is published, a number is built from a prefix at the end of the
country's mobile range and a line number of zeros (``000 0nn``); it is plausible in form and assigned to nobody known.

Sources of the official ranges:
  GB  Ofcom, telephone numbers for drama: London 020 7946 0000-0999. (The mobile drama range 07700 900000-900999 is
      left out: ``phonenumbers`` files it under no region, so a country could not be read from it.)
  FR  ARCEP, numbering plan, audiovisual works: 01 99 00 xx xx. (06 39 98 xx xx likewise has no type there.)
  US  NANPA: line numbers 555-0100 to 555-0199 of any area code.
  DE  Bundesnetzagentur, numbers for media: 0171 39200 00-99.
  AU  ACMA, numbers for fiction: 0491 570 006, 0491 570 156 to 159.
  SE  PTS, numbers for books and films: 070-174 06 05 to 070-174 06 99.
"""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class FictitiousRange:
    """Numbers ``+<calling code><prefix><n>`` for n in ``first..last``, n padded to ``width`` digits."""

    calling_code: int
    prefix: str
    width: int
    first: int
    last: int
    official: bool

    def number(self, n: int) -> str:
        """The n-th number of the range in E.164, n from 0; ValueError past its end."""
        if not 0 <= n <= self.last - self.first:
            raise ValueError(f"the range +{self.calling_code} {self.prefix} has no number {n}")
        return f"+{self.calling_code}{self.prefix}{self.first + n:0{self.width}d}"


RANGES: dict[str, FictitiousRange] = {
    "ES": FictitiousRange(34, "7490000", 2, 10, 99, official=False),
    "UY": FictitiousRange(598, "920000", 2, 10, 99, official=False),
    "GB": FictitiousRange(44, "2079460", 3, 10, 999, official=True),
    "EC": FictitiousRange(593, "9300000", 2, 10, 99, official=False),
    "CR": FictitiousRange(506, "890000", 2, 10, 99, official=False),
    "PE": FictitiousRange(51, "9000000", 2, 10, 99, official=False),
    "IN": FictitiousRange(91, "60000000", 2, 10, 99, official=False),
    "IT": FictitiousRange(39, "31000000", 2, 10, 99, official=False),
    "FR": FictitiousRange(33, "19900", 4, 10, 9999, official=True),
    "PK": FictitiousRange(92, "37900000", 2, 10, 99, official=False),
    "SY": FictitiousRange(963, "9000000", 2, 10, 99, official=False),
    "US": FictitiousRange(1, "20255501", 2, 0, 99, official=True),
    "DE": FictitiousRange(49, "17139200", 2, 0, 99, official=True),
    "AU": FictitiousRange(61, "491570", 3, 156, 159, official=True),
    "SE": FictitiousRange(46, "7017406", 2, 5, 99, official=True),
}


def as_shown_on_an_iphone(e164: str) -> str:
    """The number as an iPhone writes it for a sender who is in no address book.

    International form, no-break spaces and hyphens, between U+202A and U+202C: what real exports hold, and what a
    reader has to take off again.
    """
    parsed = phonenumbers.parse(e164, None)
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return "\u202a" + written.replace(" ", "\u00a0").replace("-", "\u2011") + "\u202c"
