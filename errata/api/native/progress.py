"""How the work goes."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from ninja import Router
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.apps.progress import queries
from errata.apps.progress.types import Filter

router = Router(tags=["Progress"])


@router.get("/progress", response=dict[str, Any], summary="How the work goes")
def progress(
    request: ApiRequest,
    *,
    days: int = Query(30, ge=1, le=366),
    project: str = "",
    team: str = "",
    type: str = "",  # noqa: A002 - the name of the parameter
    severity: str = "",
    by: str = Query("", description="Also divide the numbers by `project`, `team`, `type` or `severity`."),
) -> dict[str, Any]:
    """Funnel, cumulative flow, time in stage, ages, times to take up and to end in seconds, throughput, promises kept.

    `response` and `resolution` count the promises that were kept (`met`) and `missed` in these days, and those that are
    late now (`breached`).
    """
    which = Filter(days=days, project=project, team=team, type=type, severity=severity)
    now = datetime.now(UTC)
    found: dict[str, Any] = msgspec.to_builtins(queries.progress(actor=request.auth, now=now, which=which))
    if by:
        found["parts"] = msgspec.to_builtins(queries.parts(actor=request.auth, now=now, which=which, by=by))
    return found
