"""Short words for what the tests of clocks do often."""

from datetime import timedelta

from errata.apps.clocks import operations, queries
from errata.apps.clocks.models import Escalation
from tests.apps.issues.shop import report
from tests.conftest import NOW

HOUR = timedelta(hours=1)
DAY = 24 * HOUR


def recount(*, at):
    """One turn of what reckons anew, with nothing kept in mind between two."""
    return operations.Recounting().turn(at)


def settle(at=NOW):
    """Let everything that happens by time happen, until nothing is left to do."""
    duties = (operations.follow, operations.notice, operations.ring, recount)
    for _ in range(100):
        turned = [duty(at=at) for duty in duties]
        if not any(turned):
            return
    raise AssertionError("the clockwork finds no rest")


def running(title, by, *, at=NOW, **others):
    """An issue with its clocks."""
    settle(at)
    key = report(title, by, at=at, **others)
    settle(at)
    return key


def read(key, actor, *, at=NOW):
    """The clocks of an issue by their kinds."""
    return {one.kind: one for one in queries.issue_clocks(actor=actor, key=key, now=at).readings}


def taken():
    """The steps that were taken, in order."""
    rows = Escalation.objects.order_by("id")
    return [(row.kind, row.percent, row.action, tuple(row.told)) for row in rows]
