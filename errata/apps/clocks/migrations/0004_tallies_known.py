"""The clocks that are there say of what type and severity their issues are, and are counted by the day."""

from datetime import UTC
from typing import Any

from django.db import migrations
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import TruncDate

_COLUMNS = ("organization_id", "project_id", "kind", "state", "type", "severity")


def tell(apps: Any, _: Any) -> None:
    """As the issues are now."""
    clocks, tallies = apps.get_model("clocks", "Clock").objects, apps.get_model("clocks", "Tally")
    own = apps.get_model("issues", "Issue").objects.filter(id=OuterRef("issue_id"))
    clocks.update(**{name: Subquery(own.values(name)[:1]) for name in ("type", "severity")})
    ended = clocks.filter(state__in=("met", "missed"), stopped_at__isnull=False)
    for rows, moment in ((ended, "stopped_at"), (clocks.filter(state="breached"), "started_at")):
        days = rows.annotate(day=TruncDate(moment, tzinfo=UTC)).values(*_COLUMNS, "day")
        counted = days.annotate(count=Count("pk")).order_by()
        tallies.objects.bulk_create(tallies(**row) for row in counted)


class Migration(migrations.Migration):
    dependencies = [("clocks", "0003_tallies")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
