"""The chapter that comes before all others of the investigation: the child is found and safe."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amparo.cases import actions as cases, queries as case_queries
from amparo.victims import actions as victims, queries as series_queries
from amparo.wiring.demo import streams_payers
from amparo.wiring.demo.staff import INVESTIGATOR, SPECIALIST
from amparo.wiring.demo.streams_cast import HOST_COUNTRY

if TYPE_CHECKING:
    from amparo.wiring.demo.streams import StreamsStory

RECORD = "The operator's subscriber record, answered within the hour on an urgent request, names an address."
WAY = (
    ("known_elsewhere_check", "Asked the international database's national desk."),
    ("in_analysis", "Not known elsewhere: work begins here."),
    ("country_likely", "The host's own number and the room's hours."),
    ("located", "Officers of the competent unit were at the address of the record."),
    ("safeguarded", "The child is with the protection service; its receipt stands in the file."),
)


def safeguard(story: StreamsStory) -> None:
    """The host is decided on and confirmed in their country; the series goes its way to safeguarded."""
    story.tell.chapter("The child first: the host's number leads to an address, the child is located and safeguarded")
    by = story.staff[INVESTIGATOR]
    host = streams_payers.by_phone(story)[story.data.cast.host.phone]
    if host.category == "contact":
        cases.set_category(by, (host.uuid,), "suspect", "Made the group, posted its items first, announced the hour.")
    if host.age.status == "unknown":
        cases.set_age(by, (host.uuid,), "adult", RECORD)
    if host.confirmed_country is None:
        cases.set_country(
            by,
            (host.uuid,),
            HOST_COUNTRY,
            RECORD,
            evidence="document",
            kind="fact",
            source_grade="A",
            information_grade=1,
        )
        cases.confirm_country(
            by, (host.uuid,), HOST_COUNTRY, "The operator's subscriber record, and the number's country."
        )
    _series(story)


def _series(story: StreamsStory) -> None:
    by = story.staff[SPECIALIST]
    digests = {hashlib.sha256(picture.data).hexdigest() for picture in story.data.series}
    items = tuple(line.item.uuid for line in case_queries.items(story.case) if line.item.sha256 in digests)
    taken = series_queries.series_of_items(list(items))
    there = next(iter(taken.values()), None)
    made = there.uuid if there else victims.open_series(by, story.case, items).series
    for status, basis in WAY:
        facts = series_queries.series(made)
        if facts.status in _from(status):
            continue
        if status == "in_analysis":
            victims.answer_known_elsewhere(by, made, "no", "National desk, answered by letter.")
        if status == "country_likely":
            victims.state_place(by, made, HOST_COUNTRY, RECORD)
        victims.move(by, made, status, basis)
    facts = series_queries.series(made)
    story.tell.line(f"{facts.name}: {len(items)} items, {facts.status}")


def _from(status: str) -> frozenset[str]:
    """This status and all that come after it here."""
    names = [name for name, _ in WAY]
    return frozenset(names[names.index(status) :])
