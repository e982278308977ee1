"""Writes tests/seeds/: for each target a few small synthetic files, which libraries and tests of our own write."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from PIL import Image

from maintenance.fuzz.targets import SEEDS
from tests.sandbox import chat_samples
from tests.sandbox.videos import Made, make, pattern

MD5, SHA1, PDQ = "0123456789abcdef" * 2, "0123456789" * 4, "f8f8f0cce0f4e84d" * 4
_NCMEC = """\
<?xml version="1.0" encoding="UTF-8"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="1"><image><member id="42">Example</member>\
<timestamp>2017-10-24T15:00:00Z</timestamp><id>1</id><classification>A1</classification><fingerprints><md5>{md5}</md5>\
<pdna>QUFB</pdna><pdq>{pdq}</pdq></fingerprints></image><deletedImage><member id="42">Example</member><id>2</id></deletedImage>\
</images><paging><next>/v2/entries?start=1</next></paging></queryResult>
"""
_TIP = """\
<?xml version="1.0" encoding="UTF-8"?>
<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><incidentSummary>\
<incidentType>Child Sex Trafficking</incidentType><platform>Example Live</platform>\
<incidentDateTime>2026-03-01T21:00:00Z</incidentDateTime></incidentSummary><internetDetails>\
<webPageIncident thirdPartyHostedContent="false"><url>https://example.org/rooms/7</url></webPageIncident>\
</internetDetails><reporter><reportingPerson><firstName>Ana</firstName></reportingPerson></reporter>\
<personOrUserReported><espIdentifier>u-77</espIdentifier><ipCaptureEvent><ipAddress>192.0.2.7</ipAddress>\
<eventName>Login</eventName><dateTime>2026-03-01T20:59:58Z</dateTime><port>50123</port></ipCaptureEvent>\
</personOrUserReported></report>
"""
_TIP_FILE = """\
<fileDetails><reportId>100000000001</reportId><fileId>b0</fileId><fileViewedByEsp>true</fileViewedByEsp>\
<originalFileHash hashType="MD5">0123456789abcdef0123456789abcdef</originalFileHash><details type="EXIF">\
<nameValuePair><name>make</name><value>x &amp; y &#xE4;</value></nameValuePair></details></fileDetails>
"""
_CHATS = {
    "android": "04/05/19, 21:00 - Ana creó el grupo Encuentro\n04/05/19, 21:01 - Ana añadió a +34 600 000 001\n"
    "13/05/19, 21:02 - Ana: IMG-20190513-WA0001.jpg (archivo adjunto)\n13/05/19, 21:03 - +34 600 000 001: nos vemos\na las 21:00\n",
    "iphone": "\ufeff[04.05.19, 21:00:00] Gruppe: \u200eNachrichten und Anrufe sind verschlüsselt.\r\n"
    "\u200e[04.05.19, 21:01:10] Ana: \u200e<Anhang: 00000001-PHOTO-2019-05-04.jpg>\r\n[05.05.19, 9:01:10] Ben: bis später\r\n",
    "korean": "2023. 12. 31. 오후 11:59 - Ana: hola\n2024. 1. 1. 오전 12:00 - Luis: IMG-20240101-WA0001.jpg (file attached)\n",
    "telegram.odd": '{"type":"private_group","messages":[{"id":1,'
    '"type":"message","date":"2021-06-13T21:00:00","date_unixtime":"1623610800","from":"Ana","from_id":"user1","text":["a\\x1Fb",{"type":"text_link","text":"c","href":"d"}],'
    '"reactions":NaN},{"id":2,"text":[1e999]}]}',
    "ufed.parts": '<project reportVersion="5" xmlns="http://pa.cellebrite.com/report/2.0"><modelType type="Chat">'
    '<model type="Chat"><multiModelField name="ActivityLog"><model type="ChatActivity">'
    '<field name="Action"><value>Joined</value></field></model>'
    '</multiModelField><multiModelField name="Messages"><model type="InstantMessage"><modelField name="EmbeddedMessage">'
    '<model type="InstantMessage"><field name="Body"><value>x</value></field></model></modelField><field name="TimeStamp">'
    '<value>2021-06-13T21:01:00(UTC+2)</value></field></model></multiModelField></model></modelType></project>',
    "english": "5/4/19, 9:00 PM - Ana joined using this group's invite link\n5/4/19, 9:01 PM - Ana: item shared\n",
}  # fmt: skip


def write() -> int:
    """All seeds, in place of those that are there; what the libraries at hand can't write is named and left as it was."""
    for target, name, data in _seeds():
        path = SEEDS / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    size = sum(path.stat().st_size for path in SEEDS.rglob("*") if path.is_file())
    print(f"{size >> 10} KB in {SEEDS}")
    return 0


def _seeds() -> Iterator[tuple[str, str, bytes]]:
    pictures, films = dict(_pictures()), dict(_films())
    archives = dict(_archives())
    for name, data in _mails().items():
        yield "mail", name, data
    for name, chat in _chats():
        yield "chat", name, chat
    for name, data in archives.items():
        yield "archive", name, data
    yield "cms", "envelope", _envelope()
    for name, data in _tips():
        yield "cybertip", name, data
    for target, data in _tables():
        yield target, "seed", data
    for name, data in pictures.items():
        yield f"picture-{name.split('.')[0]}", name, data
        yield "render", name, data
    for name, data in films.items():
        yield f"video-{name.split('.')[0]}", name, data
    mixed = {**films, **pictures, **archives, "mail": _mails()["plain"], "chat": _CHATS["android"].encode()}
    for name in ("mp4", "mkv", "ts", "jpeg", "webp", "gif.moving", "zip", "tar", "mail", "chat"):
        yield "identify", name, mixed[name]
        yield "look", name, mixed[name]


def _mails() -> dict[str, bytes]:
    plain = EmailMessage()
    plain["From"], plain["To"] = "Ana <ana@example.org>", "report@example.org"
    plain["Subject"], plain["Date"] = "Ein Bericht – zwei Teile", "Sat, 04 May 2019 21:00:00 +0200"
    plain.set_content("Buenos días, item shared at 21:00.\n")
    parts = EmailMessage()
    parts["From"], parts["Subject"] = "b@example.org", "with parts"
    parts.set_content("plain")
    parts.add_alternative("<p>html &amp; <b>more</b></p>", subtype="html")
    parts.add_attachment(b"\0\1\2", maintype="image", subtype="png", filename="bild ä.png")
    parts.add_attachment(plain)
    odd = (
        b"From x Sat May  4 21:00:00 2019\nReceived: by x\nSubject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= =?x?Q?=E1?=\n"
        b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="a"\n\n--a\nContent-Type: text/plain; charset=utf-7\n'
        b"Content-Transfer-Encoding: quoted-printable\n\n=E4=\n+AOQ-\n--a\nContent-Type: application/ms-tnef\n"
        b"Content-Transfer-Encoding: base64\n\neJ8+IgAAAQaQCAAEAAAAAAABAAE=\n--a--\nbegin 644 a.txt\n#0V%T\n`\nend\n"
    )
    return {"plain": plain.as_bytes(), "parts": parts.as_bytes(), "odd": odd}


def _chats() -> Iterator[tuple[str, bytes]]:
    """An export in each format, and one inside a zip."""
    for name, text in _CHATS.items():
        yield name, text.encode()
    for name in ("telegram", "telegram_account", "discord", "signal_lines", "signal_markdown", "signal_list", "signal_fields",
                 "signal_short", "ufed"):  # fmt: skip
        yield name.replace("_", "."), getattr(chat_samples, name.upper()).encode()
    tables, _ = chat_samples.lava()
    yield "lava", tables
    yield "lava.talk", chat_samples.lava_of(chat_samples.LAVA_TALK)
    yield "zip", chat_samples.zipped(("_chat.txt", _CHATS["iphone"].encode()), ("a.jpg", b"x"))


def _archives() -> Iterator[tuple[str, bytes]]:
    for name, method in (
        ("zip", zipfile.ZIP_DEFLATED),
        ("zip.stored", zipfile.ZIP_STORED),
        ("zip.bzip2", zipfile.ZIP_BZIP2),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as made:
            made.writestr("folder/ä.txt", b"item shared\n" * 9)
            made.writestr("b.bin", bytes(range(64)))
        yield name, file.getvalue()
    for name, form in (("tar", tarfile.PAX_FORMAT), ("tar.gnu", tarfile.GNU_FORMAT)):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form) as packed:
            for path, kind in (("a/ä.txt", tarfile.REGTYPE), ("link", tarfile.SYMTYPE), ("n" * 120, tarfile.REGTYPE)):
                about = tarfile.TarInfo(path)
                about.type, about.linkname, about.size = kind, "/etc/x", 5 if kind == tarfile.REGTYPE else 0
                packed.addfile(about, io.BytesIO(b"hello"))
        yield name, file.getvalue().rstrip(b"\0") + bytes(1024)
    yield "gz", gzip.compress(b"item shared\n" * 9, mtime=0)
    yield "bz2", bz2.compress(b"item shared\n" * 9)
    yield "xz", lzma.compress(b"item shared\n" * 9)


def _envelope() -> bytes:
    """An S/MIME envelope of a few words, for a key that nobody keeps."""
    key, day = rsa.generate_private_key(65537, 2048), datetime(2024, 1, 1, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    unsigned = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    )
    certificate = unsigned.not_valid_before(day).not_valid_after(day + timedelta(days=9)).sign(key, hashes.SHA256())
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(b"item shared").add_recipient(certificate)
    return builder.encrypt(serialization.Encoding.DER, [])


def _tips() -> Iterator[tuple[str, bytes]]:
    """What platforms send to NCMEC, and what police receive of it."""
    yield "report.xml", _TIP.encode()
    yield "file.xml", _TIP_FILE.encode()
    told = {
        "reportingEsp": {"espName": "Example Live"},
        "incidentSummary": {"incidentType": "Child Sex Trafficking", "incidentDateTime": None},
        "uploadedFiles": {"uploadedFiles": [{"filename": "1.png", "viewedByEsp": True}]},
    }
    received = {"reportId": 100_000_001, "dateReceived": "2026-03-02T08:00:00Z", "reportedInformation": told}
    yield "received.json", b"\xef\xbb\xbf" + json.dumps(received).encode() + b"\n"


def _tables() -> Iterator[tuple[str, bytes]]:
    yield "reply", b'\xef\xbb\xbfreply_token;subject;outcome;note\r\nabc;s1;identified;\'=1+1\r\nabc;s2;"x;y";\r\n'
    yield "table", "date,what,amount\n2019-05-04,ä,1\n,b,\n".encode()
    yield "list-csv", f"MD5,SHA-1,PDQ,Category\n{MD5},{SHA1},{PDQ},1\n{MD5},,,2\nnone,,,\n".encode()
    yield "list-text", f"# hashes\n{MD5}\n{SHA1}\n{PDQ}\n{PDQ},1\nbad\n".encode()
    yield "list-icse", f"Image ID,MD5,PhotoDNA,Baseline,Series Name\n1,{MD5},QUFB,Yes,\n2,{MD5},,No,x\n".encode()
    yield "list-ncmec", _NCMEC.format(md5=MD5, pdq=PDQ).encode()
    media = {
        "MediaID": 1,
        "Category": 1,
        "MD5": MD5,
        "SHA1": SHA1,
        "AlternativeHashes": [{"HashName": "PDQ", "HashValue": PDQ}],
    }
    head = {"@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"}
    yield "list-vics", json.dumps({**head, "value": [media, {**media, "MediaID": 2, "Category": None}]}).encode()
    signal = {"bank": "A", "signal_type": "pdq", "signal_str": PDQ, "tags": ["x"]}
    yield (
        "list-threatexchange",
        (json.dumps(signal) + "\n" + json.dumps({**signal, "signal_type": "video_md5", "signal_str": MD5})).encode(),
    )
    content = {"id": 7, "bank": {"name": "A"}, "signals": {"pdq": PDQ, "video_md5": MD5}, "metadata": {}}
    yield "list-hma", (json.dumps(content) + "\n").encode()


def _pictures() -> Iterator[tuple[str, bytes]]:
    picture = Image.fromarray(pattern(0, 40, 32))
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "jpeg": ("JPEG", {"quality": 60}), "jpeg.progressive": ("JPEG", {"progressive": True, "quality": 50}),
        "png": ("PNG", {}), "gif": ("GIF", {}), "webp": ("WEBP", {"quality": 50}), "webp.lossless": ("WEBP", {"lossless": True}),
        "bmp": ("BMP", {}), "tiff": ("TIFF", {}), "tiff.lzw": ("TIFF", {"compression": "tiff_lzw"}),
        "tiff.deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}), "avif": ("AVIF", {"quality": 40}),
        "heic": ("HEIF", {"quality": 30}),
    }  # fmt: skip
    from pillow_heif import register_heif_opener

    register_heif_opener()
    for name, (form, options) in ways.items():
        file = io.BytesIO()
        picture.save(file, form, **options)
        yield name, file.getvalue()
    others = {"jpeg.grey": picture.convert("L"), "jpeg.inks": picture.convert("CMYK"), "png.palette": picture.convert("P"),
              "png.16": Image.new("I;16", (9, 9), 700)}  # fmt: skip
    for name, other in others.items():
        file = io.BytesIO()
        other.save(file, "JPEG" if name.startswith("jpeg") else "PNG")
        yield name, file.getvalue()
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "Phone", 6
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif, quality=50)
    yield "jpeg.camera", file.getvalue()
    for form in ("GIF", "PNG", "WEBP"):
        file = io.BytesIO()
        later = [Image.fromarray(pattern(number, 24, 24)) for number in (25, 50)]
        Image.fromarray(pattern(0, 24, 24)).save(file, form, save_all=True, append_images=later, duration=700)
        yield f"{form.lower()}.moving", file.getvalue()


def _films() -> Iterator[tuple[str, bytes]]:
    small = Made(size=(48, 32), frames=30, bit_rate=40_000)
    # Their encoders write beyond their own memory for less.
    larger, short = replace(small, size=(96, 64)), replace(small, size=(128, 96), frames=10)
    ways = {
        "mp4": replace(small, options={"bf": "2", "g": "12"}),
        "mp4.parts": replace(small, container_options={"movflags": "frag_keyframe"}),
        "mp4.hevc": replace(larger, codec="libx265"),
        "mp4.av1": replace(larger, codec="libsvtav1"),
        "mp4.sound": replace(small, sound=True),
        "mov": replace(small, container="mov", codec="mpeg4"),
        "mkv": replace(small, container="matroska"),
        "webm": replace(small, container="webm", codec="libvpx"),
        "webm.vp9": replace(small, container="webm", codec="libvpx-vp9"),
        "avi": replace(small, container="avi", codec="mpeg4", frames=12),
        "avi.mjpeg": replace(small, container="avi", codec="mjpeg", form="yuvj420p", frames=6),
        "ts": replace(small, container="mpegts", frames=12),
        "ts.mpeg2": replace(small, container="mpegts", codec="mpeg2video", frames=12),
        "flv": replace(small, container="flv", codec="flv"),
        "wmv": replace(small, container="asf", codec="wmv2"),
        "3gp": replace(short, container="3gp", codec="h263"),
        "mpg": replace(small, container="mpeg", codec="mpeg1video"),
        "rm": replace(short, container="rm", codec="rv10"),
        "bare": replace(small, container="mpeg1video", codec="mpeg1video"),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, how in ways.items():
            yield name, make(Path(folder) / "film", how).read_bytes()
    file = io.BytesIO()
    later = [Image.fromarray(pattern(number, 24, 24)) for number in (25, 50)]
    Image.fromarray(pattern(0, 24, 24)).save(file, "GIF", save_all=True, append_images=later, duration=700)
    yield "gif", file.getvalue()
