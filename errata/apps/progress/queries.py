"""How the work goes. A dozen statements, whatever the number of issues."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Model, Q, QuerySet
from django.db.models.functions import TruncDate

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues import queries as issues
from errata.apps.progress.following import NAME
from errata.apps.progress.models import Life, Stay
from errata.apps.progress.types import AgeCount, DayCount, Filter, Part, Progress, StageCount, StageTime
from errata.apps.projects import queries as projects
from errata.core.errors import Refusal
from errata.core.progress import age_bounds, flow, percentiles
from errata.core.vocabulary import CLOSED_CATEGORIES, OPEN_CATEGORIES, SEVERITIES

DAYS_MAX = 366
PARTS = ("project", "team", "type", "severity")


class PartUnknown(Refusal):
    """A way to divide the numbers that there is not."""

    code = "part_unknown"
    status = 422


def progress(*, actor: Actor, now: datetime, which: Filter) -> Progress:
    """How the work went in the last days."""
    allow(actor, "issue:read")
    since = _since(now, which)
    stays, lives = _chosen(Stay, actor, which), _chosen(Life, actor, which)
    opened, ended = lives.filter(opened_at__gte=since), lives.filter(ended_at__gte=since)
    standing = _standing(stays)
    return Progress(
        since=since,
        funnel=[count for count in standing if count.category not in CLOSED_CATEGORIES],
        flow=_flow(stays, standing, since=since, now=now, days=which.days),
        stages=_stages(stays.filter(left_at__gte=since)),
        ages=_ages(lives, now),
        throughput=_throughput(opened, ended, now=now, days=which.days),
        opened=opened.count(),
        ended=ended.count(),
        returned=lives.filter(returns__gt=0, opened_at__gte=since).count(),
        time_to_take_up=percentiles(_seconds(lives.filter(taken_up_at__gte=since), "taken_up_s")),
        time_to_end=percentiles(_seconds(ended, "ended_s")),
        behind=issues.count_unfollowed(NAME),
    )


def parts(*, actor: Actor, now: datetime, which: Filter, by: str) -> list[Part]:
    """The same numbers for each project, team, type or severity, the busiest first."""
    allow(actor, "issue:read")
    if by not in PARTS:
        raise PartUnknown(f"There is no part “{by}”. One of: {', '.join(PARTS)}.", values=list(PARTS))
    since = _since(now, which)
    lives = _chosen(Life, actor, which)
    column = "project_id" if by in ("project", "team") else by
    name_of = _names(actor, by)
    ended: dict[tuple[str, str], list[int]] = {}
    for value, seconds in lives.filter(ended_at__gte=since).values_list(column, "ended_s"):
        ended.setdefault(name_of(value), []).append(seconds)
    counts: dict[tuple[str, str], list[int]] = {}
    grouped = lives.values_list(column).annotate(
        opened=Count("pk", filter=Q(opened_at__gte=since)), open=Count("pk", filter=Q(ended_at=None))
    )
    for value, opened, open_ in grouped:
        sums = counts.setdefault(name_of(value), [0, 0])
        sums[0] += opened
        sums[1] += open_
    found = [
        Part(name, title, opened, len(ended.get((name, title), [])), open_, percentiles(ended.get((name, title), [])))
        for (name, title), (opened, open_) in counts.items()
    ]
    if by == "severity":
        return sorted(found, key=lambda part: SEVERITIES.index(part.name) if part.name in SEVERITIES else -1)[::-1]
    return sorted(found, key=lambda part: (-part.open - part.opened, part.title))


def _chosen(model: type[Model], actor: Actor, which: Filter) -> QuerySet[Any]:
    found = model._default_manager.filter(organization_id=actor.organization_id)
    if which.project:
        found = found.filter(project_id=projects.project(actor=actor, which=which.project).id)
    elif which.team:
        own = [project.id for project in projects.list_projects(actor=actor) if project.team == which.team]
        found = found.filter(project_id__in=own)
    elif hidden := projects.hidden_ids(actor):
        found = found.exclude(project_id__in=hidden)
    if which.type:
        found = found.filter(type=which.type)
    return found.filter(severity=which.severity) if which.severity else found


def _since(now: datetime, which: Filter) -> datetime:
    first = now.date() - timedelta(days=max(1, min(which.days, DAYS_MAX)) - 1)
    return datetime.combine(first, time(), tzinfo=now.tzinfo)


def _standing(stays: QuerySet[Stay]) -> list[StageCount]:
    found = stays.filter(left_at=None).values_list("stage", "category").annotate(Count("pk"))
    return [StageCount(*row) for row in found.order_by()]


def _flow(stays: QuerySet[Stay], standing: list[StageCount], *, since: datetime, now: datetime, days: int) -> Any:
    current: dict[str, int] = {}
    for count in standing:
        current[count.category] = current.get(count.category, 0) + count.count
    came, went = (
        {(day, category): count for day, category, count in _by_day(stays, column, since)}
        for column in ("entered_at", "left_at")
    )
    return flow(today=now.date(), days=min(days, DAYS_MAX), now=current, came=came, went=went)


def _by_day(stays: QuerySet[Stay], column: str, since: datetime) -> list[tuple[date, str, int]]:
    days = stays.filter(**{f"{column}__gte": since}).annotate(day=TruncDate(column))
    return list(days.values_list("day", "category").annotate(Count("pk")).order_by())


def _stages(left: QuerySet[Stay]) -> list[StageTime]:
    """In the order of the work. An issue's last stage has no end, so it is not among them."""
    seconds: dict[tuple[int, str], list[int]] = {}
    for stage, category, own in left.values_list("stage", "category", "seconds").order_by():
        if category in OPEN_CATEGORIES and own is not None:
            seconds.setdefault((OPEN_CATEGORIES.index(category), stage), []).append(own)
    return [StageTime(stage, percentiles(own)) for (_, stage), own in sorted(seconds.items())]


def _ages(lives: QuerySet[Life], now: datetime) -> list[AgeCount]:
    bounds = age_bounds()
    counts = lives.filter(ended_at=None).aggregate(
        **{f"from_{since}": Count("pk", filter=_aged(since, until, now)) for since, until in bounds}
    )
    return [AgeCount(since, until, counts[f"from_{since}"]) for since, until in bounds]


def _aged(since: int, until: int | None, now: datetime) -> Q:
    """As `created:+1d created:-3d` means it in a search."""
    old = Q(opened_at__lt=now - timedelta(days=since)) if since else Q()
    return old if until is None else old & Q(opened_at__gte=now - timedelta(days=until))


def _throughput(opened: QuerySet[Life], ended: QuerySet[Life], *, now: datetime, days: int) -> list[DayCount]:
    came, went = (
        dict(lives.annotate(day=TruncDate(column)).values_list("day").annotate(Count("pk")).order_by())
        for lives, column in ((opened, "opened_at"), (ended, "ended_at"))
    )
    first = now.date() - timedelta(days=min(days, DAYS_MAX) - 1)
    all_days = (first + timedelta(days=number) for number in range(min(days, DAYS_MAX)))
    return [DayCount(day, came.get(day, 0), went.get(day, 0)) for day in all_days]


def _seconds(lives: QuerySet[Life], column: str) -> list[int]:
    return list(lives.values_list(column, flat=True).order_by())


def _names(actor: Actor, by: str) -> Callable[[Any], tuple[str, str]]:
    """What a value of the column is called: its name for filters, and its title."""
    if by in ("type", "severity"):
        return lambda value: (value, value or "none")
    known = {project.id: project for project in projects.list_projects(actor=actor)}
    if by == "project":
        return lambda value: (known[value].slug, known[value].name) if value in known else ("", "archived")
    teams = {team.slug: team.name for team in accounts.list_teams(actor=actor)}

    def team_of(value: int) -> tuple[str, str]:
        slug = known[value].team if value in known else ""
        return slug, teams.get(slug, "no team")

    return team_of
