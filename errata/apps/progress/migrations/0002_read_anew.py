"""All that is told of progress is read anew from the activities, now with what each day counts."""

from typing import Any

from django.db import migrations


def forget(apps: Any, _: Any) -> None:
    """The follower begins with the first activity again."""
    for app, model, which in (
        ("progress", "Stay", {}),
        ("progress", "Life", {}),
        ("issues", "FollowerPlace", {"name": "progress"}),
    ):
        apps.get_model(app, model).objects.filter(**which).delete()


class Migration(migrations.Migration):
    dependencies = [("progress", "0001_initial"), ("issues", "0005_category_index")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
