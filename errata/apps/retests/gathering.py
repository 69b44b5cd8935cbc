"""Everything that is known of an issue's fix, as the rules of proof take it: from records and from the event store."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from errata import ports
from errata.apps.accounts.types import Actor
from errata.apps.issues import queries as issues
from errata.apps.issues.types import IssueRow
from errata.apps.projects import queries as projects
from errata.apps.releases import queries as releases
from errata.apps.releases.types import CheckView, CommitView, Run
from errata.apps.retests.carrying import Carrying, carrying
from errata.apps.retests.models import FixLink
from errata.apps.retests.places import environments
from errata.core.release import parse
from errata.core.retest import CheckResult, Facts, Fix, Prior, Recurrence, counting_from
from errata.ports.event_store import Scope, Spread

# How far back the prior rate is taken from: long enough for weeks to even out, short enough to be today's program.
_PRIOR = timedelta(days=14)
_PARTS = 56
_AHEAD = timedelta(minutes=2)
# A commit’s time is its author’s clock; its checks have the forge’s.
_SKEW = timedelta(days=1)
_HOUR = timedelta(hours=1)
# What tells of requests whether or not they fail.
_TRAFFIC = {"transaction", "session"}


class Gathered(msgspec.Struct, frozen=True):
    facts: Facts
    carriers: list[str]  # the releases known to have the fixes, the first first
    without: list[str]  # and those known to lack them, the last first: what may still run somewhere
    links: frozenset[int]  # the links that all this is about, by id


class Links(msgspec.Struct, frozen=True):
    """What is linked to an issue as its fix."""

    commits: list[CommitView]
    versions: list[str]
    checks: list[str]
    rows: list[FixLink]


def links_of(actor: Actor, issue_id: int) -> Links:
    """What is linked to an issue as its fix."""
    rows = list(FixLink.objects.filter(issue_id=issue_id).select_related("release").order_by("id"))
    commits = releases.commits_by_ids(actor=actor, ids=[row.commit_id for row in rows if row.commit_id])
    return Links(
        commits=commits,
        versions=[row.release.version for row in rows if row.release],
        checks=[row.check_name for row in rows if row.check_name],
        rows=rows,
    )


def gather(actor: Actor, row: IssueRow, *, entered: datetime, now: datetime) -> Gathered:
    """Everything that is known of an issue's fix. Raises StoreUnavailable."""
    links = links_of(actor, row.id)
    standing = [commit for commit in links.commits if not commit.reverted_by]
    runs = releases.runs(actor=actor, project=row.project.id)
    known = carrying(actor, commits=standing, versions=links.versions, runs=runs)
    facts = Facts(now=now, entered=entered, first_seen=row.first_seen, fixes=_fixes(links))
    facts = _with_checks(actor, facts, links, known)
    if facts.fixes:
        facts = _with_places(row, facts, known, runs)
    if row.count:
        restored = projects.restored_at(actor=actor, which=row.project.id)
        facts = _with_events(actor, row, msgspec.structs.replace(facts, listening=restored), known)
    versions = [run.version for run in runs]
    return Gathered(
        facts=facts,
        carriers=known.all_of([*links.versions, *versions], carries=True),
        without=known.all_of(reversed(versions), carries=False),
        links=frozenset(one.id for one in links.rows),
    )


def _fixes(links: Links) -> tuple[Fix, ...]:
    commits = [
        Fix(name=f"{commit.short} of {commit.repository}", at=commit.at, reverted_by=commit.reverted_by[:7])
        for commit in links.commits
    ]
    own = [Fix(name=row.release.version, at=row.at) for row in links.rows if row.release]
    return (*commits, *own)


def _with_places(row: IssueRow, facts: Facts, known: Carrying, runs: Sequence[Run]) -> Facts:
    spread = _spread(row, since=max(row.first_seen, facts.entered - _PRIOR), until=facts.now + _AHEAD)
    occurred = {one.environment for one in spread}
    packages = {parse(one.release).package for one in spread if one.release}
    fixed = {parse(version).package for version in known.all_of([run.version for run in runs], carries=True)}
    places = environments(runs, has=known.has, occurred=occurred, packages=packages | fixed if packages else ())
    return msgspec.structs.replace(facts, environments=tuple(places))


def _with_checks(actor: Actor, facts: Facts, links: Links, known: Carrying) -> Facts:
    found: dict[str, CheckResult] = {}
    standing = known.commits
    after = set[str]().union(*(known.after(commit) for commit in standing))
    since = min((commit.at for commit in standing), default=facts.now)
    for check in releases.checks_of(actor=actor, shas=after, versions=links.versions, since=since - _SKEW):
        found[check.name] = _result(check)  # oldest first: the newest stays
    if links.checks and not standing:
        # Nothing says what they should look at: then what they say since the retest began.
        for check in releases.checks_named(actor=actor, names=links.checks, since=facts.entered):
            found[check.name] = _result(check)
    if links.checks:
        found = {name: check for name, check in found.items() if name in links.checks}
    return msgspec.structs.replace(
        facts,
        checks=tuple(found.values()),
        awaited=tuple(name for name in links.checks if name not in found),
        checks_expected=any(releases.has_checks(actor=actor, repository=commit.repository) for commit in standing),
    )


def _result(check: CheckView) -> CheckResult:
    return CheckResult(
        name=check.name, state=check.state, at=check.at, on=check.sha[:7] or check.version, url=check.url
    )


def _with_events(actor: Actor, row: IssueRow, facts: Facts, known: Carrying) -> Facts:
    begun = counting_from(facts)
    if begun is None:
        waiting = Prior(events=row.count, since=row.first_seen, until=facts.now)
        return msgspec.structs.replace(facts, prior=waiting)
    after = _spread(row, since=begun, until=facts.now + _AHEAD)
    # How often it came before the fix, wherever listening began anew since.
    prior = _prior(row, counting_from(msgspec.structs.replace(facts, listening=None)) or begun)
    before_traffic, traffic = _traffic(actor, row, prior, begun, facts.now)
    return msgspec.structs.replace(
        facts,
        prior=msgspec.structs.replace(prior, traffic=before_traffic),
        traffic=traffic,
        recurrences=tuple(
            Recurrence(
                release=one.release, environment=one.environment, events=one.events, first_at=one.first_at,
                last_at=one.last_at, carries=known.has(one.release), event_id=one.first_id,
            )
            for one in after
        ),
    )  # fmt: skip


def _prior(row: IssueRow, begun: datetime) -> Prior:
    since = max(row.first_seen, begun - _PRIOR)
    length_s = max((begun - since).total_seconds(), 60.0)
    if begun > since:
        # Whole buckets before the fix alone: one that reaches over it would count what came after.
        bucket_s = max(1, int(length_s // _PARTS))
        scope = _scope(row, since=since, until=begun)
        buckets = ports.current().events.histogram(scope, bucket_s=bucket_s)
        counts = tuple(bucket.count for bucket in buckets)
        if any(counts):
            return Prior(events=sum(counts), since=since, until=begun, counts=counts)
    # Rarer than that, or removed by retention: what the records counted over its whole life.
    return Prior(events=max(1, row.count), since=min(row.first_seen, begun), until=begun)


def _spread(row: IssueRow, *, since: datetime, until: datetime) -> list[Spread]:
    return ports.current().events.spread(_scope(row, since=since, until=until)) if row.groups else []


def _scope(row: IssueRow, *, since: datetime, until: datetime) -> Scope:
    return Scope(projects=issues.scope_of([row]), since=since, until=until)


def _traffic(
    actor: Actor, row: IssueRow, prior: Prior, begun: datetime, now: datetime
) -> tuple[float | None, float | None]:
    """Requests an hour before and since, where the project sends what tells of them, in whole hours."""
    first, until, middle, last = _hour(prior.since) + _HOUR, _hour(prior.until), _hour(begun), _hour(now)
    counts = projects.intake_counts(actor=actor, which=row.project.id, since=first)
    before = after = 0
    for count in counts:
        if count.category not in _TRAFFIC or count.outcome != "accepted":
            continue
        if count.hour < until:
            before += count.quantity
        elif middle < count.hour < last:
            after += count.quantity
    hours_before, hours_after = (until - first) / _HOUR, (last - middle) / _HOUR - 1
    if before and after and hours_before >= 1 and hours_after >= 1:
        return before / hours_before, after / hours_after
    return None, None


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
