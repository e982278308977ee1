from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from amparo.cases.chats.network import MOST_PERSONS, network
from amparo.cases.facts import Age, GroupFacts, MembershipFacts, PersonFacts, PersonRef
from amparo.cases.story import lines
from amparo.custody.queries import ActLine
from amparo.foundation.ids import new_id
from amparo.foundation.times import Moment

CASE, GROUP = new_id(), new_id()
AT = datetime(2026, 6, 1, tzinfo=UTC)


def group(members: int) -> GroupFacts:
    return GroupFacts(
        GROUP, CASE, "Grupo 21", "WhatsApp", new_id(), "chat.zip", "dmy", (), "", "", "", None, None,
        members, 0, 0, 0, 0, 0, (),
    )  # fmt: skip


def person(number: int, country: str | None) -> PersonFacts:
    uuid = new_id()
    ref = PersonRef(uuid, f"P-{number}", f"member {number}")
    stay = MembershipFacts(
        GROUP, "Grupo 21", "WhatsApp", ref, "added", Moment("r"), number, None, "", None, None, None, None, 0, None, True, False
    )  # fmt: skip
    return PersonFacts(
        uuid, CASE, ref.reference, ref.handle, "contact", Age("unknown", None, None, "", "", None), (), (stay,), (), 0, (),
        country, (),
    )  # fmt: skip


def drawn(people: list[PersonFacts], opened: str = "") -> dict[str, int]:
    data = network(people, [group(len(people))], (), (), lambda kind, subject: f"/{kind}/{subject}", opened)
    ids = {node["id"] for node in data["nodes"]}
    assert all(edge["source"] in ids and edge["target"] in ids for edge in data["edges"])
    kinds = [node["kind"] for node in data["nodes"]]
    return {kind: kinds.count(kind) for kind in ("person", "group", "country")}


def test_few_people_are_drawn_one_by_one() -> None:
    assert drawn([person(number, "ES") for number in range(1, 60)]) == {"person": 59, "group": 1, "country": 0}


def test_many_people_are_gathered_by_country_and_one_country_opens_on_demand() -> None:
    people = [person(number, ("ES", "UY", None)[number % 3]) for number in range(1, 3 * MOST_PERSONS + 1)]
    assert drawn(people) == {"person": 0, "group": 1, "country": 3}
    assert drawn(people, "UY") == {"person": MOST_PERSONS, "group": 1, "country": 2}
    assert drawn(people, "-") == {"person": MOST_PERSONS, "group": 1, "country": 2}


def act(kind: str, ended: str = "done", **about: object) -> ActLine:
    return ActLine(new_id(), 1, kind, AT, "officer", "ines", UUID(int=1), "p", "", ended, dict(about), "")


def test_looks_refusals_and_single_items_stay_out_of_the_story() -> None:
    told = lines(
        [
            act("case.opened"),
            act("case.read"),
            act("item.matched"),
            act("case.noted"),
            act("person.categorised", "refused"),
        ],
        (),
        {},
    )
    assert [line.title for line in told] == ["Case opened"]


def test_a_childs_series_is_told_to_nobody_without_the_power() -> None:
    acts = [act("series.opened"), act("package.sent", country="ES")]
    assert [line.title for line in lines(acts, (), {UUID(int=1): "Inés"}, ("series.",))] == ["Package sent: ES"]


def test_alike_acts_that_follow_one_another_are_told_once() -> None:
    (line,) = lines([act("case.granted"), act("case.granted")], (), {UUID(int=1): "Inés"})
    assert (line.by, line.text) == ("Inés", "2 times, last 00:00")
