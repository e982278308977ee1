"""What a country answered otherwise than by its form, in the form's own columns."""

from __future__ import annotations

from typing import Any

from django import forms

from amparo.exchange.formats.reply_form import REASONS
from amparo.outcomes import showing
from amparo.outcomes.rules import ANSWERS, DEVICES, WHOLE_PACKAGE
from amparo.viewing.countries import choices


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=10_000)


class OutcomeForm(forms.Form):
    subject = forms.ChoiceField(label="About")
    outcome = forms.ChoiceField(
        label="Outcome", required=False, choices=[("", "none: only what was seized or who was found")]
    )
    date = forms.DateField(label="Date", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    arrested_in = forms.ChoiceField(label="Arrested in", required=False)
    ordered_by = forms.ChoiceField(label="On the order of", required=False)
    age = forms.IntegerField(label="Age when arrested", required=False, min_value=8, max_value=110)
    reason = forms.ChoiceField(label="Why no action", required=False)
    devices_phone = _number(showing.DEVICES["phone"])
    devices_tablet = _number(showing.DEVICES["tablet"])
    devices_laptop = _number(showing.DEVICES["laptop"])
    devices_desktop = _number(showing.DEVICES["desktop"])
    devices_storage = _number(showing.DEVICES["storage"])
    children_identified = _number("Children identified")
    children_safeguarded = _number("Children safeguarded")
    note = forms.CharField(label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, subjects: list[tuple[str, str]], **kwargs: Any) -> None:
        """subjects: (what the receiver calls them, how we name them)."""
        super().__init__(*args, **kwargs)
        self._offer("subject", [(WHOLE_PACKAGE, "The package as a whole"), *subjects])
        self._offer("outcome", [("", "No answer on the person"), *((kind, showing.KINDS[kind]) for kind in ANSWERS)])
        self._offer("arrested_in", [("", "The country of this package"), *choices()])
        self._offer("ordered_by", [("", "Not stated"), *choices()])
        self._offer("reason", [("", "Not stated"), *((code, showing.REASONS.get(code, code)) for code in REASONS)])

    def _offer(self, name: str, offered: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = offered

    def row(self) -> dict[str, str]:
        """The cells of a reply form's row."""
        given = self.cleaned_data
        return {name: "" if value is None else str(value) for name, value in given.items()}

    @property
    def about_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("subject", "outcome", "date")]

    @property
    def arrest_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("arrested_in", "ordered_by", "age")]

    @property
    def device_fields(self) -> list[forms.BoundField]:
        return [self[f"devices_{sort}"] for sort in DEVICES]

    @property
    def rest_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("children_identified", "children_safeguarded", "note")]


class SettleForm(forms.Form):
    note = forms.CharField(
        label="How the open rows were dealt with", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
