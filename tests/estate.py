"""One of everything that an organisation can have, for tests that ask who may see or change it."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.apps import apps
from django.db import transaction

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.types import Actor
from errata.apps.automations import operations as automations
from errata.apps.automations import queries as runs
from errata.apps.calendars import operations as calendars
from errata.apps.designations import operations as designations
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.notices import operations as notices
from errata.apps.notices import queries as notice_queries
from errata.apps.notices.models import Delivery
from errata.apps.projects import operations as projects
from errata.apps.releases import operations as releases
from errata.apps.releases.types import CommitIn
from errata.apps.retests import operations as retests
from errata.apps.retests import queries as retest_queries
from errata.apps.templates import operations as templates
from errata.apps.templates.types import Scope
from errata.apps.workflows import operations as workflows
from errata.core.arrivals import ArrivalRules
from errata.core.fields import CustomField
from errata.core.sla import parse_week
from errata.core.workflow import DEFAULT
from tests.apps.notices.shop import tell
from tests.web import shop

# In the name or text of each thing that is made here, and nowhere else.
SECRET: Final = "quicksilver"
_SHA = "a" * 40

# Tables that count for everybody, or say who was here.
SHARED = {
    "accounts.Attempt", "audit.ChainHead", "issues.ChangeCounter", "projects.SnapshotVersion", "releases.Ledger",
    "sessions.Session", "templates.TemplatesVersion", "workflows.ProcessToken",
}  # fmt: skip
# What is a person's own, whatever their role; `audit.Entry` tells of it.
VIEWERS = SHARED | {
    "accounts.ApiToken", "accounts.User", "audit.Entry", "issues.Watcher", "notices.InboxItem", "notices.Subscription",
    "notices.Watch", "notices.Wishes",
}  # fmt: skip
# And what a team works on.
MEMBERS = VIEWERS | {
    "automations.Automation", "automations.Run", "issues.Activity", "issues.Comment", "issues.Issue",
    "issues.IssueLabel", "issues.IssueLink", "issues.Proof", "issues.SavedView", "releases.Check", "releases.Commit",
    "releases.Deploy", "releases.Mention", "releases.Release", "releases.ReleaseCommit", "releases.ReleaseProject",
    "retests.FixLink",
}  # fmt: skip

# By table and primary key.
Rows = dict[tuple[str, Any], Any]


def settle_estate(olga: Actor, *, at: datetime) -> dict[str, Any]:
    """Make it. Return what addresses name: `key` of an issue, `view_id` and so on."""
    me = olga.user_id or 0
    dave = accounts.create_user(
        email="dave@shop.example", name=f"Dave {SECRET}", password="correct-horse-battery", by=olga, at=at
    )
    project = projects.create_project(name=f"Till {SECRET}", platform="python", key="TILL", by=olga, at=at)
    event_id = shop.fail(project, number=0, at=at, value=SECRET, transaction=SECRET)
    key = "TILL-1"
    other = issues.create_issue(project=project.id, title=f"The other {SECRET}", by=olga, at=at).key
    issues.comment_on_issue(key=key, body=f"It is {SECRET}.", by=olga, at=at)
    issues.update_issue(key=key, labels=[SECRET], description=SECRET, by=olga, at=at)
    issues.assign_issue(key=key, to="me", by=olga, at=at)
    activity = next(one for one in issue_queries.activity(actor=olga, key=key) if one.kind == "assignee")
    link_id = issues.link_issues(key=key, kind="blocks", other=other, by=olga, at=at)
    view = issues.save_view(name=SECRET, query="is:open", shared=True, by=olga, at=at)
    team = accounts.create_team(name=SECRET, members=[me], by=olga, at=at)
    invitation, secret = accounts.invite(email=f"{SECRET}@shop.example", by=olga, at=at)
    token, _ = accounts.create_token(name=SECRET, scopes=["issue:read"], by=olga, at=at)
    workflow = msgspec.structs.replace(DEFAULT, name=SECRET)
    workflows.save_workflow(workflow=workflow, by=olga, at=at)
    field = workflows.save_field(field=CustomField(slug=SECRET, name=SECRET, kind="text"), by=olga, at=at, new=True)
    workflows.add_type(name=SECRET, by=olga, at=at)
    workflows.set_arrivals(rules=ArrivalRules(type=SECRET), project=project.id, by=olga, at=at)
    hours = calendars.draft_definition(zone="Europe/Berlin", week=parse_week(["Mon-Fri 09:00-17:00"]), at=at)
    calendar = calendars.create_calendar(name=SECRET, definition=hours, by=olga, at=at)
    for ranking in ("priority * 10", "priority * 11"):
        templates.change_template(scope=Scope("organization"), ranking=ranking, note=SECRET, by=olga, at=at)
    designations.set_ownership(which=project.slug, rules=f"path:{SECRET} olga@shop.example", by=olga, at=at)
    absence_id = designations.add_absence(
        who=me, since=at + timedelta(days=1), until=at + timedelta(days=2), note=SECRET, by=olga, at=at
    )
    return {
        "key": key, "other": other, "event_id": event_id, "name": "screen.png", "slug": project.slug,
        "project": project.slug, "key_id": projects.create_key(which=project.slug, name=SECRET, by=olga, at=at).id,
        "link_id": link_id, "view_id": view.id, "team": team.slug, "invitation_id": invitation.id, "token": secret,
        "token_id": token.id, "workflow": SECRET, "field": field.field.slug, "calendar": calendar.slug,
        "activity": activity.id, "absence_id": absence_id, "user_id": dave.id, "person": olga.email,
        **_told_by_a_pipeline(olga, key, at=at), **_ruled(olga, project.slug, at=at), **_notified(olga, key, at=at),
    }  # fmt: skip


def _told_by_a_pipeline(olga: Actor, key: str, *, at: datetime) -> dict[str, Any]:
    made = releases.create_repository(name=f"{SECRET}/web", forge="github", by=olga, at=at)
    commit = CommitIn(sha=_SHA, message=SECRET, at=at)
    version = f"{SECRET}@1.0.0"
    releases.set_commits(version=version, repository=made.repository.name, commits=[commit], by=olga, at=at)
    releases.create_deploy(version=version, environment=SECRET, by=olga, at=at)
    releases.report_check(name=SECRET, state="passed", sha=_SHA, repository=made.repository.name, by=olga, at=at)
    retests.link_fix(key=key, commit=_SHA, repository=made.repository.name, by=olga, at=at)
    [fix] = retest_queries.retest(actor=olga, key=key).fixes
    return {
        "number": made.repository.id,
        "repository": made.repository.name,
        "version": version,
        "fix_id": fix.id,
        "forge": "github",
    }


def _ruled(olga: Actor, project: str, *, at: datetime) -> dict[str, Any]:
    made = automations.create_automation(
        name=SECRET, text="when created\nthen label ruled", mode="on", project=project, by=olga, at=at
    )
    issues.create_issue(project=project, title=f"A third {SECRET}", by=olga, at=at)
    automations.follow(at)
    run = runs.list_runs(actor=olga, which=str(made.id))[0]
    return {"rule_id": made.id, "run_id": run.id}


def _notified(olga: Actor, key: str, *, at: datetime) -> dict[str, Any]:
    channel, _ = notices.create_channel(
        name=SECRET, kind="webhook", address=f"https://hooks.example/{SECRET}", by=olga, at=at
    )
    delivery_id = notices.send_test(channel_id=channel.id, by=olga, at=at)
    Delivery.objects.filter(id=delivery_id).update(state="failed")
    tell(key, olga, text=SECRET, at=at)
    [line] = notice_queries.inbox(actor=olga, now=at).lines
    return {"channel_id": channel.id, "delivery_id": delivery_id, "item": line.id}


def rows() -> Rows:
    """Every row of every table."""
    found: Rows = {}
    for model in apps.get_models():
        if model._meta.app_label in ("auth", "contenttypes"):
            continue  # Django's own, which nothing here writes
        for values in model._default_manager.values_list("pk", *[field.attname for field in model._meta.fields]):
            found[model._meta.label, values[0]] = values[1:]
    return found


def changed_rows(before: Rows, after: Rows) -> Rows:
    """What is not as it was, as it was before; None for what is new."""
    return {place: before.get(place) for place in before.keys() | after.keys() if before.get(place) != after.get(place)}


def tables(changed: Rows) -> set[str]:
    """The tables in which something changed."""
    return {table for table, _ in changed}


class Undone:
    """Whatever is done within it, wasn't."""

    def __enter__(self) -> None:
        self._point = transaction.savepoint()

    def __exit__(self, *_: object) -> None:
        transaction.savepoint_rollback(self._point)
