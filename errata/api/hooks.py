"""Where GitHub, GitLab and Gitea send their webhooks. Whoever knows the secret of the repository is believed."""

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from errata.api.kit import request_id
from errata.apps.releases import operations
from errata.apps.releases.hooks import DeliveryUnsigned
from errata.core.errors import Refusal

# GitHub sends up to 25 MB; what the front lets through to pages is 4 MiB, which a push of 2,000 commits fits into.
BODY_BYTES_MAX = 4 * 2**20
# The headers that name the event and the delivery, by forge. GitLab's older versions send no id of a delivery, and are
# then taken at their word each time: what is told twice is written once all the same.
_EVENT = {"github": "x-github-event", "gitlab": "x-gitlab-event", "gitea": "x-gitea-event"}
_DELIVERY = {
    "github": ("x-github-delivery",),
    "gitlab": ("idempotency-key", "x-gitlab-webhook-uuid", "x-gitlab-event-uuid"),
    "gitea": ("x-gitea-delivery",),
}

log = structlog.get_logger(__name__)


class DeliveryTooLarge(Refusal):
    """More than is taken."""

    code = "delivery_too_large"
    status = 413


@csrf_exempt
@require_POST
def receive(request: HttpRequest, forge: str, hook: str) -> JsonResponse:
    """Take a delivery. 200 with what became of it, which forges keep in their list of deliveries."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        body = request.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            msg = f"At most {BODY_BYTES_MAX:,} bytes are taken of a delivery."
            raise DeliveryTooLarge(msg)
        outcome = operations.receive(
            forge=forge,
            hook=hook,
            event=headers.get(_EVENT.get(forge, ""), ""),
            delivery=_delivery(forge, headers),
            headers=headers,
            body=body,
            at=datetime.now(UTC),
        )
    except Refusal as refusal:
        if isinstance(refusal, DeliveryUnsigned):
            log.warning("a webhook's delivery was not signed with its secret", forge=forge)
        fault = {"code": refusal.code, "message": refusal.message, "request_id": request_id(request)}
        return JsonResponse({"error": fault}, status=refusal.status)
    return JsonResponse({"outcome": outcome})


def _delivery(forge: str, headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in _DELIVERY.get(forge, ()) if headers.get(name)), "")
