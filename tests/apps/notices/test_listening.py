"""Who hears of what happens to an issue, and why."""

import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.issues import operations as issues
from errata.apps.notices import operations, queries
from errata.apps.notices.models import Delivery
from errata.apps.templates import operations as templates
from errata.apps.templates.types import Scope
from errata.apps.workflows import operations as workflows
from errata.core.template import Platform
from errata.core.workflow import Action, Rule, Stage, Workflow
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive, report
from tests.apps.notices.shop import hook, inbox, line, listen
from tests.conftest import NOW

MISSING = "nobody@shop.example"


@pytest.fixture(autouse=True)
def listening(payments):
    """Everybody listens from now on."""
    listen()


@pytest.fixture
def slow(listening, bob) -> str:
    """An issue that Bob reported."""
    key = report("Slow", bob)
    listen()
    return key


def test_who_gets_an_issue_is_told_so_and_who_gave_it_is_not(slow, alice, bob):
    issues.assign_issue(key=slow, to=alice.email, by=bob, at=NOW)
    listen()

    (notice,) = line(alice).notices
    assert notice.reason == "because it was assigned to you"
    assert notice.text.startswith("Bob Builder assigned it to Alice Admin and moved it")
    assert inbox(bob) == []


def test_who_loses_an_issue_is_told_so(slow, alice, bob, carol):
    issues.assign_issue(key=slow, to=alice.email, by=bob, at=NOW)
    listen()
    issues.assign_issue(key=slow, to=None, by=bob, at=NOW)
    listen()

    assert line(alice).notices[0].reason == "because it was yours"


def test_who_is_mentioned_is_told_with_the_words(slow, alice, bob, carol):
    issues.comment_on_issue(key=slow, body="@alice look at `@carol`", by=bob, at=NOW)
    listen()

    assert line(alice).notices[0].reason == "because you were mentioned"
    assert line(alice).notices[0].text == "Bob Builder: @alice look at `@carol`"
    assert inbox(carol) == []


def test_an_edit_tells_those_alone_whom_it_adds(slow, alice, bob, carol):
    comment = issues.comment_on_issue(key=slow, body="@alice look", by=bob, at=NOW)
    issues.edit_comment(comment_id=comment.id, body="@alice and @carol look", by=bob, at=NOW)
    listen()

    assert len(line(alice).notices) == 1
    assert "changed a comment" in line(carol).notices[0].text


def test_an_edit_that_was_edited_again_before_anybody_listened_tells_whom_it_added(slow, alice, bob):
    comment = issues.comment_on_issue(key=slow, body="Look.", by=bob, at=NOW)
    listen()
    issues.edit_comment(comment_id=comment.id, body="@alice look.", by=bob, at=NOW.replace(second=1))
    issues.edit_comment(comment_id=comment.id, body="@alice look!", by=bob, at=NOW.replace(second=2))
    listen()

    assert len(line(alice).notices) == 1


def test_who_is_mentioned_in_a_description_is_told_once_with_the_words(listening, alice, bob, carol):
    key = issues.create_issue(
        project="payments", title="Slow", description="@alice look at `@carol`", by=bob, at=NOW
    ).key
    # Edited before anybody listened: she was named from the beginning.
    issues.update_issue(key=key, description="@alice look.", by=bob, at=NOW.replace(second=1))
    listen()

    (notice,) = line(alice).notices
    assert notice.reason == "because you were mentioned"
    assert notice.text == "Bob Builder reported it: @alice look at `@carol`"
    assert inbox(carol) == []


def test_an_edit_of_a_description_tells_those_alone_whom_it_adds(slow, alice, bob, carol):
    issues.update_issue(key=slow, description="@alice look", by=bob, at=NOW)
    listen()
    issues.update_issue(key=slow, description="@alice and @carol look", by=bob, at=NOW.replace(second=1))
    listen()

    assert len(line(alice).notices) == 1
    assert line(carol).notices[0].text == "Bob Builder changed its description: @alice and @carol look"


def test_who_is_mentioned_in_a_description_hears_of_it_through_their_channels(payments, alice, bob):
    issues.create_issue(project="payments", title="Slow", description="@alice, look.", by=bob, at=NOW)
    listen()

    assert Delivery.objects.get(user_id=alice.user_id).kind == "mentioned"


def test_who_watches_is_told_why(slow, alice, bob):
    issues.watch_issue(key=slow, by=alice, at=NOW)
    issues.update_issue(key=slow, priority="High", by=bob, at=NOW)
    listen()

    assert inbox(alice) == [(slow, ["Bob Builder changed the priority from Medium to High."])]
    assert line(alice).notices[0].reason == "because you watch it"


def test_what_one_deed_did_is_told_at_once(slow, alice, bob):
    issues.watch_issue(key=slow, by=alice, at=NOW)
    issues.assign_issue(key=slow, to="me", by=bob, at=NOW)
    listen()

    assert len(line(alice).notices) == 1
    assert "assigned it to Bob Builder and moved it from New to" in line(alice).notices[0].text


@pytest.mark.parametrize(
    ("mode", "heard"), [("every", 3), ("stage", 1), ("spike", 0), ("none", 0)], ids=["every", "stage", "spike", "none"]
)
def test_a_watch_mode_lets_through_what_it_says(slow, alice, bob, mode, heard):
    operations.set_watch(key=slow, mode=mode, by=alice, at=NOW)
    issues.update_issue(key=slow, priority="High", by=bob, at=NOW.replace(minute=1))
    issues.comment_on_issue(key=slow, body="Hm.", by=bob, at=NOW.replace(minute=2))
    issues.transition_issue(key=slow, to="assign", assignee="me", by=bob, at=NOW.replace(minute=3))
    listen()

    assert sum(len(texts) for _, texts in inbox(alice)) == heard


def test_who_hears_nothing_still_hears_their_name(slow, alice, bob):
    operations.set_watch(key=slow, mode="none", by=alice, at=NOW)
    issues.comment_on_issue(key=slow, body="@alice, sorry.", by=bob, at=NOW)
    listen()

    assert len(line(alice).notices) == 1


def test_who_subscribes_to_a_project_hears_of_new_issues_and_not_of_the_rest(payments, alice, bob):
    operations.subscribe(project="payments", mode="new", by=alice, at=NOW)
    key = report("Slow", bob)
    issues.comment_on_issue(key=key, body="Hm.", by=bob, at=NOW)
    arrive(delta(payments))
    listen()

    assert [texts for _, texts in inbox(alice)] == [["Its first event came."], ["Bob Builder reported it."]]
    assert queries.inbox(actor=alice, now=NOW).lines[0].notices[0].reason == "because you subscribe to Payments"


def test_new_issues_and_regressions_are_announced_where_the_template_says(payments, alice, bob):
    hook(alice, name="#payments", kind="slack", address="https://hooks.slack.com/services/x")
    platform = Platform(kind="slack", channel="#Payments")
    templates.change_template(scope=Scope("project", "payments"), platform=platform, by=alice, at=NOW)

    arrive(delta(payments))
    issues.transition_issue(key="PAY-1", to="Closed", comment="No.", reason="can't reproduce", by=bob, at=NOW)
    issues.comment_on_issue(key="PAY-1", body="Is it?", by=bob, at=NOW)
    arrive(delta(payments, last=NOW.replace(hour=13), event_id="f" * 32), at=NOW.replace(hour=13))
    listen()

    sent = Delivery.objects.filter(channel__name="#payments").order_by("id")
    assert [(one.facts["key"], one.facts["text"].partition(".")[0]) for one in sent] == [
        ("PAY-1", "New issue"), ("PAY-1", "Happened again"),
    ]  # fmt: skip


def test_another_organisation_hears_nothing(slow, mallory, bob):
    issues.comment_on_issue(key=slow, body="@mallory@rival.example look", by=bob, at=NOW)
    listen()

    assert inbox(mallory) == []


@pytest.fixture
def telling(payments, alice, olga, carol):
    """A workflow that tells people who closed an issue, and carol's mates of what came back."""
    accounts.create_team(name="Ops", members=[alice.user_id, carol.user_id], by=olga, at=NOW)
    told = Action("notify", f"assignee, #ops carol@shop.example {MISSING}")
    stages = (Stage("To do", "new"), Stage("Done", "closed"))
    finish = Rule("finish", "Finish", ("To do",), "Done", actions=(told, Action("notify", "watchers")))
    again = Rule("again", "Again", ("Done",), "To do", by=("system",), on="recurrence", actions=(told,))
    reopen = Rule("reopen", "Reopen", ("Done",), "To do")
    made = workflows.save_workflow(workflow=Workflow("Small", 1, stages, (finish, again, reopen)), by=alice, at=NOW)
    issues.adopt_workflow(project="payments", which=made.slug, by=alice, at=NOW)
    listen()


def test_whom_a_move_of_the_workflow_names_is_told_once(telling, outgoing, alice, bob, carol, olga):
    key = report("Slow", olga, assignee=bob.email)
    issues.watch_issue(key=key, by=carol, at=NOW)
    listen()
    for person in (bob, alice, carol, olga):
        operations.done(item_ids=queries.item_ids(actor=person, keys=[key]), by=person, at=NOW)
    mailed = Delivery.objects.count()
    later = NOW.replace(minute=1)

    issues.transition_issue(key=key, to="Done", by=alice, at=later)
    listen(later)
    listen(later)

    assert inbox(alice) == []  # She did it.
    for person in (bob, carol, olga):  # who holds it, who is in the team and named, who watches
        (notice, *_) = line(person).notices
        assert (notice.kind, notice.reason) == ("workflow", "because the workflow tells you of this move")
        assert notice.text == "Alice Admin moved it from To do to Done."
        assert line(person).unread == 1
    assert Delivery.objects.count() - mailed == 3
    issues.transition_issue(key=key, to="reopen", by=bob, at=NOW.replace(minute=2))
    listen(NOW.replace(minute=2))
    assert line(carol).notices[0].kind == "stage"  # This move names nobody; she watches.


def test_whom_the_workflow_names_is_told_of_what_came_back(telling, payments, bob, alice):
    arrive(delta(payments, 1))
    issues.transition_issue(key="PAY-1", to="Done", by=bob, at=NOW)
    later = NOW.replace(minute=1)
    listen(later)
    operations.done(item_ids=[line(alice).id], by=alice, at=later)

    arrive(delta(payments, 1, last=later), at=later)
    listen(later)

    assert line(alice).notices[0].kind == "workflow"
    assert line(alice).notices[0].text.startswith("It happened again")
    assert line(alice).unread == 1
