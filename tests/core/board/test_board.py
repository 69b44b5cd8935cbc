"""Columns, drops and limits of a board."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core import workflow
from errata.core.board import LIMIT_MAX, LimitsRefused, columns_of, drop_on, find_column, read_limits, write_limits
from errata.core.workflow import DEFAULT, Command, IssueState, Rule, Stage, Workflow

OTHER = Workflow(
    name="Kanban",
    version=1,
    stages=(Stage("To do", "new"), Stage("Doing", "active"), Stage("Done", "closed")),
    rules=(
        Rule("start", "Start", ("To do",), "Doing"),
        Rule("finish", "Finish", ("Doing",), "Done"),
    ),
)
STAGES = [stage.name for stage in DEFAULT.stages]


def drops_from(stage, *, assignee=None):
    state = IssueState(stage=stage, assignee=assignee)
    moves = workflow.moves(DEFAULT, state=state, command=Command(to="", by="person"))
    return {column.id: drop_on(column, moves) for column in columns_of([DEFAULT]) if column.id != stage}


def test_issues_of_one_workflow_stand_in_its_stages():
    assert [column.name for column in columns_of([DEFAULT, DEFAULT])] == STAGES


def test_issues_of_different_workflows_stand_in_what_their_stages_mean():
    columns = columns_of([DEFAULT, OTHER])

    assert [column.category for column in columns] == ["new", "active", "verify", "done", "closed"]
    assert find_column(columns, stage="Doing", category="active").category == "active"
    assert find_column(columns, stage="Revise", category="active").category == "active"


def test_a_stage_that_is_gone_stands_with_its_category():
    assert find_column(columns_of([DEFAULT]), stage="Triaged", category="new").name == "New"


def test_no_workflow_has_no_columns():
    assert columns_of([]) == []


def test_a_drop_moves_at_once_where_nothing_is_asked():
    assert drops_from("Assigned", assignee="7")["Retest"].state == "open"


def test_a_drop_asks_for_what_the_move_needs():
    drop = drops_from("New")["Assigned"]

    assert (drop.state, drop.to, drop.words) == ("asks", "assign", "Say who takes it.")


def test_a_drop_that_no_move_allows_says_why():
    drop = drops_from("New")["Fixed"]

    assert drop.state == "closed"
    assert "reached from Retest" in drop.words


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("assignee", [None, "7"])
def test_what_a_drop_says_is_what_the_workflow_decides(stage, assignee):
    for drop in drops_from(stage, assignee=assignee).values():
        if drop.state == "closed":
            continue
        state = IssueState(stage=stage, assignee=assignee)
        fields = {} if drop.state == "open" else {"assignee": "7", "comment": "so", "reason": "duplicate"}
        decided = workflow.decide(DEFAULT, state=state, command=Command(to=drop.to, fields=fields))
        assert decided.to_stage == drop.stage


@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda name: name.strip() == name), st.integers(1, LIMIT_MAX), max_size=9
    )
)
def test_limits_come_back_from_an_address_as_they_went_in(limits):
    assert read_limits(write_limits(limits)) == limits


@pytest.mark.parametrize("text", ["Assigned", "Assigned:", "Assigned:0", "Assigned:-1", "Assigned:1000", ":5", "A:९"])
def test_a_limit_that_is_none_is_refused(text):
    with pytest.raises(LimitsRefused):
        read_limits(text)
