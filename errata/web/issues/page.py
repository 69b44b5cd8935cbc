"""The issue page: the record, how often it happened, one of its events, and what people did."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from errata import ports
from errata.apps.clocks import queries as clocks
from errata.apps.clocks.types import IssueClocks
from errata.apps.designations import queries as designations
from errata.apps.issues import events as issue_events
from errata.apps.issues import families, hindsight, queries
from errata.apps.issues.types import IssueDetail, IssueRow
from errata.apps.notices import queries as notices
from errata.apps.retests import queries as retests
from errata.apps.workflows.queries import process_of
from errata.core.errors import Refusal
from errata.core.event.view import view
from errata.core.ids import EventId, ProjectId
from errata.core.notice import watching
from errata.core.workflow import OVERRIDE, Move
from errata.ports.event_store import TAGS_EVENTS_MAX, Course, EventBody, StoredSignal, TagSummary
from errata.web import draw
from errata.web.addresses import absolute
from errata.web.clocks.shown import ShownClock, shown
from errata.web.designations import words
from errata.web.issues import custom, events, presenter, retest, search_links, story
from errata.web.issues import report as reports
from errata.web.past import of_a_moment, query_of
from errata.web.requests import ActorRequest

# Bars that a chart of 960 units can show apart, in steps that people think in.
_PERIODS = {
    "24h": ("24h", 86_400, 1_800),
    "7d": ("7d", 7 * 86_400, 3 * 3_600),
    "14d": ("14d", 14 * 86_400, 6 * 3_600),
    "30d": ("30d", 30 * 86_400, 12 * 3_600),
}
_DEFAULT_PERIOD = "14d"
_TAGS_MAX = 12
_GROUPS_MAX = 10
_LINK_KINDS = (
    ("relates", "relates to"),
    ("blocks", "blocks"),
    ("duplicates", "duplicates"),
    ("causes", "causes"),
)


class EventNotFound(Refusal):
    """No such event in this issue."""

    code = "event_not_found"
    status = 404


class TagShare(msgspec.Struct, frozen=True):
    value: str
    share: int
    url: str


class TagRow(msgspec.Struct, frozen=True):
    key: str
    top_share: int
    values: list[TagShare]


class Period(msgspec.Struct, frozen=True):
    since: datetime
    until: datetime
    bucket_s: int
    name: str
    words: str = ""  # of a range that was drawn on the chart


class Asked(msgspec.Struct, frozen=True):
    """What the event store knows for the page."""

    body: EventBody | None
    course: Course
    signals: list[StoredSignal]
    tags: list[TagSummary]


@of_a_moment
def issue(request: ActorRequest, key: str, event_id: str = "") -> HttpResponse:
    """One issue with one of its events: the newest, or the one in the address."""
    if request.as_of:
        return _issue_then(request, key, event_id, as_of=request.as_of)
    detail = queries.issue(actor=request.actor, key=key)
    context = _record(request, detail) | _events(request, detail.row, event_id)
    return render(request, "issues/page.html", context)


def _issue_then(request: ActorRequest, key: str, event_id: str, *, as_of: datetime) -> HttpResponse:
    try:
        then = hindsight.issue_as_of(actor=request.actor, key=key, as_of=as_of)
    except hindsight.NotThereYet as refusal:
        came = parse_datetime(refusal.data["created_at"])
        return render(request, "issues/not_yet.html", {"key": key, "came": came}, status=refusal.status)
    context = _record_then(request, then, as_of=as_of) | _events(request, then.row, event_id)
    return render(request, "issues/past.html", context)


def _record_then(request: ActorRequest, then: hindsight.IssueThen, *, as_of: datetime) -> dict[str, Any]:
    """What can be told of the past: who it was with, where it stood, what had been said."""
    key, process = then.row.key, process_of(then.row.project.id)
    activity = hindsight.activity_as_of(actor=request.actor, key=key, as_of=as_of)
    comments = hindsight.comments_as_of(actor=request.actor, key=key, as_of=as_of)
    texts = [then.description, *(comment.body for comment in comments)]
    return {
        "issue": {"row": msgspec.structs.replace(then.row, users=then.users or 0)},
        "counted": then.counted,
        "missing": [then.partial] if then.partial else [],
        "description": then.description,
        "created_by": then.created_by,
        "titles": families.titles(actor=request.actor, texts=texts),
        "activity": story.story(key, activity[::-1], comments, process=process),
        "fields": custom.shown(request, process, issue_type=then.row.type, values=then.row.values),
    }


def raw(request: ActorRequest, key: str, event_id: str) -> HttpResponse:
    """The event's payload as it is stored."""
    body, _ = _body(request, key, event_id)
    return HttpResponse(body.payload, content_type="application/json; charset=utf-8")


def report(request: ActorRequest, key: str, event_id: str) -> HttpResponse:
    """The issue and the event as Markdown, for a chat or another tracker."""
    body, row = _body(request, key, event_id)
    text = reports.markdown(row, view(body.payload), url=absolute(reverse("issue", args=[row.key])))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def attachment(request: ActorRequest, key: str, event_id: str, name: str) -> HttpResponse:
    """A file that came with the event. Always a download: nothing of a client's is shown as a page."""
    _body(request, key, event_id)
    project_id = ProjectId(queries.issue(actor=request.actor, key=key).row.project.id)
    content = ports.current().events.signal_body(project_id=project_id, event_id=EventId(event_id), name=name)
    if content is None:
        raise EventNotFound(f"Event {event_id} has no attachment {name}.")
    disposition = f"attachment; filename*=UTF-8''{quote(name.rsplit('/', 1)[-1])}"
    return HttpResponse(content, content_type="application/octet-stream", headers={"Content-Disposition": disposition})


def _is_onward(move: Move, order: Sequence[str], stage: str) -> bool:
    """Whether a move can be the page's one button: nearer to the end, and asking for nothing, or only for proof."""
    nearer = move.to in order and stage in order and order.index(move.to) > order.index(stage)
    return nearer and all(need.fields == OVERRIDE for need in move.needs)


def _record(request: ActorRequest, detail: IssueDetail) -> dict[str, Any]:
    key = detail.row.key
    activity, comments = queries.activity(actor=request.actor, key=key), queries.comments(actor=request.actor, key=key)
    process = process_of(detail.row.project.id)
    order = [stage.name for stage in process.workflow.stages]
    onward = [move for move in detail.moves if move.allowed and _is_onward(move, order, detail.row.stage)]
    groups = queries.groups(actor=request.actor, key=key)[:_GROUPS_MAX]
    timed = clocks.clocks_of(actor=request.actor, row=detail.row, now=request.now, told=False)
    texts = [detail.description, *(comment.body for comment in comments)]
    return {
        **_clocks(timed),
        "family": families.family(actor=request.actor, of=detail.row),
        "titles": families.titles(actor=request.actor, texts=texts),
        "issue": detail,
        "description": detail.description,
        "created_by": detail.created_by,
        "absolute_url": absolute(reverse("issue", args=[key])),
        "next_move": next(iter(onward), None),
        "held": words.held(queries.holders_of(actor=request.actor, issue_id=detail.row.id)),
        "why_assigned": words.why_decided(designations.decision_of(actor=request.actor, issue_id=detail.row.id)),
        "activity": story.story(key, activity[::-1], comments, process=process),
        "fields": custom.shown(request, process, issue_type=detail.row.type, values=detail.row.values),
        "groups": story.explained(groups),
        "watch": notices.watch_of(actor=request.actor, issue_id=detail.row.id, watching=detail.watching),
        "watch_modes": watching.WORDS,
        "link_kinds": _LINK_KINDS,
        "seq": queries.newest_change(actor=request.actor),
    } | retest.card(request, detail)


def _marks(request: ActorRequest, row: IssueRow, period: Period) -> list[tuple[datetime, str]]:
    deploys = retests.deploys_between(
        actor=request.actor, project=row.project.id, since=period.since, until=period.until
    )
    return [(one.at, f"{retests.short_version(one.version)} deployed to {one.environment}") for one in deploys]


def _clocks(timed: IssueClocks) -> dict[str, Any]:
    """The clocks for the panel; the one that is due first for the head."""
    drawn = [shown(reading) for reading in timed.readings]
    return {"shown_clocks": drawn, "clock": _due_first(drawn), "clock_chains": timed.chains}


def _due_first(drawn: Sequence[ShownClock]) -> ShownClock | None:
    live = [clock for clock in drawn if clock.reading.is_live]
    due = [clock for clock in live if clock.reading.due_at]
    first = min(due, key=lambda clock: clock.reading.due_at or clock.reading.as_of, default=None)
    return first or next(iter(live), None) or next((clock for clock in drawn if clock.name == "Resolution"), None)


def _events(request: ActorRequest, row: IssueRow, event_id: str) -> dict[str, Any]:
    if not row.groups:
        return {}
    period = _period(request, row)
    asked, _ = events.ask(lambda: _ask(row, event_id, period, as_of=request.as_of), otherwise=None)
    if asked is None:
        return {"missing": [events.MISSING], "tags_missing": True}
    buckets = asked.course.buckets
    counted = sum(bucket.count for bucket in buckets) if period.words else asked.course.events
    chart = draw.histogram([(bucket.start, bucket.count) for bucket in buckets], bucket_s=period.bucket_s)
    shown = {
        "histogram": draw.marked(chart, _marks(request, row, period)),
        "period": period.name,
        "periods": [(value, words) for value, (words, _, _) in _PERIODS.items()],
        "range_words": period.words,
        "clear_range_url": request.path + query_of(request),
        "axis_format": "j M H:i" if period.until - period.since < timedelta(days=3) else "j M",
        "tags": _tags(row, asked.tags),
        "tags_of": TAGS_EVENTS_MAX if counted > TAGS_EVENTS_MAX else 0,
    }
    if asked.body is None:
        return shown | {"event_gone": _gone(row, event_id)}
    return shown | {"event": _present(row, asked.body, asked, query=query_of(request))}


def _ask(row: IssueRow, event_id: str, period: Period, *, as_of: datetime | None) -> Asked:
    store, everything = ports.current().events, issue_events.scope_of(row, as_of=as_of)
    summed = everything
    if period.words:
        summed = msgspec.structs.replace(everything, since=period.since, until=period.until)
    tags = events.beside(lambda: store.tags(summed, values_max=5))
    body = issue_events.read_event(row, event_id, as_of=as_of)
    event = body.event if body else None
    course = store.course(everything, event=event, since=period.since, until=period.until, bucket_s=period.bucket_s)
    signals = (
        store.signals(project_id=event.project_id, event_id=event.event_id, received=event.received) if event else []
    )
    return Asked(body=body, course=course, signals=signals, tags=tags.result())


def _present(row: IssueRow, body: EventBody, asked: Asked, *, query: str) -> presenter.EventPage:
    course = asked.course
    steps = presenter.steps(
        row.key,
        shown=body.event.event_id,
        oldest=course.oldest,
        older=course.older,
        newer=course.newer,
        newest=course.newest,
        query=query,
    )
    return presenter.present(row, body, view(body.payload), steps=steps, signals=asked.signals)


def _gone(row: IssueRow, event_id: str) -> str:
    if event_id:
        return f"Event {event_id} is not part of {row.key}, or was removed by retention."
    return "Its events were removed by retention; the counts stay."


def _body(request: ActorRequest, key: str, event_id: str) -> tuple[EventBody, IssueRow]:
    row = queries.issue(actor=request.actor, key=key).row
    body = issue_events.read_event(row, event_id)
    if body is None:
        raise EventNotFound(f"Event {event_id} is not part of {row.key}, or was removed by retention.")
    return body, row


def _period(request: ActorRequest, row: IssueRow) -> Period:
    since, until = _moment(request, "since"), _moment(request, "until")
    if since and until and since < until:
        seconds = (until - since).total_seconds()
        bucket_s = next((size for size in (60, 300, 1_800, 3_600, 10_800, 21_600) if seconds / size <= 60), 86_400)
        return Period(
            since=since, until=until, bucket_s=bucket_s, name="", words=f"{since:%-d %b %H:%M} – {until:%-d %b %H:%M}"
        )
    now, name = request.as_of or request.now, request.GET.get("period", "")
    if name not in _PERIODS:
        # The shortest that shows the issue's whole life, so that a new one isn't a single bar at the edge.
        age_s = (now - row.first_seen).total_seconds()
        name = next((name for name, (_, length_s, _) in _PERIODS.items() if age_s < length_s), _DEFAULT_PERIOD)
    _, length_s, bucket_s = _PERIODS[name]
    return Period(since=now - timedelta(seconds=length_s), until=now, bucket_s=bucket_s, name=name)


def _moment(request: ActorRequest, name: str) -> datetime | None:
    try:
        found = parse_datetime(request.GET.get(name, "").replace(" ", "+"))
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _tags(row: IssueRow, summaries: Sequence[TagSummary]) -> list[TagRow]:
    return [
        TagRow(
            key=summary.key,
            top_share=round(100 * summary.values[0].count / summary.count) if summary.values and summary.count else 0,
            values=[
                TagShare(
                    value=value.value,
                    share=round(100 * value.count / summary.count),
                    url=search_links.tag(summary.key, value.value, project=row.project.slug),
                )
                for value in summary.values
            ],
        )
        for summary in summaries[:_TAGS_MAX]
        if summary.count
    ]
