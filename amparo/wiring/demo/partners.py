"""The other side of the demo: each country's authority with its own keys, opening its package and answering by mail.

What an authority knows here it reads from its own package: the reply form, the address for the reply, and which subject
has which telephone number. The plan says only what it answers.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import smtplib
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pyrage
from pysequoia import Tsk

from amparo.exchange import openpgp
from amparo.exchange.actions import PartnerKeys
from amparo.exchange.formats.tables import csv_bytes
from amparo.exchange.rules import PartnerDetails
from amparo.exchange.sealing import OpenedPackage, opened
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.wiring.demo.plan import CountryAnswer, PersonAnswer
from amparo.wiring.demo.staff import write_private

LANGUAGES = {"ES": "es", "UY": "es", "EC": "es", "CR": "es", "PE": "es", "FR": "fr", "SY": "fr"}
# Most authorities gave both kinds of key; some have one program only.
OPENPGP_ONLY = frozenset({"GB", "IT"})
AGE_ONLY = frozenset({"UY", "IN"})
CONTACT = re.compile(r"^Contact-Email: *(\S+)", re.MULTILINE)
SMTP_TIMEOUT_S = 60


@dataclass(frozen=True)
class Authority:
    """One country's authority: its key files (0600) and its mail address."""

    country: str
    openpgp_path: Path
    age_path: Path

    @property
    def mail(self) -> str:
        """Invented, in a reserved domain."""
        return f"desk@{self.country.lower()}.example.org"

    @property
    def details(self) -> PartnerDetails:
        """What an officer states about it."""
        return PartnerDetails(
            self.country, f"Demo authority {self.country}", LANGUAGES.get(self.country, "en"), mail=self.mail
        )

    def public_keys(self, checked_on: date) -> PartnerKeys:
        """What it hands over: never a secret part."""
        certificate, recipient = "", ""
        if self.country not in AGE_ONLY:
            certificate = str(Tsk.from_bytes(self.openpgp_path.read_bytes()).extract_certificate())
        if self.country not in OPENPGP_ONLY:
            recipient = str(pyrage.x25519.Identity.from_str(self.age_path.read_text().strip()).to_public())
        return PartnerKeys(certificate, recipient, checked_on)

    def open(self, sealed: Path) -> Received:
        """The package in a sealed file, by its own key; every check made."""
        key = self.age_path if sealed.suffix == ".age" else self.openpgp_path
        return Received(opened(sealed.read_bytes(), key.read_bytes()))


def authority(home: Home, country: str) -> Authority:
    """The authority of a country, with keys made on first asking and kept under ``demo/partners``."""
    folder = home.path / "demo" / "partners"
    found = Authority(country, folder / f"{country}.asc", folder / f"{country}.age.txt")
    if not found.openpgp_path.exists():
        write_private(found.openpgp_path, str(openpgp.new_key(f"Demo authority {country} <{found.mail}>")))
    if not found.age_path.exists():
        write_private(found.age_path, f"{pyrage.x25519.Identity.generate()}\n")
    return found


@dataclass(frozen=True)
class Received:
    """An opened package, as its receiver reads it."""

    package: OpenedPackage

    @property
    def reply_to(self) -> str:
        """The address that the package asks to answer to."""
        found = CONTACT.search(self.package.files["bag-info.txt"].decode("utf-8"))
        assert found is not None
        return found[1]

    @property
    def form(self) -> list[dict[str, str]]:
        """The reply form's rows, as they came: mostly empty."""
        return list(csv.DictReader(io.StringIO(self.package.files["data/reply/reply.csv"].decode("utf-8"))))

    def subjects(self) -> dict[str, str]:
        """Phone number in E.164 to the name that the package gives its owner."""
        nodes: list[dict[str, Any]] = json.loads(self.package.files["data/case.jsonld"])["@graph"]
        names = {node["@id"]: str(node["core:name"]) for node in nodes if node.get("@type") == "identity:Person"}
        found = {}
        for node in nodes:
            facets = node.get("core:hasFacet", [])
            numbers = [facet["observable:phoneNumber"] for facet in facets if "observable:phoneNumber" in facet]
            owners = [facet["observable:owner"]["@id"] for facet in facets if "observable:owner" in facet]
            found.update({number: names[owner] for number in numbers for owner in owners})
        return found


def filled(form: list[dict[str, str]], said: dict[str, dict[str, str]]) -> bytes:
    """The form with what is said of each subject; a subject that this version no longer lists gets a row of its own."""
    rows = [row | said.get(row["subject"], {}) for row in form]
    listed = {row["subject"] for row in form}
    empty = dict.fromkeys(form[0], "")
    known = {name: form[0][name] for name in ("reply_token", "package_reference", "version")}
    rows += [
        {**empty, **known, "subject": subject, **cells} for subject, cells in said.items() if subject not in listed
    ]
    return csv_bytes(tuple(form[0]), [tuple(row.values()) for row in rows])


def cells(line: PersonAnswer, day: date) -> dict[str, str]:
    """One person's row."""
    arrest = line.outcome == "arrested"
    return {
        "outcome": line.outcome,
        "date": day.isoformat(),
        "arrested_in": line.arrested_in if arrest else "",
        "ordered_by": (line.ordered_by or line.arrested_in) if arrest else "",
        "age": str(line.age) if arrest and line.age else "",
        "reason": line.reason,
    }


def whole_package(answer: CountryAnswer, day: date) -> dict[str, str]:
    """The row for the package as a whole: opened, and what was seized, by the five sorts."""
    seized = {f"devices_{sort}": str(count) for sort, count in answer.devices.items() if count}
    return {"outcome": "opened", "date": day.isoformat(), **seized}


def send_reply(sender: Authority, to: str, form: bytes) -> None:
    """The filled form goes to the address that the package named, by SMTP as any mail would."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender.mail
    message["To"] = to
    message["Subject"] = "reply"
    message["Date"] = clock.now()
    message.set_content("Reply form attached.\n")
    message.add_attachment(form, maintype="text", subtype="csv", filename="reply.csv")
    post(sender.mail, to, message.as_bytes())


def post(sender: str, to: str, data: bytes) -> None:
    """The mail as it is, to the running receiver (AMPARO_SMTP). Raises what smtplib raises when it isn't taken."""
    host, _, port = os.environ.get("AMPARO_SMTP", "127.0.0.1:2525").rpartition(":")
    with smtplib.SMTP(host.strip("[]"), int(port), timeout=SMTP_TIMEOUT_S) as server:
        server.sendmail(sender, [to], data)
