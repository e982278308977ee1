"""Every list's hashes move from rows into files; every hit says by itself what it found.

A list's folder is written whole before its row names it; a migration that was cut off begins again.
"""

import numpy as np
from django.db import migrations
from django.db.models import F

from amparo.foundation.home import Home
from amparo.matching import building
from amparo.matching.records import NO_CATEGORY, made
from amparo.matching.versions import mark_withdrawn, shelf_of

STEP = 20_000


def move_lists(apps, editor):
    home = Home.from_env()
    for each in apps.get_model("matching", "HashList").objects.filter(files={}).order_by("id"):
        records, categories = _records_of(apps, home, each)
        built = building.build(home, each.uuid, building.Source(records, categories))
        records.unlink()
        each.state = "withdrawn" if each.withdrawn_at else "active"
        each.asked_at = each.imported_at
        each.row_count = each.added_rows = built.manifest.rows
        each.counts, each.files = built.manifest.counts, built.files
        each.categories = [list(category) for category in built.manifest.categories]
        each.save()
        if each.withdrawn_at:
            mark_withdrawn(home, each.uuid)


def _records_of(apps, home, hash_list):
    """A file of the list's hashes as records, and the (scheme, code) pairs that it numbers."""
    entries = apps.get_model("matching", "HashEntry").objects.filter(list=hash_list)
    codes = sorted(set(entries.exclude(category="").values_list("category", flat=True).distinct().order_by()))
    number_of = {code: number for number, code in enumerate(codes)} | {"": NO_CATEGORY}
    shelf = shelf_of(home)
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = shelf / f".{hash_list.uuid}.records"
    with path.open("wb") as file:
        waiting = []
        for row, kind, value, code in (
            entries.order_by("row", "id").values_list("row", "kind", "value", "category").iterator(chunk_size=STEP)
        ):
            waiting.append((row, number_of[code], kind, 0, bytes(value)))
            if len(waiting) == STEP:
                np.asarray(made(waiting)).tofile(file)
                waiting = []
        np.asarray(made(waiting)).tofile(file)
    return path, tuple((hash_list.scheme, code) for code in codes)


def move_hits(apps, editor):
    hits = apps.get_model("matching", "Hit").objects
    for hit in hits.filter(list=None).select_related("entry__list").order_by("id").iterator(chunk_size=STEP):
        near = hit.kind == "near"
        hit.list, hit.row, hit.digest = hit.entry.list, hit.entry.row, hit.entry.kind
        hit.framing, hit.turn = ("whole", "original") if near else ("", "")
        hit.code = hit.entry.category
        hit.scheme = hit.entry.list.scheme if hit.code else ""
        hit.save()
    checks = apps.get_model("matching", "Check").objects
    checks.update(looks=F("pdq"))
    checks.exclude(pdq=b"").update(look_count=1)


class Migration(migrations.Migration):
    dependencies = [("matching", "0002_lists_in_files")]

    operations = [
        migrations.RunPython(move_lists, elidable=True),
        migrations.RunPython(move_hits, elidable=True),
    ]
