from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.matching.actions import Order
from amparo.matching.queries import ListFacts
from amparo.matching.rules import ListSaid
from amparo.sandbox.readings import HASH_LIST_FORMATS

BARE = (("sha256", "SHA-256"), ("pdq", "PDQ"))
FORMATS = {
    "csv": _("CSV with named columns"),
    "text": _("Text: one hash a line"),
    "icse": _("CSV of an ICSE export"),
    "ncmec": _("NCMEC hash sharing, XML"),
    "vics": _("VICS, JSON"),
    "threatexchange": _("ThreatExchange"),
    "hma": _("Hasher-Matcher-Actioner"),
}


HOLDS = (
    ("whole", _("the whole list")),
    ("changes", _("what changed since that version: what is new, and, marked so, what is withdrawn")),
    ("withdrawals", _("what is withdrawn from that version, and nothing else")),
)


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("It is read inside the sandbox, sorted, and then removed: only its hashes and categories stay."),
    )
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As its publisher calls it."))
    version = forms.CharField(
        label=_("Version"), max_length=40, help_text=_("Its date or number. Lists are never edited, only replaced.")
    )
    source = forms.CharField(
        label=_("Source"), max_length=120, help_text=_("Who publishes it, and to whom it was given.")
    )
    scope = forms.CharField(
        label=_("Legal scope"), max_length=120, required=False, help_text=_("What it may be used for, and where.")
    )
    scheme = forms.CharField(
        label=_("Category scheme"),
        max_length=60,
        required=False,
        help_text=_("Whose categories its codes are, where the file doesn’t say. They are kept as they stand."),
    )
    base = forms.ChoiceField(
        label=_("Takes the place of"),
        required=False,
        help_text=_("That version counts no more once this one does."),
    )
    holds = forms.ChoiceField(label=_("The file holds"), choices=HOLDS, widget=forms.RadioSelect, initial="whole")
    format = forms.ChoiceField(label=_("Format"), required=False)
    bare = forms.ChoiceField(label=_("A hash of 64 digits without a column is"), choices=BARE, initial="sha256")
    leave_out = forms.BooleanField(label=_("Leave out rows that can’t be read"), required=False)

    def __init__(self, *args: Any, bases: tuple[ListFacts, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = [(str(each.uuid), f"{each.name} {each.version}") for each in bases]
        self.fields["base"].choices = [("", _("none: it counts beside the others")), *found]  # type: ignore[attr-defined]
        known = [(name, FORMATS.get(name, name)) for name in HASH_LIST_FORMATS]
        self.fields["format"].choices = [("", _("find out")), *known]  # type: ignore[attr-defined]

    def order(self) -> Order:
        """What is asked for, once the form is valid."""
        given = self.cleaned_data
        said = ListSaid(*(given[name].strip() for name in ("name", "source", "version", "scheme", "scope")))
        return Order(
            said,
            UUID(given["base"]) if given["base"] else None,
            difference=given["holds"] != "whole",
            withdrawals=given["holds"] == "withdrawals",
            file_name=str(given["file"].name),
            format=given["format"],
            bare=given["bare"],
            leave_out=given["leave_out"],
        )


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: withdrawn by its publisher on 3 March."),
    )
