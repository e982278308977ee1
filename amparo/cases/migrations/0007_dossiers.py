"""Platforms that were registered before have the step too: it is made when an officer asks for it."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_step(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    platforms, steps = apps.get_model("cases", "Platform"), apps.get_model("cases", "PlatformStep")
    for platform in platforms.objects.all():
        if not steps.objects.filter(platform=platform, name="dossiers").exists():
            last = steps.objects.get(platform=platform, name="summary")
            words = "This platform was analysed before dossiers were made: ask for them."
            steps.objects.create(platform=platform, number=last.number, name="dossiers", state="skipped", problem=words)
            steps.objects.filter(id=last.id).update(number=last.number + 1)


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_long_imports")]

    operations = [migrations.RunPython(add_step, migrations.RunPython.noop)]
