from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.intake.api.keys import MOST_A_SECOND, SCOPES

SCOPE_WORDS = {
    "reports": _("Send, supplement and retract reports"),
    "files": _("Send files"),
    "status": _("Ask what became of its own reports"),
}


class KeyForm(forms.Form):
    """A key for a platform."""

    name = forms.CharField(
        label=_("Platform"), max_length=80, help_text=_("As officers will read it above each of its reports.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(code, SCOPE_WORDS[code]) for code in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=list(SCOPES),
    )
    reports_a_second = forms.IntegerField(
        label=_("Reports a second"),
        min_value=1,
        max_value=MOST_A_SECOND,
        initial=10,
        help_text=_("Twice as many in a burst. A report of a child in danger now is never refused."),
    )
    test = forms.BooleanField(
        label=_("For tests"),
        required=False,
        help_text=_("What it sends is checked and answered like a real report, and reaches no queue."),
    )
