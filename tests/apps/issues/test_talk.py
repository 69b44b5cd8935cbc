"""Comments, mentions, watching, links, views, and what changed."""

import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.issues import agenda, operations, queries
from errata.apps.issues.mentioning import mentioned
from errata.apps.issues.talk import CommentNotFound
from errata.apps.issues.views import ViewNotFound
from errata.apps.issues.vocabulary import FieldRefused
from errata.core.search import SearchError
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, kinds, look, report
from tests.conftest import NOW


def test_a_comment_is_kept_with_its_edits(payments, bob):
    report("Refunds", bob)
    comment = operations.comment_on_issue(key="PAY-1", body="First\0", by=bob, at=NOW)
    operations.edit_comment(comment_id=comment.id, body="Second", by=bob, at=later(minutes=1))
    operations.edit_comment(comment_id=comment.id, body="Second", by=bob, at=later(minutes=2))

    [shown] = queries.comments(actor=bob, key="PAY-1")
    assert (shown.body, shown.edits, shown.edited_at) == ("Second", 1, later(minutes=1))
    [edit] = queries.comment_edits(actor=bob, comment_id=comment.id)
    assert (edit.body, edit.by) == ("First", "Bob Builder")


def test_a_deleted_comment_leaves_its_place_and_not_its_text(payments, bob):
    report("Refunds", bob)
    comment = operations.comment_on_issue(key="PAY-1", body="Oops", by=bob, at=NOW)

    operations.delete_comment(comment_id=comment.id, by=bob, at=NOW)

    [shown] = queries.comments(actor=bob, key="PAY-1")
    assert (shown.deleted, shown.body, look("PAY-1", bob).comments) == (True, "", 0)
    with pytest.raises(CommentNotFound):
        operations.edit_comment(comment_id=comment.id, body="x", by=bob, at=NOW)


def test_others_comments_are_theirs_but_an_admin_may_delete_them(payments, bob, alice, olga):
    report("Refunds", bob)
    comment = operations.comment_on_issue(key="PAY-1", body="Mine", by=alice, at=NOW)

    with pytest.raises(Forbidden):
        operations.edit_comment(comment_id=comment.id, body="x", by=olga, at=NOW)
    with pytest.raises(Forbidden):
        operations.delete_comment(comment_id=comment.id, by=bob, at=NOW)
    operations.delete_comment(comment_id=comment.id, by=olga, at=NOW)


@pytest.mark.parametrize("body", ["", "  \n", "\0", "x" * 50_001])
def test_an_empty_or_endless_comment_is_refused(payments, bob, body):
    report("Refunds", bob)

    with pytest.raises(FieldRefused):
        operations.comment_on_issue(key="PAY-1", body=body, by=bob, at=NOW)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@alice@shop.example please", ["Alice Admin"]),
        ("cc @Alice, @carol.", ["Alice Admin", "Carol Counter"]),
        ("@aliceadmin @alice.admin", ["Alice Admin"]),
        ("mail alice@shop.example", []),
        ("@nobody @mallory@rival.example", []),
        ("`@alice` and ```\n@alice\n```", []),
    ],
)
def test_a_mention_finds_whom_it_means(alice, bob, carol, mallory, text, names):
    known = {person.user_id: person.name for person in (alice, bob, carol)}
    assert sorted(known[number] for number in mentioned(text, by=bob)) == names


def test_an_edit_of_a_description_asks_again_nobody_whom_it_named_already(payments, bob, alice):
    key = report("Refunds", bob)
    operations.update_issue(key=key, description="@alice look", by=bob, at=NOW)
    operations.comment_on_issue(key=key, body="I did.", by=alice, at=later(minutes=1))
    operations.unwatch_issue(key=key, by=alice, at=later(minutes=1))

    operations.update_issue(key=key, description="@alice look, and PAY-2", by=bob, at=later(minutes=2))

    assert queries.issue(actor=alice, key=key).watching is False
    assert agenda.my_work(actor=alice, now=later(minutes=2)).mentioned == []


def test_who_is_mentioned_watches(payments, bob, alice):
    report("Refunds", bob)

    operations.comment_on_issue(key="PAY-1", body="@alice look", by=bob, at=NOW)
    assert queries.issue(actor=alice, key="PAY-1").watching

    operations.unwatch_issue(key="PAY-1", by=alice, at=NOW)
    assert not queries.issue(actor=alice, key="PAY-1").watching


def test_a_link_is_seen_from_both_ends(payments, bob):
    report("Cause", bob)
    report("Effect", bob)
    link = operations.link_issues(key="PAY-1", kind="causes", other="PAY-2", by=bob, at=NOW)

    assert operations.link_issues(key="PAY-1", kind="causes", other="pay-2", by=bob, at=NOW) == link
    [here] = queries.issue(actor=bob, key="PAY-1").links
    [there] = queries.issue(actor=bob, key="PAY-2").links
    assert (here.words, here.issue_key) == ("causes", "PAY-2")
    assert (there.words, there.issue_key) == ("is caused by", "PAY-1")
    operations.unlink_issues(link_id=link, by=bob, at=NOW)
    assert queries.issue(actor=bob, key="PAY-2").links == []
    assert kinds("PAY-2", bob) == ["created", "linked", "unlinked"]
    for other, kind in (("PAY-1", "blocks"), ("PAY-2", "hates")):
        with pytest.raises(FieldRefused):
            operations.link_issues(key="PAY-1", kind=kind, other=other, by=bob, at=NOW)


def test_views_are_ones_own_until_shared(bob, alice, olga):
    own = operations.save_view(name="Mine", query="is:open", by=bob, at=NOW)
    shared = operations.save_view(name="Ours", query="is:closed", shared=True, by=bob, at=NOW)

    assert [view.name for view in queries.list_views(actor=bob)] == ["Mine", "Ours"]
    assert [(view.name, view.mine) for view in queries.list_views(actor=alice)] == [("Ours", False)]
    with pytest.raises(ViewNotFound):
        operations.delete_view(view_id=own.id, by=alice, at=NOW)
    operations.delete_view(view_id=shared.id, by=olga, at=NOW)
    assert operations.update_view(view_id=own.id, name="Open", by=bob, at=NOW).name == "Open"
    with pytest.raises(SearchError):
        operations.save_view(name="Bad", query="is:", by=bob, at=NOW)


def test_what_changed_is_told_once_in_order(payments, bob):
    start = queries.newest_change(actor=bob)
    arrive(delta(payments, 1), delta(payments, 2))
    report("Three", bob)
    operations.update_issue(key="PAY-1", title="Again", by=bob, at=NOW)

    changes = queries.changes_since(actor=bob, seq=start)
    assert [row.key for row in changes.items] == ["PAY-2", "PAY-3", "PAY-1"]
    assert queries.changes_since(actor=bob, seq=changes.seq).items == []


def test_a_page_of_changes_never_cuts_a_transaction_in_two(payments, bob):
    for batch in range(3):
        arrive(*(delta(payments, batch * 10 + number) for number in range(3)))

    first = queries.changes_since(actor=bob, seq=0, limit=5)
    second = queries.changes_since(actor=bob, seq=first.seq, limit=5)
    third = queries.changes_since(actor=bob, seq=second.seq, limit=5)

    assert [len(page.items) for page in (first, second, third)] == [3, 3, 3]
    assert (first.more, second.more, third.more) == (True, True, False)
