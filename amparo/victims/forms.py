"""What a specialist fills in about a series."""

from __future__ import annotations

from typing import Any

from django import forms

from amparo.victims import rules
from amparo.viewing import countries


def _words(label: str, help_text: str = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


def _places() -> list[tuple[str, str]]:
    return [("", "Choose"), (rules.UNKNOWN_PLACE, "Unknown, and said so"), *countries.choices()]


class OpenSeriesForm(forms.Form):
    use_required_attribute = False
    prefix = "open"
    codename = forms.CharField(
        max_length=40,
        required=False,
        label="Code name",
        help_text="A plain word that says nothing of the child; left empty, the next free one.",
    )
    children_count = forms.IntegerField(label="Children in the items", min_value=1, max_value=50, initial=1)


class MoveForm(forms.Form):
    """status: the moves that the rules allow from `now`."""

    prefix = "move"
    status = forms.ChoiceField(label="Next")
    basis = _words("Basis", "On what this rests. A document, an answer, a finding.")
    review_on = forms.DateField(
        label="Look again on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="A dead end needs it.",
    )

    def __init__(self, *args: Any, now: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [("", "Choose"), *rules.legal_moves(now)]  # type: ignore[attr-defined]


class KnownElsewhereForm(forms.Form):
    prefix = "known"
    answer = forms.ChoiceField(choices=list(rules.KNOWN_ELSEWHERE.items()), label="Is this series known elsewhere?")
    words = _words("Who was asked, and what they said", required=False)


class PlaceForm(forms.Form):
    prefix = "place"
    place = forms.ChoiceField(choices=_places, label="Country of the place")
    evidence = _words("Evidence", "What points there; or, where it is unknown, what was tried.")


class ClueForm(forms.Form):
    prefix = "clue"
    kind = forms.ChoiceField(choices=[("", "Choose"), *rules.CLUES.items()])
    words = _words("Clue", "A thing, a sound, a text, a place, a time. Describe no person.")
    confidence = forms.ChoiceField(
        choices=list(rules.CONFIDENCE.items()), initial="assessment", label="Fact or assessment"
    )
    negative = forms.BooleanField(required=False, label="This trail was followed and ends here")


class OwnerForm(forms.Form):
    prefix = "owner"
    officer = forms.ChoiceField(label="Who answers for it")

    def __init__(self, *args: Any, officers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["officer"].choices = [("", "Choose"), *officers]  # type: ignore[attr-defined]
