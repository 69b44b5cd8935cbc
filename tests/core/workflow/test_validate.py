import msgspec
import pytest

from errata.core.workflow import DEFAULT, Action, Requirement, Rule, Stage, Workflow, validate

TWO_STAGES = (Stage("To do", "new"), Stage("Done", "closed"))


def workflow(*rules, stages=TWO_STAGES) -> Workflow:
    return Workflow(name="Small", version=1, stages=stages, rules=rules)


FINISH = Rule("finish", "Finish", ("To do",), "Done")
REOPEN = Rule("reopen", "Reopen", ("Done",), "To do")


def test_two_stages_with_a_way_there_and_back_are_enough():
    assert validate(workflow(FINISH, REOPEN)) == []


def test_a_workflow_without_stages_is_none():
    assert validate(workflow(stages=())) == ["A workflow needs at least one stage."]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (workflow(REOPEN), "No way leads to Done."),
        (workflow(FINISH), "No way leads out of Done."),
        (workflow(REOPEN), "From To do an issue can never be closed."),
        (workflow(FINISH, REOPEN, Rule("x", "X", ("To do",), "Gone")), "The move x names the stage Gone"),
        (workflow(FINISH, REOPEN, FINISH), "To do has two moves called finish."),
        (workflow(FINISH, REOPEN, stages=(Stage("To do", "active"), Stage("Done", "closed"))), "has to be new"),
        (workflow(FINISH, REOPEN, stages=(Stage("To do", "new"), Stage("Done", "done"))), "category closed"),
        (
            workflow(FINISH, REOPEN, stages=(Stage("To do", "new"), Stage("Done", "closed"), Stage("DONE", "closed"))),
            "Two",
        ),
        (
            workflow(msgspec.structs.replace(FINISH, actions=(Action("notify", "deputy, Bob"),)), REOPEN),
            "The move Finish is to notify Bob. It can be the assignee,",
        ),
        (
            workflow(msgspec.structs.replace(FINISH, requires=(Requirement(("patience",), "Wait."),)), REOPEN),
            "The move Finish asks for patience, which nobody can give. It can be assignee, comment, reason,",
        ),
        (
            workflow(msgspec.structs.replace(FINISH, evidence=("magic",)), REOPEN),
            "The move Finish needs the proof magic, which nobody can bring. There are released, checked, silent.",
        ),
        (
            workflow(msgspec.structs.replace(FINISH, on="recurrence"), REOPEN),
            "From To do an issue can never be closed.",
        ),
        (
            workflow(FINISH, REOPEN, stages=(Stage("To do", "new"), Stage("Do\0ne", "closed"))),
            "'Do\\x00ne' has characters that nobody can see.",
        ),
    ],
)
def test_a_broken_workflow_is_told_what_is_wrong_with_it(broken, fault):
    assert any(fault in found for found in validate(broken))


def test_a_stage_without_a_name_is_told_once():
    faults = validate(workflow(FINISH, REOPEN, stages=(*TWO_STAGES, Stage("", "active"))))

    assert faults == ["A stage has no name."]


def test_a_workflow_is_data_that_survives_being_stored():
    assert msgspec.json.decode(msgspec.json.encode(DEFAULT), type=Workflow) == DEFAULT
