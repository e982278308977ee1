"""A seized platform in a case: imported once, sealed, analysed step by step, people taken from it by a rule."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.cases.actions import CaseOpened
from amparo.cases.models import Platform, PlatformStep
from amparo.cases.sealed_tables import opened_tables
from amparo.custody import queries as custody
from tests.cases import house, platforms
from tests.cases.house import WORKER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return platforms.case_of(ines)


def step(name: str) -> PlatformStep:
    return PlatformStep.objects.get(name=name)


def test_a_platforms_files_become_sealed_tables_with_digests_and_counts(
    ines: Actor, case: CaseOpened, tmp_path: Path
) -> None:
    platform = platforms.registered(ines, case, platforms.lay_files(tmp_path / "seized"))
    told = platforms.worked(platform)
    done = step("import")
    assert (done.state, done.counts_out["accounts"], done.counts_out["events"]) == ("done", 40, 120)
    row = Platform.objects.get()
    assert {each["name"] for each in row.files} == {"accounts.csv", "payments.csv", "videos.csv", "events.csv"}
    assert all(len(each["sha256"]) == 64 for each in row.files)
    with opened_tables(
        WORKER, {"accounts": UUID(done.tables["accounts"])}, purpose="t:1", unlock=platforms.keys()
    ) as store:
        assert store.one("SELECT count(*) FROM accounts WHERE account = 'a007'") == 1
    assert any("40 accounts" in each for each in told)
    kinds = {line.kind for line in custody.story(case.case)}
    assert {"platform.registered", "platform.imported", "platform.step_done"} <= kinds
    figures = step("summary").figures
    assert (figures["accounts"], figures["items"], figures["events"], figures["payments"]) == (40, 4, 120, 16)
