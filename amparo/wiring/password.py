"""Changing one's password: the account and the vault key change together, or neither does."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, gettext_lazy

from amparo.access.doors import page
from amparo.vault import actions as vault


class PasswordForm(forms.Form):
    """The old password opens the vault key; the new one locks it."""

    old = forms.CharField(
        label=gettext_lazy("Your password now"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("At least 12 characters. A few unrelated words are easy to keep and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("The new one again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        validate_password(new)
        return new

    def clean(self) -> dict[str, str]:
        data: dict[str, str] = super().clean() or self.cleaned_data
        if data.get("new") and data["new"] != data.get("again"):
            self.add_error("again", _("The two new passwords differ. Type the new one twice."))
        return data


@page("own.read")
def change_password(request: HttpRequest) -> HttpResponse:
    """The form, and after it the way on; a wrong old password is said at its field."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        officer = get_user_model().objects.get(username=request.user.get_username())
        if officer.check_password(form.cleaned_data["old"]):
            with transaction.atomic():
                vault.change_password(
                    request.actor,  # type: ignore[attr-defined]
                    officer.uuid,
                    form.cleaned_data["old"],
                    form.cleaned_data["new"],
                )
                officer.set_password(form.cleaned_data["new"])
                officer.save(update_fields=["password"])
            update_session_auth_hash(request, officer)
            messages.success(request, _("Your password was changed. Your vault key opens with the new one."))
            return redirect("/")
        form.add_error("old", _("This is not your password now."))
    return render(request, "wiring/password.html", {"title": _("Change password"), "form": form})
