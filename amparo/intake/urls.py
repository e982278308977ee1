from __future__ import annotations

from django.urls import path

from amparo.intake import (
    batch_pages,
    bundle_pages,
    clock_pages,
    desk_pages,
    report_pages,
    rule_pages,
    sender_pages,
    views,
)

app_name = "intake"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("queue.csv", views.export, name="export"),
    path("reports/new/", desk_pages.take, name="take"),
    path("reports/import/", batch_pages.start, name="import"),
    path("reports/import/<uuid:batch>/", batch_pages.batch, name="batch"),
    path("reports/import/<uuid:batch>/columns/", batch_pages.choose, name="batch_columns"),
    path("reports/import/<uuid:batch>/take/", batch_pages.take, name="batch_take"),
    path("reports/import/<uuid:batch>/drop/", batch_pages.drop, name="batch_drop"),
    path("reports/import/<uuid:batch>/undo/", batch_pages.undo, name="batch_undo"),
    path("mine/", clock_pages.mine, name="mine"),
    path("clocks/", clock_pages.clocks, name="clocks"),
    path("clocks/duty/", clock_pages.set_duty, name="set_duty"),
    path("reports/<uuid:report>/give/", clock_pages.give, name="give"),
    path("rules/", rule_pages.rules, name="rules"),
    path("rules/try/", rule_pages.try_rule, name="try_rule"),
    path("rules/use/", rule_pages.put_in_force, name="put_rule"),
    path("senders/", sender_pages.senders, name="senders"),
    path("senders/<uuid:sender>/", sender_pages.sender, name="sender"),
    path("senders/<uuid:sender>/lane/", sender_pages.set_lane, name="sender_lane"),
    path("senders/<uuid:sender>/name/", sender_pages.name, name="sender_name"),
    path("work-items/", views.work_items, name="work_items"),
    path("work-items/<uuid:work_item>/settle/", views.settle, name="settle"),
    path("reports/<uuid:report>/", report_pages.report, name="report"),
    path("reports/<uuid:report>/close/", report_pages.close, name="close"),
    path("reports/<uuid:report>/reopen/", report_pages.reopen, name="reopen"),
    path("reports/<uuid:report>/take-out/", bundle_pages.take_out, name="take_out"),
    path("bundles/<uuid:bundle>/", bundle_pages.bundle, name="bundle"),
    path("bundles/<uuid:bundle>/unfold/", bundle_pages.unfold, name="unfold"),
    path("reports/<uuid:report>/items/<uuid:item>/", report_pages.item, name="item"),
    path("reports/<uuid:report>/items/<uuid:item>/reveal/", report_pages.reveal, name="reveal"),
    path("reports/<uuid:report>/identity/ask/", report_pages.ask_identity, name="ask_identity"),
    path("identity/<uuid:request_uuid>/agree/", report_pages.agree_identity, name="agree_identity"),
    path("identity/<uuid:request_uuid>/open/", report_pages.open_identity, name="open_identity"),
]
