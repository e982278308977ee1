from __future__ import annotations

from datetime import timedelta

import pytest

from amparo.access.acts import Actor
from amparo.custody.models import Act
from amparo.foundation.clock import now
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.viewing import actions, queries
from amparo.viewing.rules import RevealAsked

pytestmark = pytest.mark.django_db(transaction=True)


def officer(*powers: str) -> Actor:
    return Actor("officer", "someone", new_id(), frozenset(powers))


def test_a_look_is_counted_and_recorded_without_the_officers_words() -> None:
    ines, item, origin = officer("items.reveal"), new_id(), new_id()
    asked = RevealAsked("other", "The prosecutor asked how many frames it has.")
    done = actions.record_exposure(ines, item=item, origin=origin, asked=asked)
    assert [(seen.uuid, seen.item, seen.reason) for seen in queries.exposures_of(ines)] == [
        (done.exposure, item, "other")
    ]
    assert queries.times_seen(item) == 1
    act = Act.objects.get(kind="item.revealed")
    assert "prosecutor" not in str(vars(act))


def test_a_refused_look_leaves_no_exposure_but_a_record() -> None:
    ines = officer("items.reveal")
    with pytest.raises(Refused):
        actions.record_exposure(ines, item=new_id(), origin=new_id(), asked=RevealAsked(""))
    assert queries.exposures_of(ines) == ()
    assert Act.objects.filter(kind="item.revealed", ended="refused").count() == 1


def test_nobody_looks_without_the_power_and_no_process_looks_at_all() -> None:
    asked = RevealAsked("court")
    with pytest.raises(Refused):
        actions.record_exposure(officer("reports.read"), item=new_id(), origin=new_id(), asked=asked)
    machine = Actor("process", "worker", None, frozenset({"items.reveal"}))
    with pytest.raises(Refused, match="Only a person"):
        actions.record_exposure(machine, item=new_id(), origin=new_id(), asked=asked)


def test_officers_see_only_what_they_themselves_have_seen() -> None:
    one, other = officer("items.reveal"), officer("items.reveal")
    actions.record_exposure(one, item=new_id(), origin=new_id(), asked=RevealAsked("court"))
    assert len(queries.exposures_of(one)) == 1
    assert queries.exposures_of(other) == ()
    assert queries.exposures_of(one, since=now() + timedelta(hours=1)) == ()
