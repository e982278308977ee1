"""The client. Whatever fails on the way is sent again under the same Idempotency-Key, so that nothing is lost or done twice."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from amparo_client.report import Report

PART_BYTES = 4 << 20
BLOCK_BYTES = 1 << 20
AGAIN = frozenset({409, 429, 502, 503, 504})  # another try can help; 409 only where the door says when
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


class Problem(Exception):
    """The door's refusal (RFC 9457). errors: (pointer, sentence) for each fault."""

    def __init__(self, status: int, detail: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        places = "".join(f"\n  {pointer or '(whole)'}: {words}" for pointer, words in errors)
        super().__init__(f"{status}: {detail}{places}")
        self.status, self.detail, self.errors = status, detail, errors
        self.retry_after: int | None = None


class Unreachable(Exception):
    """The door did not answer, however often it was tried. Doing the same again later doubles nothing."""


@dataclass(frozen=True)
class Lack:
    """A field that the report should have and doesn't, and why that matters. pointer: RFC 6901."""

    field: str
    pointer: str
    grade: Literal["blocks", "slows", "would_help"]
    why: str


@dataclass(frozen=True)
class Completeness:
    """In percent of what applies to the report, whole and by its parts. missing: what blocks a follow-up first."""

    score: int
    parts: Mapping[str, int]
    missing: tuple[Lack, ...]

    @property
    def blocking(self) -> tuple[Lack, ...]:
        """What keeps police from following the report up."""
        return tuple(each for each in self.missing if each.grade == "blocks")


@dataclass(frozen=True)
class Reported(Completeness):
    """The report stands there. reference: by which to speak of it. repeated: it was there before."""

    id: UUID
    reference: str
    test: bool
    repeated: bool


@dataclass(frozen=True)
class Supplemented(Completeness):
    id: UUID
    repeated: bool


@dataclass(frozen=True)
class File:
    """state: open, checking, whole, in_report, differs, expired. offset: how many bytes are there."""

    id: UUID
    name: str
    size_bytes: int
    sha256: str
    offset: int
    state: str
    report: UUID | None


@dataclass(frozen=True)
class Status(Completeness):
    """state: received, read, in_case, closed, retracted, tested. files: id -> state."""

    id: UUID
    reference: str
    own_reference: str
    state: str
    test: bool
    files: Mapping[UUID, str]


@dataclass(frozen=True)
class Feedback:
    """result: usable, junk, duplicate, false; "" while nobody decided. asked_for: code -> why."""

    id: UUID
    decided: bool
    result: str
    asked_for: Mapping[str, str]


@dataclass(frozen=True)
class Key:
    platform: str
    test: bool
    scopes: tuple[str, ...]
    reports_a_second: int


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.body))


@dataclass
class Client:
    """A platform's side of the door. address: as it was told you, such as https://reports.example.org.

    timeout_s: of one try. sleep: for tests. Use one for each thread.
    """

    address: str
    key: str = field(repr=False)
    timeout_s: float = 60.0
    tries: int = len(PAUSES) + 1
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("address must begin with https://")
        beside = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme == "http" and not beside:
            raise ValueError("a key travels over https alone, but to this machine")
        self._parts = parts

    # --- Reports ---------------------------------------------------------------------------------------------------------

    def send(self, report: Report | Mapping[str, Any], *, idempotency_key: str | None = None) -> Reported:
        """Sends a report; what it lacks is in the answer. Give a key of your own to be able to do it again after a crash."""
        found = self._post("/reports", report, idempotency_key).json()
        return Reported(
            *_graded(found), UUID(found["id"]), found["reference"], bool(found["test"]), bool(found["repeated"])
        )

    def supplement(
        self, report: UUID, more: Report | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Supplemented:
        """Adds what the report lacked."""
        found = self._post(f"/reports/{report}/supplements", more, idempotency_key).json()
        return Supplemented(*_graded(found), UUID(found["id"]), bool(found["repeated"]))

    def retract(self, report: UUID, reason: str, words: str = "", *, idempotency_key: str | None = None) -> None:
        """Takes the report back. reason: mistaken, duplicate, not_illegal, appeal or other (then in words)."""
        self._post(f"/reports/{report}/retraction", {"reason": reason, "words": words}, idempotency_key)

    def status(self, report: UUID) -> Status:
        """How the report stands."""
        found = self._ask("GET", f"/reports/{report}").json()
        files = {UUID(each["id"]): str(each["state"]) for each in found["files"]}
        return Status(
            *_graded(found), UUID(found["id"]), found["reference"], found["own_reference"], found["state"],
            bool(found["test"]), files,
        )  # fmt: skip

    def feedback(self, report: UUID) -> Feedback:
        """What the report was good for."""
        found = self._ask("GET", f"/reports/{report}/feedback").json()
        asked = {each["code"]: each["why"] for each in found["asked_for"]}
        return Feedback(UUID(found["id"]), bool(found["decided"]), found["result"], asked)

    def whoami(self) -> Key:
        """Whether the key counts, and what it may do."""
        found = self._ask("GET", "/key").json()
        return Key(found["platform"], bool(found["test"]), tuple(found["scopes"]), int(found["reports_a_second"]))

    # --- Files -----------------------------------------------------------------------------------------------------------

    def upload(
        self,
        source: str | os.PathLike[str] | BinaryIO,
        *,
        name: str | None = None,
        media_type: str = "",
        report: UUID | None = None,
    ) -> File:
        """Sends a file, before or after its report. Done again after a crash of either side it goes on where it stood.

        source: a path, or a seekable binary file. Returns once every byte is there; the door then compares the digest
        (`file`). Raises Problem, Unreachable.
        """
        if not hasattr(source, "read"):
            path = Path(source)
            with path.open("rb") as opened:
                return self.upload(opened, name=name or path.name, media_type=media_type, report=report)
        stream = cast("BinaryIO", source)
        size_bytes, sha256 = _measured(stream)
        announced = {"name": name or "file", "media_type": media_type, "size_bytes": size_bytes, "sha256": sha256}
        if report is not None:
            announced["report"] = str(report)
        found = self._announce(announced)
        stuck = 0
        while found.state == "open" and found.offset < size_bytes:
            if stuck:
                self.sleep(PAUSES[min(stuck, len(PAUSES)) - 1])
            before, found = found.offset, self._send_part(found, stream)
            stuck = stuck + 1 if found.offset == before else 0
            if stuck >= self.tries:
                raise Unreachable(f"{self.address} took no part of the file in {self.tries} tries")
        return found

    def file(self, file: UUID) -> File:
        """How much of the file is there, and whether it is the one announced."""
        return _file(self._ask("GET", f"/files/{file}").json())

    def give_up(self, file: UUID) -> None:
        """The file isn't sent after all. Not for one that a report holds."""
        self._ask("DELETE", f"/files/{file}")

    def _announce(self, announced: dict[str, Any]) -> File:
        """The same file is announced under the same key, so that nothing need be remembered here to go on with it."""
        for attempt in range(100):
            said = json.dumps([announced, attempt], sort_keys=True).encode()
            begun = self._post("/files", announced, f"file-{hashlib.sha256(said).hexdigest()}")
            found = self.file(UUID(begun.json()["id"]))
            if found.state not in ("differs", "expired"):
                return found
        raise Unreachable("the file was given up again and again")

    def _send_part(self, file: File, stream: BinaryIO) -> File:
        """One part; after a failure the door is asked where it stands."""
        stream.seek(file.offset)
        part = stream.read(min(PART_BYTES, file.size_bytes - file.offset))
        if not part:
            raise ValueError("the file became shorter while it was being sent")
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(file.offset)}
        try:
            answer = self._once("PATCH", f"/files/{file.id}", part, headers)
        except OSError:
            answer = None
        if answer is not None and answer.status not in AGAIN and answer.status >= 400:
            raise _problem(answer)
        if answer is None or answer.status >= 400:
            return self.file(file.id)
        told = {name.lower(): value for name, value in answer.headers.items()}
        return File(
            file.id,
            file.name,
            file.size_bytes,
            file.sha256,
            int(told["upload-offset"]),
            told["upload-state"],
            file.report,
        )

    # --- Asking ----------------------------------------------------------------------------------------------------------

    def _post(self, path: str, said: Mapping[str, Any] | Report, idempotency_key: str | None) -> _Answer:
        body = json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key or str(uuid4())}
        return self._ask("POST", path, body, headers)

    def _ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> _Answer:
        """The answer, after as many tries as it takes and are allowed."""
        last: Exception | None = None
        for attempt in range(self.tries):
            if attempt:
                self.sleep(_pause(attempt, last))
            try:
                answer = self._once(method, path, body, headers or {})
            except OSError as error:
                last = error
                continue
            if answer.status < 400:
                return answer
            last = _problem(answer)
            if answer.status not in AGAIN or (answer.status == 409 and "retry-after" not in answer.headers):
                raise last
        if isinstance(last, Problem):
            raise last
        raise Unreachable(f"{self.address} did not answer in {self.tries} tries") from last

    def _once(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
        """One try. OSError where no whole answer came."""
        made = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        connection = made(self._parts.hostname or "", self._parts.port, timeout=self.timeout_s)
        try:
            sent = {"Authorization": f"Bearer {self.key}", "User-Agent": "amparo-client/1", **headers}
            connection.request(method, f"{self._parts.path.rstrip('/')}/api/v1{path}", body or None, sent)
            answer: HTTPResponse = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return _Answer(answer.status, told, answer.read())
        except HTTPException as error:
            raise OSError("the answer was cut short") from error
        finally:
            connection.close()


def _pause(attempt: int, last: Exception | None) -> float:
    """As long as the door says, else longer each time."""
    said = getattr(last, "retry_after", None)
    return float(said) if said is not None else PAUSES[min(attempt, len(PAUSES)) - 1]


def _problem(answer: _Answer) -> Problem:
    try:
        said = answer.json()
        errors = tuple((str(each["pointer"]), str(each["detail"])) for each in said.get("errors", []))
        found = Problem(answer.status, str(said["detail"]), errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        found = Problem(answer.status, "an answer that is none of the door's")
    wait = answer.headers.get("retry-after", "")
    found.retry_after = min(int(wait), 120) if wait.isascii() and wait.isdecimal() and len(wait) < 6 else None
    return found


def _graded(found: Mapping[str, Any]) -> tuple[int, Mapping[str, int], tuple[Lack, ...]]:
    lacks = tuple(Lack(each["field"], each["pointer"], each["grade"], each["why"]) for each in found["missing"])
    return int(found["score"]), dict(found["parts"]), lacks


def _file(found: Mapping[str, Any]) -> File:
    report = UUID(found["report"]) if found["report"] else None
    return File(
        UUID(found["id"]),
        found["name"],
        int(found["size_bytes"]),
        found["sha256"],
        int(found["offset"]),
        found["state"],
        report,
    )


def _measured(stream: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()
