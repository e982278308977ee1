"""What kind of file these bytes are, by their first bytes; a name or a declared type is never believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from amparo.sandbox.inside import chat
from amparo.sandbox.inside.decoding import text_of
from amparo.sandbox.inside.frames import CHUNK_BYTES, Facts, Sink

# (offset, magic, kind, media type). Kinds with a reader: picture, video, archive, mail, chat. The rest is named, not read.
_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\xff\xd8\xff", "picture", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "picture", "image/png"),
    (0, b"GIF87a", "picture", "image/gif"),
    (0, b"GIF89a", "picture", "image/gif"),
    (0, b"II*\0", "picture", "image/tiff"),
    (0, b"MM\0*", "picture", "image/tiff"),
    (0, b"II+\0", "picture", "image/tiff"),
    (0, b"MM\0+", "picture", "image/tiff"),
    (0, b"8BPS\0", "closed_picture", "image/vnd.adobe.photoshop"),
    (0, b"\xff\x0a", "closed_picture", "image/jxl"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "closed_picture", "image/jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "closed_picture", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "closed_picture", "image/j2c"),
    (0, b"\x1f\x8b\x08", "archive", "application/gzip"),
    (0, b"BZh", "archive", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "archive", "application/x-xz"),
    (257, b"ustar", "archive", "application/x-tar"),
    (0, b"7z\xbc\xaf\x27\x1c", "closed_archive", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "closed_archive", "application/vnd.rar"),
    (0, b"%PDF-", "document", "application/pdf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document", "application/x-ole-storage"),
    (0, b"{\\rtf", "document", "application/rtf"),
    (0, b"FLV\x01", "video", "video/x-flv"),
    (0, b"\0\0\x01\xba", "video", "video/mpeg"),
    (0, b"\0\0\x01\xb3", "video", "video/mpeg"),
    (0, b".RMF\0\0\0", "video", "application/vnd.rn-realmedia"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "video", "video/x-ms-asf"),
    (0, b"ID3", "audio", "audio/mpeg"),
    (0, b"\xff\xfb", "audio", "audio/mpeg"),
    (0, b"fLaC", "audio", "audio/flac"),
    (0, b"#!AMR", "audio", "audio/amr"),
    (0, b"caff", "audio", "audio/x-caf"),
    (0, b"SQLite format 3\0", "database", "application/vnd.sqlite3"),
    (0, b"-----BEGIN PGP MESSAGE", "sealed", "application/pgp-encrypted"),
    (0, b"age-encryption.org/", "sealed", "application/x-age"),
)
_RIFF = {b"WEBP": ("picture", "image/webp"), b"AVI ": ("video", "video/x-msvideo"), b"WAVE": ("audio", "audio/wav")}
_BRANDS = {
    b"avif": ("picture", "image/avif"),
    b"avis": ("picture", "image/avif"),
    b"heic": ("picture", "image/heic"),
    b"heix": ("picture", "image/heic"),
    b"heim": ("picture", "image/heic"),
    b"heis": ("picture", "image/heic"),
    b"mif1": ("picture", "image/heif"),
    b"M4A ": ("audio", "audio/mp4"),
    b"M4B ": ("audio", "audio/mp4"),
    b"crx ": ("closed_picture", "image/x-canon-cr3"),
    b"qt  ": ("video", "video/quicktime"),
}
# A sequence of pictures: a film, unless a picture to show for it stands before its track (ISO/IEC 23008-12).
_SEQUENCES = {
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"hevm": "image/heic",
    b"hevs": "image/heic",
    b"msf1": "image/heif",
}
# The first box of a film from before there was a word for the kind of file (QuickTime's own specification).
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# What the first page of an Ogg file with moving pictures holds: the beginning of a track, by its codec.
_OGG_FILM = re.compile(rb"\x80theora|\x01video\0|OVP80|BBCD|fishead\0")
_TRANSPORT_SYNC = 0x47
# As mail programs leave it, with the line that begins a mail in a mailbox or without.
_MAIL_HEADS = re.compile(
    rb"\A(?:>?From [^\n]*\n)?(?:[\x21-\x39\x3b-\x7e]{1,80}:[^\n]*\n(?:[ \t][^\n]*\n)*){0,200}?"
    rb"(?:From|To|Subject|Date|Received|Message-ID|MIME-Version|Return-Path|Delivered-To):",
    re.IGNORECASE,
)
HEAD_BYTES = 65_536


def read(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"kind", "media_type"}; kind "unknown" where no rule fits. Text also has its number of lines."""
    head = data.read(HEAD_BYTES)
    kind, media_type = identify(head)
    facts: Facts = {"kind": kind, "media_type": media_type}
    if kind == "text":
        facts["lines"] = _lines(head, data)
    return facts


def _lines(head: bytes, rest: BinaryIO) -> int:
    lines, last = head.count(b"\n"), head
    while chunk := rest.read(CHUNK_BYTES):
        lines, last = lines + chunk.count(b"\n"), chunk
    return lines + (not last.endswith(b"\n"))


def identify(data: bytes) -> tuple[str, str]:
    """Kind and media type, by a file's first HEAD_BYTES."""
    if not data:
        return "empty", "application/x-empty"
    for offset, magic, kind, media_type in _MAGIC:
        if data.startswith(magic, offset):
            # Tables of talk, as forensic programs write them, are an export like any other.
            return ("chat" if kind == "database" and chat.recognised(data) else kind), media_type
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(data)
    if data.startswith(b"BM") and len(data) >= 26 and data[6:10] == b"\0\0\0\0":
        return "picture", "image/bmp"
    if data.startswith(b"RIFF") and data[8:12] in _RIFF:
        return _RIFF[data[8:12]]
    if data[4:8] == b"ftyp":
        return _branded(data)
    return _film(data) or _text(data)


def _branded(data: bytes) -> tuple[str, str]:
    """By the brand of an ISO base media file."""
    brand = data[8:12]
    if brand[:3] in (b"3gp", b"3g2"):
        return "video", "video/3gpp"
    if brand in _SEQUENCES:
        shown = next((box for box in _boxes(data) if box in (b"meta", b"moov")), b"moov")
        return ("picture", _SEQUENCES[brand]) if shown == b"meta" else ("video", "video/mp4")
    return _BRANDS.get(brand, ("video", "video/mp4"))


def _boxes(data: bytes) -> Iterator[bytes]:
    """The kinds of the boxes that begin in `data`, one after the other."""
    place = 0
    while place + 8 <= len(data):
        yield data[place + 4 : place + 8]
        size = int.from_bytes(data[place : place + 4], "big")
        place += size if size >= 8 else len(data)


def _film(data: bytes) -> tuple[str, str] | None:
    """What has no single magic number at one place."""
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "video", "video/webm" if b"webm" in data[:64] else "video/x-matroska"
    if data.startswith(b"OggS"):
        return ("video", "video/ogg") if _OGG_FILM.search(data[:4096]) else ("audio", "audio/ogg")
    if data[4:8] in _BOXES and data[:4] < b"\x10":
        return "video", "video/quicktime"
    # Packets of 188 bytes, alone or each behind a stamp of four (cameras, discs) or before a check of sixteen (broadcast).
    for offset, length in ((0, 188), (4, 192), (0, 204)):
        places = range(offset, min(len(data), offset + 5 * length), length)
        if len(places) >= 3 and all(data[place] == _TRANSPORT_SYNC for place in places):
            return "video", "video/mp2t"
    return None


def _zip(data: bytes) -> tuple[str, str]:
    """An archive, unless its first names say that it is an office document or a program."""
    head = data[:4096]
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        return "document", "application/vnd.openxmlformats-officedocument"
    if head[30:38] == b"mimetype":
        return "document", "application/vnd.oasis.opendocument"
    if b"AndroidManifest.xml" in head:
        return "program", "application/vnd.android.package-archive"
    return "archive", "application/zip"


def _text(data: bytes) -> tuple[str, str]:
    sample = data[:HEAD_BYTES]
    wide = sample.startswith((b"\xff\xfe", b"\xfe\xff"))
    controls = sum(sample.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13, 27))
    if not wide and controls * 200 > len(sample):
        return "unknown", "application/octet-stream"
    text, _ = text_of(sample[: len(sample) & ~1] if wide else sample)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if chat.recognised(sample):
        return "chat", {"{": "application/json", "[": "application/json", "<": "application/xml"}.get(
            start, "text/plain"
        )
    if _MAIL_HEADS.match(sample) and re.search(
        rb"^(?:From|Received|MIME-Version|Message-ID):", sample, re.IGNORECASE | re.MULTILINE
    ):
        return "mail", "message/rfc822"
    if sample.lstrip()[:12].upper().startswith(b"BEGIN:VCARD"):
        return "text", "text/vcard"
    return "text", "text/plain"
