"""The page of one broadcast: who was in its room and who paid what in it. Views, split off for length."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from amparo.access.doors import page
from amparo.cases import actions, queries
from amparo.cases.ledgers import (
    drawing as coin_drawing,
    queries as coin_queries,
    tables as coin_tables,
)
from amparo.cases.ledgers.pages import ledger_frame
from amparo.cases.ledgers.tables import PAGE, RoomAsked, opened_ledger
from amparo.cases.page_frame import actor_of
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing
from amparo.vault.keys import OfficerKeys


@page("cases.read")
@require_safe
def broadcast(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    frame = ledger_frame(request, case, ledger, "coins.broadcast")
    number = request.GET.get("page", "1")
    at = max(1, int(number)) if number.isdigit() and len(number) < 7 else 1
    asked = replace(_room_asked(request), offset=(at - 1) * PAGE)
    with opened_ledger(actor_of(request), frame["ledger"], ROOM_TABLES, OfficerKeys.from_request(request)) as store:
        room = coin_tables.room(store, request.GET.get("stream", ""), request.GET.get("host", ""), asked)
    longest = max(room.stays_found, room.payments_found)
    digits = frame["digits"]
    frame |= {
        "room": room,
        "bars": coin_drawing.bars(room),
        "coins": coin_drawing.coins(room.coins, digits),
        "began": coin_drawing.moment(room.began),
        "ended": coin_drawing.moment(room.ended),
        "payments": [
            {
                "payer": row[0],
                "when": coin_drawing.moment(row[1]) or row[2],
                "coins": coin_drawing.coins(row[3], digits),
                "worth": coin_drawing.money(row[4], row[5]),
                "found": FOUND.get(str(row[6]), row[6]) + (f", of {row[7]}" if row[6] == "either" else ""),
                "reference": row[8],
                "place": f"{row[9]}:{row[10]}",
            }
            for row in room.payments
        ],
        "page": Paginator(range(longest), PAGE).get_page(at),
        "present": PRESENT,
        "asked": asked,
        "query": request.GET.urlencode(),
    }
    return render(request, "cases/broadcast.html", frame)


def _room_asked(request: HttpRequest) -> RoomAsked:
    only = request.GET.get("only", "")
    return RoomAsked(request.GET.get("search", "").strip(), only if only in dict(PRESENT) else "")


STAY_COLUMNS = (
    "account", "came", "went", "seconds", "closed by", "in the room at the same time", "payments", "coins", "rows",
)  # fmt: skip
PAYMENT_COLUMNS = (
    "account", "when", "as written", "coins", "money in minor units", "currency", "placed", "fits broadcasts", "reference", "file",
    "row",
)  # fmt: skip


@page("cases.read")
@require_safe
def broadcast_csv(request: HttpRequest, case: UUID, ledger: UUID) -> HttpResponse:
    """Who was in the room, or with part=payments who paid what, with the page's filters; the look is recorded."""
    by, part = actor_of(request), "payments" if request.GET.get("part") == "payments" else "room"
    actions.read_case(by.with_purpose("export"), case, f"coins.broadcast.{part}.csv", ledger)
    facts = coin_queries.ledger(ledger)
    if facts.case != case:
        raise Missing("There is no such ledger in this case.")
    asked = replace(_room_asked(request), limit=coin_tables.EXPORT_ROWS)
    with opened_ledger(by, facts, ROOM_TABLES, OfficerKeys.from_request(request)) as store:
        room = coin_tables.room(store, request.GET.get("stream", ""), request.GET.get("host", ""), asked)
    stays = (
        (
            each.account, each.entered_at, each.left_at, each.seconds, each.closed_by, each.overlapping, each.payments,
            each.coins, " ".join(each.evidence),
        )
        for each in room.stays
    )  # fmt: skip
    content = csv_bytes(PAYMENT_COLUMNS, room.payments) if part == "payments" else csv_bytes(STAY_COLUMNS, stays)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{queries.case(case).reference}-broadcast-{part}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


PRESENT = (("paid", "Paid in it"), ("present", "Present, without a payment"))
ROOM_TABLES = ("broadcasts", "presence", "payments")

FOUND = {
    "stated": "names this broadcast",
    "inside": "made while it ran",
    "grace": "within two minutes of it",
    "either": "fits more than one",
    "none": "in none",
}
