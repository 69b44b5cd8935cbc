"""Reads of clocks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.clocks.foretelling import advice_of, learnt_among, models_of, probability
from errata.apps.clocks.models import Basis, Chain, Clock, Escalation, Tally
from errata.apps.clocks.previewing import policy_from, preview_calendar, preview_policy
from errata.apps.clocks.reckoning import read
from errata.apps.clocks.types import (
    Advised,
    Attainment,
    Bucket,
    ChainView,
    ClockPage,
    ClockRow,
    EscalationView,
    Forecast,
    IssueClocks,
    Promises,
)
from errata.apps.issues import queries as issues
from errata.apps.issues.types import IssueRow
from errata.apps.projects import queries as projects
from errata.apps.projects.types import ProjectView
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.sla import Reading
from errata.core.sla.history import policy_at
from errata.core.sla.timetable import to_us

__all__ = [
    "BUCKETS", "KINDS", "STATES", "ClockFilter", "attainment", "buckets", "clocks_of", "count_recounting",
    "forecast", "issue_clocks", "list_advice", "list_clocks", "list_escalations", "policy_from", "preview_calendar",
    "preview_policy", "promises",
]  # fmt: skip

PAGE_MAX = 200
# A forecast reads no more clocks than the longest page does: those that are due first, whose running out is near.
FORECAST_MAX = PAGE_MAX
KINDS = ("response", "update", "resolution")
STATES = ("running", "at_risk", "breached", "paused")
_HOUR = timedelta(hours=1)
# Django writes `is_first = True` as the bare column on SQLite, which then passes the index by; IN it doesn't.
_FIRST = Q(is_first__in=(True,))
_LIVE = Q(is_live__in=(True,))
# name, words, from and before how long from now.
BUCKETS: tuple[tuple[str, str, timedelta | None, timedelta | None], ...] = (
    ("late1d", "Late by a day or more", None, -24 * _HOUR),
    ("late", "Late by up to a day", -24 * _HOUR, 0 * _HOUR),
    ("1h", "Within the hour", 0 * _HOUR, _HOUR),
    ("4h", "1 to 4 hours", _HOUR, 4 * _HOUR),
    ("8h", "4 to 8 hours", 4 * _HOUR, 8 * _HOUR),
    ("1d", "8 to 24 hours", 8 * _HOUR, 24 * _HOUR),
    ("3d", "1 to 3 days", 24 * _HOUR, 72 * _HOUR),
    ("7d", "3 to 7 days", 72 * _HOUR, 168 * _HOUR),
    ("later", "More than a week", 168 * _HOUR, None),
)


class FilterUnknown(Refusal):
    """A kind, state or stretch of time that clocks don't have."""

    code = "clock_filter_unknown"
    status = 400


class ClockFilter(msgspec.Struct, frozen=True):
    """Which clocks: as the address of the page says it. Without a kind, of each issue the one that is due first."""

    project: str = ""
    team: str = ""
    assignee: str = ""  # "me", "none" or an e-mail address
    kind: str = ""
    state: str = ""
    within: str = ""  # the name of a bucket


def issue_clocks(*, actor: Actor, key: str, now: datetime) -> IssueClocks:
    """The clocks of an issue, every minute of them accounted for. Raises IssueNotFound."""
    return clocks_of(actor=actor, row=issues.issue(actor=actor, key=key).row, now=now)


def clocks_of(*, actor: Actor, row: IssueRow, now: datetime, told: bool = True) -> IssueClocks:
    """The same, of an issue that the actor was given already; with the steps of its escalation unless untold."""
    allow(actor, "issue:read")
    found = read([row.id], at=now, explained=True)
    readings = found[0].readings if found else ()
    policy = policy_at(found[0].grounds.policies, to_us(now)) if found else None
    calendars = found[0].grounds.calendars if found else {}
    versions = (calendars.get(policy.calendar) or calendars[""]) if policy else ()
    return IssueClocks(
        key=row.key,
        readings=readings,
        escalations=_escalations(Escalation.objects.filter(issue_id=row.id).order_by("-at", "-id")[:50])
        if told
        else [],
        chains=[
            ChainView(kind=chain.kind, percent=chain.percent, next_to=chain.to[chain.link], next_at=chain.next_at)
            for chain in Chain.objects.filter(issue_id=row.id, next_at__isnull=False).order_by("next_at")
            if chain.next_at
        ],
        zone=versions[-1].timetable.calendar.zone if versions else "UTC",
    )


def list_clocks(
    *, actor: Actor, now: datetime, chosen: ClockFilter | None = None, after: str = "", limit: int = 50
) -> ClockPage:
    """The clocks that run, the one that breaches first at the top."""
    allow(actor, "issue:read")
    chosen = chosen or ClockFilter()
    limit = max(1, min(limit, PAGE_MAX))
    clocks = _within(_chosen(actor, chosen), chosen, now)
    places = list(_behind(clocks, after).values_list("due_at", "id", "issue_id", "kind")[: limit + 1])
    shown = places[:limit]
    rows = {row.id: row for row in issues.issues_by_ids(actor=actor, ids=[place[2] for place in shown])}
    found = {one.life.issue_id: one for one in read(rows, at=now)}
    readings: dict[tuple[int, str], Reading] = {
        (issue_id, reading.kind): reading for issue_id, one in found.items() for reading in one.readings
    }
    models = models_of({one.life.project_id for one in found.values()})
    items = [
        ClockRow(
            issue=rows[issue_id],
            reading=reading,
            reason=reason_of(reading, held=rows[issue_id].assignee is not None),
            probability=probability(reading, found[issue_id].life, models.get(found[issue_id].life.project_id)),
        )
        for _, _, issue_id, kind in shown
        if (reading := readings.get((issue_id, kind))) is not None
    ]  # fmt: skip
    following = _place(shown[-1]) if len(places) > limit else None
    return ClockPage(items=items, next=following)


def list_advice(*, actor: Actor, which: str | int) -> list[Advised]:
    """What could be promised in a project, from how its issues went; learnt once a day. Raises ProjectNotFound."""
    return advice_of(projects.project(actor=actor, which=which).id)


def buckets(*, actor: Actor, now: datetime, chosen: ClockFilter | None = None) -> list[Bucket]:
    """How many clocks breach within which stretch of time; those that stand still come last."""
    allow(actor, "issue:read")
    chosen = chosen or ClockFilter()
    clocks = _chosen(actor, msgspec.structs.replace(chosen, within=""))
    ends = [When(due_at__lt=now + until, then=Value(name)) for name, _, _, until in BUCKETS if until is not None]
    place = Case(When(due_at__isnull=True, then=Value("none")), *ends, default=Value(BUCKETS[-1][0]))
    counts = dict(clocks.annotate(place=place).values_list("place").annotate(Count("pk")))
    names = [*((name, told) for name, told, _, _ in BUCKETS), ("none", "Standing still")]
    return [Bucket(name=name, words=told, count=counts.get(name, 0)) for name, told in names]


def attainment(
    *, actor: Actor, now: datetime, days: int = 30, kind: str = "resolution", team: str = ""
) -> list[Attainment]:
    """How many promises of a kind each team has kept over the last days, those without a team last."""
    allow(actor, "issue:read")
    own = projects.list_projects(actor=actor)
    names = {project.id: (project.team_name, project.team) for project in own if team in ("", project.team)}
    found = promises(
        actor=actor, kind=kind, since=now - timedelta(days=days), where=Q(project_id__in=names), by="project_id"
    )
    told: dict[tuple[str, str], Promises] = {}
    for project_id, own_promises in found.items():
        told[names[project_id]] = told.get(names[project_id], Promises()) + own_promises
    order = sorted(told.items(), key=lambda item: (not item[0][0], item[0][0].casefold()))
    return [
        Attainment(name=name or "No team", slug=slug, **msgspec.structs.asdict(kept)) for (name, slug), kept in order
    ]


def promises(*, actor: Actor, kind: str, since: datetime, where: Q, by: str) -> dict[Any, Promises]:
    """How many promises of a kind were kept and missed since the beginning of that day, and are late.

    By a column of what `where` leaves: `project_id`, `type` or `severity`.
    """
    allow(actor, "issue:read")
    clocks = Tally.objects.filter(where, organization_id=actor.organization_id, kind=_known(kind, KINDS))
    counted = clocks.filter(Q(state="breached") | Q(state__in=("met", "missed"), day__gte=since.astimezone(UTC).date()))
    told: dict[Any, dict[str, int]] = {}
    for value, state, count in counted.values_list(by, "state").annotate(Sum("count")).order_by():
        told.setdefault(value, {})[state] = count
    return {value: Promises(**counts) for value, counts in told.items() if any(counts.values())}


def forecast(*, actor: Actor, now: datetime, chosen: ClockFilter | None = None) -> Forecast:
    """How many of the chosen resolution clocks that aren't late yet will probably run out.

    The sum of the probabilities of those due first, up to FORECAST_MAX, in projects with enough history. The others are
    counted and not guessed at: what is due in a month says nothing by what is due today.
    """
    allow(actor, "issue:read")
    chosen = msgspec.structs.replace(chosen or ClockFilter(), kind="resolution")
    ahead = _within(_chosen(actor, chosen), chosen, now).filter(due_at__gt=now)
    counts = dict(ahead.order_by().values_list("project_id").annotate(Count("pk")))
    learnt = learnt_among(counts)
    first = ahead.filter(project_id__in=learnt).order_by("due_at", "id") if learnt else Clock.objects.none()
    found = read(list(first.values_list("issue_id", flat=True)[:FORECAST_MAX]), at=now)
    models = models_of({one.life.project_id for one in found})
    told = [
        value
        for one in found
        for reading in one.readings
        if reading.kind == "resolution" and reading.is_live
        if (value := probability(reading, one.life, models.get(one.life.project_id)).value) is not None
    ]
    known = sum(counts[project_id] for project_id in learnt)
    return Forecast(
        expected=sum(told) if told else None,
        covered=len(told),
        beyond=known - len(told),
        untold=sum(counts.values()) - known,
    )


def list_escalations(*, actor: Actor, limit: int = 20) -> list[EscalationView]:
    """What was done lately as clocks ran out, newest first."""
    allow(actor, "issue:read")
    rows = Escalation.objects.filter(
        organization_id=actor.organization_id, issue__project__deleted_at=None, issue__project__archived_at=None
    )
    return _escalations(rows.order_by("-at", "-id")[: max(1, min(limit, PAGE_MAX))])


def count_recounting(*, actor: Actor) -> int:
    """How many of the organisation's projects have clocks that are being reckoned anew."""
    allow(actor, "issue:read")
    used = Basis.objects.filter(project__organization_id=actor.organization_id, project__archived_at=None)
    return used.filter(after_id__isnull=False).count()


def reason_of(reading: Reading, *, held: bool) -> str:
    """Why a clock is where it is, in a few words. What nobody holds is at risk whatever the clock says."""
    nobody = "" if held else ", nobody holds it"
    if reading.state == "paused":
        return f"Waits: {reading.paused_by}"
    if reading.due_at is None:
        return "No working time ahead"
    if reading.state == "breached":
        return f"Ran out{nobody}"
    return f"{reading.risk} % gone{nobody}" if reading.risk else f"In time{nobody}"


def _chosen(actor: Actor, chosen: ClockFilter) -> QuerySet[Clock]:
    found = Clock.objects.filter(_LIVE, organization_id=actor.organization_id)
    found = found.filter(kind=_known(chosen.kind, KINDS)) if chosen.kind else found.filter(_FIRST)
    if chosen.state:
        found = found.filter(state=_known(chosen.state, STATES))
    if chosen.assignee == "none":
        found = found.filter(assignee_id__isnull=True)
    elif chosen.assignee:
        found = found.filter(assignee_id__in=accounts.ids_of_people(actor=actor, named=chosen.assignee))
    if chosen.project or chosen.team:
        return found.filter(project_id__in=_projects(actor, chosen))
    hidden = projects.hidden_ids(actor)
    return found.exclude(project_id__in=hidden) if hidden else found


def _projects(actor: Actor, chosen: ClockFilter) -> list[int]:
    def fits(project: ProjectView) -> bool:
        return chosen.project in ("", project.slug, project.key) and chosen.team in ("", project.team)

    return [project.id for project in projects.list_projects(actor=actor) if fits(project)]


def _within(found: QuerySet[Clock], chosen: ClockFilter, now: datetime) -> QuerySet[Clock]:
    if chosen.within == "none" or (chosen.state == "paused" and not chosen.within):
        return found.filter(due_at__isnull=True)
    if not chosen.within:
        return found.filter(due_at__isnull=False)
    _known(chosen.within, [name for name, *_ in BUCKETS])
    since, until = next((since, until) for name, _, since, until in BUCKETS if name == chosen.within)
    return found.filter(_span(since, until, now))


def _span(since: timedelta | None, until: timedelta | None, now: datetime) -> Q:
    condition = Q(due_at__isnull=False)
    if since is not None:
        condition &= Q(due_at__gte=now + since)
    return condition & Q(due_at__lt=now + until) if until is not None else condition


def _behind(found: QuerySet[Clock], after: str) -> QuerySet[Clock]:
    """The clocks behind a place of the list: a due time and an id."""
    found = found.order_by("due_at", "id")
    if not after:
        return found
    moment, number = _read_place(after)
    if moment is None:
        return found.filter(id__gt=number)
    return found.filter(Q(due_at__gt=moment) | Q(due_at=moment, id__gt=number))


def _read_place(after: str) -> tuple[datetime | None, int]:
    due, _, last = after.partition("~")
    number = whole_number(last)
    try:
        moment = datetime.fromisoformat(due).astimezone(UTC) if due else None
    except (ValueError, OverflowError):
        number = None
    if number is None:
        msg = "This place belongs to another list. Begin again without it."
        raise FilterUnknown(msg)
    return moment, number


def _place(row: tuple[datetime | None, int, int, str]) -> str:
    return f"{row[0].isoformat() if row[0] else ''}~{row[1]}"


def _known(value: str, values: Sequence[str]) -> str:
    if value not in values:
        raise FilterUnknown(f"There is no “{value}” here. One of: {', '.join(values)}.", value=value)
    return value


def _escalations(rows: QuerySet[Escalation]) -> list[EscalationView]:
    return [
        EscalationView(
            key=f"{row.issue.project.key}-{row.issue.number}",
            title=row.issue.title,
            kind=row.kind,
            percent=row.percent,
            action=row.action,
            told=tuple(row.told),
            outcome=row.outcome,
            due_at=row.due_at,
            at=row.at,
        )
        for row in rows.select_related("issue__project")
    ]
