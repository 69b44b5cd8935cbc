"""How many queries a page may cost, whatever the number of issues."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.issues import operations, queries
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive
from tests.conftest import NOW

BUDGETS = {
    "list": (7, lambda a: queries.list_issues(actor=a, now=NOW, query="is:open", limit=50)),
    "search": (7, lambda a: queries.list_issues(actor=a, now=NOW, query="is:open priority:High plan", limit=50)),
    "tabs": (4, lambda a: queries.count_views(actor=a, now=NOW, queries=["", "is:open", "stage:New", "is:closed"])),
    "issue": (9, lambda a: queries.issue(actor=a, key="PAY-1")),
    "changes": (5, lambda a: queries.changes_since(actor=a, seq=0)),
    "activity": (3, lambda a: queries.activity(actor=a, key="PAY-1")),
    "comments": (3, lambda a: queries.comments(actor=a, key="PAY-1")),
}


@pytest.mark.parametrize("page", BUDGETS)
@pytest.mark.parametrize("size", [3, 60])
def test_a_page_costs_the_same_queries_whatever_its_size(payments, bob, alice, events, page, size):
    arrive(*(delta(payments, number) for number in range(size)))
    for number in range(1, 4):
        operations.update_issue(key=f"PAY-{number}", labels=["a", "b"], by=bob, at=NOW)
        operations.assign_issue(key=f"PAY-{number}", to="me", deputy=alice.user_id, by=bob, at=NOW)
        operations.comment_on_issue(key="PAY-1", body=f"{number}", by=bob, at=NOW)
    most, ask = BUDGETS[page]
    ask(bob)  # workflows and fields are remembered from the first time on

    with CaptureQueriesContext(connection) as captured:
        ask(bob)

    assert len(captured) <= most, "\n".join(query["sql"] for query in captured.captured_queries)
