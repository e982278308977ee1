from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from amparo.intake import wording
from amparo.intake.queue_queries import QueueFilter


class QueueForm(forms.Form):
    """The queue's filters, from its address; what isn't a choice filters nothing."""

    q = forms.CharField(required=False, max_length=200)
    state = forms.CharField(required=False)
    danger = forms.CharField(required=False)
    language = forms.CharField(required=False)
    channel = forms.CharField(required=False)
    work = forms.CharField(required=False)
    lane = forms.CharField(required=False)
    sender = forms.UUIDField(required=False)
    sort = forms.CharField(required=False)

    def wanted(self) -> QueueFilter:
        self.is_valid()
        said = self.cleaned_data
        state = said.get("state") or "new"
        return QueueFilter(
            state="" if state == "all" else state if state in wording.STATES else "new",
            danger=said.get("danger", "") if said.get("danger") in wording.DANGER else "",
            language=said.get("language", "")[:10],
            channel=said.get("channel", "")[:20],
            search=said.get("q", ""),
            work_items=said.get("work") == "open",
            lane=said.get("lane", "") if said.get("lane") in wording.LANES else "",
            sender=said.get("sender"),
            order=said["sort"] if said.get("sort") in {"received", "-received"} else "rank",
        )


class ReasonForm(forms.Form):
    """What `reason_field` posts."""

    reason_code = forms.CharField(max_length=30, error_messages={"required": _("Choose one of the reasons.")})
    reason_text = forms.CharField(max_length=500, required=False)
