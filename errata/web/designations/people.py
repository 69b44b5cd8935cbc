"""What people can, what they hold, and when they are away."""

from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_POST

from errata.apps.designations import operations, queries
from errata.apps.projects import queries as projects
from errata.apps.templates.types import Scope
from errata.core.designation import WEIGHTS
from errata.core.errors import Refusal
from errata.web.answers import Toast, go
from errata.web.process.frame import framed
from errata.web.requests import ActorRequest


class MomentRefused(Refusal):
    """A day that can't be read."""

    code = "moment_refused"
    status = 422


def people(request: ActorRequest) -> HttpResponse:
    """Everybody with their skills, load and absences."""
    known = projects.list_projects(actor=request.actor)
    parts = [
        ("Rules", reverse("designation", args=[known[0].slug]) if known else reverse("designations"), False),
        ("CODEOWNERS", reverse("designation-codeowners", args=[known[0].slug]), False) if known else None,
        ("People and absences", request.path, True),
    ]
    colleagues = queries.list_colleagues(actor=request.actor, now=request.now)
    most = max((one.load for one in colleagues), default=0)
    context = {
        "colleagues": [(one, round(100 * one.load / most) if most else 0) for one in colleagues],
        "parts": [part for part in parts if part],
        "weights": list(WEIGHTS.items()),
    }
    return framed(request, "designations/people.html", context, current="designations", scope=Scope())


@require_POST
def skills(request: ActorRequest) -> HttpResponse:
    """Say what somebody can."""
    wanted = [name.strip() for name in request.POST.get("skills", "").split(",") if name.strip()]
    who = request.POST.get("person", "me")
    operations.set_skills(who=who, skills=wanted, by=request.actor, at=request.now)
    return go(request, reverse("designation-people"), toast=Toast(text="The skills are saved."))


@require_POST
def absence(request: ActorRequest) -> HttpResponse:
    """Say when somebody is away."""
    operations.add_absence(
        who=request.POST.get("person", "me"),
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        stand_in=request.POST.get("stand_in") or None,
        note=request.POST.get("note", ""),
        by=request.actor,
        at=request.now,
    )
    return go(request, reverse("designation-people"), toast=Toast(text="The absence is noted."))


@require_POST
def back(request: ActorRequest, absence_id: int) -> HttpResponse:
    """Somebody is back, or won't be away after all."""
    operations.end_absence(absence_id=absence_id, by=request.actor, at=request.now)
    return go(request, reverse("designation-people"), toast=Toast(text="The absence is taken out."))


def _moment(request: ActorRequest, name: str) -> datetime:
    """A day, or a day and time, by the viewer's clock."""
    text = request.POST.get(name, "").strip()
    try:
        found = parse_datetime(text)
        day = parse_date(text) if found is None else None
    except ValueError:
        found = day = None
    if found is None and day is not None:
        found = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - its zone follows
    if found is None:
        raise MomentRefused(f"“{text}” is no day. Choose one from the calendar.", field=name)
    return found if found.tzinfo else timezone.make_aware(found)
