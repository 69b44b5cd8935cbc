"""GitLab's webhooks: push, merge request, pipeline, job, release, deployment."""

import re
from collections.abc import Callable, Mapping

import msgspec

from errata.core.forge.reading import PushedCommit, branch_of, decode, moment, sha_or_nothing
from errata.core.forge.types import Told, ToldCheck, ToldCommit, ToldDeploy, ToldMerge, ToldPush, ToldRelease, state_of

_SHA_AT_END = re.compile(r"/commit/([0-9a-f]{7,64})/?$")


class _Project(msgspec.Struct):
    default_branch: str | None = ""
    web_url: str = ""


class _Push(msgspec.Struct):
    ref: str
    before: str
    after: str
    commits: list[PushedCommit] = []
    project: _Project = msgspec.field(default_factory=_Project)


class _LastCommit(msgspec.Struct):
    id: str


class _User(msgspec.Struct):
    username: str = ""


class _MergeRequest(msgspec.Struct):
    action: str | None = ""
    title: str = ""
    description: str | None = ""
    url: str | None = ""
    target_branch: str = ""
    merge_commit_sha: str | None = None
    last_commit: _LastCommit | None = None
    updated_at: str | None = None


class _MergeRequestEvent(msgspec.Struct):
    object_attributes: _MergeRequest
    project: _Project = msgspec.field(default_factory=_Project)
    user: _User | None = None


class _Pipeline(msgspec.Struct):
    id: int
    sha: str
    status: str
    url: str | None = ""
    finished_at: str | None = None
    created_at: str | None = None


class _PipelineEvent(msgspec.Struct):
    object_attributes: _Pipeline
    project: _Project = msgspec.field(default_factory=_Project)


class _Job(msgspec.Struct):
    build_name: str
    build_status: str
    sha: str
    build_id: int = 0
    build_allow_failure: bool = False
    build_finished_at: str | None = None
    build_started_at: str | None = None
    project: _Project = msgspec.field(default_factory=_Project)


class _ReleaseCommit(msgspec.Struct):
    id: str = ""


class _Release(msgspec.Struct):
    tag: str
    action: str = "create"
    url: str = ""
    released_at: str | None = None
    commit: _ReleaseCommit | None = None


class _Deployment(msgspec.Struct):
    status: str
    environment: str
    short_sha: str = ""
    commit_url: str | None = ""
    ref: str | None = ""
    deployable_url: str | None = ""
    environment_external_url: str | None = ""
    status_changed_at: str | None = None


class _Kind(msgspec.Struct):
    object_kind: str = ""


def read(event: str, payload: bytes) -> list[Told]:  # noqa: ARG001 (the payload says its kind itself)
    """What a delivery tells; nothing for an event that says nothing here. Raises Unreadable."""
    reader = _READERS.get(decode(payload, _Kind).object_kind)
    return reader(payload) if reader else []


def _push(payload: bytes) -> list[Told]:
    push = decode(payload, _Push)
    branch, after = branch_of(push.ref), sha_or_nothing(push.after)
    if not branch or not after:
        return []
    commits = tuple(
        ToldCommit(
            sha=commit.id.lower(), message=commit.message, author_name=commit.author.name or "",
            author_email=commit.author.email or "", url=commit.url or "", at=moment(commit.timestamp),
        )
        for commit in push.commits
    )  # fmt: skip
    landed = branch == push.project.default_branch
    return [ToldPush(branch=branch, before=sha_or_nothing(push.before), after=after, commits=commits, landed=landed)]


def _merge_request(payload: bytes) -> list[Told]:
    event = decode(payload, _MergeRequestEvent)
    request = event.object_attributes
    # A fast-forward makes no commit of its own: the request's last one is then what landed.
    sha = request.merge_commit_sha or (request.last_commit.id if request.last_commit else "")
    if request.action != "merge" or not sha:
        return []
    return [
        ToldMerge(
            branch=request.target_branch,
            sha=sha.lower(),
            title=request.title,
            body=request.description or "",
            url=request.url or "",
            author=event.user.username if event.user else "",
            landed=request.target_branch == event.project.default_branch,
            at=moment(request.updated_at),
        )
    ]


def _pipeline(payload: bytes) -> list[Told]:
    event = decode(payload, _PipelineEvent)
    pipeline = event.object_attributes
    url = pipeline.url or f"{event.project.web_url}/-/pipelines/{pipeline.id}"
    at = moment(pipeline.finished_at or pipeline.created_at)
    return [ToldCheck(name="pipeline", sha=pipeline.sha.lower(), state=state_of(pipeline.status), url=url, at=at)]


def _job(payload: bytes) -> list[Told]:
    job = decode(payload, _Job)
    state = state_of(job.build_status)
    if state == "failed" and job.build_allow_failure:
        state = "neutral"
    url = f"{job.project.web_url}/-/jobs/{job.build_id}" if job.project.web_url else ""
    at = moment(job.build_finished_at or job.build_started_at)
    return [ToldCheck(name=job.build_name, sha=job.sha.lower(), state=state, url=url, at=at)]


def _release(payload: bytes) -> list[Told]:
    release = decode(payload, _Release)
    if release.action == "delete":
        return []
    sha = sha_or_nothing(release.commit.id) if release.commit else ""
    return [ToldRelease(tag=release.tag, sha=sha, url=release.url, at=moment(release.released_at))]


def _deployment(payload: bytes) -> list[Told]:
    deployment = decode(payload, _Deployment)
    if deployment.status != "success":
        return []
    found = _SHA_AT_END.search(deployment.commit_url or "")
    return [
        ToldDeploy(
            environment=deployment.environment,
            sha=(found.group(1) if found else deployment.short_sha).lower(),
            ref=deployment.ref or "",
            url=deployment.environment_external_url or deployment.deployable_url or "",
            at=moment(deployment.status_changed_at),
        )
    ]


_READERS: Mapping[str, Callable[[bytes], list[Told]]] = {
    "push": _push,
    "merge_request": _merge_request,
    "pipeline": _pipeline,
    "build": _job,
    "release": _release,
    "deployment": _deployment,
}
