"""What others may hold of releases, deploys, commits and checks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

Forge = Literal["", "github", "gitlab", "gitea"]
CheckState = Literal["passed", "failed", "pending", "neutral"]


class RepositoryView(msgspec.Struct, frozen=True):
    id: int
    name: str
    forge: Forge
    url: str
    branch: str
    package: str
    project: str  # its slug, or ""
    hook: str
    created_at: datetime
    heard_at: datetime | None


class NewRepository(msgspec.Struct, frozen=True):
    """A repository with its secret, which is shown this once."""

    repository: RepositoryView
    secret: str


class CommitView(msgspec.Struct, frozen=True):
    id: int
    repository: str
    sha: str
    message: str
    author_name: str
    author_email: str
    parents: Sequence[str]
    url: str
    landed: bool
    at: datetime
    reverted_by: str

    @property
    def short(self) -> str:
        return self.sha[:7]

    @property
    def title(self) -> str:
        """The first line of its message."""
        return self.message.strip().partition("\n")[0]


class DeployView(msgspec.Struct, frozen=True):
    id: int
    version: str
    environment: str
    url: str
    at: datetime


class CheckView(msgspec.Struct, frozen=True):
    id: int
    name: str
    sha: str
    version: str
    repository: str
    state: CheckState
    url: str
    at: datetime


class ReleaseView(msgspec.Struct, frozen=True):
    id: int
    version: str
    url: str
    projects: Sequence[str]  # their slugs
    created_at: datetime
    released_at: datetime | None
    first_event_at: datetime | None
    last_event_at: datetime | None
    deploys: int
    environments: Sequence[str]  # where it was deployed or seen
    commits: int  # that it was built from, as told

    @property
    def at(self) -> datetime:
        """The moment it is known by: when it was released, deployed or first seen."""
        return self.released_at or self.first_event_at or self.created_at


class ReleaseDetail(msgspec.Struct, frozen=True):
    """A release with what is in it and where it runs."""

    release: ReleaseView
    deploys: list[DeployView]
    commits: list[CommitView]
    checks: list[CheckView]
    before: str  # the version before it, of the same package, or ""


class Page(msgspec.Struct, frozen=True):
    items: list[ReleaseView]
    next: str | None


class MentionView(msgspec.Struct, frozen=True):
    """A commit that says to fix an issue, as those who follow get it."""

    id: int
    organization_id: int
    issue_key: str
    title: str
    url: str
    commit: CommitView
    at: datetime


class CommitIn(msgspec.Struct, frozen=True):
    """A commit as it is told."""

    sha: str
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    parents: Sequence[str] = ()
    url: str = ""
    at: datetime | None = None


class Run(msgspec.Struct, frozen=True):
    """A release that began to run somewhere, by a deploy or by its first event."""

    version: str
    environment: str
    at: datetime
    deployed: bool
