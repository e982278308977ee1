"""A mail's text in the letters its writer saw: what the mail says of its charset is a claim, checked against the bytes.

Order: a byte-order mark; the charset named, where its bytes fit; UTF-8, which other text hardly ever is by chance; then the
charset of the list that gives the most of its own language's commonest letters. A charset that hides text from whoever reads
the raw mail (UTF-7) is never decoded.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from amparo.sandbox.inside.decoding import known_charset, marked_text

SAMPLE_BYTES = 6_000
REPLACED = "\ufffd"

# Names that mail uses and Python doesn't know. ISO-2022-CN and the like stay unknown: nothing here reads them.
_ALIASES = {
    "ansi": "cp1252",
    "ascii-8bit": "us-ascii",
    "big5-hkscs": "big5hkscs",
    "cp-850": "cp850",
    "cp932": "cp932",
    "default": "us-ascii",
    "iso-10646-ucs-2": "utf-16-be",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16",
    "utf": "utf-8",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-sjis": "cp932",
    "x-windows-949": "cp949",
    # A name that covers less than what is sent under it: the wider one reads the same letters and more.
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "euc-kr": "cp949",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
    "iso-2022-jp": "iso2022_jp_ext",
}
# Names by which a mail says that it doesn't know: no defect, the bytes are asked.
_NO_CHARSET = frozenset(
    {"", "us-ascii", "ascii", "unknown", "unknown-8bit", "x-unknown", "x-user-defined", "binary", "8bit", "7bit"}
)
# Every byte fits these, so that fitting proves nothing.
_ALL_BYTES_FIT = frozenset(
    {"cp1252", "cp1254", "cp437", "cp850", "cp866", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"}
)


@dataclass(frozen=True)
class Lettered:
    """Text, the codec that gave it, and the sentence for whoever reads it; "" where nothing is to say."""

    text: str
    charset: str
    sentence: str = ""


UNKNOWN = "A text names a character set that Amparo does not know; some letters may be wrong."
MISLABELLED = "A text is in another character set than it says; it was read in the one that fits."
GUESSED = "A text does not say its character set; it was read in the one that fits best, and some letters may be wrong."
UNFIT = "A text has bytes that its character set does not have; they are shown as a mark."


def lettered(data: bytes, charset: str = "") -> Lettered:
    """The text of these bytes. Never fails: what fits nothing becomes U+FFFD, and the sentence says so."""
    if marked := marked_text(data):
        return Lettered(*marked)
    named = charset.strip().strip("\"'").strip().lower()[:40]
    known = known_charset(_ALIASES.get(named, named)) if named not in _NO_CHARSET else ""
    unknown = UNKNOWN if named and not known and named not in _NO_CHARSET else ""
    escaped = _escaped(data)
    if escaped and not known.startswith(("iso2022", "hz")):
        return Lettered(data.decode(escaped, "replace"), escaped, unknown or (MISLABELLED if known else ""))
    if data.isascii() and not known.startswith(("iso2022", "hz", "utf-16", "utf-32")):
        return Lettered(data.decode("ascii"), known or "ascii", unknown)
    if known and (read := _as_named(data, known)):
        return read
    if (text := _strict(data, "utf-8")) is not None:
        return Lettered(text, "utf-8", MISLABELLED if known and known != "utf-8" else unknown)
    if known and known not in _ALL_BYTES_FIT and (kept := _mostly(data, known)):
        return kept
    found = likeliest(data)
    sentence = unknown or (MISLABELLED if known and known != found else "" if known or found == "cp1252" else GUESSED)
    return Lettered(data.decode(found, "replace"), found, sentence)


def _as_named(data: bytes, known: str) -> Lettered | None:
    """The text in the charset that the mail names, unless the bytes say that it is another."""
    if known.startswith(("utf-16", "utf-32")):
        return Lettered(_wide(data, known), known)
    text = _strict(data, known)
    if text is None:
        return None
    if known != "utf-8" and not known.startswith(("iso2022", "hz")) and _is_utf8(data):
        return Lettered(data.decode("utf-8"), "utf-8", MISLABELLED)
    if known in _ALL_BYTES_FIT:
        found = likeliest(data)
        if _points(text, known) + 0.25 < _points(data[:SAMPLE_BYTES].decode(found, "replace"), found):
            return Lettered(data.decode(found, "replace"), found, MISLABELLED)
    return Lettered(text, known)


def _mostly(data: bytes, known: str) -> Lettered | None:
    """The text in the charset named where only a few bytes don't fit: a cut line, a stray byte."""
    text = data.decode(known, "replace")
    beyond = sum(letter > "\x7f" for letter in text[:SAMPLE_BYTES])
    return Lettered(text, known, UNFIT) if text[:SAMPLE_BYTES].count(REPLACED) * 5 <= beyond else None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _is_utf8(data: bytes) -> bool:
    """Whether it has letters beyond ASCII and all are whole UTF-8 sequences, which another charset's text is hardly by chance."""
    text = None if data.isascii() else _strict(data, "utf-8")
    return text is not None and not _CONTROLS.search(text)


_CONTROLS = re.compile("[\x80-\x9f]")  # no text has these; they show that it was turned into UTF-8 once too often


def _wide(data: bytes, known: str) -> str:
    """UTF-16 or -32 without a mark: the order of bytes is told by where the zeros of ASCII letters stand."""
    if known == "utf-16":
        known = "utf-16-le" if data[1:2_000:2].count(0) > data[0:2_000:2].count(0) else "utf-16-be"
    elif known == "utf-32":
        known = "utf-32-le" if data[:1] != b"\0" else "utf-32-be"
    return data.decode(known, "replace")


_ESCAPES = (
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"\x1b\$(?:[@B]|\([D@BOPQ])|\x1b\(I"), "iso2022_jp_ext"),
)
_HZ = re.compile(rb"~\{(?:[!-w][!-~]){2,}~\}")


def _escaped(data: bytes) -> str:
    """The charset of seven bits that announces itself by escapes; "" where none does."""
    if b"\x1b" in data:
        return next((codec for escape, codec in _ESCAPES if escape.search(data)), "")
    return "hz" if data.isascii() and _HZ.search(data) else ""


# --- Which charset bytes are likeliest in ------------------------------------------------------------------------------------

# Letters of the languages written in each, commonest first: an earlier one counts more, a letter that isn't there counts against.
_LETTERS = {
    "cyrillic": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєєґїёђјљњћџў",
    "greek": "αοιετσνηυρπκμλςωάίδγήέόθβχφύώξζψ",
    "hebrew": "יוהלאתרבמשנםדחקעכפטסגצזןךףץ",
    "arabic": "اليمنتروبدعهسفحقكجشصةطخىءذضأزثغإئؤآظ،؟",
    "thai": "านรกองมลดเทีิัวย่้สตไคบะปพ็ำชจโผหขใแุูึศซณฉธภ",
    "latin": "éáíóñüäöàèçãêúõßôâîùåøëïæòìûœ",
    "central": "áéíěčřžšýůęłąćóńśżźőűöüďťňâăîßäşţș",
    "turkish": "ıüşğçöâî",
    "chinese": (
        "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作方成者"
        "多日都三小军二无同么经法当起与好看学进這為來個們說國時後對著裡過發無經當與學進嗎請謝您電話郵件見點吗请谢电话邮见点群组照片信息"
    ),
    "korean": "이다는을의가에로고하도사지기한어인대들시자나니라은부정과해스그수일서전있아보여원주장제상모안습요것세었",
}
# An alphabet without case or small letters of its own is read as it stands.
_ALPHABETS = frozenset({"cyrillic", "greek", "hebrew", "arabic", "thai"})
_MARKS = frozenset("\xa0«»“”‘’„–—…·•€№¡¿ªº°§©®™")
_CANDIDATES = (
    ("cp1252", "latin"),
    ("cp1251", "cyrillic"),
    ("koi8-r", "cyrillic"),
    ("iso8859-5", "cyrillic"),
    ("cp866", "cyrillic"),
    ("cp1253", "greek"),
    ("cp1255", "hebrew"),
    ("cp1256", "arabic"),
    ("iso8859-6", "arabic"),
    ("cp1250", "central"),
    ("iso8859-2", "central"),
    ("cp1254", "turkish"),
    ("cp874", "thai"),
    ("cp932", "japanese"),
    ("euc_jp", "japanese"),
    ("cp949", "korean"),
    ("gb18030", "chinese"),
    ("big5", "chinese"),
)
_SCRIPT = dict(_CANDIDATES)
_WEIGHTS = {
    script: {letter: 1 - 0.7 * place / len(letters) for place, letter in reversed(list(enumerate(letters)))}
    for script, letters in _LETTERS.items()
}
_ASCII = bytes(range(128))
_BEYOND = re.compile(r"[^\x00-\x7f]")
_MIXED = re.compile(r"[A-Za-z](?=[^\W\d_a-zA-Z])|[^\W\d_a-zA-Z](?=[A-Za-z])")
_BARE = re.compile(r"[^\x00-\x7f]{3,}")
# Fewer letters than this prove nothing against what the mail says of itself, or against the West's own charset.
_ENOUGH, _DIFFERENT = 6, 4
_WEST = frozenset({"latin", "central", "turkish"})


def likeliest(data: bytes) -> str:
    """The codec of the list in which these bytes look most like somebody's language; Windows-1252 where none does."""
    sample = data[:SAMPLE_BYTES]
    best, most = "cp1252", max(0.15, _points(sample.decode("cp1252", "replace"), "cp1252"))
    if len(sample.translate(None, _ASCII)) < _ENOUGH:
        return best
    for codec, _ in _CANDIDATES[1:]:
        text = _sampled(sample, codec)
        if text is not None and (points := _points(text, codec)) > most:
            best, most = codec, points
    return best


def _sampled(sample: bytes, codec: str) -> str | None:
    """The sample in this codec; None where it doesn't fit, apart from a letter cut at its end."""
    for cut in range(4):
        if (text := _strict(sample[: len(sample) - cut], codec)) is not None:
            return text
    return None


def _points(text: str, codec: str) -> float:
    """How usual the text's letters beyond ASCII are in the languages of this codec: 1 as usual as can be, below 0 not at all."""
    script = _SCRIPT.get(codec, "latin")
    text = text[:SAMPLE_BYTES]
    letters = _BEYOND.findall(text)
    if not letters:
        return 0.0
    weights = _WEIGHTS.get(script, {})
    if script not in _WEST and len(set(letters)) < _DIFFERENT:
        return -1.0  # a no-break space misread, again and again, is no Russian
    points = sum(times * _weight(letter, script, weights) for letter, times in Counter(letters).items())
    # Accents stand among plain letters, and other alphabets don't: either the other way round is a charset misread.
    if script in _ALPHABETS:
        points -= 2 * sum(1 for _ in _MIXED.finditer(text))
    elif script in _WEST:
        points -= sum(len(found[0]) for found in _BARE.finditer(text))
    return points / len(letters)


def _weight(letter: str, script: str, weights: dict[str, float]) -> float:
    if letter in _MARKS:
        return 0.6
    if script == "japanese":
        return _japanese(letter)
    if letter in weights:
        return weights[letter]
    if script == "chinese":
        return 0.4 if "\u4e00" <= letter <= "\u9fff" or letter in "，。！？：；、（）《》" else -1.0
    if script == "korean":
        return 0.45 if "\uac00" <= letter <= "\ud7a3" else -0.5
    return weights.get(letter.lower(), -0.6) * 0.6


def _japanese(letter: str) -> float:
    if "\u3041" <= letter <= "\u30fc":
        return 1.0
    return 0.8 if letter in "、。「」・々" else 0.3 if "\u4e00" <= letter <= "\u9fff" else -1.0


def warm() -> None:
    """Afterwards every codec of this module is loaded."""
    for name in {*_ALIASES.values(), *_SCRIPT, "iso2022_kr", "hz"}:
        b"a".decode(name, "replace")
