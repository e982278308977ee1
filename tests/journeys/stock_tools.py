"""A sealed package as its receiver opens and checks it, with the programs everybody has: gpg, unzip, sha256sum. Nothing of ours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

NEEDED = ("gpg", "unzip", "sha256sum")


def opened(sealed: Path, key: Path, into: Path) -> Path:
    """The package's folder in `into`, once it was decrypted by `key`, its checksums held and its signature was good."""
    ring = into / "ring"
    ring.mkdir(mode=0o700, parents=True)
    gnupg = {"GNUPGHOME": str(ring)}
    try:
        _run(into, "gpg", "--batch", "--import", str(key), **gnupg)
        _run(into, "gpg", "--batch", "--output", "package.zip", "--decrypt", str(sealed), **gnupg)
        _run(into, "unzip", "-q", "package.zip")
        (folder,) = (each for each in into.iterdir() if each.is_dir() and each != ring)
        _run(folder, "gpg", "--batch", "--import", "house.asc", **gnupg)
        signed = ("tagmanifest-sha256.txt.asc", "tagmanifest-sha256.txt")
        assert "Good signature" in _run(folder, "gpg", "--batch", "--verify", *signed, **gnupg)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **gnupg}, check=False)
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        assert "FAILED" not in _run(folder, "sha256sum", "--check", "--strict", manifest)
    return folder


def _run(folder: Path, *command: str, **environment: str) -> str:
    around = {**os.environ, "LC_ALL": "C", **environment}
    told = subprocess.run(
        command, cwd=folder, env=around, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert told.returncode == 0, f"{command}: {told.stdout}{told.stderr}"
    return told.stdout + told.stderr
