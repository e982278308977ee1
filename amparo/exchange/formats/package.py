"""All writers together: the files of a package, as a bag that only lacks its signature."""

from __future__ import annotations

from amparo.exchange.formats import bagit, cover, reply_form
from amparo.exchange.formats.case_uco import case_jsonld
from amparo.exchange.formats.contents import PackageContents, obstacles_to_package
from amparo.exchange.formats.custody_csv import custody_csv
from amparo.exchange.formats.handling import handling_json
from amparo.exchange.formats.hashes_csv import hashes_csv
from amparo.exchange.formats.sheet import CHECKS, spaced, visible
from amparo.exchange.formats.tables import csv_bytes
from amparo.exchange.formats.words import Words, wrapped
from amparo.foundation.errors import Refused

CERTIFICATE = "house.asc"


def package_files(contents: PackageContents, certificate: bytes) -> dict[str, bytes]:
    """Every file by its path inside the package's folder; the same contents give the same bytes.

    certificate: the house's OpenPGP certificate, armoured. Raises Refused with the obstacles of unfit contents.
    """
    if obstacles := obstacles_to_package(contents):
        raise Refused(*obstacles)
    words = Words(contents.addressee.language)
    payload = {
        "cover.html": cover.html(contents),
        "cover.pdf": cover.pdf(contents),
        "case.jsonld": case_jsonld(contents),
        "hashes.csv": hashes_csv(contents),
        "handling.json": handling_json(contents),
        "custody.csv": custody_csv(contents),
        "reply/reply.csv": reply_form.reply_csv(contents),
        "reply/README-reply.txt": reply_form.reply_guide(contents, words),
    }
    if contents.dossier.rows:
        payload["dossier.csv"] = csv_bytes(contents.dossier.columns, contents.dossier.rows)
    if contents.custody.checkpoint:
        payload["checkpoint.txt"] = contents.custody.checkpoint.encode("utf-8")
    return bagit.bag(payload, {"README.txt": readme(contents, words), CERTIFICATE: certificate}, _info(contents))


def _info(contents: PackageContents) -> tuple[tuple[str, str], ...]:
    return (
        ("Source-Organization", contents.sender.name),
        ("Contact-Email", contents.reply_to),
        ("External-Identifier", contents.reference),
        ("External-Description", f"Version {contents.version} for {contents.addressee.authority}"),
        ("Bagging-Date", contents.made_at.date().isoformat()),
        ("Amparo-Package", "1"),
    )


def readme(contents: PackageContents, words: Words) -> bytes:
    """README.txt: what this folder is, how to check it, what each file holds; in the addressee's language."""
    handling = ", ".join((*(each.code for each in contents.handling), str(contents.evaluation)))
    title = words("readme.title", reference=contents.reference, version=contents.version)
    parts = {
        "data/cover.html, data/cover.pdf": "cover",
        "data/case.jsonld": "case",
        "data/hashes.csv": "hashes",
        "data/handling.json": "handling",
        "data/custody.csv": "custody",
        **({"data/dossier.csv": "dossier"} if contents.dossier.rows else {}),
        **({"data/checkpoint.txt": "checkpoint"} if contents.custody.checkpoint else {}),
        "data/reply/": "reply",
        CERTIFICATE: "house",
        "manifest-*.txt, tagmanifest-*.txt": "manifests",
        bagit.SIGNATURE: "signature",
    }
    names = {
        "house": visible(contents.sender.name),
        "authority": visible(contents.addressee.authority),
        "handling": handling,
    }
    lines = [
        title, "=" * len(title), "", *wrapped(words("readme.from", **names)), *wrapped(words("readme.media")), "",
        *wrapped(words("readme.open")), "",
        f"    gpg --output package.zip --decrypt {contents.folder}.zip.gpg",
        f"    age --decrypt --identity key.txt --output package.zip {contents.folder}.zip.age", "",
        *wrapped(words("readme.check")), "",
        f"    {spaced(contents.sender.signing_fingerprint)}", "",
        *wrapped(words("readme.check_commands")), "",
        *(f"    {command}" for command in CHECKS), "",
        *wrapped(words("verify.good")), "",
        *wrapped(words("readme.files")), "",
    ]  # fmt: skip
    for path, key in parts.items():
        lines += [f"    {path}", *(f"        {line}" for line in wrapped(words(f"readme.file.{key}")))]
    return ("\n".join(lines) + "\n").encode("utf-8")
