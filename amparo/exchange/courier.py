"""The only way out of the house: a sealed file goes to the partner's channel, once, however often it is asked for.

Hand-over writes the file to the outbox with a note for the officer who carries it into the channel that both authorities
share; Amparo itself speaks to none of those. Mail goes to the house's own mail server. The courier sees sealed files alone:
it holds no key that opens anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from amparo.exchange import submission
from amparo.exchange.formats.words import Words
from amparo.foundation import clock
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home

CHUNK_BYTES = 1 << 20


class Receiver(Protocol):
    """What the courier needs to know of a partner; `queries.PartnerFacts` has it."""

    @property
    def country(self) -> str: ...
    @property
    def authority(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def mail(self) -> str: ...


@dataclass(frozen=True)
class Delivery:
    """What happened. where: the file in the outbox, or the address; receipt: the mail's Message-ID, or empty."""

    channel: str
    where: str
    receipt: str
    sha256: str
    at: datetime


def deliver(home: Home, sealed: Path, partner: Receiver, key: str) -> Delivery:
    """The delivery of this file under this key: made now, or told again if it was made before.

    key: names the delivery, such as "<package uuid>/openpgp"; one key is one delivery. A courier killed between sending and
    noting it sends again under the same Message-ID, so that the receiver's server can tell.
    Raises Missing without the file, Refused where the channel can't be used, Unreachable when trying later can help.
    """
    journal = home.outbox / ".delivered" / f"{_short(key)}.json"
    if journal.exists():
        told = json.loads(journal.read_bytes())
        return Delivery(**(told | {"at": datetime.fromisoformat(told["at"])}))
    try:
        digest = _digest(sealed)
    except OSError:
        raise Missing(f"{sealed.name} is not there any more: seal the package again.") from None
    if partner.channel == "mail":
        receipt = f"<{_short(key)}@{_sender().domain}>"
        _send(_letter(sealed, partner, receipt, digest), partner.mail)
        done = Delivery("mail", partner.mail, receipt, digest, clock.now())
    else:
        where = _hand_over(home, sealed, partner, digest)
        done = Delivery("handover", str(where), "", digest, clock.now())
    write_whole(journal, json.dumps(asdict(done) | {"at": done.at.isoformat()}).encode("utf-8"))
    return done


def _short(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8")).hexdigest()[:32]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Hand-over


def _hand_over(home: Home, sealed: Path, partner: Receiver, digest: str) -> Path:
    target = home.outbox / sealed.name
    if target.exists() and _digest(target) != digest:
        raise Refused(
            f"The outbox holds another file called {sealed.name}: a new version of a package needs a new name."
        )
    if not target.exists():
        write_whole(target, sealed.read_bytes())
    note = Words("en")
    facts = {"name": sealed.name, "authority": partner.authority, "country": note.country(partner.country)}
    text = note("note.text", **facts, sha256=digest, size=note.number(target.stat().st_size))
    write_whole(target.with_name(f"{sealed.name}.txt"), text.encode("utf-8"))
    return target


# Mail


def _sender() -> Address:
    """The address that packages are sent from (AMPARO_MAIL_FROM)."""
    return Address(addr_spec=os.environ.get("AMPARO_MAIL_FROM") or "amparo@localhost")


def _letter(sealed: Path, partner: Receiver, receipt: str, digest: str) -> EmailMessage:
    """A mail that says nothing: not who, not what, not about whom. All of that is in the sealed file."""
    words = Words(partner.language)
    letter = EmailMessage()
    letter["From"] = _sender()
    letter["To"] = Address(addr_spec=partner.mail)
    letter["Subject"] = words("mail.subject", name=sealed.name)
    letter["Message-ID"] = receipt
    letter["Date"] = clock.now()
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(words("mail.text", name=sealed.name, sha256=digest))
    letter.add_attachment(sealed.read_bytes(), maintype="application", subtype="octet-stream", filename=sealed.name)
    return letter


def _send(letter: EmailMessage, address: str) -> None:
    try:
        submission.submit(letter, called=address)
    except Refused as refused:
        if "code" not in refused.fields:
            raise
        raise Refused(f"{refused.sentence} Check the address, or hand the package over.") from refused
