"""What a stage meant then, whatever workflow the project has now."""

from datetime import timedelta
from itertools import pairwise

import pytest

from errata.apps.clocks.histories import KINDS, history_of
from errata.apps.issues import hindsight, lives, operations, queries
from errata.apps.issues.models import Activity
from errata.apps.progress import following
from errata.apps.progress import queries as progress
from errata.apps.progress.types import Filter
from errata.apps.workflows.queries import workflow_of
from tests.apps.facts import later
from tests.apps.issues.shop import look, report
from tests.conftest import NOW


@pytest.fixture
def returned(payments, alice, bob):
    """PAY-1, Done for an hour in one workflow, before the project had another, which has no such stage."""
    operations.adopt_workflow(project="payments", which="software", by=alice, at=later(hours=-6))
    report("Slow", bob, at=later(hours=-5))
    operations.transition_issue(key="PAY-1", to="Done", by=bob, at=later(hours=-4))
    operations.transition_issue(key="PAY-1", to="reopen", by=bob, at=later(hours=-3))
    operations.adopt_workflow(project="payments", which="errata", by=alice, at=later(hours=-2))


def returns(actor):
    while following.follow(NOW):
        pass
    return progress.progress(actor=actor, now=NOW, which=Filter()).returned


def closed_for(project):
    """How long the issue was closed, as its clocks see it."""
    [life] = lives.lives(queries.issue_ids(project_id=project.id, after=0, limit=9), kinds=KINDS)
    facts = [fact for fact in history_of(life, workflow_of(project.id)).facts if fact.kind == "stage"]
    return sum((after.at - fact.at for fact, after in pairwise(facts) if not fact.is_open), timedelta())


def test_a_stage_that_the_workflow_of_today_has_not_closed_the_issue_all_the_same(returned, payments, bob):
    assert returns(bob) == 1
    assert closed_for(payments) == timedelta(hours=1)
    then = hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=later(hours=-3, minutes=-30)).row
    assert (then.stage, then.category) == ("Done", "closed")
    assert hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=later(hours=-4, minutes=-30)).row.category == "new"


def test_moves_from_before_categories_were_told_are_read_by_todays_workflow(returned, payments, bob):
    for deed in Activity.objects.all():
        for side in (deed.before, deed.after):
            side.pop("category", None)
        deed.save()

    assert returns(bob) == 0
    assert closed_for(payments) == timedelta()
    assert hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=later(hours=-4, minutes=-30)).row.stage == "To Do"


def test_a_move_that_is_taken_back_tells_the_stages_meaning_of_today(payments, bob):
    report("Slow", bob)
    done = operations.transition_issue(key="PAY-1", to="Closed", reason="duplicate", by=bob, at=NOW)
    Activity.objects.filter(id=done.activities[-1]).update(before={"stage": "New", "reason": "", "regressed": False})

    operations.undo(activity_id=done.activities[-1], by=bob, at=NOW)

    assert look("PAY-1", bob).category == "new"
    [newest, *_] = queries.activity(actor=bob, key="PAY-1")
    assert (newest.before["category"], newest.after["category"]) == ("closed", "new")
