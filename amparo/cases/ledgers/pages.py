"""The pages of a case's coins: its ledgers, their lists, one broadcast, one account, and whose account it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from amparo.access.doors import page
from amparo.cases import actions, queries
from amparo.cases.cards.queries import Service
from amparo.cases.forms import ReasonForm
from amparo.cases.ledgers import (
    actions as coin_acts,
    drawing as coin_drawing,
    queries as coin_queries,
    tables as coin_tables,
)
from amparo.cases.ledgers.forms import TakeAccountForm
from amparo.cases.ledgers.lists import LISTS, SECTIONS
from amparo.cases.ledgers.queries import LedgerFacts
from amparo.cases.ledgers.tables import PAGE, Asked, Listing, opened_ledger
from amparo.cases.page_frame import actor_of, frame_of, say, say_form
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing, Refused
from amparo.vault.keys import OfficerKeys

MOST_SERVICES = 5  # payment services whose cards stand below a list of references


def ledger_frame(request: HttpRequest, case: UUID, ledger: UUID, part: str) -> dict[str, Any]:
    """What every page of a ledger shows around its part, once the look was recorded."""
    frame = frame_of(request, case, part, ledger)
    facts = coin_queries.ledger(ledger)
    if facts.case != case:
        raise Missing("There is no such ledger in this case.")
    return frame | {"ledger": facts, "title": facts.platform, "sections": _sections(facts), "digits": _digits(facts)}


def _digits(facts: LedgerFacts) -> int:
    return int(facts.summary.get("coin_digits", 0))


def _sections(facts: LedgerFacts) -> list[tuple[str, str, int | None]]:
    """The ledger's lists with how many rows each has, where the summary says it."""
    counts = {**facts.summary.get("counts", {}), "references": None, "countries": None}
    counts |= {"pairs": counts.get("hosts"), "notes": counts.get("indicators")}
    return [(name, label, counts.get(name)) for name, label in SECTIONS]


@page("cases.read")
@require_safe
def coins(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "coins")
    found = coin_queries.ledgers(case)
    links = coin_queries.links(case)
    frame |= {
        "ledgers": [(each, figures(each)) for each in found],
        "links": [each for each in links if not each.undone_at],
        "undone": [each for each in links if each.undone_at],
        "hops": hop_map(case, links),
        "reason_form": ReasonForm(),
        "link_form": TakeAccountForm(people=_people(case)),
        "moving": any(each.moving for each in found),
    }
    return render(request, "cases/coins.html", frame)


def _people(case: UUID) -> list[tuple[str, str]]:
    return [(str(each.uuid), f"{each.reference} {each.handle}") for each in queries.person_names(case)]


def hop_map(case: UUID, links: tuple[coin_queries.LinkFacts, ...]) -> dict[str, list[Any]]:
    """People and their accounts over services, as the network drawing takes them. Undone links are not drawn."""
    nodes: dict[str, dict[str, Any]] = {}
    edges: list[dict[str, Any]] = []
    for each in links:
        if each.undone_at:
            continue
        person, account = f"p{each.person.uuid}", f"a{each.service}:{each.account}"
        nodes[person] = {
            "id": person,
            "label": each.person.reference,
            "kind": "person",
            "href": reverse("cases:person", args=[case, each.person.uuid]),
            "note": each.person.handle,
        }
        href = account_href(case, each.ledger, each.account) if each.ledger else ""
        nodes[account] = {"id": account, "label": each.account, "kind": "account", "note": each.service, "href": href}
        edges.append({"source": person, "target": account, "label": each.words[:120]})
    return {"nodes": list(nodes.values()), "edges": edges}


def account_href(case: UUID, ledger: UUID, name: str) -> str:
    return f"{reverse('cases:account', args=[case, ledger])}?{urlencode({'name': name})}"


def figures(facts: LedgerFacts) -> list[dict[str, str]]:
    """What a ledger's page says first: coins and money by kind of event, what is missing, what is not known."""
    if not facts.summary:
        return []
    digits, said = _digits(facts), facts.summary
    found = []
    for event in ("purchase", "gift", "payout", "spend"):
        if event in said["events"]:
            count, amount = said["events"][event]
            paid = ", ".join(coin_drawing.money(minor, code) for kind, code, minor, _ in said["money"] if kind == event)
            found.append(
                {
                    "label": coin_drawing.EVENTS[event],
                    "value": coin_drawing.coins(amount, digits),
                    "unit": f"{facts.unit}s",
                    "says": f"In {count:,} rows" + (f"; {paid}, as the rows state." if paid else "."),
                    "tone": "",
                }
            )
    unknown = said["coins"]["origin_unknown"]
    found.append(
        {
            "label": "Of unknown origin",
            "value": coin_drawing.coins(unknown, digits),
            "unit": f"{facts.unit}s",
            "says": "Coins that were given, though no row brings them in: rows are missing, or the ledger begins later.",
            "tone": "warn" if unknown else "",
        }
    )
    gaps = sum(count for count, _ in said["gaps"].values())
    found.append(
        {
            "label": "Gaps",
            "value": f"{gaps:,}",
            "unit": "place" if gaps == 1 else "places",
            "says": "Where stated balances or numbers show that rows are missing, or were changed.",
            "tone": "warn" if gaps else "",
        }
    )
    return found


@page("cases.read")
@require_safe
def ledger(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    frame = ledger_frame(request, case, ledger, "ledger")
    facts: LedgerFacts = frame["ledger"]
    frame |= live(facts) | {
        "figures": figures(facts),
        "events": [
            (coin_drawing.EVENTS.get(event, event), count, coin_drawing.coins(amount, _digits(facts)) if amount else "")
            for event, (count, amount) in facts.summary.get("events", {}).items()
        ],
        "money": [
            (coin_drawing.EVENTS.get(event, event), coin_drawing.money(minor, code), count)
            for event, code, minor, count in facts.summary.get("money", [])
        ],
        "newer": _newer(facts),
        "countries": facts.summary.get("countries", []),
        "service": Service(facts.platform, queries.card_of(facts.platform)),
    }
    return render(request, "cases/ledger.html", frame)


def _newer(facts: LedgerFacts) -> coin_queries.MappingFacts | None:
    """A version of the platform's mapping that is younger than the one that this ledger was read by."""
    versions = coin_queries.mappings(facts.platform)
    return versions[0] if versions and (not facts.mapping or versions[0].uuid != facts.mapping.uuid) else None


def live(facts: LedgerFacts) -> dict[str, Any]:
    return {"ledger": facts, "looked": all(each.looked for each in facts.files)}


@page("cases.read")
@require_safe
def ledger_now(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    """The part of the page that moves; once nothing does, the whole page is asked for anew."""
    if not queries.may_enter(actor_of(request).uuid, case):
        raise Refused("This case is open only to officers who were let in.")
    facts = coin_queries.ledger(ledger)
    if facts.case != case:
        raise Missing("There is no such ledger in this case.")
    answer = render(request, "cases/parts/ledger_live.html", {"case": queries.case(case), **live(facts)})
    if not facts.moving:
        answer["HX-Refresh"] = "true"
    return answer


# ---- lists


def _asked(request: HttpRequest, listing: Listing) -> tuple[Asked, int]:
    number = request.GET.get("page", "1")
    at = max(1, int(number)) if number.isdigit() and len(number) < 7 else 1
    chosen = request.GET.get(listing.choice[0], "") if listing.choice else ""
    return Asked(request.GET.get("search", ""), chosen, request.GET.get("sort", ""), (at - 1) * PAGE, PAGE), at


def _listing(part: str) -> Listing:
    if part not in LISTS:
        raise Http404("There is no such list.")
    return LISTS[part]


@page("cases.read")
@require_safe
def listing(request: HttpRequest, case: UUID, ledger: UUID, part: str) -> HttpResponse:
    found = _listing(part)
    frame = ledger_frame(request, case, ledger, f"coins.{part}")
    facts: LedgerFacts = frame["ledger"]
    asked, at = _asked(request, found)
    with opened_ledger(actor_of(request), facts, found.tables, OfficerKeys.from_request(request)) as store:
        rows, count, choices = coin_tables.listed(store, found, asked)
    taken = {each.account: each.person for each in coin_queries.links(case, facts.platform) if not each.undone_at}
    frame |= {
        "part": part,
        "listing": found,
        "heads": [each for each in found.columns if each.kind != "currency"],
        "rows": [coin_drawing.cells(found.columns, row, frame["digits"]) for row in rows],
        "count": count,
        "page": Paginator(range(count), PAGE).get_page(at),
        "choices": [(value, value, number) for value, number in choices],
        "taken": taken,
        "searched": bool(asked.search or asked.chosen),
        "left_out": facts.summary.get("host_pairs_left_out", 0) if part == "pairs" else 0,
        "asked_at": [Service(value, queries.card_of(value)) for value, _ in choices[:MOST_SERVICES]]
        if part == "references"
        else [],
    }
    return render(request, "cases/ledger_list.html", frame)


@page("cases.read")
@require_safe
def listing_csv(request: HttpRequest, case: UUID, ledger: UUID, part: str) -> HttpResponse:
    """The list with its filters as a file that no spreadsheet runs as formulas; payment references are an act of their own."""
    found = _listing(part)
    rows = _exported(request, case, ledger, part, f"coins.{part}.csv")
    heads = tuple(each.name for each in found.columns)
    response = HttpResponse(
        csv_bytes(heads, [coin_drawing.plain(found.columns, row) for row in rows]),
        content_type="text/csv; charset=utf-8",
    )
    name = f"{queries.case(case).reference}-{part}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _exported(request: HttpRequest, case: UUID, ledger: UUID, part: str, called: str) -> list[tuple[Any, ...]]:
    """Every row of the list that fits its filters, once the look was recorded, and for references the act."""
    found, by = _listing(part), actor_of(request)
    actions.read_case(by.with_purpose("export"), case, called, ledger)
    facts = coin_queries.ledger(ledger)
    if facts.case != case:
        raise Missing("There is no such ledger in this case.")
    asked, _ = _asked(request, found)
    wanted = Asked(asked.search, asked.chosen, asked.sort, 0, coin_tables.EXPORT_ROWS)
    with opened_ledger(by, facts, found.tables, OfficerKeys.from_request(request)) as store:
        rows, count, _ = coin_tables.listed(store, found, wanted)
    if count > len(rows):
        raise Refused(
            f"This list has {count:,} rows; at most {coin_tables.EXPORT_ROWS:,} are written out. Filter it first."
        )
    if part == "references":
        coin_acts.take_references(by, ledger, len(rows))
    return rows


@page("cases.read")
@require_safe
def references_text(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    """Payment references by payment service, as plain text for a production request: reference, time with its zone, amount."""
    rows = _exported(request, case, ledger, "references", "coins.references.txt")
    of, facts = queries.case(case), coin_queries.ledger(ledger)
    text = coin_drawing.request_text(of.reference, of.legal_basis, facts.platform, rows)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{of.reference}-references.txt"'
    return response


# ---- one broadcast, one account


@page("cases.read")
@require_safe
def account(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    frame = ledger_frame(request, case, ledger, "coins.account")
    facts: LedgerFacts = frame["ledger"]
    name, digits = request.GET.get("name", ""), frame["digits"]
    most = coin_drawing.ALL_FLOWS if request.GET.get("all") else coin_drawing.SHOWN_FLOWS
    with opened_ledger(
        actor_of(request), facts, coin_tables.ACCOUNT_TABLES, OfficerKeys.from_request(request)
    ) as store:
        found = coin_tables.account(store, name)
        through = coin_tables.traced(store, [name])
        parties = (
            [
                (side, each, coin_tables.evidence_of(store, each.rows, 3))
                for side, some in (("from", through.origins), ("to", through.ends))
                if through
                for each in some[: coin_drawing.ALL_FLOWS]
            ]
            if through
            else []
        )
    links = coin_queries.links(case, facts.platform)
    frame |= {
        "title": name,
        "account": found,
        "figures": [
            (label, coin_drawing.coins(getattr(found, field), digits))
            for label, field in (
                ("Bought", "bought"), ("Given", "given"), ("Got", "got"), ("Spent", "spent"), ("Paid out", "paid_out")
            )
        ],
        "money": [
            (code, coin_drawing.money(bought, code), coin_drawing.money(paid, code))
            for code, (bought, paid) in found.money.items()
        ],
        "through": through,
        "difference": through.words if through else "",
        "picture": coin_drawing.picture(through, name, digits, most) if through else None,
        "parties": [party_row(side, each, rows, name, digits) for side, each, rows in parties],
        "links": [each for each in links if each.account == name],
        "take_form": TakeAccountForm(
            people=_people(case),
            countries=[(country, f"{country}: stated in {rows} rows") for country, rows, _ in found.countries],
            initial={"service": facts.platform, "account": name, "ledger": str(facts.uuid), "words": take_words(found)},
        ),
        "reason_form": ReasonForm(),
        "first": coin_drawing.moment(found.first_at),
        "last": coin_drawing.moment(found.last_at),
        "direct": [(side, who, coin_drawing.coins(amount, digits), count) for side, who, amount, count in found.direct],
        "hosts": [(who, coin_drawing.coins(amount, digits), count) for who, amount, count in found.hosts],
    }  # fmt: skip
    return render(request, "cases/account.html", frame)


def take_words(found: coin_tables.AccountCoins) -> str:
    return f"{found.rows:,} rows of the ledger name this account."


def party_row(side: str, each: Any, rows: tuple[str, ...], name: str, digits: int) -> dict[str, Any]:
    """One line of the table beside the drawing: the same coins by both rules."""
    return {
        "side": side,
        "account": each.account,
        "own": each.account == name,
        "kind": coin_drawing.KINDS.get(each.kind, each.kind),
        "fifo": coin_drawing.coins(each.fifo_coins, digits),
        "haircut": coin_drawing.coins(float(each.haircut_coins), digits),
        "differs": each.differs,
        "rows": rows,
        "more": max(0, len(each.rows) - len(rows)),
    }


@page("cases.edit")
@require_POST
def take_account(request: HttpRequest, case: UUID) -> HttpResponse:
    """An officer holds an account to be somebody's: a person of the case, or a new contact of it."""
    form = TakeAccountForm(request.POST, people=_people(case), countries=None)
    back = redirect(
        request.POST.get("back", "")
        if request.POST.get("back", "").startswith("/cases/")
        else reverse("cases:coins", args=[case])
    )
    if not form.is_valid():
        say_form(request, form)
        return back
    said = form.cleaned_data
    try:
        done = coin_acts.take_account(
            actor_of(request),
            case,
            said["service"],
            said["account"],
            said["words"],
            person=UUID(said["person"]) if said["person"] else None,
            ledger=UUID(said["ledger"]) if said["ledger"] else None,
            countries=_stated(request, said["ledger"], said["account"], said["countries"]),
        )
    except Refused as error:
        say(request, error)
        return back
    messages.success(request, "The account is taken into the case, with its evidence.")
    return redirect("cases:person", case, done.person)


def _stated(request: HttpRequest, ledger: str, account: str, chosen: list[str]) -> list[tuple[str, str]]:
    """Of the chosen countries those that the ledger states of this account, each with the rows that state it."""
    if not ledger or not chosen:
        return []
    facts, keys = coin_queries.ledger(UUID(ledger)), OfficerKeys.from_request(request)
    with opened_ledger(actor_of(request), facts, ("countries",), keys) as store:
        found = coin_tables.countries_of(store, account)
    return [
        (country, f"stated in {count} row{'' if count == 1 else 's'} ({', '.join(rows[:3])})")
        for country, count, rows in found
        if country in chosen
    ]


@page("cases.edit")
@require_POST
def undo_link(request: HttpRequest, case: UUID, link: UUID) -> HttpResponse:
    form = ReasonForm(request.POST)
    try:
        done = coin_acts.undo_link(actor_of(request), link, form.cleaned_data["reason"] if form.is_valid() else "")
        messages.success(
            request, f"Undone; {len(done.attributions)} candidate countries that rested on it are withdrawn."
        )
    except Refused as error:
        say(request, error)
    return redirect("cases:coins", case)
