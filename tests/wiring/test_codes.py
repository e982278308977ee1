from __future__ import annotations

import base64

import pytest

from amparo.wiring.codes import code_now

SECRET = base64.b32encode(b"12345678901234567890").decode()


# RFC 6238, appendix B, SHA-1, the last six of its eight digits.
@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_digits_are_those_of_the_published_vectors(at: int, code: str) -> None:
    assert code_now(SECRET, at) == code
