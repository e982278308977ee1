"""A server that answers as HMA does, as far as the courier asks it: banks, how many hashes it says it has, contents by number."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Played:
    """What it has and how it behaves; tests change it while it runs."""

    contents: dict[int, tuple[str, dict[str, str]]] = field(default_factory=dict)
    banks: list[str] = field(default_factory=lambda: ["BANK_A", "BANK_B"])
    token: str = ""
    says_more: int = 0
    status: int = 0
    asked: list[str] = field(default_factory=list)
    address: str = ""
    drops: int = 0
    body: bytes = b""

    def answer(self, path: str) -> tuple[int, object]:
        place, _, _ = path.partition("?")
        if place == "/api/c/banks":
            return 200, [{"name": bank, "matching_enabled_ratio": 1.0} for bank in self.banks]
        if place == "/api/c/signal_type/index":
            return 200, self._index()
        *_, bank, _, number = place.split("/")
        if int(number) not in self.contents or self.contents[int(number)][0] != bank:
            return 404, {"message": f"content '{number}' not found"}
        signals = self.contents[int(number)][1]
        named = {"name": bank, "matching_enabled_ratio": 1.0}
        return 200, {
            "id": int(number),
            "bank": named,
            "disable_until_ts": 1,
            "original_media_uri": None,
            "signals": signals,
        }

    def _index(self) -> dict[str, dict[str, object]]:
        sizes: dict[str, int] = {}
        for _, signals in self.contents.values():
            for name in signals:
                sizes[name] = sizes.get(name, self.says_more) + 1
        return {name: {"db_size": size, "index_size": size, "index_out_of_date": False} for name, size in sizes.items()}


@contextmanager
def played() -> Iterator[Played]:
    """It runs, on this machine, until the block ends."""
    facts = Played()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            facts.asked.append(self.path)
            if facts.drops:
                facts.drops -= 1
                self.close_connection = True
                return
            if facts.token and self.headers.get("Authorization") != f"Bearer {facts.token}":
                status, told = 401, {"message": "no"}
            else:
                status, told = facts.answer(self.path)
            status = facts.status or status
            body = facts.body or json.dumps(told, indent=1).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "http://192.0.2.1/")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    facts.address = f"http://127.0.0.1:{server.server_address[1]}/api"
    try:
        yield facts
    finally:
        server.shutdown()
        server.server_close()
