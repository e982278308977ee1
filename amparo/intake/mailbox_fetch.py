"""One look into a mailbox by IMAP: every mail fetched byte for byte, sealed in the spool, noted, and then moved or marked.

imaplib, because it hands on the bytes as the server sends them; nicer libraries turn line ends.
"""

from __future__ import annotations

import base64
import hashlib
import imaplib
import ipaddress
import json
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from amparo.foundation.clock import now
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import Refused, Unreachable
from amparo.foundation.home import Home
from amparo.intake.spool import Mail, Spool

log = logging.getLogger("amparo.mailbox")

TIMEOUT_S = 60
MIB = 1024 * 1024
KEPT = "$AmparoKept"
# Enough to find one of our own, which are plain; no header is parsed outside the sandbox.
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@([\w.-]{1,255})")
# Who it was for stands in these, where the mail server wrote them; else in what the sender wrote.
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_WRITTEN = ("to", "cc")

imaplib._MAXLINE = max(imaplib._MAXLINE, 10 * MIB)  # type: ignore[attr-defined]  # noqa: SLF001  # a folder with 100,000 UIDs


@dataclass(frozen=True)
class Mailbox:
    """Which mailbox, where, and how it is left. limit_bytes: a larger mail stays and is told of."""

    host: str
    port: int
    tls: bool
    user: str
    folder: str = "INBOX"
    done: str = "Amparo"
    seconds: float = 30
    limit_bytes: int = 200 * MIB
    domains: frozenset[str] = frozenset({"report.example.org"})
    line: str = "report@report.example.org"
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """For files and logs: which mailbox, without its user's name in the clear."""
        known = f"{self.user}@{self.host}:{self.port}/{self.folder}"
        return hashlib.sha256(known.encode()).hexdigest()[:16]


# --- What was kept ----------------------------------------------------------------------------------------------------------


class Journal:
    """Which UIDs of a folder lie in the spool already, or did: a file, written whole before a mail is moved."""

    def __init__(self, home: Home, mailbox: Mailbox) -> None:
        self._path = home.spool / "mailboxes" / f"{mailbox.name}.json"
        self._validity, self._kept, self._below = 0, set[int](), 0
        try:
            told = json.loads(self._path.read_bytes())
            self._validity, self._kept, self._below = int(told["validity"]), set(told["kept"]), int(told["below"])
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError):
            log.error("the journal %s is damaged; mails are fetched again, and the ledger knows them", self._path.name)

    def opened(self, validity: int) -> None:
        """The folder's UIDs are those of `validity`; with another one they name other mails (RFC 3501, 2.3.1.1)."""
        if validity != self._validity:
            self._validity, self._kept, self._below = validity, set(), 0

    def knows(self, uid: int) -> bool:
        return uid < self._below or uid in self._kept

    def note(self, uid: int) -> None:
        """Afterwards this UID is known, whatever happens."""
        self._kept.add(uid)
        self._write()

    def forget_all_but(self, present: set[int]) -> None:
        """What is gone from the folder needs no note; the notes stay few however long a mailbox is read."""
        settled = min((uid for uid in present if uid not in self._kept and uid >= self._below), default=None)
        below = settled if settled is not None else max([self._below, *(uid + 1 for uid in present | self._kept)])
        kept = {uid for uid in self._kept if uid >= below}
        if (below, kept) != (self._below, self._kept):
            self._below, self._kept = below, kept
            self._write()

    def _write(self) -> None:
        told = {"validity": self._validity, "below": self._below, "kept": sorted(self._kept)}
        write_whole(self._path, json.dumps(told).encode())


# --- One look ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looked:
    """What one look did: mails kept in the spool, mails moved or marked, mails too large to be fetched."""

    kept: int
    moved: int
    too_large: int


def look(mailbox: Mailbox, spool: Spool, journal: Journal, stopped: Callable[[], bool] = lambda: False) -> Looked:
    """Every mail of the folder lies in the spool and is moved or marked. Raises Unreachable where the server doesn't answer."""
    kept = moved = too_large = 0
    with _open(mailbox) as server:
        validity = _select(server, mailbox)
        journal.opened(validity)
        present = _uids(server, "NOT", "DELETED")
        if mailbox.done:
            _make_folder(server, mailbox.done)
        for uid in sorted(present):
            if stopped():
                break
            known = journal.knows(uid)
            if known and not mailbox.done:
                continue
            if not known:
                mail = _fetch(server, uid, mailbox)
                if mail is None:
                    too_large += 1
                    continue
                _keep(mail, spool)
                journal.note(uid)
                kept += 1
            moved += _put_away(server, uid, mailbox)
        journal.forget_all_but(_uids(server, "NOT", "DELETED"))
    return Looked(kept, moved, too_large)


def _keep(mail: Mail, spool: Spool) -> None:
    try:
        arrival = spool.put(mail)
    except OSError as error:
        raise Unreachable(f"A mail could not be stored ({error.strerror}); it stays in the mailbox.") from error
    log.info("kept %s: %d bytes", arrival, len(mail.raw))


@contextmanager
def _open(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    """A logged-in conversation. Raises Unreachable, with a sentence that names no user."""
    server: imaplib.IMAP4 | None = None
    try:
        server = _connected(mailbox)
        _log_in(server, mailbox)
        # Servers tell what they can do to those who are logged in; imaplib keeps what they said before.
        _, told = server.capability()
        server.capabilities = tuple(told[0].decode("ascii", "replace").upper().split())
        yield server
    except (OSError, imaplib.IMAP4.error, ssl.SSLError) as fault:
        raise Unreachable(
            f"The mailbox at {mailbox.host} can't be read ({type(fault).__name__}): it is tried again."
        ) from fault
    finally:
        if server is not None:
            try:
                server.logout()
            except (OSError, imaplib.IMAP4.error):
                server.shutdown()


def _log_in(server: imaplib.IMAP4, mailbox: Mailbox) -> None:
    if "AUTH=PLAIN" in server.capabilities:  # takes any letters, where LOGIN takes ASCII
        told = f"\0{mailbox.user}\0{mailbox.password}".encode()
        server.authenticate("PLAIN", lambda _: told)
    elif not (mailbox.user + mailbox.password).isascii():
        raise imaplib.IMAP4.error("this server takes no letters beyond ASCII in names and passwords")
    else:
        server.login('"' + mailbox.user.replace("\\", "\\\\").replace('"', '\\"') + '"', mailbox.password)


def _connected(mailbox: Mailbox) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if mailbox.tls:
        return imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=TIMEOUT_S)
    server = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=TIMEOUT_S)
    if _on_this_machine(mailbox.host):
        return server
    if "STARTTLS" in server.capabilities:
        server.starttls(context)
    else:
        server.shutdown()
        raise Refused(f"The mail server {mailbox.host} offers no encryption: the password is not sent there.")
    return server


def _on_this_machine(host: str) -> bool:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(each).partition("%")[0]).is_loopback for each in found)


def _select(server: imaplib.IMAP4, mailbox: Mailbox) -> int:
    """The folder's UIDVALIDITY."""
    answer, told = server.select(_quoted(mailbox.folder))
    if answer != "OK":
        raise imaplib.IMAP4.error(f"no folder: {told!r}")
    _, validity = server.response("UIDVALIDITY")
    return int(validity[0] or 0)


def _uids(server: imaplib.IMAP4, *criteria: str) -> set[int]:
    answer, told = server.uid("SEARCH", *criteria)
    if answer != "OK":
        raise imaplib.IMAP4.error("no answer to a search")
    return {int(each) for line in told if line for each in line.split()}


def _fetch(server: imaplib.IMAP4, uid: int, mailbox: Mailbox) -> Mail | None:
    """The mail, byte for byte and not marked as read; None where it is larger than is fetched."""
    answer, told = server.uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)")
    about = b" ".join(each if isinstance(each, bytes) else b" ".join(each) for each in told if each)
    size = re.search(rb"RFC822\.SIZE (\d{1,12})", about)
    if answer != "OK" or not size:
        raise imaplib.IMAP4.error("a mail has gone")
    if int(size[1]) > mailbox.limit_bytes:
        log.error(
            "a mail of %d MiB stays in the mailbox: it is larger than is fetched (UID %d)", int(size[1]) // MIB, uid
        )
        return None
    answer, told = server.uid("FETCH", str(uid), "(BODY.PEEK[])")
    raw = next((each[1] for each in told if isinstance(each, tuple)), None)
    if answer != "OK" or raw is None:
        raise imaplib.IMAP4.error("a mail has gone")
    return Mail(raw, "", recipients_of(raw, mailbox), _received_at(about), "imap")


def _received_at(about: bytes) -> datetime:
    """When the mail server got it, never later than now."""
    told = imaplib.Internaldate2tuple(about)
    at = datetime.fromtimestamp(time.mktime(told), UTC) if told else now()
    return min(at, now())


def recipients_of(raw: bytes, mailbox: Mailbox) -> tuple[str, ...]:
    """Our own addresses that the mail names, the server's word before the sender's; the line's where it names none."""
    head = re.split(rb"\r?\n\r?\n", raw[:200_000], maxsplit=1)[0]
    lines = re.sub(rb"\r?\n[ \t]+", b" ", head).decode("utf-8", "replace").splitlines()
    values: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() in (*_DELIVERED, *_WRITTEN):
            values.setdefault(name.strip().lower(), []).append(value[:5_000])
    found: dict[str, None] = {}
    for name in (*_DELIVERED, *_WRITTEN):
        for value in values.get(name, [])[:20]:
            for address in _ADDRESS.finditer(value):
                if address[1].lower() in mailbox.domains:
                    found.setdefault(address[0])
    return tuple(found)[:100] or (mailbox.line,)


def _put_away(server: imaplib.IMAP4, uid: int, mailbox: Mailbox) -> int:
    """Whether the mail was moved, or marked where it stays. Refused by the server, it stays and is known by the journal."""
    if not mailbox.done:
        answer, _ = server.uid("STORE", str(uid), "+FLAGS.SILENT", f"({KEPT})")
        return int(answer == "OK")
    if "MOVE" in server.capabilities:
        answer, _ = server.uid("MOVE", str(uid), _quoted(mailbox.done))
        return int(answer == "OK")
    answer, _ = server.uid("COPY", str(uid), _quoted(mailbox.done))
    if answer != "OK":
        return 0
    server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
    if "UIDPLUS" in server.capabilities:  # without it, EXPUNGE would also remove what others have marked
        server.uid("EXPUNGE", str(uid))
    return 1


def _make_folder(server: imaplib.IMAP4, name: str) -> None:
    answer, told = server.list('""', _quoted(name))
    if answer == "OK" and not any(told):
        server.create(_quoted(name))


def _quoted(name: str) -> str:
    """A folder's name as IMAP writes it (RFC 3501, 5.1.3: its own UTF-7)."""
    return '"' + _utf7(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(name: str) -> str:
    def shifted(found: re.Match[str]) -> str:
        return "&" + base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))
