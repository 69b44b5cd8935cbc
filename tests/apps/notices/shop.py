"""Short words for what the tests of notices do often."""

from datetime import timedelta

from errata.apps.issues.models import Issue
from errata.apps.notices import operations, queries
from errata.apps.notices.mailing import Site
from errata.apps.notices.models import Delivery
from tests.conftest import NOW

SITE = Site(url="https://errata.shop.example", mail_from="Errata <errata@shop.example>", reply_domain="in.shop.example")


def listen(at=NOW):
    """Tell of everything that has happened."""
    while operations.listen(at=at):
        pass


def deliver(at=NOW, site=SITE):
    """Send everything that is due."""
    while operations.deliver_due(at=at, site=site):
        pass


def inbox(actor, *, now=NOW, view="inbox"):
    """What is in somebody's inbox: the keys with what was told, newest first."""
    lines = queries.inbox(actor=actor, now=now, view=view).lines
    return [(found.key, [notice.text for notice in found.notices]) for found in lines]


def line(actor, *, now=NOW, view="inbox"):
    """The only line of somebody's inbox."""
    (found,) = queries.inbox(actor=actor, now=now, view=view).lines
    return found


def issue_id(key):
    """The row's number of PAY-1."""
    return Issue.objects.get(number=int(key.rpartition("-")[2])).id


def tell(key, *people, kind="escalated", dedupe="clock:1", text="75 % of the time is gone.", at=NOW):
    """Tell people of an issue."""
    operations.notify(
        issue_id=issue_id(key),
        to=[person.user_id for person in people],
        kind=kind,
        reason="because you are in the chain of its clock",
        text=text,
        dedupe=dedupe,
        at=at,
    )


def hook(by, *, name="hook", kind="webhook", address="https://hooks.example/x", **others):
    """A channel of the organisation."""
    return operations.create_channel(name=name, kind=kind, address=address, by=by, at=NOW, **others)


def say(by, *, channel="hook", dedupe="1", title="Something", text="happened", at=NOW):
    """Post to a channel of the organisation."""
    operations.post(
        organization_id=by.organization_id, channel=channel, issue_id=None, title=title, text=text, dedupe=dedupe, at=at
    )


def states():
    """How the messages of the outbox stand, oldest first."""
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def later(**time):
    """Some time after now."""
    return NOW + timedelta(**time)
