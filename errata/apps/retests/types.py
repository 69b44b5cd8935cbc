"""What others may hold of retests."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from errata.apps.releases.types import CheckView, CommitView, DeployView
from errata.core.retest import Verdict


class FixView(msgspec.Struct, frozen=True):
    """Something linked to an issue as its fix."""

    id: int
    kind: str  # "commit", "release", "check"
    name: str  # "1a2b3c4", "shop@1.2.3", "e2e"
    title: str
    url: str
    repository: str
    by: str
    at: datetime
    reverted_by: str = ""


class RetestView(msgspec.Struct, frozen=True):
    """An issue's retest: what is linked, what runs where, and what that proves."""

    key: str
    stage: str
    watched: bool  # it is in a stage that retests, so that the verdict is kept up and moves it
    verdict: Verdict | None
    judged_at: datetime | None
    fixes: list[FixView]
    commits: list[CommitView]
    checks: list[CheckView]
    deploys: list[DeployView]
    carriers: Sequence[str] = ()  # the releases that have the fix
