"""What is fuzzed: each reader by each format it reads, from seeds that are such files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amparo.sandbox.inside import serve
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.readings import REASONS, ExaminationFailed, reading_of

SEEDS = Path(__file__).resolve().parents[2] / "tests" / "seeds"
# Far above what a seed of some kilobytes may take, far below the sandbox's clock.
CLOCK_SECONDS = 20.0


class Finding(Exception):
    """What must not be: the reader failed by something other than a refusal, or what it says is refused."""


@dataclass(frozen=True)
class Target:
    """A reader and the format of its seeds. guided: its code is Python, so that coverage can lead the way.

    words: pieces of the format, for mutations.
    """

    name: str
    kind: str
    guided: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    words: tuple[bytes, ...] = ()

    def seeds(self) -> list[bytes]:
        """In the order of their names. Raises FileNotFoundError where there is none."""
        found = [path.read_bytes() for path in sorted((SEEDS / self.name).iterdir())]
        if not found:
            raise FileNotFoundError(SEEDS / self.name)
        return found

    def run(self, data: bytes) -> str:
        """What came of it, in a word: the same for inputs that were answered alike. Raises Finding."""
        kept = _Kept()
        try:
            facts = serve.READERS[self.kind](io.BytesIO(data), {**self.options, "limit_s": CLOCK_SECONDS}, kept)
        except Unreadable as refusal:
            if refusal.reason not in REASONS or not refusal.sentence:
                raise Finding(f"an unknown reason: {refusal.reason}") from refusal
            return f"{refusal.reason}: {refusal.sentence}"
        except RecursionError:
            return "nested too deeply"  # serve.py calls it malformed
        except MemoryError as error:
            raise Finding("more memory than is allowed") from error
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a library's panic is no Exception, and ends the child
            raise Finding(f"{type(error).__name__}: {error}") from error
        try:
            # As it comes over the pipe.
            told = json.loads(json.dumps(facts, allow_nan=False))
            blobs = [(json.loads(json.dumps(about)), bytes(content)) for about, content in kept.blobs]
            reading = reading_of(self.kind, told, blobs)
        except ExaminationFailed as refused:
            raise Finding(f"readings refuses what it says: {refused.fields}") from refused
        except (ValueError, TypeError) as error:
            raise Finding(f"what it says can't be sent: {error}") from error
        return _shape(reading)


class _Kept:
    """A sink."""

    def __init__(self) -> None:
        self.blobs: list[tuple[dict[str, object], bytearray]] = []

    def begin(self, **about: object) -> None:
        self.blobs.append((about, bytearray()))

    def write(self, chunk: bytes) -> None:
        self.blobs[-1][1].extend(chunk)

    def void(self) -> None:
        self.blobs.pop()


def _shape(reading: object) -> str:
    """The reading without what is in it: its codes and short words, and how long its other fields are, roughly."""
    shape = []
    for value in vars(reading).values():
        if isinstance(value, str) and len(value) < 20 and value.isascii() and value.replace("_", "").isalpha():
            shape.append(value)
        elif isinstance(value, (str, bytes, tuple, dict)):
            shape.append(str(len(value).bit_length()))
        else:
            shape.append(str(value) if isinstance(value, bool) else str(int(value or 0).bit_length()))
    return " ".join([type(reading).__name__, *shape])


_MAIL = (b"From: ", b"\r\n\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n", b"--x--", b"=?utf-8?B?",
         b"?=", b"message/rfc822", b"quoted-printable", b"base64", b"begin 644 a\n", b"filename*0*=", b"winmail.dat")  # fmt: skip
_BOXES = (b"moov", b"trak", b"mdia", b"stsd", b"stts", b"ctts", b"stsz", b"stco", b"elst", b"moof", b"trun", b"dref", b"avc1",
          b"\0\0\0\1", b"\xff\xff\xff\xff")  # fmt: skip
_LENGTHS = (b"\x30\x80", b"\0\0", b"\x84\xff\xff\xff\xff", b"\xa0", b"\x06\x09", b"\x24\x80", b"\x04\x82")
_JSON = (b'{"', b'":', b"[", b"]", b"null", b"1e999", b"-0", b"\\ud800", b"\\u0000", b'"@odata.context"', b'"value"')
_CHAT = (
    b"04/05/19, 21:00 - ",
    b"[04.05.19, 21:00:00] ",
    b"\xe2\x80\x8e",
    b": ",
    b" a\xc3\xb1adi\xc3\xb3 a ",
    b"\r\n",
    b"<attached: ",
    b'"messages":[',
    b'"type":"service"',
    b'"date_unixtime":"',
    b'<model type="InstantMessage">',
    b"</model>",
    b'<field name="Body"><value>',
    b'"sender":',
    b"From: ",
)
_PACKED = (
    b"PK\1\2",
    b"PK\3\4",
    b"PK\5\6",
    b"ustar",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"../",
    b"\xff\xff\xff\xff",
)

PICTURES = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "heic")
VIDEOS = ("mp4", "mov", "mkv", "webm", "avi", "ts", "flv", "wmv", "3gp", "mpg", "rm", "bare", "gif")
LISTS = ("csv", "text", "icse", "ncmec", "vics", "threatexchange", "hma")
TARGETS: tuple[Target, ...] = (
    Target("mail", "mail", guided=True, words=_MAIL),
    Target("chat", "chat", guided=True, words=_CHAT),
    Target("archive", "archive", guided=True, words=_PACKED),
    Target("cms", "cms", guided=True, words=_LENGTHS),
    Target("identify", "identify", guided=True, words=(*_BOXES, *_PACKED, b"From: ", b"ftyp")),
    Target("reply", "reply", guided=True, words=(b";", b'"', b"reply_token", b"subject", b"\t", b"sep=;\n")),
    Target(
        "cybertip",
        "cybertip",
        guided=True,
        words=(b"<report>", b"</a>", b"<!DOCTYPE", b"&#x", b"xmlns:a=", b"encoding=", *_JSON),
    ),
    Target("table", "table", guided=True, words=(*_PACKED, b"<row>", b"<c r=", b"<!ENTITY")),
    *(Target(f"list-{each}", "hash_list", guided=True, words=_JSON) for each in LISTS),
    *(Target(f"picture-{each}", "picture") for each in PICTURES),
    *(Target(f"video-{each}", "video", words=_BOXES) for each in VIDEOS),
    Target("render", "render", options={"longest_side": 64}),
    Target("look", "look", words=_BOXES),
)
BY_NAME = {target.name: target for target in TARGETS}
