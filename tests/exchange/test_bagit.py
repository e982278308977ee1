from __future__ import annotations

import bagit as library_of_congress
import pytest

from amparo.exchange.formats import bagit

PAYLOAD = {"a.txt": b"one", "sub/b.txt": b"two"}


def build() -> dict[str, bytes]:
    return bagit.bag(PAYLOAD, {"README.txt": b"read"}, (("Source-Organization", "Example\nPayload-Oxum: 1.1"),))


def on_disc(files: dict[str, bytes], folder):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_two_builds_of_one_bag_are_the_same_bytes():
    assert build() == build()


def test_the_library_of_congress_tool_finds_the_bag_valid(tmp_path):
    bag = library_of_congress.Bag(str(on_disc(build(), tmp_path)))
    bag.validate()
    assert bag.info["Payload-Oxum"] == "6.2"


def test_a_line_break_in_a_value_begins_no_field_of_its_own():
    assert build()["bag-info.txt"].decode().count("\n") == 2


def test_a_whole_bag_has_no_faults():
    assert list(bagit.faults(build())) == []


@pytest.mark.parametrize("path", ["data/a.txt", "data/sub/b.txt", "README.txt", "bag-info.txt", "manifest-sha512.txt"])
def test_a_changed_file_is_named(path):
    files = build()
    files[path] = files[path][:-1] + b"!"
    assert any(fault.startswith(path) for fault in bagit.faults(files))


def test_a_missing_and_an_unlisted_file_are_named():
    files = build()
    del files["data/a.txt"]
    files["data/extra.txt"] = b"new"
    faults = " ".join(bagit.faults(files))
    assert "data/a.txt is listed" in faults and "data/extra.txt is not listed" in faults


def test_a_bag_that_would_fetch_files_is_refused():
    assert any(
        "fetch.txt" in fault for fault in bagit.faults(build() | {"fetch.txt": b"http://example.org - data/x\n"})
    )


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "C:\\a", "a//b", "", "ñ", "a b", ".hidden"])
def test_a_path_that_leads_elsewhere_is_not_written(path):
    with pytest.raises(ValueError, match="path"):
        bagit.bag({path: b""}, {}, ())
