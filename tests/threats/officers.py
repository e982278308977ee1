"""Officers who come in by the door: password and second factor, as in a browser."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache as limits
from django.test import Client

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.vault import actions as vault
from amparo.vault.keys import make_keys
from amparo.wiring import officers
from amparo.wiring.codes import code_now

CLI = Actor.of_process("cli")
PASSWORD = "a long pass phrase 21"
LOG_IN, SECOND_FACTOR = "/log-in/", "/second-factor/authenticate/"
EVERY_PAGE = ("supervisor", "investigator", "liaison", "victim_specialist", "analyst", "auditor")


@dataclass(frozen=True)
class Enrolled:
    username: str
    totp_secret: str


def lay_house() -> None:
    """Keys and compartments, as `amparo up` makes them."""
    settings.HOME.make()
    make_keys(settings.HOME)
    officers.lay_foundations(settings.HOME)


def enrolled(username: str, *roles: str) -> Enrolled:
    """An officer with both factors."""
    made = officers.enrol(settings.HOME, username, username.capitalize(), "Unit 3", roles, password=PASSWORD)
    return Enrolled(username, made.totp_secret)


def logged_in(who: Enrolled) -> Client:
    """A browser in which `who` passed both factors."""
    client = Client()
    assert client.post(LOG_IN, {"login": who.username, "password": PASSWORD}).url == SECOND_FACTOR  # type: ignore[attr-defined]
    client.post(SECOND_FACTOR, {"code": code_now(who.totp_secret)})
    assert "_auth_user_id" in client.session
    return client


class People:
    """vera may open every page; olga is an auditor; rosa has no role; nils has no second factor."""

    def __init__(self) -> None:
        self.vera = enrolled("vera", *EVERY_PAGE)
        self.olga = enrolled("olga", "auditor")
        self.rosa = enrolled("rosa")
        added = access.add_officer(CLI, "nils", "Nils", "Unit 3", EVERY_PAGE, PASSWORD)
        vault.make_member_key(CLI, added.officer, PASSWORD)
        self._cookies = {who.username: logged_in(who).cookies for who in (self.vera, self.olga, self.rosa)}
        limits.clear()

    def browser(self, who: Enrolled, **options: bool) -> Client:
        """Where `who` logged in before."""
        client = Client(**options)  # type: ignore[arg-type]
        for name, cookie in self._cookies[who.username].items():
            client.cookies[name] = cookie.value
        return client
