"""Rules at work: what happens is followed, and events are counted as they come."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Max

from errata.apps.accounts.queries import rule_actor, system_actor
from errata.apps.automations.acting import act
from errata.apps.automations.deciding import MINUTE, Meant, floor, for_changes, for_events, for_users
from errata.apps.automations.models import Automation, Run
from errata.apps.issues import operations as issues
from errata.apps.issues import queries, recorded
from errata.apps.issues.types import Followed, IssueRow
from errata.apps.projects import queries as projects
from errata.apps.records import together
from errata.core.automation import Firing, Rule, parse, within_limits
from errata.core.search import SearchError
from errata.ports.event_store import StoreUnavailable

NAME = "automations"
_SLICE = 200
# How many issues with new events one look asks the event store about; in an outage the most recent ones come first.
ISSUES_MAX = 500
# An installation that stood still does not work through more than this.
_BACK_MAX = timedelta(days=1)
_HOUR = timedelta(hours=1)

_Decided = list[tuple[Automation, Rule, list[Firing]]]


def follow(at: datetime) -> bool:
    """Act on what happened since. Return whether there may be more."""
    followed = issues.ahead(NAME, limit=_SLICE)
    if not followed:
        return False
    decided = _decide(followed)
    # Read and decided before the transaction, in which writers wait.
    ids = [one.id for one in followed]
    issues.follow(NAME, at=at, ids=ids, apply=lambda _: _run_all(decided, at=at))
    return len(followed) == _SLICE


def look(at: datetime) -> bool:
    """Count what came since the last look, for the rules that go by events."""
    for automation in Automation.objects.exclude(mode="off").order_by("id"):
        rule = parse(automation.text, catalog=None)
        if rule.when.kind in ("events", "users"):
            _look(automation, rule, at)
    return False


def _decide(followed: Sequence[Followed]) -> _Decided:
    by_organization: dict[int, list[Followed]] = defaultdict(list)
    for one in followed:
        by_organization[one.organization_id].append(one)
    found: _Decided = []
    for automation in Automation.objects.exclude(mode="off").filter(organization_id__in=by_organization).order_by("id"):
        rule = parse(automation.text, catalog=None)
        own = [
            one
            for one in by_organization[automation.organization_id]
            if one.at >= automation.since and automation.project_id in (None, one.project_id)
        ]
        if own and rule.when.kind not in ("events", "users"):
            firings = _caught(automation, rule, own)
            if firings:
                found.append((automation, rule, firings))
    return found


def _look(automation: Automation, rule: Rule, at: datetime) -> None:
    since = max(automation.looked_at or automation.since, at - _BACK_MAX)
    actor = system_actor(automation.organization_id)
    own = [automation.project_id] if automation.project_id else projects.visible_ids(actor)
    ids = recorded.recent_ids(
        actor=actor, projects=own, since=floor(since) - MINUTE, count_min=_least(rule), limit=ISSUES_MAX
    )
    rows = queries.issues_by_ids(actor=actor, ids=ids)
    try:
        firings = _fired(automation, rule, rows, since=since, until=at)
    except StoreUnavailable:
        return  # The next look counts from where this one began.
    with together():
        _run_all([(automation, rule, firings)], at=at)
        Automation.objects.filter(id=automation.id).update(looked_at=at)


def _least(rule: Rule) -> int:
    return rule.when.count if rule.when.kind == "events" else 1


def _caught(automation: Automation, rule: Rule, own: Sequence[Followed]) -> list[Firing]:
    """What a rule fires for. One whose search names a stage or field that is gone rests, and stops no other."""
    actor = system_actor(automation.organization_id)
    try:
        return for_changes(Meant.of(rule, actor=actor), own, actor=actor)
    except SearchError:
        return []


def _fired(
    automation: Automation, rule: Rule, rows: Sequence[IssueRow], *, since: datetime, until: datetime
) -> list[Firing]:
    if not rows:
        return []
    actor = system_actor(automation.organization_id)
    try:
        meant = Meant.of(rule, actor=actor)
    except SearchError:
        return []
    past_runs = Run.objects.filter(automation_id=automation.id, issue_id__in=[row.id for row in rows]).order_by()
    if rule.when.kind == "users":
        done = set(past_runs.values_list("issue_id", flat=True).distinct())
        fresh = [row for row in rows if row.id not in done]
        return for_users(meant, fresh, actor=actor, since=automation.since, until=until)
    # What fired longer ago than the rule looks back holds nothing back: the log of a busy rule is long.
    near = past_runs.filter(at__gte=floor(since) - rule.when.minutes * MINUTE)
    last = dict(near.values_list("issue_id").annotate(Max("at")))
    return for_events(meant, rows, actor=actor, since=since, until=until, last=last)


def _run_all(decided: Iterable[tuple[Automation, Rule, list[Firing]]], *, at: datetime) -> None:
    for automation, rule, firings in decided:
        known = set(
            Run.objects.filter(automation_id=automation.id, cause__in=[firing.cause for firing in firings]).values_list(
                "issue_id", "cause"
            )
        )
        fresh = [firing for firing in firings if (firing.issue_id, firing.cause) not in known]
        if fresh:
            _run(automation, rule, fresh, at=at)


def _run(automation: Automation, rule: Rule, firings: Sequence[Firing], *, at: datetime) -> None:
    let = set(within_limits(firings, rule.limits, before=_acted_before(automation, rule, firings[0].at)))
    actor = system_actor(automation.organization_id)
    rows = {row.id: row for row in queries.issues_by_ids(actor=actor, ids=[firing.issue_id for firing in firings])}
    for firing in firings:
        row = rows.get(firing.issue_id)
        if row is None:
            continue  # It went into another issue meanwhile, or its project is gone.
        did = []
        if firing in let and automation.mode == "on":
            by = rule_actor(automation.organization_id, automation.name)
            did = act(rule, row, automation_id=automation.id, name=automation.name, cause=firing.cause, by=by, at=at)
        Run.objects.create(
            automation_id=automation.id, issue_id=row.id, cause=firing.cause, at=firing.at, did=did,
            outcome=_outcome(automation, did, let=firing in let),
        )  # fmt: skip


def _outcome(automation: Automation, did: list[dict[str, object]], *, let: bool) -> str:
    if not let:
        return "limited"
    if automation.mode == "dry":
        return "dry"
    return "failed" if did and all("refused" in one for one in did) else "did"


def _acted_before(automation: Automation, rule: Rule, moment: datetime) -> list[Firing]:
    """The firings that still count against the limits."""
    reach = max(_HOUR, timedelta(minutes=rule.limits.minutes_between))
    rows = Run.objects.filter(automation_id=automation.id, at__gt=moment - reach).exclude(outcome="limited")
    return [Firing(*row) for row in rows.order_by("at", "id").values_list("issue_id", "at", "cause")]
