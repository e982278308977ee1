"""After this act, do that: the one table. Each line hands an act of an earlier room to a job of a later one."""

from __future__ import annotations

from amparo.jobs.followers import Follow

FLOODS = "amparo.intake.lanes.urgency"  # what comes of a report in a flood is done after everybody else's

TABLE: tuple[Follow, ...] = (
    Follow("report.read_out", "amparo.sandbox.jobs.examine_items", priority=1, lane=FLOODS),
    Follow("report.read_out", "amparo.intake.triage_jobs.trace_report", priority=3, lane=FLOODS),
    Follow("report.read_out", "amparo.intake.jobs.rank_report", priority=2, lane=FLOODS),
    Follow("report.read_out", "amparo.intake.relay_jobs.confirm_receipt"),
    Follow("follow_up.added", "amparo.sandbox.jobs.examine_items", priority=1),
    Follow("follow_up.added", "amparo.intake.triage_jobs.trace_report", priority=3),
    Follow("follow_up.added", "amparo.intake.jobs.rank_report", priority=2),
    Follow("follow_up.added", "amparo.intake.triage_jobs.tell_owner"),
    Follow("report.file_added", "amparo.sandbox.jobs.examine_items", priority=1),
    Follow("report.file_added", "amparo.intake.triage_jobs.trace_report", priority=3),
    Follow("message.set_apart", "amparo.intake.relay_jobs.read_apart"),
    Follow("answer.written", "amparo.intake.relay_jobs.deliver"),
    Follow("receipt.asked", "amparo.intake.relay_jobs.deliver"),
    Follow("reply.arrived", "amparo.sandbox.jobs.examine_items"),
    Follow("reply.returned", "amparo.intake.jobs.rank_report"),
    Follow("item.examined", "amparo.matching.jobs.match_item", lane=FLOODS),
    Follow("item.examined", "amparo.intake.jobs.note_gaps", lane=FLOODS),
    Follow("item.examined", "amparo.intake.triage_jobs.trace_items", lane=FLOODS),
    Follow("item.examination_failed", "amparo.matching.jobs.match_item", lane=FLOODS),
    Follow("item.examination_failed", "amparo.intake.jobs.note_failure", lane=FLOODS),
    Follow("item.examination_failed", "amparo.intake.triage_jobs.trace_items", lane=FLOODS),
    Follow("item.matched", "amparo.intake.jobs.rank_report", lane=FLOODS),
    Follow("report.read", "amparo.intake.jobs.rank_report"),
    Follow("report.reopened", "amparo.intake.jobs.rank_report"),
    Follow("report.raised", "amparo.intake.jobs.rank_report", priority=5),
    Follow("report.lowered", "amparo.intake.jobs.rank_report"),
    Follow("list.import_asked", "amparo.matching.jobs.read_list"),
    Follow("list.imported", "amparo.matching.jobs.check_again"),
    Follow("lists.reading_asked", "amparo.matching.hma.jobs.begin_reading"),
    Follow("lists.server_read", "amparo.matching.hma.jobs.bring_in"),
    Follow("list.withdrawn", "amparo.matching.jobs.check_again"),
    Follow("item.examined", "amparo.cases.jobs.gather_examined"),
    Follow("scan.finished", "amparo.cases.jobs.sight_scan"),
    Follow("case.opened", "amparo.cases.jobs.gather_report", priority=5),
    Follow("case.report_added", "amparo.cases.jobs.gather_report", priority=5),
    Follow("group.imported", "amparo.cases.jobs.hand_traces"),
    Follow("person.identifier_added", "amparo.cases.jobs.hand_traces"),
    Follow("coins.ledger_added", "amparo.cases.coin_jobs.look_at_ledger"),
    Follow("coins.files_added", "amparo.cases.coin_jobs.look_at_ledger"),
    Follow("coins.reading_asked", "amparo.cases.coin_jobs.read_ledger"),
    Follow("package.build_asked", "amparo.referrals.jobs.build_package"),
    Follow("package.sent", "amparo.referrals.jobs.deliver_package"),
    Follow("person.country_confirmed", "amparo.referrals.jobs.follow_country"),
    Follow("reply.arrived", "amparo.outcomes.jobs.take_reply"),
)
