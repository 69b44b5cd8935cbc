"""Fills an installation with a hundred thousand issues that a team has worked on for a month: the records alone, past
intake, because what is measured with them opens no event.

    python -m bench.fill_team PROJECT_ID ISSUES        (while the server stands still, with its ERRATA_DATA)
"""

import os
import random
import sys
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import django
from django.db.models import Max

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "errata.ops.django_settings")
django.setup()

from bench.fill import delta_of, signal_of  # noqa: E402 - Django must be set up before its models are imported
from errata.apps.accounts import operations as accounts  # noqa: E402
from errata.apps.accounts import queries as people  # noqa: E402
from errata.apps.clocks.models import Basis  # noqa: E402
from errata.apps.issues import operations as issues  # noqa: E402
from errata.apps.issues.models import Activity, FollowerPlace, Issue  # noqa: E402
from errata.apps.records import write  # noqa: E402
from errata.core.vocabulary import OPEN_CATEGORIES  # noqa: E402
from errata.core.workflow.default import DEFAULT  # noqa: E402
from errata.ops import console  # noqa: E402
from tests.running import PASSWORD  # noqa: E402

PEOPLE, DAYS, SLICE = 20, 30, 1_000
FOLLOWERS = ("automations", "clocks", "designations", "notices", "scores")
# How far issues have come, and how many of a hundred: most are done with, as where a team keeps up.
WAYS = {
    (): 15,
    ("Assigned",): 20,
    ("Assigned", "Retest"): 5,
    ("Assigned", "Retest", "Revise"): 3,
    ("Assigned", "Retest", "Fixed"): 12,
    ("Assigned", "Retest", "Fixed", "Closed"): 45,
}
CATEGORIES = {stage.name: stage.category for stage in DEFAULT.stages}
chance = random.Random(7)


class Holder(NamedTuple):
    """Somebody who takes issues."""

    id: int
    name: str
    email: str


def fill(project_id: int, count: int) -> None:
    """Issues of thirty days, held by twenty people, and the stages that they went through."""
    now = datetime.now(UTC)
    holders = _holders(now)
    arrivals = sorted(now - timedelta(days=chance.uniform(0, DAYS)) for _ in range(count))
    for start in range(0, count, SLICE):
        _arrive(project_id, range(start, min(start + SLICE, count)), arrivals[start])
    found = Issue.objects.filter(project_id=project_id).order_by("id")
    for start in range(0, count, SLICE):
        _work(list(found[start : start + SLICE]), holders, now)
    _go_on(now)


def _go_on(now: datetime) -> None:
    """Nobody is told of the past, designated or ranked by it one activity after the other. Clocks are reckoned as after
    a change of policy, and progress reads it all.
    """
    newest = Activity.objects.aggregate(newest=Max("id"))["newest"]
    with write():
        for name in FOLLOWERS:
            FollowerPlace.objects.update_or_create(name=name, defaults={"activity_id": newest, "updated_at": now})
        Basis.objects.all().delete()


def _holders(now: datetime) -> list[Holder]:
    by = console.owner()
    for number in range(PEOPLE):
        email = f"person-{number}@shop.example"
        accounts.create_user(email=email, name=f"Person {number}", password=PASSWORD, by=by, at=now)
    return [Holder(person.id, person.name, person.email) for person in people.members(actor=by)]


def _arrive(project_id: int, numbers: range, at: datetime) -> None:
    at_ms = int(at.timestamp() * 1000)
    deltas = [delta_of(signal_of(project_id, number, at_ms), 1, {f"id:{number}"}, at_ms) for number in numbers]
    with write():
        issues.apply_events(deltas, at=at)


def _work(slice_: list[Issue], holders: list[Holder], now: datetime) -> None:
    activities: list[Activity] = []
    for issue in slice_:
        holder = chance.choice(holders)
        stage, at = "New", issue.created_at
        for reached in chance.choices(list(WAYS), list(WAYS.values()))[0]:
            at += timedelta(hours=chance.expovariate(1 / 20))
            if at >= now:
                break
            if reached == "Assigned":
                activities.append(
                    _deed(issue, holder, at, "assignee", {"assignee": None}, {"assignee": holder._asdict()})
                )
                issue.assignee_id = holder.id
            activities.append(_deed(issue, holder, at, "stage", {"stage": stage}, {"stage": reached}))
            stage, issue.stage_changed_at = reached, at
        issue.stage, issue.category = stage, CATEGORIES[stage]
        issue.is_open = issue.category in OPEN_CATEGORIES
    with write():
        Issue.objects.bulk_update(slice_, ["assignee", "stage", "category", "is_open", "stage_changed_at"])
        Activity.objects.bulk_create(sorted(activities, key=lambda deed: deed.at))


def _deed(
    issue: Issue, by: Holder, at: datetime, kind: str, before: dict[str, object], after: dict[str, object]
) -> Activity:
    return Activity(
        issue=issue, kind=kind, actor_kind="person", actor_id=by.id, actor_name=by.name, before=before, after=after,
        reason="", at=at,
    )  # fmt: skip


if __name__ == "__main__":
    fill(*map(int, sys.argv[1:3]))
