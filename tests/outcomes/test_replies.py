"""A reply from its mail to the board: read in the sandbox, laid beside its package, counted once."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import timedelta
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.exchange.formats.reply_form import COLUMNS
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions as intake, queries as arrivals
from amparo.outcomes import actions, jobs, queries
from amparo.referrals import queries as packages
from tests.cases import house
from tests.referrals import world as worlds
from tests.referrals.world import World

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
TODAY = clock.now().date()


def form(*rows: dict[str, str], token: str = "", reference: str = "") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({"reply_token": token, "package_reference": reference, "version": "1", **row} for row in rows)
    return text.getvalue().encode()


def arrive(data: bytes, token: str = "", name: str = "reply.csv") -> dict[str, object]:
    """What intake does with a mail to reply+TOKEN@, up to the act that outcomes follow; runs the follower's job."""
    letter = intake.Letter(
        new_id(), "mail", clock.now(), new_id().hex * 2, 100, 10, hashlib.sha256(token.lower().encode()).hexdigest(), ""
    )  # type: ignore[arg-type]
    taken = intake.take_in(WORKER, letter, None)
    item = house.seal(name, data, taken.report, media_type="text/csv")
    done = intake.record_reply(WORKER, taken.arrival, intake.Text("Reply", "attached", "plain", "en"), (item,), ())
    about = {
        "arrival": str(done.arrival),
        "report": str(done.report),
        "token_digest": done.token_digest,
        "items": [str(item)],
    }
    jobs.take_reply.func("", about)
    return about


def test_a_filled_form_by_mail_reaches_the_board(world: World) -> None:
    sent = worlds.sent(world)["ES"]
    who = worlds.subject(sent, world.persons["P-1"])
    token = worlds.token(world, sent)
    rows = (
        {"subject": "package", "outcome": "acknowledged", "date": str(TODAY)},
        {
            "subject": who,
            "outcome": "arrested",
            "date": str(TODAY),
            "age": "34",
            "devices_phone": "2",
            "devices_laptop": "1",
        },
        {"subject": who, "outcome": "arested"},
    )
    arrive(form(*rows, token=token, reference=sent.reference), token)
    board = queries.board(world.case)
    (reply,) = board.replies
    assert (reply.state, reply.rows_taken, len(reply.faults)) == ("partly", 2, 1)
    assert "“arested” is no outcome" in reply.faults[0][1]
    assert board.by_country == {"ES": 1}
    assert board.figures["devices"].value == 3
    assert [each.uuid for each in queries.replies_needing_attention()] == [reply.uuid]
    facts = packages.package(sent.uuid)
    assert facts.state == "acknowledged"
    assert facts.answered_at is None


def test_the_same_form_sent_again_changes_nothing(world: World) -> None:
    sent = worlds.sent(world)["UY"]
    token, who = worlds.token(world, sent), worlds.subject(sent, world.persons["P-2"])
    data = form({"subject": who, "outcome": "arrested", "age": "15"}, token=token)
    arrive(data, token)
    before = [(key, each.value) for key, each in queries.board(world.case).figures.items()]
    arrive(data, token)
    assert [(key, each.value) for key, each in queries.board(world.case).figures.items()] == before
    assert len(queries.outcome_lines(case=world.case)) == 1
    assert packages.package(sent.uuid).answered_at is not None


def test_a_job_that_runs_twice_takes_the_form_once(world: World) -> None:
    sent = worlds.sent(world)["UY"]
    token = worlds.token(world, sent)
    about = arrive(form({"subject": "package", "outcome": "opened"}, token=token), token)
    jobs.take_reply.func("", about)
    assert len(queries.replies(world.case)) == 1


def test_a_reply_that_is_nobodys_goes_back_to_the_queue_and_stays_visible(world: World) -> None:
    worlds.sent(world)
    about = arrive(form({"subject": "S-1", "outcome": "arrested"}, token="r" + "0" * 32), "unknown")
    report = arrivals.report(UUID(str(about["report"])))
    assert report.open_work_items == 1
    (reply,) = queries.replies_needing_attention()
    assert reply.package is None
    assert queries.board(world.case).figures["arrested"].value == 0


def test_a_mail_without_a_form_becomes_a_work_item(world: World) -> None:
    sent = worlds.sent(world)["GB"]
    about = arrive(b"\x89PNG\r\n\x1a\n no form", worlds.token(world, sent), name="letter.png")
    report = arrivals.report(UUID(str(about["report"])))
    assert "no filled reply form" in report.work_items[0].sentence
    assert queries.replies(world.case) == ()


def test_the_address_alone_names_the_package_when_the_rows_lost_their_token(world: World) -> None:
    sent = worlds.sent(world)["GB"]
    arrive(form({"subject": "package", "outcome": "opened"}), worlds.token(world, sent))
    assert queries.board(world.case).replies[0].reference == sent.reference


def test_a_row_with_another_packages_token_is_not_taken(world: World) -> None:
    sent = worlds.sent(world)
    mine, other = (worlds.token(world, sent[country]) for country in ("GB", "UY"))
    data = form(
        {"subject": "package", "outcome": "opened"},
        {"subject": "S-1", "outcome": "arrested", "reply_token": "r" * 33},
        token=mine,
    )
    arrive(data, mine)
    (reply,) = queries.replies(world.case)
    assert (reply.country, reply.state) == ("GB", "partly")
    assert other not in str(reply.faults)


def test_an_arrest_ordered_in_one_country_and_made_in_another_counts_once(world: World) -> None:
    sent = worlds.sent(world)
    spain, britain = sent["ES"], sent["GB"]
    moved = world.persons["P-4"]
    actions.record_outcome(
        world.leo,
        britain.uuid,
        [
            {
                "subject": worlds.subject(britain, moved),
                "outcome": "arrested",
                "arrested_in": "ES",
                "ordered_by": "GB",
                "date": str(TODAY),
            }
        ],
    )
    board = queries.board(world.case)
    assert board.by_country == {"ES": 1}
    assert board.figures["ordered_elsewhere"].value == 1
    for later in (timedelta(), timedelta(days=400)):
        whole = queries.board(world.case, board.as_of + later).figures
        first = queries.first_figures(world.case, board.as_of + later)
        assert first == {key: whole[key] for key in first} and "packages_overdue" in first
    assert packages.package(spain.uuid).acknowledged_at is None


def test_an_officers_entry_is_held_to_the_same_rules(world: World) -> None:
    sent = worlds.sent(world)["ES"]
    tomorrow = TODAY + timedelta(days=3)
    with pytest.raises(Refused, match="lies in the future"):
        actions.record_outcome(
            world.leo, sent.uuid, [{"subject": "package", "outcome": "opened", "date": str(tomorrow)}]
        )
    with pytest.raises(Refused, match="Say what the country answered"):
        actions.record_outcome(world.leo, sent.uuid, [{"subject": "package"}])
    draft = worlds.actions.correct(world.vera, sent.uuid, "An age was wrong.")
    with pytest.raises(Refused, match="never sent"):
        actions.record_outcome(world.leo, draft.package, [{"subject": "package", "outcome": "opened"}])


def test_a_later_answer_marks_the_earlier_one_as_replaced(world: World) -> None:
    sent = worlds.sent(world)["GB"]
    who = worlds.subject(sent, world.persons["P-4"])
    actions.record_outcome(world.leo, sent.uuid, [{"subject": who, "outcome": "identified"}])
    actions.record_outcome(world.leo, sent.uuid, [{"subject": who, "outcome": "arrested"}])
    first, second = queries.outcome_lines(case=world.case)
    assert (first.superseded_by, second.superseded_by) == (second.uuid, None)


def test_a_settled_reply_needs_no_one_any_more_and_says_how(world: World) -> None:
    sent = worlds.sent(world)["GB"]
    arrive(form({"subject": "S-9", "outcome": "arrested"}, token=worlds.token(world, sent)))
    (reply,) = queries.replies_needing_attention()
    with pytest.raises(Refused, match="Say how"):
        actions.settle_reply(world.leo, reply.uuid, "")
    actions.settle_reply(world.leo, reply.uuid, "Asked the desk by phone; S-9 was a slip.")
    assert queries.replies_needing_attention() == ()
    assert [line.kind for line in custody.story(reply.uuid)][-1] == "reply.settled"
