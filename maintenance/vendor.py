"""Copies the browser libraries that `package-lock.json` pins into the tree, with their licences and SHA-256.

Run by a maintainer, never by users or tests:  cd maintenance && npm ci && python vendor.py
npm checks each download against the lock's sha512; this script copies only the named files, so nothing else of a
package ever reaches a browser. The manifest it writes is re-hashed by tests/viewing/test_vendored.py.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

HERE = Path(__file__).parent
SHELF = HERE.parent / "amparo" / "viewing" / "static" / "vendor"

# package: (licence, files to copy). The licence file of the package is copied too, as LICENSE.
WANTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "htmx.org": ("0BSD", ("dist/htmx.min.js",)),
    "cytoscape": ("MIT", ("dist/cytoscape.min.js",)),
    "layout-base": ("MIT", ("layout-base.js",)),
    "cose-base": ("MIT", ("cose-base.js",)),
    "cytoscape-fcose": ("MIT", ("cytoscape-fcose.js",)),
    "d3-array": ("ISC", ("dist/d3-array.min.js",)),
    "d3-geo": ("ISC", ("dist/d3-geo.min.js",)),
    "topojson-client": ("ISC", ("dist/topojson-client.min.js",)),
    "world-atlas": ("ISC; data: Natural Earth, public domain", ("countries-50m.json",)),
}


def copy_package(name: str, licence: str, files: tuple[str, ...]) -> dict[str, object]:
    """The manifest entry of one package, whose files now lie on the shelf. Raises FileNotFoundError before `npm ci`."""
    source = HERE / "node_modules" / name
    version = json.loads((source / "package.json").read_text())["version"]
    folder = SHELF / f"{name.removesuffix('.org')}-{version}"
    folder.mkdir(parents=True)
    digests = {}
    for wanted in (*files, "LICENSE"):
        target = folder / Path(wanted).name
        shutil.copyfile(source / wanted, target)
        digests[target.name] = hashlib.sha256(target.read_bytes()).hexdigest()
    return {"package": name, "version": version, "licence": licence, "folder": folder.name, "sha256": digests}


def main() -> None:
    """The shelf holds exactly what WANTED names, at the locked versions, and MANIFEST.json says so."""
    if SHELF.exists():
        shutil.rmtree(SHELF)
    entries = [copy_package(name, licence, files) for name, (licence, files) in sorted(WANTED.items())]
    (SHELF / "MANIFEST.json").write_text(json.dumps(entries, indent=2) + "\n")
    for entry in entries:
        print(entry["folder"])


if __name__ == "__main__":
    main()
