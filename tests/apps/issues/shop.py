"""Short words for what the tests do often."""

from errata.apps.issues import operations, queries
from errata.apps.records import write
from tests.conftest import NOW


def arrive(*deltas, at=NOW):
    """Digest a batch."""
    with write():
        return operations.apply_events(deltas, at=at)


def report(title, by, *, project="payments", at=NOW, **others):
    """Create an issue by hand and return its key."""
    return operations.create_issue(project=project, title=title, by=by, at=at, **others).key


def look(key, actor):
    """The issue as a list shows it."""
    return queries.issue(actor=actor, key=key).row


def find(query, actor, *, now=NOW, **others):
    """The keys that a search finds."""
    return [row.key for row in queries.list_issues(actor=actor, query=query, now=now, **others).items]


def kinds(key, actor):
    """What happened to an issue, oldest first."""
    return [activity.kind for activity in reversed(queries.activity(actor=actor, key=key))]
