"""What an officer does with the pages, in the officer's words; each step is a few clicks in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from amparo.wiring.codes import code_now
from tests.journeys.house import LogIn

PATIENCE_SECONDS = 120


class Desk:
    """One officer at one browser. `refused` and `complaints` collect what no journey may meet."""

    def __init__(self, browser: Any, address: str, who: LogIn) -> None:
        self.context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self._log_in(who)

    def _log_in(self, who: LogIn) -> None:
        self.page.goto("/log-in/")
        self.page.fill("input[name=login]", who.username)
        self.page.fill("input[name=password]", who.password)
        self.page.click("button:has-text('Continue')")
        self.page.fill("input[name=code]", code_now(who.totp_secret))
        self.page.click("button.primary:has-text('Log in')")
        self.page.wait_for_url(lambda url: "log-in" not in url and "second-factor" not in url)

    def go(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"

    def goes_to(self, words: str) -> None:
        """Follow the link with these words."""
        self.page.get_by_role("link", name=words).first.click()
        self.page.wait_for_load_state()

    def sees(self, *words: str) -> None:
        for each in words:
            self.page.get_by_text(each).first.wait_for(state="attached")

    def waits_until(self, what: str, true: Callable[[], bool]) -> None:
        """Load the page again until it is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < deadline, f"waited in vain: {what}\n{self.page.inner_text('main')[:1500]}"
            self.page.wait_for_timeout(500)
            self.page.reload()

    def has(self, words: str) -> bool:
        return words in str(self.page.inner_text("main"))

    def media_shown(self) -> int:
        """How many pictures or films the page shows: reading never needs one."""
        return int(self.page.locator("main img, main video, main audio").count())

    def opens_dialog(self, words: str) -> Any:
        """Press the button that opens a dialog; the dialog."""
        self.page.get_by_role("button", name=words, exact=True).first.click()
        dialog = self.page.locator("dialog[open]")
        dialog.wait_for()
        return dialog

    def presses(self, words: str, within: Any = None) -> None:
        (within or self.page).get_by_role("button", name=words).first.click()
        self.page.wait_for_load_state()

    def downloads(self, path: str) -> str:
        answer = self.context.request.get(path)
        assert answer.ok, f"{path}: {answer.status}"
        return str(answer.text())
