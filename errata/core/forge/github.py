"""GitHub's webhooks: push, pull_request, check_run, check_suite, status, release, deployment_status."""

from collections.abc import Callable, Mapping

import msgspec

from errata.core.forge.reading import PushedCommit, branch_of, decode, moment, sha_or_nothing
from errata.core.forge.types import Told, ToldCheck, ToldCommit, ToldDeploy, ToldMerge, ToldPush, ToldRelease, state_of


class _Repository(msgspec.Struct):
    default_branch: str = ""


class _Push(msgspec.Struct):
    ref: str
    before: str
    after: str
    commits: list[PushedCommit] = []
    forced: bool = False
    repository: _Repository = msgspec.field(default_factory=_Repository)


class _User(msgspec.Struct):
    login: str = ""


class _Base(msgspec.Struct):
    ref: str = ""


class _PullRequest(msgspec.Struct):
    title: str = ""
    body: str | None = ""
    html_url: str = ""
    merged: bool | None = False
    merge_commit_sha: str | None = None
    merged_at: str | None = None
    base: _Base = msgspec.field(default_factory=_Base)
    user: _User | None = None


class _PullRequestEvent(msgspec.Struct):
    action: str
    pull_request: _PullRequest
    repository: _Repository = msgspec.field(default_factory=_Repository)


class _App(msgspec.Struct):
    name: str = ""


class _Run(msgspec.Struct):
    head_sha: str
    status: str | None = None
    conclusion: str | None = None
    name: str = ""
    html_url: str | None = ""
    details_url: str | None = ""
    completed_at: str | None = None
    started_at: str | None = None
    updated_at: str | None = None
    app: _App | None = None


class _CheckRun(msgspec.Struct):
    check_run: _Run


class _CheckSuite(msgspec.Struct):
    action: str
    check_suite: _Run


class _Status(msgspec.Struct):
    sha: str
    state: str
    context: str = "default"
    target_url: str | None = ""
    updated_at: str | None = None


class _Release(msgspec.Struct):
    tag_name: str
    html_url: str = ""
    draft: bool = False
    published_at: str | None = None
    target_commitish: str = ""


class _ReleaseEvent(msgspec.Struct):
    action: str
    release: _Release


class _DeploymentStatus(msgspec.Struct):
    state: str
    environment: str = ""
    environment_url: str | None = ""
    target_url: str | None = ""
    log_url: str | None = ""
    updated_at: str | None = None


class _Deployment(msgspec.Struct):
    sha: str
    ref: str = ""
    environment: str = ""


class _DeploymentStatusEvent(msgspec.Struct):
    deployment_status: _DeploymentStatus
    deployment: _Deployment


def read(event: str, payload: bytes) -> list[Told]:
    """What a delivery tells; nothing for an event that says nothing here. Raises Unreadable."""
    reader = _READERS.get(event)
    return reader(payload) if reader else []


def _push(payload: bytes) -> list[Told]:
    push = decode(payload, _Push)
    branch, after = branch_of(push.ref), sha_or_nothing(push.after)
    if not branch or not after:
        return []
    landed = branch == push.repository.default_branch
    # GitHub lists the oldest first, Gitea the newest.
    listed = push.commits[::-1] if push.commits and sha_or_nothing(push.commits[0].id) == after else push.commits
    commits = tuple(
        ToldCommit(
            sha=commit.id.lower(), message=commit.message, author_name=commit.author.name or "",
            author_email=commit.author.email or "", url=commit.url or "", at=moment(commit.timestamp),
        )
        for commit in listed
    )  # fmt: skip
    before = sha_or_nothing(push.before)
    return [ToldPush(branch=branch, before=before, after=after, commits=commits, landed=landed, forced=push.forced)]


def _pull_request(payload: bytes) -> list[Told]:
    event = decode(payload, _PullRequestEvent)
    request = event.pull_request
    if event.action != "closed" or not request.merged or not request.merge_commit_sha:
        return []
    return [
        ToldMerge(
            branch=request.base.ref,
            sha=request.merge_commit_sha.lower(),
            title=request.title,
            body=request.body or "",
            url=request.html_url,
            author=request.user.login if request.user else "",
            landed=request.base.ref == event.repository.default_branch,
            at=moment(request.merged_at),
        )
    ]


def _check_run(payload: bytes) -> list[Told]:
    run = decode(payload, _CheckRun).check_run
    return [_check(run, run.name)]


def _check_suite(payload: bytes) -> list[Told]:
    event = decode(payload, _CheckSuite)
    if event.action != "completed":
        # A suite is requested of every app there is; those that have nothing to do leave theirs queued for ever.
        return []
    suite = event.check_suite
    return [_check(suite, suite.app.name if suite.app and suite.app.name else "check suite")]


def _check(run: _Run, name: str) -> ToldCheck:
    ended = run.status in (None, "completed")
    at = run.completed_at or run.updated_at or run.started_at
    return ToldCheck(
        name=name,
        sha=run.head_sha.lower(),
        state=state_of(run.conclusion) if ended else "pending",
        url=run.html_url or run.details_url or "",
        at=moment(at),
    )


def _status(payload: bytes) -> list[Told]:
    status = decode(payload, _Status)
    return [
        ToldCheck(
            name=status.context,
            sha=status.sha.lower(),
            state=state_of(status.state),
            url=status.target_url or "",
            at=moment(status.updated_at),
        )
    ]


def _release(payload: bytes) -> list[Told]:
    event = decode(payload, _ReleaseEvent)
    if event.release.draft or event.action not in {"published", "released", "prereleased", "created", "edited"}:
        return []
    # What it was made from is a branch's name as often as a commit.
    target = event.release.target_commitish
    sha = target.lower() if len(target) == 40 and not set(target.lower()) - set("0123456789abcdef") else ""
    published = moment(event.release.published_at)
    return [ToldRelease(tag=event.release.tag_name, sha=sha, url=event.release.html_url, at=published)]


def _deployment_status(payload: bytes) -> list[Told]:
    event = decode(payload, _DeploymentStatusEvent)
    status, deployment = event.deployment_status, event.deployment
    if status.state != "success":
        return []
    return [
        ToldDeploy(
            environment=status.environment or deployment.environment,
            sha=deployment.sha.lower(),
            ref=deployment.ref,
            url=status.environment_url or status.log_url or status.target_url or "",
            at=moment(status.updated_at),
        )
    ]


_READERS: Mapping[str, Callable[[bytes], list[Told]]] = {
    "push": _push,
    "pull_request": _pull_request,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "status": _status,
    "release": _release,
    "deployment_status": _deployment_status,
}
