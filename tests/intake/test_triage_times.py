"""Times, addresses and places: what is doubtful says so, and nothing doubtful goes into an order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions, moments, orders
from amparo.intake.actions import Letter, Text
from amparo.intake.triage.networks import Networks, Range, read_table, said_of
from amparo.intake.triage.places import places_of
from amparo.intake.triage.stated import stated_of
from amparo.intake.triage.times import DOUBTS, HARMLESS, read_time
from amparo.intake.triage.traces import Trace, traces_in

# What was written, the zone stated beside it, and the moment that it certainly is.
CERTAIN = [
    ("2026-11-03T21:05:09Z", "", "2026-11-03 21:05:09"),
    ("2026-11-03T21:05:09.123+01:00", "", "2026-11-03 20:05:09"),
    ("2026-11-03 21:05:09+0530", "", "2026-11-03 15:35:09"),
    ("20261103T210509Z", "", "2026-11-03 21:05:09"),
    ("2026-11-03 21:05:09 UTC", "", "2026-11-03 21:05:09"),
    ("2026-11-03 09:05:09 +01", "", "2026-11-03 08:05:09"),
    ("2026-11-03 21:05:09", "Europe/Madrid", "2026-11-03 20:05:09"),
    ("2026-07-03 21:05:09", "Europe/Madrid", "2026-07-03 19:05:09"),
    ("2026-11-03 21:05:09 Europe/Lisbon", "", "2026-11-03 21:05:09"),
    ("2026/11/03 09:05:00 UTC", "", "2026-11-03 09:05:00"),
    ("Tue, 03 Nov 2026 09:00:00 +0100", "", "2026-11-03 08:00:00"),
    ("Tue, 3 Nov 2026 21:00:00 +0100 (CET)", "", "2026-11-03 20:00:00"),
    ("3 Nov 2026 09:00:00 GMT", "", "2026-11-03 09:00:00"),
    ("1762203909", "", "2025-11-03 21:05:09"),
    ("1762203909123", "", "2025-11-03 21:05:09"),
    ("13/11/2026 21:05", "Europe/Madrid", "2026-11-13 20:05:00"),
    ("11/13/2026 21:05", "America/New_York", "2026-11-14 02:05:00"),
    ("03.11.2026 21:05 Uhr", "Europe/Berlin", "2026-11-03 20:05:00"),
    ("3. November 2026 um 21.05 Uhr MEZ", "", "2026-11-03 20:05:00"),
    ("3/3/2026 09:05:11 PM UTC", "", "2026-03-03 21:05:11"),
    ("3 de noviembre de 2026, 21:05 h", "Europe/Madrid", "2026-11-03 20:05:00"),
    ("3 Nov 2026, 9 de la noche", "Europe/Madrid", "2026-11-03 20:00:00"),
    ("3 novembre 2026 à 21h05", "Europe/Paris", "2026-11-03 20:05:00"),
    ("3 de novembro de 2026 às 21h05", "America/Sao_Paulo", "2026-11-04 00:05:00"),
    ("3 novembre 2026 ore 21:05", "Europe/Rome", "2026-11-03 20:05:00"),
    ("3 de novembre de 2026, 21:05", "Europe/Madrid", "2026-11-03 20:05:00"),
    ("November 3, 2026 at 9:05:09 PM UTC", "", "2026-11-03 21:05:09"),
    ("3 نوفمبر 2026 9:05 م", "Africa/Cairo", "2026-11-03 19:05:00"),
    ("٣ نوفمبر ٢٠٢٦ ٢١:٠٥", "Africa/Cairo", "2026-11-03 19:05:00"),
    ("3 mai 2026 21:05 CEST", "", "2026-05-03 19:05:00"),
    ("2026-11-03 21:05 UTC+2", "", "2026-11-03 19:05:00"),
    ("2026-11-03 24:00:00 UTC", "", "2026-11-04 00:00:00"),
    ("2026-12-31T23:59:60Z", "", "2027-01-01 00:00:00"),
    ("3 November 2026 12:30 am", "Europe/Madrid", "2026-11-02 23:30:00"),
    ("3 November 2026 12:30 pm", "Europe/Madrid", "2026-11-03 11:30:00"),
    ("2026-10-25 03:30:00", "Europe/Madrid", "2026-10-25 02:30:00"),
    ("2026-02-28T23:59:59-10:00", "", "2026-03-01 09:59:59"),
    ("2028-02-29T12:00:00Z", "", "2028-02-29 12:00:00"),
]
# What was written, the zone, and for which doubts it can't be used; and how many moments it may be.
DOUBTFUL = [
    ("2026-11-03 21:05:09", "", {"no_zone"}, 0),
    ("2026-11-03T21:05:09", "Madrid", {"no_zone"}, 0),
    ("2026-11-03T21:05:09+99:00", "", {"no_zone"}, 0),
    ("03/11/2026 21:05:09", "Europe/Madrid", {"day_or_month"}, 2),
    ("03-11-2026 21:05:09 UTC", "", {"day_or_month"}, 2),
    ("03/11/26 21:05", "Europe/Madrid", {"day_or_month"}, 2),
    ("13/11/2026 9:15:22", "Europe/Madrid", {"twelve_hour"}, 2),
    ("13/11/2026 12:15:22", "Europe/Madrid", {"twelve_hour"}, 2),
    ("11/03/2026 9:05:22", "", {"day_or_month", "twelve_hour", "no_zone"}, 0),
    ("11/03/2026 9:05:22", "UTC", {"day_or_month", "twelve_hour"}, 4),
    ("Nov 3, 2026 9:05 PM CST", "", {"zone_name"}, 3),
    ("Tue, 3 Nov 2026 21:00:00 EST", "", {"zone_name"}, 2),
    ("2026-10-25 02:30:00", "Europe/Madrid", {"repeated_hour"}, 2),
    ("2026-11-01 01:30:00", "America/New_York", {"repeated_hour"}, 2),
    ("2026-03-29 02:30:00", "Europe/Madrid", {"skipped_hour"}, 2),
    ("3 November 2026", "Europe/Madrid", {"no_time"}, 0),
    ("21:05", "Europe/Madrid", {"no_date"}, 0),
    ("yesterday at 9 pm", "Europe/Madrid", {"no_date"}, 0),
    ("2026-02-30T10:00:00Z", "", {"unreadable"}, 0),
    ("2026-13-01T10:00:00Z", "", {"unreadable"}, 0),
    ("9999999999", "", {"unreadable"}, 0),
    ("", "Europe/Madrid", {"unreadable"}, 0),
    ("last summer", "Europe/Madrid", {"unreadable"}, 0),
]


@pytest.mark.parametrize(("raw", "zone", "utc"), CERTAIN)
def test_a_time_without_doubt_is_this_moment(raw: str, zone: str, utc: str) -> None:
    reading = read_time(raw, zone)
    assert reading.utc
    assert f"{reading.utc:%Y-%m-%d %H:%M:%S}" == utc
    assert (reading.moment.raw, reading.moment.assumed_by) == (raw, "stated")


@pytest.mark.parametrize(("raw", "zone", "doubts", "candidates"), DOUBTFUL)
def test_a_doubtful_time_has_no_utc_and_says_why(raw: str, zone: str, doubts: set[str], candidates: int) -> None:
    reading = read_time(raw, zone)
    assert reading.utc is None
    assert reading.moment.utc is None
    assert set(reading.doubts) - HARMLESS == doubts
    assert len(reading.candidates) == candidates
    assert len({each.utc for each in reading.candidates}) == candidates
    assert candidates < 2 or all(each.words for each in reading.candidates)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_is_read_and_a_utc_is_never_doubtful(raw: str, zone: str) -> None:
    reading = read_time(raw, zone)
    assert set(reading.doubts) <= set(DOUBTS)
    assert reading.utc is None or not set(reading.doubts) - HARMLESS


ZONES = st.sampled_from(["Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "+00:00", "-03:30"])


@settings(max_examples=100, deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), ZONES)  # noqa: DTZ001
def test_an_iso_time_in_a_zone_is_the_moment_at_which_that_clock_shows_it(wall: datetime, zone: str) -> None:
    from amparo.intake.triage.zones import zone_of

    wall = wall.replace(microsecond=0)
    reading = read_time(wall.isoformat(sep=" "), zone)
    shown = [each.utc.astimezone(zone_of(zone)).replace(tzinfo=None) for each in reading.candidates]
    if "skipped_hour" not in reading.doubts:
        assert shown == [wall] * len(shown)
    assert len(shown) == (2 if {"repeated_hour", "skipped_hour"} & set(reading.doubts) else 1)


# --- Addresses -------------------------------------------------------------------------------------------------------------

TABLE = """network,kind,name,country
# a comment
198.51.100.0/24,network,A carrier,ES
198.51.100.8/29,vpn,A VPN,CH
203.0.113.0/25,carrier_nat,A mobile carrier,ES
2001:db8:5::/48,hosting,A hosting company,FR
300.1.1.0/24,vpn,x,ES
203.0.113.0/24,nonsense,x,ES
203.0.113.0/24,vpn,x,Spain
"""


@pytest.mark.parametrize(
    ("address", "said", "leads"),
    [
        ("100.64.1.1", "inside a carrier's network (RFC 6598)", False),
        ("100.127.255.255", "inside a carrier's network", False),
        ("192.168.1.1", "private network", False),
        ("192.0.2.7", "kept for examples", True),
        ("::1", "the machine itself", False),
        ("198.51.100.9", "of a VPN service", True),
        ("203.0.113.7", "shared by a carrier's customers", True),
        ("2001:db8:5::1", "of a hosting company", True),
    ],
)
def test_an_address_says_what_it_can_not_tell(address: str, said: str, leads: bool) -> None:
    found = said_of(address, read_table(TABLE).networks)
    assert any(said in warning for warning in found.warnings), found
    assert found.leads is leads


def test_the_narrowest_range_speaks_first_and_a_bad_row_is_told_by_its_line() -> None:
    table = read_table(TABLE)
    names = [each.name for each in table.networks.of("198.51.100.9")]
    assert names[0] == "A VPN"
    assert "A carrier" in names
    assert "network" in [each.kind for each in table.networks.of("198.51.100.77")]
    assert said_of("198.51.100.77", table.networks).countries == (("ES", "the range 198.51.100.0/24 (A carrier)"),)
    assert said_of("192.0.2.7", table.networks) == said_of("192.0.2.7", Networks())
    assert [problem.split(":")[0] for problem in table.problems] == ["line 7", "line 8", "line 9"]
    assert said_of("no address", table.networks).warnings == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_table_is_read_or_its_lines_are_named(text: str) -> None:
    for problem in read_table(text).problems:
        assert problem.startswith("line ")


# --- Places ----------------------------------------------------------------------------------------------------------------


def places(text: str, stated: str = "", language: str = "") -> tuple[list[str], str]:
    table = Networks([Range("198.51.100.0/24", "network", "", "ES"), Range("203.0.113.0/24", "vpn", "", "ES")])
    found = places_of(traces_in(text), stated, language, table)
    return [each.country for each in found.candidates], found.words


def test_countries_are_candidates_with_evidence_and_one_kind_alone_says_nothing() -> None:
    assert places("nothing") == ([], "Undetermined: nothing in it points to a country.")
    assert places("+34 600 000 001")[1].startswith("Undetermined: one kind of evidence alone points to ES")
    assert places("+34 600 000 001 and 198.51.100.7:443")[1].startswith("Likely ES: 2 kinds of evidence")
    assert places("+34 600 000 001 and +33 6 00 00 00 01") == (
        ["ES", "FR"],
        "Undetermined: as much points to ES as to FR.",
    )
    assert places("a@example.es")[1].startswith("Undetermined: only weak evidence")
    assert places("+34 600 000 001 and a@example.es")[1].startswith("Undetermined: one kind of evidence")
    assert places("a@example.tv")[0] == []


def test_a_vpn_hides_the_country_of_its_range() -> None:
    assert places("203.0.113.7:443")[1].startswith("Undetermined: only weak evidence")
    found = places_of(
        [Trace("ip_port", "203.0.113.7:443", "")], "", "", Networks([Range("203.0.113.0/24", "vpn", "", "ES")])
    )
    assert "hides where people are" in found.candidates[0].evidence[0].words


def test_what_the_sender_states_is_one_kind_of_evidence() -> None:
    assert places("", "es")[1].startswith("Undetermined: one kind")
    assert places("GB82 WEST 1234 5698 7654 32", "GB")[1].startswith("Likely GB")


# --- In the tables, and in orders ------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db(transaction=True)
WORKER, CLI = Actor.of_process("worker"), Actor.of_process("cli")
PASSWORD = "six quiet words on a line"


def officer() -> Actor:
    username = f"o{new_id().hex[-12:]}"
    added = access.add_officer(CLI, username, f"Officer {username}", "Unit", ("analyst",), PASSWORD)
    return Actor("officer", username, added.officer, powers_of(["analyst"]))


def report(*events: tuple[str, object, str], sent: str = "") -> UUID:
    fields = {"ip_events": [{"address": address, "port": port, "raw": raw} for address, port, raw in events]}
    taken = actions.take_in(
        WORKER, Letter(new_id(), "api", datetime(2026, 11, 3, tzinfo=UTC), None, 0, 0, "", b""), None
    )
    text = Text("Subject", "Text", "plain", "en", sent, fields)
    actions.record_reading(WORKER, taken.arrival, text, (), ())
    for _ in range(2):  # noted again it is not doubled
        moments.note(taken.report, stated_of(fields), sent)
    return taken.report


def missing(uuid: UUID) -> list[str]:
    (event,) = moments.events(uuid)
    return list(event.missing)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (("192.0.2.7", "", "2026-11-03T21:05:09Z"), "The port is missing"),
        (("192.0.2.7", 443, ""), "The time is missing"),
        (("192.0.2.7", 443, "2026-11-03 21:05:09"), "The time zone is missing"),
        (("192.0.2.7", 443, "2026-11-03T21:05Z"), "The second is missing"),
        (("100.64.1.1", 443, "2026-11-03T21:05:09Z"), "leads to no line"),
    ],
)
def test_an_event_that_is_not_whole_says_what_is_missing_and_is_not_asked_about(
    event: tuple[str, object, str], said: str
) -> None:
    uuid = report(event)
    assert any(said in sentence for sentence in missing(uuid))
    with pytest.raises(Refused, match=said):
        orders.draft(officer(), uuid, [each.uuid for each in moments.events(uuid)], "seen on a screen")


def test_one_event_alone_is_refused_and_two_need_a_second_person() -> None:
    one = report(("192.0.2.7", 443, "2026-11-03T21:05:09Z"))
    alba, bruno = officer(), officer()
    with pytest.raises(Refused, match="One event alone"):
        orders.draft(alba, one, [each.uuid for each in moments.events(one)])
    assert orders.draft(alba, one, [each.uuid for each in moments.events(one)], "the production of the service").order
    two = report(("192.0.2.7", 443, "2026-11-03T21:05:09Z"), ("192.0.2.7", 51234, "2026-11-03T22:05:09Z"))
    drafted = orders.draft(alba, two, [each.uuid for each in moments.events(two)])
    assert orders.of_report(two)[0].text == ""
    with pytest.raises(Refused, match="drafted it can't check"):
        orders.check(alba, drafted.order)
    orders.check(bruno, drafted.order)
    assert (
        "192.0.2.7 | 51234 | 2026-11-03T22:05:09.000000Z | 2026-11-03T22:05:09Z | +00:00, stated"
        in orders.of_report(two)[0].text
    )


def test_two_events_of_one_session_are_one_piece_of_evidence() -> None:
    near = report(("192.0.2.7", 443, "2026-11-03T21:05:09Z"), ("192.0.2.7", 443, "2026-11-03T21:15:09Z"))
    with pytest.raises(Refused, match="within half an hour"):
        orders.draft(officer(), near, [each.uuid for each in moments.events(near)])


def test_a_doubtful_time_is_settled_by_a_person_with_a_reason_and_only_to_what_it_can_mean() -> None:
    alba = officer()
    uuid = report(("192.0.2.7", 443, "03/11/2026 21:05:09"))
    (time,) = moments.times(uuid)
    assert time.blocking == ("Day and month may be exchanged", "The time zone is missing")
    with pytest.raises(Refused, match="Say what settles it"):
        moments.settle(alba, time.uuid, "Europe/Madrid", None, " ")
    with pytest.raises(Refused, match="is no time zone"):
        moments.settle(alba, time.uuid, "Madrid", None, "its settings say so")
    with pytest.raises(Refused, match="Choose one of the moments"):
        moments.settle(alba, time.uuid, "Europe/Madrid", datetime(2020, 1, 1, tzinfo=UTC), "its settings say so")
    moments.settle(alba, time.uuid, "Europe/Madrid", datetime(2026, 11, 3, 20, 5, 9, tzinfo=UTC), "its settings say so")
    (settled,) = moments.times(uuid)
    assert (settled.moment.utc, settled.moment.zone) == (datetime(2026, 11, 3, 20, 5, 9, tzinfo=UTC), "Europe/Madrid")
    assert settled.moment.assumed_by.startswith("Officer")
    assert settled.moment.raw == "03/11/2026 21:05:09"
    assert missing(uuid) == []
    assert moments.timed_traces(uuid)[0].at == settled.moment.utc


def test_a_short_zone_name_is_settled_by_saying_which() -> None:
    alba = officer()
    uuid = report(sent="Nov 3, 2026 9:05 PM CST")
    (time,) = moments.times(uuid)
    assert len(time.candidates) == 3
    moments.settle(alba, time.uuid, "America/Chicago", None, "the service is there")
    assert moments.times(uuid)[0].moment.utc == datetime(2026, 11, 4, 3, 5, tzinfo=UTC)


def test_what_can_not_be_told_can_not_be_settled() -> None:
    uuid = report(sent="3 November 2026")
    with pytest.raises(Refused, match="Nobody can tell"):
        moments.settle(officer(), moments.times(uuid)[0].uuid, "Europe/Madrid", None, "because")


def test_a_text_for_an_order_is_withdrawn_when_a_time_becomes_doubtful_again() -> None:
    two = report(("192.0.2.7", 443, "2026-11-03T21:05:09Z"), ("192.0.2.7", 51234, "2026-11-03T22:05:09Z"))
    drafted = orders.draft(officer(), two, [each.uuid for each in moments.events(two)])
    orders.check(officer(), drafted.order)
    moments.StatedTime.objects.filter(report__uuid=two).update(utc=None, doubts=["no_zone"])
    assert orders.of_report(two)[0].text == ""
    assert orders.independent(()) is False
    assert timedelta(minutes=30) == orders.INDEPENDENT_AFTER
