"""What the pages ask of the event store; when it doesn't answer, they say which part is missing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from errata import ports
from errata.apps.issues.types import IssueRow
from errata.core.ids import ProjectId
from errata.ports.event_store import Bucket, Scope, StoreUnavailable

Answer = TypeVar("Answer")
MISSING = (
    "The event store isn’t answering, so graphs, tags and event details are missing. Nothing is lost: new events"
    " wait in the journal."
)

# How a period is cut: bars that a person can count, 24 hours or 14 days of them.
PERIODS = {"24h": (24, 3_600), "14d": (14, 86_400)}


# Questions of one page that don't wait for each other. The embedded engine answers three at a time, on two cores.
_beside = ThreadPoolExecutor(2, thread_name_prefix="beside")


def beside(question: Callable[[], Answer]) -> "Future[Answer]":
    """Ask while the page asks on; `result()` raises what the question did. It must leave the records alone."""
    return _beside.submit(question)


def ask(question: Callable[[], Answer], *, otherwise: Answer) -> tuple[Answer, bool]:
    """The store's answer and True; or what to show instead and False."""
    try:
        return question(), True
    except StoreUnavailable:
        return otherwise, False


def scope_of(rows: Sequence[IssueRow], *, since: datetime | None = None, until: datetime | None = None) -> Scope:
    """The events of some issues."""
    groups: dict[ProjectId, list[int]] = {}
    for row in rows:
        groups.setdefault(ProjectId(row.project.id), []).extend(row.groups)
    return Scope(projects=groups, since=since, until=until)


def sparklines(rows: Sequence[IssueRow], *, period: str, now: datetime) -> tuple[dict[str, list[int]], bool]:
    """Counts a bar for each issue by its key. Issues are sums of their groups."""
    bars, bucket_s = PERIODS[period]
    seen = [row for row in rows if row.groups]
    if not seen:
        return {}, True
    scope = scope_of(seen, since=_floor(now, bucket_s) - timedelta(seconds=bucket_s * (bars - 1)), until=now)
    nothing: dict[tuple[ProjectId, int], list[Bucket]] = {}
    found, answered = ask(lambda: ports.current().events.sparklines(scope, bucket_s=bucket_s), otherwise=nothing)
    counts = {group: [bucket.count for bucket in buckets][-bars:] for group, buckets in found.items()}
    return {
        row.key: _summed([counts.get((ProjectId(row.project.id), g)) for g in row.groups], bars) for row in seen
    }, answered


def _summed(lines: Sequence[list[int] | None], bars: int) -> list[int]:
    total = [0] * bars
    for line in lines:
        for index, count in enumerate(line or ()):
            total[bars - len(line or ()) + index] += count
    return total


def _floor(moment: datetime, seconds: int) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % seconds)
