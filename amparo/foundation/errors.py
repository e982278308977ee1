"""The four families of errors. Each carries one sentence for the officer and fields for the log (ids only, never content)."""

from __future__ import annotations


class AmparoError(Exception):
    """Root of all errors that Amparo raises on purpose. `sentence` says what happened and what to do next."""

    def __init__(self, sentence: str, **fields: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fields = fields


class Refused(AmparoError):
    """A rule said no. `obstacles` are the sentences that say why, in the order in which they were found."""

    def __init__(self, *obstacles: str, **fields: object) -> None:
        if not obstacles:
            raise ValueError("a refusal names at least one obstacle")
        super().__init__(" ".join(obstacles), **fields)
        self.obstacles = obstacles


class Missing(AmparoError):
    """What was asked for does not exist, or not for this person."""


class Unreachable(AmparoError):
    """Something outside did not answer; trying again later can help."""


class Broken(AmparoError):
    """Integrity is broken: bytes, a signature or a chain are not what they were. Always an alarm, never swallowed."""
