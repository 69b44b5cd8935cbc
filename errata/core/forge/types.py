"""What a forge tells by webhook, in one shape whichever forge it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from errata.core.errors import Refusal

State = Literal["passed", "failed", "pending", "neutral"]


class Unreadable(Refusal):
    """A payload that isn't what its forge sends."""

    code = "payload_unreadable"
    status = 422


class ToldCommit(msgspec.Struct, frozen=True):
    sha: str
    message: str
    author_name: str
    author_email: str
    url: str
    at: datetime | None


class ToldPush(msgspec.Struct, frozen=True):
    """Commits that came onto a branch, oldest first."""

    branch: str
    before: str  # "" for a new branch
    after: str
    commits: tuple[ToldCommit, ...]
    landed: bool  # it is the branch that counts
    forced: bool = False


class ToldMerge(msgspec.Struct, frozen=True):
    """A pull or merge request that was merged."""

    branch: str  # that it was merged into
    sha: str
    title: str
    body: str
    url: str
    author: str
    landed: bool
    at: datetime | None


class ToldCheck(msgspec.Struct, frozen=True):
    name: str
    sha: str
    state: State
    url: str
    at: datetime | None


class ToldRelease(msgspec.Struct, frozen=True):
    tag: str
    sha: str  # "" where only the tag is named
    url: str
    at: datetime | None


class ToldDeploy(msgspec.Struct, frozen=True):
    environment: str
    sha: str
    ref: str
    url: str
    at: datetime | None


Told = ToldPush | ToldMerge | ToldCheck | ToldRelease | ToldDeploy

# GitHub's conclusions, GitLab's and Gitea's statuses. What was skipped or cancelled says nothing.
STATES: Mapping[str, State] = {
    "success": "passed",
    "failure": "failed",
    "failed": "failed",
    "error": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "action_required": "pending",
    "pending": "pending",
    "created": "pending",
    "running": "pending",
    "queued": "pending",
    "in_progress": "pending",
    "waiting": "pending",
    "waiting_for_resource": "pending",
    "preparing": "pending",
    "requested": "pending",
    "scheduled": "pending",
    "warning": "passed",
}


def state_of(word: str | None) -> State:
    """A forge's word for how a check ended."""
    return STATES.get((word or "pending").lower(), "neutral")
