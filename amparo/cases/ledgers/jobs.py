"""The worker reads a ledger: its files opened in memory, read by the platform's mapping, the results sealed as tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django_tasks import task

from amparo.access.acts import Actor
from amparo.cases.coins import Mapping, read_into
from amparo.cases.coins.case_tables import write_case_tables
from amparo.cases.coins.mapping import parse
from amparo.cases.ledgers import actions as coin_acts
from amparo.cases.ledgers.files import opened_in_memory
from amparo.cases.ledgers.looking import look
from amparo.cases.models import CoinFile, CoinLedger
from amparo.cases.sealed_tables import enter_tables, sealing_tables
from amparo.cases.sheets import taken_out
from amparo.cases.tables.reading import Folder, chosen
from amparo.cases.tables.store import opened
from amparo.foundation import clock
from amparo.foundation.errors import AmparoError, Missing, Refused
from amparo.jobs.leases import finishing
from amparo.sandbox.warden import the_warden
from amparo.vault.keys import ProcessKeys

WORKER = Actor.of_process("worker")
LONG = "long"  # work of minutes has a queue of its own, so that no report waits behind it
PROGRESS_SECONDS = 1.0


class _Stopped(Exception):
    """The reading was stopped, or asked for again, meanwhile."""


@task(queue_name=LONG)
def look_at_ledger(act: str, about: dict[str, Any]) -> None:
    """Follows coins.ledger_added and coins.files_added: which columns each file has, for whoever writes the mapping."""
    ledger = CoinLedger.objects.filter(uuid=UUID(about["ledger"])).select_related("case").first()
    if not ledger:
        return
    found = []
    for file in CoinFile.objects.filter(ledger=ledger, looked={}):
        try:
            with _in_memory(ledger, file) as (path, data), opened(in_memory=True) as store:
                book = None
                if file.name.lower().endswith(".xlsx"):
                    with the_warden().boundary(ledger.case.uuid) as box, store.scratch("sheet.csv") as rows:
                        book = taken_out(box, data, file.name, rows)
                        seen = look(store, file.name, path, book)
                else:
                    seen = look(store, file.name, path, book)
        except AmparoError as error:
            seen = {"sentence": error.sentence}
        found.append((file.id, seen))
    with finishing():
        for number, seen in found:
            CoinFile.objects.filter(id=number).update(looked=seen)


@task(queue_name=LONG)
def read_ledger(act: str, about: dict[str, Any]) -> None:
    """Follows coins.reading_asked. Killed at any point, it is done again from the beginning; until its last act nothing counts."""
    uuid, run = UUID(about["ledger"]), int(about["run"])
    ledger = CoinLedger.objects.filter(uuid=uuid, run=run).select_related("case", "mapping").first()
    if not ledger or not ledger.mapping:
        return
    begun = CoinLedger.objects.filter(
        uuid=uuid, run=run, state__in=(CoinLedger.State.WAITING, CoinLedger.State.READING)
    )
    if not begun.update(state=CoinLedger.State.READING, told_at=clock.now()):
        return
    try:
        _read(ledger, parse(ledger.mapping.text.encode(), ledger.platform))
    except _Stopped:
        pass
    except (Refused, Missing) as refusal:
        with finishing():
            coin_acts.fail_reading(WORKER, uuid, run, refusal.sentence)


def _read(ledger: CoinLedger, mapping: Mapping) -> None:
    progress = _Progress(ledger)
    with ExitStack() as stack:
        found = _files(ledger, mapping, stack, progress)
        with sealing_tables(
            WORKER, ledger.case.uuid, {}, origin=ledger.uuid, purpose=_purpose(ledger), unlock=_keys()
        ) as store:
            store.in_memory = True
            read = read_into(store, found, mapping, progress)
            summary = write_case_tables(read, progress)
            with finishing():
                tables = {name: each.item for name, each in enter_tables(WORKER, store).items()}
                coin_acts.finish_reading(WORKER, ledger.uuid, ledger.run, summary, tables)


def _files(ledger: CoinLedger, mapping: Mapping, stack: ExitStack, progress: _Progress) -> Folder:
    """The ledger's files, open in memory as long as the stack is; spreadsheets with their rows beside them."""
    there: list[tuple[str, Path]] = []
    data: dict[Path, BinaryIO] = {}
    for number, file in enumerate(CoinFile.objects.filter(ledger=ledger).order_by("name", "id"), 1):
        path, stream = stack.enter_context(_in_memory(ledger, file))
        there.append((file.name, path))
        data[path] = stream
        progress("opened", number)
    found = chosen(there, mapping)
    if not found.files:
        wanted = ", ".join(source.files for source in mapping.sources)
        raise Missing(f"No file of this ledger fits the mapping, which reads: {wanted}. Correct files = ... there.")
    if not any(mapping.sources[each.source].format == "xlsx" for each in found.files):
        return found
    files = []
    with the_warden().boundary(ledger.case.uuid) as box, opened(in_memory=True) as scratch:
        for each in found.files:
            source = mapping.sources[each.source]
            if source.format == "xlsx":
                rows = stack.enter_context(scratch.scratch("sheet.csv"))
                book = taken_out(box, data[each.path], each.name, rows, sheet=source.sheet, decimal=mapping.decimal)
                each = replace(each, sheet=book)  # noqa: PLW2901 - the same file, with its rows beside it
            files.append(each)
            progress(f"opened {each.name}", len(files))
    return Folder(tuple(files), found.left_out)


@contextmanager
def _in_memory(ledger: CoinLedger, file: CoinFile) -> Iterator[tuple[Path, BinaryIO]]:
    with opened_in_memory(WORKER, file.item, _purpose(ledger), _keys()) as found:
        yield found


def _purpose(ledger: CoinLedger) -> str:
    return f"coins:{ledger.case.reference}"


def _keys() -> ProcessKeys:
    return ProcessKeys(settings.HOME, "worker")


class _Progress:
    """Writes down how far a reading is, once a second. Raises _Stopped where it was stopped meanwhile."""

    def __init__(self, ledger: CoinLedger) -> None:
        self._ledger, self._told = ledger, 0.0

    def __call__(self, what: str, rows: int) -> None:
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        mine = CoinLedger.objects.filter(id=self._ledger.id, run=self._ledger.run, state=CoinLedger.State.READING)
        if not mine.update(stage=what[:200], done=rows, told_at=clock.now()):
            raise _Stopped
