"""Another organisation sees and changes nothing; a viewer changes nothing. Every query and operation is here."""

import inspect
from contextlib import suppress
from datetime import timedelta

import pytest
from msgspec.structs import replace

from errata.apps.accounts import operations as accounts
from errata.apps.accounts import queries as account_queries
from errata.apps.accounts.permissions import Forbidden
from errata.apps.audit import queries as audit
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects import operations as projects
from errata.apps.projects import queries as project_queries
from errata.apps.workflows import operations as workflows
from errata.apps.workflows import queries as workflow_queries
from errata.core.arrivals import DEFAULT_ARRIVALS
from errata.core.errors import Refusal
from errata.core.event.scrub import ScrubRules
from errata.core.fields import CustomField
from errata.core.workflow import DEFAULT
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive
from tests.people import NOW, PASSWORD


@pytest.fixture(scope="module")
def shop(payments, bob, alice):
    """One of everything in Shop, by name."""
    arrive(delta(payments, 1), delta(payments, 2))
    issues.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)
    arrive(delta(payments, 3))
    comment = issues.comment_on_issue(key="PAY-1", body="Ours", by=bob, at=NOW)
    issues.edit_comment(comment_id=comment.id, body="Ours alone", by=bob, at=NOW)
    errata = account_queries.system_actor(bob.organization_id)
    team = accounts.create_team(name="Money", members=[bob.user_id], by=alice, at=NOW)
    token, _ = accounts.create_token(name="ci", scopes=["issue:read"], by=bob, at=NOW)
    invitation, _ = accounts.invite(email="dave@shop.example", by=alice, at=NOW)
    workflows.add_type(name="Chore", by=alice, at=NOW)
    workflows.save_field(field=CustomField("points", "Points", "number"), by=alice, at=NOW)
    workflows.set_arrivals(rules=DEFAULT_ARRIVALS, project="payments", by=alice, at=NOW)
    ours = replace(DEFAULT, name="Ours")
    [key] = project_queries.list_keys(actor=bob, which="payments")
    return {
        "project": payments,
        "activity": issues.update_issue(key="PAY-1", labels=["Secret"], by=bob, at=NOW).activities[0],
        "comment": comment.id,
        "said": issues.comment_on_issue(key="PAY-1", body="By itself.", by=errata, at=NOW).id,
        "link": issues.link_issues(key="PAY-1", kind="relates", other="PAY-3", by=bob, at=NOW),
        "view": issues.save_view(name="Ours", query="is:open", shared=True, by=bob, at=NOW).id,
        "workflow": workflows.save_workflow(workflow=ours, by=alice, at=NOW).slug,
        "team": team.slug,
        "token": token.id,
        "invitation": invitation.id,
        "key": key.id,
        "bob": bob.user_id,
    }


NOT_THERE = (
    issues.IssueNotFound,
    project_queries.ProjectNotFound,
    account_queries.PersonNotFound,
    account_queries.TeamNotFound,
    workflow_queries.WorkflowNotFound,
)
# What an actor may read: each returns something that must be empty, or refuses.
READS = {
    "list_issues": lambda a, s: issue_queries.list_issues(actor=a, now=NOW).items,
    "count_views": lambda a, s: any(issue_queries.count_views(actor=a, now=NOW, queries=["", "is:open"]).values()),
    "count_open": lambda a, s: issue_queries.count_open(actor=a),
    "issue": lambda a, s: issue_queries.issue(actor=a, key="PAY-1"),
    "issues_by_keys": lambda a, s: issue_queries.issues_by_keys(actor=a, keys=["PAY-1", "PAY-3"]),
    "issues_by_ids": lambda a, s: issue_queries.issues_by_ids(actor=a, ids=range(1, 10_000)),
    "keys_of": lambda a, s: issue_queries.keys_of(actor=a, ids=range(1, 10_000)),
    "keys_first_in": lambda a, s: issue_queries.keys_first_in(actor=a, release="shop@1.2.0"),
    "issue_of_group": lambda a, s: issue_queries.issue_of_group(actor=a, project_id=s["project"].id, fingerprint=1),
    "groups": lambda a, s: issue_queries.groups(actor=a, key="PAY-1"),
    "activity": lambda a, s: issue_queries.activity(actor=a, key="PAY-1"),
    "comments": lambda a, s: issue_queries.comments(actor=a, key="PAY-1"),
    "comment_edits": lambda a, s: issue_queries.comment_edits(actor=a, comment_id=s["comment"]),
    "changes_since": lambda a, s: issue_queries.changes_since(actor=a, seq=0).items,
    "list_labels": lambda a, s: issue_queries.list_labels(actor=a),
    "list_views": lambda a, s: issue_queries.list_views(actor=a),
    "completions": lambda a, s: issue_queries.completions(actor=a, text="label:", position=6, now=NOW),
    "count_unassigned": lambda a, s: issue_queries.count_unassigned(actor=a),
    "holders": lambda a, s: issue_queries.holders(actor=a, key="PAY-1"),
    "holders_of": lambda a, s: issue_queries.holders_of(actor=a, issue_id=1),
    "loads_of": lambda a, s: issue_queries.loads_of(actor=a),
    "familiar_people": lambda a, s: issue_queries.familiar_people(actor=a, key="PAY-1"),
    "unassigned_keys": lambda a, s: issue_queries.unassigned_keys(actor=a, project_id=s["project"].id, limit=9),
    "reassigned_by_hand": lambda a, s: issue_queries.reassigned_by_hand(actor=a, issue_ids=[1, 2, 3]),
    "list_projects": lambda a, s: project_queries.list_projects(actor=a, include_archived=True),
    "project": lambda a, s: project_queries.project(actor=a, which=s["project"].id),
    "find_project": lambda a, s: project_queries.find_project(actor=a, which="payments"),
    "list_keys": lambda a, s: project_queries.list_keys(actor=a, which=s["project"].id),
    "intake_counts": lambda a, s: project_queries.intake_counts(actor=a, which="PAY", since=NOW),
    "intake_totals": lambda a, s: project_queries.intake_totals(actor=a, since=NOW - timedelta(days=1)),
    "person": lambda a, s: account_queries.person(actor=a, who="bob@shop.example"),
    "team_ref": lambda a, s: account_queries.team_ref(actor=a, slug=s["team"]),
    "ids_of_people": lambda a, s: account_queries.ids_of_people(actor=a, named="bob@shop.example"),
    "emails_of_people": lambda a, s: account_queries.emails_of_people(actor=a, named="bob@shop.example"),
    "preview_adoption": lambda a, s: issue_queries.preview_adoption(actor=a, project="PAY", which="software"),
    "list_workflows": lambda a, s: [v for v in workflow_queries.list_workflows(actor=a) if v.projects],
    "workflow": lambda a, s: workflow_queries.workflow(actor=a, which=s["workflow"]),
    "faults": lambda a, s: workflow_queries.faults(actor=a, workflow=DEFAULT),
    "find_workflow": lambda a, s: workflow_queries.find_workflow(actor=a, which=s["workflow"]),
    "list_versions": lambda a, s: workflow_queries.list_versions(actor=a, which=s["workflow"]),
    "list_types": lambda a, s: [v for v in workflow_queries.list_types(actor=a) if not v.built_in],
    "list_fields": lambda a, s: workflow_queries.list_fields(actor=a),
    "process": lambda a, s: workflow_queries.process(actor=a, project=s["project"].id),
    "words": lambda a, s: workflow_queries.words(actor=a).fields,
    "arrivals": lambda a, s: workflow_queries.arrivals(actor=a, project="payments"),
    "arrivals_in_force": lambda a, s: workflow_queries.arrivals_in_force(actor=a, project="payments"),
    "list_teams": lambda a, s: account_queries.list_teams(actor=a),
    "team_id": lambda a, s: account_queries.team_id(actor=a, slug="money"),
    "team_ids_of": lambda a, s: account_queries.team_ids_of(actor=a),
    "list_tokens": lambda a, s: account_queries.list_tokens(actor=a, at=NOW, everybodys=True),
    "list_invitations": lambda a, s: account_queries.list_invitations(actor=a, at=NOW),
    "list_people": lambda a, s: [p for p in account_queries.list_people(actor=a) if p.id != a.user_id],
    "members": lambda a, s: [p for p in account_queries.members(actor=a) if p.id != a.user_id],
    "names": lambda a, s: [number for number, _, _ in account_queries.names(actor=a) if number != a.user_id],
    "members_like": lambda a, s: account_queries.members_like("Bob", actor=a, limit=9),
    "restored_at": lambda a, s: project_queries.restored_at(actor=a, which=s["project"].id),
    "organization": lambda a, s: account_queries.organization(actor=a).name == "Shop",
    "list_entries": lambda a, s: audit.list_entries(actor=a).items,
}
# Not of rows, or of the whole installation on purpose.
OPEN_READS = {
    "issue_ids", "newest_change", "scope_of", "dsn", "dictionary", "list_dictionaries", "current_dictionaries",
    "is_set_up", "actor_for_user", "actor_for_token", "system_actor", "find_owner", "invitation",
    "find_invitation", "is_reset_open", "head", "signed_head", "verify", "export", "verify_export",
}  # fmt: skip

WRITES = {
    "set_parent": lambda a, s: issues.set_parent(key="PAY-1", parent="PAY-3", by=a, at=NOW),
    "wait_on": lambda a, s: issues.wait_on(key="PAY-1", on="the bank", by=a, at=NOW),
    "remark": lambda a, s: issues.remark(key="PAY-1", kind="acknowledged", by=a, at=NOW),
    "assign_issue": lambda a, s: issues.assign_issue(key="PAY-1", to=s["bob"], by=a, at=NOW),
    "set_deputy": lambda a, s: issues.set_deputy(key="PAY-1", to=None, by=a, at=NOW),
    "comment_on_issue": lambda a, s: issues.comment_on_issue(key="PAY-1", body="Hi", by=a, at=NOW),
    "edit_comment": lambda a, s: issues.edit_comment(comment_id=s["comment"], body="Hi", by=a, at=NOW),
    "delete_comment": lambda a, s: issues.delete_comment(comment_id=s["comment"], by=a, at=NOW),
    "retract_comment": lambda a, s: issues.retract_comment(comment_id=s["said"], by=a, at=NOW),
    "create_issue": lambda a, s: issues.create_issue(project="payments", title="Hi", by=a, at=NOW),
    "update_issue": lambda a, s: issues.update_issue(key="PAY-1", title="Hi", by=a, at=NOW),
    "transition_issue": lambda a, s: issues.transition_issue(key="PAY-1", to="Closed", by=a, at=NOW),
    "link_issues": lambda a, s: issues.link_issues(key="PAY-1", kind="blocks", other="PAY-3", by=a, at=NOW),
    "unlink_issues": lambda a, s: issues.unlink_issues(link_id=s["link"], by=a, at=NOW),
    "merge_issues": lambda a, s: issues.merge_issues(into="PAY-1", keys=["PAY-3"], by=a, at=NOW),
    "split_grouping": lambda a, s: issues.split_grouping(key="PAY-1", fingerprint=2, by=a, at=NOW),
    "undo": lambda a, s: issues.undo(activity_id=s["activity"], by=a, at=NOW),
    "update_view": lambda a, s: issues.update_view(view_id=s["view"], name="Mine", by=a, at=NOW),
    "delete_view": lambda a, s: issues.delete_view(view_id=s["view"], by=a, at=NOW),
    "adopt_workflow": lambda a, s: issues.adopt_workflow(project="payments", which="software", by=a, at=NOW),
    "publish_workflow": lambda a, s: issues.publish_workflow(which=s["workflow"], workflow=DEFAULT, by=a, at=NOW),
    "save_workflow": lambda a, s: workflows.save_workflow(which=s["workflow"], workflow=DEFAULT, by=a, at=NOW),
    "archive_workflow": lambda a, s: workflows.archive_workflow(which=s["workflow"], by=a, at=NOW),
    "set_type_template": lambda a, s: workflows.set_type_template(name="Chore", template="Hi", by=a, at=NOW),
    "change_type": lambda a, s: workflows.change_type(name="Chore", template="Hi", archived=True, by=a, at=NOW),
    "archive_type": lambda a, s: workflows.archive_type(name="Chore", by=a, at=NOW),
    "restore_type": lambda a, s: workflows.restore_type(name="Chore", by=a, at=NOW),
    "archive_field": lambda a, s: workflows.archive_field(slug="points", by=a, at=NOW),
    "restore_field": lambda a, s: workflows.restore_field(slug="points", by=a, at=NOW),
    "forget_arrivals": lambda a, s: workflows.forget_arrivals(project="payments", by=a, at=NOW),
    "update_project": lambda a, s: projects.update_project(which=s["project"].id, name="Mine", by=a, at=NOW),
    "set_quota": lambda a, s: projects.set_quota(which="payments", per_minute=1, by=a, at=NOW),
    "set_scrubbing": lambda a, s: projects.set_scrubbing(which="PAY", rules=ScrubRules(enabled=False), by=a, at=NOW),
    "archive_project": lambda a, s: projects.archive_project(which="payments", by=a, at=NOW),
    "restore_project": lambda a, s: projects.restore_project(which="payments", by=a, at=NOW),
    "delete_project": lambda a, s: projects.delete_project(which=s["project"].id, by=a, at=NOW),
    "create_key": lambda a, s: projects.create_key(which="payments", name="Mine", by=a, at=NOW),
    "disable_key": lambda a, s: projects.disable_key(key_id=s["key"], by=a, at=NOW),
    "enable_key": lambda a, s: projects.enable_key(key_id=s["key"], by=a, at=NOW),
    "update_key": lambda a, s: projects.update_key(key_id=s["key"], name="Mine", by=a, at=NOW),
    "change_role": lambda a, s: accounts.change_role(user_id=s["bob"], role="viewer", by=a, at=NOW),
    "make_reset_link": lambda a, s: accounts.make_reset_link(email="bob@shop.example", link=str, by=a, at=NOW),
    "deactivate_user": lambda a, s: accounts.deactivate_user(user_id=s["bob"], by=a, at=NOW),
    "reactivate_user": lambda a, s: accounts.reactivate_user(user_id=s["bob"], by=a, at=NOW),
    "add_to_team": lambda a, s: accounts.add_to_team(slug=s["team"], user_id=a.user_id, by=a, at=NOW),
    "remove_from_team": lambda a, s: accounts.remove_from_team(slug=s["team"], user_id=s["bob"], by=a, at=NOW),
    "delete_team": lambda a, s: accounts.delete_team(slug=s["team"], by=a, at=NOW),
    "revoke_token": lambda a, s: accounts.revoke_token(token_id=s["token"], by=a, at=NOW),
    "revoke_invitation": lambda a, s: accounts.revoke_invitation(invitation_id=s["invitation"], by=a, at=NOW),
}  # fmt: skip
# What makes something of one's own organisation, for those whose role goes that far.
MAKES = {
    "create_project": lambda a: projects.create_project(name="New", platform="python", by=a, at=NOW),
    "create_project_of_template": lambda a: workflows.create_project(
        template="software", name="New", platform="python", by=a, at=NOW
    ),
    "take_workflow": lambda a: workflows.take_workflow(which="software", by=a, at=NOW),
    "add_type": lambda a: workflows.add_type(name="New", by=a, at=NOW),
    "save_field": lambda a: workflows.save_field(field=CustomField("new", "New", "text"), by=a, at=NOW),
    "set_arrivals": lambda a: workflows.set_arrivals(rules=DEFAULT_ARRIVALS, by=a, at=NOW),
    "create_team": lambda a: accounts.create_team(name="New", by=a, at=NOW),
    "create_user": lambda a: accounts.create_user(email="n@x.example", name="N", password=PASSWORD, by=a, at=NOW),
    "invite": lambda a: accounts.invite(email="n@x.example", by=a, at=NOW),
    "rename_organization": lambda a: accounts.rename_organization(name="New", by=a, at=NOW),
    "create_token": lambda a: accounts.create_token(name="n", scopes=["issue:write"], by=a, at=NOW),
    "save_view": lambda a: issues.save_view(name="n", query="", shared=True, by=a, at=NOW),
}
# One's own, before anyone is somebody, or the digest's and the clock's.
OPEN_WRITES = {"watch_issue", "unwatch_issue", "set_up", "accept_invitation", "authenticate", "change_password",
               "note_token_use", "request_password_reset", "reset_password", "update_profile", "apply_events",
               "add_dictionary", "record_intake_counts", "next_issue_numbers", "note_first_event",
               "purge_intake_counts", "purge_deleted_projects", "point_project", "try_again", "free_slug"}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_another_organisation_sees_nothing(shop, mallory, name):
    with suppress(*NOT_THERE):
        found = READS[name](mallory, shop)
        own = [entry for entry in found if entry.actor_id == mallory.user_id] if name == "list_entries" else []
        assert not found or found == own


@pytest.mark.parametrize("name", WRITES)
def test_another_organisation_changes_nothing(shop, mallory, name):
    before = audit.head()

    with pytest.raises(Refusal) as refusal:
        WRITES[name](mallory, shop)

    assert refusal.value.status in (404, 409, 410), "as if it weren't there, not as if it were forbidden"
    assert audit.head() == before


@pytest.mark.parametrize("name", WRITES)
def test_a_viewer_changes_nothing(shop, carol, name):
    before = audit.head()

    with pytest.raises(Refusal) as refusal:
        WRITES[name](carol, shop)

    assert isinstance(refusal.value, Forbidden) or refusal.value.code == "view_not_found"
    assert audit.head() == before


@pytest.mark.parametrize("name", MAKES)
def test_a_viewer_makes_nothing(carol, name):
    with pytest.raises(Forbidden):
        MAKES[name](carol)


@pytest.mark.parametrize(
    "name", [name for name in WRITES if WRITES[name].__code__.co_names[0] in ("projects", "accounts", "workflows")]
)
def test_a_member_leaves_projects_and_people_alone(shop, bob, carol, name):
    if name == "revoke_token":
        return  # bob's own
    with pytest.raises(Forbidden):
        WRITES[name](bob, shop)


@pytest.mark.parametrize("name", READS)
def test_a_viewer_reads_what_is_theirs_to_read(shop, carol, name):
    if name in ("list_tokens", "list_invitations"):
        with pytest.raises(Forbidden):
            READS[name](carol, shop)
    else:
        READS[name](carol, shop)


@pytest.mark.parametrize("name", READS)
def test_a_token_without_scopes_reads_nothing_but_names(shop, bob, name):
    token = replace(bob, kind="token", scopes=frozenset())
    free = {
        "person",
        "ids_of_people",
        "emails_of_people",
        "team_id",
        "team_ref",
        "team_ids_of",
        "members",
        "members_like",
        "names",
        "organization",
        "list_tokens",
        "list_entries",
    }
    if name in free - {"list_tokens"}:
        return  # asked for by surfaces on behalf of something that was allowed
    with pytest.raises(Forbidden):
        READS[name](token, shop)


@pytest.mark.parametrize(
    ("modules", "known"),
    [
        ((issue_queries, project_queries, account_queries, workflow_queries, audit), set(READS) | OPEN_READS),
        ((issues, projects, accounts, workflows), set(WRITES) | set(MAKES) | OPEN_WRITES),
    ],
)
def test_every_public_function_is_in_one_of_the_tables(modules, known):
    public = {
        name
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__.startswith(module.__name__.rpartition(".")[0])
        and not name.startswith("_")
        and name in getattr(module, "__all__", vars(module))
        and _takes_keywords_alone(function)
    }

    assert public <= known, f"untested: {sorted(public - known)}"


def _takes_keywords_alone(function) -> bool:
    """A public query or operation; what takes positions is for its own app's use."""
    kinds = {parameter.kind for parameter in inspect.signature(function).parameters.values()}
    return bool(kinds) and kinds == {inspect.Parameter.KEYWORD_ONLY}
