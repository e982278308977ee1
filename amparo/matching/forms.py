from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

BARE = (("sha256", "SHA-256"), ("pdq", "PDQ"))
LARGEST_BYTES = 256 << 20


class ImportForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As its publisher calls it."))
    source = forms.CharField(
        label=_("Source"), max_length=120, help_text=_("Who publishes it, and to whom it was given.")
    )
    version = forms.CharField(
        label=_("Version"), max_length=40, help_text=_("Its date or number. Lists are never edited, only replaced.")
    )
    scheme = forms.CharField(
        label=_("Category scheme"),
        max_length=60,
        required=False,
        help_text=_("Whose categories its codes are. They are kept as they stand."),
    )
    scope = forms.CharField(
        label=_("Legal scope"), max_length=120, required=False, help_text=_("What it may be used for, and where.")
    )
    file = forms.FileField(
        label=_("File"), help_text=_("CSV with columns md5, sha1, sha256, pdq, category, or one hash a line.")
    )
    bare = forms.ChoiceField(label=_("A hash of 64 digits without a column is"), choices=BARE, initial="sha256")
    leave_out = forms.BooleanField(label=_("Leave out rows that can’t be read"), required=False)

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise forms.ValidationError(_("This file is larger than 256 MB. Split it and import the parts."))
        return file


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: withdrawn by its publisher on 3 March."),
    )
