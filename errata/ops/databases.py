"""Where the records are kept: SQLite in the data directory, or a PostgreSQL server."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from errata.ops.settings import Settings

# WAL: pages are read while the digest writes. FULL: a commit that was answered survives a power cut. NORMAL would save
# an fsync a transaction, and could take back an acknowledged write.
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000; PRAGMA mmap_size=134217728;"
    " PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;"
)
# How long a writer waits for the one before it. Writes are short by rule; ten seconds is a machine in trouble.
_BUSY_S = 10


def django_database(settings: Settings) -> dict[str, Any]:
    """Return Django's DATABASES entry for ERRATA_DATABASE_URL."""
    url = settings.database_url
    return _postgresql(url) if url.startswith("postgres") else _sqlite(settings, url.removeprefix("sqlite:"))


def waiting_migrations() -> int:
    """Return how many migrations the records still need. Django is set up."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor  # the settings, which import this file, come first

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _sqlite(settings: Settings, path: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path or str(settings.data / "errata.db"),
        "CONN_MAX_AGE": None,
        # IMMEDIATE takes the write lock at BEGIN, where waiting works; a deferred transaction that turns into a writer
        # later fails at once when another one got in between.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": _BUSY_S, "init_command": _PRAGMAS},
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "errata",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }
