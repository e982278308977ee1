"""What every test stands on. The home of their own comes earlier, from tests/own_home.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck, settings

from amparo.vault import envelope

# A slow or busy machine is no failure: time is measured by benchmarks, never asserted. The same examples each time, so that a
# build says the same twice; AMPARO_FUZZ=1 looks for new ones.
settings.register_profile(
    "amparo",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("AMPARO_FUZZ"),
)
settings.load_profile("amparo")

# Passwords and keys are stretched by the same functions, only shorter: every test enrols officers. A system that a test starts
# (tests/wiring, tests/threats, tests/journeys) has its own processes and stretches in full; so does `stretched_in_full`.
_SHORT = {
    (Argon2PasswordHasher, "time_cost"): 1,
    (Argon2PasswordHasher, "memory_cost"): 64,
    (envelope, "ARGON2ID_PASSES"): 1,
    (envelope, "ARGON2ID_MEMORY_KIB"): 64,
}
_FULL = {(place, name): getattr(place, name) for place, name in _SHORT}
for (_place, _name), _value in _SHORT.items():
    setattr(_place, _name, _value)

# After each transactional test Django empties the tables and then writes its own permissions and content types again; nothing
# here reads them.
flush.emit_post_migrate_signal = lambda *given, **named: None  # noqa: ARG005


def _emptied(
    operations: DatabaseOperations,
    style: object,
    tables: list[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """Statements that empty the few tables that a test filled: TRUNCATE writes new files for each of hundreds."""
    quoted = [operations.quote_name(each) for each in tables]
    asked = " UNION ALL ".join(f"SELECT {n} WHERE EXISTS (SELECT 1 FROM {each})" for n, each in enumerate(quoted))
    with operations.connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [quoted[n] for (n,) in cursor.fetchall()]
    unbound, bound = "SET LOCAL session_replication_role = replica", "SET LOCAL session_replication_role = DEFAULT"
    return [unbound, *(f"DELETE FROM {each}" for each in filled), bound] if filled else []


DatabaseOperations.sql_flush = _emptied


@pytest.fixture
def stretched_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """For vectors and promises about strength: the costs that a house has."""
    for (place, name), value in _FULL.items():
        monkeypatch.setattr(place, name, value)


# Files whose tests start whole houses and browsers, which use more than a core each: spread among the others, so that two of them
# seldom meet, and none is left for the end.
HEAVY = (
    "wiring/",
    "journeys/",
    "viewing/test_in_browser.py",
    "cases/test_groups_in_browser.py",
    "cases/test_links_spark.py",
)
HEAVY += (
    "jobs/test_killed_workers.py",
    "threats/test_tampering.py",
    "threats/test_at_rest.py",
    "scan_cluster/",
    "demo/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests, files = Path(__file__).parent, dict[Path, list[pytest.Item]]()
    for item in items:
        files.setdefault(item.path, []).append(item)
    heavy = [each for each in files if each.relative_to(tests).as_posix().startswith(HEAVY)]
    light = [each for each in files if each not in set(heavy)]
    step = -(-len(light) // max(1, len(heavy)))
    order = [file for n in range(max(len(heavy), 1)) for file in (*heavy[n : n + 1], *light[n * step : (n + 1) * step])]
    items[:] = [item for file in order for item in files[file]]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is installed (CI), a skipped test is a failure: nobody would notice what no longer runs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("AMPARO_SKIP_NOTHING") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("Tests were skipped where nothing may be skipped.", red=True)
        session.exitstatus = 1
