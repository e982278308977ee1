"""What every test stands on. The home of their own comes earlier, from tests/own_home.py."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A slow or busy machine is no failure: time is measured by benchmarks, never asserted. The same examples each time, so that a
# build says the same twice; AMPARO_FUZZ=1 looks for new ones.
settings.register_profile("amparo", deadline=None, derandomize=not os.environ.get("AMPARO_FUZZ"))
settings.load_profile("amparo")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is installed (CI), a skipped test is a failure: nobody would notice what no longer runs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("AMPARO_SKIP_NOTHING") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("Tests were skipped where nothing may be skipped.", red=True)
        session.exitstatus = 1
