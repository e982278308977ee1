"""A house for benchmarks that measure inside one process: its own home, its own database, SQLite or PostgreSQL.

To be entered before anything of Django is imported.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.throwaway_postgres import throwaway_postgres


@contextmanager
def empty_house(database: str) -> Iterator[Path]:
    """The home's folder, its database migrated. database: "sqlite", "postgres" (a server of its own, thrown away) or a URL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=".", prefix="benchmark-"))).absolute()
        url = {"sqlite": "", "postgres": ""}.get(database, database)
        if database == "postgres":
            url = stack.enter_context(throwaway_postgres())
        os.environ.update(
            AMPARO_HOME=str(folder),
            AMPARO_DATABASE=url,
            DJANGO_SETTINGS_MODULE="amparo.wiring.settings",
            AMPARO_LOG="ERROR",
        )
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        yield folder
        connection.close()


def analysed() -> None:
    """The planner knows the tables, as it does in a house that has run for a day."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
