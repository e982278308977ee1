from __future__ import annotations

from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from amparo.foundation.ids import new_id
from amparo.intake import wording

ANSWERS = (("yes", _("Yes")), ("no", _("No")), ("unknown", _("Not known")))
LARGEST_FILE_BYTES = 512 << 20
LARGEST_TABLE_BYTES = 64 << 20


class Files(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; the cleaned value is a list."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        clean = super().clean
        found = [clean(each, initial) for each in data] if isinstance(data, list | tuple) else [clean(data, initial)]
        found = [each for each in found if each]
        if any(each.size > LARGEST_FILE_BYTES for each in found):
            raise forms.ValidationError(_("A file is larger than 512 MB. Bring it in with `amparo scan` or in parts."))
        return found


class TakenForm(forms.Form):
    """What a clerk writes down while somebody speaks: what counts first, in the order in which it is told."""

    form = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    channel = forms.ChoiceField(
        label=_("How it came"), choices=[(code, wording.CHANNELS[code]) for code in ("phone", "letter", "walk_in")]
    )
    danger_now = forms.ChoiceField(
        label=_("Is a child in danger now?"),
        choices=ANSWERS,
        widget=forms.RadioSelect,
        initial="unknown",
        help_text=_("Then this report stands above all others until somebody has read it."),
    )
    live = forms.ChoiceField(
        label=_("Is something being broadcast?"),
        choices=(
            ("unknown", _("Not known")),
            ("now", _("Now")),
            ("planned", _("Planned")),
            ("over", _("It is over")),
        ),
    )
    text = forms.CharField(
        label=_("What was said"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("In the reporter’s own words where you can. Facts and guesses apart."),
    )
    subject = forms.CharField(label=_("Heading"), max_length=160, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=list(wording.LANGUAGES.items()), initial="unknown")
    happened = forms.CharField(
        label=_("When it happened"),
        max_length=200,
        required=False,
        help_text=_("As they said it: “last night about ten”. Nothing is made up from it."),
    )
    zone = forms.CharField(
        label=_("Time zone they meant"),
        max_length=60,
        required=False,
        help_text=_("For example Europe/Madrid, if said."),
    )
    received_at = forms.DateTimeField(
        label=_("When it came (UTC)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    name = forms.CharField(
        label=_("Reporter’s name"), max_length=200, required=False, help_text=_("Sealed at once; two people open it.")
    )
    contact = forms.CharField(
        label=_("How to reach them"), max_length=300, required=False, help_text=_("Sealed with the name.")
    )
    attached = FilesField(
        label=_("Files"), required=False, help_text=_("A letter’s scan, a screenshot that was handed in.")
    )


class WhereForm(forms.Form):
    """One thing that leads to an account, a place or a payment."""

    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=(
            ("address", _("Web address")),
            ("handle", _("Account name")),
            ("room", _("Group or room")),
            ("phone", _("Phone number")),
            ("email", _("E-mail address")),
            ("wallet", _("Coin address")),
            ("payment", _("Payment reference")),
        ),
    )
    value = forms.CharField(label=_("As they said it"), max_length=1000, required=False)
    platform = forms.CharField(label=_("App or service"), max_length=80, required=False)


WhereForms = formset_factory(WhereForm, extra=4, max_num=50)


class BatchForm(forms.Form):
    source = forms.CharField(
        label=_("Whose table it is"),
        max_length=80,
        help_text=_("A hotline, a platform, a police unit: its reports are counted as theirs."),
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, XLSX, ODS, XLS or JSON with a heading row, up to 20,000 rows, or CyberTipline reports in NCMEC’s JSON. "
            "Nothing is taken in before you have seen it."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_TABLE_BYTES:
            raise forms.ValidationError(_("This file is larger than 64 MB. Split it and import the parts."))
        return file
