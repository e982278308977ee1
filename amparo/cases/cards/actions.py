"""How a card comes to be: written by an officer, in versions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.cases.cards.queries import newest, taken_names
from amparo.cases.cards.rules import Known, key_of, obstacles_to_card
from amparo.cases.entering import name_of, officer_of
from amparo.cases.models import PlatformCard
from amparo.foundation import clock
from amparo.foundation.errors import Refused


@dataclass(frozen=True)
class CardWritten:
    card: UUID
    version: int


@act("platform_card.written", power="cases.edit")
def write_card(by: Actor, known: Known, key: str = "", since: int = 0) -> CardWritten:
    """The next version of a service's card; of a new one where `key` is empty. since: the version that the officer had before them.

    Refused where nothing changed, and where another officer wrote in between.
    """
    now = clock.now()
    list(PlatformCard.objects.select_for_update().filter(key=key).values_list("id"))
    last = newest(key) if key else None
    if last and last.version != since:
        raise Refused(
            f"{last.by_name} wrote version {last.version} in the meantime: look at it, then write yours again."
        )
    own = last.key if last else key_of(known.name)
    if obstacles := obstacles_to_card(known, now.date(), taken_names(but=last.key if last else "")):
        raise Refused(*obstacles)
    if last and last.known == known:
        raise Refused("The card says this already.")
    version = last.version + 1 if last else 1
    said = asdict(known) | {"also": list(known.also), "records": [list(pair) for pair in known.records]}
    made = PlatformCard.objects.create(key=own, version=version, **said, by=officer_of(by), by_name=name_of(by), at=now)
    return CardWritten(made.uuid, version)
