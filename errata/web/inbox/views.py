"""What there is to hear, by issue; and what a person does with it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, cast, get_args

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from errata.apps.notices import operations, queries
from errata.apps.notices.types import InboxView
from errata.core.errors import Refusal
from errata.core.notice.kinds import KINDS
from errata.core.numeral import whole_number
from errata.web.answers import Toast, fragment, go, piece
from errata.web.requests import ActorRequest

_VIEWS: Mapping[InboxView, str] = {"inbox": "Inbox", "snoozed": "Snoozed", "done": "Done"}
_MORNING = time(9)
_ICONS = {
    "assigned": "user-plus", "mentioned": "at-sign", "escalated": "clock", "regressed": "rotate-ccw", "spike": "zap",
    "commented": "message-square", "retest": "flask-conical", "stage": "arrow-right", "created": "circle-dot",
    "automation": "workflow", "workflow": "git-branch", "changed": "pencil",
}  # fmt: skip
_ITEMS_MAX = 200


class DeedUnknown(Refusal):
    """Only what the buttons say can be done here."""

    code = "deed_unknown"
    status = 400


class SnoozeChoice(msgspec.Struct, frozen=True):
    name: str
    until: datetime


class _Deed(msgspec.Struct, frozen=True):
    do: Callable[..., list[int]]
    words: str
    undo: str = ""


_DEEDS = {
    "done": _Deed(operations.done, "Done", "back"),
    "back": _Deed(operations.bring_back, "Back in the inbox", ""),
    "read": _Deed(operations.mark_read, "Read", "unread"),
    "unread": _Deed(operations.mark_unread, "Unread", "read"),
    "mute": _Deed(operations.mute, "Muted: you hear of it only when you are named", "unmute"),
    "unmute": _Deed(operations.unmute, "No longer muted", ""),
}


def inbox(request: ActorRequest) -> HttpResponse:
    """The inbox, or what was snoozed or done."""
    return render(request, "inbox/page.html", _context(request))


@require_POST
def act(request: ActorRequest) -> HttpResponse:
    """Do something with some lines: the list is drawn again, with an undo."""
    items = list(filter(None, map(whole_number, request.POST.getlist("item")[:_ITEMS_MAX])))
    name = request.POST.get("do", "")
    if name == "snooze":
        toast = _snoozed(request, items)
    elif name in _DEEDS:
        changed = _DEEDS[name].do(item_ids=items, by=request.actor, at=request.now)
        toast = _toast(_DEEDS[name], changed, view=_view(request))
    else:
        raise DeedUnknown(f"There is no button “{name}”.", do=name)
    if not request.htmx:
        return go(request, _url(_view(request)), toast=toast)
    body = render_to_string("inbox/body.html", _context(request), request)
    return fragment(request, [piece("#inbox", body)], toast=toast if name not in ("read", "unread") else None)


@require_POST
def read(request: ActorRequest, key: str) -> HttpResponse:
    """The issue's page was opened: its notices are read."""
    operations.mark_issue_read(key=key, by=request.actor, at=request.now)
    return HttpResponse(status=204)


@require_POST
def watch(request: ActorRequest, key: str) -> HttpResponse:
    """Choose what to hear of an issue."""
    mode = request.POST.get("mode", "")
    operations.set_watch(key=key, mode=mode, by=request.actor, at=request.now)
    words = "You hear of it only when you are named." if mode == "none" else f"You watch {key}."
    if not request.htmx:
        return go(request, reverse("issue", args=[key]), toast=Toast(text=words))
    response = fragment(request, [], toast=Toast(text=words))
    response.headers["HX-Trigger"] = "errata:changed"
    return response


def snooze_choices(now: datetime) -> list[SnoozeChoice]:
    """Until when people snooze, by the wall clock of who looks."""
    local = timezone.localtime(now)
    evening = local.replace(hour=18, minute=0, second=0, microsecond=0)
    monday = local.date() + timedelta(days=7 - local.weekday())
    choices = [SnoozeChoice("In an hour", now + timedelta(hours=1))]
    if evening - local > timedelta(hours=2):
        choices.append(SnoozeChoice("This evening", evening))
    choices.append(SnoozeChoice("Tomorrow morning", _at(local.date() + timedelta(days=1), local)))
    choices.append(SnoozeChoice("Next Monday", _at(monday, local)))
    return choices


def _at(day: Any, local: datetime) -> datetime:
    return datetime.combine(day, _MORNING, tzinfo=local.tzinfo)


def _snoozed(request: ActorRequest, items: Sequence[int]) -> Toast:
    until = parse_datetime(request.POST.get("until", "").replace(" ", "+")) or request.now
    if timezone.is_naive(until):
        until = timezone.make_aware(until)
    changed = operations.snooze(item_ids=items, until=until, by=request.actor, at=request.now)
    local = timezone.localtime(until)
    deed = _Deed(operations.snooze, f"Snoozed until {local:%A}, {local.day} {local:%B}, {local:%H:%M}", "back")
    return _toast(deed, changed, view=_view(request))


def _toast(deed: _Deed, items: Sequence[int], *, view: InboxView) -> Toast:
    if not deed.undo:
        return Toast(text=f"{deed.words}.")
    values = (("do", deed.undo), ("view", view), *(("item", str(item)) for item in items))
    return Toast(text=f"{deed.words}.", undo_url=reverse("inbox-act"), undo_values=values)


def _context(request: ActorRequest) -> dict[str, Any]:
    view = _view(request)
    after = whole_number(request.GET.get("after", ""))
    found = queries.inbox(actor=request.actor, now=request.now, view=view, after=after)
    return {
        "inbox": found,
        "view": view,
        "views": [(name, _url(value), value == view, found.counts[value]) for value, name in _VIEWS.items()],
        "snoozes": snooze_choices(request.now),
        "icons": _ICONS,
        "kinds": KINDS,
        "next_url": f"{_url(view, after=found.next)}" if found.next else "",
    }


def _view(request: ActorRequest) -> InboxView:
    wanted = request.POST.get("view") or request.GET.get("view", "inbox")
    return cast("InboxView", wanted) if wanted in get_args(InboxView) else "inbox"


def _url(view: InboxView, *, after: int | None = None) -> str:
    asked = {"view": view} if view != "inbox" else {}
    query = urlencode(asked | ({"after": after} if after else {}))
    return reverse("inbox") + (f"?{query}" if query else "")
