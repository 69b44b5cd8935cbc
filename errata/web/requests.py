"""What a view is given: a request that knows who asks and when."""

from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from errata.apps.accounts.types import Actor


class PublicRequest(HttpRequest):
    """Anybody's request."""

    actor: Actor | None
    now: datetime
    as_of: datetime | None  # of a page that tells of a moment in the past, see errata.web.past
    request_id: str
    htmx: HtmxDetails


class ActorRequest(PublicRequest):
    """The request of somebody signed in."""

    actor: Actor
