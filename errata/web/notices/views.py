"""What people are sent, through which channels, and what came of it."""

from datetime import timedelta
from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from errata.apps.accounts.permissions import allow
from errata.apps.notices import operations, queries
from errata.apps.notices.types import ChannelView
from errata.apps.notices.wishes import zones
from errata.core.errors import Refusal
from errata.core.notice.channels import CHANNEL_KINDS, HOURLY_MAX
from errata.core.notice.hearing import SUBSCRIPTIONS
from errata.core.notice.kinds import EMAIL, INBOX, KINDS, Kind
from errata.core.notice.message import PLACEHOLDERS, TEXT_WORDS, TITLE_WORDS
from errata.core.notice.preferences import Preferences, places_of
from errata.core.numeral import whole_number
from errata.web.answers import Toast, go, public
from errata.web.forms import Form, posted, refused
from errata.web.requests import ActorRequest, PublicRequest

_STATES = (("", "All"), ("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed"), ("dropped", "Not sent"))
_LOG_PAGE = 50
# How long a test's page asks what came of it. The sender looks twice a second, and gives a receiver 15.
_TEST_WITHIN = timedelta(seconds=30)


class KindRow(msgspec.Struct, frozen=True):
    """A line of the table of preferences."""

    kind: Kind
    places: list[tuple[str, str, bool]]  # value, name, ticked


def preferences(request: ActorRequest) -> HttpResponse:
    """What to hear, where and when."""
    form = Form()
    if request.method == "POST":
        try:
            return _saved(request)
        except Refusal as refusal:
            form = refused(posted(request, "zone", "quiet_from", "quiet_to", "digest_at"), refusal)
    own = queries.channels(actor=request.actor, mine=True)
    wishes = queries.preferences(actor=request.actor)
    context = {
        "form": form,
        "wishes": wishes,
        "columns": _columns(own),
        "rows": [_row(kind, wishes, own) for kind in KINDS.values()],
        "zones": sorted(zones()),
        "own": own,
        "subscriptions": queries.subscriptions(actor=request.actor),
        "subscription_modes": SUBSCRIPTIONS,
        "channel_kinds": [kind for kind in CHANNEL_KINDS.values() if kind.slug != "email"],
    }
    return render(request, "notices/preferences.html", context, status=422 if form.problem or form.errors else 200)


@require_POST
def subscribe(request: ActorRequest) -> HttpResponse:
    """Hear of a whole project, or no more."""
    project, mode = request.POST.get("project", ""), request.POST.get("mode", "")
    operations.subscribe(project=project, mode=mode, by=request.actor, at=request.now)
    words = "You hear of the project." if mode else "You no longer hear of the whole project."
    return go(request, reverse("notifications") + "#projects", toast=Toast(text=words))


def channels(request: ActorRequest) -> HttpResponse:
    """The organisation's channels; a posted form adds one, or one of a person's own."""
    form, secret, made = Form(values={"kind": "slack", "hourly_max": str(HOURLY_MAX)}), "", None
    if request.method == "POST":
        mine = request.POST.get("mine") == "1"
        values = posted(request, "name", "kind", "address", "hourly_max")
        try:
            made, secret = operations.create_channel(
                name=values["name"], kind=values["kind"], address=values["address"], mine=mine,
                hourly_max=_number(values["hourly_max"], HOURLY_MAX), by=request.actor, at=request.now,
            )  # fmt: skip
        except Refusal as refusal:
            form = refused(values, refusal)
        else:
            if not secret:
                toast = Toast(text=f"Added {made.name}. Send a test to see that it works.")
                return go(request, reverse("channel", args=[made.id]), toast=toast)
    else:
        allow(request.actor, "org:admin")
    context = {
        "form": form,
        "secret": secret,
        "made": made,
        "channels": queries.channels(actor=request.actor),
        "kinds": list(CHANNEL_KINDS.values()),
    }
    return render(request, "notices/channels.html", context, status=422 if form.problem or form.errors else 200)


def channel(request: ActorRequest, channel_id: int) -> HttpResponse:
    """One channel: its address, its words, a test, and what it was sent."""
    form = Form()
    if request.method == "POST":
        values = posted(request, "name", "address", "hourly_max", "title_words", "text_words")
        try:
            operations.update_channel(
                channel_id=channel_id,
                name=values["name"],
                address=values["address"],
                hourly_max=_number(values["hourly_max"], 0),
                enabled=request.POST.get("enabled") == "1",
                title_words=values["title_words"],
                text_words=values["text_words"],
                by=request.actor,
                at=request.now,
            )
        except Refusal as refusal:
            form = refused(values, refusal)
        else:
            return go(request, reverse("channel", args=[channel_id]), toast=Toast(text="Saved."))
    shown = queries.channel(actor=request.actor, channel_id=channel_id)
    title_words, text_words = shown.title_words or TITLE_WORDS, shown.text_words or TEXT_WORDS
    context = {
        "form": form,
        "channel": shown,
        "kind": CHANNEL_KINDS[shown.kind],
        "title_words": form.values.get("title_words", title_words),
        "text_words": form.values.get("text_words", text_words),
        "sample": queries.preview(title_words=title_words, text_words=text_words),
        "placeholders": PLACEHOLDERS,
        "deliveries": queries.deliveries(actor=request.actor, channel_id=channel_id, limit=10),
    }
    return render(request, "notices/channel.html", context, status=422 if form.problem or form.errors else 200)


@require_POST
def preview(request: ActorRequest) -> HttpResponse:
    """A sample message in the words that are being typed."""
    title_words, text_words = request.POST.get("title_words", ""), request.POST.get("text_words", "")
    context: dict[str, Any]
    try:
        context = {"sample": queries.preview(title_words=title_words, text_words=text_words)}
    except Refusal as refusal:
        context = {"problem": refusal.message}
    return render(request, "notices/sample.html", context)


@require_POST
def test(request: ActorRequest, channel_id: int) -> HttpResponse:
    """Send a test, and show what comes of it."""
    number = operations.send_test(channel_id=channel_id, by=request.actor, at=request.now)
    return delivery(request, number)


@require_POST
def replay(request: ActorRequest, channel_id: int) -> HttpResponse:
    """Send again all that a channel did not take."""
    count = operations.resend_failed(channel_id=channel_id, by=request.actor, at=request.now)
    words = f"{count} message{'' if count == 1 else 's'} will be sent again." if count else "Nothing had failed."
    return go(request, reverse("channel", args=[channel_id]), toast=Toast(text=words))


@require_POST
def delete(request: ActorRequest, channel_id: int) -> HttpResponse:
    """Remove a channel."""
    mine = queries.channel(actor=request.actor, channel_id=channel_id).mine
    operations.delete_channel(channel_id=channel_id, by=request.actor, at=request.now)
    return go(request, reverse("notifications" if mine else "channels"), toast=Toast(text="The channel is removed."))


def deliveries(request: ActorRequest) -> HttpResponse:
    """What was sent, to whom, and what was answered."""
    wanted, before = (whole_number(request.GET.get(name, "")) for name in ("channel", "before"))
    state = request.GET.get("state", "")
    state = state if state in dict(_STATES) else ""
    found = queries.deliveries(
        actor=request.actor,
        channel_id=wanted,
        state=state,
        before=before,
        limit=_LOG_PAGE,
    )
    context = {
        "deliveries": found,
        "states": _STATES,
        "state": state,
        "next": found[-1].id if len(found) == _LOG_PAGE else None,
        "filtered": bool(wanted or state),
    }
    return render(request, "notices/deliveries.html", context)


def delivery(request: ActorRequest, delivery_id: int) -> HttpResponse:
    """What came of one message: asked for again and again, until something has."""
    found = queries.delivery(actor=request.actor, delivery_id=delivery_id)
    waiting = (
        found.state in ("waiting", "sending") and not found.attempts and request.now - found.created_at < _TEST_WITHIN
    )
    return render(request, "notices/result.html", {"delivery": found, "waiting": waiting})


@require_POST
def resend(request: ActorRequest, delivery_id: int) -> HttpResponse:
    """Send one message again."""
    operations.resend(delivery_id=delivery_id, by=request.actor, at=request.now)
    back = request.POST.get("back", "")
    here = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return go(request, back if here else reverse("deliveries"), toast=Toast(text="It will be sent again."))


@public
@csrf_exempt  # Mail programs press the button themselves (RFC 8058); the link's own signature says who it is for.
def unsubscribe(request: PublicRequest, token: str) -> HttpResponse:
    """Stop mail, by the link in one. A GET only asks, since mail scanners follow links."""
    context: dict[str, Any] = {"form": Form()}
    try:
        if request.method == "POST":
            everything = request.POST.get("all") == "1"
            context |= {"done": True, "key": operations.stop(token=token, at=request.now, everything=everything)}
        else:
            context |= {"key": queries.stops(token)}
    except Refusal as refusal:
        context |= {"gone": True, "form": Form(problem=refusal.message)}
    return render(request, "notices/unsubscribe.html", context, status=404 if context.get("gone") else 200)


def _saved(request: ActorRequest) -> HttpResponse:
    own = queries.channels(actor=request.actor, mine=True)
    known = {INBOX, EMAIL, *(f"channel:{one.id}" for one in own)}
    texts = posted(request, "zone", "quiet_from", "quiet_to", "digest", "digest_at", "issue_max", "channel_max")
    wishes = Preferences(
        places={slug: tuple(place for place in request.POST.getlist(slug) if place in known) for slug in KINDS},
        zone=texts["zone"],
        quiet_from=texts["quiet_from"],
        quiet_to=texts["quiet_to"],
        urgent_wakes=request.POST.get("urgent_wakes") == "1",
        digest="daily" if texts["digest"] == "daily" else "hourly" if texts["digest"] == "hourly" else "off",
        digest_at=texts["digest_at"] or Preferences().digest_at,
        issue_hourly_max=_number(texts["issue_max"], 0),
        channel_hourly_max=_number(texts["channel_max"], 0),
        mail_off=request.POST.get("mail_off") == "1",
    )
    operations.set_preferences(preferences=wishes, by=request.actor, at=request.now)
    return go(request, reverse("notifications"), toast=Toast(text="Saved."))


def _columns(own: list[ChannelView]) -> list[str]:
    return ["Inbox", "E-mail", *(one.name for one in own)]


def _row(kind: Kind, wishes: Preferences, own: list[ChannelView]) -> KindRow:
    # What is ticked is the wish itself: mail that a link switched off keeps its ticks.
    ticked = places_of(msgspec.structs.replace(wishes, mail_off=False), kind)
    places = [(INBOX, "Inbox"), (EMAIL, "E-mail"), *((f"channel:{one.id}", one.name) for one in own)]
    return KindRow(kind=kind, places=[(value, name, value in ticked) for value, name in places])


def _number(text: str, otherwise: int) -> int:
    number = whole_number(text, digits_max=9)
    return otherwise if number is None else number
