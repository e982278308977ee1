"""Bytes to text, with the charsets that mail and exports really use; a strange one is named, never run."""

from __future__ import annotations

import codecs

# Looked up by the codec's own name, so that aliases need no list. Left out on purpose: idna, punycode, unicode_escape and
# utf_7, which cost quadratic time or hide text from a reader of the raw mail.
_TEXT_CODECS = frozenset(
    [
        "ascii",
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-10",
        "iso8859-11",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp437",
        "cp850",
        "cp852",
        "cp866",
        "cp874",
        "koi8-r",
        "koi8-u",
        "mac-roman",
        "mac-cyrillic",
        "mac-greek",
        "mac-latin2",
        "mac-turkish",
        "cp737",
        "cp775",
        "cp855",
        "cp857",
        "cp858",
        "cp860",
        "cp861",
        "cp862",
        "cp863",
        "cp864",
        "cp865",
        "cp869",
        "koi8-t",
        "ptcp154",
        "kz1048",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "big5hkscs",
        "cp950",
        "hz",
        "euc_jp",
        "euc_jis_2004",
        "shift_jis",
        "shift_jis_2004",
        "cp932",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_3",
        "iso2022_jp_2004",
        "iso2022_jp_ext",
        "euc_kr",
        "cp949",
        "iso2022_kr",
        "johab",
        "tis-620",
    ]
)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def warm() -> None:
    """Afterwards every charset of the list is loaded; none could be opened later."""
    for name in _TEXT_CODECS:
        b"a".decode(name, "replace")


def text_of(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text and the charset that was used: a byte-order mark's, the one given, else UTF-8, else Windows-1252.

    Never fails: bytes that fit nothing become U+FFFD.
    """
    if marked := marked_text(data):
        return marked
    if charset and (name := known_charset(charset)):
        return data.decode(name, "replace"), name
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "cp1252"


def marked_text(data: bytes) -> tuple[str, str] | None:
    """The text and its charset where a byte-order mark stands before it; None without one."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace"), name
    return None


def known_charset(charset: str) -> str:
    """The codec's own name, or "" for one that isn't a plain text charset of the list."""
    try:
        name = codecs.lookup(charset.strip().strip("\"'")[:40]).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    return name if name in _TEXT_CODECS else ""
