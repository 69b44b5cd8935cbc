"""The database itself refuses to change what the audit log says."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from errata.apps.audit import append_only


def install(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(editor.connection)


def remove(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    append_only.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
