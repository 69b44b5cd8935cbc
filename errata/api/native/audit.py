"""The audit log."""

from ninja import Router
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.schemas import AuditOut, Page
from errata.apps.accounts.permissions import allow
from errata.apps.audit import queries

router = Router(tags=["Audit"])


@router.get("/audit", response=Page[AuditOut], summary="List the audit log")
def list_entries(
    request: ApiRequest,
    target: str = Query("", description="An issue key, an e-mail address, a project …"),
    action: str = Query("", description="The beginning of an action, such as `issue.`"),
    cursor: str = Query("", description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=500),
) -> Page[AuditOut]:
    """Newest first. `errata audit verify` checks the chain of hashes."""
    allow(request.auth, "audit:read")
    page = queries.list_entries(actor=request.auth, target=target, action=action, cursor=cursor, limit=limit)
    return Page(items=[AuditOut.of(entry) for entry in page.items], next=page.next)
