"""The log of what was sent, to whom, and what was answered; and sending it again."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from errata.apps.accounts.permissions import allow, may
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.notices.models import Delivery
from errata.apps.notices.types import AttemptView, DeliveryView
from errata.apps.notices.ways import row_of
from errata.apps.records import write
from errata.core.errors import Refusal
from errata.core.notice.channels import CHANNEL_KINDS

_PAGE_MAX = 200
_STATES: Mapping[str, str] = {
    "waiting": "Waiting",
    "sending": "Sending",
    "sent": "Sent",
    "failed": "Failed",
    "dropped": "Not sent",
}


class DeliveryNotFound(Refusal):
    """No such delivery, or somebody else's."""

    code = "delivery_not_found"
    status = 404


def deliveries(
    *,
    actor: Actor,
    channel_id: int | None = None,
    state: str = "",
    before: int | None = None,
    limit: int = 50,
) -> list[DeliveryView]:
    """The newest messages: one's own, and for admins all of the organisation's."""
    allow(actor, "issue:read")
    rows = _visible(actor)
    if channel_id is not None:
        rows = rows.filter(channel_id=channel_id)
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_view(row) for row in _read(rows).order_by("-id")[: max(1, min(limit, _PAGE_MAX))]]


def delivery(*, actor: Actor, delivery_id: int) -> DeliveryView:
    """One of them. Raises DeliveryNotFound."""
    allow(actor, "issue:read")
    return _view(_one(delivery_id, actor))


def resend(*, delivery_id: int, by: Actor, at: datetime) -> None:
    """Send a message again, as it was and under its own id, by which a receiver tells that it is a repeat."""
    allow(by, "issue:read")
    with write():
        row = _one(delivery_id, by)
        same = Delivery.objects.filter(message=row.message) if row.message else Delivery.objects.filter(id=row.id)
        same.update(state="waiting", due_at=at, attempts=0, why="")
        audit.record(by=by, action="delivery.resent", target=str(row.message or row.uid), at=at)


def resend_failed(*, channel_id: int, by: Actor, at: datetime) -> int:
    """Send again all that a channel did not take. Return how many. Raises ChannelNotFound."""
    allow(by, "issue:read")
    with write():
        count = (
            _visible(by)
            .filter(channel=row_of(channel_id, by), state="failed")
            .update(state="waiting", due_at=at, attempts=0, why="")
        )
        if count:
            audit.record(by=by, action="delivery.resent", target=f"channel {channel_id}", at=at, after={"count": count})
        return count


def _visible(actor: Actor) -> QuerySet[Delivery]:
    reach = Q(user_id=actor.own_id)
    if may(actor, "org:admin"):
        # A person's own channels are theirs alone.
        reach |= Q(channel__owner=None)
    return Delivery.objects.filter(reach, organization_id=actor.organization_id)


def _read(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return rows.select_related("channel", "user").prefetch_related("tries")


def _one(delivery_id: int, actor: Actor) -> Delivery:
    row = _read(_visible(actor).filter(id=delivery_id)).first()
    if row is None:
        raise DeliveryNotFound("There is no such message.", delivery_id=delivery_id)
    return row


def _view(row: Delivery) -> DeliveryView:
    tries = sorted(row.tries.all(), key=lambda attempt: attempt.id, reverse=True)
    return DeliveryView(
        id=row.id,
        uid=str(row.message or row.uid),
        state=row.state,
        state_words="Trying again" if row.state == "waiting" and row.attempts else _STATES[row.state],
        why=row.why,
        kind=row.kind,
        channel=row.channel.name if row.channel else "E-mail",
        channel_kind=CHANNEL_KINDS[row.channel.kind].name if row.channel else "E-mail",
        person=row.user.name if row.user else "",
        key=row.facts.get("key", ""),
        title=row.facts.get("title", ""),
        text=row.facts.get("text", ""),
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
        attempts=[AttemptView(at=one.at, ok=one.ok, status=one.status, answer=one.answer) for one in tries],
    )
