"""A demo officer's log-in to a running house, for scripts: over HTTP, with password and second factor."""

from __future__ import annotations

import json
import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from amparo.wiring.codes import code_now
from maintenance.houses import House

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def log_in_of(place: House, username: str) -> dict[str, str]:
    """Password and authenticator secret of a demo officer."""
    known: list[dict[str, str]] = json.loads((place.home / "demo" / "log-ins.json").read_text())
    return next(each for each in known if each["username"] == username)


class Visitor:
    """A logged-in officer who asks for pages."""

    def __init__(self, place: House, username: str) -> None:
        self._web = place.web
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        known = log_in_of(place, username)
        self._post("/log-in/", login=username, password=known["password"])
        self._post("/second-factor/authenticate/", code=code_now(known["totp_secret"]))
        if "/log-in/" in self._opener.open(self._web + "/").url:
            raise RuntimeError(f"{username} could not log in")

    def page(self, path: str) -> str:
        """The page's HTML."""
        with self._opener.open(self._web + path) as answer:
            return str(answer.read().decode())

    def _post(self, path: str, **fields: str) -> None:
        found = TOKEN.search(self.page(path))
        assert found, f"{path} has no form"
        data = urlencode({**fields, "csrfmiddlewaretoken": found[1]}).encode()
        self._opener.open(self._web + path, data).close()
