"""What a report states in fields, on its page: what a form, a clerk or a platform was told, apart from the words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _, gettext_lazy, ngettext

from amparo.intake import wording
from amparo.intake.api import telling
from amparo.intake.queries import ReportFacts
from amparo.intake.triage.stated import stated_of

_ANSWERS = {"yes": gettext_lazy("Yes"), "no": gettext_lazy("No")}
_LIVE = {"now": gettext_lazy("Now"), "planned": gettext_lazy("Planned"), "over": gettext_lazy("It is over")}
_ROUTES = {"child": gettext_lazy("By the form’s route for children")}


def part_of(facts: ReportFacts) -> dict[str, Any]:
    """Rows of label and values; none where nothing is stated."""
    said = stated_of(facts.fields)
    ongoing, route, platform = (
        value if isinstance(value := facts.fields.get(name), str) else "" for name in ("ongoing", "route", "platform")
    )
    found: list[tuple[Any, list[Any]]] = [
        (_("A child in danger now"), [_ANSWERS[said.danger_now]] if said.danger_now in _ANSWERS else []),
        (_("A child in crisis"), [_ANSWERS[said.crisis]] if said.crisis in _ANSWERS else []),
        (_("A broadcast"), [_LIVE[said.live]] if said.live in _LIVE else []),
        (_("Still going on"), [_ANSWERS[ongoing]] if ongoing in _ANSWERS else []),
        (_("Way in"), [_ROUTES[route]] if route in _ROUTES else []),
        (_("App or service"), [platform] if platform else []),
    ]
    kinds = dict.fromkeys(each.kind for each in said.identifiers if each.kind != "hash")
    for kind in kinds:
        values = [each.value for each in said.identifiers if each.kind == kind]
        found.append((wording.COLUMNS.get(kind) or wording.IDENTIFIERS.get(kind, kind), list(dict.fromkeys(values))))
    if hashes := len({each.value for each in said.identifiers if each.kind == "hash"}):
        words = ngettext("{} digest of a file", "{} digests of files", hashes)
        found.append((wording.IDENTIFIERS["hash"], [words.format(hashes)]))
    return {"stated": [{"label": label, "values": values} for label, values in found if values], **_told(facts)}


def _told(facts: ReportFacts) -> dict[str, Any]:
    """All of a platform's fields; nothing where the report came without."""
    submission = facts.fields.get("submission")
    if not isinstance(submission, dict):
        return {}
    ledger, lines = telling.ledger_of(submission), submission.get("ledger")
    more = len(lines) - len(ledger) if isinstance(lines, list) else 0
    return {"told_parts": telling.parts_of(submission), "ledger": ledger, "ledger_more": more}
