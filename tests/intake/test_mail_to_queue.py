"""Mails as they come, good and hostile, each to its end: a report with what was read, a work item for what was not."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import intake_house as house
import pytest

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.intake import actions, collector, identities, jobs as intake_jobs, queries, spool
from amparo.jobs import queries as jobs
from amparo.matching import actions as matching
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return house.new_house(tmp_path, monkeypatch)


def original(home: Home, report: queries.ReportFacts) -> bytes:
    """What lies sealed as this report's original, without its sender."""
    assert report.arrival.content
    with vault_actions.open_item(
        WORKER, report.arrival.content, "test:original", ProcessKeys(home, "worker")
    ) as opened:
        return opened.read()


def test_a_mail_becomes_a_report_with_its_text_its_reasons_and_its_sealed_attachments(home: Home) -> None:
    raw = house.mail(
        "Una niña está en peligro ahora en el grupo. La cuenta es @cuenta.prueba y el número +34 600 000 001.",
        a=("a.jpg", house.picture()),
    )
    report = house.arrived(home, raw)
    assert report.reference.startswith("R-20")
    assert (report.subject, report.language, report.state) == ("Aviso", "es", "new")
    assert "en peligro" in report.text
    assert [item.name for item in vault.items_of_origin(report.uuid) if item.parent is None] == ["a.jpg"]
    assert report.ranking
    assert report.ranking.floor == "child_in_danger_now"
    assert report.ranking.axes["actionable"].level == "high"
    assert kinds_of_acts(report)[:2] == ["arrival.taken_in", "report.read_out"]
    assert queries.ledger().states["report"] == queries.ledger().total == 1


def kinds_of_acts(report: queries.ReportFacts) -> list[str]:
    return [
        line.kind
        for line in custody.story(report.arrival.uuid, report.uuid)
        if line.kind.startswith(("arrival.", "report."))
    ]


def test_nothing_of_the_sender_stands_in_the_open(home: Home) -> None:
    report = house.arrived(home, house.mail())
    assert b"reporter@example.org" not in original(home, report)
    database = Path(str(home.path)).parent
    assert not [path for path in database.rglob("*") if path.is_file() and b"reporter@example.org" in path.read_bytes()]
    assert "reporter@example.org" not in report.text + report.subject
    assert report.arrival.has_identity


def test_the_same_mail_delivered_twice_is_one_report_and_the_ledger_says_so(home: Home) -> None:
    raw = house.mail()
    report = house.arrived(home, raw)
    house.put(home, raw)
    house.work(home)
    assert queries.ledger().total == 1
    assert queries.report(report.uuid).arrival.deliveries == 2
    assert list(spool.arrivals(home)) == []


def test_a_collector_killed_before_it_removed_the_file_takes_nothing_in_twice(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "remove", lambda _: None)
    arrival = house.put(home, house.mail(a=("a.jpg", house.picture())))
    house.collector.collect(home)
    house.collector.collect(home)
    monkeypatch.undo()
    monkeypatch.setenv("AMPARO_HOME", str(home.path))
    house.work(home)
    assert queries.ledger().total == 1
    assert queries.arrival(arrival).deliveries == 1
    assert len(vault.items_of_origin(arrival)) == 1
    assert len(vault.items_of_origin(queries.arrival(arrival).report)) == 1


HOSTILE = {
    "broken_mime": (
        (
            b"From: a@example.org\r\nSubject: Aviso\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="never"\r\n\r\nno boundary in here, nos vemos a las 21:00\r\n'
        ),
        "broken_mime",
    ),
    "no_text": (house.mail("", a=("a.jpg", house.picture())), "no_text"),
    "locked_zip": (house.mail(a=("a.zip", house.locked_zip())), "encrypted"),
    "bomb": (house.mail(a=("a.zip", house.zipped(big__bin=bytes(80 << 20)))), "examination_failed"),
    "truncated_picture": (house.mail(a=("a.jpg", house.picture(size=600)[:9000])), "examination_failed"),
    "strange_chat_line": (
        house.mail(a=("_chat.txt", ("ninguna fecha aquí, línea suelta\n" + house.CHAT).encode())),
        "unsupported_lines",
    ),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_cannot_be_read_is_a_report_with_a_work_item_and_its_sealed_original(name: str, home: Home) -> None:
    raw, kind = HOSTILE[name]
    report = house.arrived(home, raw)
    assert house.on_the_queue(report)
    assert kind in house.kinds(report)
    assert all(each.sentence for each in report.work_items)
    assert original(home, report).endswith(spool.split(raw)[1])
    assert queries.ledger().waiting == 0


def test_nested_archives_are_opened_so_deep_and_no_deeper_and_say_so(home: Home) -> None:
    inner = house.picture()
    for depth in range(12):
        inner = house.zipped(**{f"level{depth}__zip" if depth else "a__jpg": inner})
    report = house.arrived(home, house.mail(a=("outer.zip", inner)))
    assert "too_deep" in house.kinds(report) or "examination_failed" in house.kinds(report)
    assert 1 < len(vault.items_of_origin(report.uuid)) < 13


def test_a_nested_multipart_beyond_reason_ends_as_a_report(home: Home) -> None:
    lines = [b"From: a@example.org", b"Subject: Aviso", b"MIME-Version: 1.0"]
    for depth in range(300):
        lines += [b'Content-Type: multipart/mixed; boundary="b%d"' % depth, b"", b"--b%d" % depth]
    report = house.arrived(home, b"\r\n".join([*lines, b"Content-Type: text/plain", b"", b"hola"]))
    assert house.on_the_queue(report)
    assert "broken_mime" in house.kinds(report)


def test_bytes_that_are_no_mail_end_as_a_report(home: Home) -> None:
    report = house.arrived(home, bytes(range(256)) * 40)
    assert house.on_the_queue(report)
    assert report.arrival.state in {"report", "unreadable"}


def test_a_mail_changed_on_disk_is_an_alarm_and_a_report(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    arrival = house.put(home, house.mail())
    path = next(home.spool.glob("*.mail"))
    changed = bytearray(path.read_bytes())
    changed[-20] ^= 1
    path.write_bytes(bytes(changed))
    house.work(home)
    report = queries.report(queries.arrival(arrival).report)
    assert house.kinds(report) == ["changed_on_disk"]
    assert queries.ledger().states["set_aside"] == 1
    assert "integrity" in caplog.text
    assert list((home.spool / "aside").glob("*.mail"))


def test_a_chat_export_makes_a_report_actionable(home: Home) -> None:
    archive = house.zipped(_chat__txt=house.CHAT.encode())
    report = house.arrived(home, house.mail(a=("WhatsApp Chat.zip", archive)))
    assert report.ranking
    assert "chat_export" in {reason.code for reason in report.ranking.axes["actionable"].reasons}


def test_a_reply_is_handed_on_and_kept_off_the_queue_until_nobody_knows_it(home: Home) -> None:
    raw = house.mail("acknowledged", "Re: AMP", a=("reply.csv", b"reply_token,subject\r\n"))
    report = house.arrived(home, raw, "reply+AbCd1234efgh@report.example.org")
    assert report.state == "reply"
    assert not house.on_the_queue(report)
    act = next(line for line in custody.story(report.arrival.uuid) if line.kind == "reply.arrived")
    assert act.about["token_digest"] == queries.reply_token_digest(report.arrival.uuid)
    assert len(act.about["items"]) == 1
    actions.return_reply(WORKER, report.uuid, "No package has this token.")
    house.work(home)
    returned = queries.report(report.uuid)
    assert house.on_the_queue(returned)
    assert house.kinds(returned) == ["unknown_reply"]
    assert returned.ranking


def test_a_known_picture_changes_the_new_axis_when_its_list_is_imported_later(home: Home) -> None:
    known = house.picture(7)
    report = house.arrived(home, house.mail(a=("a.jpg", known)))
    assert report.ranking
    assert report.ranking.axes["new"].level == "unknown"
    item = next(each for each in vault.items_of_origin(report.uuid) if each.name == "a.jpg")
    supervisor, _ = house.officer(home, "supervisor")
    matching.import_list(
        supervisor,
        name="Test list",
        source="A test",
        version="1",
        scheme="test",
        scope="tests",
        rows=[{"md5": item.md5, "category": "K1"}],
    )
    house.work(home)
    ranking = queries.report(report.uuid).ranking
    assert ranking
    assert ranking.axes["new"].level == "none"
    assert jobs.quarantined() == ()


def test_a_mail_can_be_put_together_again_byte_for_byte(home: Home) -> None:
    raw = house.mail(a=("a.jpg", house.picture()))
    report = house.arrived(home, raw)
    supervisor, _ = house.officer(home, "supervisor")
    second, _ = house.officer(home, "supervisor")
    asked = identities.ask_for_identity(supervisor, report.uuid, "court_order")
    identities.agree_to_identity(second, asked.request)
    letter = identities.open_identity(supervisor, asked.request, _keys_of(supervisor)).letter
    content = original(home, report)
    assert letter.header_block + content[report.arrival.header_bytes + 2 :] == raw


def _keys_of(actor: Actor) -> vault_actions.OfficerKeys:
    assert actor.uuid
    return vault_actions.OfficerKeys.from_session(*vault_actions.unlock_for_session(actor.uuid, house.PASSWORD))


def test_items_sealed_twice_are_one(home: Home) -> None:
    keys = ProcessKeys(home, "worker")
    arrival = house.put(home, house.mail())
    once = [
        vault_actions.seal_item(
            WORKER, compartment=keys.compartment("content"), stream=io.BytesIO(b"a"), name="a", origin=arrival
        ).item
        for _ in range(2)
    ]
    assert once[0] == once[1]


def test_facts_that_come_in_crowds_are_ranked_together_soon(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_jobs, "RANKED_AT_ONCE", 0)
    monkeypatch.setattr(intake_jobs, "RANKED_WITHIN", timedelta(0))
    pictures = {f"a{seed}": (f"{seed}.jpg", house.picture(seed)) for seed in range(4)}
    report = house.arrived(home, house.mail(**pictures))
    assert report.ranking
    assert report.ranking.axes["new"].reasons[0].words == "4 pictures or videos are not examined"
    assert kinds_of_acts(report).count("report.ranked") <= 4


def test_a_clock_that_runs_out_ranks_the_report_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    report = house.arrived(home, house.mail())
    assert report.ranking
    assert report.ranking.axes["clock"].level == "none"
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(collector, "now", lambda: later)
    monkeypatch.setattr(intake_jobs, "now", lambda: later)
    monkeypatch.setattr(actions.clock, "now", lambda: later)
    house.work(home)
    ranking = queries.report(report.uuid).ranking
    assert ranking
    assert ranking.axes["clock"].reasons[0].code == "overdue"
