"""After this act, do that: the one table. Each line hands an act of an earlier room to a job of a later one."""

from __future__ import annotations

from amparo.jobs.followers import Follow

TABLE: tuple[Follow, ...] = (
    Follow("item.examined", "amparo.matching.jobs.match_item"),
    Follow("item.examined", "amparo.cases.jobs.gather_examined"),
    Follow("case.opened", "amparo.cases.jobs.gather_report", priority=5),
    Follow("case.report_added", "amparo.cases.jobs.gather_report", priority=5),
)
