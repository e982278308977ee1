import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Room for lists whose hashes lie in files, and for hits that say what they found by themselves."""

    dependencies = [("matching", "0001_initial")]

    operations = [
        migrations.AddField(
            "hashlist",
            "state",
            models.CharField(
                choices=[
                    ("importing", "importing"),
                    ("active", "active"),
                    ("withdrawn", "withdrawn"),
                    ("failed", "failed"),
                ],
                default="importing",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "hashlist",
            "base",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followed_by",
                to="matching.hashlist",
            ),
        ),
        migrations.AddField("hashlist", "difference", models.BooleanField(default=False)),
        migrations.AddField("hashlist", "withdrawals", models.BooleanField(default=False)),
        migrations.AlterField("hashlist", "row_count", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "counts", models.JSONField(default=dict)),
        migrations.AddField("hashlist", "categories", models.JSONField(default=list)),
        migrations.AddField("hashlist", "added_rows", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "removed_rows", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "missing_rows", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "files", models.JSONField(default=dict)),
        migrations.AddField("hashlist", "file_name", models.CharField(blank=True, max_length=200)),
        migrations.AddField("hashlist", "format", models.CharField(blank=True, max_length=30)),
        migrations.AddField("hashlist", "bare", models.CharField(blank=True, max_length=6)),
        migrations.AddField("hashlist", "leave_out", models.BooleanField(default=False)),
        migrations.AddField("hashlist", "unsupported", models.JSONField(default=dict)),
        migrations.AddField("hashlist", "problems", models.JSONField(default=list)),
        migrations.AddField("hashlist", "problem_count", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "failure", models.CharField(blank=True, max_length=600)),
        migrations.AddField("hashlist", "stage", models.CharField(blank=True, max_length=12)),
        migrations.AddField("hashlist", "done", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "total", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("hashlist", "stage_at", models.DateTimeField(null=True)),
        migrations.AddField("hashlist", "told_at", models.DateTimeField(null=True)),
        migrations.AddField("hashlist", "asked_at", models.DateTimeField(null=True)),
        migrations.AlterField("hashlist", "imported_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("hashlist", "one_list_a_version"),
        migrations.AddConstraint(
            "hashlist",
            models.UniqueConstraint(
                condition=models.Q(("state", "failed"), _negated=True),
                fields=("name", "version"),
                name="one_list_of_a_version",
            ),
        ),
        migrations.AddField("check", "looks", models.BinaryField(blank=True, default=b"", max_length=512)),
        migrations.AddField("check", "look_count", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "hit",
            "list",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="hits", to="matching.hashlist"
            ),
        ),
        migrations.AddField("hit", "row", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("hit", "digest", models.CharField(default="", max_length=6), preserve_default=False),
        migrations.AddField("hit", "framing", models.CharField(blank=True, max_length=8), preserve_default=False),
        migrations.AddField("hit", "turn", models.CharField(blank=True, max_length=10), preserve_default=False),
        migrations.AddField("hit", "at_ms", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("hit", "frames", models.PositiveIntegerField(default=0)),
        migrations.AddField("hit", "scheme", models.CharField(blank=True, max_length=60), preserve_default=False),
        migrations.AddField("hit", "code", models.CharField(blank=True, max_length=60), preserve_default=False),
    ]
