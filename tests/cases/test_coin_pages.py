"""A ledger of a case: sealed as it comes, mapped on a page, read by the worker, shown; whose accounts they are."""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.cases import actions, queries
from amparo.cases.actions import CaseOpened
from amparo.cases.coins import sessions
from amparo.cases.ledgers import actions as coin_acts, jobs as coin_jobs, queries as coin_queries
from amparo.cases.models import CoinLedger
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import COOKIE, SESSION_FIELD
from tests.cases import house
from tests.cases.test_pages import logged_in, said

pytestmark = pytest.mark.django_db(transaction=True)

LEDGER = """what,when,who,to,room,n,price,ref,land,left
buy,2026-03-01T20:00:00Z,ana,,,300,3.15,R-1,es,300
buy,2026-03-01T20:01:00Z,bo,,,100,1.05,R-2,fr,100
enter,2026-03-01T20:05:00Z,ana,,eve-1,,,,,
enter,2026-03-01T20:06:00Z,bo,,eve-1,,,,,
give,2026-03-01T20:10:00Z,ana,eve,eve-1,120,,,es,180
give,2026-03-01T20:11:00Z,bo,eve,eve-1,100,,,fr,0
leave,2026-03-01T20:30:00Z,ana,,eve-1,,,,,
give,2026-03-02T20:00:00Z,ana,fox,,50,,,es,130
cash,2026-03-03T09:00:00Z,eve,,,150,0.75,P-1,,
buy,yesterday,cai,,,100,1.05,R-3,,
"""
MAPPING = """
[money]
currency = "EUR"
[[source]]
files = "*.csv"
columns = { event = "what", time = "when", account = "who", counterparty = "to", stream = "room", coins = "n", money = "price", \
reference = "ref", country = "land", balance = "left" }
[source.events]
buy = "purchase"
give = "gift"
cash = "payout"
enter = "room_enter"
leave = "room_exit"
"""


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return house.opened(ines, house.report())


@pytest.fixture
def browser(ines: Actor) -> Client:
    client = logged_in(ines)
    assert ines.uuid
    sealed, secret = vault.unlock_for_session(ines.uuid, house.PASSWORD)
    session = client.session
    session[SESSION_FIELD] = sealed
    session.save()
    client.cookies[COOKIE] = secret
    return client


def looked_at(ledger: UUID) -> None:
    coin_jobs.look_at_ledger.func("", {"ledger": str(ledger)})


def read(by: Actor, ledger: UUID, text: str = MAPPING) -> coin_queries.LedgerFacts:
    platform = coin_queries.ledger(ledger).platform
    asked = coin_acts.ask_reading(by, ledger, coin_acts.save_mapping(by, platform, text).mapping)
    coin_jobs.read_ledger.func("", {"ledger": str(ledger), "run": asked.run})
    return coin_queries.ledger(ledger)


def added(browser: Client, case: UUID, *files: tuple[str, bytes], platform: str = "vega live") -> UUID:
    answer = browser.post(
        reverse("cases:add_ledger", args=[case]),
        {"platform": platform, "file": [SimpleUploadedFile(name, data) for name, data in files]},
    )
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return coin_queries.ledgers(case)[-1].uuid


@pytest.fixture
def ledger(browser: Client, case: CaseOpened, ines: Actor) -> UUID:
    made = added(browser, case.case, ("march.csv", LEDGER.encode()))
    looked_at(made)
    assert read(ines, made).state == "read"
    return made


def test_a_ledger_is_sealed_as_it_comes_into_its_case_and_nowhere_else(browser: Client, case: CaseOpened) -> None:
    made = coin_queries.ledger(added(browser, case.case, ("march.csv", LEDGER.encode())))
    (file,) = made.files
    facts = vault_queries.item(file.item)
    assert (facts.name, facts.size_bytes) == ("march.csv", len(LEDGER))
    assert facts.compartment == queries.case(case.case).compartment


def test_what_is_no_ledger_is_refused_and_leaves_nothing_in_the_vault(
    browser: Client, case: CaseOpened, settings
) -> None:  # type: ignore[no-untyped-def]
    before = sorted(settings.HOME.vault.glob("??/*"))
    answer = browser.post(
        reverse("cases:add_ledger", args=[case.case]),
        {"platform": "vega", "file": SimpleUploadedFile("notes.docx", b"x" * 100)},
    )
    assert answer.status_code == 400 and "notes.docx is of no kind" in answer.content.decode()
    assert sorted(settings.HOME.vault.glob("??/*")) == before
    settings.LEDGER_MIB = 0
    refused = browser.post(
        reverse("cases:add_ledger", args=[case.case]),
        {"platform": "vega", "file": SimpleUploadedFile("a.csv", b"x" * 100)},
    )
    assert refused.status_code in (302, 400)
    assert coin_queries.ledgers(case.case) == () and sorted(settings.HOME.vault.glob("??/*")) == before


def test_no_ledger_is_taken_without_the_token_that_its_page_gave(
    browser: Client, case: CaseOpened, ledger: UUID, settings
) -> None:  # type: ignore[no-untyped-def]
    before = sorted(settings.HOME.vault.glob("??/*"))
    browser.handler.enforce_csrf_checks = True
    for address in (
        reverse("cases:add_ledger", args=[case.case]),
        reverse("cases:ledger_files", args=[case.case, ledger]),
    ):
        form = {"platform": "vega", "file": SimpleUploadedFile("a.csv", b"a,b\n")}
        assert browser.post(address, form).status_code == 403
    assert len(coin_queries.ledgers(case.case)) == 1 and sorted(settings.HOME.vault.glob("??/*")) == before


def test_an_officer_who_was_not_let_in_can_neither_add_nor_see_a_ledger(case: CaseOpened, ledger: UUID) -> None:
    stranger = logged_in(house.officer("hugo", "investigator"))
    file = {"platform": "x", "file": SimpleUploadedFile("a.csv", b"a,b\n")}
    assert stranger.post(reverse("cases:add_ledger", args=[case.case]), file).status_code == 403
    for name, more in (
        ("coins", []),
        ("ledger", [ledger]),
        ("ledger_now", [ledger]),
        ("ledger_list", [ledger, "accounts"]),
    ):
        assert stranger.get(reverse(f"cases:{name}", args=[case.case, *more])).status_code == 403


def test_the_columns_on_the_page_become_a_mapping_that_reads_the_ledger(
    browser: Client, case: CaseOpened, ines: Actor
) -> None:
    made = added(browser, case.case, ("march.csv", LEDGER.encode()))
    looked_at(made)
    address = reverse("cases:ledger_mapping", args=[case.case, made])
    page = browser.get(address).content.decode()
    assert "yesterday" not in page and "R-1" in page
    fields = ("event", "time", "account", "counterparty", "stream", "coins", "money", "reference", "country", "balance")
    form = {
        "columns": "yes",
        "currency": "EUR",
        "time_format": "iso",
        "decimal": ".",
        "unit": "coin",
        "zone": "",
        "s0event": "",
    }
    form |= {f"s0c{place}": field for place, field in enumerate(fields)}
    asked = browser.post(address, form)
    assert asked.status_code == 400 and "what the words" in asked.content.decode()
    said_words = {"buy": "purchase", "give": "gift", "cash": "payout", "enter": "room_enter", "leave": "room_exit"}
    words = coin_queries.ledger(made).files[0].looked["columns"][0]["words"]
    form |= {f"s0w{place}": said_words[word] for place, word in enumerate(words)} | {"words": "yes", "read": "yes"}
    assert browser.post(address, form).status_code == 302
    facts = coin_queries.ledger(made)
    assert facts.state == "waiting" and facts.mapping and facts.mapping.version == 1
    coin_jobs.read_ledger.func("", {"ledger": str(made), "run": 1})
    assert coin_queries.ledger(made).summary["events"]["purchase"] == [2, 400]


def test_a_wrong_mapping_is_refused_with_its_key_and_nothing_is_kept(browser: Client, case: CaseOpened) -> None:
    made = added(browser, case.case, ("march.csv", LEDGER.encode()))
    answer = browser.post(
        reverse("cases:ledger_mapping", args=[case.case, made]), {"text": "[[source]]\nfiles = 3", "read": "yes"}
    )
    assert answer.status_code == 400 and "must be a text in quotes" in answer.content.decode()
    assert coin_queries.mappings() == () and coin_queries.ledger(made).state == "new"


def test_the_worker_s_reading_is_figures_in_a_row_and_tables_that_are_sealed(ledger: UUID, case: CaseOpened) -> None:
    facts = coin_queries.ledger(ledger)
    assert facts.summary["events"]["gift"] == [3, 270]
    assert facts.summary["money"][0] == ["payout", "EUR", 75, 1]
    assert facts.summary["coins"] == {"entered": 400, "origin_unknown": 0, "left": 250}
    assert facts.summary["bad_rows"] == 1
    sealed = vault_queries.items(facts.tables.values())
    assert {each.compartment for each in sealed.values()} == {queries.case(case.case).compartment}
    assert len(sealed) == len(facts.tables)


def test_every_page_of_a_ledger_answers_and_each_look_is_recorded(
    browser: Client, case: CaseOpened, ledger: UUID
) -> None:
    from amparo.cases.ledgers.lists import LISTS

    addresses = [reverse("cases:coins", args=[case.case]), reverse("cases:ledger", args=[case.case, ledger])]
    addresses += [
        reverse("cases:ledger_mapping", args=[case.case, ledger]),
        reverse("cases:add_ledger", args=[case.case]),
    ]
    addresses += [reverse("cases:ledger_list", args=[case.case, ledger, part]) for part in LISTS]
    addresses += [reverse("cases:ledger_csv", args=[case.case, ledger, part]) for part in LISTS]
    addresses += [reverse("cases:account", args=[case.case, ledger]) + "?name=ana"]
    addresses += [reverse("cases:broadcast", args=[case.case, ledger]) + "?stream=eve-1&host=eve"]
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code == 200, (address, answer.content.decode()[-2000:])
    looks = {str(line.about["part"]) for line in custody.acts(kind="case.read", limit=200).lines}
    assert {"coins", "ledger", "coins.account", "coins.broadcast", "coins.references.csv"} <= looks
    assert [line.about["references"] for line in custody.acts(kind="coins.references_taken").lines] == [2]


def test_pairs_of_broadcasters_beyond_the_most_that_are_listed_are_told_as_a_number(
    browser: Client, case: CaseOpened, ines: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_PAIRS", 1)
    header, gifts = LEDGER.partition("\n")[0], ""
    for payer in ("ana", "bo", "cai"):
        for host in ("eve", "fox", "gil"):
            gifts += f"\ngive,2026-03-01T20:00:00Z,{payer},{host},,10,,,es,"
    made = added(browser, case.case, ("pairs.csv", (header + gifts + "\n").encode()))
    looked_at(made)
    assert read(ines, made).summary["host_pairs_left_out"] == 2
    page = browser.get(reverse("cases:ledger_list", args=[case.case, made, "pairs"])).content.decode()
    assert "<b>2 more pairs</b>" in page
    assert (
        "more pairs"
        not in browser.get(reverse("cases:ledger_list", args=[case.case, made, "accounts"])).content.decode()
    )


def test_references_are_written_out_for_each_payment_service_with_time_zone_and_amount(
    browser: Client, case: CaseOpened, ledger: UUID
) -> None:
    text = browser.get(reverse("cases:references_text", args=[case.case, ledger])).content.decode()
    assert "Legal basis: Article 588 bis" in text
    assert "  R-1   2026-03-01 20:00:00 UTC   3.15 EUR   (march.csv:1)" in text
    assert [line.about["references"] for line in custody.acts(kind="coins.references_taken").lines] == [2]


def test_the_mapping_that_stands_fills_the_form_again(browser: Client, case: CaseOpened, ledger: UUID) -> None:
    page = browser.get(reverse("cases:ledger_mapping", args=[case.case, ledger]))
    (source,) = page.context["sources"]
    chosen = {column["name"]: column["chosen"] for column in source["columns"]}
    assert chosen == {
        "what": "event", "when": "time", "who": "account", "to": "counterparty", "room": "stream", "n": "coins",
        "price": "money", "ref": "reference", "land": "country", "left": "balance",
    }  # fmt: skip
    assert {word["word"]: word["chosen"] for word in source["words"]}["give"] == "gift"
    assert page.context["form"].initial["currency"] == "EUR"


def test_what_was_done_with_a_ledger_stands_on_the_case_s_timeline(
    browser: Client, case: CaseOpened, ledger: UUID
) -> None:
    told = browser.get(reverse("cases:timeline", args=[case.case])).content.decode()
    assert "Ledger of a platform added" in told and "Ledger read: 9 events, 0 gaps" in told


def test_a_broadcast_shows_who_was_there_and_who_paid_what_when(
    browser: Client, case: CaseOpened, ledger: UUID
) -> None:
    page = browser.get(reverse("cases:broadcast", args=[case.case, ledger]) + "?stream=eve-1&host=eve")
    room = page.context["room"]
    assert [(each.account, each.coins, each.closed_by) for each in room.stays] == [
        ("ana", 120, "exit"),
        ("bo", 100, "end of broadcast"),
    ]
    assert [(each["payer"], each["coins"], each["place"]) for each in page.context["payments"]] == [
        ("ana", "120", "march.csv:5"), ("bo", "100", "march.csv:6")
    ]  # fmt: skip
    address = reverse("cases:broadcast_csv", args=[case.case, ledger]) + "?stream=eve-1&host=eve"
    stays = list(csv.DictReader(io.StringIO(browser.get(address).content.decode())))
    assert [(each["account"], each["coins"], each["seconds"]) for each in stays] == [
        ("ana", "120", "1500"),
        ("bo", "100", "1440"),
    ]
    paid = list(csv.DictReader(io.StringIO(browser.get(address + "&part=payments").content.decode())))
    assert [(each["account"], each["coins"], f"{each['file']}:{each['row']}") for each in paid] == [
        ("ana", "120", "march.csv:5"), ("bo", "100", "march.csv:6")
    ]  # fmt: skip
    kept = {str(line.about["part"]) for line in custody.acts(kind="case.read", limit=20).lines}
    assert {"coins.broadcast.room.csv", "coins.broadcast.payments.csv"} <= kept


def test_an_account_shows_both_rules_and_where_they_differ(browser: Client, case: CaseOpened, ledger: UUID) -> None:
    page = browser.get(reverse("cases:account", args=[case.case, ledger]) + "?name=eve")
    lines = {
        (each["side"], each["kind"], each["account"]): (each["fifo"], each["haircut"])
        for each in page.context["parties"]
    }
    assert lines["from", "bought by", "ana"] == ("120", "120")
    assert lines["to", "paid out to", "eve"] == ("150", "150")
    assert "Clayton" in page.content.decode()


def test_names_in_a_ledger_are_words_on_every_page_and_in_every_query(
    browser: Client, case: CaseOpened, ines: Actor
) -> None:
    name = "a'; DROP TABLE x; --<script>alert(1)</script>&é"
    text = f'what,when,who,to,room,n,price,ref,land,left\nbuy,2026-03-01T20:00:00Z,"{name}",,,5,1.00,=1+1,es,5\n'
    made = added(browser, case.case, ("x.csv", text.encode()), platform="odd")
    assert read(ines, made).state == "read"
    for address in (
        reverse("cases:ledger_list", args=[case.case, made, "accounts"]) + "?search=a'%3B DROP",
        reverse("cases:account", args=[case.case, made]) + f"?name={name.replace('&', '%26').replace(';', '%3B')}",
        reverse("cases:ledger_list", args=[case.case, made, "accounts"]) + "?sort=-account;x&page=-1",
    ):
        answer = browser.get(address)
        assert answer.status_code == 200 and "<script>alert" not in answer.content.decode()
    export = browser.get(reverse("cases:ledger_csv", args=[case.case, made, "references"])).content.decode()
    assert "=1+1" in export and ",=1+1" not in export


def test_a_payer_comes_into_the_case_as_a_contact_of_unknown_age_with_evidence_and_a_candidate_country(
    browser: Client, case: CaseOpened, ledger: UUID
) -> None:
    form = {
        "service": "vega live",
        "account": "ana",
        "words": "Paid in eve-1 (march.csv:5).",
        "countries": ["ES", "IT"],
        "ledger": str(ledger),
    }
    assert browser.post(reverse("cases:take_account", args=[case.case]), form).status_code == 302
    (link,) = coin_queries.links(case.case)
    person = queries.person(link.person.uuid)
    assert (person.category, person.age.status, person.minors_track) == ("contact", "unknown", True)
    (candidate,) = person.attributions
    assert (candidate.country, candidate.kind) == ("ES", "assessment")
    assert candidate.words == "vega live: stated in 3 rows (march.csv:1, march.csv:5, march.csv:8)"
    again = browser.post(reverse("cases:take_account", args=[case.case]), form, follow=True)
    assert "in this case. Undo that link first" in said(again)


def test_an_undone_link_takes_what_rested_on_it_along_and_stays_readable(
    case: CaseOpened, ines: Actor, ledger: UUID
) -> None:
    done = coin_acts.take_account(
        ines, case.case, "vega live", "bo", "Paid in eve-1.", ledger=ledger, countries=[("FR", "stated in 2 rows")]
    )
    with pytest.raises(Refused, match="Say why"):
        coin_acts.undo_link(ines, done.link, " ")
    coin_acts.undo_link(ines, done.link, "The subscriber is somebody else.")
    person = queries.person(done.person)
    assert person.standing == () and "rested on the account bo" in person.attributions[0].withdrawn_reason
    assert [each.kind for each in person.identifiers] == []
    (link,) = coin_queries.links(case.case)
    assert link.undone_reason == "The subscriber is somebody else."


def test_a_reading_that_was_stopped_changes_nothing_and_can_be_asked_for_again(
    case: CaseOpened, ines: Actor, ledger: UUID
) -> None:
    before = coin_queries.ledger(ledger)
    assert before.mapping
    asked = coin_acts.ask_reading(ines, ledger, before.mapping.uuid)
    with pytest.raises(Refused, match="being read already"):
        coin_acts.ask_reading(ines, ledger, before.mapping.uuid)
    coin_acts.stop_reading(ines, ledger)
    coin_jobs.read_ledger.func("", {"ledger": str(ledger), "run": asked.run})
    stopped = coin_queries.ledger(ledger)
    assert stopped.state == "stopped" and stopped.tables == before.tables
    assert read(ines, ledger).state == "read"


def test_a_reading_under_way_ends_at_its_next_step_once_it_was_stopped(ines: Actor, ledger: UUID) -> None:
    facts = coin_queries.ledger(ledger)
    assert facts.mapping
    asked = coin_acts.ask_reading(ines, ledger, facts.mapping.uuid)
    row = CoinLedger.objects.get(uuid=ledger)
    CoinLedger.objects.filter(uuid=ledger).update(state=CoinLedger.State.READING)
    progress = coin_jobs._Progress(row)
    progress("put in order", 10)
    assert coin_queries.ledger(ledger).stage == "put in order"
    coin_acts.stop_reading(ines, ledger)
    with pytest.raises(coin_jobs._Stopped):
        coin_jobs._Progress(row)("traced", 20)
    with pytest.raises(Refused, match="was stopped"):
        coin_acts.finish_reading(house.WORKER, ledger, asked.run, facts.summary, facts.tables)


def test_files_that_came_with_a_report_become_a_ledger_and_those_of_other_cases_do_not(
    browser: Client, case: CaseOpened, ines: Actor
) -> None:
    within = queries.case(case.case).compartment
    mine = vault.seal_item(
        house.WORKER, compartment=within, stream=io.BytesIO(LEDGER.encode()), name="march.csv", origin=case.report
    ).item
    actions.sight_items(house.WORKER, case.case, case.report, {mine: vault_queries.item(mine).sha256})
    address = reverse("cases:add_ledger", args=[case.case])
    assert "march.csv" in browser.get(address).content.decode()
    assert browser.post(address, {"platform": "vega", "items": [str(mine)]}).status_code == 302
    (made,) = coin_queries.ledgers(case.case)
    assert [each.item for each in made.files] == [mine]
    theirs = house.seal("theirs.csv", b"a,b", case.report)
    with pytest.raises(Refused, match="none of this case's"):
        coin_acts.add_ledger(ines, case.case, "vega", items=[theirs])


def test_a_ledger_that_fits_no_mapping_says_what_to_do_and_keeps_what_stood(ines: Actor, ledger: UUID) -> None:
    before = coin_queries.ledger(ledger).tables
    failed = read(ines, ledger, MAPPING.replace("*.csv", "*.tsv"))
    assert failed.state == "failed" and "No file of this ledger fits" in failed.sentence and failed.tables == before


def test_a_spreadsheet_and_an_array_inside_json_are_read_in_a_case_as_files_are(
    browser: Client, case: CaseOpened, ines: Actor
) -> None:
    import openpyxl

    rows = [line.split(",") for line in LEDGER.strip().splitlines()]
    book = openpyxl.Workbook()
    assert book.active
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    made = added(browser, case.case, ("march.xlsx", out.getvalue()), platform="sheets")
    looked_at(made)
    assert [each["name"] for each in coin_queries.ledger(made).files[0].looked["columns"]] == rows[0]
    assert read(ines, made, MAPPING.replace("*.csv", "*.xlsx")).summary["events"]["purchase"] == [2, 400]


def test_what_a_json_file_holds_is_found_and_mapped(browser: Client, case: CaseOpened) -> None:
    data = b'{"export": {"rows": [{"id": 1, "who": {"name": "ana"}, "n": 5}, {"id": 2, "n": 6}]}, "at": "x"}'
    made = added(browser, case.case, ("a.json", data), platform="json")
    looked_at(made)
    looked = coin_queries.ledger(made).files[0].looked
    assert looked["records"] == "$.export.rows"
    assert {each["name"] for each in looked["columns"]} == {"id", "n", '$."who"."name"'}


def test_nothing_of_a_ledger_lies_on_the_disk_while_it_is_read(
    case: CaseOpened, ines: Actor, browser: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A record with an open quote makes the reader write the file anew; that too stays in memory."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened_files: list[str] = []
    secret = "zz-secret-name"

    def watch(event: str, arguments: tuple) -> None:
        if event == "open" and watching and isinstance(arguments[0], str) and "w" in str(arguments[1] or ""):
            opened_files.append(arguments[0])

    watching = False
    made = added(
        browser, case.case, ("march.csv", (LEDGER + f'give,2026-03-02T20:00:00Z,{secret},"fox,,5,,,,\n').encode())
    )
    sys.addaudithook(watch)
    watching = True
    looked_at(made)
    assert read(ines, made).summary["bad_rows"] == 2
    watching = False
    assert [each for each in opened_files if not each.startswith("/proc/self/fd/")] == []
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
