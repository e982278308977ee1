"""By what two reports tell of the same: the ladder of what they share, strongest first. Values in, keys out. No Django.

same message -> same file -> nearly the same picture -> same address -> same account -> same room or contact within hours
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from amparo.intake.triage.rulebook import Fold
from amparo.intake.triage.traces import Trace
from amparo.intake.triage.vocabulary import fold

# Strongest first; each in words, to be followed by what exactly is shared.
LADDER = {
    "message": "the same message with the same files",
    "file": "the same file",
    "near_file": "nearly the same picture",
    "address": "the same address on the web",
    "account": "the same account",
    "incident": "the same group or room within hours",
}
# What stands in a mail's signature is shared by all mails of its sender, and says nothing of what they are about.
NOT_OF_ONE_SENDER = frozenset({"address", "account", "incident"})
SHORTEST_MESSAGE = (
    40  # letters and digits: "hello, please see the attachment" is said by many who mean different things
)
SMALLEST_FILE = 4096  # bytes
SMALLEST_SIDE = 200  # pixels: smaller pictures are the logos of signatures
_SIGNATURE = re.compile(r"^-- ?$.*\Z", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Key:
    """One thing that is shared. kind: of the ladder. value: in normal form. words: what it is, for people."""

    kind: str
    value: str
    words: str

    @property
    def evidence(self) -> str:
        return f"{LADDER[self.kind]}{': ' if self.words else ''}{self.words}"


def without_signature(text: str) -> str:
    """The text up to the line that mail programs put before a signature (RFC 3676, 4.3)."""
    return _SIGNATURE.sub("", text)


def keys_of_text(text: str, traces: Iterable[Trace], files: Iterable[str] = ()) -> tuple[Key, ...]:
    """The keys of a report's words and of what it names, strongest first.

    files: SHA-256 of what came with it. The same words about another account, or around another file, are another message.
    """
    named = list(traces)
    stated = sorted(f"{each.kind}:{each.value}" for each in named if each.where == "field")
    plain = "".join(each for each in fold(text) if each.isalnum())
    found = []
    if len(plain) >= SHORTEST_MESSAGE:
        whole = "\0".join([plain, *stated, *sorted(files)])
        found.append(Key("message", hashlib.sha256(whole.encode()).hexdigest(), ""))
    # What a service writes for an account or a room is that account or room; the address itself says no more.
    spoken = {each.raw for each in named if each.kind in ("handle", "room")}
    for each in named:
        if each.kind == "address" and each.raw not in spoken and _leads_somewhere(each.value):
            found.append(Key("address", each.value, each.value[:120]))
        elif each.kind == "handle":
            found.append(Key("account", each.value, each.value))
        elif each.kind == "room":
            found.append(Key("incident", each.value, each.value))
    return tuple(sorted(found, key=lambda key: list(LADDER).index(key.kind)))


def _leads_somewhere(address: str) -> bool:
    """Whether an address is one place and not a whole site; a hidden service is one place already."""
    host, _, path = address.partition("/")
    return bool(path) or "?" in host or host.endswith(".onion")


def key_of_file(sha256: str, size_bytes: int, sides: tuple[int, int] | None = None) -> Key | None:
    """None for a file that many mails carry along. sides: width and height in pixels, of a picture or video."""
    if size_bytes < SMALLEST_FILE or (sides is not None and min(sides) < SMALLEST_SIDE):
        return None
    return Key("file", sha256, f"{sha256[:12]}…")


def window(kind: str, by: Fold) -> timedelta:
    """How long after the last report of a bundle another one still joins it by this."""
    waits: dict[str, timedelta] = {
        "message": by.message,
        "file": by.file,
        "near_file": by.near_file,
        "address": by.address,
        "account": by.account,
        "incident": by.incident,
    }
    return waits[kind]


def still_open(kind: str, last_at: datetime, at: datetime, by: Fold) -> bool:
    """Whether what arrives at `at` joins what arrived last at `last_at`; also one that was delayed and arrives late."""
    return abs(at - last_at) <= window(kind, by)
