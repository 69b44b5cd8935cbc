"""Writes of releases, deploys, commits and checks: by people, scripts, forges, and from the events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import get_args

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.projects import queries as projects
from errata.apps.records import storable, write
from errata.apps.releases.hooks import (
    create_repository,
    create_repository_row,
    delete_repository,
    forget_deliveries,
    receive,
    renew_secret,
)
from errata.apps.releases.landing import land, mention, unmention
from errata.apps.releases.models import Check, Commit, Deploy, Release, Repository
from errata.apps.releases.queries import release_view
from errata.apps.releases.rows import (
    ReleaseNotFound,
    ReleaseRefused,
    RepositoryNotFound,
    build_from,
    changed,
    check_view,
    checked_moment,
    checked_sha,
    checked_url,
    checked_version,
    commit_view,
    deploy_view,
    find_commit,
    make_commit,
    make_release,
    repositories,
)
from errata.apps.releases.sightings import look_at_events
from errata.apps.releases.types import CheckState, CheckView, CommitIn, CommitView, DeployView, ReleaseView

__all__ = [
    "ReleaseNotFound",
    "ReleaseRefused",
    "RepositoryNotFound",
    "create_deploy",
    "create_release",
    "create_repository",
    "delete_repository",
    "forget_deliveries",
    "forget_fix",
    "look_at_events",
    "note_fix",
    "receive",
    "renew_secret",
    "report_check",
    "set_commits",
    "tell_commits",
]

COMMITS_MAX = 2_000  # at once: what GitHub puts into one push
_ENVIRONMENT_CHARS_MAX = 64
_AHEAD = timedelta(minutes=5)


def create_release(
    *,
    version: str,
    by: Actor,
    at: datetime,
    project_slugs: Sequence[str] = (),
    url: str = "",
    released_at: datetime | None = None,
) -> ReleaseView:
    """Tell of a release. One that is known already gains what is told now."""
    allow(by, "release:write")
    text = checked_version(version)
    with write():
        ids = [projects.project(actor=by, which=slug).id for slug in project_slugs]
        row = make_release(by.organization_id, text, at=at, projects=ids)
        fields = {
            "url": checked_url(url) or row.url,
            "released_at": checked_moment(released_at, at=at) or row.released_at,
        }
        Release.objects.filter(id=row.id).update(**fields)
        after = {"projects": list(project_slugs), "released_at": fields["released_at"]}
        audit.record(by=by, action="release.created", target=text, at=at, after=after)
        changed()
        return release_view(by, text)


def set_commits(
    *, version: str, repository: str, commits: Sequence[CommitIn], by: Actor, at: datetime
) -> list[CommitView]:
    """Say which commits a release has; with them all that is known to lead to them."""
    allow(by, "release:write")
    if not 0 < len(commits) <= COMMITS_MAX:
        msg = f"Give between 1 and {COMMITS_MAX:,} commits."
        raise ReleaseRefused(msg, field="commits")
    with write():
        row = make_release(by.organization_id, version, at=at)
        place = _repository(by, repository, at=at)
        found = [make_commit(place, told, at=at, landed=True) for told in commits]
        build_from(row, found)
        land(found, at=at)
        after = {"repository": place.name, "commits": [commit.sha for commit in found[:50]], "count": len(found)}
        audit.record(by=by, action="release.commits_set", target=row.version, at=at, after=after)
        changed()
        return _views(found)


def tell_commits(
    *, repository: str, commits: Sequence[CommitIn], landed: bool, by: Actor, at: datetime
) -> list[CommitView]:
    """Tell of commits, as a forge's push would. `landed`: they are on the branch that counts."""
    allow(by, "release:write")
    if not 0 < len(commits) <= COMMITS_MAX:
        msg = f"Give between 1 and {COMMITS_MAX:,} commits."
        raise ReleaseRefused(msg, field="commits")
    with write():
        place = _repository(by, repository, at=at)
        found = [make_commit(place, told, at=at, landed=landed) for told in commits]
        if landed:
            land(found, at=at)
        after = {"commits": [commit.sha for commit in found[:50]], "count": len(found)}
        audit.record(by=by, action="repository.commits_told", target=place.name, at=at, after=after)
        changed()
        return _views(found)


def note_fix(*, commit: CommitView, key: str, at: datetime) -> None:
    """Note that a person took a commit for an issue's fix, so that what takes its revert back is the fix anew."""
    with write():
        row = Commit.objects.get(id=commit.id)
        mention(row, [key], title=commit.title, url=commit.url, at=at)


def forget_fix(*, commit_id: int, key: str) -> None:
    """Note that a person no longer takes a commit for an issue's fix."""
    with write():
        unmention(Commit.objects.get(id=commit_id), key)


def create_deploy(
    *, version: str, environment: str, by: Actor, at: datetime, url: str = "", deployed_at: datetime | None = None
) -> DeployView:
    """Tell that a release runs in an environment from now, or from then, on."""
    allow(by, "release:write")
    place = storable(environment).strip()
    if not place or len(place) > _ENVIRONMENT_CHARS_MAX:
        msg = f"Name the environment in 1 to {_ENVIRONMENT_CHARS_MAX} characters, such as production."
        raise ReleaseRefused(msg, field="environment")
    if deployed_at and deployed_at > at + _AHEAD:
        msg = "A deploy is told when it is done, not before."
        raise ReleaseRefused(msg, field="deployed_at")
    with write():
        row = make_release(by.organization_id, version, at=at)
        deploy, _ = Deploy.objects.get_or_create(
            release_id=row.id,
            environment=place,
            at=checked_moment(deployed_at, at=at) or at,
            defaults={"url": checked_url(url)},
        )
        deploy.release = row
        after = {"environment": place, "at": deploy.at}
        audit.record(by=by, action="release.deployed", target=row.version, at=at, after=after)
        changed()
        return deploy_view(deploy)


def report_check(
    *,
    name: str,
    state: str,
    by: Actor,
    at: datetime,
    sha: str = "",
    version: str = "",
    repository: str = "",
    url: str = "",
    checked_at: datetime | None = None,
) -> CheckView:
    """Tell how a test or check ended, on a commit or on a release. A later result takes the place of an earlier."""
    allow(by, "release:write")
    given = _checked_state(state)
    title = storable(name).strip()[:200]
    if not title:
        msg = "Name the check, such as e2e."
        raise ReleaseRefused(msg, field="name")
    if bool(sha) == bool(version):
        msg = "Say what was checked: either the commit or the release."
        raise ReleaseRefused(msg, field="sha")
    with write():
        place = _repository(by, repository, at=at) if repository else None
        row = _report(
            by.organization_id, title, given, sha=_full(by, sha, place) if sha else "",
            version=checked_version(version) if version else "", place=place, url=url,
            at=checked_moment(checked_at, at=at) or at,
        )  # fmt: skip
        after = {"state": given, "sha": row.sha, "version": row.version}
        audit.record(by=by, action="check.reported", target=title, at=at, after=after)
        changed()
        return check_view(row)


def _report(
    organization_id: int,
    name: str,
    state: CheckState,
    *,
    sha: str,
    version: str,
    place: Repository | None,
    url: str,
    at: datetime,
) -> Check:
    row, made = Check.objects.get_or_create(
        organization_id=organization_id, name=name, sha=sha, version=version,
        defaults={"state": state, "repository": place, "url": checked_url(url), "at": at},
    )  # fmt: skip
    if not made and at >= row.at:
        row.state, row.at, row.url = state, at, checked_url(url) or row.url
        row.repository = place or row.repository
        row.save()
    return row


def _full(by: Actor, sha: str, place: Repository | None) -> str:
    """The whole hash, where the commit is known."""
    text = checked_sha(sha)
    places = [place] if place else list(repositories(by))
    found = next((commit for one in places if (commit := find_commit(one.id, text))), None)
    return found.sha if found else text


def _repository(by: Actor, name: str, *, at: datetime) -> Repository:
    """The repository of that name; who tells of commits needs no forge to be set up first."""
    row = repositories(by).filter(name=storable(name).strip()).first()  # never by a number: it may be a name
    return row or create_repository_row(by.organization_id, name, at=at)


def _checked_state(state: str) -> CheckState:
    words: dict[str, CheckState] = {
        "success": "passed", "green": "passed", "failure": "failed", "error": "failed", "red": "failed",
        "running": "pending", "skipped": "neutral", "cancelled": "neutral",
    }  # fmt: skip
    text = state.strip().lower()
    found = words.get(text) or next((known for known in get_args(CheckState) if known == text), None)
    if found is None:
        msg = f"There is no state “{state}” of a check. One of: {', '.join(get_args(CheckState))}."
        raise ReleaseRefused(msg, field="state")
    return found


def _views(commits: Sequence[Commit]) -> list[CommitView]:
    rows = Commit.objects.filter(id__in=[commit.id for commit in commits]).select_related("repository").order_by("id")
    return [commit_view(row) for row in rows]
