"""Repositories, and what their forges tell by webhook."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import system_actor
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.projects import queries as projects
from errata.apps.records import storable, write
from errata.apps.releases.landing import land, mention
from errata.apps.releases.models import Check, Commit, Delivery, Deploy, Release, Repository
from errata.apps.releases.rows import (
    ReleaseRefused,
    build_from,
    changed,
    checked_moment,
    checked_url,
    find_commit,
    make_commit,
    make_release,
    repository_of,
    repository_view,
)
from errata.apps.releases.types import CommitIn, NewRepository, RepositoryView
from errata.core import forge as forges
from errata.core.errors import Refusal
from errata.core.forge import Told, ToldCheck, ToldDeploy, ToldMerge, ToldPush, ToldRelease
from errata.core.release import mentions

FORGES = ("github", "gitlab", "gitea")
# Forges deliver again for days, by hand for weeks.
DELIVERIES_KEPT = timedelta(days=60)
_NAME_CHARS_MAX = 200


class HookUnknown(Refusal):
    """Nothing is set up at this address."""

    code = "hook_unknown"
    status = 404


class DeliveryUnsigned(Refusal):
    """A delivery that doesn't prove that it comes from the forge."""

    code = "delivery_unsigned"
    status = 401


def create_repository(
    *,
    name: str,
    by: Actor,
    at: datetime,
    forge: str = "",
    url: str = "",
    branch: str = "",
    package: str = "",
    project: str = "",
) -> NewRepository:
    """Set up a repository. Its secret is in the answer, and never shown again."""
    allow(by, "project:admin")
    if forge and forge not in FORGES:
        msg = f"There is no forge “{forge}”. One of: {', '.join(FORGES)}; gitea serves Forgejo too."
        raise ReleaseRefused(msg, field="forge")
    with write():
        if Repository.objects.filter(organization_id=by.organization_id, name=_checked_name(name)).exists():
            msg = f"There is a repository {name.strip()} already."
            raise ReleaseRefused(msg, field="name")
        row = create_repository_row(by.organization_id, name, at=at)
        row.forge, row.url, row.branch = forge, checked_url(url), storable(branch).strip()[:200]
        row.package = storable(package).strip()[:100]
        row.project_id = projects.project(actor=by, which=project).id if project else None
        row.save()
        after = {"forge": forge, "branch": row.branch, "package": row.package, "project": project}
        audit.record(by=by, action="repository.created", target=row.name, at=at, after=after)
        return NewRepository(repository=repository_view(repository_of(by, row.id)), secret=row.secret)


def renew_secret(*, which: str | int, by: Actor, at: datetime) -> NewRepository:
    """Replace what deliveries are signed with. The old secret is worth nothing from now on."""
    allow(by, "project:admin")
    with write():
        row = repository_of(by, which)
        row.secret = secrets.token_urlsafe(32)
        row.save(update_fields=["secret"])
        audit.record(by=by, action="repository.secret_renewed", target=row.name, at=at)
        return NewRepository(repository=repository_view(row), secret=row.secret)


def delete_repository(*, which: str | int, by: Actor, at: datetime) -> None:
    """Forget a repository with its commits and checks. Releases stay."""
    allow(by, "project:admin")
    with write():
        row = repository_of(by, which)
        name = row.name
        row.delete()
        audit.record(by=by, action="repository.deleted", target=name, at=at)
        changed()


def create_repository_row(organization_id: int, name: str, *, at: datetime) -> Repository:
    """A repository of which nothing but its name is known yet, in the transaction of who names it."""
    return Repository.objects.create(
        organization_id=organization_id, name=_checked_name(name), forge="", url="", branch="", package="",
        hook=secrets.token_urlsafe(24), secret=secrets.token_urlsafe(32), created_at=at,
    )  # fmt: skip


def address(public_url: str, repository: RepositoryView) -> str:
    """Where a repository's forge sends to; "" for one that nothing is sent from."""
    return f"{public_url.rstrip('/')}/hooks/{repository.forge}/{repository.hook}/" if repository.forge else ""


def receive(
    *, forge: str, hook: str, event: str, delivery: str, headers: Mapping[str, str], body: bytes, at: datetime
) -> str:
    """Take a webhook's delivery, once: what it tells is written in one transaction. Return what became of it.

    Raises HookUnknown, DeliveryUnsigned, or Unreadable for a payload that isn't the forge's.
    """
    row = Repository.objects.filter(hook=storable(hook)[:40], forge=forge).first()
    if row is None:
        raise HookUnknown("No repository is set up at this address. An admin can see its address under Releases.")
    if not forges.is_signed(forge, secret=row.secret, headers=headers, body=body):
        msg = f"The delivery isn't signed with the secret of {row.name}. Set the same secret on both sides."
        raise DeliveryUnsigned(msg)
    told = forges.read(forge, event, body)
    with write():
        name = storable(delivery)[:100]
        if name and Delivery.objects.filter(repository_id=row.id, delivery=name).exists():
            return "received before"
        outcome = "; ".join(_take(row, one, at=at) for one in told) or "nothing to note"
        if name:
            Delivery.objects.create(
                repository_id=row.id, delivery=name, event=storable(event)[:60], outcome=outcome[:200], at=at
            )
        Repository.objects.filter(id=row.id).update(heard_at=at)
        if told:
            after = {"event": event, "delivery": name, "outcome": outcome[:200]}
            by = system_actor(row.organization_id)
            audit.record(by=by, action="repository.delivery", target=row.name, at=at, after=after)
            changed()
        return outcome


def forget_deliveries(*, before: datetime) -> int:
    """Forget deliveries that nobody will repeat. Return how many went."""
    with write():
        return Delivery.objects.filter(at__lt=before).delete()[0]


def _take(row: Repository, told: Told, *, at: datetime) -> str:
    match told:
        case ToldPush():
            return _push(row, told, at)
        case ToldMerge():
            return _merge(row, told, at)
        case ToldCheck():
            return _check(row, told, at)
        case ToldRelease():
            return _release(row, told, at)
        case ToldDeploy():
            return _deploy(row, told, at)


def _push(row: Repository, told: ToldPush, at: datetime) -> str:
    """Forges don't say a pushed commit's parents. Each comes after the one before it, and the first after `before`.

    That puts side branches in a line, which claims nothing wrong of the branch's head: all of it is in there.
    """
    landed = told.branch == row.branch if row.branch else told.landed
    before = "" if told.forced else told.before
    commits: list[Commit] = []
    for one in told.commits:
        parents = [before] if before else []
        fields = CommitIn(
            sha=one.sha, message=one.message, author_name=one.author_name, author_email=one.author_email,
            parents=parents, url=one.url, at=one.at,
        )  # fmt: skip
        commits.append(make_commit(row, fields, at=at, landed=landed))
        before = one.sha
    _join_head(row, told, at, landed=landed)
    if landed:
        land(commits, at=at)
    return f"{len(commits)} commits on {told.branch}"


def _join_head(row: Repository, told: ToldPush, at: datetime, *, landed: bool) -> None:
    """The branch's new head has the old one in it, and the last of the commits, known from before or not."""
    head = make_commit(row, CommitIn(sha=told.after), at=at, landed=landed)
    wanted = {told.commits[-1].sha} if told.commits else set()
    if told.before and not told.forced:
        wanted.add(told.before)
    parents = list(dict.fromkeys([*head.parents, *(sha for sha in sorted(wanted) if sha != head.sha)]))
    Commit.objects.filter(id=head.id).update(parents=parents)


def _merge(row: Repository, told: ToldMerge, at: datetime) -> str:
    landed = told.branch == row.branch if row.branch else told.landed
    commit = make_commit(row, CommitIn(sha=told.sha, at=told.at), at=at, landed=landed)
    said = mentions(f"{told.title}\n\n{told.body}")
    if landed:
        mention(commit, said.fixes, title=told.title, url=checked_url(told.url), at=at)
    return f"merged {told.title[:80]}"


def _check(row: Repository, told: ToldCheck, at: datetime) -> str:
    known = find_commit(row.id, told.sha)
    moment = checked_moment(told.at, at=at) or at
    check, made = Check.objects.get_or_create(
        organization_id=row.organization_id, name=storable(told.name)[:200], sha=known.sha if known else told.sha,
        version="", defaults={"state": told.state, "repository": row, "url": checked_url(told.url), "at": moment},
    )  # fmt: skip
    if not made and moment >= check.at:
        check.state, check.at, check.url, check.repository = told.state, moment, checked_url(told.url), row
        check.save()
    return f"{told.name[:80]} {told.state}"


def _release(row: Repository, told: ToldRelease, at: datetime) -> str:
    release = make_release(row.organization_id, _version(row, told.tag), at=at, projects=_projects(row))
    fields = {
        "url": checked_url(told.url) or release.url,
        "released_at": checked_moment(told.at, at=at) or release.released_at or at,
    }
    Release.objects.filter(id=release.id).update(**fields)
    if told.sha:
        build_from(release, [make_commit(row, CommitIn(sha=told.sha), at=at)])
    return f"release {release.version}"


def _deploy(row: Repository, told: ToldDeploy, at: datetime) -> str:
    release = _deployed(row, told, at)
    Deploy.objects.get_or_create(
        release_id=release.id, environment=storable(told.environment)[:64],
        at=checked_moment(told.at, at=at) or at,
        defaults={"url": checked_url(told.url)},
    )  # fmt: skip
    return f"{release.version} to {told.environment[:64]}"


def _deployed(row: Repository, told: ToldDeploy, at: datetime) -> Release:
    """The release that was deployed: of the tag, or of the commit if one was built from it; else the commit's own."""
    commit = make_commit(row, CommitIn(sha=told.sha), at=at)
    tag = _version(row, told.ref) if told.ref else ""
    rows = Release.objects.filter(organization_id=row.organization_id)
    release = rows.filter(version=tag).first() if tag else None
    release = release or rows.filter(of_commits__commit_id=commit.id).order_by("-id").first()
    if release is None:
        version = f"{row.package}@{commit.sha}" if row.package else commit.sha
        release = make_release(row.organization_id, version, at=at, projects=_projects(row))
    build_from(release, [commit])
    return release


def _version(row: Repository, tag: str) -> str:
    """The version that a tag names, as programs send it: v1.2.3 of the package shop is shop@1.2.3."""
    name = tag.removeprefix("refs/tags/")
    if not row.package or name.startswith(f"{row.package}@"):
        return name[:200]
    bare = name[1:] if name[:1] in "vV" and name[1:2].isdecimal() else name
    return f"{row.package}@{bare}"[:200]


def _projects(row: Repository) -> list[int]:
    return [row.project_id] if row.project_id else []


def _checked_name(name: str) -> str:
    text = storable(name).strip()
    if not text or len(text) > _NAME_CHARS_MAX:
        msg = f"Name the repository in 1 to {_NAME_CHARS_MAX} characters, such as shop/payments."
        raise ReleaseRefused(msg, field="name")
    return text
