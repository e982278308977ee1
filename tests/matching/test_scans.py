"""Scans in the house: begun and ended in the record, sealed into their case, and seen only by those who may see the case."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from amparo.access import doors
from amparo.access.acts import Actor
from amparo.access.models import Officer
from amparo.cases import actions as cases, jobs as case_jobs, queries as case_queries
from amparo.custody import queries as custody
from amparo.foundation.errors import Missing, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.matching import actions, scanning, scans
from amparo.matching.scan import walking
from amparo.matching.scan.running import Cores, Stop
from amparo.matching.scan.store import Store
from amparo.matching.scanning import MakeEngine, Told
from amparo.matching.scans import Seized
from amparo.matching.scans_verified import altered_scans
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import ProcessKeys
from amparo.wiring import cli
from tests.cases import house
from tests.matching.scanned import BOUNDARY, picture, the_pool

pytestmark = pytest.mark.django_db(transaction=True)
CLI, WORKER = Actor.of_process("cli"), Actor.of_process("worker")


@pytest.fixture
def home() -> Home:
    return Home.from_env()


@pytest.fixture
def seized(tmp_path: Path) -> Path:
    """A phone: two listed pictures, one of them twice, a new one, and a text."""
    folder = tmp_path / "phone"
    (folder / "DCIM").mkdir(parents=True)
    (folder / "DCIM" / "1.png").write_bytes(picture(1))
    (folder / "DCIM" / "2.png").write_bytes(picture(1))
    (folder / "DCIM" / "3.png").write_bytes(picture(3))
    (folder / "note.txt").write_bytes(b"see you at 21:00")
    return folder


def a_list(*known: bytes, name: str = "List") -> UUID:
    rows = [{"sha256": hashlib.sha256(each).hexdigest(), "category": "B1"} for each in known]
    said = {"source": "A test", "version": "1", "scheme": "test scheme", "scope": "tests"}
    return actions.import_list(CLI, name=name, rows=rows, **said).list


def here(threads: int = 1) -> MakeEngine:
    return lambda store, lists, _: Cores(store, lists, BOUNDARY, threads, warden=the_pool())


def scanned(home: Home, seized: Path, lists: list[UUID], case: scanning.Case | None = None) -> scans.ScanFacts:
    uuid = scanning.begin(CLI, home, [Seized("Phone 1", os.fsencode(seized))], lists, case)
    scanning.work(CLI, home, uuid, here(), Stop())
    return scans.scan(uuid)


def told_of(scan: UUID) -> list[tuple[str, dict[str, Any]]]:
    """The acts about a scan, in order."""
    return [(line.kind, dict(line.about)) for line in custody.story(scan) if line.kind.startswith("scan.")]


class TestTheRecord:
    def test_a_scan_is_started_and_finished_with_its_counts_and_its_manifest_s_digest(
        self, home: Home, seized: Path
    ) -> None:
        house.lay()
        known = a_list(picture(1))
        facts = scanned(home, seized, [known])
        (started, first), (finished, last) = told_of(facts.uuid)
        assert (started, finished) == ("scan.started", "scan.finished")
        assert first["lists"] == [str(known)]
        assert first["roots"] == [hashlib.sha256(b"Phone 1\0" + os.fsencode(seized)).hexdigest()]
        counts = {"files": 4, "known": 2, "near": 0, "unknown": 1, "too_plain": 0, "not_examined": 1, "unreadable": 0}
        assert {name: last[name] for name in counts} == counts and last["copies"] == 1
        assert last["manifest_sha256"] == facts.manifest_sha256 and len(facts.manifest_sha256) == 64
        assert facts.state == scans.FINISHED and not scans.is_worked_at(home, facts.uuid)

    def test_with_a_case_the_manifest_lies_sealed_among_its_items_and_in_its_story(
        self, home: Home, seized: Path
    ) -> None:
        house.lay()
        ines = house.officer("ines", "investigator")
        case = house.opened(ines, house.report())
        facts = scanned(home, seized, [a_list(picture(1))], scanning.Case(case.case, case.compartment))
        listed, digests = (vault_queries.item(each) for each in facts.sealed)
        assert {listed.compartment, digests.compartment} == {case.compartment}
        assert listed.origin == case.case and listed.sha256 == facts.manifest_sha256
        with vault.open_item(WORKER, listed.uuid, "scan:test", ProcessKeys(home, "worker")) as opened:
            lines = [json.loads(line) for line in opened.read().splitlines()]
        assert [line["outcome"] for line in lines[1:]] == ["unknown", "known", "known", "not_examined"]
        assert lines[2]["hits"][0]["category"] == "B1"
        with vault.open_item(WORKER, digests.uuid, "scan:test", ProcessKeys(home, "worker")) as opened:
            assert opened.read().count(b"\n") == 4
        about = {"case": str(case.case), "sealed": [str(each) for each in facts.sealed]}
        case_jobs.sight_scan.func("", about)
        assert set(facts.sealed) <= {line.item.uuid for line in case_queries.items(case.case)}
        story = [line.kind for line in custody.story(case.case)]
        assert story.index("scan.started") < story.index("item.sealed", story.index("scan.started"))
        assert "scan.finished" in story and story[-1] == "items.sighted"

    def test_a_stopped_scan_says_how_far_it_came_and_goes_on_with_lists_that_still_count(
        self, home: Home, seized: Path
    ) -> None:
        house.lay()
        first, second = a_list(picture(1)), a_list(picture(3), name="Other")
        uuid = scanning.begin(CLI, home, [Seized("Phone 1", os.fsencode(seized))], [first, second])
        stop = Stop()
        stop.ask()
        scanning.work(CLI, home, uuid, here(), stop)
        assert scans.scan(uuid).state == scans.STOPPED
        actions.withdraw_list(CLI, second, "withdrawn by its publisher")
        scanning.go_on(CLI, home, uuid)
        scanning.work(CLI, home, uuid, here(), Stop())
        kinds = [kind for kind, _ in told_of(uuid)]
        assert kinds == ["scan.started", "scan.stopped", "scan.resumed", "scan.finished"]
        told = dict(told_of(uuid))
        assert told["scan.resumed"]["lists"] == [str(first)]
        assert told["scan.finished"]["known"] == 2, "a withdrawn list was asked"
        with pytest.raises(Refused, match="has ended"):
            scanning.go_on(CLI, home, uuid)

    def test_a_scan_that_can_not_go_on_is_recorded_as_stopped_and_says_what_to_do(
        self, home: Home, seized: Path, tmp_path: Path
    ) -> None:
        house.lay()
        uuid = scanning.begin(CLI, home, [Seized("Phone 1", os.fsencode(seized))], [a_list(picture(1))])
        seized.rename(tmp_path / "unmounted")
        with pytest.raises(Unreachable, match="Mount it again"):
            scanning.work(CLI, home, uuid, here(), Stop())
        assert scans.scan(uuid).state == scans.STOPPED
        (tmp_path / "unmounted").rename(seized)
        scanning.go_on(CLI, home, uuid)
        assert scanning.work(CLI, home, uuid, here(), Stop()).done == 4

    def test_a_scan_s_file_that_was_changed_afterwards_is_found_by_verifying(self, home: Home, seized: Path) -> None:
        house.lay()
        facts = scanned(home, seized, [a_list(picture(1))])
        assert all(each.scan != facts.uuid for each in altered_scans(home))
        with Store(scans.file_of(home, facts.uuid)) as store, store.writing() as connection:
            connection.execute("UPDATE results SET outcome = 'unknown' WHERE outcome = 'known'")
        assert any(each.scan == facts.uuid and "was changed" in each.sentence for each in altered_scans(home))
        scans.file_of(home, facts.uuid).unlink()
        assert any(each.scan == facts.uuid and "is missing" in each.sentence for each in altered_scans(home))

    def test_nobody_works_at_a_scan_that_somebody_works_at(self, home: Home, seized: Path) -> None:
        house.lay()
        uuid = scanning.begin(CLI, home, [Seized("Phone 1", os.fsencode(seized))], [a_list(picture(1))])
        with scans.held(home, uuid), pytest.raises(Refused, match="running already"):
            scanning.work(CLI, home, uuid, here(), Stop())

    @pytest.mark.parametrize("wrong", ["no list", "no folder", "twice", "inside"])
    def test_what_can_not_be_scanned_is_refused_before_anything_is_made(
        self, home: Home, seized: Path, tmp_path: Path, wrong: str
    ) -> None:
        house.lay()
        root = os.fsencode(seized)
        trees = {
            "no list": [Seized("A", root)],
            "no folder": [Seized("A", os.fsencode(tmp_path / "nothing"))],
            "twice": [Seized("A", root), Seized("A", os.fsencode(tmp_path / "phone" / "DCIM"))],
            "inside": [Seized("A", root), Seized("B", root + b"/DCIM")],
        }[wrong]
        before = len(scans.every_scan())
        with pytest.raises(Refused):
            scanning.begin(CLI, home, trees, [] if wrong == "no list" else [a_list(picture(1))])
        assert len(scans.every_scan()) == before


@pytest.fixture
def _second_factor_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)


def client_of(actor: Actor) -> Client:
    client = Client()
    officer = Officer.objects.get(uuid=actor.uuid)
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.usefixtures("_second_factor_given")
class TestPages:
    def test_a_finished_scan_is_shown_in_numbers_and_its_hits_name_their_list(self, home: Home, seized: Path) -> None:
        house.lay()
        client = client_of(house.officer("ana", "analyst"))
        assert "amparo scan" in client.get(reverse("matching:scans")).content.decode()
        facts = scanned(home, seized, [a_list(picture(1))])
        assert "Phone 1" in client.get(reverse("matching:scans")).content.decode()
        page = client.get(reverse("matching:scan", args=[facts.uuid])).content.decode()
        assert "DCIM/1.png" in page and "List 1" in page and "B1" in page
        assert "<img" not in page.replace('<img class="brand', "") and "every 3s" not in page
        assert told_of(facts.uuid)[-1][0] == "scan.read"

    def test_a_scan_under_way_is_asked_for_again_until_it_ends(self, home: Home, seized: Path) -> None:
        house.lay()
        client = client_of(house.officer("ana", "analyst"))
        uuid = scanning.begin(CLI, home, [Seized("Phone 1", os.fsencode(seized))], [a_list(picture(1))])
        now = reverse("matching:scan_now", args=[uuid])
        seen: list[str] = []

        def look(told: Told) -> None:
            answer = client.get(now)
            assert "HX-Refresh" not in answer.headers
            seen.append(answer.content.decode())

        scanning.work(CLI, home, uuid, here(), Stop(), look)
        assert any("every 3s" in each and "Reading folders" in each for each in seen)
        assert client.get(now).headers["HX-Refresh"] == "true"

    def test_a_scan_whose_process_was_killed_says_how_to_go_on(self, home: Home, seized: Path) -> None:
        house.lay()
        client = client_of(house.officer("ana", "analyst"))
        uuid = scanning.begin(CLI, home, [Seized("Phone 1", os.fsencode(seized))], [a_list(picture(1))])
        page = client.get(reverse("matching:scan", args=[uuid])).content.decode()
        assert f"amparo scan --resume {scans.scan(uuid).reference}" in page and "Cut off" in page

    def test_the_manifest_leaves_the_house_only_on_the_record(self, home: Home, seized: Path) -> None:
        house.lay()
        client = client_of(house.officer("ana", "analyst"))
        facts = scanned(home, seized, [a_list(picture(1))])
        taken = client.get(reverse("matching:scan_manifest", args=[facts.uuid, "jsonl"]))
        whole = b"".join(taken.streaming_content)  # type: ignore[attr-defined]
        assert hashlib.sha256(whole).hexdigest() == facts.manifest_sha256
        table = client.get(reverse("matching:scan_manifest", args=[facts.uuid, "csv"]))
        text = b"".join(table.streaming_content).decode()  # type: ignore[attr-defined]
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["outcome"] for row in rows] == ["unknown", "known", "known", "not_examined"]
        assert [about["form"] for kind, about in told_of(facts.uuid) if kind == "scan.manifest_taken"] == [
            "jsonl",
            "csv",
        ]
        assert client.get(reverse("matching:scan_manifest", args=[facts.uuid, "exe"])).status_code == 404

    def test_a_case_s_scan_is_seen_by_nobody_who_was_not_let_in(self, home: Home, seized: Path) -> None:
        house.lay()
        ines, noa = house.officer("ines", "investigator"), house.officer("noa", "investigator", "supervisor")
        case = house.opened(ines, house.report())
        facts = scanned(home, seized, [a_list(picture(1))], scanning.Case(case.case, case.compartment))
        inside, outside = client_of(ines), client_of(noa)
        for name, more in (("scan", []), ("scan_now", []), ("scan_manifest", ["csv"])):
            address = reverse(f"matching:{name}", args=[facts.uuid, *more])
            assert outside.get(address).status_code == 403
            assert inside.get(address).status_code == 200
        assert "Phone 1" not in outside.get(reverse("matching:scans")).content.decode()
        assert "Phone 1" in inside.get(reverse("matching:scans")).content.decode()
        assert "Scans of seized devices" in inside.get(reverse("cases:case", args=[case.case])).content.decode()


class TestTheCommand:
    def test_it_scans_a_list_of_devices_into_a_case_and_writes_the_manifest(
        self, seized: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        house.lay()
        a_list(picture(1))
        ines = house.officer("ines", "investigator")
        case = house.opened(ines, house.report())
        device = cases.register_device(ines, case.case, "phone", "Phone 1", "12/3", date(2026, 5, 4), "Room 2").device
        (tmp_path / "laptop").mkdir()
        (tmp_path / "laptop" / "a.txt").write_bytes(b"item shared")
        (tmp_path / "images").write_text(f"# seized on 4 May\n{seized}\tPhone 1\n\n{tmp_path / 'laptop'}\n")
        written = tmp_path / "out.csv"
        given = ["scan", str(tmp_path / "images"), "--case", case.reference, "--manifest", str(written)]
        assert cli.main([*given, "--workers", "1", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["state"], told["case"], told["files"], told["known"]) == ("finished", case.reference, 5, 2)
        assert {label: counts["files"] for label, counts in told["by_device"].items()} == {"Phone 1": 4, "laptop": 1}
        assert len(list(csv.DictReader(written.open()))) == 5
        assert {each.name for each in tmp_path.glob("out*")} == {"out.csv", "out-1.sha256", "out-2.sha256"}
        assert told_of(UUID(told["scan"]))[0][1]["devices"] == [str(device)]
        assert len(told["sealed"]) == 3

    def test_ctrl_c_stops_it_where_it_can_go_on(
        self, seized: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.lay()
        a_list(picture(1))
        reading = walking._read_folder

        def interrupted(*given: Any) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            return reading(*given)

        monkeypatch.setattr(walking, "_read_folder", interrupted)
        assert cli.main(["scan", str(seized), "--workers", "1"]) == 130
        assert "To go on: amparo scan --resume S-" in capsys.readouterr().err
        monkeypatch.setattr(walking, "_read_folder", reading)
        reference = scans.every_scan()[0].reference
        assert cli.main(["scan", "--resume", reference, "--workers", "1"]) == 0
        assert "4 of 4 files" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ([], "Name the folder"),
            (["/nowhere/at/all"], "Mount the image"),
            (["{tree}", "--lists", "Nobody's"], "No list called Nobody's"),
            (["{tree}", "--case", "AMP-1999-0001"], "There is no case"),
            (["{tree}", "--manifest", "{tree}/out.csv"], "into the evidence"),
            (["{tree}", "--manifest", "/nowhere/out.csv"], "a folder that is there"),
            (["{tree}", "--scheduler", "tcp://127.0.0.1:8786"], "mutual TLS only"),
            (["{tree}", "--workers", "0"], "from 1 on"),
            (["--resume", "S-999999"], "There is no scan called S-999999"),
            (["{tree}", "--resume", "S-1"], "give --resume by itself"),
        ],
    )
    def test_what_it_can_not_do_it_says_with_what_to_do(
        self, seized: Path, capsys: pytest.CaptureFixture[str], given: list[str], words: str
    ) -> None:
        house.lay()
        a_list(picture(1))
        assert cli.main(["scan", *(each.format(tree=seized) for each in given)]) == 1
        assert words in capsys.readouterr().err


def test_a_scan_that_nobody_knows_is_missing() -> None:
    with pytest.raises(Missing):
        scans.scan(BOUNDARY)
