"""Rows of this app: found, made, and shown to others."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

from django.db.models import F, Q, QuerySet

from errata.apps.accounts.types import Actor
from errata.apps.records import storable
from errata.apps.releases.models import (
    Check,
    Commit,
    Deploy,
    Ledger,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
)
from errata.apps.releases.types import CheckState, CheckView, CommitIn, CommitView, DeployView, Forge, RepositoryView
from errata.core.errors import Refusal
from errata.core.numeral import whole_number

VERSION_CHARS_MAX = 200
HASH_CHARS_MIN = 7  # what git abbreviates to
_HASH_CHARS = set("0123456789abcdef")
_MESSAGE_CHARS_MAX = 20_000
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # later, and there are zones that it can't be said in
_AHEAD = timedelta(days=1)  # other clocks and zones


class ReleaseNotFound(Refusal):
    """The organisation has no such release."""

    code = "release_not_found"
    status = 404


class RepositoryNotFound(Refusal):
    """The organisation has no such repository."""

    code = "repository_not_found"
    status = 404


class ReleaseRefused(Refusal):
    """A version, commit, check or repository that can't be used."""

    code = "release_refused"
    status = 422


def changed() -> None:
    """Grow the number of changes, in the transaction of a write: who judges by releases looks again."""
    if not Ledger.objects.filter(id=1).update(seq=F("seq") + 1):
        Ledger.objects.create(id=1, seq=1)


def visible(actor: Actor) -> QuerySet[Release]:
    """The releases an actor may know of."""
    return Release.objects.filter(organization_id=actor.organization_id)


def release_of(actor: Actor, version: str) -> Release:
    """The row of a version. Raises ReleaseNotFound."""
    row = visible(actor).filter(version=storable(version).strip()).first()
    if row is None:
        msg = f"There is no release {version.strip()}. `errata release list` shows them."
        raise ReleaseNotFound(msg, version=version)
    return row


def make_release(organization_id: int, version: str, *, at: datetime, projects: Sequence[int] = ()) -> Release:
    """The row of a version, made if need be."""
    text = checked_version(version)
    row, _ = Release.objects.get_or_create(
        organization_id=organization_id, version=text, defaults={"url": "", "created_at": at}
    )
    if projects:
        ReleaseProject.objects.bulk_create(
            [ReleaseProject(release_id=row.id, project_id=project) for project in projects], ignore_conflicts=True
        )
    return row


def checked_version(version: str) -> str:
    """The version as it is kept. Raises ReleaseRefused."""
    text = storable(version).strip()
    if not text or len(text) > VERSION_CHARS_MAX or "\n" in text:
        msg = f"A version is a line of 1 to {VERSION_CHARS_MAX} characters, such as shop@1.2.3."
        raise ReleaseRefused(msg, field="version")
    return text


def checked_moment(moment: datetime | None, *, at: datetime) -> datetime | None:
    """A time as it is told, at most a day ahead; None for one before there were programs: some language’s zero."""
    if moment is None or moment < _EARLIEST:
        return None
    return min(moment, at + _AHEAD)


def comparable(moment: datetime) -> datetime:
    """The moment, or the nearest that the records can compare with."""
    return min(max(moment, _EARLIEST), _LATEST)


def checked_sha(sha: str) -> str:
    """A commit's hash as it is kept. Raises ReleaseRefused."""
    text = sha.strip().lower()
    if not HASH_CHARS_MIN <= len(text) <= 64 or set(text) - _HASH_CHARS:
        msg = f"“{sha.strip()[:80]}” is not a commit's hash: 7 to 64 hexadecimal digits."
        raise ReleaseRefused(msg, field="sha")
    return text


def repositories(actor: Actor) -> QuerySet[Repository]:
    """The repositories an actor may know of."""
    return Repository.objects.filter(organization_id=actor.organization_id).select_related("project")


def repository_of(actor: Actor, which: str | int) -> Repository:
    """The row, by its name or number. Raises RepositoryNotFound."""
    text = storable(str(which)).strip()
    rows = repositories(actor)
    row = None if isinstance(which, int) else rows.filter(name=text).first()
    if row is None and (number := whole_number(text)) is not None:
        row = rows.filter(id=number).first()
    if row is None:
        msg = f"There is no repository {text}. `errata repository list` shows them."
        raise RepositoryNotFound(msg, repository=text)
    return row


def find_commit(repository_id: int, sha: str) -> Commit | None:
    """The commit of a hash, or of the beginning of one; whichever of the two is the longer."""
    if len(sha) < HASH_CHARS_MIN or set(sha) - _HASH_CHARS:
        return None  # nothing begins with so little that it could be meant
    rows = Commit.objects.filter(repository_id=repository_id)
    beginnings = [sha[:length] for length in range(HASH_CHARS_MIN, len(sha) + 1)]
    found = rows.filter(sha__in=beginnings).order_by("-sha").first()
    return found or rows.filter(sha__startswith=sha).order_by("id").first()


def make_commit(repository: Repository, told: CommitIn, *, at: datetime, landed: bool = False) -> Commit:
    """The row of a commit: made, or completed by what is told now."""
    sha = checked_sha(told.sha)
    row = find_commit(repository.id, sha)
    if row is None or len(sha) > len(row.sha):
        _own_checks(repository, sha)
    if row is None:
        return Commit.objects.create(
            repository_id=repository.id, sha=sha, message=_text(told.message, _MESSAGE_CHARS_MAX),
            author_name=_text(told.author_name, 200), author_email=_text(told.author_email, 254).lower(),
            parents=[checked_sha(parent) for parent in told.parents], url=_url(told.url), landed=landed,
            at=checked_moment(told.at, at=at) or at, reverted_by="",
        )  # fmt: skip
    changes = _completed(row, told, sha, at=at, landed=landed)
    if changes:
        Commit.objects.filter(id=row.id).update(**changes)
        for name, value in changes.items():
            setattr(row, name, value)
    return row


def _own_checks(repository: Repository, sha: str) -> None:
    """Checks that were reported by the beginning of a hash are of the commit, now that it is known."""
    beginnings = [sha[:length] for length in range(HASH_CHARS_MIN, len(sha))]
    rows = Check.objects.filter(organization_id=repository.organization_id, sha__in=beginnings)
    for check in rows.filter(Q(repository=None) | Q(repository=repository)).order_by("at", "id"):
        whole = Check.objects.filter(organization_id=repository.organization_id, name=check.name, sha=sha, version="")
        if whole.filter(at__gt=check.at).exists():
            check.delete()
        else:
            whole.delete()
            Check.objects.filter(id=check.id).update(sha=sha)


def _completed(row: Commit, told: CommitIn, sha: str, *, at: datetime, landed: bool) -> dict[str, object]:
    changes: dict[str, object] = {}
    if len(sha) > len(row.sha):
        changes["sha"] = sha
    if told.message and not row.message:
        changes |= {
            "message": _text(told.message, _MESSAGE_CHARS_MAX), "author_name": _text(told.author_name, 200),
            "author_email": _text(told.author_email, 254).lower(), "url": _url(told.url),
        }  # fmt: skip
        if moment := checked_moment(told.at, at=at):
            changes["at"] = moment
    if told.parents and not row.parents:
        changes["parents"] = [checked_sha(parent) for parent in told.parents]
    if landed and not row.landed:
        changes["landed"] = True
    return changes


def build_from(release: Release, commits: Sequence[Commit]) -> None:
    """Say that a release has these commits, and all that leads to them."""
    ReleaseCommit.objects.bulk_create(
        [ReleaseCommit(release_id=release.id, commit_id=commit.id) for commit in commits], ignore_conflicts=True
    )


def _text(text: str, chars: int) -> str:
    return storable(text)[:chars]


def _url(url: str) -> str:
    """Addresses are shown as links: nothing but the web's own schemes may become one."""
    text = storable(url).strip()[:500]
    return text if text.startswith(("https://", "http://")) else ""


checked_url = _url


def repository_view(row: Repository) -> RepositoryView:
    return RepositoryView(
        id=row.id,
        name=row.name,
        forge=_forge(row.forge),
        url=row.url,
        branch=row.branch,
        package=row.package,
        project=row.project.slug if row.project else "",
        hook=row.hook,
        created_at=row.created_at,
        heard_at=row.heard_at,
    )


def commit_view(row: Commit) -> CommitView:
    return CommitView(
        id=row.id,
        repository=row.repository.name,
        sha=row.sha,
        message=row.message,
        author_name=row.author_name,
        author_email=row.author_email,
        parents=row.parents,
        url=row.url,
        landed=row.landed,
        at=row.at,
        reverted_by=row.reverted_by,
    )


def deploy_view(row: Deploy) -> DeployView:
    return DeployView(id=row.id, version=row.release.version, environment=row.environment, url=row.url, at=row.at)


def check_view(row: Check) -> CheckView:
    return CheckView(
        id=row.id,
        name=row.name,
        sha=row.sha,
        version=row.version,
        repository=row.repository.name if row.repository else "",
        state=_state(row.state),
        url=row.url,
        at=row.at,
    )


def _forge(text: str) -> Forge:
    return next((forge for forge in get_args(Forge) if forge == text), "")


def _state(text: str) -> CheckState:
    return next((state for state in get_args(CheckState) if state == text), "neutral")
