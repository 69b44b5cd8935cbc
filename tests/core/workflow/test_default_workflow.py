import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.workflow import (
    DEFAULT,
    EVIDENCE,
    Command,
    IssueState,
    Transition,
    TransitionRefused,
    decide,
    moves,
    regress,
    validate,
)

PROVEN = frozenset(EVIDENCE)
STAGES = [stage.name for stage in DEFAULT.stages]


def move(stage, to, *, assignee=None, by="person", **fields):
    return decide(DEFAULT, state=IssueState(stage, assignee=assignee), command=Command(to, by=by, fields=fields))


def decided(state, command) -> Transition | TransitionRefused:
    try:
        return decide(DEFAULT, state=state, command=command)
    except TransitionRefused as refusal:
        return refusal


def refused(*args, **kwargs) -> TransitionRefused:
    with pytest.raises(TransitionRefused) as caught:
        move(*args, **kwargs)
    return caught.value


def test_the_default_workflow_has_the_six_stages_and_no_fault():
    assert STAGES == ["New", "Assigned", "Revise", "Retest", "Fixed", "Closed"]
    assert validate(DEFAULT) == []


def test_an_issue_walks_from_new_to_closed():
    state = IssueState("New", assignee="ada@example.com", evidence=PROVEN)

    for to in ("Assigned", "Retest", "Fixed", "Closed"):
        stage = decide(DEFAULT, state=state, command=Command(to)).to_stage
        state = IssueState(stage, assignee=state.assignee, evidence=PROVEN)

    assert state.stage == "Closed"


def test_assigning_needs_an_assignee_and_says_so():
    refusal = refused("New", "Assigned")

    assert refusal.data["guard"] == "required fields"
    assert refusal.data["missing"] == ["assignee"]
    assert "who takes it" in refusal.message


def test_an_assignee_given_with_the_command_is_part_of_the_change():
    command = Command("Assigned", fields={"assignee": "ada@example.com"})

    transition = decide(DEFAULT, state=IssueState("New"), command=command)

    assert (transition.to_stage, transition.changes) == ("Assigned", {"assignee": "ada@example.com"})


def test_a_failed_retest_goes_to_revise_and_keeps_what_was_said():
    assert move("Retest", "Revise").to_stage == "Revise"
    assert move("Retest", "Revise", comment="Still 500 on Safari").comment == "Still 500 on Safari"


def test_a_retest_without_proof_does_not_pass_and_says_what_is_missing_and_what_would_do():
    refusal = refused("Retest", "Fixed")

    assert refusal.data["guard"] == "evidence"
    assert refusal.data["missing"] == ["released", "checked", "silent"]
    assert "quiet for long enough" in refusal.message
    assert "override" in refusal.message


def test_a_retest_with_proof_passes_with_the_evidence_it_was_given():
    state = IssueState("Retest", evidence=PROVEN)
    transition = decide(DEFAULT, state=state, command=Command("pass", by="system", evidence={"outcome": "pass"}))

    assert (transition.to_stage, transition.evidence) == ("Fixed", {"outcome": "pass"})


def test_one_missing_proof_is_enough_to_refuse():
    with pytest.raises(TransitionRefused) as caught:
        decide(DEFAULT, state=IssueState("Retest", evidence=PROVEN - {"silent"}), command=Command("Fixed"))
    assert caught.value.data["missing"] == ["silent"]


@pytest.mark.parametrize("field", ["override", "comment"])
def test_a_person_may_answer_for_what_is_not_proven(field):
    transition = move("Retest", "Fixed", **{field: "Seen it work on the till."})

    assert transition.to_stage == "Fixed"
    assert transition.evidence == {
        "override": "Seen it work on the till.",
        "unproven": ["released", "checked", "silent"],
    }


def test_a_rule_overrides_only_where_it_says_so():
    assert refused("Retest", "Fixed", by="system", comment="Moved by a rule.").data["guard"] == "evidence"
    assert move("Retest", "Fixed", by="system", override="The nightly run says so.").to_stage == "Fixed"


def test_the_menu_asks_for_the_reason_where_proof_is_missing():
    menu = {entry.name: entry for entry in moves(DEFAULT, state=IssueState("Retest"))}

    assert menu["pass"].needs[0].fields == ("override", "comment")
    assert not moves(DEFAULT, state=IssueState("Retest", evidence=PROVEN))[0].needs


def test_fixed_is_reached_only_through_retest():
    refusal = refused("Assigned", "Fixed", assignee="ada@example.com")

    assert refusal.data["guard"] == "stage"
    assert "Retest" in refusal.message
    assert "Fixed" not in refusal.data["allowed"]


def test_closing_without_a_fix_needs_a_reason_or_a_comment():
    assert refused("New", "Closed").data["missing"] == ["reason"]
    assert move("New", "Closed", reason="Won’t fix").changes["reason"] == "won't fix"
    assert move("New", "Closed", comment="A test by the agency").changes["reason"] is None


def test_a_reason_that_is_none_of_the_reasons_is_refused():
    assert "duplicate" in refused("New", "Closed", reason="bored").message


def test_a_move_to_where_the_issue_already_is_changes_nothing():
    transition = move("Assigned", "assigned")

    assert not transition.moves
    assert transition.changes == {}


def test_a_stage_that_does_not_exist_is_refused_with_those_that_do():
    assert refused("New", "Banana").data["allowed"] == STAGES


def test_a_move_can_be_named_as_well_as_its_stage():
    assert move("Fixed", "close").to_stage == "Closed"


def test_only_the_system_says_that_it_happened_again():
    assert refused("Fixed", "regress").data["guard"] == "actor"
    assert move("Fixed", "regress", by="system").changes == {"reason": None, "regressed": True}


@pytest.mark.parametrize("stage", ["Fixed", "Closed"])
def test_a_recurrence_sends_what_was_done_to_revise_with_the_evidence(stage):
    transition = regress(DEFAULT, state=IssueState(stage), evidence={"event_id": "f" * 32})

    assert transition is not None
    assert (transition.to_stage, transition.evidence) == ("Revise", {"event_id": "f" * 32})
    assert transition.changes["regressed"] is True


@pytest.mark.parametrize("stage", ["New", "Assigned", "Revise", "Retest"])
def test_a_recurrence_of_an_open_issue_moves_nothing(stage):
    assert regress(DEFAULT, state=IssueState(stage), evidence={}) is None


def test_a_recurrence_does_not_reopen_what_will_not_be_fixed():
    assert regress(DEFAULT, state=IssueState("Closed", reason="won't fix"), evidence={}) is None
    assert regress(DEFAULT, state=IssueState("Closed", reason="can't reproduce"), evidence={}) is not None


def test_the_menu_says_what_each_move_needs_and_why_a_stage_is_out_of_reach():
    menu = {entry.name: entry for entry in moves(DEFAULT, state=IssueState("New"))}

    assert menu["assign"].allowed
    assert menu["assign"].needs[0].fields == ("assignee",)
    assert not menu["Fixed"].allowed
    assert "Retest" in menu["Fixed"].why_not


states = st.builds(
    IssueState,
    st.sampled_from(STAGES),
    assignee=st.sampled_from([None, "ada"]),
    regressed=st.booleans(),
    evidence=st.sets(st.sampled_from(EVIDENCE)).map(frozenset),
)
fields = st.dictionaries(
    st.sampled_from(["assignee", "comment", "reason", "override"]), st.sampled_from(["", "ada", "duplicate"])
)


@settings(max_examples=40)
@given(state=states, fields=fields, to=st.sampled_from([*STAGES, *(rule.name for rule in DEFAULT.rules)]))
def test_every_command_moves_along_a_rule_or_is_refused_with_what_is_allowed(state, fields, to):
    decision = decided(state, Command(to, fields=fields))

    if isinstance(decision, TransitionRefused):
        assert set(decision.data["allowed"]) <= set(STAGES)
        return
    ways = {(source, rule.to) for rule in DEFAULT.rules for source in rule.sources}
    assert (decision.from_stage, decision.to_stage) in ways or not decision.moves


@settings(max_examples=40)
@given(state=states, fields=fields)
def test_a_menu_entry_that_needs_nothing_more_is_never_refused(state, fields):
    command = Command("", fields=fields)
    for entry in moves(DEFAULT, state=state, command=command):
        if entry.allowed and not entry.needs:
            again = decide(DEFAULT, state=state, command=Command(entry.name, fields=fields))
            assert again.to_stage == entry.to
