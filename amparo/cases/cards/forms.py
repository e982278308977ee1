"""What an officer fills in about a service."""

from __future__ import annotations

from typing import Any

from django import forms

from amparo.cases.cards.rules import LONGEST_NAME, LONGEST_TEXT, Known, records_of, text_of
from amparo.viewing import countries


def _text(label: str, help_text: str = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _country_choices() -> list[tuple[str, str]]:
    return [("", "Not known"), *countries.choices()]


class CardForm(forms.Form):
    name = forms.CharField(max_length=LONGEST_NAME, label="Service", help_text="As exports and ledgers call it.")
    also = forms.CharField(
        required=False, max_length=400, label="Also called", help_text="Its other names, with commas between."
    )
    operator = forms.CharField(
        required=False, max_length=200, label="Operator", help_text="Who runs it: the company's full name."
    )
    law_country = forms.ChoiceField(
        choices=_country_choices, required=False, label="Country of its law", help_text="Whose orders it must follow."
    )
    legal_contact = _text(
        "Legal contact", "Where orders and requests go: portal, address, language, what they ask for."
    )
    urgent_route = _text("Urgent route, day and night", "How it is reached while a child is in danger now.")
    records = _text("What it keeps, and how long", "One kind a line, with a colon: “logins: 90 days”.", rows=6)
    coin_rules = _text("Coins", "What a coin costs, what is kept of a gift, how it is paid out, from which day on.")
    age_rules = _text("Age rules", "From which age it may be used, and how that is checked.")
    checked_on = forms.DateField(
        label="Checked on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The day on which this was so.",
    )
    source = _text("How this is known", "A document with its date, a call, a case. Name no person.", rows=2)
    source.required = True
    source.error_messages["required"] = "Say how this is known: a document with its date, a call, a case."

    def known(self) -> Known:
        given = {name: _plain(value) for name, value in self.cleaned_data.items()}
        also = tuple(dict.fromkeys(name.strip() for name in given.pop("also").split(",") if name.strip()))
        return Known(also=also, records=records_of(given.pop("records")), **given)


def _plain(value: Any) -> Any:
    """A browser ends lines in its own way."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def initial_of(known: Known) -> dict[str, Any]:
    """The form's first values for the next version; when it was checked and how is for the officer to say anew."""
    said = {name: getattr(known, name) for name in CardForm.base_fields if name not in ("checked_on", "source")}
    return said | {"also": ", ".join(known.also), "records": text_of(known.records)}
