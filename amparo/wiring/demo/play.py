"""The story of the messaging group, played only through the house's own doors, ending in the figures of its own board.

Every step first looks whether it was done: played again, or after a break, the story goes on where it stopped, and a
finished one is read from the board.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from amparo.exchange import actions as exchange, queries as partner_queries
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.intake import queries as reports
from amparo.matching import actions as matching, queries as known
from amparo.outcomes import actions as outcomes, queries as boards
from amparo.outcomes.queries import Board
from amparo.wiring.demo import answering, casework, mails, partners, referring, staff
from amparo.wiring.demo.generator import Operation, generate
from amparo.wiring.demo.staff import SUPERVISOR
from amparo.wiring.demo.story import Story
from amparo.wiring.demo.telling import Teller

CHAPTERS = 12


def group(home: Home, seed: int) -> int:
    """0 when the board shows the case's own figures, else 1. The last line printed is one JSON object of them."""
    tell = Teller(CHAPTERS)
    tell.chapter(f"Synthetic data is made from seed {seed}, and the demo's officers get their log-ins")
    story = Story(home, generate(seed), staff.hired(home), tell)
    tell.line(f"{len(story.operation.members)} invented members, {len(story.operation.album)} abstract pictures")
    _bring_lists(story)
    _register_partners(story)
    _send_mails(story)
    casework.examined(story)
    _say_reasons(story)
    casework.read_and_open(story)
    casework.decide_people(story)
    casework.open_series(story)
    referring.send_packages(story)
    answering.follow_the_move(story)
    answering.answer(story)
    return _finish(story)


def _bring_lists(story: Story) -> None:
    story.tell.chapter("The supervisor brings in two lists of known hashes")
    there = {(each.name, each.version) for each in known.lists()}
    for each in story.operation.known:
        if (each.name, each.version) not in there:
            matching.import_list(
                story.staff[SUPERVISOR],
                name=each.name,
                source=each.source,
                version=each.version,
                scheme=each.scheme,
                scope=each.scope,
                rows=each.rows,
            )
        story.tell.line(f"{each.name}: {len(each.rows)} rows")


def _register_partners(story: Story) -> None:
    story.tell.chapter("The liaison officer registers eleven authorities with their keys")
    for answer in story.operation.answers:
        authority = partners.authority(story.home, answer.country)
        given = authority.public_keys(clock.now().date())
        there = partner_queries.partner(answer.country)
        if there is None:
            exchange.register_partner(story.staff[staff.LIAISON], authority.details, given)
        elif (there.openpgp.strip(), there.age.strip()) != (given.openpgp.strip(), given.age.strip()):
            raise Refused(
                f"{answer.country} has a real partner here: play the demo in a home of its own (AMPARO_HOME)."
            )
    story.tell.line(", ".join(answer.country for answer in story.operation.answers))


def _send_mails(story: Story) -> None:
    story.tell.chapter("Mail arrives: the report, and seven others around it")
    *before, last = story.operation.noise
    sent = 0
    for letter in (*before, story.operation.report, last):
        if not story.arrived(letter):
            partners.post(letter.sender, mails.TO, letter.data)
            sent += 1
            story.tell.line(f"250 for {letter.label}, {len(letter.data) / 1024:,.0f} KiB")
    if not sent:
        story.tell.line("all of them are here already")
    story.tell.wait("the report stands on the queue", lambda: (int(story.report_ranked()), 1))


def _say_reasons(story: Story) -> None:
    story.tell.line("On the queue, and why it stands where it stands:")
    ranking = reports.report(story.report).ranking
    assert ranking is not None
    for name, axis in ranking.axes.items():
        story.tell.line(f"{name}: {axis.level} ({'; '.join(reason.words for reason in axis.reasons) or 'no reason'})")


def _finish(story: Story) -> int:
    story.tell.chapter("The board")
    outcomes.read_board(story.staff[staff.LIAISON], story.case)
    board = boards.board(story.case)
    for row in board.rows:
        story.tell.line(
            f"{row.country}  {row.arrested:2d} arrested  {row.identified} identified  {row.no_action} without action"
            f"  {row.devices:3d} devices  {row.stage}"
        )
    shown = figures_of(board)
    differing = differences(shown, story.operation)
    for sentence in differing:
        story.tell.problem(f"Not as planned: {sentence}")
    print(json.dumps(shown, ensure_ascii=False), flush=True)
    return 1 if differing else 0


def figures_of(board: Board) -> dict[str, object]:
    """The board's figures as one object; every number is the board's own."""
    figures = board.figures
    ages = [int(code) for code, _ in figures["under_18"].parts]
    return {
        "arrested": figures["arrested"].value,
        "countries": figures["arrest_countries"].value,
        "by_country": dict(sorted(board.by_country.items())),
        "under_18": figures["under_18"].value,
        "youngest": min(ages, default=None),
        "ordered_elsewhere": figures["ordered_elsewhere"].value,
        "identified": figures["identified"].value,
        "no_action": figures["no_action"].value,
        "packages": figures["packages_sent"].value,
        "devices": dict(figures["devices"].parts),
        "children": {
            "series": figures["series"].value,
            "open": figures["series_open"].value,
            "identified": figures["series_identified"].value,
            "safeguarded": figures["safeguarded"].value,
        },
        "reports": figures["reports"].value,
        "case": board.reference,
    }


def planned(operation: Operation) -> dict[str, object]:
    """What the board has to show, from the demo's own truth."""
    figures = asdict(operation.figures)
    series = figures.pop("series")
    told = [line for answer in operation.answers for line in answer.persons]
    sorts = operation.answers[0].devices
    return {
        **figures,
        "ordered_elsewhere": len(
            {line.member for line in told if line.ordered_by and line.ordered_by != line.arrested_in}
        ),
        "identified": sum(line.outcome == "identified" for line in told),
        "no_action": sum(line.outcome == "no_action" for line in told),
        "packages": len(operation.answers),
        "devices": {sort: sum(answer.devices[sort] for answer in operation.answers) for sort in sorts},
        "children": {"series": series, "open": series, "identified": 0, "safeguarded": 0},
        "reports": 1,
    }


def differences(shown: dict[str, object], operation: Operation) -> list[str]:
    """A sentence for each figure that is not the plan's."""
    return [
        f"{name} is {shown.get(name)}, planned {value}"
        for name, value in planned(operation).items()
        if shown.get(name) != value
    ]
