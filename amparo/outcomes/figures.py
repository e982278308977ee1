"""What the operation came to, in figures that each say their unit, definition, period, source and completeness.

Pure: the same records give the same figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from amparo.outcomes.counting import Arrest, OutcomeFacts, PackageState, arrests, standing
from amparo.outcomes.rules import DEVICES


@dataclass(frozen=True)
class ChildrenFacts:
    """Series of the case by their state, from the victims room."""

    series: int = 0
    open: int = 0
    identified: int = 0
    safeguarded: int = 0


@dataclass(frozen=True)
class PlatformFacts:
    """A seized platform of the case as its summary counted it. Accounts and persons as linked are two units, never one."""

    name: str
    accounts: int
    persons: int
    items: int


@dataclass(frozen=True)
class Figure:
    """A number that can be trusted. records: the outcomes behind it; parts: how it divides (code, count)."""

    key: str
    label: str
    value: int
    unit: str
    definition: str
    period: str
    source: str
    completeness: str
    records: tuple[UUID, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()


def figures(
    packages: Sequence[PackageState],
    outcomes: Sequence[OutcomeFacts],
    children: ChildrenFacts,
    reports: int,
    as_of: datetime,
    platforms: Sequence[PlatformFacts] = (),
) -> tuple[Figure, ...]:
    """Every figure of one operation, in the order in which the board shows them. The same records give the same figures."""
    now = standing(outcomes)
    caught = arrests(now)
    since = min((each.at or each.received_at.date() for each in now), default=None)
    frame = _Frame(_period(since, as_of), len([p for p in packages if p.sent_at]), len({o.reference for o in now}))
    return (
        *_arrest_figures(caught, frame),
        *_package_figures(packages, reports, frame),
        _device_figure(now, frame),
        *_result_figures(now, frame),
        *_children_figures(children, now, frame),
        *_platform_figures(platforms, frame),
    )


def first_figures(
    packages: Sequence[PackageState],
    arrested: Sequence[OutcomeFacts],
    answered_packages: int,
    since: date | None,
    as_of: datetime,
) -> tuple[Figure, ...]:
    """The arrests and what came back: the same figures as `figures` gives, from less.

    packages: `persons` is not looked at. arrested: the standing outcomes of that kind. answered_packages: of how many something was
    said. since: the first day of any standing outcome.
    """
    frame = _Frame(_period(since, as_of), len([p for p in packages if p.sent_at]), answered_packages)
    return (*_arrest_figures(arrests(arrested), frame), *_answer_figures(packages, frame))


@dataclass(frozen=True)
class _Frame:
    period: str
    sent: int
    heard: int

    @property
    def heard_from(self) -> str:
        return f"{self.heard} of {self.sent} countries with a package have answered."


def _period(since: date | None, as_of: datetime) -> str:
    until = as_of.date().isoformat()
    return f"{since.isoformat()} to {until}" if since else f"until {until}"


PARTNERS = "Partners' replies"
HOUSE = "Our own record"
WHOLE = "Complete: counted in our own record."


def _arrest_figures(caught: Sequence[Arrest], frame: _Frame) -> list[Figure]:
    by_country = Counter(each.arrested_in for each in caught)
    with_age = sum(1 for each in caught if each.age is not None)
    disputed = sum(each.disputed for each in caught)
    doubt = f" {disputed} with reports that name different countries." if disputed else ""
    minors = [each for each in caught if each.under_18]
    elsewhere = [each for each in caught if each.ordered_elsewhere]
    youngest = min((each.age for each in minors if each.age is not None), default=None)
    return [
        Figure(
            "arrested", "Arrested", len(caught), "persons",
            "Persons arrested, each counted once, in the country of the arrest, however many countries report it.",
            frame.period, PARTNERS, frame.heard_from + doubt, _records(caught), _largest_first(by_country),
        ),
        Figure(
            "arrest_countries", "Countries with an arrest", len(by_country), "countries",
            "Countries in which at least one of these persons was arrested.",
            frame.period, PARTNERS, frame.heard_from, _records(caught), _largest_first(by_country),
        ),
        Figure(
            "under_18", "Under 18 when arrested", len(minors), "persons",
            "Arrested persons whose stated age at the time was below 18 years"
            + (f"; the youngest is {youngest}." if youngest is not None else "."),
            frame.period, PARTNERS, f"Age stated for {with_age} of {len(caught)} arrested persons.", _records(minors),
            _largest_first(Counter(str(each.age) for each in minors)),
        ),
        Figure(
            "ordered_elsewhere", "Ordered by another country", len(elsewhere), "persons",
            "Arrested persons for whom the order came from another country than the one of the arrest.",
            frame.period, PARTNERS, frame.heard_from, _records(elsewhere),
            _largest_first(Counter(f"{each.ordered_by}-{each.arrested_in}" for each in elsewhere)),
        ),
    ]  # fmt: skip


def _package_figures(packages: Sequence[PackageState], reports: int, frame: _Frame) -> list[Figure]:
    sent = [package for package in packages if package.sent_at]
    referred = {person for package in sent for person in package.persons}
    return [
        Figure("reports", "Reports", reports, "reports", "Reports that this case was opened from or that joined it.",
               frame.period, HOUSE, WHOLE),
        Figure("packages_sent", "Packages sent", len(sent), "countries",
               "Countries to which this case's package was sent; a corrected version is no second package.",
               frame.period, HOUSE, WHOLE, parts=tuple((package.country, len(package.persons)) for package in sent)),
        Figure("referred", "Persons referred", len(referred), "persons",
               "Persons in at least one package that was sent, each counted once.", frame.period, HOUSE, WHOLE),
        *_answer_figures(packages, frame),
    ]  # fmt: skip


def _answer_figures(packages: Sequence[PackageState], frame: _Frame) -> list[Figure]:
    acknowledged = [package for package in packages if package.sent_at and package.acknowledged]
    overdue = [package for package in packages if package.sent_at and package.overdue]
    return [
        Figure("packages_acknowledged", "Packages acknowledged", len(acknowledged), "countries",
               "Countries that confirmed having the package, or answered on it.", frame.period, PARTNERS, frame.heard_from,
               parts=tuple((package.country, 1) for package in acknowledged)),
        Figure("packages_overdue", "Overdue", len(overdue), "countries",
               "Countries whose acknowledgement or answer was due by now and has not come.", frame.period, HOUSE, WHOLE,
               parts=tuple((package.country, 1) for package in overdue)),
    ]  # fmt: skip


def _device_figure(now: Sequence[OutcomeFacts], frame: _Frame) -> Figure:
    seized = [each for each in now if each.kind == "devices_seized"]
    sorts = Counter[str]()
    for each in seized:
        sorts.update(each.counts)
    return Figure(
        "devices", "Devices seized", sum(sorts.values()), "devices",
        "Phones, tablets, laptops, desktop computers and storage media that countries report as seized.",
        frame.period, PARTNERS, frame.heard_from, tuple(each.uuid for each in seized),
        tuple((sort, sorts[sort]) for sort in DEVICES),
    )  # fmt: skip


def _result_figures(now: Sequence[OutcomeFacts], frame: _Frame) -> list[Figure]:
    caught = {each.person for each in now if each.kind == "arrested"}
    identified = [each for each in now if each.kind == "identified" and each.person not in caught]
    ended = [each for each in now if each.kind == "no_action" and each.person and each.person not in caught]
    suspects = {each.person for each in identified} | caught
    return [
        Figure("suspects_identified", "Suspects identified", len(suspects), "persons",
               "Persons whom a country identified, those arrested included, each counted once.", frame.period, PARTNERS,
               frame.heard_from, tuple(each.uuid for each in now if each.kind in {"arrested", "identified"})),
        Figure("identified", "Identified, not arrested", len({each.person for each in identified}), "persons",
               "Persons that a country identified and that no country reports as arrested.", frame.period, PARTNERS,
               frame.heard_from, tuple(each.uuid for each in identified)),
        Figure("no_action", "No action", len({each.person for each in ended}), "persons",
               "Persons on whom a country ended its work, with its reason.", frame.period, PARTNERS, frame.heard_from,
               tuple(each.uuid for each in ended), _largest_first(Counter(each.reason for each in ended))),
    ]  # fmt: skip


def _children_figures(children: ChildrenFacts, now: Sequence[OutcomeFacts], frame: _Frame) -> list[Figure]:
    ours = "The case's series of children"
    whole = "Complete for the items that were examined; a child may be in more than one series until that is known."
    told = {
        kind: [each for each in now if each.kind == kind] for kind in ("children_identified", "children_safeguarded")
    }
    counted = {kind: sum(sum(each.counts.values()) for each in rows) for kind, rows in told.items()}
    known = (
        ("series", "Series of children", children.series, "Series of items that show one child each."),
        ("series_open", "Open for identification", children.open, "Series whose child nobody has identified yet."),
        (
            "series_identified",
            "Children identified",
            children.identified,
            "Series whose child is known by name to an authority.",
        ),
        (
            "safeguarded",
            "Children safeguarded",
            children.safeguarded,
            "Series whose child is confirmed to be safe now.",
        ),
    )
    reported = (
        ("children_identified", "Children identified, as reported", "As countries report it; not yet laid beside our series."),
        ("children_safeguarded", "Children safeguarded, as reported", "As countries report it; not yet laid beside our series."),
    )  # fmt: skip
    return [
        *(Figure(key, label, value, "series", says, frame.period, ours, whole) for key, label, value, says in known),
        *(
            Figure(key, label, counted[key], "children", says, frame.period, PARTNERS, frame.heard_from,
                   tuple(each.uuid for each in told[key]))
            for key, label, says in reported
        ),
    ]  # fmt: skip


def _platform_figures(platforms: Sequence[PlatformFacts], frame: _Frame) -> list[Figure]:
    if not platforms:
        return []
    source = "The seized platforms' own tables"
    whole = "Complete for the tables that were read; what could not be read is listed at the platform."
    told = (
        ("platform_accounts", "Accounts", "accounts", "accounts",
         "Accounts on the case's seized platforms. One person may have several: this is no count of people."),
        ("platform_persons", "Persons as linked", "persons", "persons as linked",
         "Groups of accounts that evidence links to one person; careful people whom nothing links count once an account."),
        ("platform_items", "Videos and other items", "items", "items",
         "Different items on the case's seized platforms, by their own identifier or digest."),
    )  # fmt: skip
    return [
        Figure(key, label, sum(getattr(each, name) for each in platforms), unit, says, frame.period, source, whole,
               parts=tuple((each.name, getattr(each, name)) for each in platforms))
        for key, label, name, unit, says in told
    ]  # fmt: skip


def _records(caught: Iterable[Arrest]) -> tuple[UUID, ...]:
    return tuple(uuid for each in caught for uuid in each.reports)


def _largest_first(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
