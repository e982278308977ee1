from __future__ import annotations

import logging

from amparo.wiring.logs import WithoutContent


def test_an_exception_in_the_log_tells_its_type_and_place_and_not_what_it_quotes() -> None:
    try:
        int("a reporter's words")
    except ValueError as error:
        record = logging.LogRecord(
            "amparo", logging.ERROR, "x", 1, "job failed", (), (ValueError, error, error.__traceback__)
        )
    told = WithoutContent("%(message)s").format(record)
    assert "ValueError" in told
    assert "test_logs.py" in told
    assert "words" not in told
