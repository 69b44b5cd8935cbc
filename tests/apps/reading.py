"""How much was read, for what must not grow with what it doesn't need."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext


def rows_read(captured: CaptureQueriesContext, model: type[Model]) -> Iterator[int]:
    """How many rows each question to a model's table found, in order."""
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if query["sql"].startswith("SELECT") and f'FROM "{model._meta.db_table}"' in query["sql"]:
                cursor.execute(query["sql"])
                yield len(cursor.fetchall())
