"""Groups of events as the digest adds them up."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from errata.apps.issues.types import GroupDelta
from errata.apps.projects.types import ProjectView
from tests.conftest import NOW
from tests.contracts.signals import facts, unix_ms


def delta(
    project: ProjectView,
    fingerprint: int = 1,
    *,
    count: int = 1,
    first: datetime | None = None,
    last: datetime = NOW,
    users: Collection[str] = (),
    event_id: str = "e" * 32,
    explanation: bytes = b'{"version": 1}',
    first_release: str | None = None,
    unhandled: bool = False,
    releases: Collection[str] = (),
    **others: Any,
) -> GroupDelta:
    """A group of events of a project, unremarkable unless said otherwise."""
    sample = facts(fingerprint=fingerprint, **others)
    return GroupDelta(
        project_id=project.id,
        fingerprint=fingerprint,
        count=count,
        first_ms=unix_ms(first or last),
        last_ms=unix_ms(last),
        users=users,
        sample=sample,
        event_id=event_id,
        explain=lambda: explanation,
        first_release=sample.release if first_release is None else first_release,
        unhandled=unhandled,
        releases=releases,
    )


def later(**distance: float) -> datetime:
    """Some time after now."""
    return NOW + timedelta(**distance)
