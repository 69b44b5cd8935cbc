"""Rules: written, tried, switched, and what they did."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.apps.automations import operations, queries
from errata.apps.automations.types import AutomationView

router = Router(tags=["Rules"])


class RuleIn(Schema):
    name: str
    text: str = Field(description="Lines that begin with when, if, then, limit.")
    project: str = Field("", description="Slug; empty is every project.")
    mode: Literal["on", "dry", "off"] = "dry"


class RulePatch(Schema):
    name: str | None = None
    text: str | None = None
    project: str | None = None
    mode: Literal["on", "dry", "off"] | None = None


class TrialIn(Schema):
    text: str
    project: str = ""
    days: int = Field(30, ge=1, le=90)


@router.get("/rules", response=dict[str, Any], summary="List the rules")
def list_rules(request: ApiRequest) -> dict[str, Any]:
    """With their runs of the last thirty days, and how many of those a person acted on."""
    found = queries.list_automations(actor=request.auth, now=datetime.now(UTC))
    return {"items": [_shown(one) for one in found], "next": None}


@router.post("/rules", response={201: dict[str, Any]}, summary="Write a rule")
def create_rule(request: ApiRequest, body: RuleIn) -> Status[dict[str, Any]]:
    """It begins dry unless said otherwise."""
    made = operations.create_automation(**body.dict(), by=request.auth, at=datetime.now(UTC))
    return Status(201, _shown(made))


@router.post("/rules/try", response=dict[str, Any], summary="Try a rule on history")
def try_rule(request: ApiRequest, body: TrialIn) -> dict[str, Any]:
    """What it would have done, by the same deciding as at work. Nothing is changed."""
    told = queries.backtest(actor=request.auth, now=datetime.now(UTC), **body.dict())
    found: dict[str, Any] = msgspec.to_builtins(told)
    return found


@router.get("/rules/{which}", response=dict[str, Any], summary="Get a rule")
def get_rule(request: ApiRequest, which: str) -> dict[str, Any]:
    """By its number or its name."""
    return _shown(queries.automation(actor=request.auth, which=which))


@router.patch("/rules/{which}", response=dict[str, Any], summary="Change or switch a rule")
def patch_rule(request: ApiRequest, which: str, body: RulePatch) -> dict[str, Any]:
    """What is absent stays."""
    now = datetime.now(UTC)
    changes = body.dict(exclude_unset=True)
    mode = changes.pop("mode", None)
    found = queries.automation(actor=request.auth, which=which)
    if changes:
        found = operations.update_automation(which=str(found.id), **changes, by=request.auth, at=now)
    if mode:
        found = operations.set_mode(which=str(found.id), mode=mode, by=request.auth, at=now)
    return _shown(found)


@router.delete("/rules/{which}", response={204: None}, summary="Delete a rule")
def delete_rule(request: ApiRequest, which: str) -> Status[None]:
    """With the log of its runs; what it did stays done."""
    operations.delete_automation(which=which, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


@router.get("/rules/{which}/runs", response=dict[str, Any], summary="What a rule did")
def list_runs(request: ApiRequest, which: str, limit: int = Query(50, ge=1, le=500)) -> dict[str, Any]:
    """Newest first."""
    found = queries.list_runs(actor=request.auth, which=which, limit=limit)
    return {"items": [msgspec.to_builtins(run) for run in found], "next": None}


@router.post("/rules/runs/{run_id}/undo", response=dict[str, int], summary="Take back what a run did")
def undo_run(request: ApiRequest, run_id: int) -> dict[str, int]:
    """What was changed again since stays."""
    return {"undone": operations.undo_run(run_id=run_id, by=request.auth, at=datetime.now(UTC))}


def _shown(view: AutomationView) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(view)
    found.pop("rule")
    return found
