"""What others may hold of rules and their runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from errata.core.automation import Rule

Mode = Literal["on", "dry", "off"]
Outcome = Literal["did", "dry", "limited", "failed"]


class AutomationView(msgspec.Struct, frozen=True):
    id: int
    name: str
    text: str
    rule: Rule
    mode: Mode
    project: str  # slug; "" is every project
    project_name: str
    created_by: str
    updated_at: datetime
    version: int
    runs: int  # in the last 30 days
    acted_on: int  # of those, how many a person did something about within a day
    last_run_at: datetime | None


class RunView(msgspec.Struct, frozen=True):
    id: int
    key: str
    title: str
    cause: str
    at: datetime
    outcome: Outcome
    did: list[Mapping[str, Any]]
    undone_at: datetime | None


class Backtest(msgspec.Struct, frozen=True):
    """What a rule would have done."""

    days: int
    firings: int
    limited: int  # more that its limits would have held back
    issues: int
    acted_on: int
    examples: list["Example"]  # the latest
    partial: str = ""


class Example(msgspec.Struct, frozen=True):
    key: str
    title: str
    at: datetime
    acted_on: bool
