"""What one has to do, and when what is due."""

import calendar as calendars
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from errata.apps.issues import agenda, queries
from errata.apps.issues.types import IssueRow
from errata.core.search import SearchError
from errata.web.issues.problems import problem_of
from errata.web.requests import ActorRequest

# What a day of a month has room for; the rest is behind its number.
_A_DAY = 4
_MONDAY = 0


class Section(msgspec.Struct, frozen=True):
    """A part of my work."""

    id: str
    name: str
    why: str
    icon: str
    rows: list[IssueRow]


class Day(msgspec.Struct, frozen=True):
    """A day of the calendar."""

    date: date
    rows: list[IssueRow]
    more: int
    today: bool
    outside: bool  # of another month
    past: bool
    url: str  # of its week


class Span(msgspec.Struct, frozen=True):
    """What of the calendar is shown: whole weeks."""

    kind: str
    first: date
    days: int
    name: str
    month: int
    back: date
    on: date


def me(request: ActorRequest) -> HttpResponse:
    """What I hold and what waits for me, due first."""
    work = agenda.my_work(actor=request.actor, now=request.now)
    sections = [
        Section("retest", "To retest", "A fix is there; say whether it holds", "flask-conical", work.to_retest),
        Section("held", "You hold", "Open and yours, due first", "user", work.held),
        Section("mentioned", "You were asked", "Somebody named you and waits for an answer", "at-sign", work.mentioned),
        Section("deputised", "You stand in", "You are the deputy", "users", work.deputised),
    ]
    context = {
        "sections": [section for section in sections if section.rows],
        "nothing": work.empty,
        "late": sum(bool(row.due_at and row.due_at < request.now) for row in (*work.held, *work.to_retest)),
        "total": sum(len(section.rows) for section in sections),
        "seq": queries.newest_change(actor=request.actor),
    }
    return render(request, "agenda/me.html", context)


def calendar(request: ActorRequest) -> HttpResponse:
    """The issues of a month or a week by their due dates, in the viewer's time zone."""
    get = request.GET
    today = timezone.localdate(request.now)
    span = _span(get.get("span", "month"), _day(get.get("on", ""), otherwise=today))
    query = get.get("q", "is:open").strip()
    since, until = _start(span.first), _start(span.first + timedelta(days=span.days))
    rows: list[IssueRow] = []
    total, late, problem = 0, 0, None
    try:
        rows, total = agenda.due_between(actor=request.actor, since=since, until=until, query=query, now=request.now)
        late = agenda.overdue(actor=request.actor, before=request.now, query=query, now=request.now)
    except SearchError as error:
        problem = problem_of(error, query)
    context = {
        "weeks": _weeks(span, rows, today, query),
        "span": span,
        "query": query,
        "total": total,
        "shown": len(rows),
        "late": late,
        "problem": problem,
        "today": today,
        "weekdays": [calendars.day_abbr[(_MONDAY + place) % 7] for place in range(7)],
        "seq": queries.newest_change(actor=request.actor),
    }
    return render(request, "agenda/calendar.html", context, status=400 if problem else 200)


def _span(kind: str, on: date) -> Span:
    if kind == "week":
        first = on - timedelta(days=on.weekday())
        last = first + timedelta(days=6)
        name = f"{first.day} {first:%b} – {last.day} {last:%b %Y}"
        step = timedelta(days=7)
        return Span("week", first, 7, name, on.month, first - step, first + step)
    first_of_month = on.replace(day=1)
    first = first_of_month - timedelta(days=first_of_month.weekday())
    length = calendars.monthrange(on.year, on.month)[1]
    weeks = -(-((first_of_month - first).days + length) // 7)
    before = (first_of_month - timedelta(days=1)).replace(day=1)
    after = first_of_month + timedelta(days=length)
    return Span("month", first, weeks * 7, f"{on:%B} {on.year}", on.month, before, after)


def _weeks(span: Span, rows: Sequence[IssueRow], today: date, query: str) -> list[list[Day]]:
    of_day: dict[date, list[IssueRow]] = {}
    for row in rows:
        if row.due_at:
            of_day.setdefault(timezone.localdate(row.due_at), []).append(row)
    most = _A_DAY if span.kind == "month" else len(rows)
    days = [span.first + timedelta(days=number) for number in range(span.days)]
    shown = [
        Day(
            date=day,
            rows=(own := of_day.get(day, []))[:most],
            more=max(0, len(own) - most),
            today=day == today,
            outside=span.kind == "month" and day.month != span.month,
            past=day < today,
            url=f"{reverse('calendar')}?{urlencode({'span': 'week', 'on': day.isoformat(), 'q': query}, safe=':')}",
        )
        for day in days
    ]
    return [shown[place : place + 7] for place in range(0, len(shown), 7)]


def _day(text: str, *, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    # The weeks around it must be dates too.
    return found if date.min.year < found.year < date.max.year else otherwise


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
