"""The probes in a child that is an ordinary user's: it gives up root before it locks down, as if it had never had it."""

from __future__ import annotations

import os

from amparo.sandbox.inside import serve
from tests.sandbox import probes

USER = 60123


def main(parent: int) -> None:
    # Loaded while root: where only root may read the interpreter's own folder, nothing could be loaded afterwards.
    serve.warm()
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    probes.main(parent)
