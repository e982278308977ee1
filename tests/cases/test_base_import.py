from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.cases.tables.base import open_base
from amparo.cases.tables.base_import import import_base, import_share
from amparo.cases.tables.base_mapping import BaseMapping, load_base_mapping
from amparo.foundation.errors import Broken, Refused

MAPPING = """
[time]
zone = "UTC"
[[source]]
files = "events*.csv"
table = "events"
columns = { account = "who", at = "when", address = "ip" }
[[source]]
files = "accounts.csv"
table = "accounts"
columns = { account = "id", email = "mail" }
"""


def platform(place: Path, files: int = 3, events: int = 50) -> BaseMapping:
    folder = place / "in"
    folder.mkdir(exist_ok=True)
    (folder / "accounts.csv").write_text("id,mail\n1,a@example.org\n2,b@example.org\n")
    for number in range(files):
        event_file(folder, number, events)
    (place / "m.toml").write_text(MAPPING)
    return load_base_mapping(place / "m.toml")


def event_file(folder: Path, number: int, events: int = 50) -> None:
    lines = "".join(
        f"{each % 7},2026-0{number + 1}-01T20:00:{each % 60:02},192.0.2.{each % 250}\n" for each in range(events)
    )
    (folder / f"events-{number}.csv").write_text("who,when,ip\n" + lines + ",2026-01-01T00:00:00,\n")


def told(place: Path) -> dict[str, str]:
    return {
        each.relative_to(place).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in sorted(place.rglob("*"))
        if each.is_file()
    }


def test_an_import_holds_what_the_files_hold_and_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    mapping = platform(tmp_path)
    asked = 'SELECT account, at_utc, at_wall, address, file, "row" FROM events ORDER BY file, "row"'
    with open_base(tmp_path / "in", mapping) as base:
        raw, counts = base.store.rows(asked), base.counts
        bad = base.store.rows('SELECT * FROM bad ORDER BY file, "row"')
    for out in ("one", "two"):
        import_base(tmp_path / "in", mapping, tmp_path / out)
    with open_base(tmp_path / "one", None) as base:
        assert base.store.rows(asked) == raw
        assert base.store.rows('SELECT * FROM bad ORDER BY file, "row"') == bad
        assert (base.counts, base.lost, base.names()) == (
            counts,
            3,
            ("accounts.csv", *(f"events-{n}.csv" for n in range(3))),
        )
        in_file = base.store.rows("SELECT epoch(at_utc) FROM events WHERE file = 1")
        assert in_file == sorted(in_file)
    assert told(tmp_path / "one") == told(tmp_path / "two")
    assert (tmp_path / "one" / "bad-rows.parquet").is_file()


def test_shares_read_apart_and_in_any_order_make_the_base_that_one_machine_makes(tmp_path: Path) -> None:
    mapping = platform(tmp_path)
    import_base(tmp_path / "in", mapping, tmp_path / "one")
    read = [import_share(tmp_path / "in", mapping, tmp_path / "shared", (which, 3)) for which in (3, 1, 2)]
    assert sorted(each["name"] for share in read for each in share["files"]) == sorted(
        each.name for each in (tmp_path / "in").iterdir()
    )
    with pytest.raises(Refused, match="mapping"), open_base(tmp_path / "shared", None):
        pass
    made = import_base(tmp_path / "in", mapping, tmp_path / "shared")
    assert made["rows"] and told(tmp_path / "shared") == told(tmp_path / "one")


def test_a_share_that_is_none_is_refused(tmp_path: Path) -> None:
    mapping = platform(tmp_path)
    for share in ((0, 3), (4, 3)):
        with pytest.raises(Refused, match="There is no share"):
            import_share(tmp_path / "in", mapping, tmp_path / "shared", share)


def test_a_new_file_is_read_alone_and_a_file_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    mapping = platform(tmp_path)
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    before = {each.name: each.stat().st_mtime_ns for each in (tmp_path / "out" / "parts").iterdir()}
    (tmp_path / "in" / "events-1.csv").unlink()
    event_file(tmp_path / "in", 3)
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    after = {each.name: each.stat().st_mtime_ns for each in (tmp_path / "out" / "parts").iterdir()}
    assert len(before.keys() - after.keys()) == len(after.keys() - before.keys()) == 2  # a part and what is said of it
    assert all(after[name] == before[name] for name in before.keys() & after.keys())
    import_base(tmp_path / "in", mapping, tmp_path / "fresh")
    assert told(tmp_path / "out") == told(tmp_path / "fresh")


KILLED = """
import os, signal, sys
from pathlib import Path
from amparo.cases.tables.base_import import import_base, import_share
from amparo.cases.tables.base_mapping import load_base_mapping
place = Path(sys.argv[1])
done = []
def progress(what, rows):
    done.append(what)
    if len(done) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
import_base(place / "in", load_base_mapping(place / "m.toml"), place / "out", progress=progress)
"""


@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_import_goes_on_where_it_was(tmp_path: Path, after: int) -> None:
    mapping = platform(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(after)], cwd=Path(__file__).parents[2], check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "base.json").exists()
    kept = {each: each.stat().st_mtime_ns for each in (tmp_path / "out" / "parts").glob("*.json")}
    assert len(kept) == after
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    assert all(each.stat().st_mtime_ns == moment for each, moment in kept.items())
    import_base(tmp_path / "in", mapping, tmp_path / "fresh")
    assert told(tmp_path / "out") == told(tmp_path / "fresh")


def test_a_part_that_is_not_as_it_was_left_is_an_alarm_and_is_made_anew(tmp_path: Path) -> None:
    mapping = platform(tmp_path)
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    part = next((tmp_path / "out" / "parts").glob("events-*.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(Broken, match="not as the import left it"), open_base(tmp_path / "out", None):
        pass
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    with open_base(tmp_path / "out", None) as base:
        assert base.counts["events"] == 150


@pytest.mark.parametrize("hostile", ['{"version": 2}', "[]", "{", '{"version": 2, "files": [{"table": "x"}]}'])
def test_a_record_that_no_import_wrote_is_refused_in_words(tmp_path: Path, hostile: str) -> None:
    mapping = platform(tmp_path, 1)
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    (tmp_path / "out" / "base.json").write_text(hostile)
    with pytest.raises(Broken, match="not what an import leaves"), open_base(tmp_path / "out", None):
        pass


def test_a_part_is_never_looked_for_outside_the_import(tmp_path: Path) -> None:
    mapping = platform(tmp_path, 1)
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "base.json").read_bytes())
    record["files"][0]["part"] = "../../in/accounts.csv"
    (tmp_path / "out" / "base.json").write_text(json.dumps(record))
    with pytest.raises(Broken, match="not what an import leaves"), open_base(tmp_path / "out", None):
        pass


def test_an_import_goes_into_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    mapping = platform(tmp_path, 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")
    with pytest.raises(Refused, match="holds something else"):
        import_base(tmp_path / "in", mapping, tmp_path / "out")


def test_another_mapping_does_not_open_an_import(tmp_path: Path) -> None:
    mapping = platform(tmp_path, 1)
    import_base(tmp_path / "in", mapping, tmp_path / "out")
    (tmp_path / "m.toml").write_text(MAPPING + "# changed\n")
    with (
        pytest.raises(Refused, match="another mapping"),
        open_base(tmp_path / "out", load_base_mapping(tmp_path / "m.toml")),
    ):
        pass


def test_nothing_of_an_import_is_readable_by_others(tmp_path: Path) -> None:
    import_base(tmp_path / "in", platform(tmp_path, 1), tmp_path / "out")
    assert all(each.stat().st_mode & 0o077 == 0 for each in (tmp_path / "out").rglob("*") if each.is_file())


def test_the_units_own_tables_are_read_again_only_where_they_changed(tmp_path: Path) -> None:
    platform(tmp_path, 1)
    table = tmp_path / "networks.csv"
    table.write_text("cidr,country\n192.0.2.0/24,ES\nnothing,XX\n")
    (tmp_path / "m.toml").write_text(
        MAPPING + '[addresses]\nfile = "networks.csv"\nname = "invented"\ndate = 2025-12-01\nlicence = "CC0-1.0"\n'
    )
    mapping = load_base_mapping(tmp_path / "m.toml")

    def imported(out: str) -> tuple[dict[str, str], int]:
        record = import_base(tmp_path / "in", mapping, tmp_path / out)
        part = tmp_path / out / "parts" / record["units"]["networks"]["part"]
        return record["units"]["networks"]["told"], part.stat().st_mtime_ns

    first, made = imported("out")
    assert imported("out") == (first, made)
    assert first["rows_left_out"] == "1"
    table.write_text("cidr,country\n192.0.2.0/24,FR\n")
    second, again = imported("out")
    assert (second["rows_left_out"], again > made) == ("0", True)
    imported("fresh")
    assert told(tmp_path / "out") == told(tmp_path / "fresh")
    with open_base(tmp_path / "out", None) as base:
        assert base.store.rows("SELECT country FROM networks") == [("FR",)]
