"""What triage needs to know of a report, gathered from the rooms that know it."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from amparo.intake import past, rulings
from amparo.intake.models import ReportState
from amparo.intake.queries import ReportFacts
from amparo.intake.triage import Facts, Media, Said, Shared
from amparo.intake.triage.leads import leads_of
from amparo.intake.triage.signals import signals_in
from amparo.intake.triage.stated import stated_of
from amparo.intake.triage.traces import traces_in, traces_of_fields
from amparo.matching import queries as matching
from amparo.sandbox import queries as sandbox
from amparo.vault import queries as vault

WITH_A_LOOK = frozenset({"picture", "closed_picture", "video"})


def facts_of(report: ReportFacts) -> Facts:
    """The facts by which this report is ranked. Its text's words and leads are found anew, since word lists grow."""
    text, read_by, stated = report.words, rulings.words(), stated_of(report.fields)
    traces = (*traces_in(text, platforms=read_by.platforms), *traces_of_fields(stated, read_by.platforms))
    items = [each for each in vault.items_of_origin(report.uuid) if not each.derived]
    examined = sandbox.examinations(each.uuid for each in items)
    chats = sum(each.kind == "chat" and each.state == "examined" for each in examined.values())
    shared = past.shared_by(report.uuid)
    return Facts(
        received_at=report.received_at,
        # A platform's report says what it has to say in fields: that it has no words leaves nothing unread.
        has_text=bool(text.strip()) or "submission" in report.fields,
        signals=signals_in(text, read_by.vocabulary),
        leads=leads_of(traces),
        chat_exports=chats,
        media=_media([each.uuid for each in items if _has_a_look(each, examined.get(each.uuid))]),
        first_read_at=report.first_read_at,
        said=Said(stated.danger_now, stated.crisis, stated.live, bool(stated.priority), report.raised_by is not None),
        shared=Shared(shared.reports, shared.cases, shared.kinds),
        near_danger=shared.near_danger,
        decided_at=None if report.state == ReportState.NEW else report.closed_at or report.first_read_at,
    )


def _has_a_look(item: vault.ItemFacts, examined: sandbox.ExaminationFacts | None) -> bool:
    """Whether it is a picture or a video: by what it was found to be, and by what it says only until then."""
    return examined.kind in WITH_A_LOOK if examined else item.media_type.startswith(("image/", "video/"))


def _media(items: list[UUID]) -> Media:
    verdicts = matching.verdicts(items)
    said = Counter("pending" if found.at is None else found.state.value for found in verdicts.values())
    return Media(said["hit"], said["no_hit"], said["too_plain"], said["not_examined"], said["pending"])
