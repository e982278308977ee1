import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0007_dossiers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="person",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.person"
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["person", "silent", "left_at_once"], name="cases_stay_marks"),
        ),
    ]
