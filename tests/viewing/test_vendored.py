from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELF = ROOT / "amparo" / "viewing" / "static" / "vendor"
MANIFEST = json.loads((SHELF / "MANIFEST.json").read_text())


def test_every_browser_library_is_byte_for_byte_what_the_manifest_says() -> None:
    for entry in MANIFEST:
        for name, digest in entry["sha256"].items():
            assert hashlib.sha256((SHELF / entry["folder"] / name).read_bytes()).hexdigest() == digest, name


def test_nothing_lies_on_the_shelf_that_the_manifest_does_not_name() -> None:
    named = {f"{entry['folder']}/{name}" for entry in MANIFEST for name in entry["sha256"]} | {"MANIFEST.json"}
    assert {file.relative_to(SHELF).as_posix() for file in SHELF.rglob("*") if file.is_file()} == named


def test_each_library_comes_with_its_licence() -> None:
    assert all("LICENSE" in entry["sha256"] and entry["licence"] for entry in MANIFEST)


def test_the_lock_pins_what_was_copied_and_names_no_host() -> None:
    text = (ROOT / "maintenance" / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    for entry in MANIFEST:
        assert packages[f"node_modules/{entry['package']}"]["version"] == entry["version"]
        assert packages[f"node_modules/{entry['package']}"]["integrity"].startswith("sha512-")
    assert '"resolved"' not in text
    assert not re.search(r"registry", text)


def test_pages_ask_only_for_libraries_that_are_there() -> None:
    sources = [*(ROOT / "amparo").rglob("*.html"), ROOT / "amparo" / "viewing" / "drawings.py"]
    for source in sources:
        text = source.read_text().replace('VENDOR + "', "vendor/")
        for path in re.findall(r"vendor/([a-z0-9.-]+/[A-Za-z0-9.-]+\.js(?:on)?)", text):
            assert (SHELF / path).is_file(), f"{source.name}: {path}"
