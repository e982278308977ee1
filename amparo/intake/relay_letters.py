"""The mails that go to reporters: their addresses, their words in the reporter's language, their headers.

Nothing in them tells who in the house wrote: the sender is the line, by the report's own relay address. Nothing of what was
reported is repeated: somebody else may read the reporter's mail.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from uuid import UUID

from amparo.foundation.errors import Refused
from amparo.intake.postmarks import ReturnAddress, make_token, token_digest

FOLDER = Path(__file__).parent / "answers"
FALLBACK = "en"
REFERENCES_CHARACTERS = 1_500


@dataclass(frozen=True)
class Line:
    """The line's own address and name, by which reporters know it."""

    local: str
    domain: str
    name: str

    @classmethod
    def from_env(cls) -> Line:
        """AMPARO_LINE_ADDRESS, else report@ the first of AMPARO_MAIL_DOMAINS; AMPARO_LINE_NAME. Refused for an odd one."""
        domains = os.environ.get("AMPARO_MAIL_DOMAINS", "report.example.org").split(",")
        address = os.environ.get("AMPARO_LINE_ADDRESS") or f"report@{domains[0].strip()}"
        local, at, domain = address.strip().rpartition("@")
        if not at or not local or not domain or "+" in local or len(local) > 30 or local.lower() == "reply":
            raise Refused(
                f"AMPARO_LINE_ADDRESS={address} can't be the line's address: write it as report@report.example.org,"
                " without +, at most 30 characters before the @, and not reply@, which takes partners' answers."
            )
        return cls(local, domain.lower(), os.environ.get("AMPARO_LINE_NAME") or "Report line")

    def address(self, token: str) -> str:
        return f"{self.local}+{token}@{self.domain}"


@dataclass(frozen=True)
class Addresses:
    """What one mail to a reporter bears: where answers go, where it comes back to, its Message-ID; and the digests kept of them."""

    relay: str
    back: str
    message_id: str
    relay_digest: str
    back_digest: str


def addresses_of(secret: bytes, line: Line, report: UUID, message: UUID) -> Addresses:
    """The same for the same report and message, whoever asks and however often."""
    relay, back = make_token(secret, "report", report), make_token(secret, "return", message)
    message_id = f"<{make_token(secret, 'message', message)}@{line.domain}>"
    return Addresses(line.address(relay), line.address(back), message_id, token_digest(relay), token_digest(back))


@dataclass(frozen=True)
class Words:
    """A language's texts: the subject and foot of every mail, the receipt, and the answers that an officer may begin from."""

    language: str
    subject: str
    foot: str
    receipt: str
    answers: dict[str, tuple[str, str]]


@cache
def languages() -> tuple[str, ...]:
    """Those for which there are texts."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def words(language: str) -> Words:
    """The texts in that language, else in English."""
    code = language if language in languages() else FALLBACK
    said = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    answers = {name: (each["title"], each["text"].strip()) for name, each in said["answers"].items()}
    return Words(code, said["subject"], said["foot"].strip(), said["receipt"].strip(), answers)


def compose(
    line: Line, addresses: Addresses, back: ReturnAddress, language: str, text: str, at: datetime, *, by_machine: bool
) -> EmailMessage:
    """The mail to whoever `back` names. by_machine: a receipt, which other machines then leave unanswered (RFC 3834)."""
    said = words(language)
    letter = EmailMessage()
    letter["From"] = Address(line.name, addr_spec=addresses.relay)
    letter["To"] = back.address
    letter["Subject"] = said.subject
    letter["Date"] = at
    letter["Message-ID"] = addresses.message_id
    if thread := _thread(back):
        letter["In-Reply-To"], letter["References"] = thread
    letter["Content-Language"] = said.language
    letter["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if by_machine:
        letter["Auto-Submitted"] = "auto-replied"
    letter.set_content(f"{text.strip()}\n\n-- \n{said.foot}\n", cte="quoted-printable")
    return letter


def _thread(back: ReturnAddress) -> tuple[str, str] | None:
    """(In-Reply-To, References) of an answer; None where the mail has no Message-ID, or one that no header can hold."""
    own = back.message_id.strip()
    if not own.startswith("<") or not own.endswith(">") or not own.isascii() or not own.isprintable() or " " in own:
        return None
    before = [
        each for each in back.references.split() if each.startswith("<") and each.isascii() and each.isprintable()
    ]
    chain = [*before, own]
    while len(" ".join(chain)) > REFERENCES_CHARACTERS and len(chain) > 1:
        chain.pop(0)
    return own, " ".join(chain)
