"""Which room adds what to an earlier room's page: slot -> providers, each `(request, subject) -> html`."""

from __future__ import annotations

PANELS: dict[str, tuple[str, ...]] = {
    "intake.report.actions": ("amparo.cases.views.panel_open_case",),
    "cases.case.tabs": (
        "amparo.victims.views.panel_tab",
        "amparo.referrals.views.case_tab",
        "amparo.outcomes.views.case_tab",
    ),
    "cases.case.side": ("amparo.victims.views.panel_side", "amparo.referrals.views.case_side"),
    "cases.case.below": (
        "amparo.outcomes.views.case_below",
        "amparo.victims.views.panel_proposals",
        "amparo.matching.scans_pages.case_panel",
    ),
    "exchange.partner.sent": ("amparo.referrals.views.partner_sent",),
    "intake.report.side": ("amparo.intake.api.pages.panel_report",),
    "oversight.system.above": ("amparo.intake.api.pages.panel_drifts", "amparo.intake.form_pages.panel_helplines"),
    "intake.item.below": ("amparo.victims.views.panel_item",),
}
