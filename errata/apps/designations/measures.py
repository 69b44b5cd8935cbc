"""From what is recorded of issues to what the ranking reckons with."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from errata import ports
from errata.apps.issues.measuring import Measured
from errata.core.ids import ProjectId
from errata.core.ranking import Measures
from errata.core.vocabulary import PRIORITIES, SEVERITIES
from errata.ports.event_store import Scope

# The measures that the event store answers.
FROM_EVENTS = frozenset({"rate", "trend"})
_HOUR_S = 3_600
_DAY_HOURS = 24
# A clock that ran out long ago says no more by running on.
_SHARE_MAX = 10.0
_CLIENT_VALUE = re.compile(r"(?:client[-_ ])?value[:=]\s*(\d{1,9}(?:\.\d{1,4})?)")
_CLIENT_FIELD = "client_value"

Counts = Mapping[int, tuple[int, int]]  # of an issue: the events of the last day, and of the day before


def recent_counts(rows: Sequence[Measured], *, at: datetime) -> dict[int, tuple[int, int]]:
    """The events of the last day and of the day before, for each issue. Raises StoreUnavailable."""
    seen = [row for row in rows if row.groups and row.last_seen > at - timedelta(days=2, hours=1)]
    if not seen:
        return {}
    scope: dict[ProjectId, list[int]] = {}
    for row in seen:
        scope.setdefault(ProjectId(row.project_id), []).extend(row.groups)
    hour = at - timedelta(seconds=at.timestamp() % _HOUR_S)
    today = hour - timedelta(hours=_DAY_HOURS - 1)
    asked = Scope(projects=scope, since=today - timedelta(hours=_DAY_HOURS), until=at)
    found = ports.current().events.sparklines(asked, bucket_s=_HOUR_S)
    counts = {
        group: (
            sum(bucket.count for bucket in buckets if bucket.start >= today),
            sum(bucket.count for bucket in buckets if bucket.start < today),
        )
        for group, buckets in found.items()
    }
    return {
        row.id: (sum(now for now, _ in own), sum(before for _, before in own))
        for row in seen
        if (own := [counts.get((ProjectId(row.project_id), group), (0, 0)) for group in row.groups])
    }


def measures_of(row: Measured, counts: Counts, *, at: datetime) -> Measures:
    """What the expression may ask of an issue. Ages are whole days, so that a score changes with what happens."""
    lately, before = counts.get(row.id, (0, 0))
    fields = {slug.casefold(): number for slug, value in row.values.items() if (number := _number(value)) is not None}
    return Measures(
        severity=row.severity_rank / (len(SEVERITIES) - 1),
        priority=row.priority_rank / (len(PRIORITIES) - 1),
        users=row.users,
        count=row.count,
        rate=round(lately / _DAY_HOURS, 2),
        # One more on both sides: a first event isn't infinitely more than none.
        trend=round((lately + 1) / (before + 1), 2),
        clock=_share(row, at),
        at_risk=float(row.clock_state == "at_risk"),
        breached=float(row.clock_state == "breached"),
        client_value=_client_value(row, fields),
        age_days=max(0, (at - row.first_seen).days),
        idle_days=max(0, (at - row.last_seen).days),
        regressed=float(row.regressed),
        unhandled=float(row.unhandled),
        unassigned=float(not row.assigned),
        severity_name=row.severity,
        priority_name=row.priority,
        type_name=row.type,
        labels=row.labels,
        fields=fields,
    )


def _share(row: Measured, at: datetime) -> float:
    if row.clock_from is None or row.due_at is None or row.clock_state in ("", "met"):
        return 0.0
    whole = (row.due_at - row.clock_from).total_seconds()
    gone = (at - row.clock_from).total_seconds()
    return round(min(max(gone / whole, 0.0), _SHARE_MAX), 2) if whole > 0 else float(gone >= 0)


def _client_value(row: Measured, fields: Mapping[str, float]) -> float:
    if _CLIENT_FIELD in fields:
        return fields[_CLIENT_FIELD]
    told = (match for label in sorted(row.labels) if (match := _CLIENT_VALUE.fullmatch(label)))
    return max((float(match[1]) for match in told), default=0.0)


def _number(value: Any) -> float | None:
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None
