"""What an officer decides on a package before it is built."""

from __future__ import annotations

from typing import Any

from django import forms

from amparo.referrals import queries

URGENCIES = (("normal", "Normal"), ("urgent", "Urgent"), ("danger_now", "A child is in danger now"))
CODES = (
    ("H0", "H0: any lawful police use"),
    ("H1", "H1: not in court without our consent"),
    ("H2", "H2: not passed on without our consent"),
    ("H3", "H3: another restriction, written below"),
)
SOURCES = (
    ("A", "A: no doubt"),
    ("B", "B: mostly reliable"),
    ("C", "C: mostly unreliable"),
    ("X", "X: can't be judged"),
)
INFORMATION = (
    (1, "1: known to be accurate"),
    (2, "2: known to the source"),
    (3, "3: hearsay, agrees"),
    (4, "4: can't be judged"),
)


class TermsForm(forms.Form):
    urgency = forms.ChoiceField(choices=URGENCIES, label="Urgency", help_text="The receiver's clock depends on it.")
    urgency_reason = forms.CharField(
        required=False, max_length=600, label="Why it is urgent", widget=forms.Textarea(attrs={"rows": 2})
    )
    handling = forms.MultipleChoiceField(
        choices=CODES, label="Handling codes", widget=forms.CheckboxSelectMultiple, help_text="They bind the receiver."
    )
    handling_text = forms.CharField(required=False, max_length=600, label="Text of H3")
    source_grade = forms.ChoiceField(choices=SOURCES, label="How reliable the source is")
    information_grade = forms.TypedChoiceField(choices=INFORMATION, coerce=int, label="How sure the information is")
    received_under = forms.MultipleChoiceField(
        choices=CODES[1:3],
        required=False,
        label="What we hold was given to us under",
        widget=forms.CheckboxSelectMultiple,
    )
    permission = forms.CharField(required=False, max_length=200, label="Where the source's permission is filed")

    @classmethod
    def of(cls, package: queries.PackageFacts) -> TermsForm:
        """The form with the package's present terms in it."""
        return cls(initial=cls.initial_of(package))

    @staticmethod
    def initial_of(package: queries.PackageFacts) -> dict[str, Any]:
        return {
            "urgency": package.urgency,
            "urgency_reason": package.urgency_reason,
            "handling": list(package.handling),
            "handling_text": package.handling_text,
            "source_grade": package.evaluation[0],
            "information_grade": int(package.evaluation[1:]),
            "received_under": list(package.received_under),
            "permission": package.permission,
        }
