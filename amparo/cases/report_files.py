"""Which files lie beside a chat reading in what a report brought, and what its export was called. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from amparo.cases.groups.posts import Filed, base_name
from amparo.vault.queries import ItemFacts


def files_beside(chat: ItemFacts, found: Sequence[ItemFacts]) -> dict[str, Filed]:
    """The files beside the export by name: those of the same archive, or of the same report where there is none."""
    text = next((each for each in found if each.uuid == chat.parent), None)
    archive = text.parent if text else None
    beside = [
        each
        for each in found
        if not each.derived and each.uuid != chat.parent and (archive is None or each.parent == archive)
    ]
    return {base_name(each.name): Filed(each.uuid, each.sha256) for each in beside}


def export_name(chat: ItemFacts, found: Sequence[ItemFacts]) -> str:
    """What the export was called: the archive's name, since the text inside is always called the same."""
    by_uuid = {each.uuid: each for each in found}
    text = by_uuid.get(chat.parent) if chat.parent else None
    archive = by_uuid.get(text.parent) if text and text.parent else None
    return base_name((archive or text or chat).name)
