"""What an issue is a part of, and its parts."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.issues import operations, queries
from errata.web.answers import Toast, fragment, go
from errata.web.requests import ActorRequest


@require_POST
def parent(request: ActorRequest, key: str) -> HttpResponse:
    """Make an issue a part of another, or of none; or take another in as a part of this one."""
    part = request.POST.get("part", "").strip().upper()
    above = key if part else request.POST.get("parent", "").strip().upper() or None
    changed = operations.set_parent(key=part or key, parent=above, by=request.actor, at=request.now)
    row = queries.issues_by_keys(actor=request.actor, keys=[changed.key])[0]
    text = f"{row.key} is a part of {row.parent}." if row.parent else f"{row.key} stands by itself."
    toast = Toast(text=text, undo=tuple(changed.activities))
    if not request.htmx:
        return go(request, reverse("issue", args=[key]), toast=toast)
    response = fragment(request, [], toast=toast)
    response.headers["HX-Trigger"] = "errata:changed"
    return response
