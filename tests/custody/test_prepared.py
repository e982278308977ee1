"""What is found, written and changed by a prepared statement is what Django's own would find, write and change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from amparo.custody import prepared
from amparo.custody.models import Act, Subject
from amparo.foundation.ids import new_id
from amparo.intake.models import ApiAnswer, ApiKey, Month, Sender, SenderMonth
from amparo.vault.models import Compartment, Item

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 3, 21, 0, 5, 123456, tzinfo=UTC)


def an_act(**other: Any) -> Act:
    said: dict[str, Any] = {
        "about": {"case": str(new_id()), "count": 3, "none": None, "list": ["a"]},
        "actor": new_id(),
    }
    text = {"actor_kind": "process", "actor_name": "api", "power": "p", "purpose": "", "ended": "done", "body": "é\n"}
    return Act(kind="case.opened", at=AT, digest=b"\x00\xff" * 16, **{**said, **text, **other})


def a_sender(tag: str = "t") -> Sender:
    return Sender(kind="api", tag=tag, first_at=AT, expected_an_hour=7)


def columns(row: models.Model) -> dict[str, Any]:
    values = {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields}
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in values.items()}


def test_a_row_of_every_kind_of_column_is_written_and_found_as_the_model_s_manager_does() -> None:
    sender = prepared.write(a_sender())
    compartment = prepared.write(Compartment(name="content", public_key=b"\x00\x01"))
    key = prepared.write(ApiKey(name="P", digest=b"\xff", sender=sender, test=True, scopes=["reports"], made_at=AT))
    written: list[models.Model] = [
        sender,
        compartment,
        key,
        prepared.write(an_act()),
        prepared.write(Month(month=date(2026, 11, 1), seed=b"\x00" * 32, begun_at=AT)),
        prepared.write(SenderMonth(sender=sender, month=date(2026, 11, 1), received=3)),
        prepared.write(ApiAnswer(key=key, idempotency="k", digest=b"\x01", status=201, answer={"a": [1, None]}, at=AT)),
        prepared.write(
            Item(name="a", size_bytes=2**40, origin=new_id(), compartment=compartment, sealed_for=compartment,
                 wrapped_key=b"\x02", sealed_size_bytes=1)
        ),
    ]  # fmt: skip
    for row in written:
        kept = type(row)._base_manager.get(pk=row.pk)
        found = prepared.find(type(row), id=row.pk)
        assert found is not None and columns(found) == columns(kept) == columns(row)
        assert found == row and not row._state.adding and not found._state.adding
    assert prepared.find(Item, parent=None, name="a") and prepared.find(Item, parent=7, name="a") is None


def test_columns_left_out_are_read_when_they_are_asked_for() -> None:
    prepared.write(a_sender())
    found = prepared.find(Sender, "tag", tag="t")
    assert found is not None and found.get_deferred_fields() >= {"kind", "first_at"}
    assert (found.tag, found.expected_an_hour) == ("t", 7)


def test_of_several_the_first_is_found_and_of_none_none() -> None:
    first, _ = prepared.write(an_act()), prepared.write(an_act())
    found = prepared.find(Act, kind="case.opened")
    assert found is not None and found.pk == first.pk
    assert prepared.find(Act, kind="case.closed") is None


def test_hundreds_of_rows_are_written_at_once_and_none_as_well() -> None:
    act = prepared.write(an_act())
    prepared.write_all([Subject(act=act, uuid=new_id(), role="report") for _ in range(2 * prepared.MOST_AT_ONCE + 1)])
    prepared.write_all([])
    assert act.subjects.count() == 2 * prepared.MOST_AT_ONCE + 1


def test_named_columns_are_changed_and_no_others() -> None:
    sender = prepared.write(a_sender())
    sender.lane, sender.name, sender.expected_an_hour = "flood", "not kept", None
    prepared.change(sender, "lane", "expected_an_hour")
    kept = Sender.objects.get()
    assert (kept.lane, kept.name, kept.expected_an_hour) == ("flood", "", None)


def test_counts_grow_where_there_is_a_row_and_it_is_said_where_there_is_none() -> None:
    sender, month = prepared.write(a_sender()), date(2026, 11, 1)
    assert not prepared.add(SenderMonth, {"received": 1}, sender=sender.pk, month=month)
    prepared.write(SenderMonth(sender=sender, month=month, received=3))
    assert prepared.add(SenderMonth, {"received": 2, "asked": 5}, sender=sender.pk, month=month)
    kept = SenderMonth.objects.get()
    assert (kept.received, kept.asked, kept.given) == (5, 5, 0)


def test_what_a_constraint_forbids_is_refused_and_takes_the_transaction_with_it() -> None:
    with transaction.atomic():
        prepared.write(a_sender("b"))
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            prepared.write_all([a_sender("a"), a_sender("a")])
        assert connection.needs_rollback  # nobody goes on by mistake
        transaction.set_rollback(True)
    assert not Sender.objects.exists()
