"""Issues within issues, blocked ones, and mentions by key."""

import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.issues import families, operations, queries
from errata.apps.issues.changes import IssueNotFound
from errata.core.family import ParentRefused
from tests.apps.issues.shop import find, kinds, look, report
from tests.conftest import NOW


def family(key, actor):
    return families.family(actor=actor, of=look(key, actor))


@pytest.fixture
def tree(payments, bob):
    """PAY-1 with the parts PAY-2 and PAY-3; PAY-4 is a part of PAY-2."""
    report("Checkout survives a slow bank", bob)
    report("Time out", bob, parent="PAY-1")
    report("Retry", bob, parent="PAY-1")
    report("Read the answer of a retry", bob, parent="PAY-2")


def test_an_issue_knows_its_parts_and_what_it_is_a_part_of(tree, bob):
    assert look("PAY-2", bob).parent == "PAY-1"
    assert [(part.key, part.depth) for part in family("PAY-1", bob).parts] == [
        ("PAY-2", 1),
        ("PAY-4", 2),
        ("PAY-3", 1),
    ]
    assert [above.key for above in family("PAY-4", bob).ancestors] == ["PAY-1", "PAY-2"]


def test_a_parent_says_how_many_of_its_parts_are_done(tree, bob):
    operations.transition_issue(key="PAY-3", to="Closed", reason="duplicate", by=bob, at=NOW)

    row = look("PAY-1", bob)
    assert (row.parts, row.parts_done) == (2, 1)
    assert (family("PAY-1", bob).done, family("PAY-1", bob).total) == (1, 2)


def test_a_part_that_is_done_stirs_its_parent_so_that_pages_draw_it_anew(tree, bob):
    before = queries.newest_change(actor=bob)

    operations.transition_issue(key="PAY-3", to="Closed", reason="duplicate", by=bob, at=NOW)

    assert {row.key for row in queries.changes_since(actor=bob, seq=before).items} == {"PAY-1", "PAY-3"}


def test_taking_an_issue_out_stirs_the_parent_that_lost_it(tree, bob):
    before = queries.newest_change(actor=bob)

    operations.set_parent(key="PAY-3", parent=None, by=bob, at=NOW)

    assert {row.key for row in queries.changes_since(actor=bob, seq=before).items} == {"PAY-1", "PAY-3"}


def test_a_new_parent_is_told_and_can_be_taken_back(tree, bob):
    changed = operations.set_parent(key="PAY-3", parent="PAY-2", by=bob, at=NOW)
    assert look("PAY-3", bob).parent == "PAY-2"

    operations.undo(activity_id=changed.activities[0], by=bob, at=NOW)

    assert look("PAY-3", bob).parent == "PAY-1"
    assert kinds("PAY-3", bob) == ["created", "parent", "parent", "parent"]


def test_taking_back_what_would_now_be_a_circle_is_refused(tree, bob):
    changed = operations.set_parent(key="PAY-3", parent=None, by=bob, at=NOW)
    operations.set_parent(key="PAY-1", parent="PAY-3", by=bob, at=NOW)

    with pytest.raises(ParentRefused):
        operations.undo(activity_id=changed.activities[0], by=bob, at=NOW)

    assert look("PAY-3", bob).parent == ""


@pytest.mark.parametrize(("key", "parent"), [("PAY-1", "PAY-1"), ("PAY-1", "PAY-4"), ("PAY-2", "PAY-4")])
def test_a_circle_is_refused(tree, bob, key, parent):
    with pytest.raises(ParentRefused):
        operations.set_parent(key=key, parent=parent, by=bob, at=NOW)


def test_a_sixth_level_is_refused(tree, bob):
    report("Fourth", bob, parent="PAY-4")
    report("Fifth", bob, parent="PAY-5")
    with pytest.raises(ParentRefused, match="levels"):
        report("Sixth", bob, parent="PAY-6")


def test_a_parent_that_is_not_there_is_refused(tree, bob, mallory):
    with pytest.raises(IssueNotFound):
        operations.set_parent(key="PAY-3", parent="PAY-99", by=bob, at=NOW)
    with pytest.raises(IssueNotFound):
        operations.set_parent(key="PAY-3", parent="PAY-1", by=mallory, at=NOW)


def test_a_viewer_moves_no_parts(tree, carol):
    with pytest.raises(Forbidden):
        operations.set_parent(key="PAY-3", parent="PAY-2", by=carol, at=NOW)


def test_closing_a_parent_says_what_is_still_open(tree, bob):
    operations.transition_issue(key="PAY-1", to="Closed", reason="won't fix", by=bob, at=NOW)

    assert families.warning(actor=bob, rows=[look("PAY-1", bob)]) == "Still open within: PAY-2, PAY-3."
    assert families.warning(actor=bob, rows=[look("PAY-2", bob)]) == ""


def test_parts_are_searched_by_their_parent(tree, bob):
    assert sorted(find("parent:PAY-1", bob)) == ["PAY-2", "PAY-3"]
    assert sorted(find("has:parent", bob)) == ["PAY-2", "PAY-3", "PAY-4"]
    assert find("parent:none", bob) == ["PAY-1"]
    assert find("parent:nonsense", bob) == []


def test_an_issue_is_blocked_while_what_blocks_it_is_open(tree, bob):
    operations.link_issues(key="PAY-3", kind="blocks", other="PAY-2", by=bob, at=NOW)
    assert look("PAY-2", bob).blockers == 1
    assert find("is:blocked", bob) == ["PAY-2"]
    assert find("is:blocking", bob) == ["PAY-3"]
    before = queries.newest_change(actor=bob)

    operations.transition_issue(key="PAY-3", to="Closed", reason="won't fix", by=bob, at=NOW)

    assert look("PAY-2", bob).blockers == 0
    assert find("is:blocked", bob) == []
    assert "PAY-2" in {row.key for row in queries.changes_since(actor=bob, seq=before).items}


def test_a_finished_issue_waits_for_nothing(tree, bob):
    operations.link_issues(key="PAY-3", kind="blocks", other="PAY-2", by=bob, at=NOW)
    operations.transition_issue(key="PAY-2", to="Closed", reason="won't fix", by=bob, at=NOW)

    assert look("PAY-2", bob).blockers == 0
    assert find("is:blocked", bob) == []


def test_an_issue_says_where_it_is_mentioned(tree, bob):
    operations.comment_on_issue(key="PAY-3", body="Same as PAY-1, not `PAY-2`, nor XXX-9.", by=bob, at=NOW)
    operations.update_issue(key="PAY-4", description="After PAY-1.", by=bob, at=NOW)

    assert {(mention.key, bool(mention.comment_id)) for mention in family("PAY-1", bob).mentions} == {
        ("PAY-3", True),
        ("PAY-4", False),
    }
    assert family("PAY-2", bob).mentions == []


def test_a_mention_goes_when_the_text_no_longer_has_it(tree, bob):
    comment = operations.comment_on_issue(key="PAY-3", body="See PAY-1.", by=bob, at=NOW)
    operations.edit_comment(comment_id=comment.id, body="See PAY-2.", by=bob, at=NOW)
    assert family("PAY-1", bob).mentions == []
    assert [mention.key for mention in family("PAY-2", bob).mentions] == ["PAY-3"]

    operations.delete_comment(comment_id=comment.id, by=bob, at=NOW)

    assert family("PAY-2", bob).mentions == []


def test_titles_are_those_of_issues_one_sees(tree, bob, mallory):
    assert families.titles(actor=bob, texts=["PAY-2 and PAY-99", "`PAY-3`"]) == {"PAY-2": "Time out"}
    assert families.titles(actor=mallory, texts=["PAY-2"]) == {}
