"""What stages meant at the time."""

from errata.core.workflow import DEFAULT, category_of, told_by


def test_what_was_told_goes_before_what_the_workflow_says_today():
    told = told_by({"stage": "Fixed", "category": "verify", "reason": ""})

    assert category_of("Fixed", told=told, workflow=DEFAULT) == "verify"
    assert category_of("Closed", told=told, workflow=DEFAULT) == "closed"
    assert category_of("Shipped", told=told, workflow=DEFAULT) is None


def test_old_moves_and_other_changes_tell_no_category():
    assert told_by({"stage": "Fixed"}) == told_by({"priority": "High"}) == {}
