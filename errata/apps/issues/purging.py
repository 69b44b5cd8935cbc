"""Removing the rows of deleted projects, a little at a time."""

from errata.apps.issues.models import Issue
from errata.apps.projects import operations as projects
from errata.apps.records import write

# An issue takes some twenty rows with it: a slice holds the write lock for well under a second.
SLICE_ISSUES = 200


def purge_deleted_projects(*, issues_max: int = SLICE_ISSUES) -> int:
    """Remove one slice of what deleted projects left, and the projects once they are empty. Return how much went."""
    doomed = Issue.objects.filter(project__deleted_at__isnull=False).order_by("id")
    ids = list(doomed.values_list("id", flat=True)[:issues_max])
    with write():
        if not ids:
            return projects.remove_deleted()
        Issue.objects.filter(id__in=ids).delete()
    return len(ids)
