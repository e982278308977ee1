"""A seized platform in a case: imported once, sealed, analysed step by step, people taken from it by a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.cases import actions, queries
from amparo.cases.actions import CaseOpened, Choice
from amparo.cases.models import Platform, PlatformStep
from amparo.cases.platforms import work as platform_work
from amparo.cases.platforms.rules import obstacles_to_choice, obstacles_to_judgement, standing
from amparo.cases.sealed_tables import opened_tables
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.referrals.filling import dossier_part
from amparo.vault import actions as vault
from amparo.vault.keys import OfficerKeys
from tests.cases import house, platforms
from tests.cases.house import WORKER

pytestmark = pytest.mark.django_db(transaction=True)

PAYERS = Choice(paid=3, uploaded=1, card_country=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return platforms.case_of(ines)


@pytest.fixture
def platform(ines: Actor, case: CaseOpened, tmp_path: Path) -> UUID:
    found = platforms.registered(ines, case, platforms.lay_files(tmp_path / "seized"))
    platforms.worked(found)
    return found


def keys(actor: Actor) -> OfficerKeys:
    assert actor.uuid
    return OfficerKeys.from_session(*vault.unlock_for_session(actor.uuid, house.PASSWORD))


def step(name: str) -> PlatformStep:
    return PlatformStep.objects.get(name=name)


def test_a_platforms_files_become_sealed_tables_with_digests_and_counts(case: CaseOpened, platform: UUID) -> None:
    done = step("import")
    assert (done.state, done.counts_out["accounts"], done.counts_out["events"]) == ("done", 40, 120)
    row = Platform.objects.get()
    assert {each["name"] for each in row.files} == {"accounts.csv", "payments.csv", "videos.csv", "events.csv"}
    assert all(len(each["sha256"]) == 64 for each in row.files)
    tables = {"accounts": UUID(done.tables["accounts"])}
    with opened_tables(WORKER, tables, purpose="platform:test", unlock=platforms.keys()) as store:
        assert store.rows("SELECT handle, file, row FROM accounts WHERE account = 'a007'") == [("Maple_7", 0, 7)]
    kinds = [line.kind for line in custody.story(case.case) if line.kind.startswith("platform.")]
    assert kinds[0] == "platform.registered" and "platform.imported" in kinds and kinds.count("platform.step_done") == 7
    figures = step("summary").figures
    assert (figures["accounts"], figures["items"], figures["events"], figures["payments"]) == (40, 4, 120, 16)
    assert figures["accounts"] == figures["accounts_attributed"] + figures["not_attributed"]


def test_an_import_that_is_cut_off_goes_on_with_the_table_it_stood_at(
    ines: Actor, case: CaseOpened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = platforms.registered(ines, case, platforms.lay_files(tmp_path / "seized"))
    read, sealed = platform_work.import_group, []

    def cut(*given: Any) -> Any:
        sealed.append(given[4])
        if given[4] == ("items",):
            raise KeyboardInterrupt
        return read(*given)

    monkeypatch.setattr(platform_work, "import_group", cut)
    with pytest.raises(KeyboardInterrupt):
        platform_work.import_files(WORKER, platforms.keys(), platform, lambda _: None)
    before = dict(step("import").tables)
    assert set(before) == {"accounts", "payments"} and step("import").state == "running"
    again: list[Any] = []
    monkeypatch.setattr(platform_work, "import_group", lambda *given: again.append(given[4]) or read(*given))
    platform_work.import_files(WORKER, platforms.keys(), platform, lambda _: None)
    assert again[0] == ("items",) and ("accounts", "identifiers") not in again
    assert step("import").state == "done" and before.items() <= step("import").tables.items()


def test_files_that_changed_between_two_starts_are_refused(ines: Actor, case: CaseOpened, tmp_path: Path) -> None:
    folder = platforms.lay_files(tmp_path / "seized")
    platform = platforms.registered(ines, case, folder)
    Platform.objects.update(files=[{"name": "other.csv"}])
    platform_work.import_files(WORKER, platforms.keys(), platform, lambda _: None)
    assert step("import").state == "failed" and "not those" in step("import").problem


def test_a_wrong_mapping_or_a_name_twice_is_refused_at_once(ines: Actor, case: CaseOpened, tmp_path: Path) -> None:
    folder = platforms.lay_files(tmp_path / "seized")
    with pytest.raises(Refused, match="mapping"):
        platforms.registered(ines, case, folder, mapping="platform = [")
    platforms.registered(ines, case, folder)
    with pytest.raises(Refused, match="this name"):
        platforms.registered(ines, case, folder)
    with pytest.raises(Refused, match="open only to officers"):
        platforms.registered(house.officer("otto", "investigator"), case, folder, name="Other")


def test_people_are_taken_by_a_rule_with_evidence_and_nobody_twice(
    ines: Actor, case: CaseOpened, platform: UUID
) -> None:
    before = queries.case(case.case).people
    done = actions.take_people(ines, platform, PAYERS, "They paid and uploaded.", keys(ines))
    assert (len(done.persons), done.accounts) == (4, 4)
    people = queries.people(case.case, only=done.persons)
    assert [each.reference for each in people] == [f"P-{before + n}" for n in range(1, 5)]
    for each in people:
        assert each.category == "contact" and each.minors_track
        (seized,) = each.seized
        assert "3 payments" in seized.said[0] and "row" in seized.said[0] and PAYERS.words() in seized.rule
        kinds = {found.kind for found in each.identifiers}
        assert {"account", "handle", "email"} <= kinds
        assert {found.country for found in each.standing if found.evidence == "platform"} == {"ES"}
    with pytest.raises(Refused, match="already"):
        actions.take_people(ines, platform, PAYERS, "Again.", keys(ines))
    assert queries.platform(platform).taken == 4
    asked = [people[0].uuid, people[1].uuid]
    dossier = queries.dossier_of(WORKER, case.case, asked, platforms.keys())
    assert set(dossier) == set(asked)
    part = dossier_part(dossier, {person: f"S-{number}" for number, person in enumerate(asked, start=1)})
    rows = [dict(zip(part.columns, row, strict=True)) for row in part.rows]
    assert [(row["person"], row["account_id"], row["payments"]) for row in rows] == [
        ("S-1", "a010", "3"),
        ("S-2", "a020", "3"),
    ]
    assert rows[0]["payment_references"] == "R10-1; R10-2; R10-3"


def test_nobody_is_taken_without_a_rule_by_a_machine_or_by_a_stranger(
    ines: Actor, case: CaseOpened, platform: UUID
) -> None:
    with pytest.raises(Refused, match="State what the accounts did"):
        actions.take_people(ines, platform, Choice(), "All of them.", keys(ines))
    with pytest.raises(Refused, match="Only an officer"):
        actions.take_people(WORKER, platform, PAYERS, "Because.", platforms.keys())
    with pytest.raises(Refused, match="why"):
        actions.take_people(ines, platform, PAYERS, " ", keys(ines))
    otto = house.officer("otto", "investigator")
    with pytest.raises(Refused):
        actions.take_people(otto, platform, PAYERS, "Because.", keys(otto))
    with pytest.raises(Refused, match="narrow it"):
        actions.take_people(ines, platform, PAYERS, "Because.", keys(ines), most=3)
    assert queries.platform(platform).taken == 0


def test_a_link_that_an_officer_refused_stays_refused_in_the_next_run(
    ines: Actor, case: CaseOpened, tmp_path: Path
) -> None:
    folder = platforms.lay_files(tmp_path / "seized")
    rows = (folder / "accounts.csv").read_text() + "a041,Maple_3,maple3@example.org,+34749000003\n"
    (folder / "accounts.csv").write_text(rows)
    platform = platforms.registered(ines, case, folder)
    platforms.worked(platform)

    def linked() -> bool:
        tables = {"directory": UUID(step("summary").tables["directory"])}
        with opened_tables(WORKER, tables, purpose="platform:test", unlock=platforms.keys()) as store:
            return bool(store.one("SELECT count(DISTINCT person) = 1 FROM directory WHERE account IN ('a003', 'a041')"))

    for verdict, holds in (("same", True), ("different", False), ("same", True)):
        actions.judge_link(ines, platform, "a041", "a003", verdict, "Seen in both accounts' messages.")
        actions.ask_analysis(ines, platform, ("links",))
        platform_work.analyse(WORKER, platforms.keys(), platform)
        assert linked() is holds, verdict
    assert step("links").run == 4 and queries.platform(platform).judged == 3
    with pytest.raises(Refused):
        actions.judge_link(ines, platform, "a041", "a041", "same", "One.")


def test_what_another_case_and_an_earlier_report_name_is_found_in_the_base(
    ines: Actor, case: CaseOpened, tmp_path: Path
) -> None:
    from amparo.intake.past import trace_case, trace_report
    from amparo.intake.triage.traces import Trace

    report = house.report()
    trace_report(WORKER, report.uuid, [Trace("email", "maple7@example.org", "maple7@example.org", "text")])
    other = house.opened(house.officer("ada", "investigator"), house.report(), "Other")
    trace_case(WORKER, other.case, "AMP-2026-0002", [Trace("phone", "+34749000009", "+34749000009", "case")])
    platform = platforms.registered(ines, case, platforms.lay_files(tmp_path / "seized"))
    platforms.worked(platform)
    assert step("overlaps").figures == {"rows": 2, "cases": 1, "reports": 1, "accounts": 2}


def test_two_folders_of_the_same_platform_are_two_steps_of_the_same_bytes(
    ines: Actor, case: CaseOpened, tmp_path: Path
) -> None:
    """Same files, mapping and versions: the sealed tables hold the same bytes."""
    from amparo.vault import queries as vault_queries

    digests = []
    for name in ("one", "two"):
        platforms.worked(platforms.registered(ines, case, platforms.lay_files(tmp_path / name), name=name))
        tables = {
            table: item
            for row in PlatformStep.objects.filter(platform__name=name)
            for table, item in row.tables.items()
        }
        digests.append({table: vault_queries.item(UUID(item)).sha256 for table, item in tables.items()})
    assert digests[0] == digests[1] and {"accounts", "links", "countries", "directory"} <= digests[0].keys()


def test_the_command_imports_and_says_what_stands(
    ines: Actor, case: CaseOpened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from amparo.wiring.cli import main

    folder = platforms.lay_files(tmp_path / "seized")
    (tmp_path / "mapping.toml").write_text(platforms.MAPPING)
    asked = ["platform", "import", case.reference, "--in", str(folder), "--mapping", str(tmp_path / "mapping.toml")]
    assert main(asked) == 0
    told = capsys.readouterr()
    assert "40  accounts" in told.out and "sealed in" in told.out and "Import begins" in told.err
    assert main(asked) == 0 and "imported already" in capsys.readouterr().out
    assert main(["platform", "import", "AMP-2026-9999", *asked[3:]]) == 1


def test_words_and_obstacles_of_rules() -> None:
    assert Choice(paid=1, countries=("ES",)).words() == (
        "Persons as linked whose accounts together paid at least once, and were attributed to ES."
    )
    assert obstacles_to_choice(PAYERS, "Because.", human=True) == ()
    assert len(obstacles_to_choice(Choice(confidence=2), "", human=False)) == 4
    assert obstacles_to_judgement("a", "b", "same", "Seen.", human=True) == ()
    assert standing([("b", "a", "same"), ("a", "b", "different")]) == {("a", "b"): "different"}
