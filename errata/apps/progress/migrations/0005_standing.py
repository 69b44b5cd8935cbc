"""What stands where is counted as it moves, and no longer from the stays at each visit."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

_COLUMNS = ("organization_id", "project_id", "stage", "category", "type", "severity")


def count(apps: Any, _: Any) -> None:
    """Count the stays that last, once; and forget the tally that told of the open ones."""
    stays = apps.get_model("progress", "Stay").objects.filter(left_at=None)
    standing = apps.get_model("progress", "Standing")
    counts = stays.values(*_COLUMNS).annotate(count=models.Count("pk")).order_by()
    standing.objects.bulk_create(standing(**row) for row in counts)
    apps.get_model("progress", "Tally").objects.filter(what="open").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("progress", "0004_open_lives_covered"),
        ("projects", "0002_restored"),
    ]

    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(max_length=40)),
                ("category", models.CharField(max_length=10)),
                ("type", models.CharField(max_length=40)),
                ("severity", models.CharField(max_length=40)),
                ("count", models.IntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="projects.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "stage", "category", "project", "type", "severity"),
                        name="standing_once",
                    )
                ],
            },
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="stay", name="stay_open"),
    ]
