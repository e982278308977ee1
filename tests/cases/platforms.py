"""A small seized platform for the tests, and a case that holds it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings

from amparo.access.acts import Actor
from amparo.cases.actions import CaseOpened, register_platform
from amparo.cases.platforms import work as platform_work
from amparo.vault.keys import ProcessKeys
from tests.cases import house
from tests.cases.house import WORKER

MAPPING = """\
platform = "sample"
[money]
currency = "EUR"
[time]
zone = "UTC"
[[source]]
files = "accounts.csv"
table = "accounts"
columns = { account = "id", handle = "handle", email = "email", phone = "phone" }
[[source]]
files = "payments.csv"
table = "payments"
columns = { account = "id", at = "paid", token = "token", issuer_country = "card_country", amount = "amount", reference = "ref" }
[[source]]
files = "videos.csv"
table = "items"
columns = { item = "video", account = "id", at = "at" }
[[source]]
files = "events.csv"
table = "events"
columns = { account = "id", at = "at", kind = "kind", address = "ip" }
"""


def lay_files(folder: Path, accounts: int = 40) -> Path:
    """Each tenth account paid three times by a card of ES and uploaded a video; each fifth paid once by voucher."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = range(1, accounts + 1)
    lines = [f"a{n:03d},Maple_{n},maple{n}@example.org,+34749{n:06d}" for n in rows]
    (folder / "accounts.csv").write_text("\n".join(["id,handle,email,phone", *lines]) + "\n")
    paid = [f"a{n:03d},2025-03-0{k} 10:00:00,tok-{n},ES,9.00,R{n}-{k}" for n in rows if n % 10 == 0 for k in (1, 2, 3)]
    paid += [f"a{n:03d},2025-03-05 10:00:00,vou-{n},,5.00,V{n}" for n in rows if n % 5 == 0 and n % 10]
    (folder / "payments.csv").write_text("\n".join(["id,paid,token,card_country,amount,ref", *paid]) + "\n")
    videos = [f"v{n:03d},a{n:03d},2025-04-01 09:00:00" for n in rows if n % 10 == 0]
    (folder / "videos.csv").write_text("\n".join(["video,id,at", *videos]) + "\n")
    events = [f"a{n:03d},2025-05-{1 + n % 28:02d} 20:00:00,login,192.0.2.{n}" for n in rows for _ in range(3)]
    (folder / "events.csv").write_text("\n".join(["id,at,kind,ip", *events]) + "\n")
    return folder


def registered(by: Actor, case: CaseOpened, folder: Path, mapping: str = MAPPING, name: str = "Sample") -> UUID:
    return register_platform(by, case.case, name, str(folder), mapping).platform


def keys() -> ProcessKeys:
    return ProcessKeys(settings.HOME, "worker")


def worked(platform: UUID) -> list[str]:
    """Import and analyses, as the worker does them; what was told."""
    told: list[str] = []
    platform_work.import_files(WORKER, keys(), platform, told.append)
    platform_work.analyse(WORKER, keys(), platform, told.append)
    return told


def case_of(ines: Actor) -> CaseOpened:
    return house.opened(ines, house.report())
