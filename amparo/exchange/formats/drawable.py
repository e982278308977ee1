"""Text as a PDF without a shaping engine can draw it: letters joined, right-to-left runs turned, gaps shown as code points.

The PDF is for paper and for the eye. The exact characters are in cover.html and case.jsonld.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Set as AbstractSet
from functools import cache

from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

ISOLATED, FINAL, INITIAL, MEDIAL = range(4)
RIGHT_TO_LEFT = ("R", "AL", "AN")


@cache
def _forms() -> dict[str, dict[int, str]]:
    """For each Arabic letter its presentation forms, read off Unicode's own decompositions (U+FB50 to U+FEFC)."""
    names = {"<isolated>": ISOLATED, "<final>": FINAL, "<initial>": INITIAL, "<medial>": MEDIAL}
    forms: dict[str, dict[int, str]] = {}
    for point in (*range(0xFB50, 0xFBFF + 1), *range(0xFE80, 0xFEFC + 1)):
        form, *letters = unicodedata.decomposition(chr(point)).split() or [""]
        if form in names and len(letters) == 1:
            forms.setdefault(chr(int(letters[0], 16)), {})[names[form]] = chr(point)
    return forms


def joined(text: str) -> str:
    """The text with each Arabic letter in the form that its neighbours ask for; in reading order still."""
    forms = _forms()
    letters = list(text)
    bases = [n for n, c in enumerate(letters) if not unicodedata.combining(c)]
    shaped = list(letters)
    for index, at in enumerate(bases):
        own = forms.get(letters[at])
        if not own:
            continue
        before = forms.get(letters[bases[index - 1]], {}) if index else {}
        after = forms.get(letters[bases[index + 1]], {}) if index + 1 < len(bases) else {}
        # A letter reaches forward only if it has an initial form, and back only if it has a final one.
        from_before = INITIAL in before and FINAL in own
        to_after = INITIAL in own and FINAL in after
        form = MEDIAL if from_before and to_after else FINAL if from_before else INITIAL if to_after else ISOLATED
        shaped[at] = own.get(form, letters[at])
    return "".join(shaped)


def drawable(text: str, glyphs: AbstractSet[int]) -> str:
    """The text in the order and shapes in which it is drawn from left to right; what `glyphs` lacks stands as ‹U+XXXX›.

    glyphs: code points that the face has. A line that is broken inside a right-to-left run reads from its lower line up.
    """
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in text):
        text = BidiParagraph(joined(text), base_direction=TextDirection.LTR).get_reordered_string()
    return "".join(c if ord(c) in glyphs or c == "\n" else f"‹U+{ord(c):04X}›" for c in text)
