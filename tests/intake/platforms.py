"""The platforms' door in tests: a house, a key, requests to its own addresses and nothing else's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client, override_settings
from pytest_django.live_server_helper import LiveServer

from amparo.access.acts import Actor
from amparo.foundation.home import Home
from amparo.intake.api import keys
from amparo.intake.api.doorway import buckets
from amparo.wiring import api_urls
from tests.intake.intake_house import new_house

AT = "/api/v1"
CLI = Actor.of_process("cli")
# What the door's process has where the house has pages (wiring/api_settings.py).
OF_THE_DOOR = {"ROOT_URLCONF": api_urls.__name__, "MIDDLEWARE": [], "DATA_UPLOAD_MAX_MEMORY_SIZE": 8 << 20}

WHOLE: dict[str, Any] = {
    "reference": "T-100",
    "sent_by": "person",
    "text": "An account offers items in a public room.",
    "language": "en",
    "incident": {
        "kind": "distribution",
        "danger_now": "no",
        "live": "over",
        "times": [{"raw": "2026-11-03T21:00:05+01:00", "kind": "uploaded"}],
    },
    "places": [
        {"kind": "live", "service": "Example Live", "room": "room-77", "visibility": "public", "from_second": 5}
    ],
    "accounts": [
        {
            "service": "Example Live",
            "identifier": "u-1001",
            "screen_name": "quiet_otter_41",
            "created": {"raw": "2026-01-01T00:00:00Z"},
            "person": {"emails": [{"value": "otter@example.org", "verified": "yes"}]},
            "ip_events": [
                {
                    "address": "192.0.2.17",
                    "port": 50123,
                    "at": {"raw": "2026-11-03T20:00:05Z"},
                    "kind": "upload",
                    "log_kept_until": {"raw": "2027-02-01"},
                }
            ],
        }
    ],
    "victims": [{"contact_safe": "no"}],
    "preservation": {"held": "yes", "until": {"raw": "2027-02-01"}},
    "routing": [{"country_of": "accused", "country": "ES", "evidence": "address of the upload"}],
    "contact": {"company": "Example Live", "email": "police-desk@example.org"},
    "measures": [{"what": "user_not_told", "why": "not to warn them"}],
    "found": [{"by": "viewers", "viewers": 3}],
}


class Platform:
    """A platform with its key."""

    def __init__(self, name: str = "Example Live", **options: Any) -> None:
        self.made = keys.make_key(CLI, name, **options)
        self.client = Client(raise_request_exception=True)

    def send(self, method: str, path: str, body: Any = None, *, idempotency: str = "", **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        named = {"Authorization": f"Bearer {self.made.secret}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if method == "POST":
            named["Idempotency-Key"] = idempotency or uuid4().hex
        kind = headers.get("content_type", "application/json")
        return self.client.generic(method, f"{AT}{path}", data, content_type=kind, headers=named)

    def report(self, said: Any = None, **options: Any) -> Any:
        return self.send("POST", "/reports", WHOLE if said is None else said, **options)

    def file(self, data: bytes, **said: Any) -> str:
        announced = {"name": "a.bin", "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), **said}
        answer = self.send("POST", "/files", announced)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def part(self, file: str, offset: int, data: bytes, **headers: str) -> Any:
        given = {"Upload_Offset": str(offset), "content_type": "application/offset+octet-stream", **headers}
        return self.send("PATCH", f"/files/{file}", data, **given)


@contextmanager
def door_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A house of its own, whose addresses are the door's while inside."""
    made = new_house(path, monkeypatch)
    buckets.forget()  # one test's haste is no other's
    with override_settings(**OF_THE_DOOR):
        yield made


@contextmanager
def answering() -> Iterator[str]:
    """The door at an address of its own, within `door_of`."""
    server = LiveServer("localhost")
    server._live_server_modified_settings.enable()
    try:
        yield str(server.url)
    finally:
        server.stop()
        server._live_server_modified_settings.disable()
