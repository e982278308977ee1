"""A guess at a text's language by its commonest small words: good enough to choose who reads it first, and says "unknown"."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")

_SMALL_WORDS = {
    "es": (
        "el la los las de que y en un una por con no se su para es al lo como más pero le ya o este sí porque "
        "esta cuando muy sin sobre también me hay donde quien desde todo nos hola grupo mensaje ayer"
    ),
    "en": (
        "the of and to in is that it was for on are with as be at this have from or had by not but what all "
        "were when we there can an your which their if will i you my group message yesterday"
    ),
    "fr": (
        "le la les de des et en un une du que qui dans pour pas sur ce il elle est je ne vous avec au par "
        "plus se sont nous mais ou si leur cette bonjour groupe hier"
    ),
    "pt": (
        "o a os as de que e do da em um uma para com não se na no por mais dos como mas ao ele das tem à seu "
        "sua ou quando muito nos já eu também pelo isso você olá grupo ontem"
    ),
    "de": (
        "der die das und in zu den ist nicht von sie mit dem des ein eine auf für im es an auch als ich wird "
        "aus er hat dass nach wie bei um oder war gruppe gestern"
    ),
    "it": (
        "il lo la i gli le di che e un una in per non con è si da del della al sono ho ha mi ma come anche "
        "più questo nel alla dei ci perché ciao gruppo ieri"
    ),
    "ca": (
        "el la els les de que i en un una per amb no es al del és com més però ja o aquest aquesta quan molt "
        "sense sobre també hi ha on qui des tot ens hola grup missatge ahir"
    ),
    "ar": ("من في على إلى أن هذا هذه التي الذي لا ما كان مع عن أو كل بعد قد هو هي ثم لم المجموعة رسالة أمس"),
}
_LANGUAGES: dict[str, list[str]] = {}
for _language, _words in _SMALL_WORDS.items():
    for _word in set(_words.split()):
        _LANGUAGES.setdefault(_word, []).append(_language)

SAMPLE_CHARACTERS = 20_000
# Fewer small words than this say nothing: a subject line, a link, an address.
_ENOUGH = 3


def language_of(text: str) -> str:
    """A two-letter code of the eight known, or "unknown" for too little text or a tie."""
    points: Counter[str] = Counter()
    for word in _WORD.findall(text[:SAMPLE_CHARACTERS].lower()):
        for language in _LANGUAGES.get(word, ()):
            points[language] += 1
    best = points.most_common(2)
    if not best or best[0][1] < _ENOUGH or (len(best) == 2 and best[0][1] == best[1][1]):
        return "unknown"
    return best[0][0]
