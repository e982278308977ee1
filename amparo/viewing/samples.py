"""What the style page shows: invented, neutral, and awkward where components break (long words, absent values, markup)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms

from amparo.foundation.times import Moment
from amparo.viewing.context import Way
from amparo.viewing.marks import icon_names
from amparo.viewing.rules import REASONS

START = datetime(2026, 3, 4, 8, 12, 41, tzinfo=UTC)
DIGEST = "9f2c4be17a0d53c8e61b7f40d2a98c35b4e6f10c77da29538be41f6602cd9a17"
ARRESTS = {"ES": 17, "UY": 2, "GB": 2, "EC": 2, "CR": 1, "PE": 2, "IN": 2, "IT": 2, "FR": 1, "PK": 1, "SY": 1}


@dataclass(frozen=True)
class Tile:
    name: str
    media_type: str
    size_bytes: int
    reference: str


class SampleForm(forms.Form):
    title = forms.CharField(
        label="Title", help_text="Short, without names of persons.", initial="Messaging group, March 2026"
    )
    urgency = forms.ChoiceField(
        label="Kind", choices=[("group", "Messaging group"), ("stream", "Stream"), ("site", "Site")]
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agreed = forms.BooleanField(label="Every item has been matched against the known-hash lists", required=True)
    language = forms.ChoiceField(
        label="Language of the cover sheet",
        widget=forms.RadioSelect,
        choices=[("en", "English"), ("es", "Spanish"), ("fr", "French")],
        initial="es",
    )


def _events() -> list[dict[str, Any]]:
    words = [
        ("Report arrived by e-mail", "mail", "", "4 attachments, sealed before the answer was given", "receiver"),
        ("Group export read", "chat", "info", "1 204 messages, 58 members, 61 items", "worker"),
        ("7 items are known", "hash", "warn", "5 exact, 2 near", "worker"),
        ("Case opened", "case", "accent", "", "Inés Duarte"),
        ("Package for Uruguay sent", "package", "good", "2 persons, 9 items", "Tomás Ferrer"),
    ]
    return [
        {
            "when": START + timedelta(hours=9 * at),
            "title": title,
            "icon": icon,
            "tone": tone,
            "text": text,
            "by": by,
            "href": "#" if at == 3 else "",
        }
        for at, (title, icon, tone, text, by) in enumerate(words)
    ]


def _network() -> dict[str, Any]:
    nodes = [
        {"id": "g", "label": "Group “Weekend”", "kind": "group", "href": "#group", "note": "58 members, 11 countries"}
    ]
    edges = []
    for at in range(1, 25):
        silent = at % 5 == 0
        nodes.append(
            {
                "id": f"p{at}",
                "label": f"Member {at:02}",
                "kind": "person",
                "href": f"#p{at}",
                "note": "Never wrote" if silent else "",
                "tone": "danger" if at == 3 else "",
            }
        )
        edges.append({"source": f"p{at}", "target": "g", "label": "member, silent" if silent else "member"})
        if at % 4 == 0:
            nodes.append({"id": f"a{at}", "label": f"handle-{at:02}@example.org", "kind": "account"})
            edges.append({"source": f"p{at}", "target": f"a{at}", "label": "uses"})
        if at % 3 == 0:
            nodes.append({"id": f"i{at}", "label": f"IMG-{1000 + at}.jpg", "kind": "item"})
            edges.append({"source": f"p{at}", "target": f"i{at}", "label": "shared first"})
            edges.append({"source": f"p{at - 1}", "target": f"i{at}", "label": "shared again"})
    return {"nodes": nodes, "edges": edges}


def _rows() -> list[dict[str, Any]]:
    axes = [
        [("danger", "high", "A meeting is set for tonight"), ("clock", "high", "Records kept until Friday")],
        [("actionable", "high", "A phone number and a country"), ("new", "high", "3 items on no list")],
        [("danger", "unknown", ""), ("actionable", "some", "A handle without platform")],
        [("danger", "none", ""), ("new", "none", "")],
    ]
    subjects = [
        "Group export with 61 files",
        "Two accounts on example.org",
        "Text only, nothing attached",
        "<b>Markup</b> & a_very_long_name_without_any_break_in_it_2026_03_04.zip",
    ]
    return [
        {
            "reference": f"R-2026-{417 - at:04}",
            "subject": subjects[at],
            "axes": axes[at],
            "received": START - timedelta(hours=5 * at),
            "items": (66, 4, 0, 1)[at],
            "state": ("New", "Read", "Read", "Closed")[at],
        }
        for at in range(4)
    ]


def _tiles() -> list[tuple[Tile, Any]]:
    near = SimpleNamespace(
        state="hit",
        hits=[
            SimpleNamespace(kind="near", distance_bits=7, list_name="Demo list", list_version="4", category="baseline")
        ],
    )
    exact = SimpleNamespace(
        state="hit",
        hits=[
            SimpleNamespace(kind="exact", distance_bits=0, list_name="Demo list", list_version="4", category="baseline")
        ],
    )
    return [
        (Tile("IMG-20260301-WA0007.jpg", "image/jpeg", 184_320, "I-00017"), exact),
        (Tile("VID-20260301-WA0002.mp4", "video/mp4", 12_400_511, "I-00018"), "not_examined"),
        (Tile("PTT-20260301-WA0004.opus", "audio/ogg", 48_112, "I-00019"), None),
        (Tile("_chat.txt", "application/vnd.amparo.chat+json", 312_044, "I-00020"), None),
        (Tile("STK-20260228-WA0031.webp", "image/webp", 22_018, "I-00021"), "too_plain"),
        (Tile("IMG-20260302-WA0011.jpg", "image/jpeg", 201_777, "I-00022"), near),
        (Tile("export.zip", "application/zip", 48_220_119, "I-00023"), "no_hit"),
    ]


def context() -> dict[str, Any]:
    """Everything that viewing/style.html names."""
    form = SampleForm({"title": "", "urgency": "group", "note": "", "language": "es"})
    form.is_valid()
    form.add_error(None, "Something about the form as a whole.")
    return {
        "title": "Style guide",
        "ways": tuple(
            Way(label, f"#{sign}", sign, here=at == 0)
            for at, (label, sign) in enumerate(
                [
                    ("Queue", "queue"),
                    ("Cases", "case"),
                    ("Packages", "package"),
                    ("Board", "map"),
                    ("Hash lists", "hash"),
                    ("Partners", "partner"),
                    ("Record", "record"),
                    ("System", "settings"),
                ]
            )
        ),
        "officer": SimpleNamespace(name="Inés Duarte", unit="Unit for crimes against children"),
        "initials": "ID",
        "demo": True,
        "moment": Moment("04/03/26, 09:12:41", START, "Europe/Madrid", "rule chat.zone_of_phone"),
        "unclear": Moment("04/03/26, 09:12"),
        "start": START,
        "digest": DIGEST,
        "rows": _rows(),
        "tiles": _tiles(),
        "events": _events(),
        "network": _network(),
        "arrests": [
            {"country": code, "count": count, "href": f"#{code}", "note": ""} for code, count in ARRESTS.items()
        ],
        "bar_rows": [
            {"label": "Arrested", "value": 33, "href": "#"},
            {"label": "Opened", "value": 21},
            {"label": "Acknowledged", "value": 9},
            {"label": "No action, with a reason", "value": 3},
            {"label": "Nothing heard", "value": 0},
        ],
        "choices": [("new", "New", 4), ("read", "Read", 11), ("closed", "Closed", 225)],
        "reasons": REASONS.items(),
        "form": form,
        "icons": icon_names(),
        "message": "Hola, me han añadido a un grupo y no sé qué hacer.\nAdjunto la exportación del chat.",
        "obstacles": ["No country has been confirmed by a person.", "The legal class of 2 items is not set."],
        "tones": ["neutral", "accent", "info", "good", "warn", "danger"],
    }
