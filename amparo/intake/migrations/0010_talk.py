import amparo.foundation.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0002_queue_place"),
    ]

    operations = [
        migrations.AlterField(
            model_name="arrival",
            name="state",
            field=models.CharField(
                choices=[
                    ("taken_in", "Taken In"),
                    ("report", "Report"),
                    ("reply", "Reply"),
                    ("follow_up", "Follow Up"),
                    ("automatic", "Automatic"),
                    ("unreadable", "Unreadable"),
                    ("set_aside", "Set Aside"),
                ],
                default="taken_in",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="ArrivedMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("refers_to", models.JSONField(default=list)),
                ("relay_digests", models.JSONField(default=list)),
                ("signs", models.JSONField(default=list)),
                ("delivery", models.JSONField(default=list)),
                ("return_letter", models.BinaryField(blank=True, default=b"")),
                ("opened", models.CharField(blank=True, max_length=12)),
                ("signed", models.CharField(blank=True, max_length=8)),
                ("forwarded", models.JSONField(default=list)),
                ("remarks", models.JSONField(default=list)),
                ("apart", models.BooleanField(default=False)),
                (
                    "arrival",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mail", to="intake.arrival"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RelayAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField()),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="relay", to="intake.report"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TalkMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=amparo.foundation.ids.new_id, editable=False, unique=True)),
                ("kind", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("joined_by", models.CharField(blank=True, max_length=10)),
                ("other_sender", models.BooleanField(null=True)),
                ("subject", models.CharField(blank=True, max_length=500)),
                ("text", models.TextField(blank=True)),
                ("language", models.CharField(default="unknown", max_length=10)),
                ("sent_raw", models.CharField(blank=True, max_length=200)),
                ("items", models.JSONField(default=list)),
                ("author", models.UUIDField(null=True)),
                ("state", models.CharField(blank=True, max_length=10)),
                ("state_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("message_digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("return_digest", models.CharField(max_length=64, null=True, unique=True)),
                (
                    "about",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bounces",
                        to="intake.talkmessage",
                    ),
                ),
                (
                    "answers",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_by",
                        to="intake.arrival",
                    ),
                ),
                (
                    "arrival",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="message",
                        to="intake.arrival",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="talk", to="intake.report"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["report", "at"], name="intake_talk")],
            },
        ),
    ]
