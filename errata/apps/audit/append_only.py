"""Triggers that make the audit log append-only in the database itself."""

from django.db.backends.base.base import BaseDatabaseWrapper

_SQLITE = """
CREATE TRIGGER audit_entry_no_{verb} BEFORE {verb} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
"""
_POSTGRESQL = """
CREATE TRIGGER audit_entry_no_{verb} BEFORE {verb} ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'The audit log is append-only.'; END $$
"""
_VERBS = ("update", "delete")


def install(connection: BaseDatabaseWrapper) -> None:
    """Refuse UPDATE and DELETE. A migration that alters the table has to do this again: SQLite makes a new one."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for verb in _VERBS:
            cursor.execute((_POSTGRESQL if connection.vendor == "postgresql" else _SQLITE).format(verb=verb))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Allow changes again: for restoring a backup, and for tests that tamper."""
    table = " ON audit_entry" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for verb in _VERBS:
            cursor.execute(f"DROP TRIGGER IF EXISTS audit_entry_no_{verb}{table}")
