"""The walk: every name below the roots gets its line, once, and the plan that is made of them stays as it is.

Folders are read in the order in which they were found, each in one piece: a walk that was cut off goes on with the first folder
that has not been read. What is no file and what can't be read has its outcome at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice

from amparo.matching.scan.outcomes import Outcome
from amparo.matching.scan.store import Store
from amparo.matching.scan.tally import FOUND, Kept
from amparo.matching.scan.tree import LONGEST_PATH_BYTES, Entry, Tree, joined, problem_of, tree_of

COMMIT_SECONDS = 0.5
_BATCH = 1_000


def walk(store: Store, go_on: Callable[[], bool] = lambda: True) -> bool:
    """Whether everything below the roots has its line; False where `go_on` said to stop before. Unreachable for a root."""
    last_file, committed = _last_file(store), time.monotonic()
    with ExitStack() as stack:
        trees = {each.id: stack.enter_context(tree_of(each)) for each in store.devices.values()}
        while found := store.rows(
            "SELECT id, device, path FROM folders WHERE id > ? ORDER BY id LIMIT 1", store.about("walked")
        ):
            if not go_on():
                return False
            folder, device, path = found[0]
            last_file = _read_folder(store, trees[device], (folder, device, path), last_file)
            if time.monotonic() - committed > COMMIT_SECONDS:
                store.commit()
                committed = time.monotonic()
    store.commit()
    return True


def _last_file(store: Store) -> int:
    return int(store.rows("SELECT max(id) FROM files")[0][0] or 0)


def _read_folder(store: Store, tree: Tree, folder: tuple[int, int, bytes], last_file: int) -> int:
    """The number of the last line given."""
    number, device, path = folder
    first = last_file + 1
    with store.writing() as connection:
        lines = _lines(tree, path)
        while batch := list(islice(lines, _BATCH)):
            # The same folder gives the same plan wherever it is read, so long as it fits into a batch.
            batch.sort(key=lambda line: line[0].name)
            rows, results, deeper = [], [], []
            for entry, outcome, reason in batch:
                if entry.type == "folder" and outcome is None:
                    deeper.append((device, joined(path, entry.name)))
                    continue
                last_file += 1
                times = (entry.modified_us, entry.accessed_us, entry.changed_us)
                rows.append((last_file, number, entry.name, entry.type, entry.size_bytes, *times))
                size_bytes = entry.size_bytes if entry.type == "file" else 0
                store.tally.add(Kept(device, FOUND), 1, size_bytes)
                if outcome:
                    results.append((last_file, outcome.value, reason))
                    store.tally.add(Kept(device, outcome.value, reason), 1, size_bytes)
            connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT INTO folders (device, path) VALUES (?, ?)", deeper)
            connection.executemany(
                "INSERT INTO results (file, outcome, reason, kind, media_type) VALUES (?, ?, ?, '', '')", results
            )
        connection.execute("UPDATE folders SET first_file = ?, last_file = ? WHERE id = ?", (first, last_file, number))
        store.say(walked=number)
    return last_file


def _lines(tree: Tree, path: bytes) -> Iterator[tuple[Entry, Outcome | None, str]]:
    """The folder's entries; for those that will not be examined, the outcome and its reason. Last the folder's own trouble."""
    try:
        for entry in tree.entries(path):
            yield entry, *_at_once(path, entry)
    except OSError as error:
        yield Entry(b"", "folder"), Outcome.UNREADABLE, problem_of(error)


def _at_once(path: bytes, entry: Entry) -> tuple[Outcome | None, str]:
    """What is known of an entry without opening it: nothing, for a file and for a folder that will be read."""
    if entry.problem:
        return Outcome.UNREADABLE, entry.problem
    if entry.type == "folder":
        if len(path) + len(entry.name) >= LONGEST_PATH_BYTES:
            return Outcome.NOT_EXAMINED, "path_too_long"
        return None, ""
    if entry.type != "file":
        # It has no bytes of its own, and opening it could wait for ever or leave the tree.
        return Outcome.NOT_EXAMINED, entry.type
    return None, ""
