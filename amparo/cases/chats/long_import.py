"""A long chat export comes into a case: its people in one step, its messages in steps of some thousand, each a short transaction.

Killed at any point it goes on after the last step that holds: the group counts the messages written, in the step that writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django_tasks import task

from amparo.access.acts import Actor
from amparo.cases import actions
from amparo.cases.chats.importing import enter_people, known_people, write_posts
from amparo.cases.entering import name_of
from amparo.cases.groups.posts import Filed, each_post
from amparo.cases.groups.skimming import Skimmed, skimmed_lines
from amparo.cases.models import Group, Person, Post
from amparo.cases.report_files import files_beside
from amparo.foundation import clock
from amparo.jobs.leases import Hopeless, LeaseLost, finishing
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys

WORKER = Actor.of_process("worker")
LONG = "long"  # work of minutes has a queue of its own, so that no report waits behind it
STEP = 5000  # messages in one transaction: a part of a second in which nobody else writes


@task(queue_name=LONG)
def import_chat(act: str, about: dict[str, Any]) -> None:
    """Follows group.import_begun."""
    group = Group.objects.filter(uuid=UUID(about["group"])).select_related("case").first()
    if not group or group.posts_written is None:
        return
    facts = vault.item(group.item)
    keys = ProcessKeys(settings.HOME, "worker")
    with vault_actions.open_item(WORKER, group.item, f"import:{group.case.reference}", keys) as opened:

        def lines() -> Iterator[bytes]:
            opened.stream.seek(0)
            return iter(opened.stream)

        try:
            skim = skimmed_lines(lines)
        except (KeyError, ValueError) as error:
            raise Hopeless("The chat reading is no JSON: examine the export again.", item=str(group.item)) from error
        files = files_beside(facts, vault.items_of_origin(facts.origin))
        people = known_people(group, skim) if group.posts_in_all is not None else _entered(group, skim)
        _write(group, skim, files, people)
    with finishing():
        actions.end_import(WORKER, group, skim)


def _entered(group: Group, skim: Skimmed) -> dict[str, Person]:
    with transaction.atomic():
        if not Group.objects.filter(id=group.id, posts_in_all=None).update(posts_in_all=skim.messages):
            raise LeaseLost("Another worker took over this import.", group=str(group.uuid))
        group.refresh_from_db()
        return enter_people(group, skim, name_of(WORKER), clock.now())


def _write(group: Group, skim: Skimmed, files: Mapping[str, Filed], people: Mapping[str, Person]) -> None:
    """The messages that are not written yet, in steps."""
    written = group.posts_written or 0
    seen = set(
        Post.objects.filter(group=group).exclude(sha256="").order_by().values_list("sha256", flat=True).distinct()
    )
    messages = islice(skim.each_message(), written, None)
    posted = each_post(messages, files, seen)
    while written < skim.messages:
        with transaction.atomic():
            now = min(written + STEP, skim.messages)
            # Whoever has the lease counts on; whoever lost it finds another number and leaves.
            if not Group.objects.filter(id=group.id, posts_written=written).update(posts_written=now):
                raise LeaseLost("Another worker took over this import.", group=str(group.uuid))
            write_posts(group, islice(posted, now - written), people)
        written = now
