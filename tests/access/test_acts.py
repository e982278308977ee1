from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from amparo.access.acts import Actor, act
from amparo.access.models import Officer
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)

SUPERVISOR = Actor("officer", "vera", new_id(), frozenset({"officers.manage"}))


@dataclass(frozen=True)
class Changed:
    officer: UUID
    note: str = ""


@act("test.changed", power="officers.manage")
def change(by: Actor, officer: UUID, *, note: str = "", then: Exception | None = None) -> Changed:
    Officer.objects.create(username=f"u{officer.hex[:20]}")
    if then:
        raise then
    return Changed(officer, note)


@act("test.outer", power="officers.manage")
def change_twice(by: Actor, officer: UUID, then: Exception | None = None) -> Changed:
    change(by, officer)
    change(by, new_id(), then=then)
    return Changed(officer)


@act("test.whole", power="officers.manage", savepoint=False)
def change_wholly(by: Actor, officer: UUID, then: Exception | None = None) -> Changed:
    Officer.objects.create(username=f"u{officer.hex[:20]}")
    if then:
        raise then
    return Changed(officer)


def kinds(about: UUID) -> list[tuple[str, str]]:
    return [(line.kind, line.ended) for line in custody.story(about)]


def test_an_act_is_recorded_with_the_ids_it_hands_back() -> None:
    officer = new_id()
    change(SUPERVISOR, officer, note="A-1")
    (line,) = custody.story(officer)
    assert (line.kind, line.ended, line.actor_name) == ("test.changed", "done", "vera")
    assert line.about == {"officer": str(officer), "note": "A-1"}


def test_without_the_power_nothing_changes_and_the_refusal_is_recorded() -> None:
    officer = new_id()
    with pytest.raises(Refused, match="power"):
        change(Actor("officer", "ana", new_id(), frozenset()), officer)
    assert not Officer.objects.exists()
    assert kinds(officer) == [("test.changed", "refused")]


def test_a_failure_rolls_back_the_change_and_is_recorded() -> None:
    officer = new_id()
    with pytest.raises(ZeroDivisionError):
        change(SUPERVISOR, officer, then=ZeroDivisionError())
    assert not Officer.objects.exists()
    assert kinds(officer) == [("test.changed", "failed")]


def test_an_act_inside_an_act_lives_and_dies_with_it() -> None:
    officer = new_id()
    with pytest.raises(Refused):
        change_twice(SUPERVISOR, officer, then=Refused("no"))
    assert not Officer.objects.exists()
    assert kinds(officer) == [("test.outer", "refused")]
    change_twice(SUPERVISOR, officer)
    assert kinds(officer)[1:] == [("test.changed", "done"), ("test.outer", "done")]


def test_after_a_failed_act_without_a_savepoint_nothing_more_can_be_written_in_its_transaction() -> None:
    first, second = new_id(), new_id()
    with transaction.atomic():
        change_wholly(SUPERVISOR, first)
        with pytest.raises(Refused):
            change_wholly(SUPERVISOR, second, then=Refused("no"))
        with pytest.raises(TransactionManagementError):
            change(SUPERVISOR, new_id())
    assert not Officer.objects.exists() and kinds(first) == kinds(second) == []
    with pytest.raises(Refused):
        change_wholly(SUPERVISOR, second, then=Refused("no"))
    assert not Officer.objects.exists() and kinds(second) == [("test.whole", "refused")]


def test_free_text_never_enters_the_record() -> None:
    with pytest.raises(TypeError, match="free text"):
        change(SUPERVISOR, new_id(), note="a name and a story")
    assert not Officer.objects.exists()
