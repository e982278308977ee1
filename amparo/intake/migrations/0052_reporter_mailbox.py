import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0051_queue_by_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReporterMailbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.UUIDField(editable=False, unique=True)),
                ("public", models.BinaryField(max_length=1216)),
                ("made_at", models.DateTimeField()),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mailbox", to="intake.report"
                    ),
                ),
            ],
        ),
    ]
