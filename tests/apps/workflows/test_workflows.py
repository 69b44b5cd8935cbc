"""Workflows that an organisation owns: versions, projects that have them, and issues that move with them."""

import msgspec
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from errata.apps.accounts.permissions import Forbidden
from errata.apps.audit import queries as audit
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.undoing import UndoRefused
from errata.apps.issues.vocabulary import FieldRefused
from errata.apps.projects import queries as projects
from errata.apps.workflows import memory, operations, queries
from errata.apps.workflows.operations import WorkflowChangedMeanwhile, WorkflowRefused
from errata.apps.workflows.queries import WorkflowNotFound
from errata.core.fields import CustomField
from errata.core.workflow import (
    DEFAULT,
    Action,
    Requirement,
    Rule,
    Stage,
    StageUnknown,
    TransitionRefused,
    find_blueprint,
)
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, find, kinds, look, report
from tests.conftest import NOW

SOFTWARE = find_blueprint("software").workflow


def renamed(workflow, **names):
    """The workflow with some stages called otherwise."""
    new = lambda name: names.get(name, name)
    return msgspec.structs.replace(
        workflow,
        stages=tuple(msgspec.structs.replace(stage, name=new(stage.name)) for stage in workflow.stages),
        rules=tuple(
            msgspec.structs.replace(rule, sources=tuple(map(new, rule.sources)), to=new(rule.to))
            for rule in workflow.rules
        ),
    )


def adopt(which, by, **more):
    return issues.adopt_workflow(project="payments", which=which, by=by, at=NOW, **more)


def test_a_project_begins_with_the_workflow_of_its_template(alice, bob):
    made = operations.create_project(template="software", name="Website", platform="other", key="WEB", by=alice, at=NOW)

    key = report("A page is missing", bob, project="website")
    process = queries.process(actor=bob, project=made.id)
    assert (process.slug, process.number) == ("software", 1)
    assert process.types == ("Task", "Bug", "Story", "Epic", "Sub-task")
    assert (look(key, bob).stage, look(key, bob).type) == ("To Do", "Task")
    issues.transition_issue(key=key, to="In Progress", by=bob, at=NOW)
    issues.transition_issue(key=key, to="Done", by=bob, at=NOW)
    assert (look(key, bob).category, issue_queries.count_open(actor=bob)) == ("closed", {})
    with pytest.raises(TransitionRefused, match="has no stage or move “Retest”"):
        issues.transition_issue(key=key, to="Retest", by=bob, at=NOW)


def test_a_template_nobody_knows_makes_no_project(alice):
    with pytest.raises(WorkflowNotFound, match="There are errata, simple, software"):
        operations.create_project(template="waterfall", name="Website", platform="other", by=alice, at=NOW)

    assert projects.list_projects(actor=alice) == []


def test_events_open_what_the_template_says(alice, bob):
    made = operations.create_project(template="software", name="Website", platform="other", by=alice, at=NOW)

    arrive(delta(made, 1, level="fatal"))

    row = look("WEB-1", bob)
    assert (row.type, row.stage, row.priority, row.severity) == ("Bug", "To Do", "High", "Critical")


def test_a_recurrence_follows_the_projects_own_workflow(alice, bob):
    made = operations.create_project(template="software", name="Website", platform="other", by=alice, at=NOW)
    arrive(delta(made, 1))
    issues.transition_issue(key="WEB-1", to="Done", by=bob, at=NOW)

    arrive(delta(made, 1, last=later(hours=1)), at=later(hours=1))

    assert (look("WEB-1", bob).stage, look("WEB-1", bob).regressed) == ("To Do", True)


def test_a_saved_version_never_changes_and_projects_stay_at_theirs(payments, alice):
    first = operations.save_workflow(workflow=SOFTWARE, by=alice, at=NOW, note="As it was")
    adopt(first.slug, alice)

    second = operations.save_workflow(
        which=first.slug, workflow=renamed(SOFTWARE, Done="Shipped"), by=alice, at=later(hours=1), note="Shipped"
    )

    assert (first.slug, first.number, second.number) == ("software-2", 1, 2)
    assert queries.workflow_of(payments.id).stages[-1].name == "Done"
    assert [(v.number, v.note) for v in queries.list_versions(actor=alice, which=first.slug)] == [
        (2, "Shipped"), (1, "As it was"),
    ]  # fmt: skip
    assert queries.workflow(actor=alice, which=first.slug, number=1).workflow.stages == SOFTWARE.stages


def test_the_same_again_is_no_new_version(alice):
    saved = operations.save_workflow(workflow=SOFTWARE, by=alice, at=NOW)

    again = operations.save_workflow(which=saved.slug, workflow=saved.workflow, by=alice, at=NOW)

    assert again.number == 1


def test_a_version_made_from_an_older_one_is_refused(alice, olga):
    saved = operations.save_workflow(workflow=SOFTWARE, by=alice, at=NOW)
    operations.save_workflow(which=saved.slug, workflow=renamed(SOFTWARE, Done="A"), based_on=1, by=olga, at=NOW)

    with pytest.raises(WorkflowChangedMeanwhile, match="Olga Owner saved version 2"):
        operations.save_workflow(which=saved.slug, workflow=renamed(SOFTWARE, Done="B"), based_on=1, by=alice, at=NOW)


def test_a_broken_workflow_is_not_saved_and_every_fault_is_told(alice):
    broken = msgspec.structs.replace(SOFTWARE, rules=SOFTWARE.rules[:1])

    with pytest.raises(WorkflowRefused) as refusal:
        operations.save_workflow(workflow=broken, by=alice, at=NOW)

    assert "No way leads to Done." in refusal.value.data["faults"]
    assert all(view.built_in for view in queries.list_workflows(actor=alice))


def test_adopting_another_workflow_moves_every_issue_in_one_audited_operation(payments, alice, bob):
    for number in range(1, 7):
        report(f"Issue {number}", bob)
    for key, stage in (("PAY-2", "Assigned"), ("PAY-3", "Assigned"), ("PAY-3", "Retest"), ("PAY-4", "Assigned")):
        issues.transition_issue(key=key, to=stage, assignee="me", by=bob, at=NOW)
    issues.transition_issue(key="PAY-5", to="Closed", reason="duplicate", by=bob, at=NOW)
    seq, entries = issue_queries.newest_change(actor=bob), audit.head().sequence

    seen = issue_queries.preview_adoption(actor=bob, project="payments", which="software", stages={"Retest": "Done"})
    done = issues.adopt_workflow(project="payments", which="software", stages={"Retest": "Done"}, by=alice, at=NOW)

    assert msgspec.to_builtins(seen) == msgspec.to_builtins(done)
    assert done.migration.issues == 6
    assert [look(f"PAY-{n}", bob).stage for n in range(1, 7)] == [
        "To Do", "In Progress", "Done", "In Progress", "Done", "To Do",
    ]  # fmt: skip
    assert (look("PAY-5", bob).reason, look("PAY-3", bob).category) == ("duplicate", "closed")
    [moved, *_] = issue_queries.activity(actor=bob, key="PAY-3")
    assert (moved.kind, moved.before["stage"], moved.after["stage"]) == ("stage", "Retest", "Done")
    assert moved.reason == "The project's workflow became software 1."
    assert len(issue_queries.changes_since(actor=bob, seq=seq).items) == 6
    [adopted] = [e for e in audit.list_entries(actor=alice).items if e.action == "project.workflow_adopted"]
    assert adopted.after["moved"]["Retest (verify)"] == {"to": "Done", "issues": 1}
    assert audit.head().sequence - entries < 12, "not one entry an issue"
    assert audit.verify().ok


def test_a_preview_changes_nothing(payments, alice, bob):
    report("Issue", bob)
    before = audit.head()

    issue_queries.preview_adoption(actor=bob, project="payments", which="software")

    assert (audit.head(), look("PAY-1", bob).stage) == (before, "New")
    assert [view.slug for view in queries.list_workflows(actor=bob) if not view.built_in] == []


def test_an_adoption_that_cannot_be_leaves_everything_as_it_is(payments, alice, bob):
    report("Issue", bob)

    with pytest.raises(StageUnknown):
        adopt("software", alice, stages={"New": "Limbo"})

    assert (look("PAY-1", bob).stage, queries.workflow_of(payments.id)) == ("New", DEFAULT)


def test_a_stage_that_only_means_something_else_takes_its_issues_along(payments, alice, bob):
    stages = tuple(
        Stage(stage.name, "verify" if stage.name == "In Progress" else stage.category) for stage in SOFTWARE.stages
    )
    saved = operations.save_workflow(workflow=SOFTWARE, by=alice, at=NOW)
    adopt(saved.slug, alice)
    report("Issue", bob)
    issues.transition_issue(key="PAY-1", to="start", by=bob, at=NOW)
    operations.save_workflow(
        which=saved.slug, workflow=msgspec.structs.replace(SOFTWARE, stages=stages), by=alice, at=NOW
    )

    adopt(saved.slug, alice)

    assert (look("PAY-1", bob).stage, look("PAY-1", bob).category) == ("In Progress", "verify")


def test_a_project_can_go_back_to_the_default(payments, alice, bob):
    report("Issue", bob)
    adopt("software", alice)

    adopt("errata", alice)

    assert (look("PAY-1", bob).stage, queries.process_of(payments.id).slug) == ("New", "errata")


def test_a_move_of_before_the_migration_cannot_be_taken_back_into_a_stage_that_is_gone(payments, alice, bob):
    report("Issue", bob)
    done = issues.transition_issue(key="PAY-1", to="Assigned", assignee="me", by=bob, at=NOW)
    adopt("software", alice)

    with pytest.raises(UndoRefused):
        issues.undo(activity_id=done.activities[-1], by=bob, at=NOW)


def test_a_workflow_in_use_is_not_put_away(payments, alice):
    adopt("software", alice)

    with pytest.raises(WorkflowRefused, match="is used by Payments"):
        operations.archive_workflow(which="software", by=alice, at=NOW)
    adopt("errata", alice)
    operations.archive_workflow(which="software", by=alice, at=NOW)

    [found] = [view for view in queries.list_workflows(actor=alice) if view.slug == "software"]
    assert found.built_in, "the gallery's is there again"


def test_the_built_in_workflow_cannot_be_taken_over(alice):
    with pytest.raises(WorkflowRefused, match="is built in"):
        operations.take_workflow(which="errata", by=alice, at=NOW)
    with pytest.raises(WorkflowNotFound):
        operations.save_workflow(which="errata", workflow=DEFAULT, by=alice, at=NOW)


def test_taking_from_the_gallery_brings_types_and_fields(alice):
    taken = operations.take_workflow(which="incident", by=alice, at=NOW)

    assert (taken.slug, taken.number, taken.built_in) == ("incident", 1, False)
    assert {"Incident", "Follow-up"} <= {view.name for view in queries.list_types(actor=alice)}
    assert [view.field.slug for view in queries.list_fields(actor=alice)] == [
        "impact", "customers_affected", "post_mortem",
    ]  # fmt: skip


def test_members_look_and_do_not_change(payments, bob, carol):
    for who in (bob, carol):
        assert queries.workflow(actor=who, which="errata").workflow == DEFAULT
        for write in (
            lambda who=who: operations.save_workflow(workflow=SOFTWARE, by=who, at=NOW),
            lambda who=who: operations.take_workflow(which="software", by=who, at=NOW),
            lambda who=who: operations.archive_workflow(which="software", by=who, at=NOW),
            lambda who=who: operations.create_project(template="software", name="X", platform="", by=who, at=NOW),
            lambda who=who: adopt("software", who),
        ):
            with pytest.raises(Forbidden):
                write()


def test_another_organisation_neither_sees_nor_uses_a_workflow(payments, heist, alice, mallory):
    operations.save_workflow(workflow=renamed(SOFTWARE, Done="Paid out"), by=alice, at=NOW)
    saved = operations.save_workflow(workflow=msgspec.structs.replace(SOFTWARE, name="Ours alone"), by=alice, at=NOW)

    assert all(view.built_in for view in queries.list_workflows(actor=mallory))
    with pytest.raises(WorkflowNotFound):
        queries.workflow(actor=mallory, which=saved.slug)
    with pytest.raises(WorkflowNotFound):
        operations.save_workflow(which=saved.slug, workflow=SOFTWARE, by=mallory, at=NOW)
    with pytest.raises(WorkflowNotFound):
        issues.adopt_workflow(project=heist.id, which=saved.slug, by=mallory, at=NOW)
    with pytest.raises(projects.ProjectNotFound):
        issues.adopt_workflow(project=payments.id, which="software", by=mallory, at=NOW)
    assert queries.words(actor=mallory).stages == DEFAULT.stages


def test_asking_for_a_workflow_costs_one_look_up(payments):
    queries.workflow_of(payments.id)

    with CaptureQueriesContext(connection) as captured:
        assert queries.workflow_of(payments.id) is DEFAULT

    assert len(captured) == 1


def test_a_page_asks_once_and_keeps_to_the_answer(payments, alice):
    queries.workflow_of(payments.id)
    with CaptureQueriesContext(connection) as captured, queries.steady():
        assert queries.workflow_of(payments.id) is DEFAULT
        assert queries.words(actor=alice).types == queries.words(actor=alice).types
        assert queries.workflow_of(payments.id) is DEFAULT
    asked = [query for query in captured.captured_queries if "processtoken" in query["sql"]]
    assert len(asked) == 1
    adopt("software", alice)
    assert queries.workflow_of(payments.id).name == "Software"


def test_what_another_process_changed_is_seen_at_the_next_question(payments, alice):
    assert queries.workflow_of(payments.id) is DEFAULT
    before = memory._memory
    adopt("software", alice)
    memory._memory = before  # a process that has heard of nothing

    assert queries.workflow_of(payments.id).name == "Software"


def test_what_was_rolled_back_is_not_remembered(payments, alice):
    def fail():
        with transaction.atomic():
            adopt("software", alice)
            assert queries.workflow_of(payments.id).name == "Software"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert queries.workflow_of(payments.id) is DEFAULT
    adopt("simple", alice)
    assert queries.workflow_of(payments.id).name == "Simple"


def test_searches_know_the_stages_and_types_in_use(payments, alice, bob):
    adopt("software", alice)
    key = report("Issue", bob, type="story")

    assert find('stage:"To Do"', bob) == find("status:[Done, 'to do']".replace("'", '"'), bob) == [key]
    assert find("type:Story", bob) == [key]
    texts = [item.text for item in issue_queries.completions(actor=bob, text="stage:", position=6, now=NOW)]
    assert '"In Progress"' in texts
    assert "Retest" in texts


def test_searches_elsewhere_do_not(payments, heist, alice, mallory):
    adopt("software", alice)

    with pytest.raises(Exception, match="can't be “To Do”"):
        find('stage:"To Do"', mallory)


def test_a_moves_actions_are_done_and_told(payments, alice, bob):
    workflow = find_blueprint("incident").workflow
    saved = operations.save_workflow(workflow=workflow, by=alice, at=NOW)
    adopt(saved.slug, alice)
    report("Down", bob, priority="Low", type="Incident")
    for to in ("Investigating", "Monitoring"):
        issues.transition_issue(key="PAY-1", to=to, assignee="me", by=bob, at=NOW)

    done = issues.transition_issue(key="PAY-1", to="relapse", by=bob, at=NOW)

    assert (look("PAY-1", bob).stage, look("PAY-1", bob).priority) == ("Investigating", "High")
    assert kinds("PAY-1", bob)[-2:] == ["stage", "priority"]
    for activity in reversed(done.activities):
        issues.undo(activity_id=activity, by=bob, at=NOW)
    assert (look("PAY-1", bob).stage, look("PAY-1", bob).priority) == ("Monitoring", "Low")


def test_an_action_that_cannot_be_done_any_more_stops_nobody(payments, alice, bob):
    lost = (
        Action("set_assignee", "gone@shop.example"),
        Action("set_assignee", "9" * 20),
        Action("set_type", "Gone"),
        Action("set_field", "1", "gone"),
        Action("add_label", "late"),
        Action("comment", "On its way."),
        Action("set_severity", "Major"),
        Action("clear_deputy"),
    )
    rules = (Rule("close", "Close", ("Open",), "Closed", actions=lost), Rule("open", "Open", ("Closed",), "Open"))
    stages = (Stage("Open", "new"), Stage("Closed", "closed"))
    small = msgspec.structs.replace(DEFAULT, name="Small", stages=stages, rules=rules, lasting_reasons=())
    operations.add_type(name="Gone", by=alice, at=NOW)
    operations.save_field(field=CustomField("gone", "Gone", "number"), by=alice, at=NOW)
    adopt(operations.save_workflow(workflow=small, by=alice, at=NOW).slug, alice)
    operations.archive_type(name="Gone", by=alice, at=NOW)
    operations.archive_field(slug="gone", by=alice, at=NOW)
    report("Issue", bob)
    issues.assign_issue(key="PAY-1", deputy=alice.user_id, by=bob, at=NOW)

    issues.transition_issue(key="PAY-1", to="Closed", by=bob, at=NOW)

    row = look("PAY-1", bob)
    assert (row.stage, row.severity, row.deputy, row.comments) == ("Closed", "Major", None, 1)
    assert [label.name for label in row.labels] == ["late"]


def test_a_workflow_whose_moves_name_what_is_not_there_is_refused(alice):
    rules = (
        Rule("close", "Close", ("Open",), "Closed", requires=(Requirement(("field.nope",), "Say it."),),
             actions=(Action("set_type", "Gone"), Action("set_field", "many", "points"))),
        Rule("open", "Open", ("Closed",), "Open", actions=(Action("clear_field", "", "nope"),)),
    )  # fmt: skip
    operations.save_field(field=CustomField("points", "Points", "number"), by=alice, at=NOW)
    stages = (Stage("Open", "new"), Stage("Closed", "closed"))
    small = msgspec.structs.replace(DEFAULT, name="Small", stages=stages, rules=rules)

    with pytest.raises(WorkflowRefused) as refused:
        operations.save_workflow(workflow=small, by=alice, at=NOW)

    assert refused.value.data["faults"] == [
        "The move Close asks for field.nope, but there is no field nope.",
        "The move Close is to set the type to Gone, but no such type can be chosen.",
        "The move Close is to set Points, and can't: Points is a number; “many” isn't one.",
        "The move Open is to clear field nope, but there is no such field.",
    ]


def test_a_move_does_not_ask_for_a_field_that_the_issue_cannot_have(payments, alice, bob):
    close = Rule("close", "Close", ("Open",), "Closed", requires=(Requirement(("field.points",), "Say the points."),))
    stages = (Stage("Open", "new"), Stage("Closed", "closed"))
    rules = (close, Rule("open", "Open", ("Closed",), "Open"))
    small = msgspec.structs.replace(DEFAULT, name="Small", stages=stages, rules=rules)
    field = CustomField("points", "Points", "number", types=("Task",))
    operations.save_field(field=field, by=alice, at=NOW)
    adopt(operations.save_workflow(workflow=small, by=alice, at=NOW).slug, alice)
    report("With points", bob, type="Task")
    report("Without", bob, type="SEO")

    with pytest.raises(TransitionRefused, match="Say the points"):
        issues.transition_issue(key="PAY-1", to="Closed", by=bob, at=NOW)
    issues.transition_issue(key="PAY-2", to="Closed", by=bob, at=NOW)
    operations.archive_field(slug="points", by=alice, at=NOW)
    issues.transition_issue(key="PAY-1", to="Closed", by=bob, at=NOW)

    assert [look(key, bob).stage for key in ("PAY-1", "PAY-2")] == ["Closed", "Closed"]


def test_a_workflows_own_types_come_with_it_and_those_put_away_are_offered_no_more(payments, alice, bob):
    own = msgspec.structs.replace(SOFTWARE, name="Ours", types=("Chore", "Bug"))
    adopt(operations.save_workflow(workflow=own, by=alice, at=NOW).slug, alice)
    assert queries.process(actor=bob, project="payments").types == ("Chore", "Bug")

    operations.archive_type(name="Bug", by=alice, at=NOW)

    assert queries.process(actor=bob, project="payments").types == ("Chore",)
    with pytest.raises(FieldRefused, match="There is no type “Bug”"):
        report("Late", bob, type="Bug")


def test_guards_hold_for_people_as_they_are(payments, alice, bob):
    adopt("kanban", alice)
    report("Issue", bob)
    issues.transition_issue(key="PAY-1", to="start", assignee="me", by=bob, at=NOW)
    issues.transition_issue(key="PAY-1", to="Review", by=bob, at=NOW)

    with pytest.raises(TransitionRefused, match="somebody other than the assignee"):
        issues.transition_issue(key="PAY-1", to="approve", by=bob, at=NOW)
    [shut] = [move for move in issue_queries.issue(actor=bob, key="PAY-1").moves if move.name == "approve"]
    assert not shut.allowed
    issues.transition_issue(key="PAY-1", to="approve", by=alice, at=NOW)
    assert look("PAY-1", bob).stage == "Done"
