"""An existing mailbox is emptied into the spool: fetched by IMAP, sealed, on disk, and only then moved out of the way.

A process of its own with the receiver's keys: it seals and can't open; no Django, no database. It is the one besides the courier
that speaks to the outside, and only to the mail server it is told.

    AMPARO_IMAP            imaps://user@mail.example.org/INBOX, or imap:// on this machine or with STARTTLS; empty: not at all
    AMPARO_IMAP_PASSWORD   its password; or AMPARO_IMAP_PASSWORD_FILE, a file with it
    AMPARO_IMAP_DONE       the folder that taken mails are moved to (Amparo); empty: they stay where they are, marked
    AMPARO_IMAP_SECONDS    how long to wait between two looks (30)

A mail is known by its folder's UIDVALIDITY and its UID (RFC 3501, 2.3.1.1), and by its SHA-256 in the ledger. What is kept is noted
before the mail is moved, so that a process killed between any two steps fetches at most one mail again, which the ledger then
knows. Nothing is deleted here, and nothing is marked as read.

    python -m amparo.intake.mailbox
"""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

from amparo.foundation.confinement import code_folders, confine
from amparo.foundation.errors import AmparoError, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.intake.mailbox_fetch import MIB, Journal, Mailbox, look
from amparo.intake.spool import Spool
from amparo.vault.keys import check_keys

log = logging.getLogger("amparo.mailbox")

LONGEST_PAUSE_S = 300


def mailbox_from_env() -> Mailbox | None:
    """None where no mailbox is set. Refused for an odd setting, or a server elsewhere without TLS."""
    told = os.environ.get("AMPARO_IMAP", "").strip()
    if not told:
        return None
    url = urlsplit(told)
    if url.scheme not in ("imap", "imaps") or not url.hostname or not url.username:
        raise Refused("AMPARO_IMAP is no mailbox: write it as imaps://user@mail.example.org/INBOX.")
    if url.password:
        raise Refused("AMPARO_IMAP must not hold the password: set AMPARO_IMAP_PASSWORD_FILE instead.")
    seconds = os.environ.get("AMPARO_IMAP_SECONDS", "30")
    limit = os.environ.get("AMPARO_MAIL_LIMIT_MIB", "50")
    if not re.fullmatch(r"\d{1,5}(\.\d+)?", seconds) or not limit.isdecimal():
        raise Refused("AMPARO_IMAP_SECONDS must be a number of seconds, such as 30.")
    domains = os.environ.get("AMPARO_MAIL_DOMAINS", "report.example.org").lower().split(",")
    own = frozenset(domain.strip() for domain in domains if domain.strip())
    line = os.environ.get("AMPARO_LINE_ADDRESS") or f"report@{domains[0].strip()}"
    return Mailbox(
        url.hostname,
        url.port or (993 if url.scheme == "imaps" else 143),
        url.scheme == "imaps",
        unquote(url.username),
        unquote(url.path.lstrip("/")) or "INBOX",
        os.environ.get("AMPARO_IMAP_DONE", "Amparo"),
        float(seconds),
        int(limit) * 4 * MIB,
        own | {line.rpartition("@")[2].lower()},
        line,
        _password(),
    )


def _password() -> str:
    file = os.environ.get("AMPARO_IMAP_PASSWORD_FILE", "")
    if not file:
        return os.environ.get("AMPARO_IMAP_PASSWORD", "")
    path = Path(file)
    try:
        if path.stat().st_mode & 0o077:
            raise Refused(f"Others can read {path}: run `chmod 600 {path}` first.")
        return path.read_text().strip("\r\n")
    except OSError as error:
        raise Refused(f"AMPARO_IMAP_PASSWORD_FILE={path} can't be read: {error.strerror}.") from error


# --- The process --------------------------------------------------------------------------------------------------------------


def run(home: Home, mailbox: Mailbox) -> None:
    """Looks again and again until SIGTERM or SIGINT. Refused where the keys don't allow a start."""
    check_keys(home, "receiver")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    spool, journal = Spool.of_process(home, "receiver"), Journal(home, mailbox)
    authorities = (Path(os.environ[name]) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name))
    trusted = (each for each in authorities if each.exists())
    confine(readable=(*code_folders(), *trusted, home.keys / "receiver"), writable=(home.spool,))
    print(f"ready imap {mailbox.host}:{mailbox.port}", flush=True)  # noqa: T201  # whoever started us waits for this line
    pause, told = mailbox.seconds, ""
    while not stop.is_set():
        try:
            looked = look(mailbox, spool, journal, stop.is_set)
        except Unreachable as fault:
            if fault.sentence != told:  # once, not every half minute of a night
                log.error("%s", fault.sentence)
            told, pause = fault.sentence, min(pause * 2, LONGEST_PAUSE_S)
        else:
            told, pause = "", mailbox.seconds
            if looked.kept:
                continue  # more may have come meanwhile
        stop.wait(pause)


def main() -> int:
    """Runs as the environment says; 1 with a sentence on the error output where it can't."""
    logging.basicConfig(
        level=os.environ.get("AMPARO_LOG", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        mailbox = mailbox_from_env()
        if mailbox is None:
            raise Refused("No mailbox is set: set AMPARO_IMAP.")
        run(Home.from_env(), mailbox)
    except AmparoError as error:
        sys.stderr.write("\n".join(getattr(error, "obstacles", (error.sentence,))) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
