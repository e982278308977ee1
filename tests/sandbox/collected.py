"""A sink that keeps what a parser finds, for tests that run a parser in their own process."""

from __future__ import annotations


class Collected:
    def __init__(self) -> None:
        self.blobs: list[tuple[dict[str, object], bytearray]] = []

    def begin(self, **about: object) -> None:
        self.blobs.append((about, bytearray()))

    def write(self, chunk: bytes) -> None:
        self.blobs[-1][1].extend(chunk)

    def void(self) -> None:
        self.blobs.pop()

    @property
    def names(self) -> list[object]:
        return [about["name"] for about, _ in self.blobs]
