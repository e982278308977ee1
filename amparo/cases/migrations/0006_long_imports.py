from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_platform_cards"),
    ]

    operations = [
        migrations.AddField(
            model_name="group",
            name="people",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="group",
            name="posts_in_all",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="group",
            name="posts_written",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
