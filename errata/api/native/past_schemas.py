"""Issues as they were, as the REST API tells them: without what is only known of today."""

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from errata.api.native.schemas import IssueOut, IssueProjectOut, PersonOut
from errata.apps.issues.hindsight import IssueThen
from errata.apps.issues.types import IssueRow

_UNCOUNTED = "Null where retention removed events since, so that nobody can count any more."


class IssueThenOut(Schema):
    """An issue as a list showed it. Clocks, due times, score, users, parts and blockers are not kept by time."""

    id: int
    key: str
    title: str
    culprit: str
    type: str
    priority: str
    severity: str
    stage: str
    category: str
    assignee: PersonOut | None
    deputy: PersonOut | None
    project: IssueProjectOut
    level: str
    platform: str
    source: str
    labels: list[str]
    count: int | None = Field(description=_UNCOUNTED)
    comments: int
    first_seen: datetime
    last_seen: datetime | None = Field(description=_UNCOUNTED)
    created_at: datetime
    updated_at: datetime
    regressed: bool
    first_release: str
    fields: dict[str, Any]
    parent: str | None
    waiting_on: str
    as_of: datetime = Field(description="The moment this was so.")

    @staticmethod
    def fields_of(row: IssueRow, *, counted: bool, as_of: datetime) -> dict[str, Any]:
        known = IssueOut.fields_of(row) | {"as_of": as_of}
        return known if counted else known | {"count": None, "last_seen": None}

    @staticmethod
    def of(row: IssueRow, *, counted: bool, as_of: datetime) -> "IssueThenOut":
        return IssueThenOut(**IssueThenOut.fields_of(row, counted=counted, as_of=as_of))


class IssueThenDetailOut(IssueThenOut):
    """An issue as its page showed it."""

    description: str
    users: int | None = Field(description=f"Estimated. {_UNCOUNTED}")
    fingerprints: list[str] = Field(description="The groups of events it was made of, as signed 64-bit numbers.")

    @staticmethod
    def of_then(issue: IssueThen, *, as_of: datetime) -> "IssueThenDetailOut":
        return IssueThenDetailOut(
            **IssueThenOut.fields_of(issue.row, counted=issue.counted, as_of=as_of) | {"users": issue.users},
            description=issue.description,
            fingerprints=[str(group) for group in issue.row.groups],
        )
