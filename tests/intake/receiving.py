"""A receiver in a process of its own, in a home of its own, as `amparo up` would start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from amparo.foundation.home import Home
from amparo.intake import spool
from amparo.vault import keys

DOMAIN = "report.example.org"
ADDRESS = f"report@{DOMAIN}"


def new_home(path: Path) -> Home:
    home = Home(path / "home")
    keys.make_keys(home)
    return home


class Receiver:
    """Started by the constructor, which returns when it said that it is ready."""

    def __init__(self, home: Home, code: str = "", **environment: str) -> None:
        command = ["-c", code] if code else ["-m", "amparo.intake.receiver"]
        own = {"AMPARO_HOME": str(home.path), "AMPARO_SMTP": "127.0.0.1:0", "AMPARO_LMTP": "127.0.0.1:0"}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **own, **environment},
        )
        assert self.process.stdout
        ready = [self.process.stdout.readline().split() for _ in range(2)]
        assert [words[:2] for words in ready] == [["ready", "smtp"], ["ready", "lmtp"]], self.stop()
        self.smtp, self.lmtp = (int(words[2].rpartition(":")[2]) for words in ready)

    def stop(self, number: int = signal.SIGTERM) -> str:
        """What it wrote to its log."""
        self.process.send_signal(number)
        return self.process.communicate()[1]


class Conversation:
    """A conversation byte by byte; smtplib would tidy up what we want to send."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._socket.makefile("rb")
        self.greeting = self.answer()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def answer(self) -> str:
        """One answer, its lines joined; empty when the other side hung up."""
        lines = []
        while line := self._file.readline().decode():
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def say(self, line: bytes) -> str:
        self.send(line + b"\r\n")
        return self.answer()

    def begin(self, recipients: int = 1, hello: bytes = b"EHLO there.example.org") -> None:
        self.say(hello)
        assert self.say(b"MAIL FROM:<a.reporter@example.org>").startswith("250")
        for number in range(recipients):
            assert self.say(b"RCPT TO:<report+%d@report.example.org>" % number).startswith("250")
        assert self.say(b"DATA").startswith("354")

    def mail(self, stuffed: bytes) -> str:
        """Sends one mail (lines that begin with a dot already doubled) up to its end and returns the answer."""
        self.begin()
        self.send(stuffed + b"\r\n.\r\n")
        return self.answer()

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def letters(home: Home) -> list[spool.ContentLetter]:
    worker = keys.ProcessKeys(home, "worker")
    return [spool.read_letter(arrival, worker) for arrival in spool.arrivals(home)]


def identity_of(home: Home, letter: spool.ContentLetter) -> spool.IdentityLetter:
    compartment = keys.public_key(home, "worker", keys.IDENTITY).compartment
    private = keys.ProcessKeys(home, "recovery").private_key(compartment)
    return spool.open_identity(letter.identity_letter, private, letter.arrival)


def originals(home: Home) -> list[bytes]:
    return [spool.rejoin(identity_of(home, letter), letter) for letter in letters(home)]
