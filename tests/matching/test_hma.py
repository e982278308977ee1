"""Systems that speak HMA's interface ask this house: the same addresses, parameters and answers, and a key."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.matching import actions as lists
from amparo.matching.hma import actions, keys, uploads
from amparo.matching.hma.models import Asked, Client
from amparo.vault import keys as vault_keys

pytestmark = pytest.mark.django_db(transaction=True)
CLI = Actor.of_process("cli")
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    home = Home.from_env()
    vault_keys.make_keys(home)
    return home


def flipped(digits: str, bits: int) -> str:
    number = int(digits, 16)
    for bit in range(bits):
        number ^= 1 << (bit * 7 % 256)
    return f"{number:064x}"


def listed(name: str, *rows: Mapping[str, str], version: str = "1") -> None:
    lists.import_list(CLI, name=name, source="A test", version=version, scheme="", scope="", rows=rows)


class Asker:
    """A client of HMA: a base address, a key, JSON back."""

    def __init__(self, key: str, **headers: str) -> None:
        self._browser = Browser(enforce_csrf_checks=True)
        self._headers = headers or {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **given: object) -> tuple[int, Any]:
        return self._told(self._browser.get(f"/hma{path}", given, headers=self._headers))

    def post(self, path: str, **sent: Any) -> tuple[int, Any]:
        return self._told(self._browser.post(f"/hma{path}", headers=self._headers, **sent))

    def send(self, path: str, **files: bytes) -> tuple[int, Any]:
        return self.post(path, data={name: SimpleUploadedFile("x", data) for name, data in files.items()})

    @staticmethod
    def _told(answer: Any) -> tuple[int, Any]:
        return answer.status_code, json.loads(answer.content)


@pytest.fixture
def asker(home: Home) -> Asker:
    return Asker(actions.make_key(CLI, "A platform").key)


def picture(*, flat: bool = False, mirrored: bool = False) -> bytes:
    """An abstract picture: smooth patches by chance, or one even grey."""
    patches = np.random.default_rng(1).integers(0, 255, (12, 12)).astype(np.uint8)
    image = (
        Image.new("L", (200, 200), 128)
        if flat
        else Image.fromarray(patches).resize((300, 260), Image.Resampling.BICUBIC)
    )
    out = io.BytesIO()
    (image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image).convert("RGB").save(out, "PNG")
    return out.getvalue()


def seeded() -> None:
    """The lists that HMA itself was given when its answers were taken down: two banks, contents 1 to 7."""
    listed("Bank A", *({"pdq": flipped(PDQ, bits)} for bits in (0, 5, 31, 32)))
    listed("Bank B", {"pdq": flipped(PDQ, 2), "md5": MD5}, {"sha256": "ab" * 32})


# What a running HMA answers to these questions about the lists above. "id" stands for whatever number a content has.
A0, A5, A31, B2 = (("BANK_A", "0"), ("BANK_A", "5"), ("BANK_A", "31"), ("BANK_B", "2"))
LOOKUPS = [
    ({"signal": PDQ, "signal_type": "pdq"}, [A0, A5, A31, B2]),
    ({"signal": PDQ, "signal_type": "pdq", "banks": "BANK_A"}, [A0, A5, A31]),
    ({"signal": PDQ, "signal_type": "pdq", "banks": "BANK_B,OTHER"}, [B2]),
    ({"signal": PDQ, "signal_type": "pdq", "banks": "OTHER"}, []),
    ({"signal": PDQ, "signal_type": "pdq", "seed": "1", "bypass_coinflip": "true"}, [A0, A5, A31, B2]),
    ({"signal": f" {MD5.upper()} ", "signal_type": "video_md5"}, [("BANK_B", "-")]),
    ({"signal": "ab" * 32, "signal_type": "video_sha256"}, [("BANK_B", "-")]),
    ({"signal": "0" * 64, "signal_type": "pdq"}, []),
]


def test_look_ups_are_answered_as_hma_answers_them(asker: Asker) -> None:
    seeded()
    for given, expected in LOOKUPS:
        status, answer = asker.get("/m/lookup", **given)
        assert status == 200
        found = [(bank, match["distance"]) for bank, matches in answer.items() for match in matches]
        assert sorted(found) == sorted(expected)
        contents = {match["bank_content_id"] for matches in answer.values() for match in matches}
        assert len(contents) == len(expected) and all(type(each) is int for each in contents)
        status, raw = asker.get("/m/raw_lookup", **given, include_distance="true")
        assert status == 200
        assert {each["bank_content_id"] for each in raw["matches"]} == contents
        assert sorted(each["distance"] for each in raw["matches"]) == sorted(distance for _, distance in expected)
        assert sorted(asker.get("/m/raw_lookup", **given)[1]["matches"]) == sorted(contents)


REFUSED = [
    ("/m/raw_lookup", {"signal": "zz", "signal_type": "pdq"}, 400, {"message": "invalid signal: invalid PDQ hash"}),
    (
        "/m/raw_lookup",
        {"signal": PDQ.upper(), "signal_type": "pdq"},
        400,
        {"message": "invalid signal: invalid PDQ hash"},
    ),
    ("/m/raw_lookup", {"signal": PDQ, "signal_type": "nope"}, 400, {"message": "No such SignalType 'nope'"}),
    ("/m/lookup", {"signal": PDQ}, 400, {"message": "Either url or both signal and signal_type are required"}),
    ("/m/lookup", {}, 400, {"message": "Either url or both signal and signal_type are required"}),
    (
        "/m/lookup",
        {"signal": "", "signal_type": "pdq"},
        400,
        {"message": "Either url or both signal and signal_type are required"},
    ),
    ("/m/index/status", {"signal_type": "nope"}, 400, {"message": "No such signal type 'nope'"}),
    ("/c/bank/NOPE", {}, 404, {"message": "bank 'NOPE' not found"}),
    ("/c/bank/NOPE/content/1", {}, 404, {"message": "bank 'NOPE' not found"}),
    ("/c/bank/BANK_A/content/9999", {}, 404, {"message": "content '9999' not found"}),
    ("/c/exchange/NOPE", {}, 404, {"message": "Exchange 'NOPE' not found"}),
]


def test_what_hma_refuses_is_refused_in_the_same_words(asker: Asker) -> None:
    seeded()
    for path, given, status, said in REFUSED:
        assert asker.get(path, **given) == (status, said)
    for given, missing in (({}, ["signal", "signal_type"]), ({"signal": PDQ}, ["signal_type"])):
        status, told = asker.get("/m/raw_lookup", **given)
        assert status == 422
        assert [(each["type"], each["loc"], each["msg"]) for each in told] == [
            ("missing", [name], "Field required") for name in missing
        ]
    status, told = asker.get("/m/raw_lookup", signal=PDQ, signal_type="pdq", include_distance="maybe")
    assert (status, told[0]["type"], told[0]["loc"]) == (422, "bool_parsing", ["include_distance"])


def test_what_is_there_is_told_as_hma_tells_it(asker: Asker) -> None:
    seeded()
    bank_a = {"matching_enabled_ratio": 1.0, "name": "BANK_A"}
    assert asker.get("/c/banks") == (200, [bank_a, {"matching_enabled_ratio": 1.0, "name": "BANK_B"}])
    assert asker.get("/c/bank/BANK_A") == (200, bank_a)
    number = asker.get("/m/raw_lookup", signal=PDQ, signal_type="pdq", banks="BANK_A")[1]["matches"][0]
    content = {"id": number, "bank": bank_a, "disable_until_ts": 1, "original_media_uri": None}
    assert asker.get(f"/c/bank/BANK_A/content/{number}") == (200, content)
    assert asker.get(f"/c/bank/BANK_B/content/{number}")[0] == 404
    types = [{"enabled_ratio": 1.0, "name": name} for name in ("pdq", "video_md5", "video_sha256")]
    assert asker.get("/c/signal_type") == (200, types)
    assert asker.get("/c/content_type") == (
        200,
        [{"enabled": True, "name": "photo"}, {"enabled": True, "name": "video"}],
    )
    assert asker.get("/c/exchanges") == (200, [])
    _, index = asker.get("/m/index/status")
    assert {name: (each["present"], each["size"]) for name, each in index.items()} == {
        "pdq": (True, 5),
        "video_md5": (True, 1),
        "video_sha256": (True, 1),
    }
    assert abs(index["pdq"]["built_to"] - clock.now().timestamp()) < 60
    of_index = asker.get("/c/signal_type/index", signal_type="video_md5")[1]["video_md5"]
    assert (of_index["db_size"], of_index["index_size"], of_index["index_out_of_date"]) == (1, 1, False)
    assert asker.post(
        "/m/compare", data=json.dumps({"pdq": [PDQ, flipped(PDQ, 9)]}), content_type="application/json"
    ) == (
        200,
        {"pdq": [True, {"distance": 9}]},
    )


def test_a_file_is_looked_at_in_the_sandbox_and_looked_up(asker: Asker) -> None:
    data = picture()
    _, hashed = asker.send("/h/hash", photo=data)
    seeded()
    listed("Pictures", {"pdq": flipped(hashed["pdq"], 3)}, {"md5": hashlib.md5(data).hexdigest()})
    assert list(hashed) == ["pdq"]
    _, answer = asker.send("/m/lookup", photo=data)
    assert [each["distance"] for each in answer["pdq"]["PICTURES"]] == ["3"]
    _, answer = asker.send("/m/lookup", photo=picture(mirrored=True))
    assert len(answer["pdq"]["PICTURES"]) == 1
    _, answer = asker.send("/m/lookup", video=data)
    assert [each["distance"] for each in answer["video_md5"]["PICTURES"]] == ["-"]
    assert answer["video_sha256"] == {}
    assert asker.send("/m/lookup?banks=BANK_A", video=data)[1] == {"video_md5": {}, "video_sha256": {}}
    digests = {"video_md5": hashlib.md5(data).hexdigest(), "video_sha256": hashlib.sha256(data).hexdigest()}
    assert asker.send("/h/hash", video=data) == (200, digests)
    assert asker.send("/h/hash?types=video_md5", video=data)[1] == {"video_md5": digests["video_md5"]}


def test_a_file_that_cannot_be_compared_is_not_called_unknown(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = picture(flat=True)
    assert asker.send("/h/hash", photo=flat) == (200, {"pdq": ""})
    assert asker.send("/m/lookup", photo=flat) == (
        400,
        {"message": "invalid signal: this picture is too plain to compare"},
    )
    assert asker.send("/m/lookup", photo=b"no picture")[0] == 400
    for path in ("/h/hash", "/m/lookup"):
        assert asker.post(path) == (400, {"message": "Missing multipart/form-data file upload"})
        assert asker.send(path, nope=flat) == (400, {"message": "no such content_type: 'nope'"})
        assert asker.send(path, photo=flat, video=flat) == (400, {"message": "Only one file allowed per request"})
    assert asker.send("/h/hash?types=nope", photo=flat)[1] == {
        "message": "signal type 'nope' doesn't exist or is disabled"
    }
    assert asker.send("/h/hash?types=,", photo=flat)[1] == {"message": "empty signal type selection"}
    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000)
    assert asker.send("/h/hash", video=b"x" * 5_000)[0] in {400, 413}


def test_nothing_is_fetched_changed_or_handed_out(asker: Asker) -> None:
    seeded()
    for path in ("/m/lookup", "/h/hash"):
        assert asker.get(path, url="http://192.0.2.1/x.png")[0] == 403
    number = asker.get("/m/raw_lookup", signal=PDQ, signal_type="pdq")[1]["matches"][0]
    status, told = asker.get(f"/c/bank/BANK_A/content/{number}", include_signals="true")
    assert status == 403 and PDQ not in json.dumps(told)
    for path in (
        "/c/banks",
        "/c/bank/BANK_A",
        "/c/bank/BANK_A/signal",
        "/c/bank/BANK_A/content",
        "/c/exchanges",
        "/c/signal_type/pdq",
    ):
        assert asker.post(path, data={})[0] == 405


def test_without_a_key_that_counts_nothing_is_said(home: Home) -> None:
    seeded()
    made = actions.make_key(CLI, "A platform")
    client, _, secret = made.key.removeprefix("amparo_").partition("_")
    wrong = [
        {"Authorization": ""},
        {"Authorization": f"Bearer {made.key[:-1]}"},
        {"Authorization": f"Bearer {made.key}x"},
        {"Authorization": f"Bearer amparo_{int(client) + 1}_{secret}"},
        {"Authorization": f"Bearer {keys.key_of(int(client), keys.new_secret())}"},
        {"Authorization": f"Bearer amparo_{'9' * 300}_{secret}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": f"Digest {made.key}"},
        {"X-API-Key": "nothing"},
    ]
    for headers in wrong:
        for path in ("/m/lookup", "/m/raw_lookup", "/c/banks", "/h/hash", "/m/index/status"):
            status, told = Asker("", **headers).get(path, signal=PDQ, signal_type="pdq")
            assert (status, list(told)) == (401, ["message"])
    assert not Asked.objects.exists()
    pair = base64.b64encode(f"hma:{made.key}".encode()).decode()
    for headers in ({"Authorization": f"Basic {pair}"}, {"X-API-Key": made.key}):
        assert Asker("", **headers).get("/c/banks")[0] == 200
    actions.revoke(CLI, made.client)
    assert Asker(made.key).get("/c/banks")[0] == 401
    with pytest.raises(Missing):
        actions.revoke(CLI, made.client)


def test_whoever_asks_whether_the_house_is_alive_needs_no_key(home: Home) -> None:
    for path in ("/hma/status", "/hma/status/live"):
        answer = Browser().get(path)
        assert (answer.status_code, answer.content) == (200, b"I-AM-ALIVE")


def test_of_a_key_only_a_digest_is_kept(home: Home) -> None:
    made = actions.make_key(CLI, "  A   platform ")
    client = Client.objects.get(uuid=made.client)
    assert client.name == "A platform"
    secret = made.key.split("_", 2)[2]
    assert secret not in str(vars(client)) and secret.encode() not in bytes(client.key_sha256)
    assert bytes(client.key_sha256) == keys.digest_of(made.key.split("_", 2)[2])
    for name in ("A platform", " ", "x" * 81):
        with pytest.raises(Refused):
            actions.make_key(CLI, name)
    actions.revoke(CLI, made.client)
    assert actions.make_key(CLI, "A platform").key != made.key


def test_what_was_asked_is_counted_by_the_hour_and_recorded_once(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    seeded()
    began = clock.now().replace(minute=59, second=58, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: began)
    for _ in range(3):
        asker.get("/m/lookup", signal=PDQ, signal_type="pdq")
    asker.get("/m/lookup", signal="zz", signal_type="pdq")
    asker.send("/h/hash", video=b"x")
    (hour,) = Asked.objects.all()
    assert (hour.questions, hour.files, hour.hits, hour.recorded) == (5, 1, 12, False)
    assert custody.acts(kind="lists.asked").total == 0
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(minutes=2))
    for _ in range(2):
        asker.get("/c/banks")
    assert [(each.questions, each.recorded) for each in Asked.objects.order_by("hour")] == [(5, True), (2, False)]
    (act,) = custody.acts(kind="lists.asked").lines
    assert {name: act.about[name] for name in ("questions", "files", "hits")} == {
        "questions": 5,
        "files": 1,
        "hits": 12,
    }
    assert PDQ not in json.dumps(act.about)
