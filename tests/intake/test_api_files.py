"""Files at the platforms' door: in parts, sealed as they come, gone on with after anything."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.intake import queries
from amparo.intake.api import uploads
from amparo.intake.models import ApiUpload, Report
from amparo.vault import queries as vault_queries
from tests.intake.intake_house import picture, work
from tests.intake.platforms import WHOLE, Platform, door_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(uploads, "PART_BYTES", 10_000)
    with door_of(tmp_path, monkeypatch) as made:
        yield made


def lying(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((home.path / "uploads").rglob("*.part")))


def state_of(platform: Platform, file: str) -> str:
    return str(platform.send("GET", f"/files/{file}").json()["state"])


@pytest.mark.parametrize("before", [True, False])
def test_a_file_sent_before_or_after_its_report_becomes_an_examined_item_of_it(home: Home, before: bool) -> None:
    platform, data = Platform(), picture(3)
    said = {"name": "a.jpg", "media_type": "image/jpeg"}
    if before:
        file = platform.file(data, **said)
        assert platform.part(file, 0, data).headers["Upload-State"] == "checking"
        work(home)
        assert state_of(platform, file) == "whole"
        told = platform.report({**WHOLE, "files": [{"upload": file, "viewed": "no"}]}).json()
    else:
        told = platform.report().json()
        file = platform.file(data, report=told["id"], **said)
        platform.part(file, 0, data)
    work(home)
    assert state_of(platform, file) == "in_report"
    (item,) = vault_queries.items_of_origin(UUID(told["id"]))
    assert item.sha256 == hashlib.sha256(data).hexdigest() and item.name == "a.jpg"
    facts = queries.report(UUID(told["id"]))
    assert facts.attachments == 1 and not (home.path / "uploads" / file).exists()
    status = platform.send("GET", f"/reports/{told['id']}").json()
    assert status["files"] == [{"id": file, "name": "a.jpg", "state": "in_report"}]


def test_parts_lie_sealed_and_are_gone_on_with_from_what_was_told(home: Home) -> None:
    platform, data = Platform(), b"item shared " * 5_000
    file = platform.file(data)
    assert platform.part(file, 0, data[:25_000]).headers["Upload-Offset"] == "25000"
    assert b"item shared" not in lying(home) and len(lying(home)) > 25_000
    # A part of which nothing was told: it lies behind the offset, and the next one at its place counts.
    stray = home.path / "uploads" / file / f"{25_000:020d}.part"
    stray.write_bytes(b"cut")
    wrong = platform.part(file, 30_000, data[30_000:])
    assert wrong.status_code == 409 and "25000" in wrong.json()["detail"]
    assert platform.send("HEAD", f"/files/{file}").headers["Upload-Offset"] == "25000"
    platform.part(file, 25_000, data[25_000:])
    work(home)
    assert state_of(platform, file) == "whole"
    assert platform.part(file, len(data), b"a").status_code == 409


def test_a_file_whose_digest_differs_is_told_so_and_joins_no_report(home: Home) -> None:
    platform, data = Platform(), b"one thing"
    told = platform.report().json()
    file = platform.file(data, report=told["id"])
    platform.part(file, 0, b"other one")
    work(home)
    assert state_of(platform, file) == "differs" and vault_queries.items_of_origin(UUID(told["id"])) == ()
    assert "file_differs" in [each.kind for each in queries.report(UUID(told["id"])).work_items]
    again = platform.report({"text": "y", "files": [{"upload": file}]}).json()
    assert again["missing"][0] == {
        "field": "file", "pointer": "/files/0/upload", "grade": "blocks", "why": again["missing"][0]["why"]
    }  # fmt: skip


def test_a_changed_or_missing_part_makes_no_file(home: Home) -> None:
    platform, data = Platform(), random.Random(1).randbytes(30_000)
    for harm in ("change", "remove", "swap"):
        file = platform.file(data)
        platform.part(file, 0, data)
        parts = sorted((home.path / "uploads" / file).glob("*.part"))
        if harm == "change":
            parts[1].write_bytes(parts[1].read_bytes()[:-1] + b"\0")
        elif harm == "remove":
            parts[1].unlink()
        else:
            one, two = (each.read_bytes() for each in parts[:2])
            parts[0].write_bytes(two)
            parts[1].write_bytes(one)
        work(home)
        assert state_of(platform, file) == "differs", harm


def test_no_platform_sees_or_takes_another_s_file(home: Home) -> None:
    platform, other = Platform("One"), Platform("Two")
    file = platform.file(b"abc")
    for method in ("GET", "HEAD", "DELETE"):
        assert other.send(method, f"/files/{file}").status_code == 404
    assert other.part(file, 0, b"abc").status_code == 404
    assert other.report({"text": "x", "files": [{"upload": file}]}).json()["missing"][0]["field"] == "file"
    assert other.report({"text": "z", "files": [{"upload": "no uuid"}]}).status_code == 201
    assert ApiUpload.objects.get(uuid=file).report is None
    report = platform.report().json()["id"]
    announced = {"size_bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest(), "report": report}
    assert other.send("POST", "/files", announced).status_code == 404


def test_limits_are_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, sha = Platform(), "0" * 64
    too_large = platform.send("POST", "/files", {"size_bytes": uploads.LARGEST_BYTES + 1, "sha256": sha})
    assert too_large.status_code == 422 and "GiB" in too_large.json()["detail"]
    file = platform.file(b"abc")
    assert platform.part(file, 0, b"abcd").status_code == 422
    monkeypatch.setattr(uploads, "MOST_OPEN", 1)
    assert platform.send("POST", "/files", {"size_bytes": 3, "sha256": sha}).status_code == 422
    assert platform.send("DELETE", f"/files/{file}").status_code == 204
    assert platform.send("POST", "/files", {"size_bytes": 3, "sha256": sha}).status_code == 201
    monkeypatch.setattr(uploads, "_free_bytes", lambda: 0)
    assert "no room" in platform.send("POST", "/files", {"size_bytes": 3, "sha256": sha}).json()["detail"]
    assert platform.report().status_code == 201  # reports come before files


def test_an_empty_file_is_a_file(home: Home) -> None:
    platform = Platform()
    file = platform.file(b"")
    work(home)
    assert state_of(platform, file) == "whole"


def test_what_nobody_goes_on_with_is_given_up_in_time(home: Home) -> None:
    platform = Platform()
    left, whole, fresh = platform.file(b"abc"), platform.file(b"abc"), platform.file(b"abc")
    platform.part(whole, 0, b"abc")
    platform.part(left, 0, b"a")
    work(home)
    ApiUpload.objects.filter(uuid__in=[left, whole]).update(changed_at=clock.now() - timedelta(days=31))
    assert uploads.expire(home) == 2 and uploads.expire(home) == 0
    assert [state_of(platform, each) for each in (left, whole, fresh)] == ["expired", "expired", "open"]
    assert not (home.path / "uploads" / left).exists()
    assert Report.objects.count() == 0


def test_a_test_s_file_is_compared_and_kept_nowhere(home: Home) -> None:
    platform = Platform("Trial", test=True)
    told = platform.report().json()
    file = platform.file(b"abc", report=told["id"])
    platform.part(file, 0, b"abc")
    work(home)
    assert state_of(platform, file) == "in_report" and not (home.path / "uploads" / file).exists()
    assert vault_queries.items_of_origin(UUID(told["id"])) == ()
