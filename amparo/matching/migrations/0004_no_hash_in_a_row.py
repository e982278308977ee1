import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What moved is gone from where it was."""

    dependencies = [("matching", "0003_hashes_move_into_files")]

    operations = [
        migrations.RemoveConstraint("hit", "one_hit_an_entry"),
        migrations.RemoveField("hit", "entry"),
        migrations.AlterField(
            "hit",
            "list",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="hits", to="matching.hashlist"),
        ),
        migrations.AlterField("hit", "row", models.PositiveBigIntegerField()),
        migrations.AddConstraint(
            "hit", models.UniqueConstraint(fields=("check_made", "list", "row"), name="one_hit_a_row")
        ),
        migrations.DeleteModel("HashEntry"),
        migrations.RemoveField("check", "pdq"),
    ]
