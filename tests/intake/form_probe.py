"""The form's application, and beside it what a break-in there would try: run as the form by test_form_pages.py."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from amparo.foundation.home import Home
from amparo.wiring.public import application as form

_HOME = Home.from_env()


def _tried(path: Path) -> str:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        return type(error).__name__
    return "opened"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/probe":
        return form(environ, start_response)
    paths = {
        "session": _HOME.keys / "house" / "session.key",
        "worker": _HOME.keys / "worker" / "worker.key",
        "database": _HOME.database,
        "own": _HOME.keys / "form" / "code.key",
        "spool": _HOME.spool,
        "talk": _HOME.talk,
        "home": _HOME.path,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: _tried(path) for name, path in paths.items()}).encode()]
