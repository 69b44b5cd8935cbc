"""Reads of retests."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues import queries as issues
from errata.apps.issues.types import IssueDetail
from errata.apps.releases import queries as releases
from errata.apps.releases.types import CheckView, DeployView, ReleaseDetail
from errata.apps.retests.gathering import Links, links_of
from errata.apps.retests.models import FixLink, Judgement
from errata.apps.retests.types import FixView, RetestView
from errata.core.release import is_hash
from errata.core.retest import Verdict

_DEPLOYS_SHOWN = 10


def retest(*, actor: Actor, key: str) -> RetestView:
    """What is linked to an issue as its fix, and what that proves."""
    allow(actor, "issue:read")
    return retest_of(actor=actor, detail=issues.issue(actor=actor, key=key))


def retest_of(*, actor: Actor, detail: IssueDetail) -> RetestView:
    """The same, of an issue that was read already."""
    allow(actor, "issue:read")
    reader = msgspec.structs.replace(actor, scopes=None)  # who reads the issue reads what its retest is made of
    links = links_of(reader, detail.row.id)
    watched = detail.row.category == "verify"
    # An issue that is far from a retest costs its page one look-up.
    judged = Judgement.objects.filter(issue_id=detail.row.id).first() if watched or links.rows else None
    carriers = judged.body.get("carriers", []) if judged else []
    return RetestView(
        key=detail.key,
        stage=detail.row.stage,
        watched=watched,
        verdict=msgspec.convert(judged.body, Verdict) if judged else None,
        judged_at=judged.at if judged else None,
        fixes=[_fix(row, links) for row in links.rows],
        commits=links.commits,
        checks=_checks(reader, links),
        deploys=_deploys(reader, detail, carriers),
        carriers=carriers,
    )


def deploys_between(*, actor: Actor, project: int, since: datetime, until: datetime) -> list[DeployView]:
    """A project's deploys in a period, oldest first: what a chart marks."""
    allow(actor, "issue:read")
    reader = msgspec.structs.replace(actor, scopes=None)
    found = releases.list_deploys(actor=reader, project=project, since=since, limit=100)
    return [deploy for deploy in reversed(found) if deploy.at < until]


def issues_of_release(*, actor: Actor, detail: ReleaseDetail) -> tuple[list[str], list[str]]:
    """The keys of the issues that began in a release, and of those whose fix is linked to it or its commits."""
    allow(actor, "issue:read")
    begun = issues.keys_first_in(actor=actor, release=detail.release.version)
    commits = [commit.id for commit in detail.commits]
    rows = FixLink.objects.filter(commit_id__in=commits) | FixLink.objects.filter(release_id=detail.release.id)
    fixed = issues.keys_of(actor=actor, ids=list(rows.values_list("issue_id", flat=True).distinct()[:500]))
    return begun, fixed


def _fix(row: FixLink, links: Links) -> FixView:
    commit = next((one for one in links.commits if one.id == row.commit_id), None)
    kind = "commit" if commit else "release" if row.release else "check"
    name = commit.short if commit else row.release.version if row.release else row.check_name
    return FixView(
        id=row.id,
        kind=kind,
        name=name,
        title=row.title,
        url=row.url or (commit.url if commit else ""),
        repository=commit.repository if commit else "",
        by=row.by_name,
        at=row.at,
        reverted_by=commit.reverted_by[:7] if commit else "",
    )


def _checks(actor: Actor, links: Links) -> list[CheckView]:
    """The newest result of each check on what is linked."""
    if not links.commits and not links.versions:
        return []
    since = min((one.at for one in links.commits), default=links.rows[0].at) - timedelta(days=1)
    shas = {one.sha for one in links.commits}
    found = releases.checks_of(actor=actor, shas=shas, versions=links.versions, since=since)
    return list({check.name: check for check in found}.values())


def _deploys(actor: Actor, detail: IssueDetail, carriers: Sequence[str]) -> list[DeployView]:
    if not carriers:
        return []
    since = detail.row.stage_changed_at - timedelta(days=30)
    found = releases.list_deploys(actor=actor, project=detail.row.project.id, since=since)
    return [deploy for deploy in found if deploy.version in carriers][:_DEPLOYS_SHOWN]


def short_version(version: str) -> str:
    """A version as a chart or a list has room for: a commit's hash at its usual length."""
    package, at, number = version.rpartition("@")
    return f"{package}{at}{number[:7]}" if is_hash(version) else version
