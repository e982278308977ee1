"""What officers fill in about a case and its people."""

from __future__ import annotations

from typing import Any

from django import forms

from amparo.cases import rules
from amparo.cases.groups.order import ENTERED
from amparo.viewing import countries


def _choices(table: dict[str, str]) -> list[tuple[str, str]]:
    return [("", "Choose"), *table.items()]


def _country_choices() -> list[tuple[str, str]]:
    return [("", "Choose a country"), *countries.choices()]


def _words(label: str, help_text: str = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class OpenCaseForm(forms.Form):
    title = forms.CharField(max_length=160, help_text="What it is about, in a few neutral words. Name no person here.")
    legal_basis = forms.CharField(
        max_length=200, label="Legal basis", help_text="The law, order or delegation under which you open the case."
    )


class InListForm(forms.Form):
    """Stands in a dialog inside the list's form, closed while another is sent: a browser must not insist on its fields."""

    use_required_attribute = False


class CategoryForm(InListForm):
    prefix = "category"
    category = forms.ChoiceField(
        choices=_choices(rules.CATEGORIES), label="Legal category", help_text="Directive (EU) 2016/680, Article 6."
    )
    reason = _words("Reason", "What the person did or is said to have done in this case, and where that stands.")


class AgeForm(InListForm):
    prefix = "age"
    status = forms.ChoiceField(
        choices=_choices(rules.AGES),
        label="Age status",
        help_text="Unknown is handled as a child's, and is never guessed.",
    )
    stated_age = forms.IntegerField(label="Stated age", required=False, min_value=0, max_value=120)
    born_on = forms.DateField(
        label="Date of birth", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    basis = _words("Basis", "Where the age comes from: a document, a partner's answer, a statement.")


class CountryForm(InListForm):
    prefix = "country"
    country = forms.ChoiceField(choices=_country_choices, label="Country")
    evidence = forms.ChoiceField(choices=_choices(rules.EVIDENCE), label="Kind of evidence")
    words = _words("Evidence", "What points to this country, and where that stands.")
    kind = forms.ChoiceField(choices=list(rules.KINDS.items()), initial="assessment", label="Fact or assessment")
    source_grade = forms.ChoiceField(
        choices=[
            ("A", "A: no doubt"),
            ("B", "B: usually reliable"),
            ("C", "C: mostly unreliable"),
            ("X", "X: can't be judged"),
        ],
        initial="X",
        label="Source",
    )
    information_grade = forms.TypedChoiceField(
        choices=[
            (1, "1: certain"),
            (2, "2: known to the source itself"),
            (3, "3: corroborated"),
            (4, "4: can't be corroborated"),
        ],
        initial=4,
        coerce=int,
        label="Information",
    )


class ConfirmForm(InListForm):
    prefix = "confirm"
    country = forms.ChoiceField(
        choices=_country_choices, label="Competent country", help_text="Each person needs evidence that points to it."
    )
    basis = _words("Basis", "On what the competence rests.")


class IdentifierForm(forms.Form):
    prefix = "identifier"
    kind = forms.ChoiceField(
        choices=_choices({key: words for key, words in rules.IDENTIFIERS.items() if key != "name"})
    )
    raw = forms.CharField(
        max_length=200, label="As it is written", help_text="Copy it; a phone number with its country code."
    )
    source = forms.CharField(max_length=240, label="Where it stands")


class NoteForm(forms.Form):
    prefix = "note"
    text = _words("Note", "Stands on the timeline under your name. Facts and assessments apart.")


class ZoneForm(forms.Form):
    prefix = "zone"
    zone = forms.CharField(
        max_length=40, label="Time zone", help_text="A name such as Europe/Madrid, or an offset such as +02:00."
    )
    basis = _words("Basis", "Why the clock shows this zone: whose phone made the export, and where it was.")


class DeviceForm(forms.Form):
    prefix = "device"
    kind = forms.ChoiceField(choices=_choices(rules.DEVICES))
    label = forms.CharField(max_length=120, label="Make and model")
    seal = forms.CharField(max_length=60, label="Number of the seal")
    seized_on = forms.DateField(label="Seized on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    place = forms.CharField(max_length=120, label="Place of seizure")


class ReasonForm(forms.Form):
    prefix = "reason"
    reason = _words("Reason")


class PersonReasonForm(forms.Form):
    prefix = "person-reason"
    reason = forms.ChoiceField(choices=_choices(dict(ENTERED)), label="Reason")
    words = _words("What was written or done", "And where it stands: the group, the line, the document.")


class GrantForm(forms.Form):
    """officers: (uuid, words) of those who may be let in."""

    prefix = "grant"
    officer = forms.ChoiceField(label="Officer")

    def __init__(self, *args: Any, officers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["officer"].choices = [("", "Choose"), *officers]  # type: ignore[attr-defined]
