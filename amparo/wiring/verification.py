"""`amparo verify`: the record, its checkpoints and their copy, every sealed file, known-hash list and scan, while nothing runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from amparo.custody import queries as custody
from amparo.custody.proofs import Verified
from amparo.foundation.home import Home
from amparo.matching import altered, scans_verified
from amparo.vault import queries as vault
from amparo.wiring.seals import checkpoints_copy, signed

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class HouseVerified:
    record: Verified
    files: int
    waiting: int
    lists: int = 0
    broken_item: str = ""
    broken_list: str = ""
    scans: int = 0
    broken_scan: str = ""

    @property
    def sound(self) -> bool:
        return not (self.record.broken or self.broken_item or self.broken_list or self.broken_scan)


def verify_house(home: Home) -> HouseVerified:
    """The verdict over everything this house keeps as evidence; nothing is changed, nothing is opened."""
    record = custody.verified(signed, checkpoints_copy(home))
    # What files, rows and lists should be is said by the record alone: one that was changed says nothing of them.
    if record.broken:
        return HouseVerified(record, 0, custody.waiting_for_seal())
    files, broken = _check_files(home)
    broken = broken or next((each.sentence for each in vault.altered_items()), "")
    broken_list = next((each.sentence for each in altered.altered_lists(home)), "")
    lists = len(altered.recorded_lists())
    broken_scan = next((each.sentence for each in scans_verified.altered_scans(home)), "")
    scans = sum(1 for _ in scans_verified.finished_scans())
    waiting = custody.waiting_for_seal()
    return HouseVerified(record, files, waiting, lists, broken, broken_list, scans, broken_scan)


def _check_files(home: Home) -> tuple[int, str]:
    """How many sealed files are what they were, up to the first that isn't, and what is wrong with that one."""
    count = 0
    for file in vault.sealed_files(home):
        if not file.path.exists():
            return count, f"The sealed file of item {file.item} is missing: {file.path}"
        if _sha256(file.path) != file.sealed_sha256:
            return count, f"The sealed file of item {file.item} was changed: {file.path}"
        count += 1
    return count, ""


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def print_verdict(found: HouseVerified, *, as_json: bool) -> int:
    """0 where everything is sound; otherwise 1, after naming the first broken link."""
    broken = found.record.broken
    first = broken.sentence if broken else found.broken_item or found.broken_list or found.broken_scan
    if as_json:
        told = {
            "sound": found.sound,
            "acts": found.record.acts,
            "checkpoints": found.record.checkpoints,
            "sealed_files": found.files,
            "known_hash_lists": found.lists,
            "finished_scans": found.scans,
            "waiting_for_seal": found.waiting,
            "first_broken": first,
            "position": broken.position if broken else 0,
            "checkpoint": broken.checkpoint if broken else 0,
        }
        print(json.dumps(told))
    else:
        print(
            f"acts           {found.record.acts} sealed, chained and as written; {found.waiting} wait for the next seal"
        )
        print(f"checkpoints    {found.record.checkpoints} signed by this house, equal to their copy")
        print(f"sealed files   {found.files} unchanged, and their rows as recorded")
        print(f"hash lists     {found.lists} unchanged, and their rows as recorded")
        print(f"scans          {found.scans} finished, their manifests as recorded")
        print("The chain of custody is whole." if found.sound else f"BROKEN: {first}")
    return 0 if found.sound else 1
