"""The clocks that are there say of what type and severity their issues are."""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery


def tell(apps: Any, _: Any) -> None:
    """As the issues are now."""
    own = apps.get_model("issues", "Issue").objects.filter(id=OuterRef("issue_id"))
    told = {name: Subquery(own.values(name)[:1]) for name in ("type", "severity")}
    apps.get_model("clocks", "Clock").objects.update(**told)


class Migration(migrations.Migration):
    dependencies = [("clocks", "0003_kinds_of_issues")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
