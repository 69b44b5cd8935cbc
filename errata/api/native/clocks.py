"""Clocks of issues, and the calendars they go by."""

from datetime import UTC, datetime
from typing import Any, Literal

from ninja import Field, Router, Schema, Status
from ninja.params.functions import Body, Query

from errata.api.kit import ApiRequest
from errata.api.native.schemas import IssueDetailOut, IssueOut, Page
from errata.apps.calendars import operations as calendar_operations
from errata.apps.calendars import queries as calendar_queries
from errata.apps.calendars.types import CalendarView, Definition
from errata.apps.clocks import operations, queries
from errata.apps.clocks.plain import plain_advised, plain_clocks, plain_forecast, plain_preview, plain_reading
from errata.apps.clocks.queries import ClockFilter
from errata.apps.clocks.types import Advised, Attainment
from errata.apps.issues import operations as issue_operations
from errata.apps.issues import queries as issue_queries
from errata.apps.projects import queries as projects
from errata.core.sla import WEEKDAYS, parse_day, parse_spans, write_day, write_spans

router = Router(tags=["Clocks"])
_CHOSEN = Query(...)
_DOCUMENT = Body(...)
_FORECAST = Query(...)


class PartOut(Schema):
    """A stretch of wall time and what it was. `switch` takes no time."""

    since: datetime
    until: datetime
    seconds: float
    kind: str = Field(description="counted, outside, holiday, closed, paused, waiting, stopped or switch.")
    label: str


class ClockOut(Schema):
    """A clock. Lengths are seconds of working time."""

    clock: str
    state: str = Field(description="running, at_risk, breached, paused, met or missed.")
    target_s: float
    elapsed_s: float
    left_s: float
    share: float
    risk: int = Field(description="The greatest of 50, 75, 90 and 100 percent that was reached.")
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    next_at: datetime | None
    next_percent: int | None
    paused_by: str
    calendar: str
    as_of: datetime
    parts: list[PartOut] = Field(description="All of the wall time, in order; those that are counted sum to elapsed.")


class ClocksOut(Schema):
    key: str
    zone: str
    clocks: list[ClockOut]
    escalations: list[dict[str, Any]]
    chains: list[dict[str, Any]]


class ListedClockOut(Schema):
    issue: IssueOut
    reason: str
    probability: float | None
    clock: ClockOut


class ClockQuery(Schema):
    project: str = Field("", description="Slug or key.")
    team: str = Field("", description="Slug.")
    assignee: str = Field("", description="`me`, `none`, an e-mail address or `#team`.")
    kind: str = Field("", description="response, update or resolution; without it, what is due first of each issue.")
    state: str = Field("", description="running, at_risk, breached or paused.")
    cursor: str = Field("", description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class ForecastQuery(Schema):
    project: str = Field("", description="Slug or key.")
    team: str = Field("", description="Slug.")
    assignee: str = Field("", description="`me`, `none`, an e-mail address or `#team`.")
    state: str = Field("", description="running, at_risk, breached or paused.")


class AttainmentOut(Schema):
    """The promises of a team."""

    team: str = Field(description="Its slug; empty for the projects of no team.")
    name: str
    met: int
    missed: int
    late: int = Field(description="Those that still run, and ran out.")
    share: float | None = Field(description="Of all of these, the part that was kept; null: there is none.")

    @classmethod
    def of(cls, one: Attainment) -> "AttainmentOut":
        """It as scripts read it."""
        return cls(team=one.slug, name=one.name, met=one.met, missed=one.missed, late=one.breached, share=one.share)


class ForecastOut(Schema):
    """Of the resolution clocks that aren't late yet."""

    expected: float | None = Field(
        description="How many of the covered ones will probably run out; null: can't be told."
    )
    covered: int = Field(description="The clocks it is the sum of the probabilities of: those due first, 200 at most.")
    beyond: int = Field(description="Clocks due after those, in projects with enough history.")
    untold: int = Field(description="Clocks in projects with fewer than thirty resolved issues.")


class WaitIn(Schema):
    on: str = Field("", max_length=80, description="Somebody outside of the team; the empty text is nobody any more.")


class AdviceOut(Schema):
    """What could be promised of issues of one priority and severity. Times in minutes of their clock."""

    priority: str
    severity: str
    resolved: int
    promised: float | None
    kept: float | None = Field(description="The share that is resolved within what is promised.")
    p80: float | None = Field(description="Within this, four of five are resolved.")
    p90: float | None = Field(description="Within this, nine of ten are resolved.")
    verdict: Literal["too few", "realistic", "tight", "impossible", "generous", "no promise"]

    @staticmethod
    def of(one: Advised) -> "AdviceOut":
        return AdviceOut(**plain_advised(one))


class CalendarIn(Schema):
    """When a team works."""

    name: str = Field(min_length=1, max_length=80)
    zone: str = "UTC"
    week: dict[str, str] = Field(description='Hours by weekday: {"Monday": "09:00-12:30, 13:00-17:00"}.')
    country: str = Field("", description="Whose public holidays are kept: DE, US …")
    region: str = ""
    days: list[str] = Field([], description="Days of its own: `2026-12-24 09:00-12:00 Christmas Eve`.")
    default: bool | None = Field(None, description="Use it wherever a policy names no calendar.")
    from_now: bool = Field(False, description="Leave the past as it was reckoned.")


class CalendarOut(Schema):
    slug: str
    name: str
    default: bool
    version: int
    zone: str
    week: dict[str, str]
    country: str
    region: str
    days: list[str]
    holidays: dict[str, str]

    @staticmethod
    def of(view: CalendarView) -> "CalendarOut":
        told = view.definition
        return CalendarOut(
            slug=view.slug,
            name=view.name,
            default=view.is_default,
            version=view.version,
            zone=told.zone,
            week={name: write_spans(spans) for name, spans in zip(WEEKDAYS, told.week, strict=True)},
            country=told.country,
            region=told.region,
            days=[write_day(day) for day in told.days],
            holidays={day.date.isoformat(): day.name for day in told.holidays},
        )


@router.get("/issues/{key}/clocks", response=ClocksOut, summary="Explain an issue's clocks")
def issue_clocks(request: ApiRequest, key: str) -> dict[str, Any]:
    """Every clock with every minute accounted for."""
    return plain_clocks(queries.issue_clocks(actor=request.auth, key=key, now=datetime.now(UTC)))


@router.post("/issues/{key}/acknowledge", response=IssueDetailOut, summary="Acknowledge an issue")
def acknowledge(request: ApiRequest, key: str) -> IssueDetailOut:
    """Say that it was seen: chains of escalation end, and it counts as a response."""
    operations.acknowledge(key=key, by=request.auth, at=datetime.now(UTC))
    return IssueDetailOut.of_detail(issue_queries.issue(actor=request.auth, key=key))


@router.post("/issues/{key}/wait", response=IssueDetailOut, summary="Say whom an issue waits on")
def wait(request: ApiRequest, key: str, body: WaitIn) -> IssueDetailOut:
    """While it waits on somebody outside of the team, its clocks stand still, if the policy says so."""
    issue_operations.wait_on(key=key, on=body.on, by=request.auth, at=datetime.now(UTC))
    return IssueDetailOut.of_detail(issue_queries.issue(actor=request.auth, key=key))


@router.get("/clocks", response=Page[ListedClockOut], summary="List the clocks that run")
def list_clocks(request: ApiRequest, chosen: ClockQuery = _CHOSEN) -> Page[ListedClockOut]:
    """The one that breaches first at the top."""
    wanted = ClockFilter(**chosen.dict(exclude={"cursor", "limit"}))
    page = queries.list_clocks(
        actor=request.auth, now=datetime.now(UTC), chosen=wanted, after=chosen.cursor, limit=chosen.limit
    )
    items = [
        ListedClockOut(
            issue=IssueOut.of(row.issue),
            reason=row.reason,
            probability=row.probability.value,
            clock=ClockOut(**plain_reading(row.reading)),
        )
        for row in page.items
    ]
    return Page(items=items, next=page.next)


@router.get("/clocks/forecast", response=ForecastOut, summary="Say how many clocks will probably run out")
def forecast(request: ApiRequest, chosen: ForecastQuery = _FORECAST) -> dict[str, Any]:
    """The sum of the probabilities of the resolution clocks in time that are due first."""
    found = queries.forecast(actor=request.auth, now=datetime.now(UTC), chosen=ClockFilter(**chosen.dict()))
    return plain_forecast(found)


@router.get("/clocks/attainment", response=Page[AttainmentOut], summary="Say how many promises teams kept")
def attainment(
    request: ApiRequest,
    days: int = Query(30, ge=1, le=366),
    kind: Literal["response", "update", "resolution"] = "resolution",
    team: str = "",
) -> Page[AttainmentOut]:
    """Over the last days, by team, those of no team last; what is late now counts as broken."""
    found = queries.attainment(actor=request.auth, now=datetime.now(UTC), days=days, kind=kind, team=team)
    return Page(items=[AttainmentOut.of(one) for one in found])


@router.post("/projects/{slug}/clocks/preview", response=dict[str, Any], summary="Preview another policy")
def preview_policy(request: ApiRequest, slug: str, body: dict[str, Any] = _DOCUMENT) -> dict[str, Any]:
    """Which clocks would flip by this maximum time, written as in a template. Nothing is changed."""
    project = projects.project(actor=request.auth, which=slug)
    policy = queries.policy_from(body)
    now = datetime.now(UTC)
    return plain_preview(queries.preview_policy(actor=request.auth, project_ids=[project.id], policy=policy, now=now))


@router.get("/projects/{slug}/advice", response=Page[AdviceOut], summary="Say what could be promised")
def list_advice(request: ApiRequest, slug: str) -> Page[AdviceOut]:
    """By Kaplan and Meier's estimate from how the project's issues went; learnt once a day."""
    return Page(items=[AdviceOut.of(one) for one in queries.list_advice(actor=request.auth, which=slug)])


@router.get("/calendars", response=Page[CalendarOut], summary="List the calendars")
def list_calendars(request: ApiRequest) -> Page[CalendarOut]:
    """The organisation's business calendars."""
    return Page(items=[CalendarOut.of(view) for view in calendar_queries.list_calendars(actor=request.auth)])


@router.get("/calendars/{slug}", response=CalendarOut, summary="Get a calendar")
def get_calendar(request: ApiRequest, slug: str) -> CalendarOut:
    """A calendar with its holidays."""
    return CalendarOut.of(calendar_queries.calendar(actor=request.auth, slug=slug))


@router.post("/calendars", response={201: CalendarOut}, summary="Create a calendar")
def create_calendar(request: ApiRequest, body: CalendarIn) -> Status[CalendarOut]:
    """Clocks that go by it are reckoned anew within seconds."""
    now = datetime.now(UTC)
    made = calendar_operations.create_calendar(
        name=body.name, definition=_definition(body, now), is_default=bool(body.default), by=request.auth, at=now
    )
    return Status(201, CalendarOut.of(made))


@router.put("/calendars/{slug}", response=CalendarOut, summary="Change a calendar")
def put_calendar(request: ApiRequest, slug: str, body: CalendarIn) -> CalendarOut:
    """Corrects the past as well, unless `from_now`."""
    now = datetime.now(UTC)
    changed = calendar_operations.change_calendar(
        slug=slug, name=body.name, definition=_definition(body, now), is_default=body.default, from_now=body.from_now,
        by=request.auth, at=now,
    )  # fmt: skip
    return CalendarOut.of(changed)


@router.post("/calendars/{slug}/preview", response=dict[str, Any], summary="Preview a change of a calendar")
def preview(request: ApiRequest, slug: str, body: CalendarIn) -> dict[str, Any]:
    """Which clocks would flip. Nothing is changed."""
    now = datetime.now(UTC)
    found = queries.preview_calendar(
        actor=request.auth, slug=slug, name=body.name, definition=_definition(body, now), now=now,
        is_default=body.default, from_now=body.from_now,
    )  # fmt: skip
    return plain_preview(found)


@router.delete("/calendars/{slug}", response={204: None}, summary="Delete a calendar")
def delete_calendar(request: ApiRequest, slug: str) -> Status[None]:
    """Refused while a policy goes, or once went, by it: what was met in its hours stays met."""
    operations.delete_calendar(slug=slug, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


def _definition(body: CalendarIn, now: datetime) -> Definition:
    try:
        week = [parse_spans(body.week.get(name, "")) for name in WEEKDAYS]
        days = [parse_day(line) for line in body.days]
    except ValueError as error:
        msg = f"“{error}” can't be read. Hours are written 09:00-17:00, days 2026-12-24 09:00-12:00 Name."
        raise calendar_operations.CalendarRefused(msg, field="week") from error
    return calendar_operations.draft_definition(
        zone=body.zone, week=week, country=body.country, region=body.region, days=days, at=now
    )
