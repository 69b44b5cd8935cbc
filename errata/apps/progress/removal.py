"""What the counts forget when a project is removed for good: its own go with it, the totals have to be told."""

from typing import Any

from django.db.models import Sum as SumOf
from django.db.models.signals import pre_delete

from errata.apps.progress.models import Tally
from errata.apps.progress.ways import Sum
from errata.apps.records import add_counts


def watch() -> None:
    """From now on. The subtraction is in the transaction that removes the project."""
    pre_delete.connect(_subtract, sender="projects.Project", dispatch_uid="progress")


def _subtract(instance: Any, **_: Any) -> None:
    rows = Tally.objects.filter(project_id=instance.pk).values_list(*Sum._fields).annotate(SumOf("count")).order_by()
    add_counts("progress_total", {Sum(*cell): -count for *cell, count in rows})
