"""What officers fill in about ledgers and accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from amparo.cases.coins.mapping import EVENTS, FIELDS
from amparo.cases.ledgers import rules

EVENT_WORDS = {
    "purchase": "Purchase of coins",
    "gift": "Gift to a broadcaster or another",
    "spend": "Spent on goods or reach",
    "conversion": "Converted to another unit",
    "payout": "Paid out as money",
    "refund": "Refund",
    "room_enter": "Entry into a room",
    "room_exit": "Exit from a room",
    "broadcast": "A broadcast, from when to when",
}
FIELD_WORDS = {
    "event": "Kind of event",
    "time": "Time",
    "end": "End of a broadcast",
    "account": "Account that acts",
    "counterparty": "Account that gets",
    "host": "Broadcaster",
    "stream": "Broadcast",
    "coins": "Coins",
    "received": "Coins that arrive",
    "balance": "Balance",
    "money": "Money",
    "currency": "Currency",
    "detail": "Detail, or payment service",
    "reference": "Payment reference",
    "country": "Country",
    "sequence": "The platform's row number",
}
TIMES = (
    ("iso", "2026-03-01 20:15:00, with or without offset"),
    ("epoch_s", "1772396100 (seconds since 1970)"),
    ("epoch_ms", "1772396100000 (milliseconds)"),
    ("%d/%m/%Y %H:%M:%S", "01/03/2026 20:15:00 (day first)"),
    ("%d/%m/%Y %H:%M", "01/03/2026 20:15 (day first)"),
    ("%m/%d/%Y %H:%M:%S", "03/01/2026 20:15:00 (month first)"),
    ("%d.%m.%Y %H:%M:%S", "01.03.2026 20:15:00"),
)


class LedgerForm(forms.Form):
    platform = forms.CharField(
        max_length=80,
        help_text="As you call it in the case. Its mapping is kept under this name, and used again for its next ledger.",
    )
    items = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Files of the case",
        help_text="Ledger files that came with a report.",
    )

    def __init__(self, *args: Any, items: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if items:
            self.fields["items"].choices = list(items)  # type: ignore[attr-defined]
        else:
            del self.fields["items"]


class MappingTextForm(forms.Form):
    text = forms.CharField(
        label="Mapping (TOML)",
        max_length=rules.LONGEST_MAPPING,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "mono"}),
        help_text="Every key stands in docs/formats/analyse.md. What is wrong is said with its key.",
    )
    note = forms.CharField(label="What changed", max_length=300, required=False)


class MappingForm(forms.Form):
    """The parts of a mapping that hold for the whole platform; columns and words have fields of their own on the page."""

    currency = forms.CharField(max_length=3, required=False, help_text="Where no column says: EUR.")
    zone = forms.CharField(
        max_length=60,
        required=False,
        label="Time zone",
        help_text="Of times that state none: Europe/Madrid. Empty while not known.",
    )
    time_format = forms.ChoiceField(choices=TIMES, label="How times are written")
    decimal = forms.ChoiceField(choices=((".", "1.50"), (",", "1,50")), label="How decimals are written")
    unit = forms.CharField(max_length=30, initial="coin", label="What a coin is called")
    rate_since = forms.DateField(
        required=False, label="Rate since", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    rate_coins = forms.IntegerField(required=False, min_value=1, max_value=10**9, label="So many coins")
    rate_minor = forms.IntegerField(
        required=False, min_value=0, max_value=10**12, label="cost", help_text="In cents (minor units): 105 is 1.05."
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        rate = [given.get(name) for name in ("rate_since", "rate_coins", "rate_minor")]
        if any(each is not None for each in rate) and None in rate:
            raise forms.ValidationError("A rate needs its day, the coins and what they cost; or leave all three empty.")
        return given


FIELD_CHOICES = [("", "not used"), *((name, FIELD_WORDS[name]) for name in FIELDS)]
EVENT_CHOICES = [("", "a column says which"), *((name, EVENT_WORDS[name]) for name in EVENTS)]
WORD_CHOICES = [("ignore", "none of these: count it, don't read it"), *((name, EVENT_WORDS[name]) for name in EVENTS)]


class TakeAccountForm(forms.Form):
    service = forms.CharField(max_length=80, help_text="The platform or messenger.")
    account = forms.CharField(max_length=200, help_text="As the service writes it.")
    person = forms.ChoiceField(
        required=False, help_text="A new person is a contact of unknown age: to pay is a role, not guilt."
    )
    words = forms.CharField(
        label="Evidence",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What shows that the account is this person's, and where that stands.",
    )
    countries = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Candidate countries",
        help_text="As the platform's own columns state.",
    )
    ledger = forms.CharField(required=False, widget=forms.HiddenInput, max_length=36)

    def __init__(
        self,
        *args: Any,
        people: Sequence[tuple[str, str]],
        countries: Sequence[tuple[str, str]] | None = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", "Somebody new in this case"), *people]  # type: ignore[attr-defined]
        if countries is None:  # sent back from a page that offered some: each is checked by the act
            from amparo.viewing.countries import choices

            self.fields["countries"].choices = list(choices())  # type: ignore[attr-defined]
        elif countries:
            self.fields["countries"].choices = list(countries)  # type: ignore[attr-defined]
        else:
            del self.fields["countries"]
