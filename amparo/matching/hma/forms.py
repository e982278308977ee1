from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ClientForm(forms.Form):
    prefix = "client"
    name = forms.CharField(label=_("System"), max_length=80, help_text=_("Which system asks, and of whom it is."))


class ServerForm(forms.Form):
    prefix = "server"
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("The list that comes of it will bear this name.")
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=300,
        widget=forms.TextInput(attrs={"spellcheck": "false", "class": "mono"}),
        help_text=_("As its own clients are given it, such as https://hma.example.org."),
    )
    token = forms.CharField(
        label=_("Token"),
        max_length=4_000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Where something before it asks for one. It is sent to that address alone, and not shown again."),
    )
