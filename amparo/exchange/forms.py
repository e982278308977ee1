from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.exchange import rules
from amparo.exchange.actions import PartnerKeys

MOST_BYTES = 200_000
LANGUAGES = [("en", "English"), ("es", "Español"), ("fr", "Français")]
CHANNELS = [
    ("handover", _("Hand over: an officer carries the sealed file into a channel we share")),
    ("mail", _("Mail: sent by this house's mail server")),
]


class KeysForm(forms.Form):
    """The public keys that a partner gave. Whether they are any good is the action's to say."""

    certificate_file = forms.FileField(
        label=_("OpenPGP certificate, as a file"),
        required=False,
        help_text=_("The .asc file that the partner sent. Never a secret key."),
    )
    openpgp = forms.CharField(
        label=_("OpenPGP certificate, as text"),
        required=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "mono"}),
        help_text=_("Begins with -----BEGIN PGP PUBLIC KEY BLOCK-----"),
    )
    age = forms.CharField(
        label=_("age recipient"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"spellcheck": "false", "class": "mono"}),
        help_text=_("Begins with age1. The package is sealed once for each key given."),
    )
    checked_on = forms.DateField(
        label=_("Fingerprint compared on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_(
            "The day on which you compared the key with the partner by another channel: by phone or in person."
        ),
    )

    def clean_certificate_file(self) -> str:
        file = self.cleaned_data["certificate_file"]
        if not file:
            return ""
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("This file is too large for a certificate."))
        try:
            return str(file.read().decode())
        except UnicodeDecodeError:
            raise forms.ValidationError(
                _("This file is not armoured text: ask for the .asc form (gpg --armor --export).")
            ) from None

    def keys(self) -> PartnerKeys:
        told: dict[str, Any] = self.cleaned_data
        return PartnerKeys(told["certificate_file"] or told["openpgp"], told["age"], told["checked_on"])


class PartnerForm(KeysForm):
    """A new partner: who it is, how it is reached, and its keys."""

    country = forms.CharField(label=_("Country"), max_length=2, help_text=_("Two letters, such as ES."))
    authority = forms.CharField(label=_("Authority"), max_length=160)
    language = forms.ChoiceField(label=_("Language of the cover sheet"), choices=LANGUAGES)
    channel = forms.ChoiceField(label=_("How packages leave"), choices=CHANNELS)
    mail = forms.CharField(label=_("Mail address"), max_length=254, required=False)
    handling = forms.CharField(
        label=_("Handling codes by default"),
        initial="H1, H2",
        max_length=40,
        help_text=_("H0, H1, H2, H3; separated by commas."),
    )
    field_order = ("country", "authority", "language", "channel", "mail", "handling")

    def details(self) -> rules.PartnerDetails:
        told: dict[str, Any] = self.cleaned_data
        return rules.PartnerDetails(
            told["country"].upper(),
            told["authority"],
            told["language"],
            told["channel"],
            told["mail"],
            rules.codes_of(told["handling"]),
        )
