"""Reads of releases, deploys, commits and checks. Every one takes the actor, and sees its organisation alone."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.records import storable
from errata.apps.releases.models import (
    Check,
    Commit,
    Deploy,
    Ledger,
    Mention,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
    Sighting,
)
from errata.apps.releases.rows import (
    check_view,
    commit_view,
    comparable,
    deploy_view,
    find_commit,
    release_of,
    repositories,
    repository_of,
    repository_view,
    visible,
)
from errata.apps.releases.types import (
    CheckView,
    CommitView,
    DeployView,
    MentionView,
    Page,
    ReleaseDetail,
    ReleaseView,
    RepositoryView,
    Run,
)
from errata.core.numeral import whole_number
from errata.core.release import Parents, ancestors, is_hash, is_older, joined, latest, parse

PAGE_MAX = 200
# Of a repository's commits the newest: some years of most, and 30 ms to read.
HISTORY_MAX = 20_000
_COMMITS_SHOWN = 200


def list_releases(
    *, actor: Actor, project: int | None = None, environment: str = "", cursor: str | None = None, limit: int = 50
) -> Page:
    """A page of releases, newest first."""
    allow(actor, "project:read")
    rows = visible(actor)
    if project is not None:
        rows = rows.filter(of_projects__project_id=project)
    if environment:
        place = storable(environment)
        rows = rows.filter(Q(deploys__environment=place) | Q(sightings__environment=place)).distinct()
    if cursor and (last := whole_number(cursor)) is not None:
        rows = rows.filter(id__lt=last)
    limit = max(1, min(limit, PAGE_MAX))
    ids = list(rows.order_by("-id").values_list("id", flat=True)[: limit + 1])
    following = str(ids[limit - 1]) if len(ids) > limit else None
    return Page(items=_views(visible(actor).filter(id__in=ids[:limit]).order_by("-id")), next=following)


def release_view(actor: Actor, version: str) -> ReleaseView:
    """One release as lists show it."""
    return _views(Release.objects.filter(id=release_of(actor, version).id))[0]


def release(*, actor: Actor, version: str) -> ReleaseDetail:
    """A release with its deploys, commits and checks. Raises ReleaseNotFound."""
    allow(actor, "project:read")
    row = release_of(actor, version)
    deploys = Deploy.objects.filter(release_id=row.id).select_related("release").order_by("-at", "-id")
    before = _before(actor, row)
    commits = _commits_since(row, before)
    checks = Check.objects.filter(organization_id=actor.organization_id).select_related("repository")
    checks = checks.filter(Q(version=row.version) | Q(sha__in=[commit.sha for commit in commits[:_COMMITS_SHOWN]]))
    return ReleaseDetail(
        release=_views(Release.objects.filter(id=row.id))[0],
        deploys=[deploy_view(deploy) for deploy in deploys],
        commits=commits,
        checks=[check_view(check) for check in checks.order_by("-at", "-id")[:_COMMITS_SHOWN]],
        before=before.version if before else "",
    )


def list_deploys(
    *, actor: Actor, since: datetime | None = None, project: int | None = None, environment: str = "", limit: int = 100
) -> list[DeployView]:
    """The deploys, newest first."""
    allow(actor, "project:read")
    rows = Deploy.objects.filter(release__organization_id=actor.organization_id).select_related("release")
    if since is not None:
        rows = rows.filter(at__gte=comparable(since))
    if environment:
        rows = rows.filter(environment=storable(environment))
    if project is not None:
        rows = rows.filter(_of_project(project))
    return [deploy_view(row) for row in rows.order_by("-at", "-id")[: max(1, min(limit, 500))]]


def list_commits(*, actor: Actor, repository: str = "", limit: int = 100) -> list[CommitView]:
    """The commits that are known, newest first."""
    allow(actor, "project:read")
    rows = Commit.objects.filter(repository__organization_id=actor.organization_id).select_related("repository")
    if repository:
        rows = rows.filter(repository_id=repository_of(actor, repository).id)
    return [commit_view(row) for row in rows.order_by("-at", "-id")[: max(1, min(limit, 500))]]


def commit(*, actor: Actor, sha: str, repository: str = "") -> CommitView | None:
    """The commit of a hash or of its beginning, in the repository named or in any."""
    allow(actor, "project:read")
    places = [repository_of(actor, repository)] if repository else list(repositories(actor))
    found = next((row for place in places if (row := find_commit(place.id, sha.strip().lower()))), None)
    return commits_by_ids(actor=actor, ids=[found.id])[0] if found else None


def commits_by_ids(*, actor: Actor, ids: Collection[int]) -> list[CommitView]:
    """These commits, oldest first."""
    allow(actor, "project:read")
    rows = Commit.objects.filter(id__in=ids, repository__organization_id=actor.organization_id)
    return [commit_view(row) for row in rows.select_related("repository").order_by("at", "id")]


def list_checks(*, actor: Actor, name: str = "", sha: str = "", limit: int = 100) -> list[CheckView]:
    """The newest results of checks."""
    allow(actor, "project:read")
    rows = Check.objects.filter(organization_id=actor.organization_id).select_related("repository")
    if name:
        rows = rows.filter(name=storable(name))
    if sha:
        rows = rows.filter(sha__startswith=storable(sha).lower())
    return [check_view(row) for row in rows.order_by("-at", "-id")[: max(1, min(limit, 500))]]


def list_repositories(*, actor: Actor) -> list[RepositoryView]:
    """The repositories, by name."""
    allow(actor, "project:read")
    return [repository_view(row) for row in repositories(actor).order_by("name")]


def checks_of(
    *, actor: Actor, shas: Collection[str], since: datetime, versions: Collection[str] = ()
) -> list[CheckView]:
    """The results since then on these commits, of which there may be very many, and on these releases; oldest first."""
    allow(actor, "project:read")
    if not shas and not versions:
        return []
    rows = Check.objects.filter(organization_id=actor.organization_id).select_related("repository")
    rows = rows.filter(Q(at__gte=since) | Q(version__in=list(versions))) if shas else rows.filter(version__in=versions)
    found = [check_view(row) for row in rows.order_by("at", "id")]
    return [check for check in found if check.sha in shas or check.version in versions]


def checks_named(*, actor: Actor, names: Collection[str], since: datetime) -> list[CheckView]:
    """The results of these checks since then, on whatever."""
    allow(actor, "project:read")
    rows = Check.objects.filter(organization_id=actor.organization_id, name__in=list(names), at__gte=since)
    return [check_view(row) for row in rows.select_related("repository").order_by("at", "id")]


def has_checks(*, actor: Actor, repository: str) -> bool:
    """Whether any check was ever reported for a repository."""
    allow(actor, "project:read")
    return Check.objects.filter(organization_id=actor.organization_id, repository__name=repository).exists()


def history(*, actor: Actor, repository: str) -> Parents:
    """The parents of a repository's commits, the newest of them first."""
    allow(actor, "project:read")
    place = Repository.objects.filter(organization_id=actor.organization_id, name=storable(repository)).first()
    if place is None:
        return {}
    return _history(place.id)


def heads(*, actor: Actor, repository: str) -> dict[str, list[str]]:
    """The commits that each release was built from, in one repository: of commits told, or named by its version."""
    allow(actor, "project:read")
    rows = ReleaseCommit.objects.filter(
        release__organization_id=actor.organization_id, commit__repository__name=storable(repository)
    )
    found: dict[str, list[str]] = {}
    for version, sha in rows.values_list("release__version", "commit__sha"):
        found.setdefault(version, []).append(sha)
    return found


def runs(*, actor: Actor, project: int) -> list[Run]:
    """When releases began to run where, the earliest first: deploys, and first events of releases of a project."""
    allow(actor, "project:read")
    deploys = Deploy.objects.filter(_of_project(project), release__organization_id=actor.organization_id)
    seen = Sighting.objects.filter(project_id=project, release__organization_id=actor.organization_id)
    found = [
        Run(version=version, environment=environment, at=at, deployed=True)
        for version, environment, at in deploys.values_list("release__version", "environment", "at").distinct()
    ] + [
        Run(version=version, environment=environment, at=at, deployed=False)
        for version, environment, at in seen.values_list("release__version", "environment", "first_at")
    ]
    return sorted(found, key=lambda run: (run.at, run.deployed))


def newest_change() -> int:
    """The number of this app's newest change, in all organisations."""
    return Ledger.objects.filter(id=1).values_list("seq", flat=True).first() or 0


def mentions_since(place: int, *, limit: int = 200) -> list[MentionView]:
    """What commits said to fix behind a place, in all organisations: for who follows them."""
    rows = Mention.objects.filter(id__gt=place).select_related("commit__repository").order_by("id")
    return [
        MentionView(
            id=row.id,
            organization_id=row.commit.repository.organization_id,
            issue_key=row.issue_key,
            title=row.title,
            url=row.url,
            commit=commit_view(row.commit),
            at=row.at,
        )
        for row in rows[:limit]
    ]


def _history(repository_id: int) -> Parents:
    rows = Commit.objects.filter(repository_id=repository_id).order_by("-at").values_list("sha", "parents")
    return joined(dict(rows[:HISTORY_MAX]))


def _of_project(project: int) -> Q:
    """Deploys of a project's releases, and of releases that nobody said the project of."""
    none_said = Q(release__of_projects=None)
    return Q(release__of_projects__project_id=project) | none_said


def _views(rows: QuerySet[Release]) -> list[ReleaseView]:
    """Releases as lists show them: five statements, however many they are."""
    found = list(rows)
    ids = [row.id for row in found]
    projects = _grouped(ReleaseProject.objects.filter(release_id__in=ids).values_list("release_id", "project__slug"))
    deployed = Deploy.objects.filter(release_id__in=ids).values_list("release_id", "environment")
    seen = Sighting.objects.filter(release_id__in=ids).exclude(environment="").values_list("release_id", "environment")
    environments = _grouped([*deployed.order_by("at"), *seen.order_by("first_at")])
    deploys = dict(Deploy.objects.filter(release_id__in=ids).values_list("release_id").annotate(Count("pk")))
    commits = dict(ReleaseCommit.objects.filter(release_id__in=ids).values_list("release_id").annotate(Count("pk")))
    return [
        ReleaseView(
            id=row.id,
            version=row.version,
            url=row.url,
            projects=sorted(projects.get(row.id, [])),
            created_at=row.created_at,
            released_at=row.released_at,
            first_event_at=row.first_event_at,
            last_event_at=row.last_event_at,
            deploys=deploys.get(row.id, 0),
            environments=environments.get(row.id, []),
            commits=commits.get(row.id, 0),
        )
        for row in found
    ]


def _grouped(pairs: Collection[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for number, value in pairs:
        own = found.setdefault(number, [])
        if value not in own:
            own.append(value)
    return found


def _before(actor: Actor, row: Release) -> Release | None:
    """The release before: by its version, or, where versions don't tell, by when it came; of the same package."""
    package = parse(row.version).package
    rows = visible(actor).exclude(id=row.id).order_by("-created_at")[:500]
    others = [other for other in rows if parse(other.version).package == package]
    older = [other for other in others if is_older(other.version, row.version)]
    newest = latest([other.version for other in older])
    if newest:
        return next(other for other in older if other.version == newest)
    earlier = [other for other in others if other.created_at < row.created_at and is_hash(other.version)]
    return earlier[0] if earlier and is_hash(row.version) else None


def _commits_since(row: Release, before: Release | None) -> list[CommitView]:
    """The commits that a release has and the one before it hasn't, newest first."""
    roots = list(Commit.objects.filter(of_releases__release_id=row.id).values_list("repository_id", "sha"))
    found: list[Commit] = []
    for repository_id in dict.fromkeys(number for number, _ in roots):
        parents = _history(repository_id)
        own = ancestors(parents, [sha for number, sha in roots if number == repository_id])
        past = Commit.objects.filter(of_releases__release_id=before.id, repository_id=repository_id) if before else None
        old = ancestors(parents, list(past.values_list("sha", flat=True))) if past is not None else set()
        wanted = [sha for sha in parents if sha in own and sha not in old][:_COMMITS_SHOWN]  # the newest first
        rows_wanted = Commit.objects.filter(repository_id=repository_id, sha__in=wanted).select_related("repository")
        found += list(rows_wanted)
    return [commit_view(commit) for commit in sorted(found, key=lambda commit: commit.at, reverse=True)]
