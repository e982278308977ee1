from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [("intake", "0042_traces")]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=amparo.foundation.ids.new_id, editable=False, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("source", models.CharField(max_length=80)),
                ("by", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("state", models.CharField(default="shown", max_length=10)),
                ("sheet", models.CharField(blank=True, max_length=100)),
                ("columns", models.JSONField(default=list)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("content", models.UUIDField(null=True)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="BatchRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("cells", models.JSONField(default=list)),
                ("arrival", models.UUIDField(default=amparo.foundation.ids.new_id)),
                ("identity", models.BinaryField(blank=True, default=b"")),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("state", models.CharField(default="shown", max_length=10)),
                ("report", models.UUIDField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="intake.batch"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["batch", "state", "id"], name="intake_batch_rows")],
                "constraints": [models.UniqueConstraint(fields=("batch", "number"), name="intake_batch_row_once")],
            },
        ),
    ]
