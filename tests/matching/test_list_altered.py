"""What the record says of lists against rows and files in which something was changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.custody.models import Act
from amparo.foundation.home import Home
from amparo.matching import actions
from amparo.matching.altered import altered_lists, recorded_lists, unnamed_lists
from amparo.matching.models import HashList
from amparo.matching.versions import folder_of
from tests.matching.lists_made import hash_of

pytestmark = pytest.mark.django_db(transaction=True)
CLI = Actor.of_process("cli")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path))
    return Home.from_env()


def imported(name: str) -> UUID:
    rows = [{"md5": hash_of("md5", 1).hex(), "pdq": hash_of("pdq", 1).hex()}]
    return actions.import_list(CLI, name=name, source="A test", version="1", scheme="s", scope="", rows=rows).list


def row(**changes: object) -> Callable[[Path, UUID], object]:
    return lambda _, uuid: HashList.objects.filter(uuid=uuid).update(**changes)


def file(name: str, change: Callable[[Path], object]) -> Callable[[Path, UUID], object]:
    return lambda folder, _: change(folder / name)


def remove_row(_: Path, uuid: UUID) -> None:
    HashList.objects.filter(uuid=uuid).delete()


def add_row(_: Path, __: UUID) -> None:
    HashList.objects.create(name="Added", version="1", state="active")


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (row(state="active"), "row .* was changed"),
        (row(name="Another"), "row .* was changed"),
        (row(scheme="another"), "row .* was changed"),
        (remove_row, "row .* was removed"),
        (add_row, "was added"),
        (file("md5.digests", flip), "md5.digests"),
        (file("pdq-0.index", flip), "pdq-0.index"),
        (file("pdq-0.columns", flip), "pdq-0.columns"),
        (file("list.json", flip), "list.json"),
        (file("md5.digests", Path.unlink), "is missing"),
        (file("sha1.digests", Path.touch), "was added"),
    ],
)
def test_what_was_changed_is_named(home: Home, change: Callable[[Path, UUID], object], said: str) -> None:
    withdrawn = imported("Withdrawn")
    imported("In use")
    actions.withdraw_list(CLI, withdrawn, "a reason")
    assert list(altered_lists(home)) == []
    change(folder_of(home, withdrawn), withdrawn)
    assert any(re.search(said, each.sentence) for each in altered_lists(home))


def test_a_list_in_use_that_was_made_to_count_no_more_is_named(home: Home) -> None:
    uuid = imported("In use")
    HashList.objects.filter(uuid=uuid).update(state="withdrawn")
    (found,) = altered_lists(home)
    assert (found.list, "was changed" in found.sentence) == (uuid, True)


def test_a_list_whose_place_another_took_is_as_the_record_says(home: Home) -> None:
    base = imported("List")
    actions.update_list(CLI, base, version="2", added=[{"md5": hash_of("md5", 2).hex()}])
    assert list(altered_lists(home)) == []
    HashList.objects.filter(uuid=base).update(state="active")
    assert [each.list for each in altered_lists(home)] == [base]


def test_a_list_from_before_there_were_files_is_named_by_an_act_of_its_own(home: Home) -> None:
    uuid = imported("Old")
    act = Act.objects.get(kind="list.imported")
    Act.objects.filter(pk=act.pk).update(about={"list": str(uuid), "rows": 1, "entries": 2})  # as it was said then
    assert (unnamed_lists(), recorded_lists()) == ((uuid,), ())
    actions.shelve_list(CLI, uuid)
    assert (unnamed_lists(), recorded_lists()) == ((), (uuid,))
    assert list(altered_lists(home)) == []
