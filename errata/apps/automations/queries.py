"""Reads of rules, and what one would have done."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.automations.deciding import Meant, floor, for_changes, for_events, for_users
from errata.apps.automations.models import Automation, Run
from errata.apps.automations.types import AutomationView, Backtest, Example, RunView
from errata.apps.automations.views import automation_view, by_name, run_view
from errata.apps.issues import queries as issues
from errata.apps.issues import recorded
from errata.apps.issues.types import IssueRow
from errata.apps.issues.vocabulary import catalog_of
from errata.apps.projects import queries as projects
from errata.core.automation import Firing, Rule, parse, within_limits
from errata.core.automation.fire import kinds
from errata.core.past import untold_in
from errata.core.search import parse as parse_search
from errata.ports.event_store import StoreUnavailable

DAYS_MAX = 90
# What a backtest looks through at most: a year of a small team, a month of a large one. More is said to be cut.
_ACTIVITIES_MAX = 50_000
_ISSUES_MAX = 2_000
_EXAMPLES = 20
_ACTED_WITHIN = timedelta(days=1)
_MONTH = timedelta(days=30)


def list_automations(*, actor: Actor, now: datetime) -> list[AutomationView]:
    """Every rule of the organisation, by name, with how it did in the last thirty days."""
    allow(actor, "issue:read")
    rows = Automation.objects.filter(organization_id=actor.organization_id).select_related("project", "created_by")
    ran = Run.objects.filter(automation__organization_id=actor.organization_id, at__gte=now - _MONTH)
    firings: dict[int, list[Firing]] = {}
    columns = ("automation_id", "issue_id", "at", "cause")
    for number, issue_id, at, cause in ran.exclude(outcome="limited").values_list(*columns):
        firings.setdefault(number, []).append(Firing(issue_id, at, cause))
    acted = _acted_on(actor, [firing for own in firings.values() for firing in own], since=now - _MONTH)
    return [
        automation_view(row, runs=len(own), acted_on=sum(firing in acted for firing in own))
        for row in rows.order_by("name")
        for own in [firings.get(row.id, [])]
    ]


def automation(*, actor: Actor, which: str) -> AutomationView:
    """A rule by its number or its name."""
    allow(actor, "issue:read")
    return automation_view(by_name(actor, which))


def list_runs(*, actor: Actor, which: str, limit: int = 50) -> list[RunView]:
    """What a rule did, newest first."""
    allow(actor, "issue:read")
    runs = by_name(actor, which).runs.select_related("issue__project").order_by("-at", "-id")
    return [run_view(run) for run in runs[: max(1, min(limit, 500))]]


def backtest(*, actor: Actor, text: str, now: datetime, days: int = 30, project: str = "") -> Backtest:
    """What a rule would have done in the last days, had it been on. The same deciding as at work."""
    allow(actor, "issue:read")
    days = max(1, min(days, DAYS_MAX))
    rule = parse(text, catalog=catalog_of(actor.organization_id))
    own = [projects.project(actor=actor, which=project).id] if project else projects.visible_ids(actor)
    since = now - timedelta(days=days)
    try:
        firings, partial = firings_of(rule, actor=actor, projects=own, since=since, until=now)
    except StoreUnavailable:
        return Backtest(days, 0, 0, 0, 0, [], "The event store doesn't answer, and the rule asks it.")
    let = within_limits(firings, rule.limits)
    acted = _acted_on(actor, let, since=since)
    latest = let[::-1][:_EXAMPLES]
    rows = {row.id: row for row in issues.issues_by_ids(actor=actor, ids=[firing.issue_id for firing in latest])}
    return Backtest(
        days=days,
        firings=len(let),
        limited=len(firings) - len(let),
        issues=len({firing.issue_id for firing in let}),
        acted_on=len(acted),
        examples=[_example(firing, rows[firing.issue_id], acted) for firing in latest if firing.issue_id in rows],
        partial=" ".join(filter(None, (partial, _untold(rule, actor)))),
    )


def _untold(rule: Rule, actor: Actor) -> str:
    """A live rule asks what is so at the time; where nobody keeps that, its history can't be asked for it."""
    where = parse_search(rule.where, catalog=catalog_of(actor.organization_id)).where
    words = list(dict.fromkeys(word for word, _ in untold_in(where)))
    if not words:
        return ""
    return f"{', '.join(words)}: nobody keeps what that was at the time, so here it is asked as it is today."


def firings_of(
    rule: Rule, *, actor: Actor, projects: Sequence[int], since: datetime, until: datetime
) -> tuple[list[Firing], str]:
    """When a rule fired between two moments, before its limits; and in words what was too much to look at."""
    meant = Meant.of(rule, actor=actor)
    if rule.when.kind not in ("events", "users"):
        caught = recorded.activities(
            actor=actor, kinds=kinds(rule.when), since=since, until=until, projects=projects, limit=_ACTIVITIES_MAX
        )
        cut = f"Only the first {_ACTIVITIES_MAX:,} changes were looked at." if len(caught) == _ACTIVITIES_MAX else ""
        return for_changes(meant, caught, actor=actor), cut
    least = rule.when.count if rule.when.kind == "events" else 1
    ids = recorded.recent_ids(actor=actor, projects=projects, since=since, count_min=least, limit=_ISSUES_MAX)
    rows = issues.issues_by_ids(actor=actor, ids=ids)
    cut = f"Only the {_ISSUES_MAX:,} issues with the latest events were looked at." if len(ids) == _ISSUES_MAX else ""
    if rule.when.kind == "users":
        return for_users(meant, rows, actor=actor, since=since, until=until), cut
    return for_events(meant, rows, actor=actor, since=floor(since), until=until, last={}), cut


def _acted_on(actor: Actor, firings: Sequence[Firing], *, since: datetime) -> set[Firing]:
    """The firings after which a person did something about the issue within a day."""
    if not firings:
        return set()
    ids = {firing.issue_id for firing in firings}
    deeds = recorded.deeds_of_people(actor=actor, issue_ids=ids, since=since)
    return {
        firing
        for firing in firings
        if any(firing.at < at <= firing.at + _ACTED_WITHIN for at in deeds.get(firing.issue_id, []))
    }


def _example(firing: Firing, row: IssueRow, acted: set[Firing]) -> Example:
    return Example(key=row.key, title=row.title, at=firing.at, acted_on=firing in acted)
