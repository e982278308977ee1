"""The mails of the demo: the report itself, and ordinary and broken ones around it. Same seed, same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from amparo.wiring.demo import archives, words

TO = "report@report.example.org"
REPORTER = "vecina@example.org"
DATED = "Sun, 14 Jun 2026 20:10:00 +0200"
SUBTYPES = {"jpg": ("image", "jpeg"), "png": ("image", "png"), "zip": ("application", "zip")}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it goes over the wire; ``label`` names it in the demo's own lines."""

    label: str
    sender: str
    data: bytes


def _message(seed: int, label: str, sender: str, subject: str, text: str | None) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = TO
    if subject:
        message["Subject"] = subject
    message["Date"] = DATED
    message["Message-ID"] = f"<demo-{seed}-{label}@example.org>"
    if text is not None:
        message.set_content(text, cte="quoted-printable")
    return message


def _attach(message: EmailMessage, name: str, data: bytes) -> None:
    maintype, subtype = SUBTYPES[name.rpartition(".")[2]]
    message.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)


def _sealed(message: EmailMessage, label: str) -> bytes:
    if message.is_multipart():
        message.set_boundary(f"=_amparo-demo-{label}")  # the library draws one anew each time
    return message.as_bytes()


def report(seed: int, phone: str, export: bytes, pictures: list[tuple[str, bytes]]) -> Letter:
    """The report: Spanish text that names the group and the phone of its founder, the export and the pictures attached."""
    text = words.REPORT_TEXT.format(group=words.GROUP_NAME, phone=phone)
    return with_files(seed, "report", REPORTER, words.REPORT_SUBJECT, text, [("chat.zip", export), *pictures])


def with_files(seed: int, label: str, sender: str, subject: str, text: str, files: list[tuple[str, bytes]]) -> Letter:
    """A mail with these files attached; `label` names it, and is part of its identifier."""
    message = _message(seed, label, sender, subject, text)
    for name, data in files:
        _attach(message, name, data)
    return Letter(label, sender, _sealed(message, label))


def noise(seed: int, picture: bytes) -> tuple[Letter, ...]:
    """What else a report address gets: an offer, a question, the same again, no text, broken MIME, two bad archives."""
    offer = _message(seed, "offer", "tienda@example.org", words.NOISE_OFFER_SUBJECT, words.NOISE_OFFER_TEXT)
    question = _message(seed, "question", "lector@example.org", words.NOISE_QUESTION_SUBJECT, words.NOISE_QUESTION_TEXT)
    silent = _message(seed, "silent", "alguien@example.org", "", None)
    _attach(silent, "imagen.jpg", picture)
    locked = _message(seed, "locked", "otra@example.org", "archivo", words.NOISE_ARCHIVE_TEXT)
    _attach(locked, "archivo.zip", archives.encrypted("nota.txt", b"hola\n", b"demo", seed))
    large = _message(seed, "large", "grande@example.org", "archivo", words.NOISE_LARGE_TEXT)
    _attach(large, "datos.zip", archives.small_bomb())
    again = _sealed(question, "question")
    return (
        Letter("offer", "tienda@example.org", _sealed(offer, "offer")),
        Letter("question", "lector@example.org", again),
        Letter("question again", "lector@example.org", again),
        Letter("no text", "alguien@example.org", _sealed(silent, "silent")),
        Letter("broken MIME", "roto@example.org", _broken(seed)),
        Letter("encrypted archive", "otra@example.org", _sealed(locked, "locked")),
        Letter("archive that swells", "grande@example.org", _sealed(large, "large")),
    )


def _broken(seed: int) -> bytes:
    """Multipart without its closing boundary, an unknown charset and base64 cut off in the middle."""
    lines = (
        "From: roto@example.org",
        f"To: {TO}",
        "Subject: =?x-unknown?B?aG9sYQ",
        f"Date: {DATED}",
        f"Message-ID: <demo-{seed}-broken@example.org>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_a"',
        "",
        "--=_a",
        "Content-Type: text/plain; charset=x-unknown",
        "",
        "hola",
        "--=_b",
        "Content-Type: image/jpeg",
        "Content-Transfer-Encoding: base64",
        "",
        "/9j/4AAQSkZJRgABAQAAAQABAAD",
    )
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
