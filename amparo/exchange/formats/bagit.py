"""BagIt 1.0 (RFC 8493), written by ourselves because two builds of one package must be the same bytes.

A bag alone proves nothing against an insider: whoever changes a file can change the manifest. So the tag manifest is
signed afterwards (`exchange.sealing`), and that signature covers every file through the two steps of digests.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

ALGORITHMS = ("sha256", "sha512")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SIGNED = "tagmanifest-sha256.txt"
SIGNATURE = "tagmanifest-sha256.txt.asc"
# Tag files that no manifest can list: the tag manifests themselves, and what is made after them.
UNLISTED = (*(f"tagmanifest-{algorithm}.txt" for algorithm in ALGORITHMS), SIGNATURE)
SAFE_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


def bag(payload: Mapping[str, bytes], tags: Mapping[str, bytes], info: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """Every file of the bag by its path inside the bag's folder, sorted.

    payload: by path under `data/`. tags: further tag files by path. info: bag-info.txt's fields in order, without
    Payload-Oxum, which is counted here. Raises ValueError for a path that is not plain ASCII and relative.
    """
    for path in (*payload, *tags):
        if not SAFE_PATH.fullmatch(path) or ".." in path:
            raise ValueError(f"not a path for a bag: {path!r}")
    files = {f"data/{path}": content for path, content in payload.items()}
    oxum = f"{sum(len(content) for content in payload.values())}.{len(payload)}"
    files |= dict(tags)
    files["bagit.txt"] = DECLARATION
    files["bag-info.txt"] = "".join(_info_lines((*info, ("Payload-Oxum", oxum)))).encode("utf-8")
    for algorithm in ALGORITHMS:
        files[f"manifest-{algorithm}.txt"] = manifest(
            algorithm, {path: files[path] for path in files if path.startswith("data/")}
        )
    listed = {path: content for path, content in files.items() if not path.startswith("data/")}
    for algorithm in ALGORITHMS:
        files[f"tagmanifest-{algorithm}.txt"] = manifest(algorithm, listed)
    return dict(sorted(files.items()))


def manifest(algorithm: str, files: Mapping[str, bytes]) -> bytes:
    """The lines `<digest>  <path>`, sorted by path: what `sha256sum --check` reads."""
    lines = (f"{hashlib.new(algorithm, files[path]).hexdigest()}  {path}\n" for path in sorted(files))
    return "".join(lines).encode("ascii")


def _info_lines(info: Iterable[tuple[str, str]]) -> Iterator[str]:
    for label, value in info:
        # One line each: a line break in a value would begin a field of its own (RFC 8493, 2.2.2).
        one_line = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in value).split())
        yield f"{label}: {one_line}\n"


def faults(files: Mapping[str, bytes]) -> Iterator[str]:
    """What is wrong with a bag read from outside, a sentence each, naming the file; nothing when it is whole.

    files: by path inside the bag's folder. fetch.txt is refused: a package brings its files along.
    """
    if files.get("bagit.txt") != DECLARATION:
        yield "bagit.txt does not declare BagIt 1.0."
    if "fetch.txt" in files:
        yield "fetch.txt names files that are not in the package."
    for algorithm in ALGORITHMS:
        payload = {path for path in files if path.startswith("data/")}
        tag_files = set(files) - payload - set(UNLISTED)
        yield from _manifest_faults(f"manifest-{algorithm}.txt", algorithm, files, payload)
        yield from _manifest_faults(f"tagmanifest-{algorithm}.txt", algorithm, files, tag_files)


def _manifest_faults(name: str, algorithm: str, files: Mapping[str, bytes], expected: set[str]) -> Iterator[str]:
    if name not in files:
        yield f"{name} is missing."
        return
    listed: dict[str, str] = {}
    for line in files[name].decode("utf-8", "replace").splitlines():
        digest, _, path = line.partition("  ")
        if not digest or not path or path in listed:
            yield f"{name} holds a line that can't be read."
            return
        listed[path] = digest
    for path in sorted(expected - set(listed)):
        yield f"{path} is not listed in {name}."
    for path, digest in sorted(listed.items()):
        if path not in expected:
            yield f"{path} is listed in {name} but is not in the package."
        elif hashlib.new(algorithm, files[path]).hexdigest() != digest:
            yield f"{path} differs from what {name} says."
