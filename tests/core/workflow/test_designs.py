"""Workflows as people design them: any at all. What is accepted can be lived with; what isn't is told why."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from errata.core.fields import faults as field_faults
from errata.core.vocabulary import CATEGORIES, ISSUE_TYPES, OPEN_CATEGORIES
from errata.core.workflow import (
    DEFAULT,
    GALLERY,
    Action,
    Command,
    IssueState,
    Rule,
    Stage,
    TransitionRefused,
    Workflow,
    decide,
    difference,
    find_blueprint,
    moves,
    plan,
    regress,
    validate,
)
from errata.core.workflow.migration import StageUnknown

NAMES = ("To do", "Doing", "Waiting", "Review", "Done", "Gone")
categories = st.sampled_from(tuple(CATEGORIES))


@st.composite
def designs(draw):
    """Stages and moves put together at random: most are broken, some are not."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    stages = tuple(Stage(name, "new" if index == 0 else draw(categories)) for index, name in enumerate(names))
    rules = tuple(
        Rule(
            f"move{index}",
            f"Move {index}",
            tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))),
            draw(st.sampled_from(names)),
        )
        for index in range(draw(st.integers(0, 8)))
    )
    return Workflow(name="Any", version=1, stages=stages, rules=rules)


@st.composite
def nearly_sound(draw):
    """A round through all stages, of which some moves may be missing."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5, unique=True))
    between = [draw(categories) for _ in names[2:]]
    stages = tuple(Stage(name, category) for name, category in zip(names, ["new", *between, "closed"], strict=True))
    places = list(range(len(names)))
    rules = [
        Rule(f"move{index}", f"Move {index}", (names[index],), names[(index + 1) % len(names)])
        for index in draw(st.lists(st.sampled_from(places), min_size=len(names) - 1, unique=True))
    ]
    return Workflow(name="Round", version=1, stages=stages, rules=tuple(rules))


def reachable(workflow: Workflow, start: str) -> set[str]:
    found, fresh = {start}, [start]
    while fresh:
        here = fresh.pop()
        onward = {move.to for move in moves(workflow, state=IssueState(stage=here)) if move.allowed} - found
        found |= onward
        fresh += onward
    return found


@given(nearly_sound())
def test_in_an_accepted_workflow_every_stage_is_reached_and_every_issue_can_be_closed(workflow):
    assume(not validate(workflow))

    assert reachable(workflow, workflow.initial.name) == {stage.name for stage in workflow.stages}
    closed = {stage.name for stage in workflow.stages if stage.category == "closed"}
    for stage in workflow.stages:
        assert reachable(workflow, stage.name) & closed
        assert stage.name not in closed or len(reachable(workflow, stage.name)) > 1


@given(designs() | nearly_sound())
def test_a_refused_workflow_is_refused_for_something_an_issue_would_meet(workflow):
    faults = validate(workflow)
    assume(not any("leads from" in fault for fault in faults))
    everywhere = reachable(workflow, workflow.initial.name)
    closed = {stage.name for stage in workflow.stages if stage.category == "closed"}
    fine = (
        everywhere == {stage.name for stage in workflow.stages}
        and bool(closed)
        and all(reachable(workflow, stage.name) & closed for stage in workflow.stages)
        and all(len(reachable(workflow, stage.name)) > 1 for stage in workflow.stages)
    )

    assert fine == (not faults)


@given(designs())
def test_a_workflow_survives_being_stored_and_has_no_difference_to_itself(workflow):
    again = msgspec.json.decode(msgspec.json.encode(workflow), type=Workflow)

    assert again == workflow
    assert difference(workflow, again) == []


@given(designs(), designs())
def test_what_differs_is_said(before, after):
    assert bool(difference(before, after)) == (before != after)


@given(designs(), designs(), st.data())
def test_a_migration_leaves_no_issue_behind_and_makes_none_up(before, after, data):
    places = [(stage.name, stage.category) for stage in before.stages] + [("Long gone", "active")]
    counts = {place: data.draw(st.integers(0, 50)) for place in places}

    found = plan(before, after, counts=counts)

    assert sum(step.issues for step in found.steps) == sum(counts.values())
    assert {step.to for step in found.steps} <= {stage.name for stage in after.stages}
    for step in found.steps:
        assert after.find_stage(step.to).category == step.to_category
        if after.find_stage(step.stage):
            assert step.to == after.find_stage(step.stage).name
        elif {stage.category in OPEN_CATEGORIES for stage in after.stages} == {True, False}:
            assert (step.category in OPEN_CATEGORIES) == (step.to_category in OPEN_CATEGORIES)


@given(designs())
def test_a_migration_to_the_same_workflow_moves_nothing(workflow):
    counts = {(stage.name, stage.category): 3 for stage in workflow.stages}

    found = plan(workflow, workflow, counts=counts)

    assert (found.issues, found.lost) == (0, ())


@given(designs(), designs(), st.data())
def test_a_chosen_stage_goes_before_every_other(before, after, data):
    stage, target = data.draw(st.sampled_from(before.stages)), data.draw(st.sampled_from(after.stages))

    [step] = [
        step
        for step in plan(before, after, counts={}, chosen={stage.name: target.name}).steps
        if step.stage == stage.name
    ]

    assert step.to == target.name


def test_a_migration_says_what_is_lost():
    software = find_blueprint("software").workflow

    found = plan(
        DEFAULT,
        software,
        counts={("Assigned", "active"): 4, ("Retest", "verify"): 2, ("Fixed", "done"): 1},
        chosen={"Fixed": "To Do"},
        types={"Error": 7, "Task": 1},
    )

    lost = " ".join(sentence for step in found.steps for sentence in step.lost) + " ".join(found.lost)
    assert "What was finished in Fixed is open again." in lost
    assert "That Retest waits for a check is no longer to be seen." in lost
    assert "The issues of Assigned and Retest can't be told apart any more: all are in In Progress." in lost
    assert "7 issues have the type Error, which Software doesn't offer; they keep it." in lost


def test_a_renamed_stage_takes_its_issues_along():
    after = msgspec.structs.replace(
        DEFAULT, stages=tuple(Stage("Back", s.category) if s.name == "Revise" else s for s in DEFAULT.stages)
    )

    found = plan(DEFAULT, after, counts={("Revise", "active"): 3}, renamed={"Revise": "Back"})

    assert [(s.to, s.why) for s in found.steps if s.stage == "Revise"] == [("Back", "renamed")]


def test_issues_cannot_be_sent_to_a_stage_that_is_not_there():
    with pytest.raises(StageUnknown, match="There is no stage Limbo"):
        plan(DEFAULT, DEFAULT, counts={}, chosen={"New": "Limbo"})


def test_a_slip_in_the_name_of_a_stage_sends_nothing_elsewhere_in_silence():
    with pytest.raises(StageUnknown, match=r"a stage Retset, and none could be\. The stages are New, Assigned, Revise"):
        plan(DEFAULT, DEFAULT, counts={("Retest", "verify"): 3}, chosen={"Retset": "Revise"})


@pytest.mark.parametrize("found", GALLERY, ids=lambda found: found.slug)
def test_everything_in_the_gallery_can_be_used(found):
    assert validate(found.workflow) == []
    known = (*ISSUE_TYPES, *found.workflow.types)
    assert [fault for field in found.fields for fault in field_faults(field, types=known)] == []
    assert found.arrivals.type in (found.workflow.types or ISSUE_TYPES)
    assert any(rule.on == "recurrence" for rule in found.workflow.rules)
    assert all(field.workflows == (found.slug,) for field in found.fields)


def test_software_is_as_people_know_it():
    software = find_blueprint("Software").workflow

    assert software.types == ("Task", "Bug", "Story", "Epic", "Sub-task")
    assert [stage.name for stage in software.stages] == ["To Do", "In Progress", "Done"]
    assert decide(software, state=IssueState("To Do"), command=Command("Done")).name == "finish"


BACK = Rule("back", "Back", ("Done",), "To do")


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (Rule("x", "X", (), "Done"), "The move X starts nowhere."),
        (Rule("x", "X", ("To do",), "To do"), "The move X leads from To do to itself."),
        (Rule("x", "X", ("To do",), "Done", by=()), "The move X can be made by nobody."),
        (Rule("", "", ("To do",), "Done"), "needs a name and a label"),
        (Rule("x", "X", ("Done",), "Done", on="recurrence"), "where nobody works on them"),
        (Rule("x", "X", ("To do",), "Done", actions=(Action("set_priority", "Urgent"),)), "none of Low, Medium, High"),
        (Rule("x", "X", ("To do",), "Done", actions=(Action("set_field", "1"),)), "without saying which"),
        (Rule("x", "X", ("To do",), "Done", actions=(Action("comment"),)), "without saying to what"),
        (Rule("x" * 41, "X", ("To do",), "Done"), "longer than 40 characters"),
    ],
)
def test_a_broken_move_is_told_what_is_wrong_with_it(rule, fault):
    stages = (Stage("To do", "new"), Stage("Done", "closed"))
    broken = Workflow("Small", 1, stages, (Rule("finish", "Finish", ("To do",), "Done"), BACK, rule))

    assert any(fault in found for found in validate(broken))


def test_a_recurrence_has_one_way():
    twice = msgspec.structs.replace(
        DEFAULT, rules=(*DEFAULT.rules, msgspec.structs.replace(DEFAULT.rules[-1], name="again"))
    )

    assert "A recurrence has two ways from Fixed." in validate(twice)


def guarded(guard):
    stages = (Stage("To do", "new"), Stage("Done", "closed"))
    return Workflow("Small", 1, stages, (Rule("finish", "Finish", ("To do",), "Done", guards=(guard,)), BACK))


@pytest.mark.parametrize(
    ("guard", "who", "administers", "passes"),
    [
        ("holder", "1", False, True),
        ("holder", "2", False, True),
        ("holder", "3", True, False),
        ("other", "1", True, False),
        ("other", "3", False, True),
        ("admin", "1", False, False),
        ("admin", "3", True, True),
    ],
)
def test_a_guard_lets_some_people_through(guard, who, administers, passes):
    state = IssueState("To do", assignee="1", deputy="2")
    command = Command("Done", who=who, administers=administers)

    [move] = [move for move in moves(guarded(guard), state=state, command=command) if move.to == "Done"]
    assert move.allowed == passes
    if passes:
        assert decide(guarded(guard), state=state, command=command).to_stage == "Done"
    else:
        with pytest.raises(TransitionRefused) as refusal:
            decide(guarded(guard), state=state, command=command)
        assert refusal.value.data["guard"] == guard
        assert move.why_not == refusal.value.message


def test_the_system_passes_every_guard():
    state = IssueState("To do", assignee="1")

    assert decide(guarded("admin"), state=state, command=Command("Done", by="system")).moves


def test_a_move_can_ask_for_a_custom_field_and_takes_a_zero():
    incident = find_blueprint("incident").workflow
    bare = IssueState("Resolved")

    with pytest.raises(TransitionRefused, match="Link the post-mortem"):
        decide(incident, state=bare, command=Command("Closed"))
    written = IssueState("Resolved", values={"post_mortem": 0})
    assert decide(incident, state=written, command=Command("Closed")).moves


def test_whom_to_notify_goes_with_the_move_as_its_evidence():
    noisy = Rule(
        "finish", "Finish", ("To do",), "Done", actions=(Action("notify", "#ops, deputy"), Action("add_label", "x"))
    )
    stages = (Stage("To do", "new"), Stage("Done", "closed"))

    move = decide(Workflow("Small", 1, stages, (noisy, BACK)), state=IssueState("To do"), command=Command("Done"))

    assert (move.evidence, move.actions) == ({"notify": ["#ops", "deputy"]}, (Action("add_label", "x"),))


@pytest.mark.parametrize("found", GALLERY, ids=lambda found: found.slug)
def test_a_recurrence_opens_what_was_closed_in_every_workflow_of_the_gallery(found):
    [rule] = [rule for rule in found.workflow.rules if rule.on == "recurrence"]
    for stage in rule.sources:
        move = regress(found.workflow, state=IssueState(stage), evidence={"event_id": "1"})
        assert move.category in OPEN_CATEGORIES
        assert regress(found.workflow, state=IssueState(stage, reason="duplicate"), evidence={}) is None
