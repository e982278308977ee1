"""A small house for the tests: officers with keys, a report with a chat export and two pictures' worth of bytes."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings

from amparo.access import actions as access, queries as officers
from amparo.access.acts import Actor
from amparo.cases import jobs
from amparo.cases.actions import CaseOpened, open_case
from amparo.foundation import clock
from amparo.foundation.ids import new_id
from amparo.intake import actions as intake
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import make_keys

WORKER, CLI, HOUSE = Actor.of_process("worker"), Actor.of_process("cli"), Actor.of_process("house")
PASSWORD = "a long pass phrase 21"

ANA, BEA, CAI, DAN, EVA = "+34 749 00 00 10", "+598 92 000 010", "Pixel Norte", "+44 20 7946 0010", "+34 749 00 00 11"


def message(line: int, sender: str, text: str = "hola", media: str = "") -> dict[str, Any]:
    found = {"name": media, "type": "image", "omitted": False} if media else None
    return {
        "item": "message", "ts": f"2026-05-04T21:{line:02d}:00", "raw": f"4/5/26, 21:{line:02d}", "line": line, "sender": sender,
        "kind": "media" if media else "text", "text": "" if media else text, "media": found,
    }  # fmt: skip


def notice(line: int, type_: str, actor: str = "", targets: tuple[str, ...] = (), value: str = "") -> dict[str, Any]:
    return {
        "item": "event", "ts": f"2026-05-04T21:{line:02d}:00", "raw": f"4/5/26, 21:{line:02d}", "line": line, "type": type_,
        "actor": actor, "targets": list(targets), "value": value,
    }  # fmt: skip


def reading() -> dict[str, Any]:
    """Five members: a founder who posts, one who re-posts the same bytes, a name, a silent one, one who left at once."""
    return {
        "format": "whatsapp", "date_order": "dmy", "alternatives": [], "zone_offset": None, "members": [ANA, BEA, CAI, DAN, EVA],
        "items": [
            notice(1, "group_created", ANA, value="Grupo 21"), notice(2, "member_added", ANA, (BEA, DAN, EVA)),
            notice(3, "member_left", EVA), message(4, ANA, media="IMG-1.jpg"), message(5, BEA, media="IMG-2.jpg"),
            message(6, CAI, "item shared"), message(7, BEA, media="IMG-3.jpg"), message(8, ANA, media="IMG-9.jpg"),
            notice(9, "admin_granted", ANA, (BEA,)), message(10, ANA, "see you at 21:00"),
        ],
        "unsupported": {"count": 1, "lines": ["?? a line that fits nothing"]},
    }  # fmt: skip


def lay() -> None:
    """Keys and the house's compartments."""
    settings.HOME.make()
    make_keys(settings.HOME)
    vault.lay_compartments(CLI, settings.HOME)


def officer(username: str, *roles: str) -> Actor:
    added = access.add_officer(CLI, username, username.capitalize(), "Unit 3", roles, PASSWORD)
    vault.make_member_key(CLI, added.officer, PASSWORD)
    return officers.officer_actor(added.officer)


def seal(
    name: str, data: bytes, origin: UUID, parent: UUID | None = None, media_type: str = "", *, derived: bool = False
) -> UUID:
    content = vault_queries.compartment_named("content").uuid
    return vault.seal_item(
        WORKER,
        compartment=content,
        stream=io.BytesIO(data),
        name=name,
        origin=origin,
        parent=parent,
        media_type=media_type,
        derived=derived,
    ).item


@dataclass
class Report:
    uuid: UUID
    items: dict[str, UUID] = field(default_factory=dict)


def report(chat: dict[str, Any] | None = None) -> Report:
    """A report as intake leaves it, with its items sealed as the sandbox leaves them."""
    taken = intake.take_in(
        WORKER, intake.Letter(new_id(), "mail", clock.now(), new_id().hex * 2, 100, 10, "", b""), None
    )
    found = Report(taken.report)
    archive = found.items["zip"] = seal(
        "Chat de WhatsApp con Grupo 21.zip", b"zip" + new_id().bytes, taken.report, media_type="application/zip"
    )
    text = found.items["text"] = seal("_chat.txt", b"chat" + new_id().bytes, taken.report, archive, "text/plain")
    for name, data in (("IMG-1.jpg", b"one"), ("IMG-2.jpg", b"one"), ("IMG-3.jpg", b"two")):
        found.items[name] = seal(name, data, taken.report, archive, "image/jpeg")
    found.items["chat"] = seal(
        "_chat.json", json.dumps(chat or reading()).encode(), taken.report, text, jobs.CHAT, derived=True
    )
    intake.record_reading(
        WORKER, taken.arrival, intake.Text("Grupo", "hola", "plain", "es"), tuple(found.items.values()), ()
    )
    return found


def opened(by: Actor, of: Report, title: str = "Grupo 21") -> CaseOpened:
    """The case, with what the followers do after it done."""
    case = open_case(by, of.uuid, title, "Article 588 bis, order 21/2026")
    jobs.gather_report.func("", {"case": str(case.case), "report": str(of.uuid)})
    return case
