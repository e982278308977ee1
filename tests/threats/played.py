"""A house played through its doors: mails with marked words come in, an officer logs in and reads; then it is stopped.

What it leaves behind (its home, what it logged, what it answered) is what the tests of this folder look at.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import shutil
import smtplib
import sqlite3
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from PIL import Image

from amparo.wiring.codes import code_now
from maintenance.houses import House, house

# Who wrote: nothing of this may stand anywhere in the clear.
SENDER, SENDERS_NAME, SENDERS_HOST = "quiet.heron.7319@example.org", "Tessaly Quillfeather", "kestrel-7319.example.org"
IDENTITY = (SENDER, SENDERS_NAME, SENDERS_HOST, "quiet.heron.7319")
# What was written or attached: none of it may stand in a log.
SUBJECT, TEXT = "Zwolfton subject 7319", "zwolftontext 7319 nos vemos a las 21:00"
NOTE, CHAT_LINE, FILE_NAME = "zwolftonnote 7319", "zwolftonchat 7319", "zwolftonfile-7319.txt"
CONTENT = (SUBJECT, TEXT, NOTE, CHAT_LINE, FILE_NAME)
ATTACHED = (NOTE, CHAT_LINE)  # sealed, and in the clear nowhere
TYPED_AS_NAME, WRONG_PASSWORD = "zwolftonname7319", "zwolftonpassword7319"
MAILS = 3


@dataclass
class Played:
    home: Path
    log: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    def copy(self, to: Path) -> Path:
        """A home of its own with the same contents, to be changed."""
        shutil.copytree(self.home, to, symlinks=True)
        to.chmod(0o700)
        return to


def until(holds: Callable[[], bool], what: str, seconds: float = 90) -> None:
    """Returns as soon as it holds; AssertionError if it never does. No test passes or fails by how fast a machine is."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        pause.wait(0.05)


def rows(home: Path, question: str) -> list[tuple[object, ...]]:
    """Asks the house's SQLite file, reading only."""
    with closing(sqlite3.connect(f"file:{home / 'amparo.sqlite3'}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(question).fetchall()


def settled(home: Path, arrivals: int) -> bool:
    """Whether so many arrivals have ended, every job is done, every act sealed, and every follower has seen them."""
    if any(home.joinpath("spool").glob("*.mail")):
        return False
    counts = rows(
        home,
        "SELECT (SELECT count(*) FROM intake_arrival WHERE state != 'taken_in'),"
        " (SELECT count(*) FROM jobs_job WHERE state IN ('waiting', 'leased')),"
        " (SELECT count(*) FROM custody_act WHERE position IS NULL),"
        " (SELECT max(position) FROM custody_act) - (SELECT min(position) FROM jobs_cursor)",
    )[0]
    return counts == (arrivals, 0, 0, 0)


def picture(seed: int) -> bytes:
    """An abstract picture: soft noise from a seed."""
    small = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((160, 160), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def marked_mail() -> bytes:
    """Text, a note, a picture, and a chat export in a zip."""
    export = io.BytesIO()
    with zipfile.ZipFile(export, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(
            "_chat.txt", f"[4/5/19, 21:00:10] +34 600 000 001: {CHAT_LINE}\n[4/5/19, 21:00:20] +34 600 000 002: hola\n"
        )
        made.writestr("IMG-1.jpg", picture(1))
    message = EmailMessage()
    message["From"] = f"{SENDERS_NAME} <{SENDER}>"
    message["To"] = "report@report.example.org"
    message["Subject"] = SUBJECT
    message["Message-ID"] = f"<7319@{SENDERS_HOST}>"
    message.set_content(TEXT)
    message.add_attachment(NOTE.encode(), maintype="text", subtype="plain", filename=FILE_NAME)
    message.add_attachment(picture(2), maintype="image", subtype="jpeg", filename="zwolftonpicture-7319.jpg")
    message.add_attachment(export.getvalue(), maintype="application", subtype="zip", filename="zwolftonexport-7319.zip")
    return message.as_bytes()


def broken_mail() -> bytes:
    """Structure that breaks off, a picture cut short, an archive that is none, text in no charset."""
    boundary = b"zwolftonboundary7319"
    head = b"From: %s\r\nSubject: %s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n"
    parts = (
        b"Content-Type: text/plain; charset=zwolftoncharset7319\r\n\r\n\xff\xfe" + TEXT.encode(),
        b"Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename="
        + FILE_NAME.encode()
        + b"\r\n\r\n"
        + picture(3)[:400],
        b"Content-Type: application/zip; name=zwolfton.zip\r\nContent-Disposition: attachment\r\n\r\nPK\x03\x04"
        + NOTE.encode(),
    )
    return head % (SENDER.encode(), SUBJECT.encode(), boundary) + b"".join(
        b"--%s\r\n%s\r\n" % (boundary, part) for part in parts
    )


@contextmanager
def error_output_into(file: Path) -> Iterator[None]:
    """Processes started inside write their error output there."""
    kept = os.dup(2)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class Browser:
    """Cookies, forms and the headers that a browser behind a TLS proxy brings; no more."""

    def __init__(self, web: str, **headers: str) -> None:
        self._address, self._headers = web.removeprefix("http://"), headers
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """(status, where it leads, page)."""
        connection = http.client.HTTPConnection(self._address, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **self._headers}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self._token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if form is None else "POST", path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0].strip('"')
            self.set_cookies.append(line)
        page = answer.read().decode()
        if found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page):
            self._token = found[1]
        connection.close()
        return answer.status, answer.headers.get("Location", ""), page


def log_in(browser: Browser, password: str, totp_secret: str, username: str = "vera") -> int:
    """The status of the last answer; 302 to the queue when both factors were taken."""
    browser.ask("/log-in/")
    status, where, _ = browser.ask("/log-in/", {"login": username, "password": password})
    if status != 302 or not where.startswith("/second-factor/"):
        return status
    browser.ask(where)
    return browser.ask(where, {"code": code_now(totp_secret)})[0]


def enrol(running: House, *roles: str) -> tuple[str, str]:
    """(password, authenticator secret) of vera, as the command tells them."""
    told = running.amparo("officer", "vera", "--name", "Vera Sol", "--roles", ",".join(roles)).stdout
    return re.search(r"password +(\S+)", told)[1], re.search(r"authenticator +(\S+)", told)[1]  # type: ignore[index]


@contextmanager
def set_to(**values: str) -> Iterator[None]:
    """Processes started inside have these in their environment."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def played_house() -> Iterator[Played]:
    """Everything that happened, after the house was stopped."""
    with tempfile.TemporaryDirectory(prefix="amparo-played-") as name:
        folder = Path(name)
        found = Played(folder / "home")
        settings = {"AMPARO_HTTPS": "1", "AMPARO_LOG": "DEBUG"}
        with set_to(**settings), error_output_into(folder / "log"), house() as running:
            found.environment = {**running.environment, "AMPARO_HOME": str(found.home), "AMPARO_LOG": "WARNING"}
            _play(running, found)
            running.process.terminate()
            running.process.wait(60)
            shutil.copytree(running.home, found.home)
        found.home.chmod(0o700)
        found.log = (folder / "log").read_text(errors="replace")
        yield found


def _play(running: House, found: Played) -> None:
    with smtplib.SMTP(*running.smtp, local_hostname=SENDERS_HOST, timeout=60) as client:
        for mail in (marked_mail(), broken_mail(), marked_mail().replace(b"IMG-1", b"IMG-9") + b"\r\nlast line\r\n"):
            client.sendmail(SENDER, ["report@report.example.org"], mail)
    password, secret = enrol(running, "supervisor", "analyst")
    until(lambda: settled(running.home, MAILS), "all mails are read, and the record is sealed")
    browser = Browser(running.web)
    found.answers["log-in"] = log_in(browser, password, secret)
    ((report,),) = rows(running.home, "SELECT uuid FROM intake_report WHERE attachments = 3 ORDER BY id LIMIT 1")
    found.answers["report"], _, page = browser.ask(f"/reports/{UUID(str(report))}/")
    assert TEXT in page, f"the officer reads the report: {found.answers}"
    found.set_cookies = browser.set_cookies
    stranger = Browser(running.web)
    stranger.ask("/log-in/")
    found.answers["wrong log-in"] = stranger.ask("/log-in/", {"login": TYPED_AS_NAME, "password": WRONG_PASSWORD})[0]
    proxied = Browser(running.web, Origin="https://localhost", Host="localhost", **{"X-Forwarded-Proto": "https"})
    proxied.ask("/log-in/")
    found.answers["proxied log-in"] = proxied.ask("/log-in/", {"login": "vera", "password": password})[0]
    until(lambda: settled(running.home, MAILS), "what was read is recorded and sealed")
