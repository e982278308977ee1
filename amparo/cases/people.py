"""Reading the people of a case, many at a time with few questions to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from amparo.cases import rules
from amparo.cases.chats.talk import membership_facts, post_facts
from amparo.cases.facts import (
    Age,
    AttributionFacts,
    CountryLine,
    DecisionFacts,
    IdentifierFacts,
    Moved,
    PeopleOpen,
    PersonFacts,
    PersonLine,
    PersonRef,
    SeizedFacts,
)
from amparo.cases.models import Attribution, Decision, Group, Identifier, Membership, Person, PlatformPerson, Post
from amparo.foundation.errors import Missing

# SQLite refuses long lists of variables in one statement; rows are asked for in steps.
STEP = 500
MOST_MOVED = 20  # people who moved, named one by one

Facts = TypeVar("Facts")


def people(
    case: UUID,
    *,
    search: str = "",
    category: str = "",
    age: str = "",
    country: str = "",
    mark: str = "",
    only: Iterable[UUID] | None = None,
) -> tuple[PersonFacts, ...]:
    """The case's people by number. country: confirmed or standing candidate; "-" those with neither.

    mark: "posted", "first" (put an item into a group first), "silent", "left_at_once", "unconfirmed".
    """
    rows = _filtered(Person.objects.filter(case__uuid=case), search, category, age, country, mark)
    if only is None:
        return _person_facts(list(rows.select_related("case")))
    asked = list(only)
    found = [
        row
        for start in range(0, len(asked), STEP)
        for row in rows.filter(uuid__in=asked[start : start + STEP]).select_related("case")
    ]
    return _person_facts(sorted(found, key=lambda row: row.number))


_SORTS = {
    "person": "number",
    "handle": "handle",
    "category": "category",
    "age": "age_status",
    "country": "confirmed_country",
    "messages": "sent",
    "first": "firsts",
}


def people_page(
    case: UUID, asked: Mapping[str, str], *, offset: int, limit: int
) -> tuple[tuple[PersonFacts, ...], int]:
    """A page of the people with these filters (as `people` takes them) and in this "sort"; and how many there are."""
    given = (asked.get(name, "") for name in ("search", "category", "age", "country", "mark"))
    rows = _filtered(Person.objects.filter(case__uuid=case), *given)
    sort = asked.get("sort", "")
    if sort.removeprefix("-") in ("messages", "first"):
        posts = (
            Post.objects.filter(person=OuterRef("id")).order_by().values("person").annotate(n=Count("id")).values("n")
        )
        rows = rows.annotate(
            sent=Coalesce(Subquery(posts, output_field=IntegerField()), 0),
            firsts=Coalesce(Subquery(posts.filter(first=True), output_field=IntegerField()), 0),
        )
    column = _SORTS.get(sort.removeprefix("-"), "number")
    ordered = rows.order_by(f"-{column}" if sort.startswith("-") else column, "number")
    return _person_facts(list(ordered.select_related("case")[offset : offset + limit])), rows.count()


def people_open(case: UUID) -> PeopleOpen:
    """What is open about the case's people, counted by the database: a case may have tens of thousands."""
    rows = Person.objects.filter(case__uuid=case)
    suspected = Q(category__in=rules.SUSPECTED)
    counts = rows.aggregate(
        suspects=Count("id", filter=suspected),
        unconfirmed=Count("id", filter=suspected & Q(confirmed_country="")),
        ageless=Count("id", filter=suspected & Q(age_status="unknown")),
        minors=Count("id", filter=suspected & ~Q(age_status="adult")),
    )
    first = Post.objects.filter(group__in=Group.objects.filter(case__uuid=case).values("id"), first=True).order_by()
    undecided = rows.filter(category="contact", id__in=first.exclude(person=None).values("person")).count()
    changed = Decision.objects.filter(person=OuterRef("id"), what="country").exclude(before="")
    moved = rows.filter(Exists(changed.exclude(before=OuterRef("confirmed_country")))).order_by("number")
    listed = [_moved(each) for each in moved.select_related("case")[:MOST_MOVED]]
    count = moved.count() if len(listed) == MOST_MOVED else len(listed)
    return PeopleOpen(undecided=undecided, **counts, moved=tuple(listed), moved_count=count)


def _moved(row: Person) -> Moved:
    changed = (
        Decision.objects.filter(person=row, what="country").exclude(before="").exclude(before=row.confirmed_country)
    )
    before = changed.order_by("id").values_list("before", flat=True)
    return Moved(PersonRef(row.uuid, row.reference, row.handle), tuple(dict.fromkeys(before)), row.confirmed_country)


def _filtered(
    rows: QuerySet[Person], search: str, category: str, age: str, country: str, mark: str
) -> QuerySet[Person]:
    if search:
        value = "".join(search.split()) if search.strip().startswith("+") else search.strip()
        hit = Identifier.objects.filter(person=OuterRef("id")).filter(
            Q(value__icontains=value) | Q(raw__icontains=value)
        )
        number = search.strip().upper().removeprefix("P-")
        by_number = Q(number=int(number)) if number.isdigit() and len(number) < 7 else Q(pk=None)
        rows = rows.filter(Q(handle__icontains=search.strip()) | Exists(hit) | by_number)
    if category:
        rows = rows.filter(category=category)
    if age:
        rows = rows.filter(age_status=age)
    standing = Attribution.objects.filter(person=OuterRef("id"), withdrawn_at=None)
    if country == "-":
        rows = rows.filter(~Exists(standing), confirmed_country="")
    elif country:
        rows = rows.filter(Q(confirmed_country=country) | Exists(standing.filter(country=country)))
    stays = Membership.objects.filter(person=OuterRef("id"))
    match mark:
        case "posted":
            rows = rows.filter(Exists(Post.objects.filter(person=OuterRef("id"))))
        case "first":
            rows = rows.filter(Exists(Post.objects.filter(person=OuterRef("id"), first=True)))
        case "silent":
            rows = rows.filter(Exists(stays), ~Exists(stays.filter(silent=False)))
        case "left_at_once":
            rows = rows.filter(Exists(stays), ~Exists(stays.filter(left_at_once=False)))
        case "unconfirmed":
            rows = rows.filter(confirmed_country="")
    return rows


def person_names(case: UUID) -> tuple[PersonRef, ...]:
    """The case's people by number, to choose one of them from a list."""
    rows = Person.objects.filter(case__uuid=case).order_by("number").values_list("uuid", "number", "handle")
    return tuple(PersonRef(uuid, f"P-{number}", handle) for uuid, number, handle in rows)


def person_lines(case: UUID, *, country: str = "") -> tuple[PersonLine, ...]:
    """The case's people by number as one line each, for rooms that count or sort thousands; those confirmed in `country` alone."""
    rows = Person.objects.filter(case__uuid=case).order_by("number")
    if country:
        rows = rows.filter(confirmed_country=country)
    told = rows.values_list("uuid", "number", "category", "age_status", "confirmed_country")
    return tuple(PersonLine(uuid, f"P-{number}", *rest) for uuid, number, *rest in told)


def counts_by_country(case: UUID) -> tuple[tuple[str, str, int], ...]:
    """(confirmed country, category, persons) of a case, the unconfirmed left out, in order of the country's code."""
    rows = (
        Person.objects.filter(case__uuid=case).exclude(confirmed_country="").order_by("confirmed_country", "category")
    )
    return tuple(rows.values_list("confirmed_country", "category").annotate(Count("id")))


def person(uuid: UUID) -> PersonFacts:
    """Raises Missing."""
    rows = list(Person.objects.filter(uuid=uuid).select_related("case"))
    if not rows:
        raise Missing("There is no such person.", person=str(uuid))
    return _person_facts(rows)[0]


def persons_by_country(case: UUID) -> dict[str, tuple[PersonFacts, ...]]:
    """The case's people under the country that an officer confirmed as competent; under "" those not confirmed yet."""
    found: dict[str, list[PersonFacts]] = {}
    for each in people(case):
        found.setdefault(each.confirmed_country or "", []).append(each)
    return {country: tuple(found[country]) for country in sorted(found)}


def countries_of_case(case: UUID) -> tuple[CountryLine, ...]:
    """Every country that somebody of the case points to, most persons first."""
    confirmed = dict(
        Person.objects.filter(case__uuid=case)
        .exclude(confirmed_country="")
        .values_list("confirmed_country")
        .annotate(Count("id"))
    )
    pointing = dict(
        Attribution.objects.filter(person__case__uuid=case, person__confirmed_country="", withdrawn_at=None)
        .values_list("country")
        .annotate(Count("person", distinct=True))
    )
    lines = (CountryLine(each, confirmed.get(each, 0), pointing.get(each, 0)) for each in confirmed | pointing)
    return tuple(sorted(lines, key=lambda line: (-line.confirmed - line.candidates, line.country)))


def elsewhere(uuid: UUID) -> tuple[tuple[UUID, str, str], ...]:
    """Other cases in which an exact identifier of this person stands too: (case, its reference, the identifier).

    Names as shown are left out: they identify nobody.
    """
    mine = Identifier.objects.filter(person__uuid=uuid).exclude(kind="name").values_list("kind", "value")
    asked = Q(pk=None)
    for kind, value in mine:
        asked |= Q(kind=kind, value=value)
    others = Identifier.objects.filter(asked).exclude(person__uuid=uuid)
    others = others.exclude(person__case_id__in=Person.objects.filter(uuid=uuid).values("case_id"))
    rows = others.values_list("person__case__uuid", "person__case__reference", "value").distinct()
    return tuple(sorted(rows, key=lambda row: (row[1], row[2])))


def _person_facts(rows: list[Person]) -> tuple[PersonFacts, ...]:
    parts = [rows[start : start + STEP] for start in range(0, len(rows), STEP)]
    return tuple(each for part in parts for each in _person_facts_of(part))


def _person_facts_of(rows: list[Person]) -> Iterable[PersonFacts]:
    ids = [each.id for each in rows]
    identifiers = _gathered(Identifier.objects.filter(person_id__in=ids), _identifier)
    attributions = _gathered(Attribution.objects.filter(person_id__in=ids), _attribution)
    decisions = _gathered(Decision.objects.filter(person_id__in=ids), _decision)
    stays = Membership.objects.filter(person_id__in=ids).select_related("group", "person", "came_by", "went_by")
    memberships = _gathered(stays, membership_facts)
    media = Post.objects.filter(person_id__in=ids).exclude(media_name="", item=None).select_related("group", "person")
    posts = _gathered(media, post_facts)
    seized = _gathered(PlatformPerson.objects.filter(person_id__in=ids).select_related("platform"), _seized)
    messages = dict(Post.objects.filter(person_id__in=ids).values_list("person_id").annotate(Count("id")))
    for each in rows:
        decided = tuple(decisions.get(each.id, ()))
        yield PersonFacts(
            uuid=each.uuid,
            case=each.case.uuid,
            reference=each.reference,
            handle=each.handle,
            category=each.category,
            age=_age(each, decided),
            identifiers=tuple(identifiers.get(each.id, ())),
            memberships=tuple(memberships.get(each.id, ())),
            posts=tuple(posts.get(each.id, ())),
            messages=messages.get(each.id, 0),
            attributions=tuple(attributions.get(each.id, ())),
            confirmed_country=each.confirmed_country or None,
            decisions=decided,
            seized=tuple(seized.get(each.id, ())),
        )


def _gathered(rows: QuerySet[Any], facts_of: Callable[[Any], Facts]) -> dict[int, list[Facts]]:
    """Each row's facts under its person's id; the rows are of any model with `person_id`."""
    found: dict[int, list[Facts]] = {}
    for row in rows:
        found.setdefault(row.person_id, []).append(facts_of(row))
    return found


def _age(person: Person, decisions: Sequence[DecisionFacts]) -> Age:
    last = next((each for each in reversed(decisions) if each.what == "age"), None)
    return Age(
        person.age_status,
        person.stated_age,
        person.born_on,
        last.reason if last else "",
        last.by_name if last else "",
        last.at if last else None,
    )


def _identifier(row: Identifier) -> IdentifierFacts:
    return IdentifierFacts(row.kind, row.value, row.raw, row.source, row.item)


def _attribution(row: Attribution) -> AttributionFacts:
    return AttributionFacts(
        row.uuid, row.country, row.evidence, row.words, row.kind, row.source_grade, row.information_grade, row.since,
        row.until, row.by_name, row.at, row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason,
    )  # fmt: skip


def _seized(row: PlatformPerson) -> SeizedFacts:
    return SeizedFacts(row.platform.uuid, row.platform.name, row.linked, tuple(row.accounts), tuple(row.said), row.rule)


def _decision(row: Decision) -> DecisionFacts:
    return DecisionFacts(row.what, row.value, row.before, row.reason, row.by, row.by_name, row.at)
