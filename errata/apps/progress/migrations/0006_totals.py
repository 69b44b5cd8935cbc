"""The tallies of all projects together are kept too, and those of one project lie beside each other."""

import django.db.models.deletion
from django.db import migrations, models

_CELL = ("what", "day", "name", "bucket", "type", "severity")
_COLUMNS = ", ".join(("organization_id", *_CELL))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("progress", "0005_standing"),
        ("projects", "0002_restored"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="tally", name="tally_once"),
        migrations.AlterField(
            model_name="tally",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="projects.project",
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(
                fields=("project", *_CELL, "organization"), name="tally_of_project_once"
            ),
        ),
        migrations.CreateModel(
            name="Total",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("what", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=40)),
                ("type", models.CharField(max_length=40)),
                ("severity", models.CharField(max_length=40)),
                ("bucket", models.IntegerField()),
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
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organization", *_CELL), name="total_once")],
            },
        ),
        migrations.RunSQL(
            f"INSERT INTO progress_total ({_COLUMNS}, count)"  # noqa: S608 - names of columns
            f" SELECT {_COLUMNS}, SUM(count) FROM progress_tally GROUP BY {_COLUMNS} HAVING SUM(count) <> 0",
            migrations.RunSQL.noop,
        ),
    ]
