"""The platforms' door: keys, reports, idempotency, what is missing, tests, what follows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.intake import queries
from amparo.intake.api import accepting, completeness, keys, once
from amparo.intake.api.accepting import accept
from amparo.intake.api.submission import Submission
from amparo.intake.models import ApiAnswer, ApiKey, ApiReport, Arrival, Report, SealedIdentity, Sender
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import ProcessKeys
from tests.intake.intake_house import on_the_queue, work
from tests.intake.platforms import AT, CLI, WHOLE, Platform, door_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with door_of(tmp_path, monkeypatch) as made:
        yield made


def original_of(report: UUID) -> bytes:
    item = Arrival.objects.get(report_uuid=report).content
    assert item
    with vault.open_item(Actor.of_process("worker"), item, "test", ProcessKeys(Home.from_env(), "worker")) as opened:
        return opened.read()


# --- A report ------------------------------------------------------------------------------------------------------------


def test_a_report_is_on_the_queue_with_its_fields_and_its_original_byte_for_byte(home: Home) -> None:
    platform = Platform()
    body = (b'{ "text" : "An account offers items.", "incident": {"danger_now": "yes", "danger_reason": "a call"},\n'
            b'"accounts": [{"screen_name": "quiet_otter_41"}], "unheard_of": {"kept": [1]} }')  # fmt: skip
    answer = platform.report(body)
    assert answer.status_code == 201
    report = UUID(answer.json()["id"])
    work(home)
    facts = queries.report(report)
    assert facts.reference == answer.json()["reference"] and facts.channel == "api"
    assert facts.fields["danger_now"] == "yes" and facts.fields["priority"] == "a call"
    assert facts.fields["submission"]["unheard_of"] == {"kept": [1]}  # kept, never refused
    assert on_the_queue(facts) and Report.objects.get(uuid=report).danger == "high"
    assert original_of(report) == body
    assert Sender.objects.get(reports__uuid=report).name == "Example Live"


def test_a_platform_s_own_name_is_no_sign_of_anything(home: Home) -> None:
    platform = Platform("Broadcast Live Now")
    plain = platform.report(
        {"reference": "1", "text": "An account offers items.", "incident": {"kind": "distribution"}}
    )
    headed = platform.report({"reference": "2", "text": "An account offers items.", "subject": "A live broadcast now"})
    work(home)
    first, second = (queries.report(UUID(each.json()["id"])) for each in (plain, headed))
    assert first.subject == "Broadcast Live Now: distribution"
    assert first.ranking and [each.code for each in first.ranking.axes["danger"].reasons] == ["no_danger_said"]
    assert second.ranking and "broadcast" in second.ranking.axes["danger"].reasons[0].words


def test_the_answer_says_what_is_missing_and_why_and_scores_the_report(home: Home) -> None:
    platform = Platform()
    thin, whole = platform.report({"text": "See this."}).json(), platform.report().json()
    grades = [each["grade"] for each in thin["missing"]]
    assert grades == sorted(grades, key=completeness.GRADES.index)  # what blocks stands first
    assert {"ip_event", "incident_time", "account"} <= {each["field"] for each in thin["missing"]}
    assert all(each["why"].endswith((".", "?")) and each["pointer"].startswith("/") for each in thin["missing"])
    assert thin["score"] < 30 and whole["score"] == 100 and whole["missing"] == []
    assert set(whole["parts"].values()) == {100}


def test_a_moderator_s_name_is_sealed_apart_and_stands_in_no_column(home: Home) -> None:
    said = {**WHOLE, "moderator": {"name": "Nadia Testperson", "contact": "nadia@example.org"}}
    report = UUID(Platform().report(said).json()["id"])
    assert SealedIdentity.objects.filter(arrival__report_uuid=report).exists()
    row = Report.objects.get(uuid=report)
    assert "Testperson" not in json.dumps(row.fields) + row.text + row.search_text


def test_two_platforms_that_send_the_same_bytes_have_a_report_each(home: Home) -> None:
    first, second = Platform("One"), Platform("Two")
    one, two = first.report().json(), second.report().json()
    assert one["id"] != two["id"] and not two["repeated"]
    again = first.report().json()  # under another idempotency key: the same original is the same report
    assert again["id"] == one["id"] and again["repeated"]
    assert first.send("GET", f"/reports/{two['id']}").status_code == 404


def test_an_accepted_report_takes_one_commit_and_a_sealed_file_synced_before_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform()
    platform.report({"text": "The first notes that its key was used, and begins the month."})
    synced: list[int] = []

    def sync(descriptor: int, real: Callable[[int], None] = os.fsync) -> None:
        real(descriptor)
        synced.append(len(connection.queries_log))

    monkeypatch.setattr(os, "fsync", sync)
    with CaptureQueriesContext(connection) as done:
        assert platform.report().status_code == 201
    said = [each["sql"].split()[0] for each in done]
    begun = said.index("BEGIN")
    assert said.count("COMMIT") == 1 and said[-1] == "COMMIT" and "BEGIN" not in said[begun + 1 :]
    assert set(said[:begun]) == {"SELECT"}  # nothing is written, and so committed, by itself
    # The file and its name (and a new folder's): on the disk before a row names it.
    assert len(synced) in (2, 3) and max(synced) <= begun
    # Each act, row and answer once; what grows here is paid for by every report.
    assert len(said) <= 40


def test_a_report_whose_transaction_fails_leaves_no_item_and_no_act_and_is_taken_when_sent_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform()
    acts = custody.acts().total

    def full(*_: object) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as failing:
        failing.setattr(accepting, "_record", full)
        assert platform.report(idempotency="k-1").status_code == 503
    assert not Report.objects.exists() and not Arrival.objects.exists() and custody.acts().total == acts
    assert not vault_queries.items_of_origin(once.Request(_facts(platform), "k-1", b"").arrival)
    assert platform.report(idempotency="k-1").status_code == 201
    assert Report.objects.count() == 1
    assert vault.sweep(home, age=timedelta(seconds=-5)) == 1  # what the first try had sealed


def _facts(platform: Platform) -> keys.KeyFacts:
    return keys.facts_of(ApiKey.objects.get(uuid=platform.made.key))


# --- Idempotency -----------------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_are_answered_the_same_and_done_once(home: Home) -> None:
    platform = Platform()
    first, second = (platform.report(idempotency="k-1") for _ in range(2))
    assert first.json() == second.json() and second.status_code == 201
    assert second.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
    assert Report.objects.count() == ApiReport.objects.count() == Arrival.objects.count() == 1
    assert Arrival.objects.get().deliveries == 1


def test_the_same_key_with_another_body_or_place_is_refused(home: Home) -> None:
    platform = Platform()
    report = platform.report(idempotency="k-1").json()["id"]
    assert platform.report({"text": "other"}, idempotency="k-1").status_code == 422
    assert platform.send("POST", f"/reports/{report}/supplements", WHOLE, idempotency="k-1").status_code == 422
    assert Platform("Another").report(idempotency="k-1").status_code == 201  # each platform's keys are its own


def test_a_post_without_an_idempotency_key_is_refused_and_told_why(home: Home) -> None:
    platform = Platform()
    answer = platform.client.post(
        f"{AT}/reports",
        WHOLE,
        content_type="application/json",
        headers={"Authorization": f"Bearer {platform.made.secret}"},
    )
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()["detail"]


def test_a_request_that_is_still_running_is_told_so(home: Home) -> None:
    platform = Platform()
    facts = keys.facts_of(ApiKey.objects.get(uuid=platform.made.key))
    with once._alone(once.Request(facts, "k-1", b"")):
        answer = platform.report(idempotency="k-1")
    assert answer.status_code == 409 and answer.headers["Retry-After"] == "1"
    assert platform.report(idempotency="k-1").status_code == 201


def test_what_crashed_before_its_answer_is_done_again_without_doubling(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, keep = Platform(), once.Request.remember

    def cut(self: once.Request, status: int, body: dict[str, Any]) -> None:
        raise OSError(28, "no room")

    monkeypatch.setattr(once.Request, "remember", cut)
    refused = platform.report(idempotency="k-1")
    assert refused.status_code == 503 and refused.headers["Retry-After"]
    assert Report.objects.count() == ApiAnswer.objects.count() == 0
    monkeypatch.setattr(once.Request, "remember", keep)
    assert platform.report(idempotency="k-1").status_code == 201
    sealed = vault_queries.items_of_origin(Arrival.objects.get().uuid)
    assert Report.objects.count() == 1 and len(sealed) == 1


# --- Tests, limits, keys -----------------------------------------------------------------------------------------------------


def test_a_test_report_is_checked_like_a_real_one_and_never_reaches_the_queue(home: Home) -> None:
    platform = Platform("Trial", test=True)
    real = Platform()
    told = platform.report().json()
    assert told["test"] and told["score"] == 100 and told["reference"] == ""
    assert real.report({**WHOLE, "test": True}).json()["test"]
    assert platform.report({"incident": 7}).status_code == 422
    work(home)
    assert Report.objects.count() == Arrival.objects.count() == 0
    assert platform.send("GET", f"/reports/{told['id']}").json()["state"] == "tested"


def test_too_many_at_once_are_refused_but_never_one_of_a_child_in_danger_now(home: Home) -> None:
    platform = Platform(reports_a_second=1)
    answers = [platform.report({"text": str(number)}) for number in range(4)]
    assert [each.status_code for each in answers] == [201, 201, 429, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"reports";q=1;w=1' and int(answers[3].headers["Retry-After"]) >= 1
    assert platform.report({"text": "x", "incident": {"danger_now": "yes"}}).status_code == 201


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Basic !!", "Bearer amparo_api_" + "0" * 32 + "_" + "a" * 43]
)
def test_nobody_does_anything_without_a_key_that_counts(home: Home, authorization: str) -> None:
    client = Client(headers={"Authorization": authorization} if authorization else {})
    some = "00000000-0000-4000-8000-000000000000"
    for method, path in [
        ("POST", "/reports"), ("GET", f"/reports/{some}"), ("GET", f"/reports/{some}/feedback"),
        ("POST", f"/reports/{some}/supplements"),
        ("POST", f"/reports/{some}/retraction"), ("POST", "/files"), ("GET", f"/files/{some}"), ("HEAD", f"/files/{some}"),
        ("PATCH", f"/files/{some}"), ("DELETE", f"/files/{some}"), ("GET", "/key"),
    ]:  # fmt: skip
        answer = client.generic(method, f"{AT}{path}", b"{}", content_type="application/json")
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), (method, path)


def test_of_a_key_only_a_digest_is_kept_and_a_revoked_one_is_refused_at_once(home: Home) -> None:
    platform = Platform()
    secret = platform.made.secret.removeprefix(
        f"amparo_api_{platform.made.key.hex}_"
    )  # which may hold that sign itself
    row = ApiKey.objects.get(uuid=platform.made.key)
    assert secret not in repr(vars(row)) and secret.encode() not in bytes(row.digest)
    assert platform.send("GET", "/key").json()["platform"] == "Example Live"
    assert ApiKey.objects.get(uuid=platform.made.key).last_used_at is not None
    keys.revoke(CLI, platform.made.key)
    assert platform.report().status_code == 401
    assert [each.kind for each in custody.story(platform.made.key)] == ["platform.key_made", "platform.key_revoked"]


def test_a_key_does_what_its_scopes_say_and_no_more(home: Home) -> None:
    platform = Platform(scopes=frozenset({"status"}))
    assert platform.report().status_code == 403 and platform.send("GET", "/key").json()["scopes"] == ["status"]
    with pytest.raises(Refused):
        keys.make_key(CLI, "Other", scopes=frozenset({"everything"}))


# --- What follows -------------------------------------------------------------------------------------------------------------


def test_a_supplement_completes_the_report_and_opens_it_again(home: Home) -> None:
    platform = Platform()
    first = platform.report(
        {"text": "An account offers items.", "accounts": [{"screen_name": "quiet_otter_41"}]}
    ).json()
    work(home)
    more = platform.send("POST", f"/reports/{first['id']}/supplements", {**WHOLE, "text": "And here is more."})
    assert more.status_code == 201 and more.json()["score"] > first["score"]
    work(home)
    facts = queries.report(UUID(first["id"]))
    named = {each["value"] for each in facts.fields["identifiers"]}
    assert {"quiet_otter_41", "u-1001"} <= named and facts.fields["ip_events"][0]["port"] == 50123
    assert "And here is more." in facts.words
    assert "follow_up" in [each.kind for each in facts.work_items]
    status = platform.send("GET", f"/reports/{first['id']}").json()
    assert status["score"] == more.json()["score"] and status["state"] == "received"


def test_a_value_that_a_supplement_changes_is_kept_beside_the_new_one(home: Home) -> None:
    platform = Platform()
    report = platform.report({"text": "a", "incident": {"kind": "solicitation"}}).json()["id"]
    platform.send("POST", f"/reports/{report}/supplements", {"incident": {"kind": "distribution"}})
    incident = Report.objects.get(uuid=report).fields["submission"]["incident"]
    assert incident["kind"] == "distribution" and incident["superseded"] == [{"kind": "solicitation"}]


def test_a_retracted_report_stays_and_a_person_is_told_why(home: Home) -> None:
    platform = Platform()
    report = platform.report().json()["id"]
    gone = platform.send("POST", f"/reports/{report}/retraction", {"reason": "appeal", "words": "Their own garden."})
    assert gone.status_code == 201
    assert platform.send("GET", f"/reports/{report}").json()["state"] == "retracted"
    facts = queries.report(UUID(report))
    assert facts.state == "new" and any("garden" in each.sentence for each in facts.work_items)
    assert platform.send("POST", f"/reports/{report}/retraction", {"reason": "appeal"}).status_code == 422
    assert platform.send("POST", f"/reports/{report}/retraction", {"reason": "other"}).status_code == 422
    assert platform.send("POST", f"/reports/{report}/supplements", WHOLE).status_code == 422


def test_status_and_feedback_tell_what_became_of_a_report_and_nothing_secret(home: Home) -> None:
    from amparo.intake import actions
    from tests.intake.intake_house import officer

    platform = Platform()
    report = platform.report().json()["id"]
    assert platform.send("GET", f"/reports/{report}/feedback").json() == {
        "id": report, "decided": False, "result": "", "asked_for": [], "asked_at": None
    }  # fmt: skip
    actor, _ = officer(home, "analyst")
    actions.read_report(actor, UUID(report))
    assert platform.send("GET", f"/reports/{report}").json()["state"] == "read"
    actions.close_report(actor, UUID(report), "nothing_to_follow", "A secret thought.")
    status, feedback = (platform.send("GET", f"/reports/{report}{end}") for end in ("", "/feedback"))
    assert status.json()["state"] == "closed" and feedback.json()["result"] == "junk"
    assert b"secret" not in status.content + feedback.content and actor.name.encode() not in status.content


def test_the_table_of_completeness_can_be_the_unit_s_own(home: Home) -> None:
    (home.path / "completeness.toml").write_text(
        'version = "own"\n[field.contact]\nfor = "contact"\nweight = 1\ngrade = "blocks"\npointer = "/contact"\nwhy = "We call."\n'
    )
    told = Platform().report({"text": "x"}).json()
    assert told["missing"] == [{"field": "contact", "pointer": "/contact", "grade": "blocks", "why": "We call."}]
    for wrong in ("[field.unheard_of]\n", "[field.contact]\ngrade = 'bad'\n", "not toml"):
        with pytest.raises(Refused):
            completeness.table_of(wrong)


def test_accepting_takes_any_form_with_its_files_and_its_original(home: Home) -> None:
    import io

    from amparo.intake.statements import Attached

    facts = keys.facts_of(ApiKey.objects.get(uuid=Platform().made.key))
    original = b"<report>as it came</report>"
    told = accept(
        home, facts, {"text": "x"}, original, [Attached("a.txt", "text/plain", io.BytesIO(b"item shared"))],
        media_type="application/xml",
    )  # fmt: skip
    work(home)
    assert original_of(told.report) == original
    assert [each.name for each in vault_queries.items_of_origin(told.report)] == ["a.txt"]
    assert Submission.model_validate({"x": 1}).model_extra == {"x": 1}


def test_the_committed_openapi_document_is_what_the_door_says() -> None:
    from amparo.wiring.api_command import document

    committed = Path(__file__).parents[2] / "docs" / "formats" / "openapi.json"
    assert committed.read_text() == document(), "run: amparo platforms openapi > docs/formats/openapi.json"
