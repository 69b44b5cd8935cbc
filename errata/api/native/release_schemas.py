"""What the REST API takes and gives of releases, deploys, commits, checks and retests."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from ninja import Field, Schema

from errata.apps.releases.types import CheckView, CommitIn, CommitView, DeployView, ReleaseDetail, ReleaseView
from errata.apps.retests.types import RetestView


class CommitOut(Schema):
    repository: str
    sha: str
    message: str
    author_name: str
    author_email: str
    parents: list[str]
    url: str
    landed: bool = Field(description="It is on the branch that counts.")
    reverted_by: str
    at: datetime

    @staticmethod
    def of(view: CommitView) -> "CommitOut":
        return CommitOut(**_fields(view))


class DeployOut(Schema):
    version: str
    environment: str
    url: str
    at: datetime

    @staticmethod
    def of(view: DeployView) -> "DeployOut":
        return DeployOut(**_fields(view))


class CheckOut(Schema):
    name: str
    state: str
    sha: str
    version: str
    repository: str
    url: str
    at: datetime

    @staticmethod
    def of(view: CheckView) -> "CheckOut":
        return CheckOut(**_fields(view))


class ReleaseOut(Schema):
    version: str
    url: str
    projects: list[str]
    environments: list[str]
    deploys: int
    commits: int
    created_at: datetime
    released_at: datetime | None
    first_event_at: datetime | None
    last_event_at: datetime | None

    @staticmethod
    def of(view: ReleaseView) -> "ReleaseOut":
        return ReleaseOut(**_fields(view))


class ReleaseDetailOut(Schema):
    release: ReleaseOut
    before: str = Field(description="The release before it, of the same package.")
    deploys: list[DeployOut]
    commits: list[CommitOut]
    checks: list[CheckOut]

    @staticmethod
    def of(detail: ReleaseDetail) -> "ReleaseDetailOut":
        return ReleaseDetailOut(
            release=ReleaseOut.of(detail.release), before=detail.before,
            deploys=[DeployOut.of(one) for one in detail.deploys],
            commits=[CommitOut.of(one) for one in detail.commits],
            checks=[CheckOut.of(one) for one in detail.checks],
        )  # fmt: skip


class ReleaseBody(Schema):
    version: str = Field(max_length=200, description="As programs send it: `shop@1.2.3`.")
    projects: list[str] = Field([], max_length=50, description="Slugs.")
    url: str = Field("", max_length=500)
    released_at: datetime | None = None


class CommitBody(Schema):
    sha: str = Field(max_length=64)
    message: str = Field("", max_length=20_000)
    author_name: str = Field("", max_length=200)
    author_email: str = Field("", max_length=254)
    parents: list[str] = Field([], max_length=50)
    url: str = Field("", max_length=500)
    at: datetime | None = None

    def told(self) -> CommitIn:
        at = self.at.replace(tzinfo=UTC) if self.at and self.at.tzinfo is None else self.at
        return CommitIn(**self.dict() | {"at": at})


class CommitsBody(Schema):
    repository: str = Field(max_length=200)
    commits: list[CommitBody] = Field(max_length=2_000)


class CommitsToldBody(CommitsBody):
    landed: bool = Field(True, description="They are on the branch that counts.")


class DeployBody(Schema):
    version: str = Field(max_length=200)
    environment: str = Field(max_length=64)
    url: str = Field("", max_length=500)
    at: datetime | None = Field(None, description="Now, when absent.")


class CheckBody(Schema):
    name: str = Field(max_length=200)
    state: str = Field(description="`passed`, `failed`, `pending` or `neutral`.")
    sha: str = Field("", max_length=64, description="Either the commit that was checked,")
    version: str = Field("", max_length=200, description="or the release.")
    repository: str = Field("", max_length=200)
    url: str = Field("", max_length=500)
    at: datetime | None = None


class ProofOut(Schema):
    name: Literal["released", "checked", "silent"]
    state: Literal["pass", "fail", "wait", "none"] = Field(description="`none`: it doesn't apply.")
    words: str
    numbers: dict[str, Any]
    ready_at: datetime | None = Field(description="When it will hold if nothing happens.")


class FixOut(Schema):
    id: int
    kind: Literal["commit", "release", "check"]
    name: str
    title: str
    url: str
    repository: str
    by: str
    at: datetime
    reverted_by: str


class RetestOut(Schema):
    """What is linked to an issue as its fix, and what that proves."""

    key: str
    stage: str
    watched: bool = Field(description="It is in retest: the verdict is kept up, and moves it.")
    outcome: Literal["pass", "fail", "wait"] | None
    words: str
    ready_at: datetime | None
    judged_at: datetime | None
    proofs: list[ProofOut]
    fixes: list[FixOut]
    fixed_in: list[str] = Field(description="The releases known to have the fix.")

    @staticmethod
    def of(view: RetestView) -> "RetestOut":
        verdict = view.verdict
        proofs = [ProofOut(**_fields(proof)) for proof in verdict.proofs] if verdict else []
        return RetestOut(
            key=view.key, stage=view.stage, watched=view.watched, outcome=verdict.outcome if verdict else None,
            words=verdict.words if verdict else "", ready_at=verdict.ready_at if verdict else None,
            judged_at=view.judged_at, proofs=proofs, fixes=[FixOut(**_fields(fix)) for fix in view.fixes],
            fixed_in=list(view.carriers),
        )  # fmt: skip


class FixBody(Schema):
    """One of commit, release and check."""

    commit: str = Field("", max_length=64)
    repository: str = Field("", max_length=200, description="Of the commit.")
    release: str = Field("", max_length=200)
    check: str = Field("", max_length=200)


def _fields(view: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(view)
